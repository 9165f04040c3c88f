// A function ready to be called, by whichever backend: tensors in, tensors out. The prepared raw call is `CompiledProgram`.

import NNCodegen
import NNIR
import Synchronization

/// A function and the backend that runs it. One call at a time.
///
/// With `auto` the code may change between calls, from libtcc's to the C compiler's; no result depends on when.
public final class Executable {
  /// Which results a call computes.
  public enum Part: Sendable {
    case all
    /// Outputs and the loss.
    case forward
    /// The rest, from what `.forward` left in the workspace and the results.
    case backward
  }

  private enum Engine: Sendable {
    case interpreter(Interpreter)
    case compiled(CompiledProgram)
  }

  /// What runs the function now, and what may come next.
  private struct Tier: Sendable {
    var backend: Backend
    var engine: Engine
    var tierUp: TierUp?
  }

  public let function: Function
  /// A copy of this executable may be made while it runs.
  private let tier: Mutex<Tier>

  /// The backend that runs it now: never `auto`.
  public var backend: Backend { tier.withLock { $0.backend } }

  /// Prepares a function that has been optimised. Throws `BackendError.missing` where the backend asked for needs what is not there.
  public convenience init(
    _ function: Function, options: ExecutionOptions = ExecutionOptions()
  ) throws {
    switch options.backend {
    case .interpreter:
      self.init(function, Tier(backend: .interpreter, engine: .interpreter(Interpreter())))
    case .tcc:
      let program = try options.schedule(function)
      self.init(function, program, .tcc, try .strips(of: program, level: options.level), options)
    case .cc:
      let compiler = try options.compiler ?? CCompiler.system()
      let program = try options.schedule(function)
      let code = try CompiledCode.loops(of: program, by: compiler, cache: options.cache)
      self.init(function, program, .cc, code, options)
    case .auto:
      try self.init(best: function, options)
    }
  }

  /// A function for the interpreter in a precision of its own.
  public convenience init(_ function: Function, interpretedIn precision: Precision) {
    let interpreter = Interpreter(precision: precision)
    self.init(function, Tier(backend: .interpreter, engine: .interpreter(interpreter)))
  }

  /// The same code on another number of threads; the two may be called at the same time.
  public convenience init(_ other: Executable, threads: Int) {
    var tier = other.tier.withLock { $0 }
    if case .compiled(let program) = tier.engine {
      tier.engine = .compiled(program.copy(threads: threads))
    }
    self.init(other.function, tier)
  }

  private init(_ function: Function, _ tier: Tier) {
    self.function = function
    self.tier = Mutex(tier)
  }

  private convenience init(
    _ function: Function, _ program: Program, _ backend: Backend, _ code: CompiledCode,
    _ options: ExecutionOptions, tierUp: TierUp? = nil
  ) {
    let compiled = CompiledProgram(program: program, code: code, threads: options.threadCount)
    self.init(
      function, Tier(backend: backend, engine: .compiled(compiled), tierUp: tierUp))
  }

  /// `auto` takes the next tier where one is missing, and only then: a defect is reported.
  private convenience init(best function: Function, _ options: ExecutionOptions) throws {
    let program = try options.schedule(function)
    if let code = Self.cachedCode(of: program, options) {
      self.init(function, program, .cc, code, options)
      options.onTierChange?(.cached(function: program.name, code.preparation))
    } else if TinyCompiler.isAvailable {
      try self.init(startingOnStrips: function, program, options)
    } else if let compiler = try? options.compiler ?? CCompiler.system(),
      let code = try Self.availableCode(of: program, by: compiler, options)
    {
      self.init(function, program, .cc, code, options)
    } else {
      self.init(function, Tier(backend: .interpreter, engine: .interpreter(Interpreter())))
    }
  }

  /// libtcc's code, to be followed by the C compiler's, or by what `compile` gives.
  convenience init(
    startingOnStrips function: Function, _ program: Program, _ options: ExecutionOptions,
    compile: (@Sendable () throws -> CompiledCode)? = nil
  ) throws {
    let tierUp =
      compile.map { TierUp(program, options: options, compile: $0) }
      ?? TierUp(program, options: options)
    self.init(
      function, program, .tcc, try .strips(of: program, level: options.level), options,
      tierUp: tierUp)
  }

