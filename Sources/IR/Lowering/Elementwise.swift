// Operators and elementwise functions: numbers are computed at once, tensors become instructions in a common shape.

extension Lowerer {
  // MARK: Operators

  func unary(_ op: UnaryOperator, _ operand: Datum) throws(LoweringFailure) -> Datum {
    switch op {
    case .minus:
      // `-0` as it is written is the float: as an integer it would lose its sign.
      if case .integer(0) = frame.code.tree.expressions[frame.current - 1].kind {
        return .number(-0.0)
      }
      return try elementwise(.neg, operand)
    case .not:
      if case .boolean(let value) = operand { return .boolean(!value) }
      return try elementwise(.not, operand)
    }
  }

  func binary(
    _ op: BinaryOperator, _ left: Datum, _ right: Datum
  ) throws(LoweringFailure) -> Datum {
    if let folded = try folded(op, left, right) { return folded }
    switch op {
    case .or: return try elementwise(.or, left, right)
    case .and: return try elementwise(.and, left, right)
    case .less: return try elementwise(.less, left, right)
    case .lessEqual: return try elementwise(.lessEqual, left, right)
    case .greater: return try elementwise(.less, left, right, isSwapped: true)
    case .greaterEqual: return try elementwise(.lessEqual, left, right, isSwapped: true)
    case .equal: return try elementwise(.equal, left, right)
    case .notEqual: return try elementwise(.notEqual, left, right)
    case .add: return try elementwise(.add, left, right)
    case .subtract: return try elementwise(.sub, left, right)
    case .multiply: return try elementwise(.mul, left, right)
    case .divide: return try elementwise(.div, left, right)
    case .matmul: return try product(left, right)
    case .power:
      // Only a literal exponent multiplies; but numbers among themselves are literals.
      if case .integer(let exponent) = right, (-64...64).contains(exponent) {
        return try elementwise(.power(exponent), left)
      }
      return try elementwise(.pow, left, right)
    }
  }

  // MARK: Functions

  func elementwise(_ op: ElementwiseOp, _ operand: Datum) throws(LoweringFailure) -> Datum {
    if let folded = folded(op, operand) { return folded }
    let (value, fallback) = try tensor(operand, needsFloat: needsFloat(op))
    try check(op, builder.element(of: value))
    return wrap(builder.elementwise(op, value), fallback)
  }

  func elementwise(
    _ op: ElementwiseOp, _ left: Datum, _ right: Datum, isSwapped: Bool = false
  ) throws(LoweringFailure) -> Datum {
    let operands = try unified([left, right], needsFloat: needsFloat(op))
    try check(op, operands.element)
    let shape = try broadcastShape(operands.list)
    let a = value(operands.list[0], shape: shape)
    let b = value(operands.list[1], shape: shape)
    let result = isSwapped ? builder.elementwise(op, b, a) : builder.elementwise(op, a, b)
    return wrap(result, op.isComparison ? nil : operands.fallback)
  }

  func select(
    _ condition: Datum, _ a: Datum, _ b: Datum
  ) throws(LoweringFailure) -> Datum {
    if case .boolean(let value) = condition, a.isScalarConstant, b.isScalarConstant {
      return value ? a : b
    }
    let conditions = try unified([condition])
    if conditions.element != .bool {
      throw fail(
        "\(typeWords(0)) is \(conditions.element.name), not bool: compare it, \(typeWords(0)) != 0")
    }
    let operands = try unified([a, b], from: 1)
    let shape = try broadcastShape(conditions.list + operands.list)
    let values = (conditions.list + operands.list).map { value($0, shape: shape) }
    let type = TensorType(operands.element, shape)
    return wrap(builder.append(.elementwise(.select), values, type: type), operands.fallback)
  }

  func cast(_ x: Datum, _ type: Datum, like: Datum) throws(LoweringFailure) -> Datum {
    let element: ElementType
    switch (type, like) {
    case (.type(let given), .none): element = given
    case (.none, .none): throw fail("say the type: cast(x, f32) or cast(x, like=y)")
    case (.none, .tensor(let value)): element = builder.element(of: value)
    // Like something that has no type: then this has none either.
    case (.none, _): return try untyped(x)
    case (_, .none): throw fail("expected a type such as f32, found \(words(for: type))")
    default: throw fail("give a type or like=, not both")
    }
    if case .integer = x, element != .bool {
      return .tensor(builder.constant(Constant(splat: try scalar(x, element))))
    }
    let (value, _) = try tensor(x)
    return .tensor(builder.cast(value, to: element))
  }

  /// Truth values as numbers without a type.
  private func untyped(_ x: Datum) throws(LoweringFailure) -> Datum {
    if case .boolean(let value) = x { return .integer(value ? 1 : 0) }
    guard case .tensor(let value) = x, builder.element(of: value) == .bool else { return x }
    return .untyped(builder.cast(value, to: .i64), fallback: .f32)
  }

  // MARK: Types

  private func needsFloat(_ op: ElementwiseOp) -> Bool {
    if case .power = op { return true }
    return !op.accepts(.i64) && op.accepts(.f64)
  }

  private func check(_ op: ElementwiseOp, _ element: ElementType) throws(LoweringFailure) {
    if op.accepts(element), !(needsFloat(op) && !element.isFloat) { return }
    let misfit = typeWords(0)
    if element == .bool {
      throw fail("\(misfit) is bool; numbers are needed: cast(\(misfit), f32)")
    }
    if op.accepts(.bool) {
      throw fail("\(misfit) is \(element.name); bool is needed: compare it, \(misfit) != 0")
    }
    throw fail("\(misfit) is \(element.name); floats are needed: cast(\(misfit), f32)")
  }
}
