// The arithmetic of single elements, as `Docs/numerics.md` defines it: integers wrap, NaN wins in max and min, and the zeros of
// both signs are told apart. Everything that the interpreter computes goes through these few methods or through the strips
// of Kernels.

/// An element as it lies in a tensor's bytes; `bool` is a `UInt8` of 0 or 1.
protocol OrderedElement: Comparable, Sendable {
  static var zero: Self { get }
  static var least: Self { get }
  static var greatest: Self { get }
  /// The greater of two; NaN where either is.
  static func larger(_ a: Self, _ b: Self) -> Self
  /// The lesser of two; NaN where either is.
  static func smaller(_ a: Self, _ b: Self) -> Self
  /// NaN, which wins over every number in argmax and argmin.
  var isUnordered: Bool { get }
}

/// A number that can be added and multiplied.
protocol NumberElement: OrderedElement {
  static var one: Self { get }
  /// What a sum starts from: -0.0 for floats, so that -0 + -0 stays -0.
  static var sumStart: Self { get }
  static func plus(_ a: Self, _ b: Self) -> Self
  static func minus(_ a: Self, _ b: Self) -> Self
  static func times(_ a: Self, _ b: Self) -> Self
  /// accumulator + a · b: rounded once for floats.
  static func multiplyAdd(_ a: Self, _ b: Self, _ accumulator: Self) -> Self
  static func modulo(_ a: Self, _ b: Self) -> Self
  static func negated(_ a: Self) -> Self
  static func absolute(_ a: Self) -> Self
  /// -1, 0 or 1; zeros and NaN as they are.
  static func sign(_ a: Self) -> Self
}

extension NumberElement {
  /// By squaring, from the lowest bit of the exponent (at least 1) up.
  @inline(__always)
  static func power(_ x: Self, _ exponent: Int) -> Self {
    var square = x
    var remaining = exponent
    while remaining & 1 == 0 {
      square = times(square, square)
      remaining >>= 1
    }
    var result = square
    remaining >>= 1
    while remaining > 0 {
      square = times(square, square)
      if remaining & 1 == 1 { result = times(result, square) }
      remaining >>= 1
    }
    return result
  }
}

extension UInt8: OrderedElement {
  static var zero: UInt8 { 0 }
  static var least: UInt8 { 0 }
  static var greatest: UInt8 { 1 }
  static func larger(_ a: UInt8, _ b: UInt8) -> UInt8 { a | b }
  static func smaller(_ a: UInt8, _ b: UInt8) -> UInt8 { a & b }
  var isUnordered: Bool { false }
}

extension FixedWidthInteger where Self: SignedInteger {
  static var zero: Self { 0 }
  static var one: Self { 1 }
  static var sumStart: Self { 0 }
  static var least: Self { min }
  static var greatest: Self { max }
  static func larger(_ a: Self, _ b: Self) -> Self { Swift.max(a, b) }
  static func smaller(_ a: Self, _ b: Self) -> Self { Swift.min(a, b) }
  var isUnordered: Bool { false }
  static func plus(_ a: Self, _ b: Self) -> Self { a &+ b }
  static func minus(_ a: Self, _ b: Self) -> Self { a &- b }
  static func times(_ a: Self, _ b: Self) -> Self { a &* b }
  static func multiplyAdd(_ a: Self, _ b: Self, _ accumulator: Self) -> Self {
    accumulator &+ a &* b
  }
  /// Floored: the sign of b; 0 where b is 0.
  static func modulo(_ a: Self, _ b: Self) -> Self {
    if b == 0 || b == -1 { return 0 }
    let remainder = a % b
    return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder
  }
  static func negated(_ a: Self) -> Self { 0 &- a }
  static func absolute(_ a: Self) -> Self { a < 0 ? 0 &- a : a }
  static func sign(_ a: Self) -> Self { a.signum() }
}

extension Int32: NumberElement {}
extension Int64: NumberElement {}

extension BinaryFloatingPoint {
  static var zero: Self { 0 }
  static var one: Self { 1 }
  static var sumStart: Self { -0.0 }
  static var least: Self { -infinity }
  static var greatest: Self { infinity }
  static func larger(_ a: Self, _ b: Self) -> Self {
    if a.isNaN || b.isNaN { return .nan }
    return a > b || (a == b && b.sign == .minus) ? a : b
  }
  static func smaller(_ a: Self, _ b: Self) -> Self {
    if a.isNaN || b.isNaN { return .nan }
    return a < b || (a == b && a.sign == .minus) ? a : b
  }
  var isUnordered: Bool { isNaN }
  static func plus(_ a: Self, _ b: Self) -> Self { a + b }
  static func minus(_ a: Self, _ b: Self) -> Self { a - b }
  static func times(_ a: Self, _ b: Self) -> Self { a * b }
  static func multiplyAdd(_ a: Self, _ b: Self, _ accumulator: Self) -> Self {
    accumulator.addingProduct(a, b)
  }
  /// Floored: the sign of b, of zero too.
  static func modulo(_ a: Self, _ b: Self) -> Self {
    let remainder = a.truncatingRemainder(dividingBy: b)
    if remainder == 0 { return b.sign == .minus ? -0.0 : 0.0 }
    return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder
  }
  static func negated(_ a: Self) -> Self { -a }
  static func absolute(_ a: Self) -> Self { a.magnitude }
  static func sign(_ a: Self) -> Self { a > 0 ? 1 : a < 0 ? -1 : a }
}

extension Float: NumberElement {}
extension Double: NumberElement {}
