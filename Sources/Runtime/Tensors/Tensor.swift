// A tensor: an element type, a shape and row-major bytes. This is what goes into a model and comes out of it; files, the
// interpreter and compiled code all share it. Storage is aligned to 64 bytes and copied only when a shared one is written.

import NNIR

/// The bytes of a tensor, shared by its copies until one is written.
final class TensorStorage: @unchecked Sendable {
  static let alignment = 64
  let base: UnsafeMutableRawPointer
  let byteCount: Int

  /// Unspecified content. An allocation is never empty, so that every tensor has an address.
  init(byteCount: Int) {
    self.byteCount = byteCount
    base = .allocate(byteCount: max(byteCount, 1), alignment: Self.alignment)
  }

  init(copying other: TensorStorage) {
    byteCount = other.byteCount
    base = .allocate(byteCount: max(byteCount, 1), alignment: Self.alignment)
    base.copyMemory(from: other.base, byteCount: byteCount)
  }

  deinit { base.deallocate() }
}

/// A multidimensional array of one element type, in row-major order: a value like an `Array`.
///
/// `==` compares types and bits: zeros of different sign differ, and all NaNs are equal.
public struct Tensor: Sendable {
  public private(set) var type: TensorType
  private var storage: TensorStorage

  public var element: ElementType { type.element }
  public var shape: Shape { type.shape }
  /// The number of elements.
  public var count: Int { type.count }
  public var byteCount: Int { type.byteCount }

  /// A tensor whose bytes `initialize` writes, all of them; `bool` elements must be 0 or 1.
  public init(
    type: TensorType, initializingWith initialize: (UnsafeMutableRawBufferPointer) throws -> Void
  ) rethrows {
    self.type = type
    storage = TensorStorage(byteCount: type.byteCount)
    try initialize(
      UnsafeMutableRawBufferPointer(start: storage.base, count: storage.byteCount))
  }

  /// Zeros of the type.
  public init(zeros type: TensorType) {
    self.init(type: type) { bytes in _ = bytes.initializeMemory(as: UInt8.self, repeating: 0) }
  }

  // MARK: Bytes

  /// The elements' bytes, valid inside the call; their address is a multiple of 64.
  public func withUnsafeBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try withExtendedLifetime(storage) {
      try body(UnsafeRawBufferPointer(start: storage.base, count: storage.byteCount))
    }
  }

  /// The elements' bytes for writing; copied first if they are shared.
  public mutating func withUnsafeMutableBytes<Result>(
    _ body: (UnsafeMutableRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    if !isKnownUniquelyReferenced(&storage) { storage = TensorStorage(copying: storage) }
    let storage = storage
    return try withExtendedLifetime(storage) {
      try body(UnsafeMutableRawBufferPointer(start: storage.base, count: storage.byteCount))
    }
  }

  /// The address of the elements; whoever keeps it keeps the tensor alive.
  var address: UnsafeRawPointer { UnsafeRawPointer(storage.base) }

  /// The address of elements that are this tensor's alone, for compiled code to write; unless `keepingElements`, all of them will be.
  mutating func writableAddress(keepingElements: Bool) -> UnsafeMutableRawPointer {
    if !isKnownUniquelyReferenced(&storage) {
      storage =
        keepingElements ? TensorStorage(copying: storage) : TensorStorage(byteCount: byteCount)
    }
    return storage.base
  }

  /// The same elements in another shape of as many.
  public func reshaped(to shape: Shape) -> Tensor {
    precondition(shape.count == count, "\(shape) does not have \(count) elements")
    var copy = self
    copy.type.shape = shape
    return copy
  }
}

extension Tensor: Equatable {
  public static func == (a: Tensor, b: Tensor) -> Bool { a.differences(from: b).count == 0 }
}
