// A tensor: an element type, a shape and row-major bytes. This is what goes into a model and comes out of it; files, the
// interpreter and compiled code all share it. Storage is aligned to 64 bytes and copied only when a shared one is written.

import Glibc
import NNIR

/// The bytes of a tensor, shared by its copies until one is written.
final class TensorStorage: @unchecked Sendable {
  static let alignment = 64
  let base: UnsafeMutableRawPointer
  let byteCount: Int

  /// From so many bytes on an array lies in large pages where the system has them: fewer faults when it is first touched, and
  /// fewer misses of the translations after that.
  private static let largeByteCount = 4 << 20
  private static let largePage = 2 << 20

  /// Unspecified content. An allocation is never empty, so that every tensor has an address.
  convenience init(byteCount: Int) {
    self.init(byteCount: byteCount, isLarge: byteCount >= Self.largeByteCount)
  }

  /// The memory of a program's values. From half a large page on it takes whole ones: to touch hundreds of small pages would be most
  /// of a small program's first call, and there are few workspaces, so that what the last page leaves empty matters less.
  convenience init(workspaceByteCount count: Int) {
    let isLarge = count >= Self.largePage / 2
    let pages = (count + Self.largePage - 1) / Self.largePage
    self.init(byteCount: isLarge ? pages * Self.largePage : count, isLarge: isLarge)
  }

  private init(byteCount: Int, isLarge: Bool) {
    self.byteCount = byteCount
    base = .allocate(
      byteCount: max(byteCount, 1), alignment: isLarge ? Self.largePage : Self.alignment)
    // Advice: without it the pages are ordinary ones.
    if isLarge { _ = madvise(base, byteCount / Self.largePage * Self.largePage, MADV_HUGEPAGE) }
  }

  convenience init(copying other: TensorStorage) {
    self.init(byteCount: other.byteCount)
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
