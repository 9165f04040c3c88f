// Constant folding: operations on constants are done when compiling, where their bits are known
// exactly.

/// Constants with more elements stay instructions, unless all elements are equal.
private let maximumFoldedElementCount = 65_536

extension Pass {
  /// Folds exactly rounded operations, movement and integers. A splat stays a splat, whatever its
  /// size.
  /// ```
  /// %0: f32[2] = constant [1.0, 2.0]
  /// %1: f32[2] = constant 3.0
  /// %2: f32[2] = mul %0, %1
  /// ```
  /// becomes (and `%0` and `%1` are dead)
  /// ```
  /// %2: f32[2] = constant [3.0, 6.0]
  /// ```
  public static let constantFold = Pass(name: "constant-fold") {
    Rewriter.rewrite($0, rules: [.all(constantFolded)])
  }
}

func constantFolded(_ rewriter: inout Rewriter, _ op: Op, _ operands: [Value], _ type: TensorType)
  -> Value?
{
  if case .reduce(let reduction, let axes) = op {
    return rewriter.foldedReduction(reduction, axes, operands[0], type)
  }
  guard let last = operands.last, rewriter.isConstant(last) else { return nil }
  var constants: [Constant] = []
  for operand in operands {
    guard let constant = rewriter.constant(operand) else { return nil }
    constants.append(constant)
  }
  let first = constants[0]
  let isSplat = constants.allSatisfy { $0.splat != nil }
  let folded: Constant?
  switch op {
  case .elementwise(let op):
    guard isSplat || rewriter.mayFold(type.count) else { return nil }
    folded = op.folded(constants, type)
  case .reshape, .permute, .broadcast, .slice, .windows:
    if let splat = first.splat {
      folded = Constant(splat: splat, shape: type.shape)
    } else if rewriter.mayFold(type.count) {
      folded = first.moved(by: op, to: type)
    } else {
      return nil
    }
  case .pad(let axes, let value):
    if first.splat == value {
      folded = Constant(splat: value, shape: type.shape)
    } else if rewriter.mayFold(type.count) {
      folded = first.padded(axes, value, type)
    } else {
      return nil
    }
  case .concat(let axis):
    if let splat = first.splat, constants.allSatisfy({ $0.splat == splat }) {
      folded = Constant(splat: splat, shape: type.shape)
    } else if rewriter.mayFold(type.count) {
      folded = Constant.concatenated(constants, axis, type)
    } else {
      return nil
    }
  case .argument, .constant, .iota, .reduce, .argReduce, .fold, .contraction, .identity,
    .stopGradient, .custom, .scan, .projection, .gather, .scatterAdd, .random:
    return nil
  }
  return folded.map { rewriter.constant($0) }
}

extension Rewriter {
  fileprivate mutating func mayFold(_ count: Int) -> Bool {
    if count > maximumFoldedElementCount || count > foldingBudget { return false }
    foldingBudget -= count
    return true
  }

  /// Extremes of constants, sums and products of integer constants, and reductions over no
  /// elements.
  fileprivate mutating func foldedReduction(
    _ reduction: Reduction, _ axes: [Int], _ operand: Value, _ type: TensorType
  ) -> Value? {
    if self.type(operand).count == 0 && type.count > 0 {
      // A sum over nothing is +0.
      return splat(reduction.identity(type.element), type.shape)
    }
    if let splat = constant(operand)?.splat, reduction.isExtreme {
      return self.splat(splat, type.shape)
    }
    guard let constant = constant(operand), !type.element.isFloat || reduction.isExtreme,
      mayFold(constant.type.count)
    else { return nil }
    return self.constant(constant.reduced(reduction, axes, type))
  }
}

extension Reduction {
  fileprivate var isExtreme: Bool { self == .max || self == .min }

  /// The result over no elements.
  fileprivate func identity(_ element: ElementType) -> Scalar {
    switch self {
    case .sum: Scalar(0, as: element)
    case .prod: Scalar(1, as: element)
    case .max: element == .bool ? Scalar(false) : Scalar(-Double.infinity, as: element)
    case .min: Scalar(Double.infinity, as: element)
    }
  }

  fileprivate func combined(_ a: Scalar, _ b: Scalar) -> Scalar? {
    let isBool = a.element == .bool
    return switch self {
    case .sum: ElementwiseOp.add.evaluated([a, b], as: a.element)
    case .prod: ElementwiseOp.mul.evaluated([a, b], as: a.element)
    case .max: (isBool ? ElementwiseOp.or : .max).evaluated([a, b], as: a.element)
    case .min: (isBool ? ElementwiseOp.and : .min).evaluated([a, b], as: a.element)
    }
  }
}

