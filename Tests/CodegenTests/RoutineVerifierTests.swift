// Routines in programs' text form, and what the verifier says of wrong ones.

import Foundation
import NNCodegen
import NNIR
import Testing

private let good = """
  program @p {
    argument "t": parameter f32[4, 3]
    argument "i": input i64[5]
    argument "seed": hyperparameter i64[]
    argument "step": hyperparameter i64[]
    result output "y": f32[5, 3]
    result update(0) "t": f32[4, 3]
    buffer t: f32[12] = argument 0
    buffer i: i64[5] = argument 1
    buffer seed: i64[1] = argument 2
    buffer step: i64[1] = argument 3
    buffer y: f32[15] = result 0
    buffer m: f32[15] = workspace 0
    workspace 64
    forward 3
    kernel check [5] {
      check i < 4
    }
    kernel a [5, 3] {
      gather t i to y
    }
    kernel b [15] {
      random key 3 rate 0.25 seed step to m
    }
    kernel c [4, 3] {
      scatter_add i m to t
    }
  }
  """

@Suite struct RoutineVerifierTests {
  @Test func theTextRoundTrips() throws {
    let program = try Program(parsing: good)
    #expect(program.problems() == [])
    #expect(program.text == good + "\n")
  }

  @Test(arguments: [
    ("check i < 4", "check i < 5", "kernel a: looks up by indices that have not been checked"),
    ("check [5]", "check [4]", "kernel check: 5 elements where 4 belong"),
    ("check i < 4", "check m < 4", "kernel check: does not take f32"),
    ("a [5, 3]", "a [5, 2]", "kernel a: 15 elements where 10 belong"),
    ("a [5, 3]", "a [15]", "kernel a: a map of 1 axes where there are 2"),
    ("gather t i to y", "gather seed i to y", "kernel a: found f32, expected i64"),
    (
      "gather t i to y", "gather t i to seed",
      "kernel a: is an argument without an update and is written"
    ),
    ("rate 0.25", "rate 1.0", "kernel b: no dropout: key 3, rate 1.0"),
    ("seed step to m", "i step to m", "kernel b: 5 elements where 1 belong"),
    ("scatter_add i m to t", "scatter_add i t to t", "kernel c: 12 elements where 15 belong"),
    ("c [4, 3]", "c [3, 4]", "kernel c: 15 elements where 20 belong"),
    ("to m", "to y", "kernel c, buffer m: is read before it is written"),
  ])
  func faultIsFound(_ text: String, _ replacement: String, _ message: String) throws {
    let program = try Program(parsing: good.replacing(text, with: replacement))
    #expect(program.problems().map(\.description).contains(message), "\(program.problems())")
  }

  @Test func checksComeBeforeUpdates() throws {
    let late = "  kernel late [5] {\n    check i < 4\n  }\n}"
    let program = try Program(parsing: String(good.dropLast()) + late)
    #expect(
      program.problems().map(\.description) == ["kernel late: is a check after the first update"])
  }

  @Test func mutatedTextsNeverCrash() throws {
    let bytes = Array(good.utf8)
    var random = RandomSource(seed: 11)
    for _ in 0..<2_000 {
      var mutated = bytes
      for _ in 0..<1 + random.below(4) {
        let alphabet = Array("0123456789-[]%<tim ".utf8)
        mutated[random.below(mutated.count)] = alphabet[random.below(alphabet.count)]
      }
      if let program = try? Program(parsing: String(decoding: mutated, as: UTF8.self)) {
        _ = program.problems()
      }
    }
  }
}
