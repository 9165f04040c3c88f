// Machine code of kernels in this process, and how long it stays.

import CSystem
import Glibc

/// A kernel's function: `(buffers, arrays, scratch, begin, end)`, which gives 0 or, of a check, 1 + a position; see `KernelEntry`.
public typealias KernelFunction =
  @convention(c) (
    UnsafePointer<UnsafeMutableRawPointer?>, UnsafePointer<Int32>, UnsafeMutableRawPointer?, Int,
    Int
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

/// Why a shared object cannot be loaded.
struct LoadError: Error {
  var message: String
}

extension LoadedCode {
  /// Loads a shared object from its bytes, and from nowhere else: no file that another process could change lies between
  /// those that were checked and those that run.
  convenience init(object: [UInt8], symbols: [String]) throws {
    let descriptor = nn_memory_file("nncc-kernels")
    if descriptor >= 0, object.withUnsafeBytes({ put($0, into: descriptor) }) == nil,
      let handle = dlopen("/proc/self/fd/\(descriptor)", RTLD_NOW | RTLD_LOCAL)
    {
      // The loader knows objects by path: the number must not be another object's while this one is loaded.
      try self.init(handle: handle, symbols: symbols) { _ = close(descriptor) }
      return
    }
    if descriptor >= 0 { _ = close(descriptor) }
    // Some systems forbid code in memory files, or have no /proc: a file that this user alone can reach, gone once it is
    // loaded.
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try object.withUnsafeBytes { try folder.write($0, name: "kernels.so") }
    guard let handle = dlopen(folder.file("kernels.so"), RTLD_NOW | RTLD_LOCAL) else {
      throw LoadError(message: String(cString: dlerror()))
    }
    try self.init(handle: handle, symbols: symbols) {}
  }

  private convenience init(
    handle: UnsafeMutableRawPointer, symbols: [String], release: @escaping () -> Void
  ) throws {
    var functions: [KernelFunction] = []
    for symbol in symbols {
      guard let address = dlsym(handle, symbol) else {
        dlclose(handle)
        release()
        throw LoadError(message: "no function '\(symbol)'")
      }
      functions.append(unsafeBitCast(address, to: KernelFunction.self))
    }
    self.init(functions: functions) {
      dlclose(handle)
      release()
    }
  }
}
