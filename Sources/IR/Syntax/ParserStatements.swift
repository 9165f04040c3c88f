// Statements: one a line, or a `def` with its braces.

extension Parser {
  mutating func parseStatement() {
    let depth = lexer.depth
    let place = token.place
    var names: [BoundName] = []
    do throws(ParseFailure) {
      let kind = try parseKind(&names)
      try endStatement()
      tree.statements.append(Statement(kind: kind, place: place))
    } catch {
      tree.statements.append(Statement(kind: .failed(names), place: place))
      recover(depth: depth)
      // A brace that nothing opened would stop here for ever.
      if token.kind == .closeBrace { advance() }
    }
  }

  private mutating func endStatement() throws(ParseFailure) {
    if token.kind == .lineEnd || token.kind == .end { return }
    throw unexpected("expected the end of the line, found \(found)")
  }

  /// `names` takes what the statement binds as soon as that is known.
  private mutating func parseKind(_ names: inout [BoundName]) throws(ParseFailure)
    -> Statement.Kind
  {
    switch token.kind {
    case .dim:
      let name = try parseBoundName("the name of a size", &names)
      try expect(.assign, "= and a size")
      return .dim(name, try parseExpression())
    case .input:
      let name = try parseBoundName("the name of an input", &names)
      try expect(.colon, ": and a type")
      return .input(name, try parseType())
    case .param:
      let name = try parseBoundName("the name of a parameter", &names)
      try expect(.colon, ": and a type")
      let type = try parseType()
      return .parameter(name, type, accept(.assign) ? try parseExpression() : nil)
    case .const:
      let name = try parseBoundName("the name of a constant", &names)
      let type = accept(.colon) ? try parseType() : nil
      try expect(.assign, "= and a value")
      return .constant(name, type, try parseExpression())
    case .def: return try parseDefinition()
    case .output: return try parseOutput()
    case .loss:
      advance()
      return .loss(try parseExpression())
    case .name: return .bind(try parseBinding(&names))
    case .return: throw unexpected("return stands only in a def")
    case .yield: throw unexpected("yield stands only in a scan")
    case .closeBrace: throw unexpected("this } closes nothing")
    default:
      throw unexpected("expected a statement, found \(found)")
    }
  }

  private mutating func parseBoundName(
    _ what: String, _ names: inout [BoundName]
  ) throws(ParseFailure) -> BoundName {
    advance()
    let name = try expectName(what)
    names = [name]
    return name
  }

  private mutating func parseOutput() throws(ParseFailure) -> Statement.Kind {
    let place = advance().place
    let value = try parseExpression()
    if accept(.as) { return .output(value, try expectName("a name for the output")) }
    if value.first == value.root, case .name(let symbol) = tree.expressions[value.root].kind {
      return .output(value, BoundName(symbol: symbol, place: tree.expressions[value.root].place))
    }
    throw failure(at: place, "an output that is no name needs one: output … as NAME")
  }

  private mutating func parseBinding(_ names: inout [BoundName]) throws(ParseFailure) -> Binding {
    let start = token
    repeat { names.append(try expectName("a name")) } while accept(.comma)
    if token.kind == .assign {
      advance()
      return Binding(names: names, value: try parseRightSide())
    }
    let bound = names
    names = []
    let text = lexer.text(start)
    if bound.count == 1, token.kind == .name || token.kind == .openBrace,
      let keyword = nearest(
        to: text, among: ["dim", "input", "param", "const", "def", "output", "loss", "return"])
    {
      if token.kind == .name { names = [try expectName("a name")] }
      throw failure(at: start.place, "no statement begins with \(text); did you mean \(keyword)?")
    }
    if bound.count == 1, token.kind == .openParenthesis {
      throw failure(at: start.place, "this value has no name: write NAME = \(text)(…)")
    }
    throw unexpected("expected = after \(text), found \(found)")
  }

  func isElementType(_ name: String) -> Bool { ElementType(name: name) != nil }

  /// `f32[2, n]`, `f32`, `[2, n]`.
  private mutating func parseType() throws(ParseFailure) -> TypeSyntax {
    let place = token.place
    var element = ElementType.f32
    if token.kind == .name {
      let name = lexer.text(advance())
      guard let found = ElementType(name: name) else {
        let names = ElementType.allCases.map(\.name)
        let hint = nearest(to: name, among: names).map { "; did you mean \($0)?" }
        throw failure(
          at: place,
          "\(name) is no type\(hint ?? ": the types are " + names.joined(separator: ", "))")
      }
      element = found
    } else if token.kind != .openBracket {
      throw unexpected("expected a type such as f32[2, 3], found \(found)")
    }
    var sizes: [ExpressionRange] = []
    if token.kind == .openBracket {
      let opener = try open()
      while token.kind != .closeBracket {
        sizes.append(try parseExpression())
        if !accept(.comma) { break }
      }
      try close(opener, .closeBracket, "]")
    }
    return TypeSyntax(element: element, sizes: sizes, place: place)
  }
}
