// Layers against PyTorch: values, gradients and forward derivatives in f64, from `Tests/Reference/layers.py`, and that compiled code
// gives the interpreter's bits.

import Foundation
import NNCodegen
import NNIR
import Testing

@testable import NNRuntime

/// A case of `Fixtures/layers.json`.
struct LayerCase: Decodable, Sendable, CustomTestStringConvertible {
  struct Array: Decodable, Sendable {
    var type: String
    var shape: [Int]
    var values: [Double]

    var tensor: Tensor {
      type == "bool"
        ? Tensor(Shape(shape), values.map { $0 != 0 }) : Tensor(Shape(shape), values)
    }
  }

  struct Direction: Decodable, Sendable {
    var of: String
    var v: Array
    var change: Array
  }

  var name: String
  var expression: String
  var inputs: [String: Array]
  var result: Array
  var gradients: [String: Array]
  var direction: Direction?
  var testDescription: String { expression }

  static let all: [LayerCase] =
    (try? JSONDecoder().decode(
      [LayerCase].self, from: Data(contentsOf: URL(fileURLWithPath: fixture("layers.json"))))) ?? []

  /// The result, each gradient by the inputs' names in order, and the change along the direction.
  var graph: String {
    var lines = [
      "def both(x, h, c, w, u, b) {", "  h2, c2 = lstm_cell(x, h, c, w, u, b)",
      "  return concat(h2, c2, axis=1)", "}",
      "def halves(x) {", "  a, b = split(x, 2, axis=1)", "  return a * b", "}",
    ]
    for (name, array) in inputs.sorted(by: { $0.key < $1.key }) {
      lines.append("input \(name) : \(array.type)\(array.shape)")
    }
    if let direction { lines.append("input direction : f64\(direction.v.shape)") }
    lines += ["result = \(expression)", "output result", "l = sum(result * weight)"]
    for name in gradients.keys.sorted() {
      lines.append("output grad(l, \(name)) as gradient_\(name)")
    }
    if let direction { lines.append("output jvp(result, \(direction.of), direction) as change") }
    return lines.joined(separator: "\n") + "\n"
  }

  var arguments: [String: Tensor] {
    var tensors = inputs.mapValues(\.tensor)
    if let direction { tensors["direction"] = direction.v.tensor }
    return tensors
  }

  var expected: [Array] {
    [result] + gradients.sorted { $0.key < $1.key }.map(\.value)
      + (direction.map { [$0.change] } ?? [])
  }
}

@Suite struct LayerReferenceTests {
  @Test func thereAreCases() { #expect(LayerCase.all.count > 30) }

  @Test(arguments: LayerCase.all) func isWhatPyTorchGives(_ example: LayerCase) throws {
    let network = try Graph(parsing: example.graph, file: "\(example.name).graph").lowered()
    let function = network.function.evaluation()
    let given = example.arguments
    let arguments = try function.arguments.map { try #require(given[$0.name]) }
    let found = try Interpreter().evaluate(function, arguments: arguments)
    #expect(found.count == example.expected.count)
    for (number, (tensor, expected)) in zip(found, example.expected).enumerated() {
      #expect(tensor.shape == Shape(expected.shape))
      for (index, value) in expected.values.enumerated() {
        let error = abs(tensor[flat: index].double - value) / max(1, abs(value))
        #expect(error < 1e-12, "\(function.results[number].name)[\(index)]")
        if !(error < 1e-12) { return }
      }
    }
    for fuse in [true, false] {
      let program = try schedule(function, fuse: fuse)
      #expect(program.problems().isEmpty)
      #expect(try ProgramInterpreter().evaluate(program, arguments: arguments) == found)
    }
    let executable = try Executable(function, options: ExecutionOptions(backend: .tcc))
    #expect(try executable.call(arguments) == found)
  }
}
