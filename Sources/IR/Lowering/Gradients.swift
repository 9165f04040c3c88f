// `grad(f, x)` in the language, and functions with a derivative of their author's own.

extension Lowerer {
  func gradient(_ names: [Symbol?], _ operands: [Datum]) throws(LoweringFailure) -> Datum {
    frame.order = nil
    try makeRoom()
    if names.contains(where: { $0 != nil }) { throw fail("its arguments have no names") }
    if operands.count < 2 {
      throw fail("expected a value and the names by which it is differentiated, grad(f, x)")
    }
    let f = try typed(operands[0])
    let type = builder.type(of: f)
    if type.count != 1 {
      throw fail(
        "\(words(0)) has shape \(type.shape); only one element can be differentiated: sum(…) it")
    }
    var values: [Value] = []
    for (index, operand) in operands.enumerated().dropFirst() {
      values.append(try named(operand, index, of: type.element))
    }
    let results = try adjoints(of: f, by: values)
    return results.count == 1 ? .tensor(results[0]) : .tuple(results.map { .tensor($0) })
  }

  /// The value of an argument that must be a name.
  ///
  /// - Parameter element: the type of what is differentiated, which a state has whose own is not known yet.
  private func named(
    _ operand: Datum, _ index: Int, of element: ElementType
  ) throws(LoweringFailure) -> Value {
    let range = frame.code.tree.operands(of: frame.current)[index]
    guard range.first == range.root, case .name = frame.code.tree.expressions[range.root].kind
    else { throw fail("\(words(index)) is no name: bind it to one before it is used in f") }
    if isTrial, case .untyped(let value, _) = operand {
      return builder.zeros(builder.type(of: value).with(element: element))
    }
    return try typed(operand)
  }

  /// `jvp(f, x, v)`
  func forwardDerivative(
    _ names: [Symbol?], _ operands: [Datum]
  ) throws(LoweringFailure) -> Datum {
    frame.order = nil
    try makeRoom()
    if names.contains(where: { $0 != nil }) { throw fail("its arguments have no names") }
    if operands.count != 3 {
      throw fail("expected a value, a name and the direction of its change, jvp(f, x, v)")
    }
    let f = try typed(operands[0])
    let x = try named(operands[1], 1, of: builder.element(of: f))
    let type = builder.type(of: x)
    if case .tensor(let v) = operands[2], builder.element(of: v) != type.element {
      throw fail(
        "\(words(2)) is \(builder.element(of: v).name), but \(words(1)) is \(type.element.name)")
    }
    let v = value(try adapted(operands[2], to: type.element, parameter: 2))
    if builder.shape(of: v) != type.shape {
      throw fail(
        "\(words(2)) has shape \(builder.shape(of: v)), but \(words(1)) has shape \(type.shape)")
    }
    let result = builder.forwardDerivative(
      of: builder.stableForm(of: f, withRespectTo: [x]), withRespectTo: x, along: v)
    try makeRoom()
    return .tensor(result)
  }

  /// Differentiating through an integer or `bool` is zero.
  private func adjoints(of f: Value, by values: [Value]) throws(LoweringFailure) -> [Value] {
    var wanted: [Value] = []
    if builder.element(of: f).isFloat {
      for value in values where builder.element(of: value).isFloat && !wanted.contains(value) {
        wanted.append(value)
      }
    }
    let found =
      wanted.isEmpty
      ? []
      : builder.gradients(
        of: builder.stableForm(of: f, withRespectTo: wanted), withRespectTo: wanted)
    try makeRoom()
    return values.map { value in
      if let index = wanted.firstIndex(of: value) { return found[index] }
      return builder.zeros(builder.type(of: value))
    }
  }

  // MARK: A derivative of the author's own

