// Constants are kept as bit patterns: 0 and -0 differ and NaN equals itself, so that hashing and merging are right.

/// One scalar as bits: an f32 in the low 32 bits, integers sign-extended to 64, `bool` 0 or 1.
public struct Scalar: Hashable, Sendable {
  public let element: ElementType
  public let bits: UInt64

  public init(element: ElementType, bits: UInt64) {
    self.element = element
    self.bits = bits
  }

  public init(_ value: Float) { self.init(element: .f32, bits: UInt64(value.bitPattern)) }
  public init(_ value: Double) { self.init(element: .f64, bits: value.bitPattern) }
  public init(_ value: Int32) { self.init(element: .i32, bits: UInt64(bitPattern: Int64(value))) }
  public init(_ value: Int64) { self.init(element: .i64, bits: UInt64(bitPattern: value)) }
  public init(_ value: Bool) { self.init(element: .bool, bits: value ? 1 : 0) }

  /// `value` rounded to the nearest of `element`; an integer type takes the integral part and saturates.
  public init(_ value: Double, as element: ElementType) {
    switch element {
    case .f32: self.init(Float(value))
    case .f64: self.init(value)
    case .i32:
      self.init(
        value.isNaN
          ? Int32(0)
          : value >= 0x1p31 ? Int32.max : value <= -0x1p31 ? Int32.min : Int32(value))
    case .i64:
      self.init(
        value.isNaN
          ? Int64(0)
          : value >= 0x1p63 ? Int64.max : value <= -0x1p63 ? Int64.min : Int64(value))
    case .bool: self.init(value != 0)
    }
  }

  /// An exact integer in `element`; wraps in the narrower integers, rounds in floats.
  public init(_ value: Int, as element: ElementType) {
    switch element {
    case .f32: self.init(Float(value))
    case .f64: self.init(Double(value))
    case .i32: self.init(Int32(truncatingIfNeeded: value))
    case .i64: self.init(Int64(value))
    case .bool: self.init(value != 0)
    }
  }

  public var float: Float { Float(bitPattern: UInt32(truncatingIfNeeded: bits)) }
  public var int64: Int64 { Int64(bitPattern: bits) }
  public var bool: Bool { bits != 0 }

  /// The value as a double: exact but for large i64.
  public var double: Double {
    switch element {
    case .f32: Double(float)
    case .f64: Double(bitPattern: bits)
    case .i32, .i64, .bool: Double(int64)
    }
  }
}

/// A tensor known when compiling: one scalar for all elements, or each element's bits in row-major order.
public struct Constant: Hashable, Sendable {
  public enum Elements: Hashable, Sendable {
    case splat(UInt64)
    case dense([UInt64])
  }

  public let type: TensorType
  public let elements: Elements

  public init(splat scalar: Scalar, shape: Shape = .scalar) {
    type = TensorType(scalar.element, shape)
    elements = .splat(scalar.bits)
  }

  /// Row-major bits, as many as `type` has elements; all-equal ones are kept as a splat, so that equal constants are equal values.
  public init(type: TensorType, bits: [UInt64]) {
    precondition(bits.count == type.count, "a constant has one bit pattern an element")
    self.type = type
    if let first = bits.first, bits.allSatisfy({ $0 == first }) {
      elements = .splat(first)
    } else {
      elements = .dense(bits)
    }
  }

  /// The scalar that every element equals, where there is one.
  public var splat: Scalar? {
    if case .splat(let bits) = elements { return Scalar(element: type.element, bits: bits) }
    return nil
  }

  /// The element at a row-major index.
  public subscript(index: Int) -> Scalar {
    switch elements {
    case .splat(let bits): Scalar(element: type.element, bits: bits)
    case .dense(let all): Scalar(element: type.element, bits: all[index])
    }
  }
}
