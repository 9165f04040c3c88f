// Brings the operands of an operation to one element type. Numbers adapt; nothing else converts by itself.

/// An operand: a tensor, or one number for every element.
enum Operand {
  case value(Value)
  case scalar(Scalar)
}

/// Operands of one element type.
struct Operands {
  var list: [Operand]
  var element: ElementType
  /// Set where all operands came of numbers alone, and so will the result.
  var fallback: ElementType?
}

extension Lowerer {
  /// Brings operands to one type. Numbers among themselves become `i64`, or `f64` where one has a fraction or `needsFloat` says so.
  func unified(
    _ data: [Datum], from first: Int = 0, needsFloat: Bool = false
  ) throws(LoweringFailure) -> Operands {
    var element: ElementType?
    var fixedBy = 0
    for (index, datum) in data.enumerated() {
      guard let own = try elementType(datum, first + index) else { continue }
      if let element, own != element {
        throw fail(mixing(element, typeWords(first + fixedBy), own, typeWords(first + index)))
      }
      if element == nil { (element, fixedBy) = (own, index) }
    }
    if let element {
      try checkNumbers(data, from: first, against: element, fixedBy: fixedBy)
      var list: [Operand] = []
      for (index, datum) in data.enumerated() {
        list.append(try adapted(datum, to: element, parameter: first + index))
      }
      return Operands(list: list, element: element)
    }
    let common: ElementType = needsFloat || data.contains(where: hasFraction) ? .f64 : .i64
    var list: [Operand] = []
    for (index, datum) in data.enumerated() {
      list.append(try adapted(datum, to: common, parameter: first + index))
    }
    return Operands(list: list, element: common, fallback: fallback(of: data, common))
  }

  /// The same for one operand that has to be a tensor.
  func tensor(
    _ datum: Datum, _ parameter: Int = 0, needsFloat: Bool = false
  ) throws(LoweringFailure) -> (value: Value, fallback: ElementType?) {
    let operands = try unified([datum], from: parameter, needsFloat: needsFloat)
    return (value(operands.list[0]), operands.fallback)
  }

  /// Numbers that do not go with the type that the other operands have.
  private func checkNumbers(
    _ data: [Datum], from first: Int, against element: ElementType, fixedBy: Int
  ) throws(LoweringFailure) {
    for (index, datum) in data.enumerated() where try elementType(datum, index) == nil {
      let isMisfit = element == .bool || (element.isInteger && hasFraction(datum))
      if !isMisfit { continue }
      let (fixed, number) = (typeWords(first + fixedBy), typeWords(first + index))
      // In a function of the prelude both came of one argument.
      if fixed == number {
        let needed = element == .bool ? "numbers" : "floats"
        throw fail("\(fixed) is \(element.name); \(needed) are needed: cast(\(fixed), f32)")
      }
      let what = element == .bool ? "a number" : "no integer"
      throw fail(
        "\(fixed) is \(element.name), but \(number) is \(what): convert it, cast(\(fixed), f32)")
    }
  }

  func wrap(_ value: Value, _ fallback: ElementType?) -> Datum {
    fallback.map { .untyped(value, fallback: $0) } ?? .tensor(value)
  }

  /// A tensor with a type for good: where nothing has fixed one, that is f32.
  func typed(_ datum: Datum) throws(LoweringFailure) -> Value {
    try makeRoom()
    switch datum {
    case .tensor(let value): return value
    case .untyped(_, let fallback):
      return value(try adapted(datum, to: fallback, parameter: 0))
    case .boolean, .integer, .number, .list, .none, .type, .tuple, .failed:
      let element = try elementType(datum, 0) ?? .f32
      return value(try adapted(datum, to: element, parameter: 0))
    }
  }

