// `auto`: from libtcc's code to the C compiler's in the middle of the calls, and no number changes.

import Foundation
import NNCodegen
import NNIR
import Synchronization
import Testing

@testable import NNRuntime

/// What `auto` says, gathered.
final class TierLog: Sendable {
  private let changes = Mutex<[TierChange]>([])

  func note(_ change: TierChange) { changes.withLock { $0.append(change) } }
  var lines: [String] { changes.withLock { $0.map(\.description) } }

  var tookOver: Int {
    changes.withLock { changes in
      changes.count { if case .tookOver = $0 { true } else { false } }
    }
  }
  var refused: [String] {
    changes.withLock { changes in
      changes.compactMap { if case .refused(_, let defect) = $0 { defect } else { nil } }
    }
  }
}

/// Calls `isDone` until it is, for a minute at most: a compile shares the machine with other tests.
func expectSoon(
  _ isDone: () throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let end = Date(timeIntervalSinceNow: 60)
  while Date() < end {
    if try isDone() { return }
    usleep(2000)
  }
  Issue.record("not within a minute", sourceLocation: sourceLocation)
}

@Suite struct TierUpTests {
  static let isPossible = TinyCompiler.isAvailable && CCompiler(named: "cc") != nil

  /// Updates, a scan, look-ups, and random factors.
  static let graphs = [
    "input x : f32[6, 4]\nparam w : f32[4, 3]\nparam b : f32[1, 3]\nloss mean(tanh(dot(x, w) + b)^2)",
    """
    input xs : f32[5, 3]
    param u : f32[3]
    hs = scan(x in xs, h = zeros([3])) {
      h = tanh(h * u + x)
      yield h
    }
    loss sum(hs^2)
    """,
    "input i : i32[4]\nparam t : f32[3, 2]\nloss sum(sin(embedding(t, i))^2)",
    "input x : f64[8]\nparam w : f64[8]\nloss sum(dropout(x * w, 0.5)^2)",
  ]

  static func options(_ test: TestCache, _ log: TierLog? = nil) -> ExecutionOptions {
    var options = ExecutionOptions(threads: 2)
    options.cache = test.cache
    options.tierUpThreshold = 0
    if let log { options.onTierChange = { log.note($0) } }
    return options
  }

  static func arguments(of function: Function) -> [Tensor] {
    var random = SeededGenerator(seed: 7)
    return function.arguments.map { argument in
      if argument.name == "learning_rate" {
        return Tensor(scalar: Float(0.01)).converted(to: argument.type.element)
      }
      if argument.type.element == .i32 { return Tensor([Int32(2), 0, 1, 2]) }
      return random.tensor(argument.type, special: false)
    }
  }

  static func network(_ text: String) throws -> Network {
    try Graph(parsing: text, file: "tiers.graph").lowered()
  }

  /// Steps of training, each on the parameters of the one before, against the interpreter, until some steps after the change.
  @Test(.enabled(if: isPossible), arguments: graphs) func noStepShowsTheChange(text: String) throws
  {
    let test = try TestCache()
    let log = TierLog()
    let step = try Self.network(text).function.trainingStep(keepingOutputs: true)
    let executable = try Executable(step, options: Self.options(test, log))
    let reference = try Executable(step, options: ExecutionOptions(backend: .interpreter))
    #expect(executable.backend == .tcc)
    var arguments = Self.arguments(of: step)
    var results = executable.emptyResults()
    var after = 0
    try expectSoon {
      var expected = arguments
      var expectedResults = reference.emptyResults()
      try reference.run(arguments: &expected, results: &expectedResults)
      try executable.run(arguments: &arguments, results: &results)
      #expect(arguments == expected && results == expectedResults)
      if executable.backend == .cc { after += 1 }
      return after == 4
    }
    #expect(log.tookOver == 1 && log.lines.count == 1, "\(log.lines)")
    #expect(test.files.count == 1 && test.files[0].hasSuffix(".compared"), "\(test.files)")

    // The next start begins on that object.
    let second = try Executable(step, options: Self.options(test, log))
    #expect(second.backend == .cc)
    #expect(log.lines.last?.contains("from the cache") == true)
    #expect(try second.call(arguments) == reference.call(arguments))
  }

