// Scans built in Swift. The closure runs once and builds the body, as the braces of a graph file would say it.

/// The body of a scan whose closure is running.
struct OpenBody {
  var number: Int
  var statements: [ScanSyntax.Statement] = []
  var differentiated = SymbolSet()
}

/// Walks sequences along an axis, with states that go from step to step: `scan` of the language.
///
///     let (ys, last) = scan(over: [x], axis: 1, states: [zeros([batch, 64])]) { steps, states in
///       let h = tanh(dot(steps[0], wx) + dot(states[0], wh) + b)
///       return (next: [h], yields: [h])
///     }
///
/// The closure is called once, with a step of each sequence, which lacks the axis that is walked, and the states as they are before the step. It
/// gives each state's next value, of the state's type, and what the step yields; it may use any value of the graph. A scan compiles to a
/// loop: the size of the code does not grow with the number of steps.
///
/// - Parameters:
///   - sequences: At least one; all are equally long along the axis.
///   - axis: The axis that is walked. A negative one counts from the end, of each sequence and of each result.
///   - reverse: Whether the last step comes first. A yield stands at the position that its step read from.
///   - initial: The states before the first step. Numbers without a type take that of the next value.
/// - Returns: Each yield, stacked along the axis, and the last value of each state.
///
/// Mistakes in shapes and types are found when the graph is lowered, like all others. A value of the closure is of no use outside.
public func scan(
  over sequences: [Variable], axis: Variable = 0, reverse: Bool = false,
  states initial: [Variable] = [], file: String = #fileID, line: Int = #line,
  column: Int = #column,
  _ body: (_ steps: [Variable], _ states: [Variable]) throws -> (
    next: [Variable], yields: [Variable]
  )
) rethrows -> (yields: [Variable], last: [Variable]) {
  let place = SwiftPlace(file: file, line: line, column: column)
  // Numbers alone belong to no graph; what comes of them is computed with those that come first.
  let graph = (sequences + initial).lazy.compactMap(\.graph).first ?? Graph()
  return try graph.scan(sequences, axis, reverse, initial, at: place, body)
}

/// Walks one sequence along an axis, with one state.
///
///     let (ys, last) = scan(over: x, axis: 1, state: zeros([batch, 64])) { x, h in
///       let h = tanh(dot(x, wx) + dot(h, wh) + b)
///       return (next: h, yield: h)
///     }
///
/// - Returns: The yields, stacked along the axis, and the last value of the state.
public func scan(
  over sequence: Variable, axis: Variable = 0, reverse: Bool = false, state initial: Variable,
  file: String = #fileID, line: Int = #line, column: Int = #column,
  _ body: (_ step: Variable, _ state: Variable) throws -> (next: Variable, yield: Variable)
) rethrows -> (yields: Variable, last: Variable) {
  let (yields, last) = try scan(
    over: [sequence], axis: axis, reverse: reverse, states: [initial], file: file, line: line,
    column: column
  ) { steps, states in
    let (next, yield) = try body(steps[0], states[0])
    return (next: [next], yields: [yield])
  }
  return (yields[0], last[0])
}

extension Graph {
  fileprivate func scan(
    _ sequences: [Variable], _ axis: Variable, _ isReversed: Bool, _ initial: [Variable],
    at place: SwiftPlace,
    _ body: ([Variable], [Variable]) throws -> (next: [Variable], yields: [Variable])
  ) rethrows -> (yields: [Variable], last: [Variable]) {
    let steps = sequences.map { madeUp($0.name.map { "a step of \($0)" } ?? "a step", at: place) }
    let states = initial.indices.map { madeUp("state \($0)", at: place) }
    let range = header(steps, sequences, axis, isReversed, states, initial, at: place)
    let number = tree.scans.count - 1
    bodyCount += 1
    bodies.append(OpenBody(number: bodyCount))
    for name in steps + states { bodyNumbers[name.symbol] = bodyCount }
    let (next, yields): ([Variable], [Variable])
    do {
      (next, yields) = try body(variables(steps), variables(states))
    } catch {
      bodies.removeLast()
      throw error
    }
    finish(states, next, yields, at: place)
    let finished = bodies.removeLast()
    tree.scans[number].body = finished.statements
    tree.scans[number].differentiated = finished.differentiated
    tree.scans[number].lastExpression = tree.expressions.count - 1
    let names = (0..<yields.count + initial.count).map { _ in
      BoundName(symbol: temporary(), place: position(place))
    }
    for name in names {
      tree.temporaries[name.symbol] = range
      enter(name.symbol, isLocal: true, at: place)
    }
    if sequences.isEmpty { report("a scan walks a sequence at least", at: place) }
    if names.isEmpty { report("scan: it has no yield and no state, and so no result", at: place) }
    if !sequences.isEmpty, !names.isEmpty {
      append(.bind(Binding(names: names, value: range)), at: place)
    }
    let results = variables(names)
    return (Array(results.prefix(yields.count)), Array(results.dropFirst(yields.count)))
  }

