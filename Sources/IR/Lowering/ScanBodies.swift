// The body of a scan, lowered into a function of its own; and what its states hold where they start from numbers without a type.

/// A body that has been lowered.
struct ScanBody {
  struct Yield {
    var datum: Datum
    /// Where the axis of the steps goes in what is stacked.
    var axis: Int
    var name: String
  }

  let loop: Loop
  var yields: [Yield] = []
  /// What each state is worth after a step.
  var next: [Datum] = []
  var isBroken = false
}

/// How many operations may be lowered to find the types of states: more than a graph may have, so that only depth gets there.
private let maximumTrialCount = 4 * maximumOperationCount

extension Lowerer {
  /// Lowers a body. With errors in the header what it binds is an error, so that the body's own are found.
  func lowerBody(
    of syntax: ScanSyntax, _ header: ScanHeader
  ) throws(LoweringFailure) -> ScanBody {
    let loop = Loop(body: FunctionBuilder(name: "scan.body"))
    frame.enclosing.append(
      EnclosingScope(
        bindings: frame.bindings, differentiated: frame.differentiated, states: frame.states,
        builder: builder, loop: loop))
    (frame.bindings, frame.states) = (Scope(), SmallTable())
    defer {
      let outer = frame.enclosing.removeLast()
      (frame.bindings, frame.states) = (outer.bindings, outer.states)
      frame.differentiated = outer.differentiated
    }
    return try inside(loop.body, loop) { () throws(LoweringFailure) in
      var body = ScanBody(loop: loop)
      frame.differentiated = syntax.differentiated
      bindHeader(header, loop.body)
      for statement in syntax.body {
        if isStopped { throw LoweringFailure() }
        lower(statement, header, &body)
      }
      finish(&body, header)
      return body
    }
  }

  private func bindHeader(_ header: ScanHeader, _ body: FunctionBuilder) {
    func argument(_ name: BoundName, _ type: TensorType) -> Value {
      body.currentOrigin = origin(of: name)
      return body.argument(Argument(name: self.name(name.symbol), role: .input, type: type))
    }
    let outer = frame.enclosing[frame.enclosing.count - 1].builder
    for sequence in header.sequences {
      var datum = Datum.failed
      if let value = sequence.value {
        var type = outer.type(of: value)
        type.shape.extents.removeFirst()
        datum = wrap(argument(sequence.name, type), sequence.fallback)
      }
      frame.bindings[sequence.name.symbol] = datum
    }
    for state in header.states {
      var datum = Datum.failed
      if !state.initial.isFailed {
        let value = argument(state.name, state.type)
        datum = state.isSettled ? .tensor(value) : .untyped(value, fallback: state.fallback)
        frame.states[state.name.symbol] = state
      }
      frame.bindings[state.name.symbol] = datum
    }
  }

  private func lower(
    _ statement: ScanSyntax.Statement, _ header: ScanHeader, _ body: inout ScanBody
  ) {
    switch statement {
    case .bind(let binding):
      let value = evaluate(binding.value)
      if !isStopped { bind(binding, value) }
    case .failed(let names):
      for name in names { frame.bindings[name.symbol] = .failed }
      body.isBroken = true
    case .yield(let ranges):
      for range in ranges {
        if let yield = try? yield(range, header) {
          body.yields.append(yield)
        } else {
          body.isBroken = true
        }
      }
    }
  }

  private func yield(
    _ range: ExpressionRange, _ header: ScanHeader
  ) throws(LoweringFailure) -> ScanBody.Yield {
    let datum = evaluate(range)
    (frame.current, frame.order) = (range.root, nil)
    if datum.isFailed || isStopped { throw LoweringFailure() }
    let (value, fallback) = try isTrial ? tensor(datum) : (typed(datum), nil)
    var sizes = builder.shape(of: value).sizes
    let axis = header.axis < 0 ? header.axis + sizes.count + 1 : header.axis
    guard axis >= 0, axis <= sizes.count else {
      report(
        frame.code.tree.expressions[range.root].place,
        "a yield of shape \(Shape(sizes)) cannot be stacked along axis \(header.axis)")
      throw LoweringFailure()
    }
    sizes.insert(header.length ?? 0, at: axis)
    _ = try checked(sizes)
    return ScanBody.Yield(datum: wrap(value, fallback), axis: axis, name: title(of: range))
  }

  private func title(of range: ExpressionRange) -> String {
    if range.first == range.root,
      case .name(let symbol) = frame.code.tree.expressions[range.root].kind
    {
      return name(symbol)
    }
    return "yield"
  }

  /// The results of the body: the next states, then the yields.
  private func finish(_ body: inout ScanBody, _ header: ScanHeader) {
    for state in header.states {
      let datum = frame.bindings[state.name.symbol] ?? .failed
      guard let (value, fallback) = try? tensor(datum) else {
        body.isBroken = true
        continue
      }
      body.next.append(wrap(value, fallback))
      builder.result(name(state.name.symbol), .output, value)
    }
    for yield in body.yields {
      if case .tensor(let value) = yield.datum { builder.result(yield.name, .output, value) }
    }
  }

