// The work of an optimiser for all parameters of a network as one function: written as a graph, so that it is lowered like any other.

/// What an optimiser remembers of a parameter from step to step.
struct OptimizerState {
  /// `m.w1`: a graph's own names have no dots.
  var name: String
  var type: TensorType
}

/// The function that gives new parameters and states.
///
/// Arguments: learning rate, step (i64, from 0 on), then parameters, gradients, states. Results: new parameters, new states.
struct OptimizerRule {
  var function: Function
  var states: [OptimizerState]

  init(_ optimizer: Optimizer, parameters: [Argument], lossElement: ElementType) throws {
    try RuleBuilder(optimizer, lossElement).checkRate()
    (function, states) = try RuleBuilder(optimizer, lossElement).build(parameters)
  }

  /// Throws what is wrong with the names and options, which takes no network to know.
  static func check(_ optimizer: Optimizer) throws {
    let builder = try RuleBuilder(optimizer, .f32)
    _ = try builder.optimizerForm()
    _ = try builder.scheduleForms()
  }
}

/// What the parameters of a rule's function are.
private struct RuleForm {
  var states: [String]
  /// Options with and without a default.
  var options: [String]
  var needed: [String]
  /// In the order of the function's parameters.
  var order: [String]
}

private struct RuleBuilder {
  let optimizer: Optimizer
  let graph: Graph
  let element: ElementType
  private let rate: Variable
  private let step: Variable

  init(_ optimizer: Optimizer, _ lossElement: ElementType) throws {
    self.optimizer = optimizer
    element = lossElement
    graph = Graph(definitionsOf: optimizer.definitions)
    rate = graph.input(graph.freshName("rate"), [], lossElement)
    step = graph.input(graph.freshName("step"), [], .i64)
  }

  func build(_ parameters: [Argument]) throws -> (Function, [OptimizerState]) {
    let (rule, options, ownDecay) = try optimizerForm()
    let values = parameters.map { input($0.name, $0.type) }
    var gradients = parameters.map { input("d_" + $0.name, $0.type) }
    var states: [OptimizerState] = []
    var stateInputs: [[Variable]] = []
    for parameter in parameters {
      stateInputs.append(rule.states.map { input($0 + "_" + parameter.name, parameter.type) })
      states += rule.states.map {
        OptimizerState(name: "\($0).\(parameter.name)", type: parameter.type)
      }
    }
    let scheduled = try scheduledRate()
    gradients = clipped(gradients, parameters)
    if !ownDecay, let decay = optimizer.weightDecay {
      gradients = zip(gradients, values).map { $0 + $1 * Variable(decay) }
    }
    var newValues: [Variable] = []
    var newStates: [Variable] = []
    for (number, parameter) in parameters.enumerated() {
      var given = [
        "w": values[number], "g": gradients[number],
        "lr": cast(scheduled, to: parameter.type.element),
        "t": stepNumber(in: parameter.type.element),
      ]
      for (name, state) in zip(rule.states, stateInputs[number]) { given[name] = state }
      let results = graph.callRule(
        optimizer.rule.name, rule.order.compactMap { given[$0] },
        options.map { ($0.name, Variable($0.value)) }, count: 1 + rule.states.count)
      newValues.append(results[0])
      newStates += results.dropFirst()
    }
    for (number, value) in (newValues + newStates).enumerated() {
      graph.output("_result\(number)", value)
    }
    let network = try loweredRule()
    try checkTypes(network, parameters.map(\.type) + states.map(\.type))
    return (network.function.withoutDeadCode(), states)
  }

  // MARK: Signatures

  /// The rule's form, its options, and whether one of these is a weight decay.
  func optimizerForm() throws -> (RuleForm, [RuleCall.Option], ownDecay: Bool) {
    let rule = try signature(
      optimizer.rule, leading: ["w", "g", "lr"],
      what: "optimizer: the parameters begin with w, g and lr")
    var options = optimizer.rule.options
    let ownDecay = rule.options.contains("weight_decay")
    if ownDecay, let decay = optimizer.weightDecay {
      options.append(RuleCall.Option(name: "weight_decay", value: decay))
    }
    try checkOptions(options, of: optimizer.rule.name, rule)
    // Of an option that stands twice the last counts.
    options = options.enumerated().filter { number, option in
      !options[(number + 1)...].contains { $0.name == option.name }
    }.map(\.element)
    return (rule, options, ownDecay)
  }

  func scheduleForms() throws -> [RuleForm] {
    try optimizer.schedules.map { schedule in
      let form = try signature(
        schedule, leading: ["lr", "t"], what: "schedule: the parameters begin with lr and t")
      try checkOptions(schedule.options, of: schedule.name, form)
      return form
    }
  }

  private func definition(_ name: String) throws -> (Definition, SyntaxTree) {
    if let tree = optimizer.definitions,
      let own = tree.definitions.last(where: { tree.name($0.name.symbol) == name })
    {
      return (own, tree)
    }
    let known = Optimizer.builtIn + Optimizer.schedules
    guard known.contains(name), let number = Prelude.number(of: name) else {
      let own = optimizer.definitions.map { tree in
        tree.definitions.map { tree.name($0.name.symbol) }
      }
      throw OptimizerError.unknown(name, suggestion: nearest(to: name, among: known + (own ?? [])))
    }
    let tree = Prelude.code(number).tree
    return (tree.definitions[0], tree)
  }

