// The statements of a graph, in order.

extension Lowerer {
  /// Lowers everything. Without errors, gives the network.
  func lower() -> Network? {
    checkDefinitions()
    collectPlaces()
    checkOverrides()
    for (index, statement) in code.tree.statements.enumerated() {
      if isStopped { break }
      frame.file = statement.file
      lower(statement, index)
    }
    checkResults()
    guard diagnostics.isEmpty else { return nil }
    finishArguments()
    return Network(
      function: builder.function, initializers: initializers, dims: dims, inputs: inputs,
      source: code.tree.files.first ?? SourceText(file: "graph"), calls: calls)
  }

  private func collectPlaces() {
    for statement in code.tree.statements {
      switch statement.kind {
      case .dim(let name, _), .input(let name, _), .constant(let name, _, _): note(name)
      case .parameter(let name, _, _):
        note(name)
        parameterCount += 1
      case .bind(let binding): binding.names.forEach(note)
      case .failed(let names): names.forEach(note)
      case .define, .output, .loss: break
      }
    }
  }

  private func note(_ name: BoundName) {
    let number = Int(name.symbol.id)
    if laterPlaces[number] == nil { laterPlaces[number] = name.place }
  }

  private func lower(_ statement: Statement, _ index: Int) {
    switch statement.kind {
    case .dim(let name, let value): dim(name, value)
    case .input(let name, let type): input(name, type)
    case .parameter(let name, let type, let value): parameter(name, type, value)
    case .constant(let name, let type, let value):
      let datum = constantValue(name, type, value)
      if declare(name, .constant(index)) { frame.bindings[name.symbol] = datum }
    case .bind(let binding):
      let value = evaluate(binding.value)
      var isNew = true
      for name in binding.names where !declare(name, .value) { isNew = false }
      if isNew { bind(binding, value) }
    case .define: break
    case .output(let value, let name): output(value, name)
    case .loss(let value): loss(value, statement.place)
    case .failed(let names):
      for name in names where global(name.symbol) == nil {
        globals[Int(name.symbol.id)] = (.value, name.place)
        frame.bindings[name.symbol] = .failed
      }
    }
  }

  /// Notes that a name is bound; binding it again is an error.
  private func declare(_ name: BoundName, _ kind: GlobalKind) -> Bool {
    if let earlier = global(name.symbol) {
      report(
        name.place, "\(self.name(name.symbol)) is already bound, in line \(earlier.place.line)")
      return false
    }
    globals[Int(name.symbol.id)] = (kind, name.place)
    return true
  }

  // MARK: Sizes

  private func checkOverrides() {
    let names = code.tree.statements.compactMap { statement -> String? in
      guard case .dim(let name, _) = statement.kind else { return nil }
      return self.name(name.symbol)
    }
    for name in overrides.keys.sorted() where !names.contains(name) {
      report(nil, unknown("dim", name, among: names))
    }
  }

  private func dim(_ name: BoundName, _ value: ExpressionRange) {
    let text = self.name(name.symbol)
    var datum = evaluate(value, for: "the size of a dim")
    if let override = overrides[text] { datum = datum.isFailed ? .failed : .integer(override) }
    frame.current = value.root
    if !datum.isFailed {
      if let size = try? integer(datum, "the size of a dim") {
        datum = .integer(size)
        if size < 0 {
          report(name.place, "dim \(text) is \(size): a size is at least 0")
          datum = .failed
        }
        dims.append(Network.Dim(name: text, size: size))
      } else {
        datum = .failed
      }
    }
    if declare(name, .dim) { frame.bindings[name.symbol] = datum }
  }

  func type(_ syntax: TypeSyntax) -> TensorType? {
    var sizes: [Int] = []
    var isComplete = true
    for range in syntax.sizes {
      let datum = evaluate(range, for: "the size of an axis")
      frame.current = range.root
      guard !datum.isFailed, let size = try? integer(datum, "the size of an axis") else {
        isComplete = false
        continue
      }
      if size < 0 {
        report(
          code.tree.expressions[range.root].place, "a size is at least 0, found \(size)")
        isComplete = false
      }
      sizes.append(size)
    }
    if !isComplete { return nil }
    // There is no expression to point at where there are no sizes, and then nothing can be wrong.
    if let last = syntax.sizes.last { frame.current = last.root }
    return (try? checked(sizes)).map { TensorType(syntax.element, $0) }
  }

  // MARK: Arguments

  private func input(_ name: BoundName, _ syntax: TypeSyntax) {
    let type = type(syntax)
    guard declare(name, .value) else { return }
    guard let type else {
      frame.bindings[name.symbol] = .failed
      return
    }
    let text = self.name(name.symbol)
    argument(name, Argument(name: text, role: .input, type: type), parameterCount + inputs.count)
    inputs.append(Network.Input(name: text, type: type, leadingDim: leadingDim(syntax)))
  }

  private func leadingDim(_ syntax: TypeSyntax) -> String? {
    guard let first = syntax.sizes.first, first.first == first.root,
      case .name(let symbol) = code.tree.expressions[first.root].kind,
      case .dim? = global(symbol)?.kind
    else { return nil }
    return name(symbol)
  }

