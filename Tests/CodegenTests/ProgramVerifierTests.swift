// The verifier finds each kind of fault, planted in a program that is right.

import Foundation
import NNCodegen
import NNIR
import Testing

private let good = """
  program @p {
    argument "x": input f32[4, 6]
    argument "w": parameter f32[6]
    result output "y": f32[4, 6]
    result update(1) "w": f32[6]
    buffer x: f32[24] = argument 0
    buffer w: f32[6] = argument 1
    buffer y: f32[24] = result 0
    buffer t: f32[24] = workspace 0
    buffer u: f32[24] = workspace 128
    workspace 256
    forward 2
    kernel a [24] {
      body {
        %0: f32 = load x[1]
        %1: f32 = exp %0
        store t[1] %1
      }
    }
    kernel b [4, 6] {
      body {
        %0: f32 = load t[6, 1]
        %1: f32 = load x[6, 1] at -1 if [0, 1] at -1 < 6 else 0.0
        %2: f32 = add %0, %1
        store u[6, 1] %2
        store y[6, 1] %2
      }
    }
    kernel c [6] reduce [4] {
      body {
        %0: f32 = load u[1, 6]
      }
      reduction sum %0 lanes 16
      epilogue {
        %0: f32 = accumulator 0
        %1: f32 = load w[1]
        %2: f32 = sub %1, %0
        store w[1] %2
      }
    }
  }
  """

@Suite struct ProgramVerifierTests {
  @Test func goodProgramPasses() throws {
    let program = try Program(parsing: good)
    #expect(program.problems() == [])
    #expect(program.text == good + "\n")
  }

  @Test(arguments: [
    ("load x[1]\n", "load x[2]\n", "kernel a, buffer x: elements 0...46 of 24 are accessed"),
    ("if [0, 1] at -1 < 6 else 0.0", "", "kernel b, buffer x: elements -1...22 of 24 are accessed"),
    ("store t[1]", "store u[1]", "kernel b, buffer t: is read before it is written"),
    ("store y[6, 1]", "store y[3, 1]", "kernel b, buffer y: two points may write one element"),
    (
      "u: f32[24] = workspace 128", "u: f32[24] = workspace 64",
      "kernel b, buffer u: shares memory with t, which still lives"
    ),
    (
      "workspace 128", "workspace 192",
      "buffer u: bytes 192..<288 are not aligned or not within a workspace of 256"
    ),
    ("exp %0", "exp %1", "kernel a: %1 does not come before its use"),
    ("exp %0", "lt %0, %0", "kernel a: found f32, expected bool"),
    (
      "load w[1]", "load w[-1] at 5",
      "kernel c, buffer w: is read elsewhere than where w, in its place, is written"
    ),
    (
      "store w[1]", "store x[1]",
      "kernel c, buffer x: is an argument without an update and is written"
    ),
    ("accumulator 0", "accumulator 1", "kernel c: there is no accumulator 1"),
    ("lanes 16", "lanes 8", "kernel c: cannot have 8 lanes"),
    ("kernel c", "kernel a", "kernel a: 'a' is no C identifier or stands twice"),
    ("load t[6, 1]", "load t[6]", "kernel b, buffer t: a map of 1 axes where there are 2"),
    ("forward 2", "forward 4", "there are not as many kernels as it says"),
  ])
  func faultIsFound(_ text: String, _ replacement: String, _ message: String) throws {
    let program = try Program(parsing: good.replacingFirst(text, with: replacement))
    #expect(program.problems().map(\.description).contains(message), "\(program.problems())")
  }

  /// Two columns of an array of rows of four, written by one kernel: the second begins at some place.
  private func parts(second: String, count: Int = 8) -> String {
    """
    program @parts {
      argument "x": input f32[2]
      result output "y": f32[\(count)]
      buffer x: f32[2] = argument 0
      buffer y: f32[\(count)] = result 0
      workspace 0
      forward 1
      kernel y [2, 2] {
        body {
          %0: f32 = load x[0, 1]
          %1: f32 = neg %0
          store y[4, 1] %0
          store y\(second) %1
        }
      }
    }
    """
  }

  @Test func partsOfAnArrayMayBeStoredByOneKernel() throws {
    #expect(try Program(parsing: parts(second: "[4, 1] at 2")).problems() == [])
  }

  @Test(arguments: ["[4, 1] at 1", "[4, 1]", "[4, 1] at 4", "[2, 1] at 2"])
  func partsThatOverlapAreFound(_ second: String) throws {
    let problems = try Program(parsing: parts(second: second, count: 12)).problems()
    #expect(
      problems.map(\.description).contains("kernel y, buffer y: two points may write one element"))
  }

  @Test func mutatedTextsNeverCrash() throws {
    let bytes = Array(good.utf8)
    var random = RandomSource(seed: 7)
    for _ in 0..<2_000 {
      var mutated = bytes
      for _ in 0..<1 + random.below(4) {
        let alphabet = Array("0123456789-[]%xyt ".utf8)
        mutated[random.below(mutated.count)] = alphabet[random.below(alphabet.count)]
      }
      if let program = try? Program(parsing: String(decoding: mutated, as: UTF8.self)) {
        _ = program.problems()
      }
    }
  }
}

extension String {
  fileprivate func replacingFirst(_ text: String, with replacement: String) -> String {
    guard let range = range(of: text) else { return self }
    return replacingCharacters(in: range, with: replacement)
  }
}
