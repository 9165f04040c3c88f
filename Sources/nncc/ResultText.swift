// How results look to a person: small tensors as tables, large ones as a line of statistics.

import NNRuntime

/// Tensors with more elements than this print as a summary.
private let largestTable = 64

enum ResultText {
  /// `name : f32[2, 2]` and the values beneath, or a summary.
  static func describe(_ name: String, _ tensor: Tensor) -> String {
    let head = "\(name) : \(tensor.type)"
    if tensor.shape.rank == 0 { return "\(head) = \(number(tensor[flat: 0]))" }
    if tensor.count == 0 { return "\(head) (no elements)" }
    if tensor.count > largestTable { return head + "  " + summary(tensor) }
    return head + "\n" + table(tensor)
  }

  /// Shortest digits that read back to the same bits.
  static func number(_ scalar: Scalar) -> String {
    switch scalar.element {
    // NaN has no sign worth showing.
    case .f32: scalar.float.isNaN ? "nan" : "\(scalar.float)"
    case .f64: scalar.double.isNaN ? "nan" : "\(scalar.double)"
    case .i32, .i64: "\(scalar.int64)"
    case .bool: scalar.bool ? "true" : "false"
    }
  }

  private static func summary(_ tensor: Tensor) -> String {
    var least = Double.infinity
    var greatest = -Double.infinity
    var sum = 0.0
    var strange = 0
    for index in 0..<tensor.count {
      let value = tensor[flat: index].double
      if !value.isFinite { strange += 1 }
      least = Swift.min(least, value)
      greatest = Swift.max(greatest, value)
      sum += value
    }
    let mean = sum / Double(tensor.count)
    let text = "min \(brief(least))  mean \(brief(mean))  max \(brief(greatest))"
    return strange == 0 ? text : text + "  (\(strange) not finite)"
  }

  private static func table(_ tensor: Tensor) -> String {
    let width = tensor.shape.sizes.last ?? 1
    let cells = (0..<tensor.count).map { number(tensor[flat: $0]) }
    let broad = cells.map(\.count).max() ?? 0
    var lines: [String] = []
    for row in 0..<(tensor.count / width) {
      // An empty line between the matrices of a tensor of more than two axes.
      if row > 0, tensor.shape.rank > 2, row % tensor.shape[tensor.shape.rank - 2] == 0 {
        lines.append("")
      }
      let line = cells[(row * width)..<((row + 1) * width)]
        .map { String(repeating: " ", count: broad - $0.count) + $0 }
        .joined(separator: "  ")
      lines.append("  " + line)
    }
    return lines.joined(separator: "\n")
  }

  /// About six significant digits.
  static func brief(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value == 0 || !value.isFinite { return "\(value)" }
    let size = Swift.abs(value)
    if size >= 1e6 || size < 1e-4 { return "\(Float(value))" }
    let places = size >= 1000 ? 100.0 : size >= 1 ? 100_000.0 : 1e7
    return "\((value * places).rounded() / places)"
  }
}
