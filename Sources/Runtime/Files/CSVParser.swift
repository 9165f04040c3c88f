// The grammar of comma-separated values (RFC 4180): cells between commas, rows between line ends;
// a cell in quotation marks may hold commas, line ends and, doubled, quotation marks.

/// Reads a `.csv` text row by row.
struct CSVParser {
  private let bytes: ArraySlice<UInt8>
  private var position: Int
  private let file: String
  /// The number of the line that the next row begins on.
  private(set) var line = 1

  init(_ bytes: ArraySlice<UInt8>, file: String) {
    self.bytes = bytes
    self.file = file
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    position = bytes.startIndex + (bytes.starts(with: mark) ? mark.count : 0)
  }

  /// The byte at `place`, nil at the end.
  private func byte(at place: Int) -> UInt8? { place < bytes.endIndex ? bytes[place] : nil }

  /// The next row's cells, nil at the end. Empty lines at the end are no rows.
  mutating func nextRow() throws(FileError) -> [ArraySlice<UInt8>]? {
    if bytes[position...].allSatisfy({ $0 == 0x0A || $0 == 0x0D }) { return nil }
    var cells: [ArraySlice<UInt8>] = []
    while true {
      cells.append(byte(at: position) == UInt8(ascii: "\"") ? try quotedCell() : plainCell())
      let delimiter = byte(at: position)
      position += delimiter == nil ? 0 : 1
      switch delimiter {
      case UInt8(ascii: ","): continue
      case 0x0D: position += byte(at: position) == 0x0A ? 1 : 0
      case nil, 0x0A: break
      default:
        throw .malformed(
          file: file, problem: "line \(line): text follows a cell in quotation marks")
      }
      line += 1
      return cells
    }
  }

  /// Up to the next comma or line end, without the blanks around.
  private mutating func plainCell() -> ArraySlice<UInt8> {
    func isBlank(_ byte: UInt8?) -> Bool { byte == 0x20 || byte == 0x09 }
    while isBlank(byte(at: position)) { position += 1 }
    let start = position
    while let byte = byte(at: position), byte != UInt8(ascii: ","), byte != 0x0A, byte != 0x0D {
      position += 1
    }
    var end = position
    while end > start, isBlank(bytes[end - 1]) { end -= 1 }
    return bytes[start..<end]
  }

  private mutating func quotedCell() throws(FileError) -> ArraySlice<UInt8> {
    let firstLine = line
    var content: [UInt8] = []
    position += 1
    while let byte = byte(at: position) {
      position += 1
      if byte == 0x0A { line += 1 }
      if byte == UInt8(ascii: "\"") {
        guard self.byte(at: position) == byte else { return content[...] }
        position += 1
      }
      content.append(byte)
    }
    throw .malformed(
      file: file, problem: "line \(firstLine): a quotation mark is opened and not closed")
  }
}
