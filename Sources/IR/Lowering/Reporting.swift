// Errors in the words of the graph's author: at the place in the author's file, never inside the prelude, and with the operands
// called what the author calls them.

extension Lowerer {
  /// An error of the operation at work; the message begins with its name.
  func fail(_ message: String) -> LoweringFailure {
    report(subject.isEmpty ? message : "\(subject): \(message)")
    return LoweringFailure()
  }

  /// An error at the expression at work, with the chain of calls.
  func report(_ message: String) {
    let (depth, frame) = userFrame
    let place = frame.code.tree.expressions[frame.current].place
    // One call of a function of the prelude is one mistake, however many of its operations meet it.
    if depth < callers.count, let last = diagnostics.all.last, last.place == place,
      last.notes == chain(from: depth)
    {
      return
    }
    report(place, message, depth: depth)
  }

  /// An error at a place in the scope at work.
  func report(_ place: Place?, _ message: String) {
    report(place, message, depth: callers.count)
  }

  private func report(_ place: Place?, _ message: String, depth: Int) {
    let source = source(of: depth)
    diagnostics.add(
      Diagnostic(
        file: source.file, place: place, message: message,
        excerpt: place.flatMap { source.excerpt(at: $0) }, notes: chain(from: depth)))
    // A mistake in a function is found again in each call of it, and says nothing new.
    reportCount += 1
    if diagnostics.isPlenty || reportCount > 2000 { isStopped = true }
  }

  private func source(of depth: Int) -> SourceText {
    let files = code.tree.files
    let file = Int(callers.first?.file ?? frame.file)
    return file < files.count ? files[file] : SourceText(file: "graph")
  }

  private func frameAt(_ depth: Int) -> Frame {
    depth == callers.count ? frame : callers[depth]
  }

  /// The innermost scope of the author's own.
  private var userFrame: (depth: Int, frame: Frame) {
    var depth = callers.count
    while depth > 0, frameAt(depth).code.isPrelude { depth -= 1 }
    return (depth, frameAt(depth))
  }

  private func chain(from depth: Int) -> [Diagnostic.Note] {
    var notes: [Diagnostic.Note] = []
    let shown = 8
    for level in stride(from: depth, to: 0, by: -1) {
      let callee = frameAt(level)
      let caller = frameAt(level - 1)
      guard callee.definition >= 0, !caller.code.isPrelude else { continue }
      let place = caller.code.tree.expressions[caller.current].place
      if notes.count == shown, level > 1 { continue }
      let name = callee.code.tree.name(callee.code.tree.definitions[callee.definition].name.symbol)
      let left = notes.count == shown ? depth - shown - 1 : 0
      let source = source(of: 0)
      notes.append(
        Diagnostic.Note(
          file: source.file, place: place,
          message: "in \(name), called here" + (left > 0 ? " (and \(left) calls between)" : ""),
          excerpt: source.excerpt(at: place)))
    }
    return notes
  }

  /// The name of the operation at work as the author wrote it.
  var subject: String {
    let (_, frame) = userFrame
    let expression = frame.code.tree.expressions[frame.current]
    switch expression.kind {
    case .call(let symbol, _, _): return frame.code.tree.name(symbol)
    case .binary(let op): return op.spelling
    case .unary(let op): return op.spelling
    case .scan: return "scan"
    case .integer, .number, .boolean, .none, .name, .index, .list: return ""
    }
  }

  // MARK: What operands are called

  /// The operand that gave a parameter of the operation at work, in the author's words.
  func words(_ parameter: Int) -> String {
    let operand = frame.order.map { $0[parameter] } ?? parameter
    if operand < 0 { return "the default" }
    return describe(operand: operand, depth: callers.count)
  }

  private func describe(operand: Int, depth: Int) -> String {
    let frame = frameAt(depth)
    let operands = frame.code.tree.operands(of: frame.current)
    if operand >= operands.count { return "the value" }
    return describe(operands[operand], depth: depth)
  }

  private func describe(_ range: ExpressionRange, depth: Int) -> String {
    let frame = frameAt(depth)
    let tree = frame.code.tree
    if !frame.code.isPrelude { return excerpt(of: range, in: tree) }
    // Functions that begin with _ are the prelude's own: no user knows them.
    if case .call(let symbol, _, _) = tree.expressions[range.root].kind,
      tree.name(symbol).hasPrefix("_")
    {
      return "the value"
    }
    let text = NNIR.text(of: range, in: tree) { self.describe(parameter: $0, depth: depth) ?? "…" }
    return text.contains("…") || text.utf8.count > 40 ? "the value" : text
  }

  /// What a parameter of a function of the prelude was given; nil for other names and defaults.
  private func describe(parameter symbol: Symbol, depth: Int) -> String? {
    let frame = frameAt(depth)
    let parameters = frame.code.tree.definitions[frame.definition].parameters
    guard let index = parameters.firstIndex(where: { $0.name.symbol == symbol }),
      index < frame.arguments.count, frame.arguments[index] >= 0
    else { return nil }
    return describe(operand: frame.arguments[index], depth: depth - 1)
  }

  /// As `words`, where only the element type matters: that of a value inside the prelude is that of the argument behind it.
  func typeWords(_ parameter: Int) -> String {
    var operand = frame.order.map { $0[parameter] } ?? parameter
    var depth = callers.count
    while operand >= 0, frameAt(depth).code.isPrelude {
      let frame = frameAt(depth)
      let tree = frame.code.tree
      let operands = tree.operands(of: frame.current)
      let parameters = tree.definitions[frame.definition].parameters
      guard operand < operands.count else { break }
      let range = operands[operand]
      let names = (range.first...range.root).compactMap { id -> Int? in
        guard case .name(let symbol) = tree.expressions[id].kind else { return nil }
        return parameters.firstIndex { $0.name.symbol == symbol }
      }
      let parameter = names.first ?? 0
      if parameter >= frame.arguments.count { break }
      operand = frame.arguments[parameter]
      depth -= 1
    }
    return operand < 0 ? "the default" : describe(operand: operand, depth: depth)
  }

  /// What a name is called; what Swift made up is shown as its expression.
  func words(for symbol: Symbol) -> String {
    let tree = frame.code.tree
    return tree.temporaries[symbol].map { excerpt(of: $0, in: tree) } ?? tree.name(symbol)
  }

  /// A short text for an expression.
  func excerpt(of range: ExpressionRange, in tree: SyntaxTree) -> String {
    var range = range
    var steps = 0
    while range.first == range.root, steps < 8,
      case .name(let symbol) = tree.expressions[range.root].kind,
      let meaning = tree.temporaries[symbol]
    {
      range = meaning
      steps += 1
    }
    if case .scan = tree.expressions[range.root].kind { return "scan(…)" }
    if range.root - range.first < 40 {
      let text = NNIR.text(of: range, in: tree)
      if text.utf8.count <= 40 { return text }
    }
    if case .call(let symbol, _, _) = tree.expressions[range.root].kind {
      return "\(tree.name(symbol))(…)"
    }
    return "the value"
  }

  /// What a value is, in words.
  func words(for datum: Datum) -> String {
    switch datum {
    case .tensor(let value): "a value of type \(builder.type(of: value))"
    case .untyped: "a value"
    case .integer(let value): String(value)
    case .number(let value): value.description
    case .boolean(let value): String(value)
    case .list: "a list"
    case .none: "none"
    case .type(let element): "the type \(element.name)"
    case .tuple(let values): "\(values.count) values"
    case .failed: "an error"
    }
  }
}
