// New code that is wrong is found out on the call that compares it, and never gives a caller a number.

import Foundation
import NNCodegen
import NNIR
import Synchronization
import Testing

@testable import NNRuntime

@Suite(.enabled(if: TierUpTests.isPossible)) struct CodeComparisonTests {
  /// An executable whose new code is that of another graph with the same arguments and results.
  private func planted(
    _ text: String, _ other: String, _ test: TestCache, _ log: TierLog,
    _ kind: (Network) throws -> Function
  ) throws -> Executable {
    let options = TierUpTests.options(test, log)
    let function = try kind(try TierUpTests.network(text))
    let wrong = try schedule(try kind(try TierUpTests.network(other)))
    let right = try schedule(function)
    #expect(wrong.kernels.count == right.kernels.count)
    let (compiler, cache) = (try CCompiler.system(), test.cache)
    return try Executable(startingOnStrips: function, right, options) {
      try .loops(of: wrong, by: compiler, cache: cache)
    }
  }

  static let factor =
    "input x : f32[50]\nparam w : f32[50]\noutput x * 3 as y\nloss sum(sin(x * w))"

  /// The last bit of a result, of an update, and a sign.
  @Test(arguments: [
    ("output x * 3 as y", "output x * 3.0000002 as y", "y differs in"),
    ("loss sum(sin(x * w))", "loss sum(sin(x * w) * 1.0000001)", "differs in"),
    (
      "output x * 3 as y", "output x * -3 as y", "y differs in 50 of 50 elements, first in number 0"
    ),
  ]) func otherBitsAreRefused(from: String, to: String, says: String) throws {
    let other = Self.factor.replacingOccurrences(of: from, with: to)
    let kinds: [(Network) throws -> Function] = [
      { try $0.function.trainingStep(keepingOutputs: true) },
      { try $0.function.gradient(keepingOutputs: true) },
    ]
    for (kind, half) in zip(kinds, [Executable.Part.all, .forward]) {
      let test = try TestCache()
      let log = TierLog()
      let executable = try planted(Self.factor, other, test, log, kind)
      let start = TierUpTests.arguments(of: executable.function)
      let reference = try Executable(
        executable.function, options: ExecutionOptions(backend: .interpreter))
      var arguments: [Tensor] = []
      var expected: [Tensor] = []
      var results = executable.emptyResults()
      var expectedResults = reference.emptyResults()
      func call() throws {
        // From the same start each time: where training has converged, both codes give the same bits.
        arguments = start
        expected = start
        try executable.run(arguments: &arguments, results: &results, part: half)
        try reference.run(arguments: &expected, results: &expectedResults, part: half)
        if half == .forward {
          try executable.run(arguments: &arguments, results: &results, part: .backward)
          try reference.run(arguments: &expected, results: &expectedResults, part: .backward)
        }
        #expect(arguments == expected && results == expectedResults)
      }
      try expectSoon {
        try call()
        return !log.refused.isEmpty
      }
      for _ in 0..<3 { try call() }
      #expect(executable.backend == .tcc)
      #expect(log.refused.count == 1 && log.tookOver == 0)
      let defect = try #require(log.refused.first)
      #expect(defect.contains(says), "\(defect)")
      #expect(defect.contains("defect.c"))
      // No later start finds it.
      #expect(test.files == [], "\(test.files)")
    }
  }

  /// A call that fails has nothing to compare; the next one has.
  @Test func aCallThatFailsIsNotCompared() throws {
    let test = try TestCache()
    let log = TierLog()
    let function = try TierUpTests.network(TierUpTests.graphs[2]).function.trainingStep()
    let program = try schedule(function)
    let (compiler, cache) = (try CCompiler.system(), test.cache)
    let options = TierUpTests.options(test, log)
    let signal = CompileSignal()
    let executable = try Executable(startingOnStrips: function, program, options) {
      defer { signal.isDone.store(true, ordering: .releasing) }
      return try .loops(of: program, by: compiler, cache: cache)
    }
    let good = TierUpTests.arguments(of: function)
    let expected = try Interpreter().evaluate(function, arguments: good)
    #expect(try executable.call(good) == expected)
    try expectSoon { signal.isDone.load(ordering: .acquiring) }
    var bad = good
    for (index, argument) in function.arguments.enumerated() where argument.name == "i" {
      bad[index] = Tensor([Int32(0), 1, 9, 2])
    }
    var changed = bad
    var results = executable.emptyResults()
    for _ in 0..<50 {
      #expect(throws: CallError.self) {
        try executable.run(arguments: &changed, results: &results)
      }
      #expect(changed == bad)
      #expect(executable.backend == .tcc)
    }
    try expectSoon {
      let found = try executable.call(good)
      #expect(found == expected)
      return executable.backend == .cc
    }
    #expect(throws: CallError.self) { try executable.run(arguments: &changed, results: &results) }
    #expect(log.tookOver == 1 && log.refused == [])
  }

  /// NaNs of any payload are equal, and zeros of different sign are not.
  @Test func specialValues() throws {
    let test = try TestCache()
    let log = TierLog()
    let function = try TierUpTests.network(
      "input x : f32[6]\noutput x - x as d\noutput -x * 0 as z"
    )
    .function.evaluation()
    let executable = try Executable(function, options: TierUpTests.options(test, log))
    let arguments: [Tensor] = [Tensor([.nan, .infinity, -.infinity, 0, -0.0, 1] as [Float])]
    let expected = try Interpreter().evaluate(function, arguments: arguments)
    try expectSoon {
      let found = try executable.call(arguments)
      #expect(found == expected)
      return executable.backend == .cc
    }
    #expect(try executable.call(arguments) == expected)
  }
}

/// Set when a planted compile is over.
final class CompileSignal: Sendable {
  let isDone = Atomic(false)
}