extension ElementwiseOp {
  fileprivate func folded(_ constants: [Constant], _ type: TensorType) -> Constant? {
    if constants.allSatisfy({ $0.splat != nil }) {
      return evaluated(constants.compactMap(\.splat), as: type.element).map {
        Constant(splat: $0, shape: type.shape)
      }
    }
    var bits: [UInt64] = []
    bits.reserveCapacity(type.count)
    for index in 0..<type.count {
      guard let scalar = evaluated(constants.map { $0[index] }, as: type.element) else {
        return nil
      }
      bits.append(scalar.bits)
    }
    return Constant(type: type, bits: bits)
  }
}

extension Constant {
  /// Movement of a constant: element by element through an affine map of indices.
  fileprivate func moved(by op: Op, to type: TensorType) -> Constant? {
    let strides = self.type.shape.rowMajorStrides
    var offset = 0
    let steps: [Int]
    switch op {
    case .reshape: steps = type.shape.rowMajorStrides
    case .permute(let order): steps = order.map { strides[$0] }
    case .broadcast: steps = strides.indices.map { self.type.shape[$0] == 1 ? 0 : strides[$0] }
    case .slice(let axes):
      offset = zip(axes, strides).reduce(0) { $0 + $1.0.start &* $1.1 }
      steps = zip(axes, strides).map { $0.step &* $1 }
    case .windows(let windows):
      var windowSteps = strides
      for window in windows { windowSteps[window.axis] *= window.stride }
      steps = windowSteps + windows.map { strides[$0.axis] * $0.dilation }
    case .argument, .constant, .iota, .elementwise, .reduce, .argReduce, .pad, .concat, .fold,
      .contraction, .identity, .stopGradient, .custom, .scan, .projection, .gather, .scatterAdd,
      .random:
      return nil
    }
    let indices = affineIndices(type.shape, offset, steps)
    return Constant(type: type, bits: indices.map { self[$0].bits })
  }

  fileprivate func padded(_ axes: [PadAxis], _ value: Scalar, _ type: TensorType) -> Constant {
    var bits = [UInt64](repeating: value.bits, count: type.count)
    let strides = type.shape.rowMajorStrides
    let offset = zip(axes, strides).reduce(0) { $0 + $1.0.before &* $1.1 }
    let steps = zip(axes, strides).map { ($0.interior + 1) &* $1 }
    let places = affineIndices(self.type.shape, offset, steps)
    for (index, place) in places.enumerated() { bits[place] = self[index].bits }
    return Constant(type: type, bits: bits)
  }

  fileprivate static func concatenated(
    _ parts: [Constant], _ axis: Int, _ type: TensorType
  ) -> Constant {
    var bits = [UInt64](repeating: 0, count: type.count)
    let strides = type.shape.rowMajorStrides
    var offset = 0
    for part in parts {
      let places = affineIndices(part.type.shape, offset, strides)
      for (index, place) in places.enumerated() { bits[place] = part[index].bits }
      offset += part.type.shape[axis] * strides[axis]
    }
    return Constant(type: type, bits: bits)
  }

  fileprivate func reduced(
    _ reduction: Reduction, _ axes: [Int], _ type: TensorType
  ) -> Constant {
    let strides = type.shape.rowMajorStrides
    let steps = strides.indices.map { axes.contains($0) ? 0 : strides[$0] }
    var results = [Scalar?](repeating: nil, count: type.count)
    for (index, place) in affineIndices(self.type.shape, 0, steps).enumerated() {
      let element = self[index]
      results[place] = results[place].flatMap { reduction.combined($0, element) } ?? element
    }
    return Constant(type: type, bits: results.map { $0?.bits ?? 0 })
  }
}

/// `offset + Σ steps[i] · index[i]` for every index of the shape, in row-major order.
private func affineIndices(_ shape: Shape, _ offset: Int, _ steps: [Int]) -> [Int] {
  var indices = shape.count == 0 ? [] : [offset]
  indices.reserveCapacity(shape.count)
  for (size, step) in zip(shape.sizes, steps) where shape.count > 0 {
    indices = indices.flatMap { base in (0..<size).map { base &+ $0 &* step } }
  }
  return indices
}
