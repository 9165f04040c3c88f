// Expressions, by precedence climbing. Operands are appended to the tree before their operator, which makes the tree postfix code.

extension Parser {
  mutating func emit(_ kind: Expression.Kind, at place: Place) {
    tree.expressions.append(Expression(kind: kind, place: place))
  }

  mutating func parseExpression() throws(ParseFailure) -> ExpressionRange {
    let first = tree.expressions.count
    try parseBinary(level: 1)
    return ExpressionRange(first: first, root: tree.expressions.count - 1)
  }

  /// Operators of at least this level. Comparisons do not chain.
  private mutating func parseBinary(level: Int) throws(ParseFailure) {
    if token.kind == .not {
      if level > 3 { throw unexpected("not binds looser than this: write (not …)") }
      let place = advance().place
      try nested(at: place) { (parser) throws(ParseFailure) in try parser.parseBinary(level: 3) }
      emit(.unary(.not), at: place)
    } else {
      try parseUnary()
    }
    while let found = binaryOperator(token.kind), found.level >= level, found != .power {
      let place = advance().place
      try parseBinary(level: found.level + 1)
      emit(.binary(found), at: place)
      if found.isComparison, let next = binaryOperator(token.kind), next.isComparison {
        throw unexpected("comparisons do not chain: write a < b and b < c")
      }
    }
  }

  /// Counts a level of nesting that no bracket shows.
  private mutating func nested(
    at place: Place, _ parse: (inout Parser) throws(ParseFailure) -> Void
  ) throws(ParseFailure) {
    nesting += 1
    if nesting > maximumSyntaxNesting {
      throw failure(at: place, "nesting is limited to \(maximumSyntaxNesting) levels")
    }
    try parse(&self)
    nesting -= 1
  }

  /// `-x ^ 2` is `-(x ^ 2)`.
  private mutating func parseUnary() throws(ParseFailure) {
    guard token.kind == .minus else { return try parsePower() }
    let place = advance().place
    try nested(at: place) { (parser) throws(ParseFailure) in try parser.parseUnary() }
    emit(.unary(.minus), at: place)
  }

  /// Right associative; the exponent may have a sign.
  private mutating func parsePower() throws(ParseFailure) {
    try parsePostfix()
    guard token.kind == .caret else { return }
    let place = advance().place
    try nested(at: place) { (parser) throws(ParseFailure) in try parser.parseUnary() }
    emit(.binary(.power), at: place)
  }

  private mutating func parsePostfix() throws(ParseFailure) {
    try parsePrimary()
    while token.kind == .openBracket { try parseSubscripts() }
    if token.kind == .openParenthesis { throw unexpected("only a name can be called") }
  }

  private mutating func parsePrimary() throws(ParseFailure) {
    let place = token.place
    switch token.kind {
    case .integer:
      let text = lexer.text(advance())
      guard let value = Int(text) else {
        throw failure(
          at: place, "this integer does not fit 64 bits; with a decimal point it is a float")
      }
      emit(.integer(value), at: place)
    case .number:
      let text = lexer.text(advance())
      emit(.number(Double(text) ?? .infinity), at: place)
    case .true, .false:
      emit(.boolean(advance().kind == .true), at: place)
    case .none:
      advance()
      emit(.none, at: place)
    case .name:
      try parseNameOrCall()
    case .openParenthesis:
      let opener = try open()
      _ = try parseExpression()
      if token.kind == .comma { throw unexpected("a list is written in [ ]") }
      try close(opener, .closeParenthesis, ")")
    case .openBracket:
      try parseList()
    case .scan:
      throw unexpected("a scan is the whole right side of a binding: ys = scan(…) { … }")
    default:
      throw unexpected("expected a value, found \(found)")
    }
  }

  private mutating func parseList() throws(ParseFailure) {
    let opener = try open()
    var count = 0
    while token.kind != .closeBracket {
      _ = try parseExpression()
      count += 1
      if !accept(.comma) { break }
    }
    try close(opener, .closeBracket, "]")
    emit(.list(count: Int32(truncatingIfNeeded: count)), at: opener.place)
  }

  private mutating func parseNameOrCall() throws(ParseFailure) {
    let taken = advance()
    let symbol = tree.symbol(lexer.text(taken))
    guard token.kind == .openParenthesis else { return emit(.name(symbol), at: taken.place) }
    let opener = try open()
    let derivative = Derivation(name: lexer.bytes[taken.start..<taken.end])
    var names: [Symbol?] = []
    var hasNames = false
    while token.kind != .closeParenthesis {
      if token.kind == .name, lexer.nextIsAssign() {
        let name = advance()
        advance()
        names.append(tree.symbol(lexer.text(name)))
        hasNames = true
      } else {
        if hasNames {
          throw unexpected("an argument without a name cannot stand after one with a name")
        }
        names.append(nil)
      }
      let range = try parseExpression()
      if derivative?.names(names.count - 1) == true,
        case .name(let symbol) = tree.expressions[range.root].kind
      {
        differentiated.insert(symbol)
      }
      if !accept(.comma) { break }
    }
    try close(opener, .closeParenthesis, ")")
    let start = hasNames ? tree.argumentNames.count : -1
    if hasNames { tree.argumentNames += names }
    emit(
      .call(
        symbol, count: Int32(truncatingIfNeeded: names.count),
        names: Int32(truncatingIfNeeded: start)), at: taken.place)
  }

  private mutating func parseSubscripts() throws(ParseFailure) {
    let opener = try open()
    var subscripts: [Subscript] = []
    var operands = 0
    while token.kind != .closeBracket {
      if accept(.ellipsis) {
        subscripts.append(.ellipsis)
      } else {
        subscripts.append(try parseSubscript(&operands))
      }
      if !accept(.comma) { break }
    }
    if subscripts.isEmpty { throw unexpected("expected an index, found ]") }
    try close(opener, .closeBracket, "]")
    let first = tree.subscripts.count
    tree.subscripts += subscripts
    emit(
      .index(
        first: Int32(truncatingIfNeeded: first),
        count: Int32(truncatingIfNeeded: subscripts.count),
        operands: Int32(truncatingIfNeeded: operands)), at: opener.place)
  }

  private mutating func parseSubscript(_ operands: inout Int) throws(ParseFailure) -> Subscript {
    var parts = [false, false, false]
    var colons = 0
    while true {
      if token.kind == .colon, colons < 2 {
        advance()
        colons += 1
      } else if token.kind != .comma, token.kind != .closeBracket, !parts[colons] {
        _ = try parseExpression()
        operands += 1
        parts[colons] = true
      } else {
        break
      }
    }
    return colons == 0 ? .at : .range(start: parts[0], stop: parts[1], step: parts[2])
  }

  private func binaryOperator(_ kind: TokenKind) -> BinaryOperator? {
    switch kind {
    case .or: .or
    case .and: .and
    case .less: .less
    case .lessEqual: .lessEqual
    case .greater: .greater
    case .greaterEqual: .greaterEqual
    case .equal: .equal
    case .notEqual: .notEqual
    case .plus: .add
    case .minus: .subtract
    case .star: .multiply
    case .slash: .divide
    case .at: .matmul
    case .caret: .power
    default: nil
    }
  }
}
