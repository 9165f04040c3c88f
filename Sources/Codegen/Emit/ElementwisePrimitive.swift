// The strip primitives of elementwise operations: their names and what they take.

import NNIR

/// Which operands of an operation point to one element that serves for all.
struct UniformOperands: OptionSet {
  let rawValue: UInt8
  static let first = UniformOperands(rawValue: 1)
  static let second = UniformOperands(rawValue: 2)

  /// The operand at a position.
  static func operand(_ position: Int) -> UniformOperands {
    UniformOperands(rawValue: 1 << UInt8(position))
  }
}

/// What decides which primitive does an operation.
struct ElementwisePrimitive: QuickHashable {
  var op: ElementwiseOp
  var operand: ElementType
  var result: ElementType
  var uniform: UniformOperands

  var quickHash: QuickHash {
    QuickHash(Int(uniform.rawValue), Int(operand.rawValue), Int(result.rawValue))
  }

  /// Without the prefix `nns_`.
  var name: String {
    switch op {
    case .cast: "cast_\(operand.name)_\(result.name)"
    case .select:
      op.name + "_" + operand.name
        + form(uniform.contains(.operand(1)), uniform.contains(.operand(2)))
    case .neg, .abs, .sign, .sqrt, .exp, .expm1, .log, .log1p, .sin, .cos, .tan, .asin, .acos,
      .atan, .sinh, .cosh, .tanh, .erf, .erfc, .sigmoid, .floor, .ceil, .round, .not, .power:
      op.name + "_" + operand.name
    case .add, .sub, .mul, .div, .pow, .max, .min, .mod, .atan2, .and, .or, .less, .lessEqual,
      .equal, .notEqual:
      op.name + "_" + operand.name + form(uniform.contains(.first), uniform.contains(.second))
    }
  }

  /// The types of the parameters.
  var parameters: String {
    let type = operand.cName
    switch op {
    case .cast: return "\(result.cName) *, const \(type) *, ptrdiff_t"
    case .power: return "\(type) *, const \(type) *, ptrdiff_t, int"
    case .select:
      return "\(type) *, const uint8_t *, const \(type) *, const \(type) *, ptrdiff_t"
    case .neg, .abs, .sign, .sqrt, .exp, .expm1, .log, .log1p, .sin, .cos, .tan, .asin, .acos,
      .atan, .sinh, .cosh, .tanh, .erf, .erfc, .sigmoid, .floor, .ceil, .round, .not:
      return "\(type) *, const \(type) *, ptrdiff_t"
    case .add, .sub, .mul, .div, .pow, .max, .min, .mod, .atan2, .and, .or, .less, .lessEqual,
      .equal, .notEqual:
      return "\(result.cName) *, const \(type) *, const \(type) *, ptrdiff_t"
    }
  }

  private func form(_ first: Bool, _ second: Bool) -> String {
    switch (first, second) {
    case (false, false): ""
    case (false, true): "_vs"
    case (true, false): "_sv"
    case (true, true): "_ss"
    }
  }
}
