// A function ready to be called, by whichever backend: tensors in, tensors out. The prepared raw call is `CompiledProgram`.

import NNCodegen
import NNIR

/// A function and the backend that runs it. One call at a time.
public final class Executable {
  /// Which results a call computes.
  public enum Part: Sendable {
    case all
    /// Outputs and the loss.
    case forward
    /// The rest, from what `.forward` left in the workspace and the results.
    case backward
  }

  private enum Engine {
    case interpreter(Interpreter)
    case compiled(CompiledProgram)
  }

  public let function: Function
  /// The backend that runs it: never `auto`.
  public let backend: Backend
  private let engine: Engine

  /// Prepares a function that has been optimised. Throws `BackendError.missing` where the backend asked for needs what is not there.
  public init(_ function: Function, options: ExecutionOptions = ExecutionOptions()) throws {
    self.function = function
    switch options.backend {
    case .interpreter: (backend, engine) = (.interpreter, .interpreter(Interpreter()))
    case .tcc, .cc:
      backend = options.backend
      engine = .compiled(try Self.compile(function, options.backend, options))
    case .auto: (backend, engine) = try Self.best(function, options)
    }
  }

  /// A function for the interpreter in a precision of its own.
  public init(_ function: Function, interpretedIn precision: Precision) {
    self.function = function
    backend = .interpreter
    engine = .interpreter(Interpreter(precision: precision))
  }

  /// The same code on another number of threads; the two may be called at the same time.
  public convenience init(_ other: Executable, threads: Int) {
    switch other.engine {
    case .interpreter: self.init(other, other.engine)
    case .compiled(let program): self.init(other, .compiled(program.copy(threads: threads)))
    }
  }

  private init(_ other: Executable, _ engine: Engine) {
    (function, backend) = (other.function, other.backend)
    self.engine = engine
  }

  /// The machine code and its buffers; nil with the interpreter.
  public var compiled: CompiledProgram? {
    if case .compiled(let program) = engine { return program }
    return nil
  }

  /// `auto` takes the next tier where one is missing, and only then: a defect is reported.
  private static func best(
    _ function: Function, _ options: ExecutionOptions
  ) throws -> (Backend, Engine) {
    for backend in [Backend.tcc, .cc] {
      do {
        return (backend, .compiled(try compile(function, backend, options)))
      } catch is BackendError {
        continue
      }
    }
    return (.interpreter, .interpreter(Interpreter()))
  }

  private static func compile(
    _ function: Function, _ backend: Backend, _ options: ExecutionOptions
  ) throws -> CompiledProgram {
    if backend == .tcc, !TinyCompiler.isAvailable {
      throw BackendError.missing("there is no libtcc")
    }
    let compiler = backend == .cc ? try options.compiler ?? CCompiler.system() : nil
    let program = try schedule(function, fuse: options.fuse)
    return try CompiledProgram(program, compiler: compiler, options: options)
  }

  /// The results, in the function's order; an update is a new tensor.
  public func call(_ arguments: [Tensor]) throws -> [Tensor] {
    var arguments = arguments
    var results = emptyResults()
    try run(arguments: &arguments, results: &results)
    for (index, result) in function.results.enumerated() {
      if case .update(let argument) = result.role { results[index] = arguments[argument] }
    }
    return results
  }

  /// Tensors for `run` to write results into; those of updates are empty.
  public func emptyResults() -> [Tensor] {
    function.results.map { result in
      if case .update = result.role { return Tensor(zeros: TensorType(.f32, [0])) }
      return Tensor(zeros: function.type(of: result.value))
    }
  }

  /// Runs a part in place: results go into `results`, updates into `arguments`. Between `.forward` and `.backward` both must stay as
  /// they are.
  public func run(
    arguments: inout [Tensor], results: inout [Tensor], part: Part = .all
  ) throws {
    switch engine {
    case .interpreter(let interpreter):
      try interpret(interpreter, &arguments, &results, part)
    case .compiled(let compiled):
      try checkArguments(arguments, function.arguments)
      let sources = argumentAddresses(&arguments)
      let targets = resultAddresses(&results, part)
      compiled.bind(arguments: sources, results: targets)
      let count = compiled.program.kernels.count
      let half = compiled.program.forwardKernelCount
      try withExtendedLifetime((arguments, results)) {
        switch part {
        case .all: try compiled.run(kernels: 0..<count)
        case .forward: try compiled.run(kernels: 0..<half)
        case .backward: try compiled.run(kernels: half..<count)
        }
      }
    }
  }

  private func interpret(
    _ interpreter: Interpreter, _ arguments: inout [Tensor], _ results: inout [Tensor], _ part: Part
  ) throws {
    var function = function
    // Each half needs its own results only; values that these do not need are not computed.
    let wanted = function.results.indices.filter { isPart(function.results[$0].role, of: part) }
    function.results = wanted.map { function.results[$0] }
    let values = try interpreter.evaluate(function, arguments: arguments)
    for (index, value) in zip(wanted, values) {
      if case .update(let argument) = self.function.results[index].role {
        arguments[argument] = value
      } else {
        results[index] = value
      }
    }
  }

  private func isPart(_ role: ResultRole, of part: Part) -> Bool {
    switch (role, part) {
    case (_, .all), (.output, .forward), (.loss, .forward): true
    case (.gradient, .backward), (.update, .backward): true
    case (.output, .backward), (.loss, .backward), (.gradient, .forward), (.update, .forward): false
    }
  }

  private func argumentAddresses(_ arguments: inout [Tensor]) -> [UnsafeMutableRawPointer?] {
    var addresses = arguments.map {
      UnsafeMutableRawPointer?(UnsafeMutableRawPointer(mutating: $0.address))
    }
    for result in function.results {
      if case .update(let argument) = result.role {
        addresses[argument] = arguments[argument].writableAddress(keepingElements: true)
      }
    }
    return addresses
  }

  private func resultAddresses(
    _ results: inout [Tensor], _ part: Part
  ) -> [UnsafeMutableRawPointer?] {
    results.indices.map { index in
      switch function.results[index].role {
      case .update: nil
      case .gradient: results[index].writableAddress(keepingElements: false)
      case .output, .loss:
        // The other half reads what the first one wrote.
        part == .backward
          ? UnsafeMutableRawPointer(mutating: results[index].address)
          : results[index].writableAddress(keepingElements: false)
      }
    }
  }
}

extension CompiledProgram {
  /// Compiles a program: in the loops spelling with a C compiler, in strips with libtcc without one.
  public convenience init(
    _ program: Program, compiler: CCompiler?, options: ExecutionOptions = ExecutionOptions()
  ) throws {
    let start = monotonicNanoseconds()
    let module = emitKernels(program, spelling: compiler == nil ? .strips : .loops)
    let emitted = monotonicNanoseconds()
    let symbols = module.entries.map(\.symbol)
    let code =
      try compiler.map { try $0.load(text: module.text, symbols: symbols) }
      ?? TinyCompiler.load(text: module.text, symbols: symbols, level: options.level)
    self.init(
      program: program, entries: module.entries, code: code, threads: options.threadCount)
    preparation = Preparation(
      kernels: program.kernels.count, textByteCount: module.text.utf8.count,
      emission: Double(emitted - start) * 1e-9,
      compilation: Double(monotonicNanoseconds() - emitted) * 1e-9)
  }
}
