// Scheduling keeps every bit: random functions against their programs, fused and not, points in either order.

import Foundation
import NNCodegen
import NNIR
import Testing

func areEqual(_ a: [[Scalar]], _ b: [[Scalar]]) -> Bool {
  a.count == b.count
    && zip(a, b).allSatisfy { x, y in
      x.count == y.count && zip(x, y).allSatisfy { $0 == $1 || $0.double.isNaN && $1.double.isNaN }
    }
}

/// `NNCC_FUZZ=N` tries N functions.
private let trials = Int(ProcessInfo.processInfo.environment["NNCC_FUZZ"] ?? "") ?? 150

@Suite struct ScheduleRandomTests {
  @Test func programsComputeWhatFunctionsMean() throws {
    var failures = 0
    for seed in 0..<UInt64(trials) where failures < 3 {
      let (function, arguments) = RandomFunction.make(seed: seed)
      let expected = FunctionEvaluator.results(of: function, arguments: arguments)
      for fuse in [true, false] {
        let program = try schedule(function, fuse: fuse)
        let problems = program.problems()
        let results = [false, true].map { isReversed in
          problems.isEmpty
            ? ProgramEvaluator.results(of: program, arguments: arguments, isReversed: isReversed)
            : []
        }
        let isGood = problems.isEmpty && results.allSatisfy { areEqual($0, expected) }
        #expect(
          isGood, "seed \(seed), fuse \(fuse): \(problems)\n\(function.text)\n\(program.text)")
        if !isGood { failures += 1 }
        let parsed = try? Program(parsing: program.text)
        #expect(parsed?.kernels == program.kernels, "seed \(seed)\n\(program.text)")
      }
    }
  }
}
