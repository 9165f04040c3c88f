// Which brackets of a file are never closed. A closing bracket of another kind ends those inside it; where a line inside
// round or square brackets begins as only a statement can, the brackets before it were forgotten. Where braces do not match,
// so was that of a scan before a line that begins as none of its body can.

/// The offsets of the brackets that nothing closes, ascending.
func unclosedBrackets(in bytes: [UInt8]) -> [Int] {
  var search = BracketSearch(bytes: bytes, closesScans: false)
  search.run()
  if search.unclosed.contains(where: { bytes[$0] == UInt8(ascii: "{") }) {
    search = BracketSearch(bytes: bytes, closesScans: true)
    search.run()
  }
  return search.unclosed.sorted()
}

private struct BracketSearch {
  let bytes: [UInt8]
  /// Whether a line that cannot stand in a scan ends the scans before it.
  let closesScans: Bool
  var open: [Int] = []
  var unclosed: [Int] = []
  /// The last byte that was no space and no comment.
  var previous = UInt8(ascii: "\n")
  var isAtLineStart = true
  /// The offsets of open braces of scans, and whether the next brace is one.
  var scans: [Int] = []
  var isScan = false

  mutating func run() {
    var offset = 0
    while offset < bytes.count {
      let byte = bytes[offset]
      switch byte {
      case UInt8(ascii: "\n"):
        isAtLineStart = true
        offset += 1
        continue
      case 0x20, 0x09, 0x0D:
        offset += 1
        continue
      case UInt8(ascii: "#"):
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "\n") { offset += 1 }
        continue
      case UInt8(ascii: "("), UInt8(ascii: "["): open.append(offset)
      case UInt8(ascii: "{"):
        open.append(offset)
        if isScan { scans.append(offset) }
        isScan = false
      case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): close(byte)
      default:
        if isNameStart(byte) {
          offset = word(from: offset)
          continue
        }
      }
      isAtLineStart = false
      previous = byte
      offset += 1
    }
    unclosed += open
  }

  /// Steps over a word; at the start of a line it may show that a statement begins.
  private mutating func word(from start: Int) -> Int {
    var end = start
    while end < bytes.count, isNamePart(bytes[end]) { end += 1 }
    if end - start == 4, bytes[start..<end].elementsEqual("scan".utf8) { isScan = true }
    let beginsStatement = isAtLineStart && beginsStatement(start..<end)
    if isAtLineStart, let last = open.last, bytes[last] != UInt8(ascii: "{"),
      beginsStatement || isBinding(start..<end)
    {
      while let last = open.last, bytes[last] != UInt8(ascii: "{") {
        unclosed.append(last)
        open.removeLast()
      }
    }
    if closesScans, beginsStatement, bytes[start] != UInt8(ascii: "y") {
      while let last = open.last, scans.last == last {
        unclosed.append(last)
        open.removeLast()
        scans.removeLast()
      }
    }
    isAtLineStart = false
    previous = bytes[end - 1]
    return end
  }

  private func beginsStatement(_ word: Range<Int>) -> Bool {
    switch keyword(in: bytes, word) {
    case .dim, .input, .param, .const, .def, .return, .yield, .output, .loss: return true
    default: return false
    }
  }

  private func isBinding(_ word: Range<Int>) -> Bool {
    // `NAME =` may be an argument, but not where no comma or bracket stands before it.
    if previous == UInt8(ascii: ",") || previous == UInt8(ascii: "(") { return false }
    var next = word.upperBound
    while next < bytes.count, isSpace(bytes[next]) { next += 1 }
    guard next < bytes.count, bytes[next] == UInt8(ascii: "=") else { return false }
    return next + 1 == bytes.count || bytes[next + 1] != UInt8(ascii: "=")
  }

  private mutating func close(_ byte: UInt8) {
    let wanted = opener(of: byte)
    if let last = open.last, bytes[last] == wanted {
      open.removeLast()
      if scans.last == last { scans.removeLast() }
      return
    }
    // Not far down, so that a file of nothing but wrong brackets takes no quadratic time.
    var position = open.count - 1
    let lowest = max(0, open.count - 256)
    while position >= lowest, bytes[open[position]] != wanted {
      if bytes[open[position]] == UInt8(ascii: "{") { return }
      position -= 1
    }
    guard position >= lowest else { return }
    unclosed += open[(position + 1)...]
    if scans.last == open[position] { scans.removeLast() }
    open.removeSubrange(position...)
  }
}
