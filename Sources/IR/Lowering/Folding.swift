// Arithmetic on numbers that stand in the graph, done while compiling: with integers of 64 bits whose overflow is an error (they
// are sizes), and with doubles where IEEE rounding alone decides the result. The other functions become instructions.

extension Lowerer {
  /// Nil where an operand is no number, or the result is not for the compiler to decide.
  func folded(
    _ op: BinaryOperator, _ left: Datum, _ right: Datum
  ) throws(LoweringFailure) -> Datum? {
    switch (left, right) {
    case (.boolean(let a), .boolean(let b)): return folded(op, a, b)
    case (.integer(let a), .integer(let b)): return try folded(op, a, b)
    case (.integer(let a), .number(let b)): return folded(op, Double(a), b)
    case (.number(let a), .integer(let b)):
      if op == .power, (-64...64).contains(b) { return .number(power(a, b)) }
      return folded(op, a, Double(b))
    case (.number(let a), .number(let b)): return folded(op, a, b)
    default: return nil
    }
  }

  private func folded(_ op: BinaryOperator, _ a: Bool, _ b: Bool) -> Datum? {
    switch op {
    case .or: .boolean(a || b)
    case .and: .boolean(a && b)
    case .equal: .boolean(a == b)
    case .notEqual: .boolean(a != b)
    case .less, .lessEqual, .greater, .greaterEqual, .add, .subtract, .multiply, .divide, .matmul,
      .power:
      nil
    }
  }

  private func folded(
    _ op: BinaryOperator, _ a: Int, _ b: Int
  ) throws(LoweringFailure) -> Datum? {
    switch op {
    case .less: return .boolean(a < b)
    case .lessEqual: return .boolean(a <= b)
    case .greater: return .boolean(a > b)
    case .greaterEqual: return .boolean(a >= b)
    case .equal: return .boolean(a == b)
    case .notEqual: return .boolean(a != b)
    case .add: return try exact(a.addingReportingOverflow(b))
    case .subtract: return try exact(a.subtractingReportingOverflow(b))
    case .multiply: return try exact(a.multipliedReportingOverflow(by: b))
    case .divide:
      if b == -1 { return try exact(a.multipliedReportingOverflow(by: -1)) }
      if b != 0, a % b == 0 { return .integer(a / b) }
      return .number(Double(a) / Double(b))
    case .power: return try power(a, b)
    case .or, .and, .matmul: return nil
    }
  }

  private func exact(
    _ result: (partialValue: Int, overflow: Bool)
  ) throws(LoweringFailure) -> Datum {
    if result.overflow { throw fail("the result does not fit an integer of 64 bits") }
    return .integer(result.partialValue)
  }

  private func folded(_ op: BinaryOperator, _ a: Double, _ b: Double) -> Datum? {
    switch op {
    case .less: .boolean(a < b)
    case .lessEqual: .boolean(a <= b)
    case .greater: .boolean(a > b)
    case .greaterEqual: .boolean(a >= b)
    case .equal: .boolean(a == b)
    case .notEqual: .boolean(a != b)
    case .add: .number(a + b)
    case .subtract: .number(a - b)
    case .multiply: .number(a * b)
    case .divide: .number(a / b)
    case .or, .and, .matmul, .power: nil
    }
  }

  /// By squaring; an overflow ends it at once, however large the exponent.
  private func power(_ base: Int, _ exponent: Int) throws(LoweringFailure) -> Datum? {
    if exponent < 0 {
      return exponent >= -64 ? .number(power(Double(base), exponent)) : nil
    }
    if base == 0 || base == 1 || exponent == 0 { return .integer(exponent == 0 ? 1 : base) }
    if base == -1 { return .integer(exponent % 2 == 0 ? 1 : -1) }
    var result = 1
    for _ in 0..<min(exponent, 64) {
      let (product, overflow) = result.multipliedReportingOverflow(by: base)
      if overflow {
        throw fail(
          "\(base)^\(exponent) does not fit an integer of 64 bits; \(base).0^\(exponent) is a float"
        )
      }
      result = product
    }
    return .integer(result)
  }

  /// As `Docs/numerics.md` defines it, so that it does not matter who computes it.
  private func power(_ base: Double, _ exponent: Int) -> Double {
    if exponent < 0 { return 1 / power(base, -exponent) }
    var result: Double?
    var square = base
    var left = exponent
    while left > 0 {
      if left & 1 == 1 { result = result.map { $0 * square } ?? square }
      square *= square
      left >>= 1
    }
    return result ?? 1
  }

  func folded(_ op: ElementwiseOp, _ operand: Datum) -> Datum? {
    switch operand {
    case .integer(let value):
      switch op {
      case .neg: return value == .min ? nil : .integer(-value)
      case .abs: return value == .min ? nil : .integer(abs(value))
      case .sign: return .integer(value.signum())
      case .floor, .ceil, .round: return .number(Double(value))
      case .sqrt: return .number(Double(value).squareRoot())
      default: return nil
      }
    case .number(let value):
      switch op {
      case .neg: return .number(-value)
      case .abs: return .number(abs(value))
      case .floor: return .number(value.rounded(.down))
      case .ceil: return .number(value.rounded(.up))
      case .round: return .number(value.rounded(.toNearestOrEven))
      case .sqrt: return .number(value.squareRoot())
      default: return nil
      }
    case .tensor, .untyped, .boolean, .list, .none, .type, .tuple, .failed: return nil
    }
  }

  /// `maximum`, `minimum` and `mod` of integers, which may be sizes.
  func folded(_ op: ElementwiseOp, _ left: Datum, _ right: Datum) -> Datum? {
    guard case .integer(let a) = left, case .integer(let b) = right else { return nil }
    switch op {
    case .max: return .integer(max(a, b))
    case .min: return .integer(min(a, b))
    case .mod:
      if b == 0 || b == -1 { return .integer(0) }
      let remainder = a % b
      return .integer(remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder)
    default: return nil
    }
  }
}
