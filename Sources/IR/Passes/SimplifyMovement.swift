// Simplification of movement and reductions: two moves become one, and moves that move nothing go.
// Every rule keeps every bit.

func simplifiedMovement(
  _ rewriter: inout Rewriter, _ op: Op, _ operands: [Value], _ type: TensorType
) -> Value? {
  guard let x = operands.first else { return nil }
  let source = rewriter.type(x)
  switch op {
  case .reshape:
    if source == type { return x }
    if case .reshape = rewriter.op(x) {  // reshape reshape x → reshape x
      return rewriter.reshape(rewriter.operand(x), to: type.shape)
    }
    return nil
  case .permute(let order): return rewriter.simplifiedPermute(order, x, type)
  case .broadcast:
    if source == type { return x }
    if case .broadcast = rewriter.op(x) {  // broadcast broadcast x → broadcast x
      return rewriter.broadcast(rewriter.operand(x), to: type.shape)
    }
    return nil
  case .slice(let axes): return rewriter.simplifiedSlice(axes, x, type)
  case .pad: return source == type ? x : nil  // nothing is added
  case .concat(let axis): return rewriter.simplifiedConcat(operands, axis, type)
  case .reduce(let reduction, let axes):
    return rewriter.simplifiedReduction(reduction, axes, x, type)
  case .argReduce(_, let axis):
    return source.shape[axis] == 1 ? rewriter.splat(0, type) : nil  // the first of one
  case .argument, .constant, .iota, .elementwise, .windows, .fold, .contraction, .identity,
    .stopGradient, .custom, .scan, .projection, .gather, .scatterAdd, .random:
    return nil
  }
}

extension Rewriter {
  fileprivate mutating func simplifiedPermute(_ order: [Int], _ x: Value, _ type: TensorType)
    -> Value?
  {
    switch op(x) {
    case .permute(let inner):  // permute permute x → permute x
      return permute(operand(x), order.map { inner[$0] })
    case .broadcast:  // permute broadcast x → broadcast permute x
      return broadcast(permute(operand(x), order), to: type.shape)
    case _: break
    }
    // Only axes of extent 1 change places: the elements stay in their order.
    let moving = order.filter { self.type(x).shape[$0] != 1 }
    let isInOrder = zip(moving, moving.dropFirst()).allSatisfy { $0 < $1 }
    return isInOrder ? reshape(x, to: type.shape) : permutedParts(order, x, type)
  }

  /// permute concat x, y → concat permute x, permute y: an array of parts is stored anyway, and so where they belong in the end.
  /// (Twice, where it is wanted in its own order as well.)
  private mutating func permutedParts(_ order: [Int], _ x: Value, _ type: TensorType) -> Value? {
    guard case .concat(let axis) = op(x), operands(x).count <= Self.mostMovedParts,
      let moved = order.firstIndex(of: axis)
    else { return nil }
    let parts = operands(x).map { permute($0, order) }
    return emit(.concat(axis: moved), parts, type)
  }

  /// In a long chain of concatenations each would get all those before it.
  private static var mostMovedParts: Int { 16 }

  fileprivate mutating func simplifiedSlice(_ axes: [SliceAxis], _ x: Value, _ type: TensorType)
    -> Value?
  {
    let whole = self.type(x).shape.sizes.map { SliceAxis(start: 0, step: 1, count: $0) }
    let normal = axes.map(\.normalized)
    if normal == whole { return x }
    if case .slice(let inner) = op(x) {  // slice slice x → slice x
      let composed = zip(inner, normal).map { inner, outer in
        SliceAxis(
          start: inner.start &+ outer.start &* inner.step, step: inner.step &* outer.step,
          count: outer.count
        ).normalized
      }
      return emit(.slice(composed), [operand(x)], type)
    }
    if case .concat(let axis) = op(x) {  // slice concat x, y → slice x
      if let part = slicedPart(normal, of: x, along: axis, type) { return part }
    }
    return normal == axes ? nil : emit(.slice(normal), [x], type)
  }

  /// A slice of a concatenation that lies within one of its operands.
  private mutating func slicedPart(
    _ axes: [SliceAxis], of x: Value, along axis: Int, _ type: TensorType
  ) -> Value? {
    let own = axes[axis]
    if own.count == 0 { return nil }
    let last = own.start + (own.count - 1) * own.step
    var start = 0
    for part in operands(x) {
      let range = start..<start + self.type(part).shape[axis]
      if range.contains(own.start) && range.contains(last) {
        var inner = axes
        inner[axis].start -= start
        return emit(.slice(inner), [part], type)
      }
      start = range.upperBound
    }
    return nil
  }

  /// Operands without elements go, and those that are themselves concatenations come apart.
  fileprivate mutating func simplifiedConcat(
    _ parts: [Value], _ axis: Int, _ type: TensorType
  ) -> Value? {
    if parts.count == 1 { return parts[0] }
    var flat: [Value] = []
    for part in parts {
      if self.type(part).shape[axis] == 0 { continue }
      let isNested = if case .concat(axis) = op(part) { true } else { false }
      if isNested, operands(part).count <= Self.mostMovedParts {
        flat += operands(part)
      } else {
        flat.append(part)
      }
    }
    // Nothing at all: any of them is it.
    if flat.isEmpty { return parts[0] }
    return flat == parts ? nil : emit(.concat(axis: axis), flat, type)
  }

  fileprivate mutating func simplifiedReduction(
    _ reduction: Reduction, _ axes: [Int], _ x: Value, _ type: TensorType
  ) -> Value? {
    let shape = self.type(x).shape
    let long = axes.filter { shape[$0] != 1 }
    if long.isEmpty { return x }  // a reduction of one element is that element
    if long.count < axes.count { return reduce(reduction, x, axes: long) }
    guard reduction == .max || reduction == .min, case .broadcast = op(x), shape.count > 0 else {
      return nil
    }
    // max broadcast x → broadcast max x: the extreme of equals
    let source = self.type(operand(x)).shape
    let rest = axes.filter { source[$0] != 1 }
    let inner = rest.isEmpty ? operand(x) : reduce(reduction, operand(x), axes: rest)
    return broadcast(inner, to: type.shape)
  }
}

extension SliceAxis {
  /// The one spelling of slices with at most one element.
  fileprivate var normalized: SliceAxis {
    count == 0
      ? SliceAxis(start: 0, step: 1, count: 0)
      : count == 1 ? SliceAxis(start: start, step: 1, count: 1) : self
  }
}
