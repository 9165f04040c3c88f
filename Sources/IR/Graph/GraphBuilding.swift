// Building a graph in Swift: each call appends a statement, as a line of a graph file would be.

extension Graph {
  // MARK: Statements

  /// `dim NAME = SIZE`: a size that can be changed when the graph is compiled.
  public func dim(
    _ name: String, _ size: Int, file: String = #fileID, line: Int = #line, column: Int = #column
  ) -> Variable {
    let place = SwiftPlace(file: file, line: line, column: column)
    return declare(name, at: place) { .dim($0, expression(Variable(size), at: place)) }
  }

  /// `input NAME : TYPE`: a value given at every call. Sizes are numbers or values of `dim`.
  public func input(
    _ name: String, _ shape: [Variable] = [], _ element: ElementType = .f32, file: String = #fileID,
    line: Int = #line, column: Int = #column
  ) -> Variable {
    let place = SwiftPlace(file: file, line: line, column: column)
    return declare(name, at: place) { .input($0, type(element, shape, at: place)) }
  }

  /// `param NAME : TYPE = INIT`: a trainable value.
  public func param(
    _ name: String, _ shape: [Variable] = [], _ initial: Initial = .glorot,
    _ element: ElementType = .f32, file: String = #fileID, line: Int = #line,
    column: Int = #column
  ) -> Variable {
    let place = SwiftPlace(file: file, line: line, column: column)
    return declare(name, at: place) {
      .parameter($0, type(element, shape, at: place), expression(initial.variable, at: place))
    }
  }

  /// `const NAME = VALUE`: a value known when compiling, which adapts like a literal.
  public func const(
    _ name: String, _ value: Variable, file: String = #fileID, line: Int = #line,
    column: Int = #column
  ) -> Variable {
    let place = SwiftPlace(file: file, line: line, column: column)
    return declare(name, at: place) { .constant($0, nil, expression(value, at: place)) }
  }

  /// `const NAME : TYPE = VALUE`.
  public func const(
    _ name: String, _ shape: [Variable], _ element: ElementType, _ value: Variable,
    file: String = #fileID, line: Int = #line, column: Int = #column
  ) -> Variable {
    let place = SwiftPlace(file: file, line: line, column: column)
    return declare(name, at: place) {
      .constant($0, type(element, shape, at: place), expression(value, at: place))
    }
  }

  /// `output VALUE as NAME`: a result.
  public func output(
    _ name: String, _ value: Variable, file: String = #fileID, line: Int = #line,
    column: Int = #column
  ) {
    let place = SwiftPlace(file: file, line: line, column: column)
    guard let bound = checked(name, at: place) else { return }
    append(.output(expression(value, at: place), bound), at: place)
  }

  /// `loss VALUE`: what training minimises, exactly one element.
  public func loss(
    _ value: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
  ) {
    let place = SwiftPlace(file: file, line: line, column: column)
    append(.loss(expression(value, at: place)), at: place)
  }

  /// Adds functions written in the graph language, for `call`: a derivative of one's own is given in this way. Places in messages
  /// about their bodies count in this text.
  public func define(
    _ text: String, file: String = #fileID, line: Int = #line, column: Int = #column
  ) throws(Diagnostics) {
    var parser = Parser(SourceText(file: file, bytes: Array(text.utf8)))
    let files = tree.files
    parser.tree = tree
    let count = tree.statements.count
    parser.parseFile()
    for statement in parser.tree.statements[count...] {
      if case .define = statement.kind { continue }
      if case .failed = statement.kind { continue }
      parser.report(statement.place, "only a def can stand here")
    }
    if !parser.diagnostics.isEmpty { throw parser.diagnostics.sorted() }
    let differentiated = tree.differentiated
    tree = parser.tree
    tree.files = files
    tree.differentiated = differentiated
    let index = self.file(file)
    for statement in tree.statements.indices[count...] { tree.statements[statement].file = index }
  }

  /// Calls a function by name, one added by `define` or any of the language.
  public func call(
    _ name: String, _ arguments: [Variable], named: [(String, Variable)] = [],
    file: String = #fileID,
    line: Int = #line, column: Int = #column
  ) -> Variable {
    let place = SwiftPlace(file: file, line: line, column: column)
    let names = arguments.map { _ in String?.none } + named.map { $0.0 }
    let operands = arguments + named.map(\.1)
    return bind(Variable(content: .operation(.call(name, names), operands)), at: place)
  }

  // MARK: Bindings

  /// A value without a name of the user's own.
  func bind(_ variable: Variable, at place: SwiftPlace) -> Variable {
    bind(variable, count: 1, at: place)[0]
  }

  /// The values that an operation gives.
  func bind(_ variable: Variable, count: Int, at place: SwiftPlace) -> [Variable] {
    let range = expression(variable, at: place)
    let names = (0..<count).map { _ in BoundName(symbol: temporary(), place: position(place)) }
    for name in names {
      if count == 1 { tree.temporaries[name.symbol] = range }
      enter(name.symbol, isLocal: true, at: place)
    }
    append(.bind(Binding(names: names, value: range)), at: place)
    return names.map { Variable(content: .bound(self, $0.symbol)) }
  }

  func bind(_ name: String, _ variable: Variable, at place: SwiftPlace) -> Variable {
    declare(name, at: place) {
      .bind(Binding(names: [$0], value: expression(variable, at: place)))
    }
  }

