// libtcc, used hermetically: no headers, no libraries, only the symbols given here, one compile at a time. The code lies in
// pages of our own that are read-execute before anything runs.

import CKernels
import CTCC
import Glibc
import NNCodegen
import Synchronization

/// Compiles C text in this process.
public enum TinyCompiler {
  /// libtcc has global state: one compile at a time.
  private static let lock = Mutex(())

  /// Whether libtcc works here; looked at once.
  public static let isAvailable = lock.withLock { _ in
    guard let state = tcc_new() else { return false }
    tcc_delete(state)
    return true
  }

  /// Compiles `text` and gives the functions named by `symbols`.
  ///
  /// - Parameter primitives: the strip primitives of `level` that the text uses; nil: any.
  public static func load(
    text: String, symbols: [String], primitives: [String]? = nil, level: VectorLevel = .standard
  ) throws -> LoadedCode {
    try lock.withLock { _ in
      try Compilation(text: text, primitives: primitives).load(symbols: symbols, level: level)
    }
  }

  /// What code may call besides the primitives: what every C compiler assumes, and the conversions of unsigned 64-bit integers
  /// for which libtcc calls functions.
  fileprivate static func runtimeSymbols() -> [(String, UnsafeRawPointer)] {
    typealias Copy =
      @convention(c) (
        UnsafeMutableRawPointer?, UnsafeRawPointer?, Int
      ) -> UnsafeMutableRawPointer?
    let copy: Copy = { memcpy($0!, $1!, $2) }
    let move: Copy = { memmove($0!, $1!, $2) }
    let set: @convention(c) (UnsafeMutableRawPointer?, Int32, Int) -> UnsafeMutableRawPointer? = {
      memset($0!, $1, $2)
    }
    let compare: @convention(c) (UnsafeRawPointer?, UnsafeRawPointer?, Int) -> Int32 = {
      memcmp($0!, $1!, $2)
    }
    let toFloat: @convention(c) (UInt64) -> Float = { Float($0) }
    let toDouble: @convention(c) (UInt64) -> Double = { Double($0) }
    let fromFloat: @convention(c) (Float) -> UInt64 = { UInt64($0) }
    let fromDouble: @convention(c) (Double) -> UInt64 = { UInt64($0) }
    return [
      ("memcpy", unsafeBitCast(copy, to: UnsafeRawPointer.self)),
      ("memmove", unsafeBitCast(move, to: UnsafeRawPointer.self)),
      ("memset", unsafeBitCast(set, to: UnsafeRawPointer.self)),
      ("memcmp", unsafeBitCast(compare, to: UnsafeRawPointer.self)),
      ("__floatundisf", unsafeBitCast(toFloat, to: UnsafeRawPointer.self)),
      ("__floatundidf", unsafeBitCast(toDouble, to: UnsafeRawPointer.self)),
      ("__fixunssfdi", unsafeBitCast(fromFloat, to: UnsafeRawPointer.self)),
      ("__fixunsdfdi", unsafeBitCast(fromDouble, to: UnsafeRawPointer.self)),
    ]
  }
}

/// What libtcc said, gathered by its callback.
private final class Messages {
  var lines: [String] = []
}

/// One run of libtcc.
private struct Compilation {
  let text: String
  let primitives: [String]?
  let messages = Messages()

  init(text: String, primitives: [String]?) {
    self.text = text
    self.primitives = primitives
  }

  func load(symbols: [String], level: VectorLevel) throws -> LoadedCode {
    guard let state = tcc_new() else {
      throw BackendError.missing("libtcc cannot start: out of memory")
    }
    defer { tcc_delete(state) }
    tcc_set_error_func(state, Unmanaged.passUnretained(messages).toOpaque()) { opaque, message in
      guard let opaque, let message else { return }
      let messages = Unmanaged<Messages>.fromOpaque(opaque).takeUnretainedValue()
      messages.lines.append(String(cString: message))
    }
    tcc_set_options(state, "-nostdlib -nostdinc")
    guard tcc_set_output_type(state, TCC_OUTPUT_MEMORY) == 0,
      tcc_compile_string(state, text) == 0
    else { throw defect() }
    addSymbols(to: state, level: level)
    let pages = try relocated(state)
    var functions: [KernelFunction] = []
    for symbol in symbols {
      guard let address = tcc_get_symbol(state, symbol) else {
        munmap(pages.baseAddress, pages.count)
        messages.lines.append("no function '\(symbol)'")
        throw defect()
      }
      functions.append(unsafeBitCast(address, to: KernelFunction.self))
    }
    return LoadedCode(functions: functions) { munmap(pages.baseAddress, pages.count) }
  }

  private func defect() -> CompilerDefect {
    CompilerDefect(
      compiler: "libtcc", message: messages.lines.joined(separator: "\n"), keeping: text)
  }

  private func addSymbols(to state: OpaquePointer, level: VectorLevel) {
    if let primitives {
      // A name that is none becomes an error of libtcc's.
      for name in primitives {
        guard let address = nn_symbol_address(level.rawValue, name) else { continue }
        tcc_add_symbol(state, name, address)
      }
    } else {
      var count = 0
      let table = UnsafeBufferPointer(start: nn_symbols(level.rawValue, &count), count: count)
      for symbol in table { tcc_add_symbol(state, symbol.name, symbol.address) }
    }
    for (name, address) in TinyCompiler.runtimeSymbols() { tcc_add_symbol(state, name, address) }
  }

  /// The code in pages of its own, read-execute. libtcc makes them writable and executable while it relocates, so they are
  /// closed at once.
  private func relocated(_ state: OpaquePointer) throws -> UnsafeMutableRawBufferPointer {
    let needed = Int(tcc_relocate(state, nil))
    guard needed >= 0 else { throw defect() }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let size = max(1, (needed + page - 1) / page) * page
    guard let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      base != MAP_FAILED
    else { throw BackendError.missing("no memory for \(size) bytes of code") }
    let relocation = tcc_relocate(state, base)
    guard mprotect(base, size, PROT_READ | PROT_EXEC) == 0, relocation == 0 else {
      munmap(base, size)
      throw defect()
    }
    return UnsafeMutableRawBufferPointer(start: base, count: size)
  }
}
