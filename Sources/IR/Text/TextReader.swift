// The lexical half of the parser of the text form: a cursor over bytes that never reads past the
// end.

/// What is wrong with a text, and where (from 1; columns count Unicode scalars).
public struct TextError: Error, Hashable, Sendable, CustomStringConvertible {
  public var line: Int
  public var column: Int
  public var message: String

  public init(line: Int, column: Int, message: String) {
    self.line = line
    self.column = column
    self.message = message
  }

  public var description: String { "\(line):\(column): \(message)" }
}

package struct TextReader {
  private let bytes: [UInt8]
  package private(set) var position = 0

  package init(_ text: String) { bytes = Array(text.utf8) }

  package func error(_ message: String, at position: Int? = nil) -> TextError {
    let before = bytes[..<min(position ?? self.position, bytes.count)]
    let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    let column = String(decoding: before[start...], as: UTF8.self).unicodeScalars.count + 1
    return TextError(line: line, column: column, message: message)
  }

  /// Steps over white space and comments.
  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
        position += 1
      case UInt8(ascii: ";"):
        while position < bytes.count && bytes[position] != UInt8(ascii: "\n") { position += 1 }
      case _: return
      }
    }
  }

  /// Where the next token begins.
  var nextPosition: Int {
    mutating get {
      skipSpace()
      return position
    }
  }

  package var isAtEnd: Bool {
    mutating get { nextPosition == bytes.count }
  }

  /// Steps over `token` where it stands next.
  package mutating func accept(_ token: StaticString) -> Bool {
    skipSpace()
    let end = position + token.utf8CodeUnitCount
    guard end <= bytes.count else { return false }
    for offset in 0..<token.utf8CodeUnitCount
    where bytes[position + offset] != token.utf8Start[offset] { return false }
    position = end
    return true
  }

  package mutating func expect(_ token: StaticString) throws(TextError) {
    if !accept(token) { throw error("expected '\(token)'") }
  }

  /// A run of letters, digits, `_`, `.`, `-`, `+` and `:`, as in `f32`, `-1.5e+10` and
  /// `nan:0x7fc00001`; empty where there is none.
  package mutating func word(including extra: String = "") -> String {
    let start = nextPosition
    while position < bytes.count,
      bytes[position].isNamePart || extra.utf8.contains(bytes[position])
    {
      position += 1
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  package mutating func integer() throws(TextError) -> Int {
    let start = nextPosition
    let isNegative = accept("-")
    var value = 0
    let digits = position
    while position < bytes.count, bytes[position].isDigit {
      let (tens, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let digit = Int(bytes[position] - UInt8(ascii: "0"))
      let (next, beyond) = tens.subtractingReportingOverflow(digit)
      if tooLarge || beyond { throw error("the integer is too large", at: start) }
      value = next
      position += 1
    }
    if position == digits { throw error("expected an integer", at: start) }
    if isNegative { return value }
    if value == Int.min { throw error("the integer is too large", at: start) }
    return -value
  }

  /// `%7`
  package mutating func value() throws(TextError) -> Value {
    try expect("%")
    let start = position
    let number = try integer()
    guard (0..<Int(Int32.max)).contains(number) else {
      throw error("no value has the number \(number)", at: start)
    }
    return Value(number)
  }

  package mutating func scalar(_ element: ElementType) throws(TextError) -> Scalar {
    let start = nextPosition
    let text = word(including: "+:")
    guard let scalar = Scalar(text: text, element: element) else {
      throw error("expected a number of type \(element.name)", at: start)
    }
    return scalar
  }

  /// A string in double quotes.
  package mutating func string() throws(TextError) -> String {
    try expect("\"")
    let start = position - 1
    var scalars: [UInt8] = []
    while position < bytes.count, bytes[position] != UInt8(ascii: "\n") {
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "\"") { return String(decoding: scalars, as: UTF8.self) }
      if byte != UInt8(ascii: "\\") {
        scalars.append(byte)
      } else {
        scalars += try escape().utf8
      }
    }
    throw error("the string is not closed", at: start)
  }

  /// What follows a backslash.
  private mutating func escape() throws(TextError) -> String {
    let start = position
    if position < bytes.count, [UInt8(ascii: "\""), UInt8(ascii: "\\")].contains(bytes[position]) {
      position += 1
      return bytes[position - 1] == UInt8(ascii: "\"") ? "\"" : "\\"
    }
    guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "u"),
      bytes[position + 1] == UInt8(ascii: "{")
    else { throw error("unknown escape", at: start) }
    position += 2
    let digits = word()
    guard position < bytes.count, bytes[position] == UInt8(ascii: "}"),
      let number = UInt32(digits, radix: 16), let scalar = UnicodeScalar(number)
    else { throw error("no such character", at: start) }
    position += 1
    return String(scalar)
  }

  /// `[item, item]`, perhaps empty.
  package mutating func list<Item>(
    _ item: (inout TextReader) throws(TextError) -> Item
  ) throws(TextError) -> [Item] {
    try expect("[")
    if accept("]") { return [] }
    var items: [Item] = []
    repeat { items.append(try item(&self)) } while accept(",")
    try expect("]")
    return items
  }

  package mutating func integers() throws(TextError) -> [Int] {
    try list { reader throws(TextError) in try reader.integer() }
  }

  /// `[3]`
  package mutating func single() throws(TextError) -> Int {
    try expect("[")
    let value = try integer()
    try expect("]")
    return value
  }

  /// `f32[2, 3]`
  package mutating func type() throws(TextError) -> TensorType {
    let start = nextPosition
    guard let element = ElementType(name: word()) else {
      throw error("expected an element type", at: start)
    }
    return TensorType(element, Shape(try integers()))
  }
}
