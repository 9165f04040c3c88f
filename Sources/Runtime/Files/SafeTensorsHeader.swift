// The JSON header of a `.safetensors` file:
// `{"__metadata__": {"key": "text"}, "w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}`.

import NNIR

/// One tensor as the header describes it; the offsets count from the header's end.
struct SafeTensorsEntry: Sendable {
  var name: String
  var stored: StoredElement
  var shape: Shape
  var begin: Int
  var end: Int
}

/// Parses the header; whether the tensors' places fit together is looked at afterwards.
struct SafeTensorsHeader {
  private(set) var entries: [SafeTensorsEntry] = []
  private(set) var metadata: [(key: String, value: String)] = []

  mutating func parse(_ text: ArraySlice<UInt8>) throws(JSONProblem) {
    var reader = JSONReader(text)
    guard text.first == UInt8(ascii: "{") else { throw reader.problem("'{' is expected") }
    try reader.enter("{")
    var names: Set<String> = []
    while let name = try reader.nextKey() {
      guard names.insert(name).inserted else {
        throw reader.problem("'\(printable(name))' stands twice")
      }
      if name == SafeTensorsFile.metadataKey {
        try parseMetadata(&reader)
      } else {
        entries.append(try entry(name, &reader))
      }
    }
    try reader.end()
  }

  private mutating func parseMetadata(_ reader: inout JSONReader) throws(JSONProblem) {
    var keys: Set<String> = []
    try reader.enter("{")
    while let key = try reader.nextKey() {
      guard keys.insert(key).inserted else {
        throw reader.problem("'\(printable(key))' stands twice")
      }
      metadata.append((key, try reader.string()))
    }
  }

  private func entry(
    _ name: String, _ reader: inout JSONReader
  ) throws(JSONProblem) -> SafeTensorsEntry {
    var stored: StoredElement?
    var sizes: [Int]?
    var offsets: [Int]?
    try reader.enter("{")
    while let key = try reader.nextKey() {
      switch key {
      case "dtype" where stored == nil: stored = try element(&reader)
      case "shape" where sizes == nil: sizes = try integers(&reader, limit: maximumRank)
      case "data_offsets" where offsets == nil: offsets = try integers(&reader, limit: 2)
      case "dtype", "shape", "data_offsets": throw reader.problem("'\(key)' stands twice")
      default: try reader.skipValue()
      }
    }
    let tensor = "tensor '\(printable(name))'"
    guard let stored, let sizes, let offsets, offsets.count == 2 else {
      throw reader.problem("\(tensor) needs a dtype, a shape and two data_offsets")
    }
    guard let shape = checkedShape(sizes) else {
      throw reader.problem("the shape \(sizes) of \(tensor) is too large")
    }
    return SafeTensorsEntry(
      name: name, stored: stored, shape: shape, begin: offsets[0], end: offsets[1])
  }

  private func element(_ reader: inout JSONReader) throws(JSONProblem) -> StoredElement {
    let code = try reader.string()
    // The format's names are those of `StoredElement` in capitals; anything else is unknown.
    guard let stored = StoredElement(rawValue: code.lowercased()), code == code.uppercased() else {
      throw reader.problem("the element type '\(printable(code))' is not supported")
    }
    return stored
  }

  private func integers(_ reader: inout JSONReader, limit: Int) throws(JSONProblem) -> [Int] {
    var numbers: [Int] = []
    try reader.enter("[")
    while try reader.next() {
      guard numbers.count < limit else { throw reader.problem("a list is too long") }
      numbers.append(try reader.unsignedInteger())
    }
    return numbers
  }
}
