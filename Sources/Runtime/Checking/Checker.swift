// Proves on random inputs that every backend gives the interpreter's bits, that rounding stays small, and that gradients are
// derivatives.

import NNCodegen
import NNIR

public struct CheckOptions: Sendable {
  public var trials = 1
  public var seed: UInt64 = 0
  /// The greater number of threads to try; 0 is one a core.
  public var threads = 0
  public var levels = VectorLevel.available
  /// The C compilers to try; those that are there of gcc and clang by default.
  public var compilers = ["gcc", "clang"].compactMap { CCompiler(named: $0) }

  public init() {}
}

/// Checks a network.
public struct Checker {
  public typealias Differentiate = (Function) throws -> Function

  let network: Network
  let options: CheckOptions
  /// Gives a function's loss (or only output) and its gradients, with its outputs before them.
  let differentiate: Differentiate

  public init(
    _ network: Network, options: CheckOptions = CheckOptions(),
    differentiate: @escaping Differentiate = { try $0.gradient(keepingOutputs: true) }
  ) {
    self.network = network
    self.options = options
    self.differentiate = differentiate
  }

  /// Makes all comparisons, in a fixed order; gives whether all passed.
  public func run(report: (CheckRow) -> Void) throws -> Bool {
    var passed = true
    func note(_ row: CheckRow) {
      passed = passed && row.passed
      report(row)
    }
    let function = try checkedFunction()
    let hasGradients = function.results.contains {
      if case .gradient = $0.role { true } else { false }
    }
    let backends = try self.backends(for: function)
    for trial in 0..<max(options.trials, 1) {
      let values = CheckInputs(seed: options.seed &+ UInt64(trial)).values(for: network)
      let arguments = try values.arguments(of: function)
      let reference = try Interpreter().evaluate(function, arguments: arguments)
      for backend in backends {
        try compare(backend, function, arguments, reference, note)
      }
      try comparePrecisions(function, arguments, reference, note)
      if hasGradients {
        let check = DerivativeCheck(network.function, values, differentiate)
        for row in try check.rows() { note(row) }
      }
    }
    return passed
  }

  /// The gradient function; the evaluation where nothing can be differentiated.
  private func checkedFunction() throws -> Function {
    do {
      return try differentiate(network.function)
    } catch GradientError.nothingToDifferentiate {
      return network.function.evaluation()
    }
  }

  // MARK: Backends

  /// A way to run a function.
  struct Variant {
    var name: String
    var run: ([Tensor]) throws -> [Tensor]
    /// Prepares another function to be run in the same way.
    var prepare: (Function) throws -> ([Tensor]) throws -> [Tensor]
  }

  private func backends(for function: Function) throws -> [Variant] {
    var variants: [Variant] = []
    for fuse in [true, false] {
      let program = try schedule(function, fuse: fuse)
      if program.work <= 4_000_000 {
        variants.append(
          try variant("program\(fusion(fuse))", function) { function in
            let program = try schedule(function, fuse: fuse)
            return { try ProgramInterpreter().evaluate(program, arguments: $0) }
          })
      }
      for (name, execution) in tiers(fuse: fuse) {
        variants += try self.variants(name, execution, function)
      }
    }
    return variants
  }

  private func tiers(fuse: Bool) -> [(name: String, ExecutionOptions)] {
    var tiers: [(name: String, ExecutionOptions)] = []
    for level in options.levels where TinyCompiler.isAvailable {
      tiers.append(
        ("tcc \(level.name)", ExecutionOptions(backend: .tcc, threads: 1, fuse: fuse, level: level))
      )
    }
    for compiler in options.compilers {
      tiers.append(
        (compiler.name, ExecutionOptions(backend: .cc, threads: 1, fuse: fuse, compiler: compiler)))
    }
    return tiers
  }

