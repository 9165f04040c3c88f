// Definitions of functions: `def NAME(A, B, axis=1) { … return … }`, perhaps with a derivative after it.

extension Parser {
  mutating func parseDefinition() throws(ParseFailure) -> Statement.Kind {
    advance()
    let name = try expectName("the name of a function")
    // Calls of a function that could not be read are no further errors.
    let index = tree.definitions.count
    tree.definitions.append(Definition(name: name, parameters: [], body: Body(), isBroken: true))
    let parameters = try parseParameters()
    var broken = false
    let body = try parseBody(of: name, &broken)
    var derivative: Definition.Derivative?
    if try acceptDerivative() {
      let opener = try openParameters()
      let adjoint = try expectName("the name of the result's adjoint")
      try expect(.comma, ", and a name for the result")
      let value = try expectName("the name of the result")
      try close(opener, .closeParenthesis, ")")
      derivative = .init(
        adjoint: adjoint, value: value, body: try parseBody(of: name, &broken))
    }
    tree.definitions[index] = Definition(
      name: name, parameters: parameters, body: body, derivative: derivative, isBroken: broken)
    return .define(index)
  }

  /// `derivative` may stand on the line after the brace.
  private mutating func acceptDerivative() throws(ParseFailure) -> Bool {
    if token.kind == .derivative { return accept(.derivative) }
    guard token.kind == .lineEnd else { return false }
    let before = (lexer, token)
    skipLineEnds()
    if token.kind == .derivative { return accept(.derivative) }
    (lexer, token) = before
    return false
  }

  private mutating func openParameters() throws(ParseFailure) -> Token {
    if token.kind != .openParenthesis { throw unexpected("expected (, found \(found)") }
    return try open()
  }

  private mutating func parseParameters() throws(ParseFailure) -> [Definition.Parameter] {
    let opener = try openParameters()
    var parameters: [Definition.Parameter] = []
    while token.kind != .closeParenthesis {
      let name = try expectName("the name of a parameter")
      let fallback = accept(.assign) ? try parseExpression() : nil
      parameters.append(.init(name: name, fallback: fallback))
      if !accept(.comma) { break }
    }
    try close(opener, .closeParenthesis, ")")
    return parameters
  }

  private mutating func parseBody(
    of name: BoundName, _ broken: inout Bool
  ) throws(ParseFailure) -> Body {
    skipLineEnds()
    if token.kind != .openBrace {
      throw unexpected("expected { and the body of \(tree.name(name.symbol)), found \(found)")
    }
    let outer = differentiated
    differentiated = SymbolSet()
    defer { differentiated = outer }
    let isOpenEnded = lexer.isUnclosed(token)
    if isOpenEnded {
      broken = true
      report(advance().place, "this { is never closed")
    } else {
      _ = try open()
    }
    var body = Body()
    var hasReturn = false
    let errorCount = diagnostics.all.count
    let depth = lexer.depth
    while true {
      let before = (lexer, token)
      skipLineEnds()
      // Where the brace was forgotten, the body ends at the latest where a statement of the file begins.
      if isOpenEnded, hasReturn || endsOpenBody(token.kind) {
        (lexer, token) = before
        return body
      }
      if token.kind == .closeBrace || token.kind == .end { break }
      do throws(ParseFailure) {
        try parseBodyStatement(&body, &hasReturn)
      } catch {
        broken = true
        recover(depth: depth)
        nesting = 1
        if diagnostics.isPlenty { throw error }
      }
    }
    // An error in the body of a scan has ended no statement of this one.
    if diagnostics.all.count > errorCount { broken = true }
    if !hasReturn, !broken {
      broken = true
      report(token.place, "\(tree.name(name.symbol)) returns nothing: a body ends in return …")
    }
    advance()
    nesting -= 1
    body.differentiated = differentiated
    return body
  }

  private func endsOpenBody(_ kind: TokenKind) -> Bool {
    switch kind {
    case .dim, .input, .param, .const, .def, .output, .loss: true
    default: false
    }
  }

  private mutating func parseBodyStatement(
    _ body: inout Body, _ hasReturn: inout Bool
  ) throws(ParseFailure) {
    if hasReturn { throw unexpected("nothing can stand after return") }
    switch token.kind {
    case .return:
      hasReturn = true
      body.returnPlace = advance().place
      repeat { body.results.append(try parseExpression()) } while accept(.comma)
    case .name:
      var names: [BoundName] = []
      body.bindings.append(try parseBodyBinding(before: "return", &names))
    default:
      if isKeyword(found), token.kind != .derivative {
        throw unexpected("\(found) cannot stand in a def: its body binds names and returns")
      }
      throw unexpected("expected a statement, found \(found)")
    }
    try endBodyStatement()
  }

  /// A binding in a body that ends in, or is for, `keyword`; `names` takes what it binds.
  mutating func parseBodyBinding(
    before keyword: String, _ names: inout [BoundName]
  ) throws(ParseFailure) -> Binding {
    let text = lexer.text(token)
    let place = token.place
    repeat { names.append(try expectName("a name")) } while accept(.comma)
    if token.kind != .assign {
      let isAlone = names.count == 1
      names = []
      if isAlone, nearest(to: text, among: [keyword]) != nil {
        throw failure(at: place, "no statement begins with \(text); did you mean \(keyword)?")
      }
      throw unexpected("expected = after \(text), found \(found)")
    }
    advance()
    return Binding(names: names, value: try parseRightSide())
  }

  mutating func endBodyStatement() throws(ParseFailure) {
    if token.kind == .lineEnd || token.kind == .closeBrace { return }
    throw unexpected("expected the end of the line, found \(found)")
  }
}