  /// The type that a datum fixes; nil where it adapts.
  func elementType(_ datum: Datum, _ parameter: Int) throws(LoweringFailure)
    -> ElementType?
  {
    switch datum {
    case .tensor(let value): return builder.element(of: value)
    case .boolean: return .bool
    case .untyped, .integer, .number: return nil
    case .list(let list): return list.holdsTruthValues ? .bool : nil
    case .tuple(let values):
      throw fail("this gives \(values.count) values: bind each to a name first")
    case .none, .type: throw fail("expected a value, found \(words(for: datum))")
    case .failed: throw LoweringFailure()
    }
  }

  func hasFraction(_ datum: Datum) -> Bool {
    switch datum {
    case .number: true
    case .untyped(let value, _): builder.element(of: value) == .f64
    case .list(let list): list.hasFraction
    case .tensor, .integer, .boolean, .none, .type, .tuple, .failed: false
    }
  }

  /// f32, but i32 where all tensors among the operands came of `iota`.
  private func fallback(of data: [Datum], _ common: ElementType) -> ElementType {
    if common == .f64 { return .f32 }
    var found: ElementType?
    for datum in data {
      if case .untyped(_, let own) = datum { found = found == .f32 ? .f32 : own }
      if case .list = datum { found = .f32 }
    }
    return found ?? .f32
  }

  private func mixing(
    _ a: ElementType, _ first: String, _ b: ElementType, _ second: String
  ) -> String {
    let order: [ElementType] = [.bool, .i32, .i64, .f32, .f64]
    let isFirstNarrow = (order.firstIndex(of: a) ?? 0) < (order.firstIndex(of: b) ?? 0)
    let (narrow, wide) = isFirstNarrow ? (first, b) : (second, a)
    return
      "\(first) is \(a.name), but \(second) is \(b.name): convert one, cast(\(narrow), \(wide.name))"
  }

  // MARK: Numbers

  /// The operand in an element type, to which it adapts if it came of numbers alone.
  func adapted(
    _ datum: Datum, to element: ElementType, parameter: Int
  ) throws(LoweringFailure) -> Operand {
    switch datum {
    case .tensor(let value): return .value(value)
    case .untyped(let value, _): return .value(try retyped(value, to: element, parameter))
    case .integer, .number, .boolean: return .scalar(try scalar(datum, element))
    case .list(let list): return .value(builder.constant(try constant(list, element)))
    case .none, .type, .tuple:
      throw fail("expected a value, found \(words(for: datum))")
    case .failed: throw LoweringFailure()
    }
  }

  /// A number in an element type that can hold it.
  func scalar(_ datum: Datum, _ element: ElementType) throws(LoweringFailure) -> Scalar {
    switch (datum, element) {
    case (.boolean(let value), .bool): return Scalar(value)
    case (.integer(let value), .f32), (.integer(let value), .f64), (.integer(let value), .i64):
      return Scalar(value, as: element)
    case (.integer(let value), .i32):
      guard let narrow = Int32(exactly: value) else { throw fail("\(value) does not fit i32") }
      return Scalar(narrow)
    case (.number(let value), .f32), (.number(let value), .f64): return Scalar(value, as: element)
    case (.number(let value), .i32), (.number(let value), .i64):
      throw fail("\(value) is no \(element.name)")
    case (.boolean, _): throw fail("expected a number, found \(words(for: datum))")
    default: throw fail("expected true or false, found \(words(for: datum))")
    }
  }

  /// A tensor of numbers without a type, in a type. What it was made of is made again where that is as cheap as a conversion.
  private func retyped(
    _ value: Value, to element: ElementType, _ parameter: Int
  ) throws(LoweringFailure) -> Value {
    let instruction = builder.function[value]
    let own = instruction.type.element
    if element == .bool { throw fail("expected bool, found numbers: compare them, … != 0") }
    if own == .f64, element.isInteger {
      throw fail("\(words(parameter)) is no integer, and the other operand is \(element.name)")
    }
    let type = instruction.type.with(element: element)
    switch instruction.op {
    case .constant(let constant):
      if let splat = constant.splat { return builder.constant(converted(splat, type)) }
    case .iota(let axis): return builder.append(.iota(axis: axis), type: type)
    case .elementwise(.cast):
      if builder.element(of: instruction.operands[0]) == .bool {
        return builder.cast(instruction.operands[0], to: element)
      }
    default: break
    }
    return builder.cast(value, to: element)
  }