  private func parameter(_ name: BoundName, _ syntax: TypeSyntax, _ value: ExpressionRange?) {
    let number = nextParameter
    nextParameter += 1
    let type = type(syntax)
    let initializer = type.flatMap { self.initializer(value, $0, name) }
    guard declare(name, .value) else { return }
    guard let type else {
      frame.bindings[name.symbol] = .failed
      return
    }
    if let initializer { initializers.append(initializer) }
    argument(
      name, Argument(name: self.name(name.symbol), role: .parameter, type: type), number)
  }

  private func argument(_ name: BoundName, _ argument: Argument, _ number: Int) {
    if builder.count >= maximumOperationCount { return }
    builder.currentOrigin = Origin(
      name: argument.name, line: Int(name.place.line), column: Int(name.place.column))
    let value = builder.append(.argument(number), type: argument.type)
    arguments.append((argument, number))
    frame.bindings[name.symbol] = .tensor(value)
  }

  private func finishArguments() {
    builder.function.arguments = arguments.sorted { $0.place < $1.place }.map(\.argument)
  }

  // MARK: Constants

  /// The value of a `const`: in its type where it has one, and else as a literal.
  func constantValue(
    _ name: BoundName, _ syntax: TypeSyntax?, _ range: ExpressionRange
  ) -> Datum {
    var datum = evaluate(range, for: "a const")
    guard let syntax else {
      if frame.differentiated.contains(name.symbol) {
        bind(name, datum)
        datum = frame.bindings[name.symbol] ?? datum
      } else if case .tensor = datum {
        bind(name, datum)
        datum = frame.bindings[name.symbol] ?? datum
      }
      return datum
    }
    let type = type(syntax)
    guard let type, !datum.isFailed else { return .failed }
    frame.current = range.root
    frame.order = nil
    guard let value = try? converted(datum, to: type) else { return .failed }
    bind(name, .tensor(value))
    return frame.bindings[name.symbol] ?? .failed
  }

  /// A value in a type that the graph states. One number stands for every element.
  private func converted(_ datum: Datum, to type: TensorType) throws(LoweringFailure) -> Value {
    if case .tensor(let value) = datum, builder.element(of: value) != type.element {
      throw statement("expected \(type), found \(builder.type(of: value))")
    }
    if datum.isScalarConstant {
      let constant = Constant(splat: try scalar(datum, type.element), shape: type.shape)
      return builder.constant(constant)
    }
    let operand = try adapted(datum, to: type.element, parameter: 0)
    if shape(of: operand) != type.shape {
      throw statement("expected shape \(type.shape), found \(shape(of: operand))")
    }
    return value(operand)
  }

  private func statement(_ message: String) -> LoweringFailure {
    report(message)
    return LoweringFailure()
  }

  // MARK: Results

  private func output(_ range: ExpressionRange, _ name: BoundName) {
    let text = self.name(name.symbol)
    let datum = evaluate(range)
    frame.current = range.root
    if builder.function.results.contains(where: { $0.name == text && $0.role == .output }) {
      report(name.place, "there is already an output \(text)")
      return
    }
    guard !datum.isFailed, let value = try? typed(datum) else { return }
    builder.result(text, .output, named(value, range, name))
  }

  /// An output that is no name of the graph gets its value under the output's name.
  private func named(_ value: Value, _ range: ExpressionRange, _ name: BoundName) -> Value {
    if range.first == range.root, case .name = code.tree.expressions[range.root].kind {
      return value
    }
    builder.currentOrigin = Origin(
      name: self.name(name.symbol), line: Int(name.place.line), column: Int(name.place.column))
    return builder.append(.identity, [value], type: builder.type(of: value))
  }

  private func loss(_ range: ExpressionRange, _ place: Place) {
    let datum = evaluate(range)
    frame.current = range.root
    if lossPlace != nil {
      report(place, "there is already a loss, in line \(lossPlace?.line ?? 0)")
      return
    }
    lossPlace = place
    guard !datum.isFailed, let value = try? typed(datum) else { return }
    let type = builder.type(of: value)
    let expression = code.tree.expressions[range.root]
    let words = excerpt(of: range, in: code.tree)
    if type.count != 1 {
      report(
        expression.place, "a loss has exactly one element, \(words) has shape \(type.shape)")
    } else if !type.element.isFloat {
      report(
        expression.place, "a loss is f32 or f64, \(words) is \(type.element.name): cast(…, f32)")
    }
    lossResult = Result(name: "loss", role: .loss, value: value)
  }

  private func checkResults() {
    let hasResult = code.tree.statements.contains { statement in
      switch statement.kind {
      case .output, .loss, .failed: true
      case .dim, .input, .parameter, .constant, .bind, .define: false
      }
    }
    if !hasResult { report(nil, "the graph has no output and no loss: nothing to compute") }
    if let lossResult { builder.function.results.append(lossResult) }
  }
}