  private func signature(
    _ call: RuleCall, leading: [String], what: String
  ) throws -> RuleForm {
    let (definition, tree) = try definition(call.name)
    let names = definition.parameters.map { tree.name($0.name.symbol) }
    guard names.starts(with: leading) else {
      throw OptimizerError.wrongSignature(call.name, expected: what)
    }
    var signature = RuleForm(states: [], options: [], needed: [], order: leading)
    for (parameter, name) in zip(definition.parameters, names).dropFirst(leading.count) {
      if parameter.fallback != nil {
        signature.options.append(name)
      } else if leading.contains("t") {
        signature.needed.append(name)
      } else {
        signature.order.append(name)
        if name != "t" { signature.states.append(name) }
      }
    }
    let found = definition.body.results.count
    if found != 1 + signature.states.count {
      throw OptimizerError.wrongResults(
        call.name, expected: 1 + signature.states.count, found: found)
    }
    return signature
  }

  private func checkOptions(
    _ given: [RuleCall.Option], of rule: String, _ signature: RuleForm
  ) throws {
    let known = signature.needed + signature.options
    for option in given where !known.contains(option.name) {
      throw OptimizerError.unknownOption(option.name, of: rule, known: known)
    }
    for name in signature.needed where !given.contains(where: { $0.name == name }) {
      throw OptimizerError.missingOption(name, of: rule)
    }
  }

  /// Errors are of the user's functions; where they were called from is no line of a file.
  private func loweredRule() throws -> Network {
    do throws(Diagnostics) {
      return try graph.lowered()
    } catch {
      var diagnostics = error
      for index in diagnostics.all.indices {
        diagnostics.all[index].notes.removeAll { $0.place.line == 0 }
      }
      throw diagnostics
    }
  }

  /// A rate is one number. Schedules are lowered by themselves, so that an error of theirs is no puzzle about the optimiser.
  func checkRate() throws {
    if optimizer.schedules.isEmpty { return }
    graph.output("_rate", try scheduledRate())
    let network = try loweredRule()
    for result in network.function.results {
      let type = network.function.type(of: result.value)
      if type != TensorType(element, .scalar) {
        throw OptimizerError.wrongSignature(
          optimizer.schedules.last?.name ?? "",
          expected: "schedule: it makes \(type) of \(element.name)[]")
      }
    }
  }

  /// An update and its state keep the type that they have.
  private func checkTypes(_ network: Network, _ expected: [TensorType]) throws {
    for (result, type) in zip(network.function.results, expected)
    where network.function.type(of: result.value) != type {
      throw OptimizerError.wrongSignature(
        optimizer.rule.name,
        expected: "optimizer: it makes \(network.function.type(of: result.value)) of \(type)")
    }
  }

  // MARK: Parts

  private func input(_ name: String, _ type: TensorType) -> Variable {
    graph.input(graph.freshName(name), type.shape.sizes.map { Variable($0) }, type.element)
  }

  private func cast(_ value: Variable, to element: ElementType) -> Variable {
    graph.call("cast", [value, Variable(content: .known(element.name))])
  }

  /// From 1 on, as the formulas count.
  private func stepNumber(in element: ElementType) -> Variable { cast(step + 1, to: element) }

  private func scheduledRate() throws -> Variable {
    var rate = self.rate
    _ = try scheduleForms()
    for schedule in optimizer.schedules {
      rate =
        graph.callRule(
          schedule.name, [rate, stepNumber(in: element)],
          schedule.options.map { ($0.name, Variable($0.value)) }, count: 1)[0]
    }
    return rate
  }

  private func clipped(_ gradients: [Variable], _ parameters: [Argument]) -> [Variable] {
    switch optimizer.clipping {
    case nil: return gradients
    case .value(let limit):
      return gradients.map { graph.call("clip", [$0, Variable(-limit), Variable(limit)]) }
    case .norm(let limit):
      let squares = gradients.map {
        cast(graph.call("sum", [graph.call("square", [$0])]), to: element)
      }
      guard let first = squares.first else { return gradients }
      let norm = graph.call("sqrt", [squares.dropFirst().reduce(first) { $0 + $1 }])
      // The norm is above 0 where it is above the limit.
      let factor = Variable(limit) / graph.call("maximum", [norm, Variable(limit)])
      return zip(gradients, parameters).map { $0 * cast(factor, to: $1.type.element) }
    }
  }
}

extension Optimizer {
  /// The prelude's schedules.
  public static let schedules = ["cosine_decay", "step_decay", "linear_warmup"]
}

extension Graph {
  /// A graph with the dims, constants and functions of another alone.
  convenience init(definitionsOf other: SyntaxTree?) {
    self.init()
    guard let other else { return }
    tree = other
    tree.differentiated = SymbolSet()
    tree.statements.removeAll { statement in
      switch statement.kind {
      case .dim, .constant, .define, .failed: false
      case .input, .parameter, .bind, .output, .loss: true
      }
    }
  }

  /// A name that nothing in the graph has.
  fileprivate func freshName(_ wanted: String) -> String {
    // Longer ones would be no names at all.
    let base = String(wanted.prefix(Lexer.maximumNameLength - 16))
    if tree.existing(base) == nil, !isKeyword(base) { return base }
    var number = 2
    while tree.existing("\(base)_\(number)") != nil { number += 1 }
    return "\(base)_\(number)"
  }

  /// A call of a rule, with its results.
  fileprivate func callRule(
    _ name: String, _ arguments: [Variable], _ options: [(String, Variable)], count: Int
  ) -> [Variable] {
    let names = arguments.map { _ in String?.none } + options.map { $0.0 }
    // Messages about the inside of a function are of its file.
    let file = tree.files.first?.file ?? "optimizer"
    return bind(
      Variable(content: .operation(.call(name, names), arguments + options.map(\.1))),
      count: count, at: SwiftPlace(file: file, line: 0, column: 0))
  }
}
