// The backends that can run a network, what they need, and how they fail.

import CKernels
import Glibc

/// What runs a network's code.
public enum Backend: String, Sendable, CaseIterable {
  /// Code that was compared before and lies in the object cache, else `tcc` at once and `cc` when that is ready, else `cc`,
  /// else the interpreter.
  case auto
  /// libtcc in this process: code within milliseconds.
  case tcc
  /// The system's C compiler: the fastest code.
  case cc
  /// No code at all; says what is right.
  case interpreter
}

public enum BackendError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Something that a backend needs is not there; the text says what.
  case missing(String)

  public var description: String {
    switch self {
    case .missing(let what): what
    }
  }
}

/// A C compiler refused, or could not load, C text that nncc wrote: a defect of nncc.
public struct CompilerDefect: Error, Sendable, CustomStringConvertible {
  /// Who refused it.
  public var compiler: String
  /// What it said.
  public var message: String
  /// The file in which the C text is kept for a report; nil where it could not be written.
  public var textPath: String?

  public var description: String {
    let kept = textPath.map { "; the C text is in \($0)" } ?? ""
    return "\(compiler) refuses the generated code: \(message)\(kept)"
  }

  /// Keeps `text` in a file of its own in the folder for temporary files.
  init(compiler: String, message: String, keeping text: String) {
    self.compiler = compiler
    self.message = message
    textPath = try? TemporaryFolder.keep(text, name: "defect.c")
  }
}

/// The vector instructions that the strip primitives use; every level gives the same bits.
public enum VectorLevel: Int32, Sendable, CaseIterable, Comparable {
  case base, avx2, avx512

  public static func < (a: VectorLevel, b: VectorLevel) -> Bool { a.rawValue < b.rawValue }

  public var name: String {
    switch self {
    case .base: "base"
    case .avx2: "avx2"
    case .avx512: "avx512"
    }
  }

  /// The best that this processor has.
  public static var best: VectorLevel { VectorLevel(rawValue: nn_best_level()) ?? .base }

  /// All that this processor can run, worst to best.
  public static var available: [VectorLevel] { allCases.filter { $0 <= best } }

  /// The best, or a lesser one that the environment variable `NNCC_LEVEL` names.
  public static var standard: VectorLevel {
    guard let name = environmentVariable("NNCC_LEVEL") else { return best }
    return available.first { $0.name == name } ?? best
  }
}

/// How a network is to be run.
public struct ExecutionOptions: Sendable {
  public var backend: Backend
  /// Threads to compute with; 0 is one a core. Results do not depend on it.
  public var threads: Int
  /// Whether kernels are fused. Results do not depend on it.
  public var fuse: Bool
  /// Whether the program's notes say what each kernel computes; for who shows them, since it takes its time.
  public var explainsKernels = false
  /// Vector instructions for `tcc`.
  public var level: VectorLevel
  /// The C compiler for `cc`; nil is the system's.
  public var compiler: CCompiler?
  /// Where objects of the C compiler are kept; nil keeps none.
  public var cache = ObjectCache.standard
  /// How many seconds of calls a function must have had before `auto` has the C compiler work on it in the background.
  public var tierUpThreshold = standardTierUpThreshold
  /// Told when `auto` changes a function's code, or cannot; on the thread that calls or compiles it. Without it a defect is
  /// said once on standard error, and nothing else.
  public var onTierChange: (@Sendable (TierChange) -> Void)?

  public init(
    backend: Backend = .auto, threads: Int = 0, fuse: Bool = true, level: VectorLevel = .standard,
    compiler: CCompiler? = nil
  ) {
    self.backend = backend
    self.threads = threads
    self.fuse = fuse
    self.level = level
    self.compiler = compiler
  }

  /// 0.05, or the milliseconds that the environment variable `NNCC_TIER_UP_MS` says. A compile takes half a second of a core
  /// and more: what is called once or twice and done is not worth it.
  public static var standardTierUpThreshold: Double {
    let milliseconds = environmentVariable("NNCC_TIER_UP_MS").flatMap { Double($0) } ?? 50
    return milliseconds >= 0 ? milliseconds * 1e-3 : 0.05
  }

  /// The number of threads meant, at least 1.
  public var threadCount: Int {
    threads > 0 ? threads : max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }
}
