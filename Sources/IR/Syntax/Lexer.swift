// Cuts the bytes of a graph file into tokens, one at a time. Line ends are tokens where they end a statement and nothing inside
// brackets; a first pass over the brackets finds those that are never closed, so that one of these does not swallow the rest
// of the file.

enum TokenKind: UInt8 {
  case name, integer, number
  case dim, input, param, const, def, `return`, derivative, scan, yield, output, loss, `as`, `in`
  case and, or, not, `true`, `false`, none
  case openParenthesis, closeParenthesis, openBracket, closeBracket, openBrace, closeBrace
  case comma, colon, assign, ellipsis
  case equal, notEqual, less, lessEqual, greater, greaterEqual
  case plus, minus, star, slash, at, caret
  case lineEnd, end
  /// Something that cannot stand in a graph; the lexer's `complaint` says what.
  case bad
}

/// A word that is no name.
struct Keyword {
  let word: String
  let kind: TokenKind
  let bytes: [UInt8]

  init(_ word: String, _ kind: TokenKind) {
    self.word = word
    self.kind = kind
    bytes = Array(word.utf8)
  }
}

let keywords = [
  Keyword("dim", .dim), Keyword("input", .input), Keyword("param", .param),
  Keyword("const", .const), Keyword("def", .def), Keyword("return", .return),
  Keyword("derivative", .derivative), Keyword("scan", .scan), Keyword("yield", .yield),
  Keyword("output", .output), Keyword("loss", .loss), Keyword("as", .as), Keyword("in", .in),
  Keyword("and", .and), Keyword("or", .or), Keyword("not", .not), Keyword("true", .true),
  Keyword("false", .false), Keyword("none", .none),
]

/// The keywords by their first letter, from `a` on.
private let keywordsByLetter: [[Keyword]] = {
  var byLetter = [[Keyword]](repeating: [], count: 26)
  for keyword in keywords { byLetter[Int(keyword.bytes[0] - UInt8(ascii: "a"))].append(keyword) }
  return byLetter
}()

/// The keyword that some bytes are.
func keyword(in bytes: [UInt8], _ range: Range<Int>) -> TokenKind? {
  let letter = Int(bytes[range.lowerBound]) - Int(UInt8(ascii: "a"))
  guard letter >= 0, letter < 26 else { return nil }
  for keyword in keywordsByLetter[letter] where keyword.bytes.count == range.count {
    var next = 1
    while next < range.count, keyword.bytes[next] == bytes[range.lowerBound + next] { next += 1 }
    if next == range.count { return keyword.kind }
  }
  return nil
}

func isKeyword(_ text: String) -> Bool {
  let bytes = Array(text.utf8)
  return !bytes.isEmpty && keyword(in: bytes, bytes.indices) != nil
}

struct Token {
  var kind: TokenKind
  var start: Int
  var end: Int
  var place: Place
}

struct Lexer {
  static let maximumNameLength = 128