  private func converted(_ scalar: Scalar, _ type: TensorType) -> Constant {
    let element = type.element
    let made =
      scalar.element == .i64
      ? Scalar(Int(scalar.int64), as: element) : Scalar(scalar.double, as: element)
    return Constant(splat: made, shape: type.shape)
  }

  // MARK: Shapes of operands

  func shape(of operand: Operand) -> Shape {
    switch operand {
    case .value(let value): builder.shape(of: value)
    case .scalar: .scalar
    }
  }

  /// The operand in its own shape.
  func value(_ operand: Operand) -> Value {
    switch operand {
    case .value(let value): value
    case .scalar(let scalar): builder.constant(Constant(splat: scalar))
    }
  }

  /// The operand in a shape to which it broadcasts.
  func value(_ operand: Operand, shape: Shape) -> Value {
    switch operand {
    case .value(let value): builder.broadcast(value, to: shape)
    case .scalar(let scalar): builder.constant(Constant(splat: scalar, shape: shape))
    }
  }

  /// The shape to which operands broadcast by NumPy's rule.
  func broadcastShape(_ operands: [Operand]) throws(LoweringFailure) -> Shape {
    if let shape = commonShape(operands) { return shape }
    var sizes: [Int] = []
    var widest = 0
    for (index, operand) in operands.enumerated() {
      let own = shape(of: operand).sizes
      let isWider = own.count > sizes.count
      let missing = abs(own.count - sizes.count)
      let long = isWider ? own : sizes
      let short = isWider ? sizes : own
      var joined = long
      for (axis, size) in short.enumerated() {
        let other = long[missing + axis]
        if size != other, size != 1, other != 1 {
          throw fail(misfit(operands, widest, index, missing + axis - long.count))
        }
        joined[missing + axis] = size == 1 ? other : size
      }
      if isWider { widest = index }
      sizes = joined
    }
    return try checked(sizes)
  }

  /// The shape that all tensors among the operands have; nil where they differ or there are none.
  private func commonShape(_ operands: [Operand]) -> Shape? {
    var common: Shape?
    for operand in operands {
      guard case .value(let value) = operand else { continue }
      let shape = builder.shape(of: value)
      if let common, common != shape { return nil }
      common = shape
    }
    return common
  }

  private func misfit(_ operands: [Operand], _ first: Int, _ second: Int, _ axis: Int) -> String {
    let (a, b) = (shape(of: operands[first]), shape(of: operands[second]))
    let (one, other) = (a.rank + axis, b.rank + axis)
    var detail = ""
    if one >= 0, other >= 0, one < a.rank, other < b.rank {
      let what =
        a.rank == 2 && b.rank == 2 ? (axis == -1 ? "columns" : "rows") : "along axis \(axis)"
      detail = " (\(a[one]) \(what) against \(b[other]))"
    }
    return "\(words(first)) has shape \(a), but \(words(second)) has shape \(b)\(detail)"
  }

  /// A shape within the limits.
  func checked(_ sizes: [Int]) throws(LoweringFailure) -> Shape {
    if sizes.count > maximumRank {
      throw fail("a tensor has at most \(maximumRank) axes, this would have \(sizes.count)")
    }
    var count = 1
    for size in sizes {
      if size < 0 { throw fail("a size is at least 0, found \(size)") }
      let (product, overflow) = count.multipliedReportingOverflow(by: max(1, size))
      count = product
      if overflow || count > maximumElementCount {
        throw fail("a tensor has at most 2^40 elements, shape \(Shape(sizes)) has more")
      }
    }
    return Shape(sizes)
  }
}
