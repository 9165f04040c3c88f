// A strict reader of JSON (RFC 8259) that hands out one token after another instead of building a
// tree, so that hostile text costs no more memory than what the caller keeps of it.

/// What is wrong with a JSON text, and at which byte, counted from 1.
struct JSONProblem: Error {
  var problem: String
  var position: Int
}

/// Reads JSON from its first byte to its last. Containers are walked with `next`:
/// `try reader.enter("{"); while let key = try reader.nextKey() { … }`.
struct JSONReader {
  private var rest: ArraySlice<UInt8>
  private let start: Int
  /// The containers around, outermost first.
  private var open: [(isObject: Bool, hasItem: Bool)] = []

  /// Containers within containers that are read before the text is refused.
  static let depthLimit = 128

  init(_ text: ArraySlice<UInt8>) {
    rest = text
    start = text.startIndex
  }

  func problem(_ problem: String) -> JSONProblem {
    JSONProblem(problem: problem, position: rest.startIndex - start + 1)
  }

  /// The byte that the next token begins with, nil at the end.
  mutating func peek() -> UInt8? {
    rest = rest.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
    return rest.first
  }

  /// Steps into a list, `[`, or an object, `{`.
  mutating func enter(_ bracket: Unicode.Scalar) throws(JSONProblem) {
    guard peek() == UInt8(ascii: bracket) else { throw problem("'\(bracket)' is expected") }
    guard open.count < Self.depthLimit else { throw problem("it is nested too deeply") }
    rest = rest.dropFirst()
    open.append((isObject: bracket == "{", hasItem: false))
  }

  /// True where a further item of the innermost container stands; at its closing bracket the
  /// container is left.
  mutating func next() throws(JSONProblem) -> Bool {
    guard let container = open.last else { throw problem("no container is open") }
    let closing: Unicode.Scalar = container.isObject ? "}" : "]"
    if peek() == UInt8(ascii: closing) {
      rest = rest.dropFirst()
      open.removeLast()
      return false
    }
    if container.hasItem {
      guard peek() == UInt8(ascii: ",") else { throw problem("',' or '\(closing)' is expected") }
      rest = rest.dropFirst()
      // What follows must be an item: a list does not end in a comma.
      guard peek() != UInt8(ascii: closing) else { throw problem("a value is expected") }
    }
    open[open.count - 1].hasItem = true
    return true
  }

  /// The key of an object's next item, nil at its end.
  mutating func nextKey() throws(JSONProblem) -> String? {
    guard try next() else { return nil }
    let key = try string()
    guard peek() == UInt8(ascii: ":") else { throw problem("':' is expected") }
    rest = rest.dropFirst()
    return key
  }

  /// An integer from 0 up, without fraction and exponent.
  mutating func unsignedInteger() throws(JSONProblem) -> Int {
    guard let literal = bareword(), let first = literal.utf8.first,
      literal.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      literal == "0" || first != 0x30, let number = Int(literal)
    else { throw problem("a non-negative integer is expected") }
    return number
  }

  /// The letters, digits and signs up to the next delimiter, nil where there are none: a number or
  /// a name, which the caller must check.
  mutating func bareword() -> String? {
    _ = peek()
    let word = rest.prefix {
      switch $0 {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
      case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."): true
      default: false
      }
    }
    rest = rest.dropFirst(word.count)
    return word.isEmpty ? nil : String(decoding: word, as: UTF8.self)
  }

  /// Steps over one value of any kind.
  mutating func skipValue() throws(JSONProblem) {
    let depth = open.count
    repeat {
      if open.count > depth {
        let hasItem = open.last?.isObject == true ? try nextKey() != nil : try next()
        guard hasItem else { continue }
      }
      switch peek() {
      case UInt8(ascii: "{"): try enter("{")
      case UInt8(ascii: "["): try enter("[")
      case UInt8(ascii: "\""): _ = try string()
      default:
        let word = bareword()
        guard word == "null" || word.flatMap({ LiteralNumber(Substring($0)) }) != nil else {
          throw problem("a value is expected")
        }
      }
    } while open.count > depth
  }

  /// Checks that nothing but white space is left.
  mutating func end() throws(JSONProblem) {
    guard peek() == nil else { throw problem("the end is expected") }
  }

  /// A string, its escapes resolved.
  mutating func string() throws(JSONProblem) -> String {
    guard peek() == UInt8(ascii: "\"") else { throw problem("a string is expected") }
    rest = rest.dropFirst()
    var bytes: [UInt8] = []
    while true {
      guard let byte = rest.popFirst() else { throw problem("a string does not end") }
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: bytes, as: UTF8.self) else {
          throw problem("a string is not UTF-8")
        }
        return text
      case UInt8(ascii: "\\"): bytes += Array(String(try escape()).utf8)
      case 0..<0x20: throw problem("a string holds a control character")
      default: bytes.append(byte)
      }
    }
  }

  private mutating func escape() throws(JSONProblem) -> Unicode.Scalar {
    switch rest.popFirst() {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try unicodeEscape()
    default: throw problem("an escape is not known")
    }
  }

  /// What `\u` stands for; code points beyond 16 bits are written as two, a surrogate pair.
  private mutating func unicodeEscape() throws(JSONProblem) -> Unicode.Scalar {
    let high = try hexadecimal()
    if let scalar = Unicode.Scalar(high) { return scalar }
    guard high < 0xDC00, rest.popFirst() == UInt8(ascii: "\\"),
      rest.popFirst() == UInt8(ascii: "u")
    else { throw problem("half a surrogate pair stands alone") }
    let low = try hexadecimal()
    guard (0xDC00...0xDFFF).contains(low),
      let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    else { throw problem("half a surrogate pair stands alone") }
    return scalar
  }

  private mutating func hexadecimal() throws(JSONProblem) -> UInt32 {
    let digits = rest.prefix(4)
    rest = rest.dropFirst(digits.count)
    guard digits.count == 4, digits.first != UInt8(ascii: "+"),
      let number = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw problem("four hexadecimal digits are expected") }
    return number
  }
}
