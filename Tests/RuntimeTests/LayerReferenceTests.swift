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
  /// The test evaluator of the IR knows no scans; the interpreter does.
  @Test func forwardDerivativesOfScansEqualDifferences() throws {
    let text = """
      input x : f64[3, 2]
      input w : f64[2, 2]
      input v : f64[2, 2]
      ys, last = scan(x_t in x, h = zeros([2])) {
        h = tanh(x_t + h @ w)
        yield h * x_t
      }
      f = concat(ys, stack(last))
      output f
      output jvp(f, w, v) as change
      """
    let function = try Graph(parsing: text, file: "scan.graph").lowered().function.evaluation()
    let x = Tensor([3, 2], [1, 0.5, -1, 2, 0.3, -0.2] as [Double])
    let (w, v) = ([0.1, 0.2, -0.3, 0.4], [1, 0, 0.5, -1])
    func results(_ step: Double) throws -> [Tensor] {
      let moved = Tensor([2, 2], zip(w, v).map { $0 + step * $1 })
      return try Interpreter().evaluate(function, arguments: [x, moved, Tensor([2, 2], v)])
    }
    let found = try results(0)[1]
    let (up, down) = (try results(1e-6)[0], try results(-1e-6)[0])
    for index in 0..<found.count {
      let expected = (up[flat: index].double - down[flat: index].double) / 2e-6
      #expect(abs(found[flat: index].double - expected) < 1e-8)
    }
  }

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
