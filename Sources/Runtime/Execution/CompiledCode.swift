// A program's machine code, by either compiler, before it has buffers.

import NNCodegen

/// What it took to make a program ready.
public struct Preparation: Hashable, Sendable {
  public var kernels: Int
  /// Of the C.
  public var textByteCount: Int
  /// Seconds from the program to its C, and from the C to functions that can be called.
  public var emission: Double
  public var compilation: Double
  /// Whether the object cache had the code.
  public var isCached = false

  /// `compiled in 1.2 ms`, or `from the cache in 0.31 ms`
  public var origin: String {
    (isCached ? "from the cache in " : "compiled in ") + milliseconds(compilation)
  }
}

/// Functions that can be called, one a kernel.
struct CompiledCode: Sendable {
  var entries: [KernelEntry]
  var code: LoadedCode
  var preparation: Preparation
  /// The name in the object cache; nil where the code can have none.
  var key: Digest?

  /// The strips spelling, by libtcc.
  static func strips(of program: Program, level: VectorLevel) throws -> CompiledCode {
    let emitted = EmittedText(program, .strips)
    let code = try TinyCompiler.load(
      text: emitted.module.text, symbols: emitted.symbols, primitives: emitted.module.primitives,
      level: level)
    return emitted.ready(code, isCached: false, key: nil)
  }

  /// The loops spelling, by a C compiler or from the cache.
  static func loops(
    of program: Program, by compiler: CCompiler, cache: ObjectCache?
  ) throws -> CompiledCode {
    let emitted = EmittedText(program, .loops)
    let (code, isCached, key) = try compiler.object(
      text: emitted.module.text, symbols: emitted.symbols, cache: cache)
    return emitted.ready(code, isCached: isCached, key: key)
  }

  /// The loops spelling if the cache has it with bits that have been compared.
  static func compared(
    _ program: Program, by compiler: CCompiler, cache: ObjectCache
  ) -> CompiledCode? {
    let emitted = EmittedText(program, .loops)
    guard let key = compiler.key(of: emitted.module.text),
      let code = cache.code(for: key, symbols: emitted.symbols, standing: [.compared])
    else { return nil }
    return emitted.ready(code, isCached: true, key: key)
  }
}

/// A program's C, and how long emitting took.
private struct EmittedText {
  let module: KernelModule
  private let start: UInt64
  private let end: UInt64

  init(_ program: Program, _ spelling: Spelling) {
    start = monotonicNanoseconds()
    module = emitKernels(program, spelling: spelling)
    end = monotonicNanoseconds()
  }

  var symbols: [String] { module.entries.map(\.symbol) }

  /// What the text has become by now.
  func ready(_ code: LoadedCode, isCached: Bool, key: Digest?) -> CompiledCode {
    let preparation = Preparation(
      kernels: module.entries.count, textByteCount: module.text.utf8.count,
      emission: Double(end - start) * 1e-9,
      compilation: Double(monotonicNanoseconds() - end) * 1e-9, isCached: isCached)
    return CompiledCode(entries: module.entries, code: code, preparation: preparation, key: key)
  }
}
