// Bodies of scans see the values around them. A value of another function becomes an argument of the body and an operand of the
// scan, once, whichever names it has; numbers, sizes and constants are made anew.

/// A scan whose body is being lowered.
final class Loop {
  let body: FunctionBuilder
  /// Values of the function around it, one for each of the body's last arguments.
  private(set) var captured: [Value] = []
  private var copies = SmallTable<Value, Value>()

  init(body: FunctionBuilder) { self.body = body }

  /// The body's argument for a value of the function around it.
  func copy(of value: Value, type: TensorType, name: String) -> Value {
    if let known = copies[value] { return known }
    captured.append(value)
    let copy = body.argument(Argument(name: name, role: .input, type: type))
    copies[value] = copy
    return copy
  }
}

/// A scope around the body of a scan.
struct EnclosingScope {
  var bindings: Scope
  var differentiated: SymbolSet
  var states: SmallTable<Symbol, ScanHeader.State>
  /// The function that its values belong to.
  let builder: FunctionBuilder
  /// The loop of the body in it.
  let loop: Loop
}

extension Lowerer {
  // MARK: Functions inside operations

  /// Goes on in a function inside an operation; `loop` is nil where that sees nothing around it.
  func inside<Outcome>(
    _ nested: FunctionBuilder, _ loop: Loop? = nil,
    _ work: () throws(LoweringFailure) -> Outcome
  ) throws(LoweringFailure) -> Outcome {
    let outer = (builder, nestedConstants)
    nested.currentOrigin = builder.currentOrigin
    outerCount += builder.count + builder.nestedCount
    (builder, nestedConstants) = (nested, [:])
    loops.append(loop)
    defer {
      (builder, nestedConstants) = outer
      loops.removeLast()
      outerCount -= builder.count + builder.nestedCount
      // What a nested function holds stays counted, and the room that it takes besides; a scan counts its body itself.
      finishedCount += 16 + (loop == nil ? nested.count + nested.nestedCount : 0)
      loweredCount += 16 + nested.count
    }
    return try work()
  }

  // MARK: Names

  /// The value of a name of the scopes around the body at work, carried into it.
  func enclosed(_ symbol: Symbol) -> Datum? {
    let count = frame.enclosing.count
    var first = count - 1
    while first >= 0, frame.enclosing[first].bindings[symbol] == nil { first -= 1 }
    guard first >= 0, let outside = frame.enclosing[first].bindings[symbol] else { return nil }
    let kind = callers.isEmpty && first == 0 ? global(symbol)?.kind : nil
    if case .dim = kind { return outside }
    if (try? makeRoom(for: 4 * count + 64)) == nil { return .failed }
    var datum = outside
    if case .constant(let statement) = kind, !code.tree.differentiated.contains(symbol) {
      datum = constant(symbol, outside, statement)
      first = count - 1
    } else {
      datum = carried(datum, symbol, from: first)
    }
    // A scope that differentiates by the name has a value of its own of it, between the others.
    for level in first + 1..<max(count, first + 1) {
      datum = owned(datum, symbol, frame.enclosing[level])
      frame.enclosing[level].bindings[symbol] = datum
      datum = carried(datum, symbol, from: level)
    }
    if frame.differentiated.contains(symbol) {
      let place = frame.code.tree.expressions[frame.current].place
      bind(BoundName(symbol: symbol, place: place), datum)
      return frame.bindings[symbol]
    }
    frame.bindings[symbol] = datum
    return datum
  }

  /// A datum of a scope in the body inside.
  private func carried(_ datum: Datum, _ symbol: Symbol, from level: Int) -> Datum {
    let (outer, loop) = (frame.enclosing[level].builder, frame.enclosing[level].loop)
    switch datum {
    case .tensor(let value): return .tensor(copy(of: value, symbol, outer, loop))
    case .untyped(let value, let fallback):
      let instruction = outer.function[value]
      guard isMadeAnew(instruction.op) else {
        return .untyped(copy(of: value, symbol, outer, loop), fallback: fallback)
      }
      countOutside(1, loop)
      return .untyped(loop.body.append(instruction.op, type: instruction.type), fallback: fallback)
    case .integer, .number, .boolean, .list, .none, .type, .tuple, .failed: return datum
    }
  }

  private func isMadeAnew(_ op: Op) -> Bool {
    if case .constant = op { return true }
    if case .iota = op { return true }
    return false
  }

  private func copy(
    of value: Value, _ symbol: Symbol, _ outer: FunctionBuilder, _ loop: Loop
  ) -> Value {
    let count = loop.body.count
    let copy = loop.copy(of: value, type: outer.type(of: value), name: name(symbol))
    countOutside(loop.body.count - count, loop)
    return copy
  }

  /// Counts operations that were appended to a function around that at work.
  private func countOutside(_ count: Int, _ loop: Loop) {
    if loop.body !== builder { outerCount += count }
  }

  /// A datum as a value that the scope around a body can differentiate by, where it does.
  private func owned(_ datum: Datum, _ symbol: Symbol, _ scope: EnclosingScope) -> Datum {
    guard scope.differentiated.contains(symbol), !datum.isFailed else { return datum }
    let inner = builder
    let count = scope.builder.count
    builder = scope.builder
    defer {
      builder = inner
      outerCount += scope.builder.count - count
    }
    guard let value = try? typed(datum) else { return .failed }
    return .tensor(builder.append(.identity, [value], type: builder.type(of: value)))
  }

  /// A value of the graph's statements in the function at work; nil where that sees nothing around it.
  func carriedFromStatements(_ value: Value, _ symbol: Symbol) -> Value? {
    var (value, outer) = (value, statementBuilder)
    for loop in loops {
      guard let loop else { return nil }
      value = copy(of: value, symbol, outer, loop)
      outer = loop.body
    }
    return value
  }
}