  /// One compiler's code on each number of threads; it compiles once.
  private func variants(
    _ name: String, _ execution: ExecutionOptions, _ function: Function
  ) throws -> [Variant] {
    let compiled = try Executable(function, options: execution)
    return threadCounts.map { threads in
      let executable = Executable(compiled, threads: threads)
      let threading = threads == 1 ? "1 thread" : "\(threads) threads"
      return Variant(
        name: "\(name)\(fusion(execution.fuse)), \(threading)", run: { try executable.call($0) },
        prepare: {
          let other = Executable(try Executable($0, options: execution), threads: threads)
          return { try other.call($0) }
        })
    }
  }

  private func fusion(_ fuse: Bool) -> String { fuse ? ", fused" : ", unfused" }

  private var threadCounts: [Int] {
    let most = ExecutionOptions(threads: options.threads).threadCount
    return most > 1 ? [1, most] : [1]
  }

  private func variant(
    _ name: String, _ function: Function,
    _ prepare: @escaping (Function) throws -> ([Tensor]) throws -> [Tensor]
  ) throws -> Variant {
    Variant(name: name, run: try prepare(function), prepare: prepare)
  }

  private func compare(
    _ variant: Variant, _ function: Function, _ arguments: [Tensor], _ reference: [Tensor],
    _ note: (CheckRow) -> Void
  ) throws {
    let results = try variant.run(arguments)
    var culprit: Culprit?
    for (index, result) in function.results.enumerated() {
      let differences = results[index].differences(from: reference[index])
      if differences.count > 0, culprit == nil {
        culprit = try FirstDifference(function, arguments, variant.prepare).find()
      }
      note(
        CheckRow(
          what: result.name, against: "\(variant.name) = interpreter",
          measure: .differingElements(differences.count),
          culprit: differences.count > 0 ? culprit : nil))
    }
  }

  // MARK: Precisions

  /// f32 against f64. What the inputs' own rounding moves the f64 result by is no error of the arithmetic: the bound grows by it.
  private func comparePrecisions(
    _ function: Function, _ arguments: [Tensor], _ reference: [Tensor], _ note: (CheckRow) -> Void
  ) throws {
    let wide = Interpreter(precision: .f64)
    let exact = try wide.evaluate(function, arguments: arguments)
    let moved = try wide.evaluate(
      function, arguments: arguments.enumerated().map { $1.nudged(seed: UInt64($0)) })
    for (index, result) in function.results.enumerated() {
      let type = function.type(of: result.value)
      let unit = type.element == .f64 ? 1e-12 : 1e-5
      let sensitivity = moved[index].normError(to: exact[index])
      note(
        CheckRow(
          what: result.name, against: "f32 ~ f64",
          measure: .relativeError(
            reference[index].normError(to: exact[index]),
            bound: unit * 10 + 256 * sensitivity)))
    }
  }
}

extension Program {
  /// Points at which nodes are evaluated: how long an interpretation takes.
  var work: Int {
    kernels.reduce(0) { sum, kernel in
      let inner = kernel.reduced.reduce(1, *) * (kernel.contraction?.extent ?? 1)
      return sum + kernel.count * (inner + kernel.body.nodes.count + kernel.epilogue.nodes.count)
    }
  }
}

extension Tensor {
  /// The largest difference, relative to the largest element of `other` (at least a tiny number). Elements that are no finite number
  /// in either are left out: f32 overflows where f64 does not.
  func normError(to other: Tensor) -> Double {
    var largest = 1e-30
    var difference = 0.0
    for index in 0..<count {
      let (a, b) = (self[flat: index].double, other[flat: index].double)
      guard a.isFinite, b.isFinite else { continue }
      largest = Swift.max(largest, abs(b))
      difference = Swift.max(difference, abs(a - b))
    }
    return difference / largest
  }

  /// Each float moved by up to half an f32 rounding step, up or down by the seed.
  func nudged(seed: UInt64) -> Tensor {
    guard element.isFloat else { return self }
    var state = seed
    let values = doubles.map { value -> Double in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return value * (state >> 63 == 0 ? 1 + 0x1p-24 : 1 - 0x1p-24)
    }
    return Tensor(shape, values)
  }
}
