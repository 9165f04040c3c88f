// `.safetensors`: named tensors in one buffer, described by a JSON header in front of it. The
// format is Hugging Face's; as its reference implementation does, the whole header is checked
// before any tensor is handed out.

import NNIR

/// A `.safetensors` file: named tensors, and strings that say something about them.
public struct SafeTensorsFile: Sendable {
  /// A file's length in bytes of its header at most; the format's own limit.
  static let headerLimit = 100_000_000
  static let metadataKey = "__metadata__"

  private let file: String
  private let data: ArraySlice<UInt8>
  private let entries: [SafeTensorsEntry]
  private let places: [String: Int]

  /// The strings under `__metadata__`, in the file's order.
  public let metadata: [(key: String, value: String)]

  /// The tensors' names, in the order of their data.
  public var names: [String] { entries.map(\.name) }

  init(_ bytes: ArraySlice<UInt8>, file: String) throws(FileError) {
    var cursor = ByteCursor(bytes)
    guard let length = cursor.take(UInt64.self) else {
      throw .malformed(file: file, problem: "it is no .safetensors file: it is too short")
    }
    guard length <= UInt64(Self.headerLimit), let header = cursor.take(Int(length)) else {
      throw .malformed(
        file: file,
        problem: "it is no .safetensors file, or is cut short: its header would take "
          + "\(length) bytes, but \(cursor.rest.count) follow")
    }
    self.file = file
    data = cursor.rest
    var parser = SafeTensorsHeader()
    do throws(JSONProblem) {
      try parser.parse(header)
    } catch {
      throw .malformed(
        file: file, problem: "its header, at byte \(error.position): \(error.problem)")
    }
    metadata = parser.metadata
    entries = parser.entries.enumerated().sorted {
      ($0.element.begin, $0.element.end, $0.offset) < ($1.element.begin, $1.element.end, $1.offset)
    }.map(\.element)
    if let problem = Self.placementProblem(entries, dataCount: data.count) {
      throw .malformed(file: file, problem: problem)
    }
    places = Dictionary(
      entries.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { a, _ in a })
  }

  /// Each tensor begins where the one before ends, the last at the end of the file.
  private static func placementProblem(_ entries: [SafeTensorsEntry], dataCount: Int) -> String? {
    var expected = 0
    for entry in entries {
      let name = "tensor '\(printable(entry.name))'"
      guard entry.begin == expected, entry.end >= entry.begin else {
        return "\(name) lies at bytes \(entry.begin) to \(entry.end), not from \(expected) on"
      }
      let size = entry.shape.count * entry.stored.byteCount
      guard entry.end - entry.begin == size else {
        return "\(name) of shape \(entry.shape) needs \(size) bytes, "
          + "but has \(entry.end - entry.begin)"
      }
      expected = entry.end
    }
    guard expected == dataCount else {
      return "its tensors take \(expected) bytes, but \(dataCount) follow the header"
    }
    return nil
  }

  /// Reads a `.safetensors` file, or standard input where `file` is `-`.
  public init(reading file: String) throws(FileError) {
    try self.init(readBytes(of: file)[...], file: file)
  }

  /// The tensor with this name, nil where there is none.
  public func tensor(named name: String) throws(FileError) -> Tensor? {
    guard let place = places[name] else { return nil }
    let entry = entries[place]
    let bytes = data.dropFirst(entry.begin).prefix(entry.end - entry.begin)
    let elements = StoredElements(stored: entry.stored, bytes: bytes)
    guard let tensor = elements.tensor(shape: entry.shape) else {
      throw .malformed(
        file: file, problem: "tensor '\(printable(name))' holds a u64 that no i64 can be")
    }
    return tensor
  }

  /// Writes `tensors`, whose names differ, as a `.safetensors` file, atomically.
  ///
  /// Wide elements come first, so that each tensor is aligned; within a width the order is kept.
  public static func write(
    _ tensors: [NamedTensor], metadata: [(key: String, value: String)] = [], to file: String
  ) throws(FileError) {
    try NNRuntime.write(encode(tensors, metadata: metadata), to: file)
  }

  static func encode(
    _ tensors: [NamedTensor], metadata: [(key: String, value: String)] = []
  ) -> [FilePiece] {
    let ordered = [8, 4, 1].flatMap { width in
      tensors.filter { $0.tensor.type.element.byteCount == width }
    }
    var items: [String] = []
    if !metadata.isEmpty {
      let strings = metadata.map { "\(JSONText.quoted($0.key)):\(JSONText.quoted($0.value))" }
      items.append("\"\(metadataKey)\":{\(strings.joined(separator: ","))}")
    }
    var offset = 0
    for named in ordered {
      let type = named.tensor.type
      let end = offset + type.byteCount
      items.append(
        "\(JSONText.quoted(named.name)):{\"dtype\":\"\(code(type.element))\","
          + "\"shape\":[\(type.shape.sizes.map(String.init).joined(separator: ","))],"
          + "\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = Array("{\(items.joined(separator: ","))}".utf8)
    header += [UInt8](repeating: 0x20, count: (8 - header.count % 8) % 8)
    var bytes: [UInt8] = []
    bytes.append(littleEndian: UInt64(header.count))
    return [.bytes(bytes + header)] + ordered.map { .elements($0.tensor) }
  }

  private static func code(_ element: ElementType) -> String {
    switch element {
    case .f32: "F32"
    case .f64: "F64"
    case .i32: "I32"
    case .i64: "I64"
    case .bool: "BOOL"
    }
  }
}