  func temporary() -> Symbol {
    repeat { temporaryCount += 1 } while tree.existing("_\(temporaryCount)") != nil
    return tree.symbol("_\(temporaryCount)")
  }

  private func declare(
    _ name: String, at place: SwiftPlace, _ statement: (BoundName) -> Statement.Kind
  ) -> Variable {
    guard let bound = checked(name, at: place) else { return Variable(content: .none) }
    let kind = statement(bound)
    let isLocal = if case .bind = kind { true } else { false }
    enter(bound.symbol, isLocal: isLocal, at: place)
    append(kind, at: place)
    return Variable(content: .bound(self, bound.symbol))
  }

  /// In the body of a scan bindings are its own; what else can be declared is declared before the scan.
  func append(_ kind: Statement.Kind, at place: SwiftPlace) {
    switch kind {
    case .bind(let binding) where !bodies.isEmpty:
      bodies[bodies.count - 1].statements.append(.bind(binding))
      return
    case .output, .loss:
      if !bodies.isEmpty { report("the body of a scan can have no output and no loss", at: place) }
    case .dim, .input, .parameter, .constant, .bind, .define, .failed: break
    }
    tree.statements.append(Statement(kind: kind, place: position(place), file: file(place.file)))
  }

  /// Names obey the rules of the language, so that what Swift builds can be printed.
  private func checked(_ name: String, at place: SwiftPlace) -> BoundName? {
    let bytes = Array(name.utf8)
    if bytes.isEmpty || !isNameStart(bytes[0]) || !bytes.allSatisfy(isNamePart)
      || bytes.count > Lexer.maximumNameLength || isKeyword(name)
    {
      report("\(printable(bytes.prefix(40))) cannot be a name in a graph", at: place)
      return nil
    }
    return BoundName(symbol: tree.symbol(name), place: position(place))
  }

  func report(_ message: String, at place: SwiftPlace) {
    problems.add(Diagnostic(file: place.file, place: position(place), message: message))
  }

  // MARK: Places

  func position(_ place: SwiftPlace) -> Place {
    Place(line: place.line, column: place.column)
  }

  private func file(_ name: String) -> Int32 {
    let known = tree.files.lastIndex { $0.file == name }
    if known == nil { tree.files.append(SourceText(file: name)) }
    return Int32(truncatingIfNeeded: known ?? tree.files.count - 1)
  }

  /// Where the last of the operands that has a place was made.
  func place(of operands: [Variable]) -> SwiftPlace {
    for operand in operands.reversed() {
      if case .bound(_, let symbol) = operand.content, let place = places[symbol] { return place }
    }
    return SwiftPlace(file: "graph", line: 0, column: 0)
  }

  // MARK: Expressions

  private func type(_ element: ElementType, _ shape: [Variable], at place: SwiftPlace) -> TypeSyntax
  {
    TypeSyntax(
      element: element, sizes: shape.map { expression($0, at: place) }, place: position(place))
  }

  func expression(_ variable: Variable, at place: SwiftPlace) -> ExpressionRange {
    let first = tree.expressions.count
    emit(variable, at: place)
    return ExpressionRange(first: first, root: tree.expressions.count - 1)
  }

  /// Recursion is as deep as lists and numbers are nested in Swift: every value of a graph is a name here.
  private func emit(_ variable: Variable, at place: SwiftPlace) {
    switch variable.content {
    case .bound(let graph, let symbol):
      if graph !== self {
        report("a value of another graph cannot be used here", at: place)
      } else if !isVisible(symbol) {
        report("a value of the body of a scan cannot be used outside: yield it", at: place)
      }
      add(.name(graph === self ? symbol : tree.symbol("_")), place)
    case .integer(let value):
      add(.integer(value), place)
    case .number(let value): add(.number(value), place)
    case .boolean(let value): add(.boolean(value), place)
    case .none: add(.none, place)
    case .known(let name): add(.name(tree.symbol(name)), place)
    case .operation(let operation, let operands):
      for operand in operands { emit(operand, at: place) }
      add(kind(operation, operands), place)
    }
  }

  func add(_ kind: Expression.Kind, _ place: SwiftPlace) {
    tree.expressions.append(Expression(kind: kind, place: position(place)))
  }

  private func kind(_ operation: Variable.Operation, _ operands: [Variable]) -> Expression.Kind {
    let count = Int32(truncatingIfNeeded: operands.count)
    switch operation {
    case .unary(let op): return .unary(op)
    case .binary(let op): return .binary(op)
    case .list: return .list(count: count)
    case .call(let name, let names):
      let symbol = tree.symbol(name)
      let start = tree.argumentNames.count
      let hasNames = names.contains { $0 != nil }
      if hasNames { tree.argumentNames += names.map { $0.map { tree.symbol($0) } } }
      if let derivative = Derivation(name: name.utf8) {
        for (index, operand) in operands.enumerated() where derivative.names(index) {
          guard case .bound(let graph, let symbol) = operand.content, graph === self else {
            continue
          }
          if bodies.isEmpty {
            tree.differentiated.insert(symbol)
          } else {
            bodies[bodies.count - 1].differentiated.insert(symbol)
          }
        }
      }
      return .call(
        symbol, count: count, names: hasNames ? Int32(truncatingIfNeeded: start) : -1)
    case .index(let subscripts):
      let first = tree.subscripts.count
      tree.subscripts += subscripts
      return .index(
        first: Int32(truncatingIfNeeded: first),
        count: Int32(truncatingIfNeeded: subscripts.count), operands: count - 1)
    }
  }
}
