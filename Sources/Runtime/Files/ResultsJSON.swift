// Results as `nncc run --json` prints them.

import NNIR

/// The spelling of single values in JSON.
public enum JSONText {
  /// `text` as a JSON string.
  public static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\0"..<" ", "\u{7F}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// Strings as a JSON list.
  public static func list(_ texts: [String]) -> String {
    "[" + texts.map(quoted).joined(separator: ", ") + "]"
  }

  /// The strings of a JSON list; nil for what is none.
  static func words(inList text: String) -> [String]? {
    var reader = JSONReader(Array(text.utf8)[...])
    var words: [String] = []
    do throws(JSONProblem) {
      try reader.enter("[")
      while try reader.next() { words.append(try reader.string()) }
      try reader.end()
    } catch {
      return nil
    }
    return words
  }

  /// The shortest digits that read back to the same bits of their own type; JSON has no word for
  /// what is not finite, and gets a string there.
  public static func number<Number: BinaryFloatingPoint & CustomStringConvertible>(
    _ value: Number
  ) -> String {
    if value.isNaN { return "\"nan\"" }
    if value.isInfinite { return value < 0 ? "\"-inf\"" : "\"inf\"" }
    return value.description
  }
}

/// What a run gives, as one JSON object: `loss` and `gradients` only where there are any.
public struct ResultsJSON: Sendable, CustomStringConvertible {
  public var outputs: [NamedTensor]
  /// One element.
  public var loss: Tensor?
  public var gradients: [NamedTensor]?

  public init(outputs: [NamedTensor], loss: Tensor? = nil, gradients: [NamedTensor]? = nil) {
    self.outputs = outputs
    self.loss = loss
    self.gradients = gradients
  }

  public var description: String {
    var text = "{\"outputs\": "
    Self.append(outputs, to: &text)
    if let loss {
      text += ",\n \"loss\": "
      Self.append(elementsOf: loss, to: &text)
    }
    if let gradients {
      text += ",\n \"gradients\": "
      Self.append(gradients, to: &text)
    }
    return text + "}"
  }

  private static func append(_ tensors: [NamedTensor], to text: inout String) {
    text += "{"
    for (index, named) in tensors.enumerated() {
      let type = named.tensor.type
      text += index == 0 ? "" : ", "
      text += JSONText.quoted(named.name) + ": {\"dtype\": \"\(type.element.name)\", "
      text += "\"shape\": \(type.shape), \"data\": ["
      append(elementsOf: named.tensor, to: &text)
      text += "]}"
    }
    text += "}"
  }

  /// The elements in row-major order, with commas between them.
  private static func append(elementsOf tensor: Tensor, to text: inout String) {
    func append<Element>(_: Element.Type, _ spelling: (Element) -> String) {
      tensor.withUnsafeBytes { bytes in
        for (index, element) in bytes.bindMemory(to: Element.self).enumerated() {
          if index > 0 { text += ", " }
          text += spelling(element)
        }
      }
    }
    switch tensor.type.element {
    case .f32: append(Float.self, JSONText.number)
    case .f64: append(Double.self, JSONText.number)
    case .i32: append(Int32.self, \.description)
    case .i64: append(Int64.self, \.description)
    case .bool: append(UInt8.self) { $0 == 0 ? "false" : "true" }
    }
  }
}
