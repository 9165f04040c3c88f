// Numbers as people write them in tables and on the command line: decimal, with `nan` and `inf`.

import NNIR

/// A number in text, checked but not yet rounded to a type.
enum LiteralNumber {
  case integer(Int64)
  /// Digits with a point or an exponent, or an integer beyond 64 bits.
  case decimal(Substring)
  /// NaN or an infinity.
  case special(Double)
  case bool(Bool)

  /// Nil where `text` is no number; `nan`, `inf` and their like are read in any case.
  init?(_ text: Substring) {
    var digits = text.utf8[...]
    if digits.first == UInt8(ascii: "-") || digits.first == UInt8(ascii: "+") {
      digits = digits.dropFirst()
    }
    guard let first = digits.first else { return nil }
    if first == UInt8(ascii: ".") || (0x30...0x39).contains(first) {
      guard let isInteger = Self.isInteger(digits) else { return nil }
      if isInteger, let value = Int64(text) {
        self = .integer(value)
      } else {
        self = .decimal(text)
      }
      return
    }
    let isNegative = text.utf8.first == UInt8(ascii: "-")
    switch Substring(digits).lowercased() {
    case "nan": self = .special(.nan)
    case "inf", "infinity": self = .special(isNegative ? -.infinity : .infinity)
    case "true" where digits.count == text.utf8.count: self = .bool(true)
    case "false" where digits.count == text.utf8.count: self = .bool(false)
    default: return nil
    }
  }

  /// Whether these are digits alone; nil where they are no decimal number either.
  private static func isInteger(_ text: Substring.UTF8View.SubSequence) -> Bool? {
    var rest = text
    func digits() -> Int {
      let count = rest.prefix { (0x30...0x39).contains($0) }.count
      rest = rest.dropFirst(count)
      return count
    }
    var count = digits()
    if rest.isEmpty { return true }
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      count += digits()
    }
    guard count > 0 else { return nil }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest = rest.dropFirst()
      if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") {
        rest = rest.dropFirst()
      }
      guard digits() > 0 else { return nil }
    }
    return rest.isEmpty ? false : nil
  }

  /// The number rounded once to `element`; nil where that would lose more than rounding does: a
  /// fraction for an integer, an integer out of range, a number other than 0 and 1 for `bool`.
  func scalar(as element: ElementType) -> Scalar? {
    switch (self, element) {
    case (.integer(let value), .f32): Scalar(Float(value))
    case (.integer(let value), .f64): Scalar(Double(value))
    case (.integer(let value), .i32): Int32(exactly: value).map { Scalar($0) }
    case (.integer(let value), .i64): Scalar(value)
    case (.integer(let value), .bool): value == 0 || value == 1 ? Scalar(value == 1) : nil
    case (.decimal(let text), .f32): Float(text).map { Scalar($0) }
    case (.decimal(let text), .f64): Double(text).map { Scalar($0) }
    case (.special(let value), .f32): Scalar(Float(value))
    case (.special(let value), .f64): Scalar(value)
    case (.bool(let value), .bool): Scalar(value)
    case (.decimal, .i32), (.decimal, .i64), (.decimal, .bool): nil
    case (.special, .i32), (.special, .i64), (.special, .bool): nil
    case (.bool, .f32), (.bool, .f64), (.bool, .i32), (.bool, .i64): nil
    }
  }
}
