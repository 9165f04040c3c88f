// Elementwise operations on constants, to the bit as `Docs/numerics.md` defines them: those that
// are exactly rounded, and all on integers. Transcendental functions are not here: their bits are
// those of the mathematics header, in C.

extension ElementwiseOp {
  /// The result of element type `element`, or nil where it is not known exactly here. A NaN is
  /// always the positive quiet one.
  func evaluated(_ operands: [Scalar], as element: ElementType) -> Scalar? {
    guard let last = operands.last else { return nil }
    if case .select = self { return operands[operands[0].bool ? 1 : 2] }
    if case .cast = self { return last.cast(to: element) }
    if isComparison { return comparison(operands[0], last).map { Scalar($0) } }
    switch last.element {
    case .f32:
      return floating(operands[0].float, last.float).map { Scalar($0.isNaN ? Float.nan : $0) }
    case .f64:
      let a = Double(bitPattern: operands[0].bits)
      return floating(a, last.double).map { Scalar($0.isNaN ? Double.nan : $0) }
    case .i32:
      let a = Int32(truncatingIfNeeded: operands[0].int64)
      return integral(a, Int32(truncatingIfNeeded: last.int64)).map { Scalar($0) }
    case .i64: return integral(operands[0].int64, last.int64).map { Scalar($0) }
    case .bool: return logical(operands[0].bool, last.bool).map { Scalar($0) }
    }
  }

  private func comparison(_ a: Scalar, _ b: Scalar) -> Bool? {
    func compared<T: Comparable>(_ a: T, _ b: T) -> Bool? {
      switch self {
      case .less: a < b
      case .lessEqual: a <= b
      case .equal: a == b
      case .notEqual: a != b
      default: nil
      }
    }
    return a.element.isFloat ? compared(a.double, b.double) : compared(a.int64, b.int64)
  }

  private func floating<T: BinaryFloatingPoint>(_ a: T, _ b: T) -> T? {
    switch self {
    case .neg: -a
    case .abs: a.magnitude
    case .sign: a.isNaN || a == 0 ? a : a < 0 ? -1 : 1
    case .sqrt: a.squareRoot()
    case .floor: a.rounded(.down)
    case .ceil: a.rounded(.up)
    case .round: a.rounded(.toNearestOrEven)
    case .power(let n):
      n >= 0
        ? bySquaring(a, n.magnitude, one: 1, *) : 1 / bySquaring(a, n.magnitude, one: 1, *)
    case .add: a + b
    case .sub: a - b
    case .mul: a * b
    case .div: a / b
    case .max: a.isNaN || b.isNaN ? .nan : a == b ? (a.sign == .minus ? b : a) : Swift.max(a, b)
    case .min: a.isNaN || b.isNaN ? .nan : a == b ? (a.sign == .minus ? a : b) : Swift.min(a, b)
    case .exp, .expm1, .log, .log1p, .sin, .cos, .tan, .asin, .acos, .atan, .sinh, .cosh, .tanh,
      .erf, .erfc, .sigmoid, .pow, .mod, .atan2, .not, .cast, .and, .or, .less, .lessEqual,
      .equal, .notEqual, .select:
      nil
    }
  }

  private func integral<T: FixedWidthInteger & SignedInteger>(_ a: T, _ b: T) -> T? {
    switch self {
    case .neg: 0 &- a
    case .abs: a < 0 ? 0 &- a : a
    case .sign: a.signum()
    case .power(let n): n >= 0 ? bySquaring(a, n.magnitude, one: 1, &*) : nil
    case .add: a &+ b
    case .sub: a &- b
    case .mul: a &* b
    case .max: Swift.max(a, b)
    case .min: Swift.min(a, b)
    case .mod: flooredRemainder(a, b)
    case .sqrt, .floor, .ceil, .round, .div, .exp, .expm1, .log, .log1p, .sin, .cos, .tan, .asin,
      .acos, .atan, .sinh, .cosh, .tanh, .erf, .erfc, .sigmoid, .pow, .atan2, .not, .cast, .and,
      .or, .less, .lessEqual, .equal, .notEqual, .select:
      nil
    }
  }

  private func logical(_ a: Bool, _ b: Bool) -> Bool? {
    switch self {
    case .not: !a
    case .and: a && b
    case .or: a || b
    default: nil
    }
  }

  /// With the sign of b; 0 where b is 0.
  private func flooredRemainder<T: FixedWidthInteger & SignedInteger>(_ a: T, _ b: T) -> T {
    if b == 0 || b == -1 { return 0 }
    let remainder = a % b
    return remainder != 0 && (remainder < 0) != (b < 0) ? remainder &+ b : remainder
  }

  /// From the lowest bit of n up; the first needed square starts the product.
  private func bySquaring<T>(_ a: T, _ n: UInt, one: T, _ multiply: (T, T) -> T) -> T {
    var (square, rest, product) = (a, n, T?.none)
    while rest > 0 {
      if rest & 1 == 1 { product = product.map { multiply($0, square) } ?? square }
      rest >>= 1
      if rest > 0 { square = multiply(square, square) }
    }
    return product ?? one
  }
}

extension Scalar {
  /// Floats to integers truncate and saturate, NaN gives 0; anything but zero is true.
  func cast(to element: ElementType) -> Scalar {
    if self.element == element { return self }
    if self.element.isFloat {
      let scalar = Scalar(double, as: element)
      return scalar.element.isFloat && scalar.double.isNaN
        ? Scalar(Double.nan, as: element) : scalar
    }
    return Scalar(Int(int64), as: element)
  }
}
