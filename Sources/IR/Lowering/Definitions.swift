// What can be said about functions before any is called: their names, the names in them, and that none calls itself. A function with
// an error in it is broken: calls of it are no further errors.

extension Lowerer {
  func checkDefinitions() {
    if code.tree.definitions.isEmpty { return }
    for (index, definition) in code.tree.definitions.enumerated() {
      let name = definition.name
      if let earlier = functions[name.symbol] {
        let line = code.tree.definitions[earlier].name.place.line
        report(
          name.place, "the function \(self.name(name.symbol)) is already defined, in line \(line)")
      } else {
        functions[name.symbol] = index
      }
    }
    let known = namesKnownWhenCompiling()
    for (index, definition) in code.tree.definitions.enumerated()
    where !definition.isBroken && !isStopped {
      let before = diagnostics.all.count
      var check = BodyCheck(lowerer: self, known: known)
      check.check(definition)
      if diagnostics.all.count > before { isBroken[index] = true }
    }
    reportRecursion()
  }

  /// Of the whole file: whether they are bound by the time of a call shows only then.
  private func namesKnownWhenCompiling() -> (known: Set<Symbol>, values: Set<Symbol>) {
    var known: Set<Symbol> = []
    var values: Set<Symbol> = []
    for statement in code.tree.statements {
      switch statement.kind {
      case .dim(let name, _), .constant(let name, _, _): known.insert(name.symbol)
      case .input(let name, _), .parameter(let name, _, _): values.insert(name.symbol)
      case .bind(let binding): values.formUnion(binding.names.map(\.symbol))
      // It may have been meant as one or the other.
      case .failed(let names): known.formUnion(names.map(\.symbol))
      case .define, .output, .loss: break
      }
    }
    return (known, values)
  }

  // MARK: Recursion

  /// Walks the calls, those of the statements first, and reports each call that leads back into a function that is at work.
  private func reportRecursion() {
    var state = [State](repeating: .new, count: code.tree.definitions.count)
    var starts: [Int] = []
    for statement in code.tree.statements {
      for range in ranges(of: statement) { starts += calls(in: range).map(\.function) }
    }
    starts += code.tree.definitions.indices
    for start in starts where state[start] == .new { walk(from: start, &state) }
  }

  private enum State { case new, active, done }

  private func walk(from start: Int, _ state: inout [State]) {
    var path: [(function: Int, calls: [(function: Int, place: Place)], next: Int)] = []
    func enter(_ function: Int) {
      state[function] = .active
      path.append((function, calls(in: code.tree.definitions[function]), 0))
    }
    enter(start)
    while let top = path.last {
      if top.next == top.calls.count {
        state[top.function] = .done
        path.removeLast()
        continue
      }
      path[path.count - 1].next += 1
      let call = top.calls[top.next]
      switch state[call.function] {
      case .done: break
      case .new: enter(call.function)
      case .active:
        let cycle = path.map(\.function).drop { $0 != call.function }
        let names = cycle.prefix(8).map { name(code.tree.definitions[$0].name.symbol) }
        let middle = cycle.count > 8 ? names + ["…"] : names
        let chain = (middle + names.prefix(1)).joined(separator: " → ")
        report(call.place, "functions cannot call themselves: \(chain)")
        for function in cycle { isBroken[function] = true }
      }
    }
  }

  private func calls(in definition: Definition) -> [(function: Int, place: Place)] {
    var ranges = definition.parameters.compactMap(\.fallback)
    for body in [definition.body, definition.derivative?.body].compactMap({ $0 }) {
      ranges += body.bindings.map(\.value) + body.results
    }
    return ranges.flatMap { calls(in: $0) }
  }

  private func calls(in range: ExpressionRange) -> [(function: Int, place: Place)] {
    code.tree.expressions[code.tree.extent(of: range)].compactMap { expression in
      guard case .call(let symbol, _, _) = expression.kind, let function = functions[symbol]
      else { return nil }
      return (function, expression.place)
    }
  }

