// Functions that move elements and compute nothing: reshape and its kin, and indexing.

extension Lowerer {
  func transpose(_ x: Datum, _ order: Datum) throws(LoweringFailure) -> Datum {
    let (value, fallback) = try tensor(x)
    let rank = builder.shape(of: value).rank
    if case .none = order {
      return wrap(builder.permute(value, Array((0..<rank).reversed())), fallback)
    }
    var axes: [Int] = []
    for given in try integers(order, "an axis") { axes.append(try axis(given, rank: rank)) }
    if axes.sorted() != Array(0..<rank) {
      throw fail("\(words(1)) must name each of the \(rank) axes of \(words(0)) once")
    }
    return wrap(builder.permute(value, axes), fallback)
  }

  func reshape(_ x: Datum, _ shape: Datum) throws(LoweringFailure) -> Datum {
    let (value, fallback) = try tensor(x)
    let own = builder.shape(of: value)
    var sizes = try integers(shape, "a size")
    let open = sizes.indices.filter { sizes[$0] == -1 }
    if open.count > 1 { throw fail("only one size can be -1") }
    let wanted = sizes
    if let open = open.first {
      sizes[open] = 1
      let rest = try checked(sizes).count
      // Nothing divides into nothing in any way: NumPy takes 0.
      guard rest > 0, own.count % rest == 0 else {
        throw fail(
          "\(words(0)) has \(own.count) elements, which do not divide into \(Shape(wanted))")
      }
      sizes[open] = own.count / rest
    }
    let result = try checked(sizes)
    if result.count != own.count {
      throw fail(
        "\(words(0)) of shape \(own) has \(own.count) elements, but \(result) has \(result.count)")
    }
    return wrap(builder.reshape(value, to: result), fallback)
  }

  func flatten(_ x: Datum, _ axis: Datum) throws(LoweringFailure) -> Datum {
    let (value, fallback) = try tensor(x)
    let shape = builder.shape(of: value)
    var split = 1
    if case .none = axis {} else { split = try integer(axis, "axis") }
    let cut = split < 0 ? split + shape.rank : split
    if cut < 0 || cut > shape.rank {
      throw fail("axis \(split) is out of range: \(words(0)) has \(shape.rank) axes")
    }
    let rows = shape.sizes.prefix(cut).reduce(1, *)
    let columns = shape.sizes.dropFirst(cut).reduce(1, *)
    return wrap(builder.reshape(value, to: Shape([rows, columns])), fallback)
  }

  func broadcast(_ x: Datum, _ shape: Datum) throws(LoweringFailure) -> Datum {
    let operands = try unified([x])
    let own = self.shape(of: operands.list[0])
    let wanted = try sizes(shape)
    let padded = [Int](repeating: 1, count: max(0, wanted.rank - own.rank)) + own.sizes
    let fits = zip(padded, wanted.sizes).allSatisfy { $0 == $1 || $0 == 1 }
    if own.rank > wanted.rank || !fits {
      throw fail("\(words(0)) of shape \(own) does not broadcast to \(wanted)")
    }
    return wrap(value(operands.list[0], shape: wanted), operands.fallback)
  }

  func squeeze(_ x: Datum, _ axis: Datum) throws(LoweringFailure) -> Datum {
    let (value, fallback) = try tensor(x)
    let shape = builder.shape(of: value)
    var dropped = shape.sizes.indices.filter { shape[$0] == 1 }
    if case .none = axis {
    } else {
      dropped = try axes(axis, rank: shape.rank)
      for axis in dropped where shape[axis] != 1 {
        throw fail("axis \(axis) of \(words(0)) has size \(shape[axis]), not 1")
      }
    }
    let kept = shape.sizes.indices.filter { !dropped.contains($0) }.map { shape[$0] }
    return wrap(builder.reshape(value, to: Shape(kept)), fallback)
  }

