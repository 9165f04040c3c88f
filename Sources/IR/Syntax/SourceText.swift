// The text that a graph was read from, kept for messages and for comments in the emitted C; and places in it.

/// A place in a text: line and column count from 1, the column in bytes (only comments hold more than ASCII).
public struct Place: Hashable, Sendable, Comparable {
  public var line: Int32
  public var column: Int32

  public init(line: Int, column: Int) {
    self.line = Int32(truncatingIfNeeded: line)
    self.column = Int32(truncatingIfNeeded: column)
  }

  public static func < (a: Place, b: Place) -> Bool {
    (a.line, a.column) < (b.line, b.column)
  }
}

/// A graph file's name and its lines.
public struct SourceText: Sendable {
  /// The name that messages show.
  public let file: String
  let bytes: [UInt8]
  /// The offset of every 64th line: a line is found by a short walk, and an index of a file of
  /// nothing but line ends stays small.
  private let checkpoints: [Int32]
  private static let stride = 64

  /// A graph built in Swift has a file but no text.
  public init(file: String, bytes: [UInt8] = []) {
    self.file = file
    self.bytes = bytes
    var checkpoints: [Int32] = [0]
    var line = 0
    bytes.withUnsafeBufferPointer { buffer in
      for (offset, byte) in buffer.enumerated() where byte == UInt8(ascii: "\n") {
        line += 1
        if line % Self.stride == 0 { checkpoints.append(Int32(truncatingIfNeeded: offset + 1)) }
      }
    }
    self.checkpoints = checkpoints
  }

  /// The bytes of a line, without its end; nil where there is no such line.
  func lineBytes(_ number: Int) -> ArraySlice<UInt8>? {
    guard number >= 1, !bytes.isEmpty, (number - 1) / Self.stride < checkpoints.count else {
      return nil
    }
    var start = Int(checkpoints[(number - 1) / Self.stride])
    var left = (number - 1) % Self.stride
    while left > 0 {
      guard let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
      start = end + 1
      left -= 1
    }
    // Columns count from behind a byte order mark.
    if start == 0, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
    let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    return bytes[start..<end]
  }

  /// The first call of one of these functions that stands in the line of a place, there or further on, or else before it.
  package func call(of functions: [String], from place: Place) -> (name: String, place: Place)? {
    guard let line = lineBytes(Int(place.line)) else { return nil }
    var rest = line.dropFirst(max(0, Int(place.column) - 1))
    while let start = rest.firstIndex(where: isNamePart) {
      let name = rest[start...].prefix(while: isNamePart)
      rest = rest[name.endIndex...]
      let text = String(decoding: name, as: UTF8.self)
      if functions.contains(text), rest.first(where: { !isSpace($0) }) == UInt8(ascii: "(") {
        let column = start - line.startIndex + 1
        return (text, Place(line: Int(place.line), column: column))
      }
    }
    if place.column <= 1 { return nil }
    return call(of: functions, from: Place(line: Int(place.line), column: 1))
  }

  /// The column after the token that begins at a place, at least one after it; nil where there is no such line.
  public func endColumn(of place: Place) -> Int? {
    guard let line = lineBytes(Int(place.line)) else { return nil }
    // Enough for any name; a longer token is as good as endless.
    let rest = line.dropFirst(max(0, Int(place.column) - 1)).prefix(4096)
    guard let first = rest.first, !isSpace(first), first != UInt8(ascii: "#") else {
      return Int(place.column) + 1
    }
    var lexer = Lexer(Array(rest))
    return Int(place.column) + max(1, lexer.next().end)
  }

  /// The text of a line (from 1 on), trimmed, with anything unprintable replaced.
  public func line(_ number: Int) -> String? {
    guard let line = lineBytes(number) else { return nil }
    let trimmed = line.drop { isSpace($0) }
    let end = trimmed.lastIndex { !isSpace($0) } ?? trimmed.startIndex - 1
    return printable(trimmed.prefix(through: end))
  }
}

func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

/// UTF-8 with control characters and broken sequences replaced, so that a terminal shows what the file holds and obeys nothing.
func printable(_ bytes: some Sequence<UInt8>) -> String {
  var text = ""
  for character in String(decoding: Array(bytes), as: UTF8.self).unicodeScalars {
    switch character.properties.generalCategory {
    case .control where character == "\t": text.unicodeScalars.append(character)
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
      text.unicodeScalars.append("\u{FFFD}")
    default: text.unicodeScalars.append(character)
    }
  }
  return text
}