  /// The result of a body in the scope at work, with the derivative that stands after the body.
  func custom(
    _ definition: Definition, _ derivative: Definition.Derivative, _ results: [Datum]
  ) throws(LoweringFailure) -> Datum {
    guard results.count == 1 else { return .failed }
    let result = try typed(results[0])
    var captured: [(name: BoundName, datum: Datum, value: Value)] = []
    for parameter in definition.parameters {
      let datum = frame.bindings[parameter.name.symbol] ?? .failed
      switch datum {
      case .tensor(let value), .untyped(let value, _):
        captured.append((parameter.name, datum, value))
      case .integer, .number, .boolean, .list, .none, .type, .tuple, .failed: break
      }
    }
    let nested = try nestedDerivative(definition, derivative, result, captured)
    try makeRoom()
    return .tensor(
      builder.append(
        .custom(NestedFunction(nested)), [result] + captured.map(\.value),
        type: builder.type(of: result)))
  }

  private func nestedDerivative(
    _ definition: Definition, _ derivative: Definition.Derivative, _ result: Value,
    _ captured: [(name: BoundName, datum: Datum, value: Value)]
  ) throws(LoweringFailure) -> Function {
    let (outer, bindings) = (builder, frame.bindings)
    defer { frame.bindings = bindings }
    let nested = FunctionBuilder(name: name(definition.name.symbol) + ".derivative")
    try inside(nested) { () throws(LoweringFailure) in
      try lower(definition, derivative, outer.type(of: result), captured, outer)
    }
    return nested.function
  }

  /// Lowers a derivative into the function at work.
  private func lower(
    _ definition: Definition, _ derivative: Definition.Derivative, _ type: TensorType,
    _ captured: [(name: BoundName, datum: Datum, value: Value)], _ outer: FunctionBuilder
  ) throws(LoweringFailure) {
    func argument(_ name: BoundName, _ type: TensorType) -> Value {
      builder.argument(Argument(name: self.name(name.symbol), role: .input, type: type))
    }
    let adjoint = argument(derivative.adjoint, type)
    let value = argument(derivative.value, type)
    // Only what the braces see: the body's own bindings are another scope.
    var visible = Scope()
    for parameter in definition.parameters {
      visible[parameter.name.symbol] = frame.bindings[parameter.name.symbol]
    }
    frame.bindings = visible
    for (name, datum, value) in captured {
      let copy = argument(name, outer.type(of: value))
      if case .untyped(_, let fallback) = datum {
        frame.bindings[name.symbol] = .untyped(copy, fallback: fallback)
      } else {
        frame.bindings[name.symbol] = .tensor(copy)
      }
    }
    frame.bindings[derivative.adjoint.symbol] = .tensor(adjoint)
    frame.bindings[derivative.value.symbol] = .tensor(value)
    let results = run(derivative.body)
    let captures = captured.count
    if results.count != captures, results.count != definition.parameters.count, !isStopped {
      report(
        derivative.body.returnPlace,
        "the derivative gives \(results.count) values, expected one an argument: "
          + "\(definition.parameters.count)")
      throw LoweringFailure()
    }
    if isStopped || results.contains(where: \.isFailed) { throw LoweringFailure() }
    for (index, (name, datum, value)) in captured.enumerated() {
      let isFull = results.count == definition.parameters.count
      let number = definition.parameters.firstIndex { $0.name.symbol == name.symbol } ?? index
      let position = isFull ? number : index
      frame.current = derivative.body.results[position].root
      frame.order = nil
      try makeRoom()
      let type = outer.type(of: value)
      var given = builder.zeros(type)
      // Numbers and integers have no derivative, whatever the author gives for them.
      if case .tensor = datum, type.element.isFloat {
        given = try fitting(results[position], type, name)
      }
      builder.result(self.name(name.symbol), .output, given)
    }
  }

  private func fitting(
    _ result: Datum, _ type: TensorType, _ parameter: BoundName
  ) throws(LoweringFailure) -> Value {
    let name = name(parameter.symbol)
    if result.isScalarConstant {
      return builder.constant(
        Constant(splat: try scalar(result, type.element), shape: type.shape))
    }
    let operand = try adapted(result, to: type.element, parameter: 0)
    let given = value(operand)
    if builder.type(of: given) != type {
      report(
        "the derivative with respect to \(name) has type \(builder.type(of: given)), "
          + "but \(name) is \(type)")
      throw LoweringFailure()
    }
    return given
  }
}
