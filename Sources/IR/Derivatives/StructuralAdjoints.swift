// What the derivative rules of movement and reductions are made of: each of them is some other
// movement or reduction of `g`.

extension Term {
  func reshape(like other: Term) -> Term { with(builder.reshape(value, to: other.shape)) }
  func permute(_ order: [Int]) -> Term { with(builder.permute(value, order)) }
  func broadcast(like other: Term) -> Term { with(builder.broadcast(value, to: other.shape)) }
  func cast(like other: Term) -> Term { with(builder.cast(value, to: other.type.element)) }
  func slice(_ axes: [SliceAxis]) -> Term { with(builder.slice(value, axes)) }
  func windows(_ windows: [WindowAxis]) -> Term { with(builder.windows(value, windows)) }
  func fold(_ windows: [WindowAxis], like other: Term) -> Term {
    with(builder.fold(value, windows, to: other.shape))
  }
  func contract(_ other: Term, _ contraction: Contraction) -> Term {
    with(builder.contract(value, other.value, contraction))
  }

  func gather(_ indices: Term) -> Term { with(builder.gather(value, indices.value)) }
  func scatter(_ indices: Term, like other: Term) -> Term {
    with(builder.scatterAdd(indices.value, value, rows: other.shape[0]))
  }

  /// The sum over the axes along which `other`, of the same rank, has extent 1 and this term has
  /// not.
  func sum(like other: Term) -> Term {
    let axes = (0..<shape.rank).filter { shape[$0] != other.shape[$0] }
    return with(builder.reduce(.sum, value, axes: axes))
  }
}

extension AdjointRules {
  static func inverse(_ order: [Int]) -> [Int] {
    var inverse = order
    for (axis, source) in order.enumerated() { inverse[source] = axis }
    return inverse
  }

  /// The adjoint of a slice: its elements back at their places, zeros elsewhere.
  static func spread(_ g: Term, _ axes: [SliceAxis], like a: Term) -> Term {
    let forwards = axes.map { axis in
      let isBackwards = axis.step < 0
      return SliceAxis(
        start: isBackwards ? axis.count - 1 : 0, step: isBackwards ? -1 : 1, count: axis.count)
    }
    let padding = zip(axes, a.shape.sizes).map { axis, size in
      if axis.count == 0 { return PadAxis(before: 0, after: size) }
      let last = axis.start + (axis.count - 1) * axis.step
      let isSingle = axis.count == 1
      return PadAxis(
        before: Swift.min(axis.start, last), after: size - 1 - Swift.max(axis.start, last),
        interior: isSingle ? 0 : Swift.abs(axis.step) - 1)
    }
    let zero = Scalar(0, as: g.type.element)
    return g.with(g.builder.pad(g.slice(forwards).value, padding, with: zero))
  }

  /// The adjoint of a concatenation: for each operand the part that it was.
  static func parts(_ g: Term, along axis: Int, like operands: [Term]) -> [Term?] {
    var start = 0
    return operands.map { operand in
      var slices = operand.shape.sizes.map { SliceAxis(start: 0, step: 1, count: $0) }
      if operand.shape[axis] > 0 { slices[axis].start = start }
      start += operand.shape[axis]
      return g.slice(slices)
    }
  }

  /// The adjoint of a pad is the slice that takes the operand's elements out again.
  static func gathering(_ axes: [PadAxis], like a: Term) -> [SliceAxis] {
    zip(axes, a.shape.sizes).map { axis, size in
      SliceAxis(start: size == 0 ? 0 : axis.before, step: axis.interior + 1, count: size)
    }
  }

  /// The adjoint of `max` and `min` along axes: shared equally by all elements that equal the
  /// extreme `y`.
  static func sharedAmongTies(_ a: Term, _ y: Term, _ g: Term, _ axes: [Int]) -> Term {
    let isExtreme = a == y.broadcast(like: a)
    let count = isExtreme.cast(like: g)
    let ties = g.with(g.builder.reduce(.sum, count.value, axes: axes))
    return isExtreme.select((g / ties).broadcast(like: a), 0)
  }

  /// For each element the product of all others along `axes`: products of those before it and of
  /// those after it, by doubling. Exact where elements are zero, and differentiable again; n log n
  /// work.
  static func productOfOthers(_ a: Term, _ axes: [Int]) -> Term {
    let kept = (0..<a.shape.rank).filter { !axes.contains($0) }
    let order = kept + axes
    let moved = a.permute(order)
    let count = axes.reduce(1) { $0 * a.shape[$1] }
    let rows = kept.reduce(1) { $0 * a.shape[$1] }
    let flat = moved.with(a.builder.reshape(moved.value, to: [rows, count]))
    let others =
      runningProduct(shifted(flat, by: 1), 1) * runningProduct(shifted(flat, by: -1), -1)
    return others.reshape(like: moved).permute(inverse(order))
  }

  /// Along axis 1: element i becomes the product of the elements up to it (`direction` 1) or from
  /// it on (-1).
  private static func runningProduct(_ a: Term, _ direction: Int) -> Term {
    var product = a
    var reach = 1
    while reach < a.shape[1] {
      product = product * shifted(product, by: direction * reach)
      reach *= 2
    }
    return product
  }

  /// The elements moved along axis 1, ones moved in.
  private static func shifted(_ a: Term, by distance: Int) -> Term {
    let (rows, count) = (a.shape[0], a.shape[1])
    let moved = Swift.min(Swift.abs(distance), count)
    let rest = SliceAxis(start: distance < 0 ? moved : 0, step: 1, count: count - moved)
    let inside = a.slice([
      SliceAxis(start: 0, step: 1, count: rows),
      SliceAxis(start: rest.count == 0 ? 0 : rest.start, step: 1, count: rest.count),
    ])
    let padding = PadAxis(before: distance < 0 ? 0 : moved, after: distance < 0 ? moved : 0)
    let one = Scalar(1, as: a.type.element)
    return a.with(
      a.builder.pad(inside.value, [PadAxis(before: 0, after: 0), padding], with: one))
  }

  /// The results of a nested function on these arguments, its instructions appended here.
  static func inlined(_ function: Function, _ arguments: [Term]) -> [Term?] {
    let builder = arguments[0].builder
    let values = builder.inline(function, arguments.map(\.value))
    return values.map { Term(value: $0, builder: builder) }
  }
}

extension FunctionBuilder {
  /// Appends the function's instructions, with these values for its arguments; gives the values of
  /// its results.
  ///
  /// - Parameter keepsOrigins: whether its values keep their names and places in the graph file.
  public func inline(
    _ function: Function, _ arguments: [Value], keepsOrigins: Bool = false
  ) -> [Value] {
    var map: [Value] = []
    map.reserveCapacity(function.instructions.count)
    for (index, instruction) in function.instructions.enumerated() {
      if isFull { return function.results.map { _ in Value(0) } }
      if case .argument(let number) = instruction.op {
        map.append(arguments[number])
      } else {
        let operands = instruction.operands.map { map[$0.index] }
        map.append(append(instruction.op, operands, type: instruction.type))
        if keepsOrigins, let origin = function.origins[Value(index)] {
          self.function.origins[map[index]] = origin
        }
      }
    }
    return function.results.map { map[$0.value.index] }
  }
}
