// Machine code of kernels in this process, and how long it stays.

/// A kernel's function: `(buffers, scratch, begin, end)`, which gives 0 or, of a check, 1 + a position; see `KernelEntry`.
public typealias KernelFunction =
  @convention(c) (
    UnsafePointer<UnsafeMutableRawPointer?>, UnsafeMutableRawPointer?, Int, Int
  ) -> Int

/// Functions that can be called as long as this object lives.
public final class LoadedCode: @unchecked Sendable {
  /// One a symbol asked for, in that order.
  public let functions: [KernelFunction]
  private let unload: () -> Void

  init(functions: [KernelFunction], unload: @escaping () -> Void) {
    self.functions = functions
    self.unload = unload
  }

  deinit { unload() }
}
