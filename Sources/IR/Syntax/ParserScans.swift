// Scans: `ys, last = scan(x_t in x, axis=1, h = zeros([n])) { … yield … }`, the whole right side of a binding. What is bound twice in
// a scan shows here already, whatever the names stand for.

extension Parser {
  /// What stands behind the `=` of a binding.
  mutating func parseRightSide() throws(ParseFailure) -> ExpressionRange {
    token.kind == .scan ? try parseScan() : try parseExpression()
  }

  private mutating func parseScan() throws(ParseFailure) -> ExpressionRange {
    let first = tree.expressions.count
    let place = advance().place
    if token.kind != .openParenthesis {
      throw unexpected("expected ( and the sequences of the scan, found \(found)")
    }
    let opener = try open()
    var items: [ScanSyntax.Item] = []
    while token.kind != .closeParenthesis {
      items.append(try parseItem(after: items))
      if !accept(.comma) { break }
    }
    try close(opener, .closeParenthesis, ")")
    if !items.contains(where: { if case .sequence = $0 { true } else { false } }) {
      throw failure(at: place, "a scan walks a sequence at least: scan(x_t in x) { … }")
    }
    let number = tree.scans.count
    let (index, count) = (Int32(truncatingIfNeeded: number), Int32(truncatingIfNeeded: items.count))
    emit(.scan(index, count: count), at: place)
    let range = ExpressionRange(first: first, root: tree.expressions.count - 1)
    tree.scans.append(ScanSyntax(items: items, lastExpression: range.root))
    let outer = differentiated
    differentiated = SymbolSet()
    defer {
      tree.scans[number].differentiated = differentiated
      tree.scans[number].lastExpression = tree.expressions.count - 1
      differentiated = outer
    }
    tree.scans[number].body = try parseScanBody(items)
    return range
  }

  /// `NAME in VALUE`, `axis=NUMBER`, `reverse=true` or `NAME = VALUE`.
  private mutating func parseItem(
    after items: [ScanSyntax.Item]
  ) throws(ParseFailure) -> ScanSyntax.Item {
    let start = token
    let name = try expectName("x_t in x, or a state, h = zeros([n])")
    if accept(.in) {
      _ = try parseExpression()
      return .sequence(name)
    }
    let text = lexer.text(start)
    try expect(.assign, "in or = after \(text)")
    let item: ScanSyntax.Item =
      switch text {
      case "axis": .axis
      case "reverse": .reverse
      default: .state(name)
      }
    if !item.isState, items.contains(where: { $0.isSame(as: item) }) {
      throw failure(at: start.place, "\(text) is given twice")
    }
    _ = try parseExpression()
    return item
  }

  private mutating func parseScanBody(
    _ items: [ScanSyntax.Item]
  ) throws(ParseFailure) -> [ScanSyntax.Statement] {
    let end = (lexer, token)
    skipLineEnds()
    if token.kind != .openBrace {
      (lexer, token) = end
      throw unexpected("expected { and the body of the scan, found \(found)")
    }
    let isOpenEnded = lexer.isUnclosed(token)
    if isOpenEnded {
      report(advance().place, "this { is never closed")
    } else {
      _ = try open()
    }
    let (depth, level) = (lexer.depth, nesting)
    var names = bindHeader(items)
    var body: [ScanSyntax.Statement] = []
    while true {
      let before = (lexer, token)
      skipLineEnds()
      // Where the brace was forgotten, the body ends with what it yields, or where something begins that no body holds.
      if isOpenEnded, body.last?.isYield == true || endsOpenScan(token.kind) {
        (lexer, token) = before
        return body
      }
      if token.kind == .closeBrace || token.kind == .end { break }
      var bound: [BoundName] = []
      do throws(ParseFailure) {
        body.append(try parseScanStatement(&bound))
        names.bind(bound, &self)
      } catch {
        body.append(.failed(bound))
        recover(depth: depth)
        nesting = level
        if diagnostics.isPlenty { throw error }
      }
    }
    if isOpenEnded { return body }
    advance()
    nesting -= 1
    return body
  }

  private func endsOpenScan(_ kind: TokenKind) -> Bool {
    switch kind {
    case .dim, .input, .param, .const, .def, .return, .output, .loss: true
    default: false
    }
  }

  private mutating func parseScanStatement(
    _ names: inout [BoundName]
  ) throws(ParseFailure) -> ScanSyntax.Statement {
    let statement: ScanSyntax.Statement
    switch token.kind {
    case .yield:
      advance()
      var values: [ExpressionRange] = []
      repeat { values.append(try parseExpression()) } while accept(.comma)
      statement = .yield(values)
    case .name:
      statement = .bind(try parseBodyBinding(before: "yield", &names))
    default:
      if isKeyword(found) {
        throw unexpected("\(found) cannot stand in a scan: its body binds names and yields")
      }
      throw unexpected("expected a statement, found \(found)")
    }
    try endBodyStatement()
    return statement
  }

  // MARK: What is bound twice

  private mutating func bindHeader(_ items: [ScanSyntax.Item]) -> ScanNames {
    var names = ScanNames()
    for item in items {
      switch item {
      case .sequence(let name): names.bind([name], &self)
      case .state(let name): names.bind([name], &self)
      case .axis, .reverse: break
      }
    }
    for item in items {
      if case .state(let name) = item { names.states.insert(name.symbol) }
    }
    return names
  }
}

/// The names that a scan and its body bind.
private struct ScanNames {
  private var bound = SymbolSet()
  private var next = SymbolSet()
  var states = SymbolSet()

  mutating func bind(_ names: [BoundName], _ parser: inout Parser) {
    for name in names {
      let text = parser.tree.name(name.symbol)
      if states.contains(name.symbol) {
        if next.insert(name.symbol) { continue }
        parser.report(name.place, "the state \(text) already has its next value")
      } else if !bound.insert(name.symbol) {
        parser.report(name.place, "\(text) is already bound in this scan")
      }
    }
  }
}

extension ScanSyntax.Item {
  fileprivate var isState: Bool { if case .state = self { true } else { false } }

  /// Whether both are the axis, or both the direction.
  fileprivate func isSame(as other: ScanSyntax.Item) -> Bool {
    switch (self, other) {
    case (.axis, .axis), (.reverse, .reverse): true
    default: false
    }
  }
}

extension ScanSyntax.Statement {
  fileprivate var isYield: Bool { if case .yield = self { true } else { false } }
}