  private func ranges(of statement: Statement) -> [ExpressionRange] {
    switch statement.kind {
    case .dim(_, let value), .constant(_, _, let value), .output(let value, _), .loss(let value):
      [value]
    case .parameter(_, _, let value): value.map { [$0] } ?? []
    case .bind(let binding): [binding.value]
    case .input, .define, .failed: []
    }
  }
}

/// Checks the names in a function, whether it is called or not.
private struct BodyCheck {
  let lowerer: Lowerer
  let known: (known: Set<Symbol>, values: Set<Symbol>)
  var bound: Set<Symbol> = []

  mutating func check(_ definition: Definition) {
    for parameter in definition.parameters {
      bind(parameter.name)
      if let fallback = parameter.fallback {
        let names = bound
        bound = []
        check(fallback)
        bound = names
      }
    }
    let parameters = bound
    check(definition.body)
    guard let derivative = definition.derivative else { return }
    if definition.body.results.count != 1 {
      lowerer.report(
        definition.body.returnPlace,
        "a function with a derivative returns one value, found \(definition.body.results.count)")
    }
    let given = derivative.body.results.count
    if given > definition.parameters.count {
      lowerer.report(
        derivative.body.returnPlace,
        "the derivative gives \(given) values, expected one an argument: "
          + "\(definition.parameters.count)")
    }
    bound = parameters
    bind(derivative.adjoint)
    bind(derivative.value)
    check(derivative.body)
  }

  private mutating func check(_ body: Body) {
    for binding in body.bindings {
      check(binding.value)
      for name in binding.names { bind(name) }
    }
    for result in body.results { check(result) }
  }

  private mutating func bind(_ name: BoundName) {
    if !bound.insert(name.symbol).inserted {
      lowerer.report(name.place, "\(lowerer.name(name.symbol)) is already bound in this function")
    }
  }

  private mutating func check(_ range: ExpressionRange) {
    let tree = lowerer.code.tree
    for expression in tree.expressions[range.first...range.root] where !lowerer.isStopped {
      switch expression.kind {
      case .name(let symbol): check(symbol, expression.place)
      case .call(let symbol, _, _):
        if let message = lowerer.missing(symbol) { lowerer.report(expression.place, message) }
      case .scan(let number, _): check(tree.scans[Int(number)])
      case .integer, .number, .boolean, .none, .unary, .binary, .index, .list: break
      }
    }
  }

  /// The body of a scan is a scope of its own, which sees the names around it.
  private mutating func check(_ scan: ScanSyntax) {
    var added: [Symbol] = []
    for item in scan.items {
      switch item {
      case .sequence(let name), .state(let name): see(name, &added)
      case .axis, .reverse: break
      }
    }
    for statement in scan.body {
      switch statement {
      case .bind(let binding):
        check(binding.value)
        for name in binding.names { see(name, &added) }
      case .yield(let values):
        for value in values { check(value) }
      case .failed(let names):
        for name in names { see(name, &added) }
      }
    }
    bound.subtract(added)
  }

  private mutating func see(_ name: BoundName, _ added: inout [Symbol]) {
    if bound.insert(name.symbol).inserted { added.append(name.symbol) }
  }

  private func check(_ symbol: Symbol, _ place: Place) {
    let name = lowerer.name(symbol)
    if bound.contains(symbol) || known.known.contains(symbol) || lowerer.known(name) != nil {
      return
    }
    if known.values.contains(symbol) {
      lowerer.report(
        place, "\(name) is a value of the graph, which a def does not see: give it as an argument")
      return
    }
    if lowerer.isFunction(symbol) {
      lowerer.report(place, "\(name) is a function: call it, \(name)(…)")
      return
    }
    let tree = lowerer.code.tree
    let candidates = tree.names.enumerated().lazy.filter { index, _ in
      let symbol = Symbol(id: Int32(truncatingIfNeeded: index))
      return bound.contains(symbol) || known.known.contains(symbol)
    }.map(\.element)
    lowerer.report(place, lowerer.unknown("value", name, among: candidates))
  }
}
