// The scalar operations, shared by tensor functions (applied element by element) and by the bodies of kernels.

/// An operation on single elements. `Docs/numerics.md` defines the bits of each.
public enum ElementwiseOp: Hashable, Sendable {
  // One operand, result of the same type.
  case neg, abs, sign, sqrt, exp, expm1, log, log1p
  case sin, cos, tan, asin, acos, atan, sinh, cosh, tanh
  case erf, erfc, sigmoid, floor, ceil, round
  /// Power with a constant integer exponent, by squaring; not negative for integers.
  case power(Int)
  /// `bool` only.
  case not
  /// Any element type to any other; the result's type says which.
  case cast
  // Two operands of one type, result of the same type.
  case add, sub, mul, div, pow, max, min, mod, atan2
  /// `bool` only.
  case and, or
  // Two operands of one type, result `bool`. `a > b` is `less(b, a)`.
  case less, lessEqual, equal, notEqual
  /// Condition (`bool`), value where true, value where false.
  case select

  /// Every operation, `power` with a sample exponent.
  public static let samples: [ElementwiseOp] = [
    .neg, .abs, .sign, .sqrt, .exp, .expm1, .log, .log1p, .sin, .cos, .tan, .asin, .acos, .atan,
    .sinh, .cosh, .tanh, .erf, .erfc, .sigmoid, .floor, .ceil, .round, .power(3), .not, .cast,
    .add, .sub, .mul, .div, .pow, .max, .min, .mod, .atan2, .and, .or,
    .less, .lessEqual, .equal, .notEqual, .select,
  ]

  /// The name in the text form and, as `nn_NAME_TYPE`, in C.
  public var name: String {
    switch self {
    case .neg: "neg"
    case .abs: "abs"
    case .sign: "sign"
    case .sqrt: "sqrt"
    case .exp: "exp"
    case .expm1: "expm1"
    case .log: "log"
    case .log1p: "log1p"
    case .sin: "sin"
    case .cos: "cos"
    case .tan: "tan"
    case .asin: "asin"
    case .acos: "acos"
    case .atan: "atan"
    case .sinh: "sinh"
    case .cosh: "cosh"
    case .tanh: "tanh"
    case .erf: "erf"
    case .erfc: "erfc"
    case .sigmoid: "sigmoid"
    case .floor: "floor"
    case .ceil: "ceil"
    case .round: "round"
    case .power: "power"
    case .not: "not"
    case .cast: "cast"
    case .add: "add"
    case .sub: "sub"
    case .mul: "mul"
    case .div: "div"
    case .pow: "pow"
    case .max: "max"
    case .min: "min"
    case .mod: "mod"
    case .atan2: "atan2"
    case .and: "and"
    case .or: "or"
    case .less: "lt"
    case .lessEqual: "le"
    case .equal: "eq"
    case .notEqual: "ne"
    case .select: "select"
    }
  }

  public var arity: Int {
    switch self {
    case .neg, .abs, .sign, .sqrt, .exp, .expm1, .log, .log1p, .sin, .cos, .tan, .asin, .acos,
      .atan, .sinh, .cosh, .tanh, .erf, .erfc, .sigmoid, .floor, .ceil, .round, .power, .not, .cast:
      1
    case .add, .sub, .mul, .div, .pow, .max, .min, .mod, .atan2, .and, .or, .less, .lessEqual,
      .equal, .notEqual:
      2
    case .select: 3
    }
  }

  /// Whether the operands can be exchanged without changing a bit.
  public var isCommutative: Bool {
    switch self {
    case .add, .mul, .max, .min, .and, .or, .equal, .notEqual: true
    case .neg, .abs, .sign, .sqrt, .exp, .expm1, .log, .log1p, .sin, .cos, .tan, .asin, .acos,
      .atan, .sinh, .cosh, .tanh, .erf, .erfc, .sigmoid, .floor, .ceil, .round, .power, .not, .cast,
      .sub, .div, .pow, .mod, .atan2, .less, .lessEqual, .select:
      false
    }
  }

  public var isComparison: Bool {
    switch self {
    case .less, .lessEqual, .equal, .notEqual: true
    case .neg, .abs, .sign, .sqrt, .exp, .expm1, .log, .log1p, .sin, .cos, .tan, .asin, .acos,
      .atan, .sinh, .cosh, .tanh, .erf, .erfc, .sigmoid, .floor, .ceil, .round, .power, .not, .cast,
      .add, .sub, .mul, .div, .pow, .max, .min, .mod, .atan2, .and, .or, .select:
      false
    }
  }

  /// Whether IEEE arithmetic rounds this operation exactly, so that folding it gives the same bits everywhere.
  public var isExactlyRounded: Bool {
    switch self {
    case .neg, .abs, .sign, .sqrt, .floor, .ceil, .round, .power, .not, .cast, .add, .sub, .mul,
      .div, .max, .min, .and, .or, .less, .lessEqual, .equal, .notEqual, .select:
      true
    case .exp, .expm1, .log, .log1p, .sin, .cos, .tan, .asin, .acos, .atan, .sinh, .cosh, .tanh,
      .erf, .erfc, .sigmoid, .pow, .mod, .atan2:
      false
    }
  }

  /// The element types that the (last) operand may have.
  public func accepts(_ element: ElementType) -> Bool {
    switch self {
    case .sqrt, .exp, .expm1, .log, .log1p, .sin, .cos, .tan, .asin, .acos, .atan, .sinh, .cosh,
      .tanh, .erf, .erfc, .sigmoid, .floor, .ceil, .round, .div, .pow, .atan2:
      element.isFloat
    case .power(let exponent): element.isFloat || (element.isInteger && exponent >= 0)
    case .neg, .abs, .sign, .add, .sub, .mul, .max, .min, .mod: element != .bool
    case .not, .and, .or: element == .bool
    case .cast, .less, .lessEqual, .equal, .notEqual, .select: true
    }
  }

  /// The result's element type; `cast` has none of its own.
  public func result(of operand: ElementType) -> ElementType? {
    switch self {
    case .cast: nil
    case .less, .lessEqual, .equal, .notEqual: .bool
    case .neg, .abs, .sign, .sqrt, .exp, .expm1, .log, .log1p, .sin, .cos, .tan, .asin, .acos,
      .atan, .sinh, .cosh, .tanh, .erf, .erfc, .sigmoid, .floor, .ceil, .round, .power, .not, .add,
      .sub, .mul, .div, .pow, .max, .min, .mod, .atan2, .and, .or, .select:
      operand
    }
  }
}