  let bytes: [UInt8]
  private var offset: Int
  private var line = 1
  private var lineStart: Int
  /// The open brackets that count, by their bytes.
  private var brackets: [UInt8] = []
  /// Offsets of brackets that are never closed, and how many of them lie behind.
  private let unclosed: [Int]
  private var unclosedPassed = 0
  /// What is wrong with the last token of kind `bad`.
  private(set) var complaint = ""

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    offset = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    lineStart = offset
    unclosed = unclosedBrackets(in: bytes)
  }

  /// How many brackets around the next token make line ends count or not.
  var depth: Int { brackets.count }

  func isUnclosed(_ token: Token) -> Bool {
    var low = 0
    var high = unclosed.count
    while low < high {
      let middle = (low + high) / 2
      if unclosed[middle] < token.start { low = middle + 1 } else { high = middle }
    }
    return low < unclosed.count && unclosed[low] == token.start
  }

  func text(_ token: Token) -> String {
    String(decoding: bytes[token.start..<token.end], as: UTF8.self)
  }

  /// Whether what follows is `=` and not `==`: a name before it is that of an argument.
  func nextIsAssign() -> Bool {
    var position = offset
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "=") {
        return position + 1 >= bytes.count || bytes[position + 1] != UInt8(ascii: "=")
      }
      if byte == UInt8(ascii: "#") {
        while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
        continue
      }
      if !isSpace(byte), byte != UInt8(ascii: "\n") { return false }
      position += 1
    }
    return false
  }

  mutating func next() -> Token {
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte == UInt8(ascii: "\n") {
        let token = make(.lineEnd, length: 1)
        line += 1
        lineStart = offset
        if brackets.isEmpty || brackets[brackets.count - 1] == UInt8(ascii: "{") { return token }
      } else if isSpace(byte) {
        offset += 1
      } else if byte == UInt8(ascii: "#") {
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "\n") { offset += 1 }
      } else if isNameStart(byte) {
        return word()
      } else if isDigit(byte) || (byte == UInt8(ascii: ".") && isDigit(peek(1))) {
        return number()
      } else {
        return punctuation(byte)
      }
    }
    return make(.end, length: 0)
  }

  private func peek(_ ahead: Int) -> UInt8 {
    offset + ahead < bytes.count ? bytes[offset + ahead] : 0
  }

  private mutating func make(_ kind: TokenKind, length: Int) -> Token {
    let place = Place(line: line, column: offset - lineStart + 1)
    let token = Token(kind: kind, start: offset, end: offset + length, place: place)
    offset += length
    return token
  }

  private mutating func bad(length: Int, _ complaint: String) -> Token {
    self.complaint = complaint
    return make(.bad, length: length)
  }

  private mutating func word() -> Token {
    var length = 1
    while isNamePart(peek(length)) { length += 1 }
    if length > Self.maximumNameLength {
      return bad(length: length, "a name has at most \(Self.maximumNameLength) characters")
    }
    return make(keyword(in: bytes, offset..<offset + length) ?? .name, length: length)
  }

  private mutating func number() -> Token {
    var length = 0
    while isDigit(peek(length)) { length += 1 }
    var isInteger = true
    if peek(length) == UInt8(ascii: "."), peek(length + 1) != UInt8(ascii: ".") {
      isInteger = false
      length += 1
      while isDigit(peek(length)) { length += 1 }
    }
    if peek(length) | 0x20 == UInt8(ascii: "e") {
      let sign = peek(length + 1) == UInt8(ascii: "+") || peek(length + 1) == UInt8(ascii: "-")
      let digits = length + (sign ? 2 : 1)
      if isDigit(peek(digits)) {
        isInteger = false
        length = digits
        while isDigit(peek(length)) { length += 1 }
      }
    }
    if isNamePart(peek(length)) {
      while isNamePart(peek(length)) { length += 1 }
      return bad(length: length, "this is neither a number nor a name")
    }
    return make(isInteger ? .integer : .number, length: length)
  }

  private mutating func punctuation(_ byte: UInt8) -> Token {
    let pair = peek(1) == UInt8(ascii: "=")
    switch byte {
    case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): return open(byte)
    case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): return close(byte)
    case UInt8(ascii: ","): return make(.comma, length: 1)
    case UInt8(ascii: ":"): return make(.colon, length: 1)
    case UInt8(ascii: "="): return pair ? make(.equal, length: 2) : make(.assign, length: 1)
    case UInt8(ascii: "!") where pair: return make(.notEqual, length: 2)
    case UInt8(ascii: "<"): return pair ? make(.lessEqual, length: 2) : make(.less, length: 1)
    case UInt8(ascii: ">"): return pair ? make(.greaterEqual, length: 2) : make(.greater, length: 1)
    case UInt8(ascii: "+"): return make(.plus, length: 1)
    case UInt8(ascii: "-"): return make(.minus, length: 1)
    case UInt8(ascii: "*"):
      if peek(1) == byte { return bad(length: 2, "** is written ^ here") }
      return make(.star, length: 1)
    case UInt8(ascii: "/"): return make(.slash, length: 1)
    case UInt8(ascii: "@"): return make(.at, length: 1)
    case UInt8(ascii: "^"): return make(.caret, length: 1)
    case UInt8(ascii: ".") where peek(1) == byte && peek(2) == byte:
      return make(.ellipsis, length: 3)
    default: return stray(byte)
    }
  }

  private mutating func stray(_ byte: UInt8) -> Token {
    if byte < 0x20 || byte == 0x7F {
      return bad(length: 1, "a control character (\(byte)) cannot stand in a graph")
    }
    if byte < 0x80 {
      return bad(length: 1, "\(Character(UnicodeScalar(byte))) has no meaning here")
    }
    var length = 1
    while peek(length) & 0xC0 == 0x80, length < 4 { length += 1 }
    let text = printable(bytes[offset..<offset + length])
    return bad(length: length, "\(text) can stand only in a comment: names are ASCII")
  }

  private mutating func open(_ byte: UInt8) -> Token {
    while unclosedPassed < unclosed.count, unclosed[unclosedPassed] < offset { unclosedPassed += 1 }
    if unclosedPassed == unclosed.count || unclosed[unclosedPassed] != offset {
      brackets.append(byte)
    }
    switch byte {
    case UInt8(ascii: "("): return make(.openParenthesis, length: 1)
    case UInt8(ascii: "["): return make(.openBracket, length: 1)
    default: return make(.openBrace, length: 1)
    }
  }

  private mutating func close(_ byte: UInt8) -> Token {
    if brackets.last == opener(of: byte) { brackets.removeLast() }
    switch byte {
    case UInt8(ascii: ")"): return make(.closeParenthesis, length: 1)
    case UInt8(ascii: "]"): return make(.closeBracket, length: 1)
    default: return make(.closeBrace, length: 1)
    }
  }
}

func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
func isNameStart(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 || byte == 0x5F }
func isNamePart(_ byte: UInt8) -> Bool { isNameStart(byte) || isDigit(byte) }

func opener(of closer: UInt8) -> UInt8 {
  switch closer {
  case UInt8(ascii: ")"): UInt8(ascii: "(")
  case UInt8(ascii: "]"): UInt8(ascii: "[")
  default: UInt8(ascii: "{")
  }
}
