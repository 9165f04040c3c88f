// Calls: finding the function, matching arguments with parameters, and running a body in a scope of its own.

/// What a name in front of parentheses stands for.
enum Callee {
  case primitive(Signature)
  /// The number of a definition in its code: the graph's, or that of a function of the prelude.
  case definition(Int, Code)
  case grad, jvp
  case unknown
}

extension Lowerer {
  func callee(_ symbol: Symbol) -> Callee {
    let isPrelude = frame.code.isPrelude
    let table = frame.code.number
    if callees[table].isEmpty {
      callees[table] = Array(repeating: nil, count: frame.code.tree.names.count)
    }
    if let known = callees[table][Int(symbol.id)] { return known }
    let name = frame.code.tree.name(symbol)
    let found: Callee
    if !isPrelude, let index = functions[symbol] {
      found = .definition(index, code)
    } else if let signature = Signature.all[name], isPrelude || !name.hasPrefix("_") {
      found = .primitive(signature)
    } else if let number = Prelude.number(of: name) {
      found = .definition(0, preludeCode(number))
    } else if name == "grad" {
      found = .grad
    } else if name == "jvp" {
      found = .jvp
    } else {
      found = .unknown
    }
    callees[table][Int(symbol.id)] = found
    return found
  }

  /// A function of the prelude, read when it is first called.
  private func preludeCode(_ number: Int) -> Code {
    if let known = preludeCodes[number] { return known }
    let code = Prelude.code(number)
    preludeCodes[number] = code
    return code
  }

  func isFunction(_ symbol: Symbol) -> Bool {
    switch callee(symbol) {
    case .primitive, .definition, .grad, .jvp: true
    case .unknown: false
    }
  }

  /// The message for a call of a function that is not there; nil if it is.
  func missing(_ symbol: Symbol) -> String? {
    let name = name(symbol)
    switch callee(symbol) {
    case .primitive, .definition, .grad, .jvp: return nil
    case .unknown:
      let own = code.tree.definitions.map { code.tree.name($0.name.symbol) }
      let primitives = Signature.all.keys.filter { !$0.hasPrefix("_") }
      let others = primitives + Prelude.names + ["grad", "jvp"]
      return unknown("function", name, among: own + others.sorted())
    }
  }

  func call(
    _ symbol: Symbol, _ expression: Expression, _ operands: [Datum]
  ) throws(LoweringFailure) -> Datum {
    if let message = missing(symbol) {
      report(message)
      return .failed
    }
    if operands.contains(where: \.isFailed) { return .failed }
    let names = frame.code.tree.names(of: expression)
    switch callee(symbol) {
    case .primitive(let signature):
      try makeRoom(for: 64 + 4 * operands.count)
      let order = try match(names, signature)
      frame.order = order
      return try apply(signature.primitive, order.map { $0 < 0 ? .none : operands[$0] })
    case .definition(let index, let code): return try expand(index, code, names, operands)
    case .grad, .jvp:
      let outer = frame.call
      frame.call = enteredCall(name(symbol), operands.compactMap(\.value))
      defer { leaveCall(outer) }
      if case .grad = callee(symbol) { return try gradient(names, operands) }
      return try forwardDerivative(names, operands)
    case .unknown: return .failed
    }
  }

  /// Which argument each parameter of a primitive gets, and after the parameters each of any number of values.
  private func match(
    _ names: [Symbol?], _ signature: Signature
  ) throws(LoweringFailure) -> [Int] {
    let required = signature.parameters.count - signature.optional
    let values = signature.isVariadic ? names.prefix { $0 == nil }.count : 0
    let order = try match(Array(names.dropFirst(values)), count: signature.parameters.count) {
      signature.parameters[$0]
    } isOptional: {
      $0 >= required
    }
    return order.map { $0 < 0 ? $0 : $0 + values } + Array(0..<values)
  }

  /// Which argument each parameter gets: -1 where it is left out, which `isOptional` allows.
  private func match(
    _ names: [Symbol?], count: Int, name parameterName: (Int) -> String,
    isOptional: (Int) -> Bool
  ) throws(LoweringFailure) -> [Int] {
    var order = [Int](repeating: -1, count: count)
    for (position, symbol) in names.enumerated() {
      var parameter = position
      if let symbol {
        let name = name(symbol)
        guard let found = (0..<count).first(where: { parameterName($0) == name }) else {
          throw fail(unknown("parameter", name, among: (0..<count).map(parameterName)))
        }
        parameter = found
        if order[found] >= 0 { throw fail("\(name) is given twice") }
      }
      if parameter >= count {
        let all = (0..<count).map(parameterName).joined(separator: ", ")
        let plural = count == 1 ? "" : "s"
        throw fail("expected \(count) argument\(plural) (\(all)), found \(names.count)")
      }
      order[parameter] = position
    }
    for parameter in 0..<count where order[parameter] < 0 && !isOptional(parameter) {
      throw fail("\(parameterName(parameter)) is missing")
    }
    return order
  }

  // MARK: Functions of the language

