// Sums of paddings that do not overlap, as the derivatives of slices are: each element has one summand that is not a padding's zero.
// A concatenation says so, and its parts are written where they lie by what computes them.

/// add (pad [0:3] with 0.0 %x), (pad [2:0] with 0.0 %y) → concat (add %x, 0.0), (add %y, 0.0)
///
/// Keeps every bit: x + 0.0 is x but for -0.0, which becomes 0.0 as it does in the sum. What no padding leaves open stays zeros.
func joinedPads(
  _ rewriter: inout Rewriter, _ op: Op, _ operands: [Value], _ type: TensorType
) -> Value? {
  guard case .elementwise(.add) = op, type.element != .bool,
    let left = rewriter.pieces(operands[0]),
    let right = rewriter.pieces(operands[1]), left.axis == right.axis
  else { return nil }
  let filled = (left.filled + right.filled).sorted { $0.range.lowerBound < $1.range.lowerBound }
  let isApart = zip(filled, filled.dropFirst()).allSatisfy {
    $0.range.upperBound <= $1.range.lowerBound
  }
  guard isApart, filled.count <= mostJoinedPads else { return nil }
  let parts = rewriter.unnamed { $0.parts(Pieces(axis: left.axis, filled: filled), of: type) }
  return rewriter.emit(.concat(axis: left.axis), parts, type)
}

/// Each sum makes the concatenation anew, and each part is an expression of its own: their number must not grow with the square of the
/// slices that are taken of an array.
private let mostJoinedPads = 64

/// A value that is zero but for some stretches of one axis.
private struct Pieces {
  var axis: Int
  var filled: [(range: Range<Int>, value: Value)]
}

extension Rewriter {
  /// The value as pieces: of a padding with zeros along one axis, or of a concatenation that has zeros among its parts.
  fileprivate func pieces(_ value: Value) -> Pieces? {
    switch op(value) {
    case .pad(let axes, let padding):
      let padded = axes.indices.filter { axes[$0].before > 0 || axes[$0].after > 0 }
      guard padded.count == 1, axes.allSatisfy({ $0.interior == 0 }),
        padding == Scalar(0, as: padding.element)
      else { return nil }
      let axis = padded[0]
      let start = axes[axis].before
      let inner = operand(value)
      let count = type(inner).shape[axis]
      return count == 0
        ? nil : Pieces(axis: axis, filled: [(start..<start + count, inner)])
    case .concat(let axis):
      var pieces = Pieces(axis: axis, filled: [])
      var start = 0
      for part in operands(value) {
        let end = start + type(part).shape[axis]
        if !isSplat(part, 0) { pieces.filled.append((start..<end, part)) }
        start = end
      }
      return pieces.filled.count < operands(value).count ? pieces : nil
    case _: return nil
    }
  }

  /// The pieces, plus 0, and zeros between them.
  fileprivate mutating func parts(_ pieces: Pieces, of type: TensorType) -> [Value] {
    var parts: [Value] = []
    var end = 0
    func gap(to start: Int) -> Shape? {
      if start == end { return nil }
      var sizes = type.shape.sizes
      sizes[pieces.axis] = start - end
      return Shape(sizes)
    }
    let zero = Scalar(0, as: type.element)
    for piece in pieces.filled {
      if let gap = gap(to: piece.range.lowerBound) { parts.append(splat(zero, gap)) }
      parts.append(plusZero(piece.value))
      end = piece.range.upperBound
    }
    if let gap = gap(to: type.shape[pieces.axis]) { parts.append(splat(zero, gap)) }
    return parts
  }

  /// The value plus 0: itself where it is an integer, or a sum with 0 already.
  fileprivate mutating func plusZero(_ value: Value) -> Value {
    let type = type(value)
    if !type.element.isFloat { return value }
    if isElementwise(value, .add), isSplat(operands(value)[1], 0) { return value }
    return elementwise(.add, value, splat(0, type))
  }
}
