// The types of values: an element type and a static shape.

/// What one element of a tensor is.
public enum ElementType: UInt8, Hashable, Sendable, CaseIterable {
  case f32, f64, i32, i64, bool

  /// The type's name in the graph language, in the text form of the IR and in the names of kernels.
  public var name: String {
    switch self {
    case .f32: "f32"
    case .f64: "f64"
    case .i32: "i32"
    case .i64: "i64"
    case .bool: "bool"
    }
  }

  public init?(name: some StringProtocol) {
    guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = found
  }

  /// Bytes an element takes in a buffer; `bool` is one byte, 0 or 1.
  public var byteCount: Int {
    switch self {
    case .f32, .i32: 4
    case .f64, .i64: 8
    case .bool: 1
    }
  }

  public var isFloat: Bool { self == .f32 || self == .f64 }
  public var isInteger: Bool { self == .i32 || self == .i64 }
}

/// The size of one axis: a constant today; a type of its own so that a symbol can stand here later.
public struct Extent: Hashable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  public let size: Int

  public init(_ size: Int) { self.size = size }
  public init(integerLiteral value: Int) { size = value }
  public var description: String { String(size) }
}

/// The extents of a tensor's axes, outermost first; empty for a scalar.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  public var extents: [Extent]

  public init(_ sizes: [Int]) { extents = sizes.map { Extent($0) } }
  public init(arrayLiteral sizes: Int...) { self.init(sizes) }

  public static let scalar = Shape([Int]())

  public var rank: Int { extents.count }
  public var sizes: [Int] { extents.map(\.size) }
  public subscript(axis: Int) -> Int { extents[axis].size }

  /// The number of elements. Sizes come from checked sources: a product never overflows here.
  public var count: Int { extents.reduce(1) { $0 * $1.size } }

  /// The element strides of a row-major buffer of this shape.
  public var rowMajorStrides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * self[axis + 1]
    }
    return strides
  }

  /// This shape with extent 1 along `axes`, as a reduction leaves it.
  public func reduced(along axes: [Int]) -> Shape {
    var sizes = sizes
    for axis in axes { sizes[axis] = 1 }
    return Shape(sizes)
  }

  public var description: String { "[" + sizes.map(String.init).joined(separator: ", ") + "]" }
}

/// The type of a value: `f32[2, 3]`.
public struct TensorType: Hashable, Sendable, CustomStringConvertible {
  public var element: ElementType
  public var shape: Shape

  public init(_ element: ElementType, _ shape: Shape) {
    self.element = element
    self.shape = shape
  }

  public var count: Int { shape.count }
  public var byteCount: Int { count * element.byteCount }
  public func with(element: ElementType) -> TensorType { TensorType(element, shape) }
  public func with(shape: Shape) -> TensorType { TensorType(element, shape) }
  public var description: String { element.name + shape.description }
}

/// The greatest number of elements that a tensor may have.
public let maximumElementCount = 1 << 40