  /// The halves of a step, and the change between steps alone.
  @Test(.enabled(if: isPossible)) func forwardAndBackward() throws {
    let test = try TestCache()
    let log = TierLog()
    let network = try Self.network(Self.graphs[0])
    let model = try Model(network, options: Self.options(test, log))
    let reference = try Model(network, options: ExecutionOptions(backend: .interpreter))
    var random = SeededGenerator(seed: 1)
    var after = 0
    try expectSoon {
      let x = random.tensor(TensorType(.f32, [6, 4]), special: false)
      for model in [model, reference] {
        model["x"] = x
        try model.forward()
      }
      #expect(model.loss == reference.loss)
      let backend = model.backend
      for model in [model, reference] { try model.backward() }
      for name in ["w", "b"] {
        #expect(model.gradient(of: name) == reference.gradient(of: name))
      }
      #expect(model.backend == backend)
      // Steps have code of their own.
      try model.step(learningRate: 0.1)
      try reference.step(learningRate: 0.1)
      if log.tookOver == 2 { after += 1 }
      return after == 3
    }
    #expect(model.parameters.map(\.tensor) == reference.parameters.map(\.tensor))
  }

  @Test(.enabled(if: isPossible)) func executablesOfOneFunctionChangeTogether() throws {
    let test = try TestCache()
    let log = TierLog()
    let function = try Self.network(Self.graphs[0]).function.gradient()
    let first = try Executable(function, options: Self.options(test, log))
    let second = Executable(first, threads: 1)
    let arguments = Self.arguments(of: function)
    let expected = try first.call(arguments)
    try expectSoon {
      let found = try first.call(arguments)
      #expect(found == expected)
      return first.backend == .cc
    }
    #expect(second.backend == .tcc)
    #expect(try second.call(arguments) == expected)
    #expect(second.backend == .cc)
    #expect(log.tookOver == 1)
    let third = Executable(first, threads: 3)
    #expect(third.backend == .cc)
    #expect(try third.call(arguments) == expected)
  }

  /// Nobody waits for the compile of a function that is gone.
  @Test(.enabled(if: isPossible)) func aFunctionMayGoBeforeItsCompile() throws {
    let test = try TestCache()
    for text in Self.graphs {
      let function = try Self.network(text).function.evaluation()
      let arguments = Self.arguments(of: function)
      let expected = try Interpreter().evaluate(function, arguments: arguments)
      #expect(try Executable(function, options: Self.options(test)).call(arguments) == expected)
    }
  }

  @Test(.enabled(if: TinyCompiler.isAvailable)) func withoutACompilerLibtccStays() throws {
    let test = try TestCache()
    let log = TierLog()
    var options = Self.options(test, log)
    options.compiler = CCompiler(path: "/nonexistent/cc")
    let function = try Self.network(Self.graphs[0]).function.gradient()
    let executable = try Executable(function, options: options)
    let arguments = Self.arguments(of: function)
    let expected = try Interpreter().evaluate(function, arguments: arguments)
    try expectSoon {
      let found = try executable.call(arguments)
      #expect(found == expected)
      return !log.lines.isEmpty
    }
    #expect(log.lines[0].contains("/nonexistent/cc cannot be run"))
    #expect(try executable.call(arguments) == expected)
    #expect(executable.backend == .tcc)
  }

  /// What is called little is not compiled.
  @Test(.enabled(if: isPossible)) func fewCallsStartNoCompile() throws {
    let test = try TestCache()
    var options = Self.options(test)
    options.tierUpThreshold = 1000
    let function = try Self.network(Self.graphs[0]).function.evaluation()
    let executable = try Executable(function, options: options)
    for _ in 0..<10 { _ = try executable.call(Self.arguments(of: function)) }
    usleep(300_000)
    _ = try executable.call(Self.arguments(of: function))
    #expect(executable.backend == .tcc)
    #expect(test.files == [])
  }
}