  private func expand(
    _ index: Int, _ callee: Code, _ names: [Symbol?], _ operands: [Datum]
  ) throws(LoweringFailure) -> Datum {
    let definition = callee.tree.definitions[index]
    if !callee.isPrelude, isBroken[index] { return .failed }
    let parameters = definition.parameters
    let order = try match(names, count: parameters.count) {
      callee.tree.name(parameters[$0].name.symbol)
    } isOptional: {
      parameters[$0].fallback != nil
    }
    callCount += 1
    if callCount > maximumCallCount {
      throw stop("the graph expands to more than \(maximumCallCount) calls of functions")
    }
    if callers.count + loops.count >= maximumCallDepth {
      throw stop("functions call each other more than \(maximumCallDepth) deep")
    }
    let before = builder.count
    let outer = frame.call
    let call = enteredCall(
      callee.tree.name(definition.name.symbol),
      order.compactMap { $0 < 0 ? nil : operands[$0].value }
    )
    callers.append(frame)
    frame = Frame(code: callee, definition: index)
    frame.arguments = order
    frame.call = call
    defer {
      frame = callers.removeLast()
      leaveCall(outer)
    }
    bindParameters(definition, order, operands)
    let results = run(definition.body)
    if builder.count == before {
      emptyCallCount += 1
      if emptyCallCount > maximumEmptyCallCount {
        throw stop("the graph expands to more than \(maximumEmptyCallCount) calls that do nothing")
      }
    }
    if results.contains(where: \.isFailed) { return .failed }
    if let derivative = definition.derivative {
      return try custom(definition, derivative, results)
    }
    return results.count == 1 ? results[0] : .tuple(results)
  }

  /// Notes a call: what is appended from now on is part of it. Gives its number.
  private func enteredCall(_ name: String, _ operands: [Value] = []) -> Int32 {
    if calls.count >= maximumNotedCallCount { return frame.call }
    let origin = builder.currentOrigin
    calls.append(
      Network.Call(
        name: name, line: origin?.line ?? 0, column: origin?.column ?? 0, parent: frame.call,
        operands: operands))
    let call = Int32(truncatingIfNeeded: calls.count)
    builder.currentOrigin?.call = call
    return call
  }

  private func leaveCall(_ outer: Int32) {
    frame.call = outer
    builder.currentOrigin?.call = outer
  }

  private func bindParameters(_ definition: Definition, _ order: [Int], _ operands: [Datum]) {
    var values: [Datum] = []
    for (parameter, operand) in zip(definition.parameters, order) {
      if operand >= 0 {
        values.append(operands[operand])
      } else if let fallback = parameter.fallback {
        values.append(evaluate(fallback))
      }
    }
    frame.differentiated = definition.body.differentiated
    let isOwn = !frame.differentiated.isEmpty || definition.derivative != nil
    for (parameter, value) in zip(definition.parameters, values) {
      if isOwn {
        bind(parameter.name, value)
      } else {
        frame.bindings[parameter.name.symbol] = value
      }
    }
  }

  /// Evaluates a body in the scope at work.
  func run(_ body: Body) -> [Datum] {
    frame.differentiated = body.differentiated
    for binding in body.bindings {
      let value = evaluate(binding.value)
      if isStopped { return [.failed] }
      bind(binding, value)
    }
    return body.results.map { evaluate($0) }
  }

  // MARK: Bindings

  /// Binds the names of a statement to its value, or to its values.
  func bind(_ binding: Binding, _ value: Datum) {
    var value = value
    // The last results of a scan may be left unbound.
    if case .tuple(let values) = value, binding.names.count < values.count,
      case .scan = frame.code.tree.expressions[binding.value.root].kind
    {
      let bound = Array(values.prefix(binding.names.count))
      value = bound.count == 1 ? bound[0] : .tuple(bound)
    }
    if binding.names.count == 1, let name = binding.names.first {
      if case .tuple(let values) = value {
        report(name.place, "this gives \(values.count) values: bind each to a name, a, b = …")
        return bind(name, .failed)
      }
      return bind(name, value)
    }
    if case .tuple(let values) = value, values.count == binding.names.count {
      for (name, value) in zip(binding.names, values) { bind(name, value) }
      return
    }
    if !value.isFailed {
      var count = 1
      if case .tuple(let values) = value { count = values.count }
      report(
        binding.names[0].place,
        "expected \(binding.names.count) values, one a name, found \(count)")
    }
    for name in binding.names { bind(name, .failed) }
  }

  /// Binds a name. A tensor becomes a value of its own, so that a derivative by this name sees the uses of this name only.
  func bind(_ name: BoundName, _ value: Datum) {
    var value = value
    if let state = frame.states[name.symbol] { value = next(value, of: state, name) }
    let isDifferentiated = frame.differentiated.contains(name.symbol)
    if isDifferentiated, !value.isFailed, let typed = try? typed(value) { value = .tensor(typed) }
    if case .tensor(let operand) = value, !frame.code.isPrelude, (try? makeRoom()) != nil {
      let outer = builder.currentOrigin
      builder.currentOrigin = origin(of: name)
      value = .tensor(builder.append(.identity, [operand], type: builder.type(of: operand)))
      builder.currentOrigin = outer
    }
    frame.bindings[name.symbol] = value
  }

  func origin(of name: BoundName) -> Origin {
    let isTemporary = frame.code.tree.temporaries[name.symbol] != nil
    return Origin(
      name: isTemporary ? nil : self.name(name.symbol), line: Int(name.place.line),
      column: Int(name.place.column), call: frame.call)
  }
}
