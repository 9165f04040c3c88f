// Writes a syntax tree as the text of a graph file, which reads back to the same tree.

/// The text of one expression, with other names where `naming` gives them. It walks the postfix code with a stack of texts, so
/// that depth takes no recursion.
func text(
  of range: ExpressionRange, in tree: SyntaxTree, naming: ((Symbol) -> String)? = nil
) -> String {
  var stack: [(text: String, level: Int)] = []
  for id in range.first...range.root {
    let expression = tree.expressions[id]
    let count = expression.arity
    let operands = Array(stack.suffix(count))
    stack.removeLast(count)
    if let naming, case .name(let symbol) = expression.kind {
      stack.append((naming(symbol), 9))
    } else {
      stack.append(spell(expression, operands, tree))
    }
  }
  return stack.last?.text ?? ""
}

/// The levels are those of `BinaryOperator.level`; 9 needs no parentheses anywhere.
private func spell(
  _ expression: Expression, _ operands: [(text: String, level: Int)], _ tree: SyntaxTree
) -> (text: String, level: Int) {
  func operand(_ index: Int, _ level: Int) -> String {
    operands[index].level >= level ? operands[index].text : "(\(operands[index].text))"
  }
  switch expression.kind {
  case .integer(let value):
    if value == Int.min { return ("\(value + 1) - 1", 5) }
    return (String(value), value < 0 ? 7 : 9)
  case .number(let value):
    if value.isNaN { return ("nan", 9) }
    return (value.description, value.sign == .minus ? 7 : 9)
  case .boolean(let value): return (value ? "true" : "false", 9)
  case .none: return ("none", 9)
  case .name(let symbol): return (tree.name(symbol), 9)
  case .unary(.minus): return ("-" + operand(0, 7), 7)
  case .unary(.not): return ("not " + operand(0, 3), 3)
  case .binary(.power): return (operand(0, 9) + "^" + operand(1, 7), 8)
  case .binary(let op):
    let left = operand(0, op.isComparison ? op.level + 1 : op.level)
    return ("\(left) \(op.spelling) \(operand(1, op.level + 1))", op.level)
  case .call(let symbol, _, _):
    let arguments = zip(tree.names(of: expression), operands).map { name, operand in
      name.map { "\(tree.name($0))=\(operand.text)" } ?? operand.text
    }
    return ("\(tree.name(symbol))(\(arguments.joined(separator: ", ")))", 9)
  case .index(let first, let count, _):
    let subscripts = tree.subscripts[Int(first)..<Int(first + count)]
    return (operand(0, 9) + spell(subscripts, operands.dropFirst().map(\.text)), 9)
  case .list: return ("[\(operands.map(\.text).joined(separator: ", "))]", 9)
  case .scan(let scan, _):
    let items = zip(tree.scans[Int(scan)].items, operands).map { item, operand in
      switch item {
      case .sequence(let name): "\(tree.name(name.symbol)) in \(operand.text)"
      case .axis: "axis=\(operand.text)"
      case .reverse: "reverse=\(operand.text)"
      case .state(let name): "\(tree.name(name.symbol)) = \(operand.text)"
      }
    }
    return ("scan(\(items.joined(separator: ", ")))", 9)
  }
}

private func spell(_ subscripts: ArraySlice<Subscript>, _ operands: [String]) -> String {
  var next = operands.makeIterator()
  let parts = subscripts.map { part in
    switch part {
    case .at: return next.next() ?? ""
    case .ellipsis: return "..."
    case .range(let hasStart, let hasStop, let hasStep):
      let start = hasStart ? next.next() ?? "" : ""
      let stop = hasStop ? next.next() ?? "" : ""
      return hasStep ? "\(start):\(stop):\(next.next() ?? "")" : "\(start):\(stop)"
    }
  }
  return "[\(parts.joined(separator: ", "))]"
}

extension SyntaxTree {
  /// The whole graph as text, one statement a line.
  var text: String {
    statements.map { line($0) + "\n" }.joined()
  }

  private func line(_ statement: Statement) -> String {
    switch statement.kind {
    case .dim(let bound, let value): "dim \(name(bound.symbol)) = \(expression(value))"
    case .input(let bound, let type): "input \(name(bound.symbol)) : \(spelled(type))"
    case .parameter(let bound, let type, let value):
      "param \(name(bound.symbol)) : \(spelled(type))"
        + (value.map { " = \(expression($0))" } ?? "")
    case .constant(let bound, let type, let value):
      "const \(name(bound.symbol))" + (type.map { " : \(spelled($0))" } ?? "")
        + " = \(expression(value))"
    case .bind(let binding): line(binding)
    case .define(let index): spelled(definitions[index])
    case .output(let value, let bound): "output \(expression(value)) as \(name(bound.symbol))"
    case .loss(let value): "loss \(expression(value))"
    case .failed: ""
    }
  }

  private func expression(_ range: ExpressionRange) -> String { NNIR.text(of: range, in: self) }

  /// Bodies of scans stand on lines of their own, indented by two columns more.
  private func line(_ binding: Binding, indent: String = "") -> String {
    let names = binding.names.map { name($0.symbol) }.joined(separator: ", ")
    let head = "\(names) = \(expression(binding.value))"
    guard case .scan(let scan, _) = expressions[binding.value.root].kind else { return head }
    let lines = scans[Int(scan)].body.map { line($0, indent: indent + "  ") }
    return head + " {\n" + lines.joined() + indent + "}"
  }

  private func line(_ statement: ScanSyntax.Statement, indent: String) -> String {
    switch statement {
    case .bind(let binding): indent + line(binding, indent: indent) + "\n"
    case .yield(let values):
      indent + "yield " + values.map(expression).joined(separator: ", ") + "\n"
    case .failed: ""
    }
  }

  private func spelled(_ type: TypeSyntax) -> String {
    "\(type.element.name)[\(type.sizes.map(expression).joined(separator: ", "))]"
  }

  private func spelled(_ body: Body) -> String {
    let lines = body.bindings.map { "  \(line($0, indent: "  "))\n" }.joined()
    let results = body.results.map(expression).joined(separator: ", ")
    return "{\n\(lines)  return \(results)\n}"
  }

  private func spelled(_ definition: Definition) -> String {
    let parameters = definition.parameters.map { parameter in
      name(parameter.name.symbol) + (parameter.fallback.map { "=\(expression($0))" } ?? "")
    }
    var text = "def \(name(definition.name.symbol))(\(parameters.joined(separator: ", "))) "
    text += spelled(definition.body)
    if let derivative = definition.derivative {
      let (adjoint, value) = (derivative.adjoint.symbol, derivative.value.symbol)
      text += " derivative(\(name(adjoint)), \(name(value))) \(spelled(derivative.body))"
    }
    return text
  }
}
