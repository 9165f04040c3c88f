// A long function of several operations behind a product, which the loops spelling computes in two stages: the interpreter's bits on every
// tier.

import NNCodegen
import NNIR
import Testing

@testable import NNRuntime

@Suite struct StagedEpilogueTests {
  /// Whole stages and a rest, rows in blocks and columns cut for threads.
  @Test(arguments: [
    ("f32", 70, 128, 24), ("f32", 53, 330, 17), ("f32", 16, 1100, 40), ("f64", 20, 131, 9),
  ])
  func tiersAgree(_ type: String, _ rows: Int, _ columns: Int, _ depth: Int) throws {
    let text = """
      input x : \(type)[\(rows), \(depth)]
      param w : \(type)[\(depth), \(columns)]
      param b : \(type)[\(columns)]
      h = x @ w + b
      y = gelu_tanh(h)
      output y
      loss mean(y ^ 2)
      """
    let function = try Graph(parsing: text, file: "staged.graph").lowered().function
      .gradient(keepingOutputs: true)
    var random = SeededGenerator(seed: UInt64(columns))
    let arguments = function.arguments.map { random.tensor($0.type, special: false) }
    let expected = try Interpreter().evaluate(function, arguments: arguments)
    let program = try schedule(function)
    let code = emitKernels(program, spelling: .loops).text
    #expect(code.contains("acc0[64];"), "\(code)")
    for tier in Tier.all(optimizations: ["-O2"]) {
      for (name, compiled) in try tier.prepare(program, threads: [1, 2, 3]) {
        #expect(try compiled.call(arguments) == expected, "\(name)")
      }
    }
  }
}