  /// The C compiler's code where the cache has it, compared. Without any object in the cache not even a compiler is looked for.
  private static func cachedCode(
    of program: Program, _ options: ExecutionOptions
  ) -> CompiledCode? {
    guard let cache = options.cache, !cache.isEmpty(of: .compared),
      let compiler = try? options.compiler ?? CCompiler.system()
    else { return nil }
    return .compared(program, by: compiler, cache: cache)
  }

  /// The C compiler's code; nil where it turns out that the compiler cannot be run.
  private static func availableCode(
    of program: Program, by compiler: CCompiler, _ options: ExecutionOptions
  ) throws -> CompiledCode? {
    do {
      return try .loops(of: program, by: compiler, cache: options.cache)
    } catch is BackendError {
      return nil
    }
  }

  /// The machine code and its buffers as they are now; nil with the interpreter.
  public var compiled: CompiledProgram? {
    if case .compiled(let program) = tier.withLock({ $0.engine }) { return program }
    return nil
  }

  // MARK: Calls

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
  public func emptyResults() -> [Tensor] { function.emptyResults() }

  /// Runs a part in place: results go into `results`, updates into `arguments`. Between `.forward` and `.backward` both must stay as
  /// they are.
  public func run(
    arguments: inout [Tensor], results: inout [Tensor], part: Part = .all
  ) throws {
    let tier = tier.withLock { $0 }
    switch tier.engine {
    case .interpreter(let interpreter):
      try interpret(interpreter, &arguments, &results, part)
    case .compiled(let compiled):
      guard let tierUp = tier.tierUp else {
        return try function.run(compiled, arguments: &arguments, results: &results, part: part)
      }
      try run(compiled, tierUp, &arguments, &results, part)
    }
  }

  /// A call of code that may change. It changes only where a call starts: `.backward` needs the workspace that its `.forward`
  /// wrote.
  private func run(
    _ old: CompiledProgram, _ tierUp: TierUp, _ arguments: inout [Tensor],
    _ results: inout [Tensor], _ part: Part
  ) throws {
    var compiled = old
    switch part == .backward ? .stay : tierUp.nextStep() {
    case .stay: break
    case .finished: tier.withLock { $0.tierUp = nil }
    case .take(let code): compiled = take(code, insteadOf: old)
    case .compare(let code):
      if part == .all {
        return try compare(code, old, tierUp, &arguments, &results)
      }
      // A half has not all results: both codes make a whole call on copies before it. Where that fails, the half may not.
      var copies = arguments
      var all = emptyResults()
      try? compare(code, old, tierUp, &copies, &all)
      if let taken = self.compiled { compiled = taken }
    }
    let start = monotonicNanoseconds()
    try function.run(compiled, arguments: &arguments, results: &results, part: part)
    if compiled === old { tierUp.note(nanoseconds: monotonicNanoseconds() - start) }
  }

  /// A whole call of the old code, after which the new one takes over if it gives the same bits.
  private func compare(
    _ code: CompiledCode, _ old: CompiledProgram, _ tierUp: TierUp, _ arguments: inout [Tensor],
    _ results: inout [Tensor]
  ) throws {
    let new = CompiledProgram(program: old.program, code: code, threads: old.threads)
    let comparison = CodeComparison(function: function, old: old, new: new)
    do {
      switch try comparison.run(arguments: &arguments, results: &results) {
      case .equal:
        install(new)
        tierUp.accept(code)
      case .different(let difference):
        tier.withLock { $0.tierUp = nil }
        tierUp.refuse(code, because: difference)
      }
    } catch {
      tierUp.postpone(code)
      throw error
    }
  }

  private func take(
    _ code: CompiledCode, insteadOf old: CompiledProgram
  ) -> CompiledProgram {
    let new = CompiledProgram(program: old.program, code: code, threads: old.threads)
    install(new)
    return new
  }

  private func install(_ new: CompiledProgram) {
    tier.withLock { $0 = Tier(backend: .cc, engine: .compiled(new)) }
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
}

extension CompiledProgram {
  /// Prepares compiled code, with buffers of its own.
  convenience init(program: Program, code: CompiledCode, threads: Int) {
    self.init(program: program, entries: code.entries, code: code.code, threads: threads)
    preparation = code.preparation
  }
}

extension ExecutionOptions {
  fileprivate func schedule(_ function: Function) throws -> Program {
    try NNCodegen.schedule(
      function, fuse: fuse, explains: explainsKernels, pairsLoops: threadCount > 1)
  }
}
