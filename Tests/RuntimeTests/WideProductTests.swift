// Products with an epilogue that are computed in blocks: each order of the blocks gives the interpreter's bits.

import NNCodegen
import NNIR
import Testing

@testable import NNRuntime

@Suite struct WideProductTests {
  /// A layer forward, and the update of its parameter, a product of k = `batch` whose blocks the parameter is added to.
  private func layer(_ type: String, batch: Int, rows: Int, columns: Int) throws -> Function {
    let text = """
      input x : \(type)[\(batch), \(rows)]
      input d : \(type)[\(batch), \(columns)]
      param w : \(type)[\(rows), \(columns)]
      output tanh(x @ w) as h
      output w - 0.1 * (transpose(x) @ d) as updated
      """
    return try Graph(parsing: text, file: "wide.graph").lowered().function.evaluation()
  }

  /// A batch, rows and columns: columns in blocks that stay packed, the last one short, with whole blocks of rows and with a last
  /// one that is too short to be packed; all columns in one block; a k of several blocks, for which nothing stays packed.
  @Test(arguments: [("f32", 190, 110, 790), ("f32", 20, 100, 700), ("f64", 260, 140, 300)])
  func blocksAgree(_ type: String, _ batch: Int, _ rows: Int, _ columns: Int) throws {
    let function = try layer(type, batch: batch, rows: rows, columns: columns)
    var random = SeededGenerator(seed: 5)
    let arguments = function.arguments.map { random.tensor($0.type, special: false) }
    let expected = try Interpreter().evaluate(function, arguments: arguments)
    let program = try schedule(function)
    for tier in Tier.all(optimizations: ["-O2"]) {
      for (name, compiled) in try tier.prepare(program, threads: [1, 2]) {
        #expect(try compiled.call(arguments) == expected, "\(name), \(compiled.threads) threads")
      }
    }
  }
}
