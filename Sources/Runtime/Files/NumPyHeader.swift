// The header of a `.npy` file: a dictionary in Python's notation with the keys `descr`,
// `fortran_order` and `shape`. Only the literals that NumPy writes are understood, no Python.

/// What the header says; `descr` is nil where it is not a plain string (a record type).
struct NumPyHeader {
  var descr: String?
  var isFortran: Bool
  var shape: [Int]

  /// Nil where the text is not such a dictionary.
  init?(parsing text: ArraySlice<UInt8>) {
    var parser = Parser(rest: text)
    guard parser.skip("{") else { return nil }
    var descr: PythonLiteral?
    var isFortran: Bool?
    var shape: [Int]?
    while !parser.skip("}") {
      guard case .string(let key) = parser.literal(depth: 0), parser.skip(":"),
        let value = parser.literal(depth: 0)
      else { return nil }
      switch (key, value) {
      case ("descr", _) where descr == nil: descr = value
      case ("fortran_order", .bool(let flag)) where isFortran == nil: isFortran = flag
      case ("shape", .sequence(let items)) where shape == nil:
        shape = []
        for item in items {
          guard case .integer(let size) = item else { return nil }
          shape?.append(size)
        }
      default: return nil
      }
      if !parser.skip(",") {
        guard parser.skip("}") else { return nil }
        break
      }
    }
    guard parser.isAtEnd, let descr, let isFortran, let shape else { return nil }
    switch descr {
    case .string(let text): self.descr = text
    case .sequence: self.descr = nil
    case .integer, .bool: return nil
    }
    self.isFortran = isFortran
    self.shape = shape
  }
}

private enum PythonLiteral {
  case string(String)
  case integer(Int)
  case bool(Bool)
  /// A tuple or a list.
  case sequence([PythonLiteral])
}

private struct Parser {
  var rest: ArraySlice<UInt8>

  mutating func skipSpace() {
    rest = rest.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
  }

  var isAtEnd: Bool {
    mutating get {
      skipSpace()
      return rest.isEmpty
    }
  }

  /// Steps over `token`, after white space, where it stands next.
  mutating func skip(_ token: String) -> Bool {
    skipSpace()
    guard rest.starts(with: token.utf8) else { return false }
    rest = rest.dropFirst(token.utf8.count)
    return true
  }

  mutating func literal(depth: Int) -> PythonLiteral? {
    skipSpace()
    guard depth < 8, let first = rest.first else { return nil }
    switch first {
    case UInt8(ascii: "'"), UInt8(ascii: "\""): return string(quote: first)
    case UInt8(ascii: "("): return sequence(from: "(", to: ")", depth: depth)
    case UInt8(ascii: "["): return sequence(from: "[", to: "]", depth: depth)
    default: break
    }
    if skip("True") { return .bool(true) }
    if skip("False") { return .bool(false) }
    let digits = rest.prefix { $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) }
    rest = rest.dropFirst(digits.count)
    // Python 2 wrote long integers with an L.
    if rest.first == UInt8(ascii: "L") { rest = rest.dropFirst() }
    return String(validating: digits, as: UTF8.self).flatMap { Int($0) }.map { .integer($0) }
  }

  private mutating func string(quote: UInt8) -> PythonLiteral? {
    let content = rest.dropFirst().prefix { $0 != quote && $0 != UInt8(ascii: "\\") }
    rest = rest.dropFirst(content.count + 1)
    guard rest.first == quote else { return nil }
    rest = rest.dropFirst()
    return String(validating: content, as: UTF8.self).map { .string($0) }
  }

  private mutating func sequence(
    from opening: String, to closing: String, depth: Int
  ) -> PythonLiteral? {
    guard skip(opening) else { return nil }
    var items: [PythonLiteral] = []
    while !skip(closing) {
      guard let item = literal(depth: depth + 1) else { return nil }
      items.append(item)
      if !skip(",") { return skip(closing) ? .sequence(items) : nil }
    }
    return .sequence(items)
  }
}
