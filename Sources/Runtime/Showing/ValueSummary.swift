// A tensor in few words: a number, a short list, or what a long one amounts to.

import NNIR

struct ValueSummary: Hashable {
  /// For an edge: `4.5838532`, `[1, 2]`, `-0.31 … 0.52`.
  var brief: String
  /// For the panel: all elements of a small tensor, else shape, least, mean and greatest.
  var detail: String

  static let none = ValueSummary(brief: "", detail: "")

  /// Tensors with more elements than this are summarised.
  static let mostElements = 64

  private init(brief: String, detail: String) {
    self.brief = brief
    self.detail = detail
  }

  init(_ tensor: Tensor) {
    if tensor.count == 0 {
      self.init(brief: "empty", detail: "\(tensor.type), no elements")
      return
    }
    if tensor.count == 1 {
      let text = scalarText(tensor[flat: 0])
      self.init(brief: text, detail: text)
      return
    }
    let range = Range(tensor)
    var brief =
      range.least == range.greatest
      ? "all \(shortNumber(range.least))"
      : "\(shortNumber(range.least)) … \(shortNumber(range.greatest))"
    if tensor.count <= 3 {
      let elements = (0..<tensor.count).map { shortNumber(tensor[flat: $0].double) }
      brief = "[" + elements.joined(separator: ", ") + "]"
    }
    self.init(
      brief: brief,
      detail: tensor.count <= Self.mostElements ? Self.table(tensor) : range.text(of: tensor))
  }

  /// Least, greatest and mean; of strange numbers how many there are.
  private struct Range {
    var least = Double.infinity
    var greatest = -Double.infinity
    var mean = 0.0
    var strange = 0

    init(_ tensor: Tensor) {
      for value in tensor.doubles {
        if !value.isFinite { strange += 1 }
        least = Swift.min(least, value)
        greatest = Swift.max(greatest, value)
        mean += value
      }
      mean /= Double(tensor.count)
      if least > greatest { (least, greatest) = (.nan, .nan) }
    }

    func text(of tensor: Tensor) -> String {
      let odd = strange == 0 ? "" : "\n\(strange) not finite"
      return "min \(shortNumber(least))\nmean \(shortNumber(mean))\nmax \(shortNumber(greatest))"
        + odd
    }
  }

  private static func table(_ tensor: Tensor) -> String {
    let width = max(1, tensor.shape.sizes.last ?? 1)
    let cells = (0..<tensor.count).map { shortNumber(tensor[flat: $0].double) }
    let broad = cells.map(\.count).max() ?? 0
    return stride(from: 0, to: cells.count, by: width).map { start in
      cells[start..<start + width]
        .map { String(repeating: " ", count: broad - $0.count) + $0 }
        .joined(separator: " ")
    }.joined(separator: "\n")
  }
}

/// Shortest digits that read back to the same bits.
private func scalarText(_ scalar: Scalar) -> String {
  let value = scalar.double
  if scalar.element.isFloat, value == value.rounded(), Swift.abs(value) < 1e6 {
    return "\(Int(value))"
  }
  return switch scalar.element {
  case .f32: value.isNaN ? "nan" : "\(scalar.float)"
  case .f64: value.isNaN ? "nan" : "\(value)"
  case .i32, .i64: "\(scalar.int64)"
  case .bool: scalar.bool ? "true" : "false"
  }
}

/// About four significant digits.
func shortNumber(_ value: Double) -> String {
  if value.isNaN { return "nan" }
  if !value.isFinite { return value < 0 ? "-inf" : "inf" }
  if value == value.rounded(), Swift.abs(value) < 1e6 { return "\(Int(value))" }
  let size = Swift.abs(value)
  if size >= 1e5 || size < 1e-3 {
    var exponent = 0
    var rest = value
    while Swift.abs(rest) >= 10 { (rest, exponent) = (rest / 10, exponent + 1) }
    while Swift.abs(rest) < 1 { (rest, exponent) = (rest * 10, exponent - 1) }
    return "\(fixed(rest, 2))e\(exponent)"
  }
  return fixed(value, size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4)
}
