// The table of all operations, Tests/Reference/operations.txt, with the numbers that JAX gave for its rows.

import Foundation
import NNIR
import Testing

@testable import NNRuntime

/// A row of the table with its inputs, and what is right there.
struct OperationCase: Decodable, Sendable, CustomTestStringConvertible {
  struct Array: Decodable, Sendable {
    var type: String
    var shape: [Int]
    var values: [Double]

    var element: ElementType { ElementType.allCases.first { $0.name == type } ?? .f64 }
    var tensor: Tensor { Tensor(Shape(shape), values).converted(to: element) }
  }

  var name: String
  var expression: String
  var inputs: [String: Array]
  var result: Array
  /// What the result is weighed with in the loss; nothing has a derivative where it is nil.
  var weight: Array?
  /// Of the loss, by input.
  var gradients: [String: Array]
  /// Along which the inputs move, and the change of the result that comes of it.
  var directions: [String: Array]
  var change: Array?

  var testDescription: String { expression }

  static let all: [OperationCase] = {
    let data = try? Data(contentsOf: URL(fileURLWithPath: fixture("operations.json")))
    return (try? JSONDecoder().decode([OperationCase].self, from: data ?? Data())) ?? []
  }()

  static let definitions = reference("operations.graph")

  /// Names and expressions of the rows, as they stand in the table.
  static let rows: [(name: String, expression: String)] =
    reference("operations.txt").components(separatedBy: "\n").compactMap { line in
      if line.isEmpty || line.hasPrefix("#") { return nil }
      let parts = line.components(separatedBy: " |").map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      return (parts[0], parts[1])
    }

  private static func reference(_ name: String) -> String {
    let path = exampleFile("../Tests/Reference/" + name)
    return (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
  }

  /// What the graph is given, by name; floats are f64, or f32 where they are asked for.
  func arguments(of function: Function) throws -> [Tensor] {
    var given = inputs
    if let weight { given["weight"] = weight }
    for (name, direction) in directions { given["along_\(name)"] = direction }
    return try function.arguments.map { argument in
      guard let array = given[argument.name] else {
        throw NumberMissing(name: argument.name)
      }
      return array.tensor.converted(to: argument.type.element)
    }
  }

  struct NumberMissing: Error { var name: String }

  /// The network of the row: a `DerivativeGraph` by the inputs' names in order, or what has no derivatives alone.
  func graph(_ element: ElementType) -> String {
    func type(_ array: Array) -> String {
      "\(array.element == .f64 ? element.name : array.type)\(array.shape)"
    }
    var lines = [Self.definitions]
    for (name, array) in inputs.sorted(by: { $0.key < $1.key }) {
      lines.append("input \(name) : \(type(array))")
    }
    let names = gradients.keys.sorted()
    if let weight { lines.append("input weight : \(type(weight))") }
    lines += names.map { "input along_\($0) : \(type(inputs[$0] ?? result))" }
    lines.append("result = \(expression)")
    if weight == nil {
      lines.append("output result")
    } else {
      lines.append("weighed = sum(result * weight)")
      lines += DerivativeGraph.outputs(of: "result", loss: "weighed", by: names)
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
