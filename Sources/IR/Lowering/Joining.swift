// Functions that put values together and take them apart: concat and its kin.

extension Lowerer {
  /// The values are parameters from 1 on.
  func concat(_ values: [Datum], axis: Datum) throws(LoweringFailure) -> Datum {
    let (list, fallback) = try joined(values)
    let shape = builder.shape(of: list[0])
    for (index, value) in list.enumerated() where builder.shape(of: value).rank == 0 {
      throw fail("\(words(1 + index)) is a scalar; stack joins scalars, along a new axis")
    }
    let along = try self.axis(try integer(axis, orElse: 0, "axis"), rank: shape.rank, of: 1)
    try checkJoined(list, along: along)
    let sizes = list.map { builder.shape(of: $0)[along] }
    var joined = shape.sizes
    joined[along] = sizes.reduce(0) { $0.addingReportingOverflow($1).partialValue }
    _ = try checked(joined)
    return wrap(builder.concat(list, axis: along), fallback)
  }

  /// As `concat`, along a new axis; as in NumPy, `axis` counts in the result.
  func stack(_ values: [Datum], axis: Datum) throws(LoweringFailure) -> Datum {
    let (list, fallback) = try joined(values)
    var sizes = builder.shape(of: list[0]).sizes
    let given = try integer(axis, orElse: 0, "axis")
    let along = given < 0 ? given + sizes.count + 1 : given
    if along < 0 || along > sizes.count {
      throw fail("axis \(given) is out of range: the result has \(sizes.count + 1) axes")
    }
    try checkJoined(list, along: nil)
    sizes.insert(list.count, at: along)
    _ = try checked(sizes)
    sizes[along] = 1
    let rows = list.map { builder.reshape($0, to: Shape(sizes)) }
    return wrap(builder.concat(rows, axis: along), fallback)
  }

  private func joined(
    _ values: [Datum]
  ) throws(LoweringFailure) -> (list: [Value], fallback: ElementType?) {
    if values.isEmpty { throw fail("expected values to join, found none") }
    // A number at the end is likelier an axis than a value.
    if values.count > 1, case .integer(let number)? = values.last, !values[0].isScalarConstant {
      throw fail("\(number) is no tensor; an axis is given by name, axis=\(number)")
    }
    let operands = try unified(values, from: 1)
    return (operands.list.map { value($0) }, operands.fallback)
  }

  /// All shapes are the same, but for the axis along which values are joined.
  private func checkJoined(_ list: [Value], along axis: Int?) throws(LoweringFailure) {
    let first = builder.shape(of: list[0])
    for (index, value) in list.enumerated().dropFirst() {
      let shape = builder.shape(of: value)
      let message = "\(words(1)) has shape \(first), but \(words(1 + index)) has shape \(shape)"
      if shape.rank != first.rank { throw fail(message) }
      for other in 0..<first.rank where other != axis && shape[other] != first[other] {
        throw fail("\(message) (\(first[other]) along axis \(other) against \(shape[other]))")
      }
    }
  }

  /// Equal parts, as several results.
  func split(_ x: Datum, _ parts: Datum, axis: Datum) throws(LoweringFailure) -> Datum {
    let (value, fallback) = try tensor(x)
    let shape = builder.shape(of: value)
    let count = try integer(parts, "the number of parts")
    let along = try self.axis(try integer(axis, orElse: 0, "axis"), rank: shape.rank)
    if count < 1 { throw fail("the number of parts is at least 1, found \(count)") }
    guard shape[along] % count == 0 else {
      throw fail(
        "axis \(along) of \(words(0)) has \(shape[along]) elements, which do not divide into "
          + "\(count) parts")
    }
    try makeRoom(for: 64 + count)
    let size = shape[along] / count
    let results = (0..<count).map { part in
      var slices = shape.sizes.map { SliceAxis(start: 0, step: 1, count: $0) }
      slices[along] = SliceAxis(start: size == 0 ? 0 : part * size, step: 1, count: size)
      return wrap(builder.slice(value, slices), fallback)
    }
    return results.count == 1 ? results[0] : .tuple(results)
  }