  private func variables(_ names: [BoundName]) -> [Variable] {
    names.map { Variable(content: .bound(self, $0.symbol)) }
  }

  /// A name for what has none in Swift; messages show the words instead.
  private func madeUp(_ words: String, at place: SwiftPlace) -> BoundName {
    let name = BoundName(symbol: temporary(), place: position(place))
    add(.name(tree.symbol(words)), place)
    let root = tree.expressions.count - 1
    tree.temporaries[name.symbol] = ExpressionRange(first: root, root: root)
    places[name.symbol] = place
    return name
  }

  private func header(
    _ steps: [BoundName], _ sequences: [Variable], _ axis: Variable, _ isReversed: Bool,
    _ states: [BoundName], _ initial: [Variable], at place: SwiftPlace
  ) -> ExpressionRange {
    let first = tree.expressions.count
    var items: [ScanSyntax.Item] = []
    for (step, sequence) in zip(steps, sequences) {
      _ = expression(sequence, at: place)
      items.append(.sequence(step))
    }
    if case .integer(0) = axis.content {
    } else {
      _ = expression(axis, at: place)
      items.append(.axis)
    }
    if isReversed {
      _ = expression(true, at: place)
      items.append(.reverse)
    }
    for (state, value) in zip(states, initial) {
      _ = expression(value, at: place)
      items.append(.state(state))
    }
    let number = tree.scans.count
    let (index, count) = (Int32(truncatingIfNeeded: number), Int32(truncatingIfNeeded: items.count))
    add(.scan(index, count: count), place)
    let root = tree.expressions.count - 1
    tree.scans.append(ScanSyntax(items: items, lastExpression: root))
    return ExpressionRange(first: first, root: root)
  }

  /// The yields, and only then the next states, as all of them are of the states before.
  private func finish(
    _ states: [BoundName], _ next: [Variable], _ yields: [Variable], at place: SwiftPlace
  ) {
    if next.count != states.count {
      report("scan: expected \(states.count) next states, found \(next.count)", at: place)
    }
    let last = bodies.count - 1
    if !yields.isEmpty {
      let values = yields.map { expression($0, at: place) }
      bodies[last].statements.append(.yield(values))
    }
    let own = Set(states.map(\.symbol))
    let values = next.map { value in
      // The name of a state will mean its next value from its assignment on.
      if case .bound(_, let symbol) = value.content, own.contains(symbol) {
        return bind(value, at: place)
      }
      return value
    }
    for (state, value) in zip(states, values) {
      let value = expression(value, at: place)
      bodies[last].statements.append(.bind(Binding(names: [state], value: value)))
    }
  }

  // MARK: Names

  /// Whether a name is one of the graph's statements, or of a body whose closure is running.
  func isVisible(_ symbol: Symbol) -> Bool {
    guard let number = bodyNumbers[symbol] else { return true }
    return bodies.contains { $0.number == number }
  }

  /// Notes that a name is bound, where it `isLocal` in the innermost body. In Swift a value is its name: a body can hide none.
  func enter(_ symbol: Symbol, isLocal: Bool, at place: SwiftPlace) {
    let isTaken = bodyNumbers[symbol] == nil ? places[symbol] != nil : isVisible(symbol)
    if !bodies.isEmpty, isTaken { report("\(tree.name(symbol)) is already bound", at: place) }
    bodyNumbers[symbol] = isLocal ? bodies.last?.number : nil
    places[symbol] = place
  }
}
