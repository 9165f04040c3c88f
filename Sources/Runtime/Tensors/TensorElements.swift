// How Swift numbers go into tensors and come out: typed arrays, single scalars, nested literals and conversions.

import NNIR

/// A Swift type that is the element of a tensor.
public protocol TensorElement: Sendable {
  static var elementType: ElementType { get }
}

extension Float: TensorElement { public static var elementType: ElementType { .f32 } }
extension Double: TensorElement { public static var elementType: ElementType { .f64 } }
extension Int32: TensorElement { public static var elementType: ElementType { .i32 } }
extension Int64: TensorElement { public static var elementType: ElementType { .i64 } }
extension Bool: TensorElement { public static var elementType: ElementType { .bool } }

extension Tensor {
  /// Every element `value`, rounded to the element type.
  public init(_ shape: Shape, filledWith value: Double, element: ElementType = .f32) {
    self.init(constant: Constant(splat: Scalar(value, as: element), shape: shape))
  }

  /// The values in row-major order; their Swift type is the element type.
  public init<Value: TensorElement>(_ shape: Shape, _ values: [Value]) {
    precondition(values.count == shape.count, "\(shape) does not have \(values.count) elements")
    self.init(type: TensorType(Value.elementType, shape)) { bytes in
      values.withUnsafeBytes { bytes.copyMemory(from: $0) }
    }
  }

  /// A vector.
  public init<Value: TensorElement>(_ values: [Value]) { self.init([values.count], values) }

  /// A scalar, of shape `[]`.
  public init<Value: TensorElement>(scalar value: Value) { self.init(.scalar, [value]) }

  /// The elements of a constant.
  public init(constant: Constant) {
    self.init(type: constant.type) { bytes in
      let count = constant.type.count
      switch constant.type.element {
      case .f32, .i32:
        let words = bytes.bindMemory(to: UInt32.self)
        switch constant.elements {
        case .splat(let bits): words.initialize(repeating: UInt32(truncatingIfNeeded: bits))
        case .dense(let all): for i in 0..<count { words[i] = UInt32(truncatingIfNeeded: all[i]) }
        }
      case .f64, .i64:
        let words = bytes.bindMemory(to: UInt64.self)
        switch constant.elements {
        case .splat(let bits): words.initialize(repeating: bits)
        case .dense(let all): for i in 0..<count { words[i] = all[i] }
        }
      case .bool:
        let words = bytes.bindMemory(to: UInt8.self)
        switch constant.elements {
        case .splat(let bits): words.initialize(repeating: bits == 0 ? 0 : 1)
        case .dense(let all): for i in 0..<count { words[i] = all[i] == 0 ? 0 : 1 }
        }
      }
    }
  }

  /// Reads the elements in place. `Value` must be the Swift type of the element type.
  public func withElements<Value: TensorElement, Result>(
    as _: Value.Type, _ body: (UnsafeBufferPointer<Value>) throws -> Result
  ) rethrows -> Result {
    precondition(Value.elementType == element, "the elements are \(element.name)")
    return try withUnsafeBytes { try body($0.bindMemory(to: Value.self)) }
  }

  /// Writes the elements in place. `Value` must be the Swift type of the element type.
  public mutating func withMutableElements<Value: TensorElement, Result>(
    as _: Value.Type, _ body: (UnsafeMutableBufferPointer<Value>) throws -> Result
  ) rethrows -> Result {
    precondition(Value.elementType == element, "the elements are \(element.name)")
    return try withUnsafeMutableBytes { try body($0.bindMemory(to: Value.self)) }
  }

  /// The elements in row-major order. `Value` must be the Swift type of the element type.
  public func elements<Value: TensorElement>(as type: Value.Type) -> [Value] {
    withElements(as: type) { Array($0) }
  }

  /// The element at a row-major index.
  public subscript(flat index: Int) -> Scalar {
    precondition(index >= 0 && index < count, "index \(index) of \(count) elements")
    return withUnsafeBytes { bytes in
      switch element {
      case .f32: Scalar(bytes.load(fromByteOffset: index * 4, as: Float.self))
      case .f64: Scalar(bytes.load(fromByteOffset: index * 8, as: Double.self))
      case .i32: Scalar(bytes.load(fromByteOffset: index * 4, as: Int32.self))
      case .i64: Scalar(bytes.load(fromByteOffset: index * 8, as: Int64.self))
      case .bool: Scalar(bytes[index] != 0)
      }
    }
  }

  /// The elements as doubles: exact but for large i64.
  public var doubles: [Double] {
    switch element {
    case .f32: elements(as: Float.self).map(Double.init)
    case .f64: elements(as: Double.self)
    case .i32: elements(as: Int32.self).map(Double.init)
    case .i64: elements(as: Int64.self).map(Double.init)
    case .bool: (0..<count).map { self[flat: $0].double }
    }
  }

  /// The elements in another type, by the rules of the language's `cast`.
  public func converted(to target: ElementType) -> Tensor {
    if target == element { return self }
    return Tensor(type: type.with(element: target)) { bytes in
      let size = target.byteCount
      for index in 0..<count {
        let scalar = self[flat: index].cast(to: target)
        let at = bytes.baseAddress.map { $0 + index * size }
        switch target {
        case .f32, .i32:
          at?.storeBytes(of: UInt32(truncatingIfNeeded: scalar.bits), as: UInt32.self)
        case .f64, .i64: at?.storeBytes(of: scalar.bits, as: UInt64.self)
        case .bool: at?.storeBytes(of: scalar.bits == 0 ? 0 : 1, as: UInt8.self)
        }
      }
    }
  }
}

extension Scalar {
  /// The language's `cast`: truncates and saturates to integers, rounds to floats, is non-zero for `bool`.
  func cast(to target: ElementType) -> Scalar {
    switch (element, target) {
    case (.i32, .f32), (.i64, .f32): Scalar(Float(int64))
    case (.i32, .f64), (.i64, .f64): Scalar(Double(int64))
    case (.i32, .i64), (.bool, .i64), (.i64, .i64): Scalar(int64)
    case (.i64, .i32), (.bool, .i32), (.i32, .i32): Scalar(Int32(truncatingIfNeeded: int64))
    case (_, .bool): Scalar(double != 0)
    case (.f32, _), (.f64, _), (.bool, _): Scalar(double, as: target)
    }
  }
}

// MARK: Literals

extension Tensor: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral
{
  public init(floatLiteral value: Double) { self.init(scalar: Float(value)) }
  public init(integerLiteral value: Int) { self.init(scalar: Float(value)) }

  /// Nested lists make tensors: `[[1, 2], [3, 4]]`. Numbers are f32; all parts must have one type.
  public init(arrayLiteral parts: Tensor...) { self.init(stacking: parts) }

  /// Tensors of one type, stacked along a new first axis.
  public init(stacking parts: [Tensor]) {
    let part = parts.first?.type ?? TensorType(.f32, .scalar)
    precondition(parts.allSatisfy { $0.type == part }, "the parts of a tensor differ in type")
    let type = part.with(shape: Shape([parts.count] + part.shape.sizes))
    self.init(type: type) { bytes in
      for (index, tensor) in parts.enumerated() {
        let place = index * part.byteCount..<(index + 1) * part.byteCount
        tensor.withUnsafeBytes {
          UnsafeMutableRawBufferPointer(rebasing: bytes[place]).copyMemory(from: $0)
        }
      }
    }
  }
}
