// Functions that look up by index, and dropout.

extension Lowerer {
  /// As numpy.take: the axis gives way to those of the indices.
  func gather(_ x: Datum, _ indices: Datum, _ axis: Datum) throws(LoweringFailure) -> Datum {
    let (table, fallback) = try tensor(x)
    let shape = builder.shape(of: table)
    var given = 0
    if case .none = axis {} else { given = try integer(axis, "axis") }
    let axis = try self.axis(given, rank: shape.rank)
    let (wanted, _) = try tensor(indices, 1)
    let places = builder.type(of: wanted)
    if !places.element.isInteger {
      throw fail(
        "\(typeWords(1)) is \(places.element.name); integers are needed: cast(\(typeWords(1)), i32)"
      )
    }
    if shape[axis] == 0, places.count > 0 {
      throw fail("axis \(axis) of \(words(0)) has no element to take")
    }
    try check(indices: wanted, below: shape[axis], axis)
    let (before, after) = (shape.sizes[..<axis], shape.sizes[(axis + 1)...])
    _ = try checked(before + places.shape.sizes + after)

    let others = shape.sizes.indices.filter { $0 != axis }
    let rows = builder.gather(builder.permute(table, [axis] + others), wanted)
    let rank = places.shape.rank
    var order = Array(0..<rank + others.count)
    order.removeSubrange(..<rank)
    order.insert(contentsOf: 0..<rank, at: axis)
    return wrap(builder.permute(rows, order), fallback)
  }

  /// Indices that are known now must be in range now.
  private func check(indices: Value, below count: Int, _ axis: Int) throws(LoweringFailure) {
    var source = indices
    while case .identity = builder.function[source].op {
      source = builder.function[source].operands[0]
    }
    guard case .constant(let constant) = builder.function[source].op, constant.type.count > 0 else {
      return
    }
    let wrong =
      constant.splat == nil
      ? (0..<constant.type.count).first { !(0..<Int64(count)).contains(constant[$0].int64) }
      : (0..<Int64(count)).contains(constant[0].int64) ? nil : 0
    guard let wrong else { return }
    throw fail(
      "index \(constant[wrong].int64) is out of range: axis \(axis) of \(words(0)) has \(count) "
        + "elements")
  }

  /// The value times random factors, which are 1 outside of training.
  func dropout(_ x: Datum, _ rate: Datum) throws(LoweringFailure) -> Datum {
    let (value, fallback) = try isTrial ? tensor(x, needsFloat: true) : (typed(x), nil)
    let type = builder.type(of: value)
    if !type.element.isFloat {
      throw fail(
        "\(typeWords(0)) is \(type.element.name); floats are needed: cast(\(typeWords(0)), f32)")
    }
    let rate = try self.rate(rate)
    if rate == 0 { return wrap(value, fallback) }
    if loops.contains(where: { $0 == nil }) { throw fail("cannot stand in a derivative") }
    let factors = builder.append(.random(Dropout(key: dropoutCount, rate: rate)), type: type)
    if !isTrial { dropoutCount += 1 }
    return wrap(builder.elementwise(.mul, value, factors), fallback)
  }

  private func rate(_ datum: Datum) throws(LoweringFailure) -> Double {
    let rate: Double
    switch datum {
    case .integer(let number): rate = Double(number)
    case .number(let number): rate = number
    case .failed: throw LoweringFailure()
    case .tensor, .untyped, .boolean, .list, .none, .type, .tuple:
      throw fail("the rate is a number known when compiling, found \(words(for: datum))")
    }
    if rate >= 0 && rate < 1 { return rate }
    throw fail("the rate is at least 0 and less than 1, found \(words(for: datum))")
  }
}
