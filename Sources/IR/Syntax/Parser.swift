// Reads a graph file by recursive descent into a `SyntaxTree`. An error ends its statement and the next line goes on, so that
// every mistake of a file is found in one reading.

/// The greatest size of a graph file in bytes.
let maximumFileSize = 64 << 20
/// How deep brackets and operators before their operand may nest.
let maximumSyntaxNesting = 256

/// A statement could not be read; the error has been noted.
struct ParseFailure: Error {}

struct Parser {
  var lexer: Lexer
  var token: Token
  var tree = SyntaxTree()
  var diagnostics = DiagnosticList()
  let source: SourceText
  var nesting = 0
  /// Names with respect to which the current body differentiates.
  var differentiated = SymbolSet()

  init(_ source: SourceText) {
    self.source = source
    lexer = Lexer(source.bytes)
    token = Token(kind: .end, start: 0, end: 0, place: Place(line: 1, column: 1))
    tree.files = [source]
    token = lexer.next()
  }

  // MARK: Tokens

  @discardableResult
  mutating func advance() -> Token {
    let taken = token
    token = lexer.next()
    return taken
  }

  mutating func accept(_ kind: TokenKind) -> Bool {
    if token.kind != kind { return false }
    advance()
    return true
  }

  mutating func skipLineEnds() {
    while token.kind == .lineEnd { advance() }
  }

  /// What the next token is, in words.
  var found: String {
    switch token.kind {
    case .lineEnd: return "the end of the line"
    case .end: return "the end of the file"
    case .name, .integer, .number, .bad: break
    default: break
    }
    let text = lexer.text(token)
    return text.utf8.count > 40 ? String(text.prefix(40)) + "…" : text
  }

  mutating func expect(_ kind: TokenKind, _ wanted: String) throws(ParseFailure) {
    if !accept(kind) { throw unexpected("expected \(wanted), found \(found)") }
  }

  mutating func expectName(_ what: String) throws(ParseFailure) -> BoundName {
    guard token.kind == .name else {
      if isKeyword(found) {
        throw unexpected("expected \(what), found \(found), which is a keyword")
      }
      throw unexpected("expected \(what), found \(found)")
    }
    let taken = advance()
    return BoundName(symbol: tree.symbol(lexer.text(taken)), place: taken.place)
  }

  // MARK: Errors

  mutating func report(_ place: Place?, _ message: String) {
    let excerpt = place.flatMap { source.excerpt(at: $0) }
    diagnostics.add(
      Diagnostic(file: source.file, place: place, message: message, excerpt: excerpt))
  }

  /// An error at the next token; what a bad token is weighs more than what was expected there.
  mutating func unexpected(_ message: String) -> ParseFailure {
    report(token.place, token.kind == .bad ? lexer.complaint : message)
    return ParseFailure()
  }

  mutating func failure(at place: Place, _ message: String) -> ParseFailure {
    report(place, message)
    return ParseFailure()
  }

  /// Takes an opening bracket; one that is never closed is the error, whatever comes after it.
  mutating func open() throws(ParseFailure) -> Token {
    let opener = advance()
    if lexer.isUnclosed(opener) {
      throw failure(at: opener.place, "this \(lexer.text(opener)) is never closed")
    }
    nesting += 1
    if nesting > maximumSyntaxNesting {
      throw failure(at: opener.place, "nesting is limited to \(maximumSyntaxNesting) levels")
    }
    return opener
  }

  mutating func close(_ opener: Token, _ kind: TokenKind, _ spelling: String) throws(ParseFailure) {
    if token.kind != kind {
      let place = "line \(opener.place.line), column \(opener.place.column)"
      throw unexpected(
        "expected , or \(spelling) for the \(lexer.text(opener)) of \(place), found \(found)")
    }
    advance()
    nesting -= 1
  }

  // MARK: The whole

  mutating func parseFile() {
    while token.kind != .end {
      skipLineEnds()
      if token.kind == .end { break }
      parseStatement()
      if diagnostics.isPlenty { break }
    }
    tree.differentiated = differentiated
  }

  /// Goes to the end of the statement in which an error was found: of the line, or of the braces that it opened.
  mutating func recover(depth: Int) {
    nesting = 0
    while token.kind != .end {
      if token.kind == .lineEnd, lexer.depth <= depth { return }
      if token.kind == .closeBrace, lexer.depth < depth { return }
      advance()
    }
  }
}

/// Reads a whole file. What the names mean is checked only if it is asked for; the errors are those of syntax.
func parse(_ bytes: [UInt8], file: String) -> (tree: SyntaxTree, diagnostics: DiagnosticList) {
  if let complaint = unreadable(bytes, file: file) {
    var diagnostics = DiagnosticList()
    diagnostics.add(complaint)
    return (SyntaxTree(), diagnostics)
  }
  var parser = Parser(SourceText(file: file, bytes: bytes))
  parser.parseFile()
  return (parser.tree, parser.diagnostics)
}

/// What makes a file no text that could be read at all.
private func unreadable(_ bytes: [UInt8], file: String) -> Diagnostic? {
  if bytes.count > maximumFileSize {
    return Diagnostic(
      file: file, place: nil,
      message: "the file has \(bytes.count) bytes; a graph file has at most \(maximumFileSize)")
  }
  if String(validating: bytes, as: UTF8.self) != nil { return nil }
  // Line by line: a broken sequence never crosses a line end.
  var line = 1
  for part in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
    if String(validating: part, as: UTF8.self) == nil {
      let valid = validPrefix(part)
      let place = Place(line: line, column: valid + 1)
      let excerpt = SourceText(file: file, bytes: bytes).excerpt(at: place)
      return Diagnostic(
        file: file, place: place,
        message: "the file is not UTF-8 text: byte "
          + "0x\(String(part[part.startIndex + valid], radix: 16)) has no meaning here",
        excerpt: excerpt)
    }
    line += 1
  }
  return nil
}

/// How many bytes at the beginning are whole UTF-8 characters.
private func validPrefix(_ bytes: ArraySlice<UInt8>) -> Int {
  var decoder = UTF8()
  var iterator = bytes.makeIterator()
  var count = 0
  while case .scalarValue(let scalar) = decoder.decode(&iterator) {
    count += UTF8.width(scalar)
  }
  return min(count, bytes.count - 1)
}
