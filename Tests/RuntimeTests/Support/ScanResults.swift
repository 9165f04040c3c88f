// What the tests of scans in the graph language share.

import Foundation
import NNIR
import NNRuntime
import Testing

/// The results of a graph, all of f64, for its inputs in order.
func scanResults(_ text: String, _ arguments: [Tensor]) throws -> [[Double]] {
  let function = try Graph(parsing: text, file: "scan.graph").lowered().function
  try function.verify()
  #expect(try Function(parsing: function.text) == function)
  return try Interpreter().evaluate(function, arguments: arguments).map {
    $0.elements(as: Double.self)
  }
}

func sines(_ count: Int) -> [Double] { (0..<count).map { sin(Double(3 * $0 + 1)) } }