  func pad(
    _ x: Datum, _ before: Datum, _ after: Datum, value: Datum
  ) throws(LoweringFailure) -> Datum {
    let paddings = [try integers(before, "a padding"), try integers(after, "a padding")]
    // From here on the value is the second operand.
    if let order = frame.order, order.count == 4 { frame.order = order + [order[0], order[3]] }
    let filling: Datum
    switch value {
    case .none: filling = .none
    case .integer, .number, .boolean: filling = value
    case .tensor, .untyped, .list, .type, .tuple, .failed:
      throw fail("the value is a number known when compiling, found \(words(for: value))")
    }
    let (tensor, scalar, fallback) = try padded(x, filling)
    let shape = builder.shape(of: tensor)
    for (number, padding) in paddings.enumerated() {
      if padding.count != shape.rank {
        let numbers = padding.count == 1 ? "1 number" : "\(padding.count) numbers"
        throw fail(
          "\(words(1 + number)) has \(numbers), but \(words(0)) has \(shape.rank) axes")
      }
      for size in padding where size < 0 { throw fail("a padding is at least 0, found \(size)") }
    }
    let limited = paddings.map { $0.map { min($0, maximumElementCount) } }
    let axes = zip(limited[0], limited[1]).map { PadAxis(before: $0, after: $1) }
    _ = try checked(zip(shape.sizes, axes).map { $0 + $1.before + $1.after })
    return wrap(builder.pad(tensor, axes, with: scalar), fallback)
  }

  /// A value and a number in its type.
  private func padded(
    _ x: Datum, _ filling: Datum
  ) throws(LoweringFailure) -> (Value, Scalar, ElementType?) {
    if case .none = filling {
      let (value, fallback) = try tensor(x)
      return (value, Scalar(0, as: builder.element(of: value)), fallback)
    }
    let operands = try unified([x, filling], from: 4)
    return (
      value(operands.list[0]), try scalar(filling, operands.element), operands.fallback
    )
  }

  func reverse(_ x: Datum, _ axis: Datum) throws(LoweringFailure) -> Datum {
    let (value, fallback) = try tensor(x)
    let shape = builder.shape(of: value)
    var slices = shape.sizes.map { SliceAxis(start: 0, step: 1, count: $0) }
    for axis in try axes(axis, rank: shape.rank) where shape[axis] > 1 {
      slices[axis] = SliceAxis(start: shape[axis] - 1, step: -1, count: shape[axis])
    }
    return wrap(builder.slice(value, slices), fallback)
  }

  /// As in NumPy: the numbers belong to the last axes, and there may be more or fewer of them than axes.
  func tile(_ x: Datum, _ repeats: Datum) throws(LoweringFailure) -> Datum {
    let (value, fallback) = try tensor(x)
    let own = builder.shape(of: value).sizes
    let given = try integers(repeats, "a number of repeats")
    for number in given where number < 0 {
      throw fail("a number of repeats is at least 0, found \(number)")
    }
    let rank = max(own.count, given.count)
    let sizes = [Int](repeating: 1, count: rank - own.count) + own
    let counts = [Int](repeating: 1, count: rank - given.count) + given
    // An axis that is repeated gets one in front of it, so that repeating is broadcasting.
    let isRepeated = counts.map { $0 != 1 }
    let split = zip(isRepeated, sizes).flatMap { $0 ? [1, $1] : [$1] }
    let wide = zip(counts, sizes).flatMap { $0 != 1 ? [$0, $1] : [$1] }
    _ = try checked(wide)
    let result = try checked(zip(counts, sizes).map { $0 * $1 })
    let repeated = builder.broadcast(builder.reshape(value, to: Shape(split)), to: Shape(wide))
    return wrap(builder.reshape(repeated, to: result), fallback)
  }

  /// An integer, or the number that stands for none.
  private func integer(
    _ datum: Datum, orElse fallback: Int, _ what: String
  ) throws(LoweringFailure) -> Int {
    if case .none = datum { return fallback }
    return try integer(datum, what)
  }
}
