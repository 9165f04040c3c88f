// Derivatives of random networks with scans, convolutions and look-ups, and the bits of every backend there.

import NNCodegen
import NNIR
import Testing

@testable import NNRuntime

@Suite struct RandomNetworkTests {
  private func network(_ seed: UInt64, _ element: ElementType) throws -> (Function, [String]) {
    let (text, names) = RandomNetwork.make(seed: seed, element)
    do {
      return (try Graph(parsing: text, file: "random.graph").lowered().function, names)
    } catch {
      Issue.record("seed \(seed): \(error)\n\(text)")
      throw error
    }
  }

  /// A difference of two values spans a corner now and then; a wrong rule is wrong at every point.
  @Test func derivativesEqualDifferences() throws {
    var failures = 0
    var unclear = 0
    for seed in 0..<UInt64(fuzzCount(150)) where failures < 5 {
      let (function, names) = try network(seed, .f64)
      var deviations: [String] = []
      var isSteep = false
      for draw in 0..<3 as Range<UInt64> {
        let given = RandomNetwork.arguments(of: function, seed: seed, draw: draw)
        let check = try CentralDifferences(function, given)
        deviations = try check.deviations(by: names, tolerance: 1e-5)
        // The change along all directions is what the gradients say.
        let slopes = zip(names, check.results.dropFirst()).reduce(0) { sum, pair in
          let along = check.arguments["along_\(pair.0)"]?.doubles ?? []
          return sum + zip(pair.1.doubles, along).reduce(0) { $0 + $1.0 * $1.1 }
        }
        let change = check.results[1 + names.count].doubles
        deviations += CentralDifferences.deviations([slopes], change, 1e-9, "gradient")
        if deviations.isEmpty { break }
        isSteep = check.results.suffix(names.count).contains {
          $0.doubles.contains { abs($0) > 1e4 }
        }
      }
      if deviations.isEmpty { continue }
      // Recurrence grows now and then until a step of a millionth is too wide.
      if isSteep {
        unclear += 1
        continue
      }
      failures += 1
      let text = RandomNetwork.make(seed: seed, .f64).text
      Issue.record("seed \(seed): \(deviations.prefix(4).joined(separator: "\n"))\n\(text)")
    }
    #expect(unclear <= fuzzCount(150) / 1000)
  }

  static let tiers = Tier.all(optimizations: ["-O2"])
  static let batch = 25

  @Test func bitsAreTheInterpreters() throws {
    let count = UInt64(fuzzCount(50))
    var failures = 0
    for (number, first) in stride(from: 0, to: count, by: Self.batch).enumerated()
    where failures < 5 {
      let element = number % 2 == 0 ? ElementType.f32 : .f64
      var joined = JoinedPrograms()
      for seed in first..<min(count, first + UInt64(Self.batch)) {
        var function = try network(seed, element).0
        // Second derivatives are no other operations, but most of the code.
        function.results.removeAll { $0.name.hasPrefix("curve_") }
        function = function.evaluation()
        let given = RandomNetwork.arguments(of: function, seed: seed, draw: 0)
        joined.add(
          try schedule(function, fuse: seed % 5 != 0, pairsLoops: seed % 2 == 1), given,
          expecting: try Interpreter().evaluate(function, arguments: given))
      }
      // A batch is compiled by libtcc at every vector level. A C compiler takes some ten seconds for one, so each has its turn, with
      // one batch in sixteen.
      let compilers = Self.tiers.filter { $0.compiler != nil }
      let turn = number % 16 == 0 ? number / 16 : nil
      let chosen = compilers.isEmpty ? [] : turn.map { [compilers[$0 % compilers.count]] } ?? []
      for tier in Self.tiers.filter({ $0.compiler == nil }) + chosen {
        for difference in try joined.differences(on: tier, threads: [1, 3]) {
          failures += 1
          let seed = first + UInt64(difference.program)
          let text = RandomNetwork.make(seed: seed, element).text
          Issue.record("seed \(seed), \(difference.tier), \(element)\n\(text)")
        }
      }
    }
  }
}