  // MARK: States

  /// What a state is worth from its assignment on.
  func next(_ datum: Datum, of state: ScanHeader.State, _ name: BoundName) -> Datum {
    if datum.isFailed || !state.isSettled { return datum }
    frame.order = nil
    guard let element = try? element(of: datum, like: state.type.element),
      let operand = try? adapted(datum, to: element, parameter: 0)
    else { return .failed }
    let value = value(operand)
    let found = builder.type(of: value)
    if found == state.type { return .tensor(value) }
    report(
      name.place,
      "\(words(for: name.symbol)) is \(state.type), but its next value is \(found)"
        + mend(of: found, for: state.type))
    return .failed
  }

  private func mend(of found: TensorType, for wanted: TensorType) -> String {
    if found.shape != wanted.shape { return "" }
    if wanted.element == .bool { return ": compare it, … != 0" }
    return ": convert it, cast(…, \(wanted.element.name))"
  }

  /// The element type of a datum: the wanted one if it can have that.
  private func element(
    of datum: Datum, like wanted: ElementType
  ) throws(LoweringFailure) -> ElementType {
    if let own = try elementType(datum, 0) { return own }
    if admits(datum, wanted) { return wanted }
    if case .untyped(_, let fallback) = datum { return fallback }
    return .f32
  }

  /// Whether numbers without a type can have this one.
  private func admits(_ datum: Datum, _ element: ElementType) -> Bool {
    element.isFloat || (element.isInteger && !hasFraction(datum))
  }

  /// Finds the element types of states that start from numbers without a type, by lowering the body for a look: such a state has the type
  /// that its next value gets from others, or else that which numbers have.
  func settle(_ header: inout ScanHeader, _ syntax: ScanSyntax) throws(LoweringFailure) {
    if header.isBroken { return }
    var isNew = true
    while isNew, header.states.contains(where: { !$0.isSettled }) {
      isNew = false
      let found = try tryBody(of: syntax, header)
      for (index, state) in header.states.enumerated() where !state.isSettled {
        guard case .fixed(let element) = found[index], admits(state.initial, element) else {
          continue
        }
        header.states[index].type.element = element
        header.states[index].isSettled = true
        isNew = true
      }
      if isNew { continue }
      for (index, state) in header.states.enumerated() where !state.isSettled {
        var element = state.fallback
        if case .open(let fallback) = found[index] { element = fallback }
        header.states[index].type.element = admits(state.initial, element) ? element : .f32
        header.states[index].isSettled = true
      }
    }
  }

  private enum Finding {
    case fixed(ElementType)
    /// Numbers without a type, with what these are where nothing fixes it.
    case open(ElementType)
    case unknown
  }

  /// What each state's next value would be. Nothing is kept of this but its cost: the number of looks grows with the square of the depth, as
  /// a scan inside takes no look of its own.
  private func tryBody(
    of syntax: ScanSyntax, _ header: ScanHeader
  ) throws(LoweringFailure) -> [Finding] {
    let before = (diagnostics, reportCount, finishedCount, frame.current)
    let count = loweredCount
    isTrial = true
    let body = try? lowerBody(of: syntax, header)
    isTrial = false
    trialCount += loweredCount - count + max(0, syntax.lastExpression - before.3)
    (diagnostics, reportCount, finishedCount, frame.current) = before
    isStopped = false
    if trialCount > maximumTrialCount {
      throw stop(
        "the types of states take more than \(maximumTrialCount) operations to find: start them "
          + "from values that have one, cast(0, f32)")
    }
    guard let body, body.next.count == header.states.count else {
      return header.states.map { _ in .unknown }
    }
    return body.next.map { datum in
      switch datum {
      case .tensor(let value): .fixed(body.loop.body.element(of: value))
      case .untyped(_, let fallback): .open(fallback)
      case .integer, .number, .boolean, .list, .none, .type, .tuple, .failed: .unknown
      }
    }
  }

  /// The results of a scan in a body that is lowered for a look: values of the right types.
  func tried(_ header: ScanHeader, _ body: ScanBody) -> [Datum] {
    let inner = body.loop.body
    func standIn(_ datum: Datum, _ axis: Int?) -> Datum {
      func made(_ value: Value) -> Value {
        var type = inner.type(of: value)
        if let axis { type.shape.extents.insert(Extent(header.length ?? 0), at: axis) }
        return builder.zeros(type)
      }
      switch datum {
      case .tensor(let value): return .tensor(made(value))
      case .untyped(let value, let fallback): return .untyped(made(value), fallback: fallback)
      case .integer, .number, .boolean, .list, .none, .type, .tuple, .failed: return .failed
      }
    }
    return body.yields.map { standIn($0.datum, $0.axis) } + body.next.map { standIn($0, nil) }
  }
}
