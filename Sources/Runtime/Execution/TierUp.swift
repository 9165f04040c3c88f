// A function's way from libtcc's code to the C compiler's: measured, compiled in the background, compared on a real call,
// taken.

import Glibc
import NNCodegen
import Synchronization

/// What became of a function's code under `auto`.
public enum TierChange: Sendable, CustomStringConvertible {
  /// The first call will run code of the C compiler from the object cache.
  case cached(function: String, Preparation)
  /// The C compiler's code gave the same bits as libtcc's and took its place after so many calls.
  case tookOver(function: String, Preparation, calls: Int)
  /// There is no code of a C compiler, for the reason given; libtcc's stays.
  case unavailable(function: String, reason: String)
  /// The C compiler refused the C text, or its code gave other bits than libtcc's, which stays: a defect of nncc or of a
  /// compiler.
  case refused(function: String, defect: String)

  /// `cc: step, 9 kernels, compiled in 512.31 ms, took over after 103 calls`
  public var description: String {
    switch self {
    case .cached(let function, let preparation):
      "cc: \(function), \(preparation.kernels) kernels, \(preparation.origin)"
    case .tookOver(let function, let preparation, let calls):
      "cc: \(function), \(preparation.kernels) kernels, \(preparation.origin), "
        + "took over after \(calls) call\(calls == 1 ? "" : "s")"
    case .unavailable(let function, let reason):
      "tcc: \(function), no code of a C compiler: \(reason)"
    case .refused(let function, let defect): "defect: \(function): \(defect)"
    }
  }
}

/// The C compiler's code gave other bits than libtcc's: a defect of nncc, or of a compiler.
struct BitsDefect: Error, CustomStringConvertible {
  /// Which result, and where.
  var difference: String
  /// The file in which the C text is kept for a report.
  var textPath: String?

  var description: String {
    let kept = textPath.map { "; the C text is in \($0)" } ?? ""
    return "the C compiler's code gives other bits than libtcc's, which stays in use: "
      + "\(difference)\(kept)"
  }
}

/// The change of one function's code, which all its executables share.
final class TierUp: Sendable {
  /// What an executable is to do at the start of a call.
  enum Step {
    /// Run the code that it has.
    case stay
    /// Run both, and then say `accept`, `refuse` or `postpone`.
    case compare(CompiledCode)
    /// Take the code, which has been compared.
    case take(CompiledCode)
    /// Run the code that it has, for good.
    case finished
  }

  private enum State {
    /// Not called enough yet.
    case measuring
    case compiling
    case compiled(CompiledCode)
    /// One executable is comparing.
    case comparing
    case accepted(CompiledCode)
    case refused
  }

  private struct Progress {
    var state = State.measuring
    var calls = 0
    var nanoseconds: UInt64 = 0
  }

  private let program: Program
  private let threshold: UInt64
  private let cache: ObjectCache?
  private let report: (@Sendable (TierChange) -> Void)?
  private let compile: @Sendable () throws -> CompiledCode
  private let progress = Mutex(Progress())

  /// - Parameter compile: makes the new code; called once, in the background.
  init(
    _ program: Program, options: ExecutionOptions,
    compile: @escaping @Sendable () throws -> CompiledCode
  ) {
    self.program = program
    threshold = UInt64(min(options.tierUpThreshold * 1e9, 0x1p62))
    cache = options.cache
    report = options.onTierChange
    self.compile = compile
  }

  /// With the C compiler of the options or the system, which is not looked for before it is to work.
  convenience init(_ program: Program, options: ExecutionOptions) {
    self.init(program, options: options) { [compiler = options.compiler, cache = options.cache] in
      try .loops(of: program, by: compiler ?? CCompiler.system(), cache: cache)
    }
  }

  // MARK: Calls

  /// What to do at the start of a call.
  func nextStep() -> Step {
    progress.withLock { progress in
      switch progress.state {
      case .measuring, .compiling, .comparing: return .stay
      case .compiled(let code):
        progress.state = .comparing
        return .compare(code)
      case .accepted(let code): return .take(code)
      case .refused: return .finished
      }
    }
  }

  /// Counts a call of libtcc's code; the one that makes the function worth it starts the compile.
  func note(nanoseconds: UInt64) {
    let starts = progress.withLock { progress in
      progress.calls += 1
      progress.nanoseconds &+= nanoseconds
      guard case .measuring = progress.state, progress.nanoseconds >= threshold else {
        return false
      }
      progress.state = .compiling
      return true
    }
    // A function that nobody holds any more when its turn comes is left out.
    if starts { BackgroundCompiler.submit { [weak self] in self?.compileNow() } }
  }

  private func compileNow() {
    do {
      let code = try compile()
      progress.withLock { $0.state = .compiled(code) }
    } catch {
      progress.withLock { $0.state = .refused }
      switch error {
      case is CompilationCancelled: break
      case is BackendError:
        report?(.unavailable(function: program.name, reason: "\(error)"))
      default: refused(error)
      }
    }
  }

  // MARK: After a comparison

  /// The bits are the same.
  func accept(_ code: CompiledCode) {
    let calls = progress.withLock { progress in
      progress.state = .accepted(code)
      return progress.calls
    }
    if let key = code.key { cache?.accept(key) }
    report?(.tookOver(function: program.name, code.preparation, calls: calls))
  }

  /// The bits differ: the code is never run again, by no process.
  func refuse(_ code: CompiledCode, because difference: String) {
    progress.withLock { $0.state = .refused }
    if let key = code.key { cache?.remove(key) }
    let text = emitKernels(program, spelling: .loops).text
    refused(
      BitsDefect(
        difference: difference, textPath: try? TemporaryFolder.keep(text, name: "defect.c")))
  }

  /// The call had no results to compare.
  func postpone(_ code: CompiledCode) {
    progress.withLock { $0.state = .compiled(code) }
  }

  private static let hasComplained = Mutex(false)

  /// Tells whoever wants to be told; else says on standard error what is wrong, once, since the same defect may be in every
  /// function.
  private func refused(_ error: any Error) {
    let change = TierChange.refused(function: program.name, defect: "\(error)")
    if let report { return report(change) }
    let isFirst = Self.hasComplained.withLock { said in
      defer { said = true }
      return !said
    }
    if !isFirst { return }
    _ = Array("nncc: \(change)\n".utf8).withUnsafeBytes { put($0, into: STDERR_FILENO) }
  }
}
