// Every backend gives the interpreter's bits, on random functions over all ops and element types.

import NNCodegen
import NNIR
import Testing

@testable import NNRuntime

/// A random function with its arguments and the interpreter's results.
struct RandomCase {
  var seed: UInt64
  var function: Function
  var arguments: [Tensor]
  var expected: [Tensor]

  init(seed: UInt64) throws {
    self.seed = seed
    let made = RandomFunction.make(seed: seed, size: 12 + Int(seed % 30))
    // Optimised functions are what is compiled; others must do as well.
    function = seed % 2 == 0 ? made.optimized() : made
    (arguments, expected) = try Self.evaluated(function, seed)
  }

  static func evaluated(_ function: Function, _ seed: UInt64) throws -> ([Tensor], [Tensor]) {
    var random = SeededGenerator(seed: seed ^ 0xABCD)
    let arguments = random.arguments(of: function)
    return (arguments, try Interpreter().evaluate(function, arguments: arguments))
  }

  /// Says what is wrong, with the function shrunken to what still fails.
  func report(_ what: String, _ run: @escaping (Function, [Tensor]) throws -> [Tensor]) {
    let seed = seed
    let small = function.shrunken { candidate in
      // One in which an index is out of range says nothing.
      guard let (arguments, expected) = try? Self.evaluated(candidate, seed) else { return false }
      return (try? run(candidate, arguments)) != expected
    }
    var found = "an error"
    if let (arguments, expected) = try? Self.evaluated(small, seed),
      let results = try? run(small, arguments)
    {
      for (result, (a, b)) in zip(small.results, zip(results, expected)) {
        if let first = a.differences(from: b).first, a.count > 0 {
          found =
            "\(result.name)[\(first)] = \(a[flat: first].double), not \(b[flat: first].double)"
        }
      }
    }
    Issue.record("seed \(seed), \(what): \(found)\n\(small.text)")
  }
}

@Suite struct BackendAgreementTests {
  static let batch = 50

  @Test func verifiedAndOptimizedFunctionsKeepTheirTypes() throws {
    for seed in 0..<UInt64(fuzzCount(300)) {
      let function = RandomFunction.make(seed: seed, size: 12 + Int(seed % 30))
      try function.verify()
      let optimized = function.optimized()
      try optimized.verify()
      #expect(optimized.results.map(\.name) == function.results.map(\.name))
    }
  }

  @Test(arguments: [true, false]) func programsMeanWhatFunctionsMean(fuse: Bool) throws {
    var failures = 0
    for seed in 0..<UInt64(fuzzCount(300)) where failures < 5 {
      let one = try RandomCase(seed: seed)
      let run = { (function: Function, arguments: [Tensor]) in
        try ProgramInterpreter().evaluate(
          try schedule(function, fuse: fuse), arguments: arguments)
      }
      if try run(one.function, one.arguments) != one.expected {
        failures += 1
        one.report(fuse ? "fused program" : "unfused program", run)
      }
    }
  }

  static let tiers = Tier.all(optimizations: isFuzzing ? ["-O0", "-O2", "-O3"] : ["-O2"])

  /// Whether a batch is for a tier. A C compiler takes seconds for one, so that of many batches each goes to one compiler at one
  /// setting, fused or not, in turn.
  private func isFor(_ tier: Int, fuse: Bool, batch: Int) -> Bool {
    let compilers = Self.tiers.indices.filter { Self.tiers[$0].compiler != nil }
    guard isFuzzing, let place = compilers.firstIndex(of: tier) else { return true }
    return batch % (2 * compilers.count) == 2 * place + (fuse ? 1 : 0)
  }

  @Test(arguments: tiers.indices) func compiledCodeAgrees(index: Int) throws {
    let tier = Self.tiers[index]
    let count = UInt64(fuzzCount(tier.compiler == nil ? 100 : 25))
    var failures = 0
    for first in stride(from: 0, to: count, by: Self.batch) where failures < 5 {
      let fusions = [true, false].filter {
        isFor(index, fuse: $0, batch: Int(first) / Self.batch)
      }
      if fusions.isEmpty { continue }
      let cases = try (first..<min(first + UInt64(Self.batch), count)).map(RandomCase.init)
      for fuse in fusions {
        var joined = JoinedPrograms()
        for one in cases {
          joined.add(
            try schedule(one.function, fuse: fuse), one.arguments, expecting: one.expected)
        }
        for difference in try joined.differences(on: tier, threads: [1, 2, 3]) {
          failures += 1
          cases[difference.program].report(
            "\(difference.tier), \(fuse ? "fused" : "unfused")"
          ) { function, arguments in
            let program = try schedule(function, fuse: fuse)
            return try tier.prepare(program, threads: [difference.threads])[0].1.call(arguments)
          }
        }
      }
    }
  }
}
