// Operations on scalars as C expressions, for the loops spelling. Each is an operator or an inline function of nn_math.h.

import NNIR

/// An operation applied to operands of `operand`'s element type (the last one's), with a result of type `result`; notes the
/// section of nn_math.h that it needs.
func cExpression(
  _ op: ElementwiseOp, _ operands: [CExpression], operand: ElementType, result: ElementType,
  sections: inout Set<String>
) -> CExpression {
  func infix(_ symbol: String) -> CExpression {
    CExpression("\(operands[0].asOperand) \(symbol) \(operands[1].asOperand)")
  }
  func call(_ name: String) -> CExpression {
    sections.insert(name)
    return CExpression(
      "nn_\(name)(\(operands.map(\.text).joined(separator: ", ")))", isAtomic: true)
  }
  /// Of integers a function: arithmetic wraps, and compilers warn of comparisons whose outcome they foresee.
  func floatInfix(_ symbol: String) -> CExpression {
    operand.isFloat ? infix(symbol) : call("\(op.name)_\(operand.name)")
  }
  switch op {
  case .add: return floatInfix("+")
  case .sub: return floatInfix("-")
  case .mul: return floatInfix("*")
  case .div: return floatInfix("/")
  case .and: return infix("&")
  case .or: return infix("|")
  case .not: return CExpression("!\(operands[0].asOperand)")
  case .less: return floatInfix("<")
  case .lessEqual: return floatInfix("<=")
  case .equal: return floatInfix("==")
  case .notEqual: return floatInfix("!=")
  case .select:
    let parts = operands.map(\.asOperand)
    return CExpression("\(parts[0]) ? \(parts[1]) : \(parts[2])")
  case .cast:
    if operand == result { return operands[0] }
    if result == .bool { return CExpression("\(operands[0].asOperand) != 0") }
    if operand.isFloat && result.isInteger { return call("cast_\(operand.name)_\(result.name)") }
    return CExpression("(\(result.cName))\(operands[0].asOperand)")
  case .neg where operand.isFloat: return CExpression("-\(operands[0].asOperand)")
  case .neg, .abs, .sign, .sqrt, .exp, .expm1, .log, .log1p, .sin, .cos, .tan, .asin, .acos, .atan,
    .sinh, .cosh, .tanh, .erf, .erfc, .sigmoid, .floor, .ceil, .round, .pow, .max, .min, .mod,
    .atan2:
    return call("\(op.name)_\(operand.name)")
  case .power(let exponent):
    sections.insert("power_\(operand.name)")
    return CExpression("nn_power_\(operand.name)(\(operands[0].text), \(exponent))", isAtomic: true)
  }
}

extension Reduction {
  /// What a reduction combines two elements with.
  func combining(_ element: ElementType) -> ElementwiseOp {
    switch self {
    case .sum: .add
    case .prod: .mul
    case .max: element == .bool ? .or : .max
    case .min: element == .bool ? .and : .min
    }
  }
}
