// A step of training as a function: the loss, its gradients, and what the optimiser makes of them.

extension Function {
  /// One step of training: the new values of all float parameters, as `update:NAME`, those of the optimiser's state, then the loss.
  ///
  /// After the parameters and inputs come the arguments of the training loop: the `learning_rate`, a scalar of the loss's element type;
  /// the states; and, where there are dropouts, their `seed`, where there are dropouts or the optimiser counts, the number of the `step`.
  /// With `keepingOutputs` the outputs stand before the loss. Throws a `GradientError`, an `OptimizerError`, or the `Diagnostics` of an
  /// optimiser of the user's own.
  public func trainingStep(
    optimizer: Optimizer = .sgd, keepingOutputs: Bool = false, printAfter: PassObserver? = nil
  ) throws -> Function {
    try OptimizerRule.check(optimizer)
    let prepared = hoistingDropouts().prepared(printAfter)
    guard let loss = prepared.result(.loss) else { throw GradientError.noLoss }
    let type = prepared.type(of: loss.value)
    if !type.element.isFloat { throw GradientError.lossIsNotFloat(name: loss.name, type) }
    let numbers = arguments.indices.filter {
      arguments[$0].role == .parameter && arguments[$0].type.element.isFloat
    }
    let rule = try OptimizerRule(
      optimizer, parameters: numbers.map { arguments[$0] }, lossElement: type.element)
    let (builder, gradients) = try prepared.differentiated(loss.value, numbers)
    builder.function.results = []
    let updates = builder.updates(
      of: builder.argumentValues(numbers), by: gradients, rule, type.element)
    for (number, value) in zip(numbers, updates.parameters) {
      builder.result("update:\(arguments[number].name)", .update(of: number), value)
    }
    for (number, value) in updates.states {
      let name = builder.function.arguments[number].name
      builder.result("update:\(name)", .update(of: number), value)
    }
    if keepingOutputs { builder.function.results += prepared.results.filter { $0.role == .output } }
    builder.function.results.append(loss)
    if builder.isFull { throw GradientError.tooLarge }
    return builder.takeFunction().drawingRandomNumbers().finished("step", printAfter)
  }
}

extension FunctionBuilder {
  /// New values for parameters, and for states by the numbers of their arguments, which are added.
  fileprivate func updates(
    of parameters: [Value], by gradients: [Value], _ rule: OptimizerRule, _ element: ElementType
  ) -> (parameters: [Value], states: [(argument: Int, value: Value)]) {
    func hyperparameter(_ which: Hyperparameter, _ element: ElementType) -> Value {
      argument(
        Argument(
          name: which.rawValue, role: .hyperparameter, type: TensorType(element, .scalar)))
    }
    let rate = hyperparameter(.learningRate, element)
    let first = function.arguments.count
    let states = rule.states.map {
      argument(Argument(name: $0.name, role: .state, type: $0.type))
    }
    let countsSteps = rule.function.instructions.contains { $0.op == .argument(1) }
    let step = countsSteps ? hyperparameter(.step, .i64) : rate
    let results = inline(rule.function, [rate, step] + parameters + gradients + states)
    let newStates = results.dropFirst(parameters.count)
    return (
      Array(results.prefix(parameters.count)),
      zip(first..., newStates).map { (argument: $0, value: $1) }
    )
  }
}
