// The element types that files use. There are more than the language has: the others are widened
// when they are read, exactly, and refused where no type of the language can hold every value.

import NNIR

/// An element type as a file stores it.
enum StoredElement: String, CaseIterable, Sendable {
  case bool, i8, u8, i16, u16, i32, u32, i64, u64, f16, bf16, f32, f64

  init(_ element: ElementType) {
    switch element {
    case .f32: self = .f32
    case .f64: self = .f64
    case .i32: self = .i32
    case .i64: self = .i64
    case .bool: self = .bool
    }
  }

  var byteCount: Int {
    switch self {
    case .bool, .i8, .u8: 1
    case .i16, .u16, .f16, .bf16: 2
    case .i32, .u32, .f32: 4
    case .i64, .u64, .f64: 8
    }
  }

  /// The narrowest type of the language that holds every value of this one; for `u64` each value
  /// is looked at.
  var element: ElementType {
    switch self {
    case .bool: .bool
    case .i8, .u8, .i16, .u16, .i32: .i32
    case .u32, .i64, .u64: .i64
    case .f16, .bf16, .f32: .f32
    case .f64: .f64
    }
  }
}

/// Where the elements of an array lie in a file that begins with a header.
struct ArrayLayout {
  var stored: StoredElement
  var isBigEndian: Bool
  var shape: Shape
  /// Of the first element, in bytes.
  var offset: Int
  var isColumnMajor = false

  /// The file must end where the elements do.
  func check(fileSize: Int, file: String) throws(FileError) {
    let needed = shape.count * stored.byteCount
    if fileSize - offset != needed {
      throw .malformed(
        file: file,
        problem: "its shape \(shape) of \(stored.rawValue) needs \(needed) bytes, but "
          + "\(fileSize - offset) follow the header")
    }
  }
}

/// Elements in a file: their type, their byte order and where they stand.
struct StoredElements {
  var stored: StoredElement
  var isBigEndian = false
  var bytes: ArraySlice<UInt8>

  /// The elements as a row-major tensor; `strides` says where each axis lies, in elements, where
  /// the file is not row-major. Nil where a value does not fit (`u64` beyond `i64`).
  ///
  /// There are exactly as many bytes as `shape` and the strides need: the callers checked.
  func tensor(shape: Shape, columnMajor: Bool = false) -> Tensor? {
    var tensor = Tensor(zeros: TensorType(stored.element, shape))
    let order = columnMajor && shape.rank > 1 ? ColumnMajorWalk(shape) : nil
    let fits = bytes.withUnsafeBytes { source in
      tensor.withUnsafeMutableBytes { decode(source, into: $0, order: order) }
    }
    return fits ? tensor : nil
  }

  private func decode(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer,
    order: ColumnMajorWalk?
  ) -> Bool {
    switch stored {
    case .bool: return copy(source, target, order) { (x: UInt8) -> UInt8 in x == 0 ? 0 : 1 }
    case .i8: return copy(source, target, order) { (x: UInt8) in Int32(Int8(bitPattern: x)) }
    case .u8: return copy(source, target, order) { (x: UInt8) in Int32(x) }
    case .i16: return copy(source, target, order) { (x: UInt16) in Int32(Int16(bitPattern: x)) }
    case .u16: return copy(source, target, order) { (x: UInt16) in Int32(x) }
    case .i32, .f32: return copy(source, target, order) { (x: UInt32) in x }
    case .u32: return copy(source, target, order) { (x: UInt32) in Int64(x) }
    case .i64, .f64: return copy(source, target, order) { (x: UInt64) in x }
    case .u64: return copy(source, target, order) { (x: UInt64) in Int64(exactly: x) }
    case .f16: return copy(source, target, order) { (x: UInt16) in widenedHalf(x) }
    case .bf16:
      return copy(source, target, order) { (x: UInt16) in UInt32(x) << 16 }
    }
  }

  /// Converts each element, in the order of the result. False where `convert` gives nil.
  private func copy<Word: FixedWidthInteger, Element: BitwiseCopyable>(
    _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer,
    _ order: ColumnMajorWalk?, _ convert: (Word) -> Element?
  ) -> Bool {
    let count = target.count / MemoryLayout<Element>.size
    var order = order
    for index in 0..<count {
      let place = order?.next() ?? index
      let word = source.loadUnaligned(
        fromByteOffset: place * MemoryLayout<Word>.size, as: Word.self)
      guard let element = convert(isBigEndian ? Word(bigEndian: word) : Word(littleEndian: word))
      else { return false }
      target.storeBytes(
        of: element, toByteOffset: index * MemoryLayout<Element>.size, as: Element.self)
    }
    return true
  }
}

/// The bits of an f32 equal to the binary16 number with these bits.
func widenedHalf(_ bits: UInt16) -> UInt32 {
  let sign = UInt32(bits & 0x8000) << 16
  let exponent = UInt32(bits >> 10 & 0x1F)
  let fraction = UInt32(bits & 0x3FF)
  switch exponent {
  case 0:
    // A subnormal half is a normal single: fraction · 2^-24.
    return sign | (Float(fraction) * 0x1p-24).bitPattern
  case 31: return sign | 0x7F80_0000 | fraction << 13
  case let exponent: return sign | (exponent + 112) << 23 | fraction << 13
  }
}

/// Visits a column-major array in row-major order: each `next` is the place of the next element.
struct ColumnMajorWalk {
  private let extents: [Int]
  private let strides: [Int]
  private var indices: [Int]
  private var place = 0

  init(_ shape: Shape) {
    extents = shape.sizes
    var strides: [Int] = []
    var stride = 1
    for extent in extents {
      strides.append(stride)
      stride *= extent
    }
    self.strides = strides
    indices = [Int](repeating: 0, count: extents.count)
  }

  mutating func next() -> Int {
    let current = place
    var axis = extents.count - 1
    while axis >= 0 {
      indices[axis] += 1
      place += strides[axis]
      if indices[axis] < extents[axis] { break }
      place -= strides[axis] * extents[axis]
      indices[axis] = 0
      axis -= 1
    }
    return current
  }
}

/// The shape with these sizes, where each is at least 0 and their product is a size that a tensor
/// may have; the product leaves out zeros, so that no later product overflows.
func checkedShape(_ sizes: [Int]) -> Shape? {
  guard sizes.count <= maximumRank else { return nil }
  var product = 1
  for size in sizes {
    guard size >= 0 else { return nil }
    let (next, overflow) = product.multipliedReportingOverflow(by: max(size, 1))
    guard !overflow, next <= maximumElementCount else { return nil }
    product = next
  }
  return Shape(sizes)
}

/// The greatest number of axes in a file; NumPy's own limit.
let maximumRank = 64