  /// New axes of size 1; as in NumPy, `axis` counts in the result.
  func expand(_ x: Datum, _ axis: Datum) throws(LoweringFailure) -> Datum {
    let (value, fallback) = try tensor(x)
    let shape = builder.shape(of: value)
    let given = try integers(axis, "axis")
    let rank = shape.rank + given.count
    var added: Set<Int> = []
    for number in given {
      let position = number < 0 ? number + rank : number
      if position < 0 || position >= rank {
        throw fail("axis \(number) is out of range: the result has \(rank) axes")
      }
      if !added.insert(position).inserted { throw fail("axis \(number) is given twice") }
    }
    var own = shape.sizes.makeIterator()
    let sizes = (0..<rank).map { added.contains($0) ? 1 : own.next() ?? 1 }
    return wrap(builder.reshape(value, to: try checked(sizes)), fallback)
  }

  // MARK: Indexing

  /// `x[1, 2:10, ..., ::-1]`: the base, then the expressions of the subscripts in order.
  func index(
    _ operands: [Datum], _ subscripts: ArraySlice<Subscript>
  ) throws(LoweringFailure) -> Datum {
    let (value, fallback) = try tensor(operands[0])
    let shape = builder.shape(of: value)
    var next = operands.dropFirst().makeIterator()
    var isEllipsis = false
    let given = subscripts.count { if case .ellipsis = $0 { false } else { true } }
    if given > shape.rank {
      throw fail("\(words(0)) has \(shape.rank) axes, but \(given) indices are given")
    }
    var slices: [SliceAxis] = []
    var dropped: Set<Int> = []
    for part in subscripts {
      let axis = slices.count
      switch part {
      case .ellipsis:
        if isEllipsis { throw fail("only one ... can stand in an index") }
        isEllipsis = true
        for axis in axis..<(axis + shape.rank - given) { slices.append(whole(shape[axis])) }
      case .at:
        let position = try position(next.next() ?? .none, axis, shape)
        dropped.insert(axis)
        slices.append(SliceAxis(start: position, step: 1, count: 1))
      case .range(let hasStart, let hasStop, let hasStep):
        let start = hasStart ? try integer(next.next() ?? .none, "a bound of a range") : nil
        let stop = hasStop ? try integer(next.next() ?? .none, "a bound of a range") : nil
        let step = hasStep ? try integer(next.next() ?? .none, "the step of a range") : 1
        if step == 0 { throw fail("the step of a range cannot be 0") }
        slices.append(clipped(start, stop, step, shape[axis]))
      }
    }
    while slices.count < shape.rank { slices.append(whole(shape[slices.count])) }
    let kept = slices.indices.filter { !dropped.contains($0) }.map { slices[$0].count }
    let part = builder.slice(value, slices)
    return wrap(builder.reshape(part, to: Shape(kept)), fallback)
  }

  private func whole(_ size: Int) -> SliceAxis { SliceAxis(start: 0, step: 1, count: size) }

  private func position(_ index: Datum, _ axis: Int, _ shape: Shape) throws(LoweringFailure) -> Int
  {
    let given = try integer(index, "an index")
    let position = given < 0 ? given + shape[axis] : given
    if position >= 0, position < shape[axis] { return position }
    throw fail(
      "index \(given) is out of range: axis \(axis) of \(words(0)) has \(shape[axis]) elements")
  }

  /// As Python clips `start:stop:step`.
  private func clipped(_ start: Int?, _ stop: Int?, _ step: Int, _ size: Int) -> SliceAxis {
    let lowest = step > 0 ? 0 : -1
    let highest = step > 0 ? size : size - 1
    func clip(_ bound: Int) -> Int {
      let position = bound < 0 ? bound.addingReportingOverflow(size).partialValue : bound
      return min(max(position, lowest), highest)
    }
    let first = start.map(clip) ?? (step > 0 ? 0 : size - 1)
    let last = stop.map(clip) ?? (step > 0 ? size : -1)
    let distance = step > 0 ? last - first : first - last
    if distance <= 0 { return SliceAxis(start: 0, step: 1, count: 0) }
    let stride = Int(step.magnitude > UInt(size) ? UInt(size) : step.magnitude)
    let count = (distance - 1) / stride + 1
    // With one element the step does not matter, and a huge one could overflow.
    return SliceAxis(start: first, step: count == 1 ? 1 : step, count: count)
  }
}
