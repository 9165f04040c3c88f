// A step of training as a function: the loss, its gradients, and what the optimiser makes of them. Where gradients of several batches are
// added up first, it comes in two parts.

/// A step, or a part of one.
public enum StepPart: Hashable, Sendable {
  case whole
  /// Adds the gradients of a batch, times its `weight`, to the states `gradient sum`.
  case gather
  /// Takes those sums for the gradients, and sets them to zero.
  case apply
}

extension Function {
  /// One step of training: the new values of all float parameters, as `update:NAME`, those of the optimiser's state, then the loss.
  ///
  /// After the parameters and inputs come the arguments of the training loop: the `learning_rate`, a scalar of the loss's element type;
  /// the states; and, where there are dropouts, their `seed`, where there are dropouts or the optimiser counts, the number of the `step`.
  /// With `keepingOutputs` the outputs stand before the loss. Throws a `GradientError`, an `OptimizerError`, or the `Diagnostics` of an
  /// optimiser of the user's own.
  public func trainingStep(
    optimizer: Optimizer = .sgd, part: StepPart = .whole, keepingOutputs: Bool = false,
    printAfter: PassObserver? = nil
  ) throws -> Function {
    try OptimizerRule.check(optimizer)
    let prepared = hoistingDropouts().prepared(printAfter)
    guard let loss = prepared.result(.loss) else { throw GradientError.noLoss }
    let type = prepared.type(of: loss.value)
    if !type.element.isFloat { throw GradientError.lossIsNotFloat(name: loss.name, type) }
    let numbers = arguments.indices.filter {
      arguments[$0].role == .parameter && arguments[$0].type.element.isFloat
    }
    let (builder, gradients) =
      part == .apply
      ? (FunctionBuilder(name: name, arguments: arguments), [])
      : try prepared.differentiated(loss.value, numbers)
    builder.function.results = []
    let sums = part == .whole ? [] : builder.gradientSums(of: numbers.map { arguments[$0] })
    if part == .gather {
      builder.gather(gradients, into: sums, type.element)
    } else if !numbers.isEmpty {
      let rule = try OptimizerRule(
        optimizer, parameters: numbers.map { arguments[$0] }, lossElement: type.element)
      builder.update(
        numbers, by: part == .apply ? sums.map(\.value) : gradients, rule, type.element)
      for (number, sum) in sums {
        let zeros = Constant(
          splat: Scalar(0, as: builder.element(of: sum)), shape: builder.shape(of: sum))
        builder.updateResult(number, builder.constant(zeros))
      }
    }
    if part != .apply {
      if keepingOutputs {
        builder.function.results += prepared.results.filter { $0.role == .output }
      }
      builder.function.results.append(loss)
    }
    if builder.isFull { throw GradientError.tooLarge }
    return builder.takeFunction().drawingRandomNumbers().finished("step", printAfter)
  }
}

extension FunctionBuilder {
  /// A function of these arguments that does nothing yet.
  fileprivate convenience init(name: String, arguments: [Argument]) {
    self.init(name: name)
    function.arguments = arguments
  }

  fileprivate func updateResult(_ number: Int, _ value: Value) {
    result("update:\(function.arguments[number].name)", .update(of: number), value)
  }

  private func hyperparameter(_ which: Hyperparameter, _ element: ElementType) -> Value {
    argument(
      Argument(name: which.rawValue, role: .hyperparameter, type: TensorType(element, .scalar)))
  }

  /// States, with the numbers of their arguments.
  private func states(_ states: [OptimizerState]) -> [(number: Int, value: Value)] {
    states.map { state in
      let value = argument(Argument(name: state.name, role: .state, type: state.type))
      return (function.arguments.count - 1, value)
    }
  }

  /// No optimiser has a state of this name: it is none in the language.
  fileprivate func gradientSums(of parameters: [Argument]) -> [(number: Int, value: Value)] {
    states(parameters.map { OptimizerState(name: "gradient sum.\($0.name)", type: $0.type) })
  }

  fileprivate func gather(
    _ gradients: [Value], into sums: [(number: Int, value: Value)], _ element: ElementType
  ) {
    let weight = hyperparameter(.weight, element)
    for (gradient, (number, sum)) in zip(gradients, sums) {
      let type = type(of: sum)
      let factor = broadcast(cast(weight, to: type.element), to: type.shape)
      updateResult(number, elementwise(.add, sum, elementwise(.mul, factor, gradient)))
    }
  }

  /// New values for the parameters with these numbers, and for the optimiser's states.
  fileprivate func update(
    _ numbers: [Int], by gradients: [Value], _ rule: OptimizerRule, _ element: ElementType
  ) {
    let parameters = argumentValues(numbers)
    let rate = hyperparameter(.learningRate, element)
    let states = states(rule.states)
    let countsSteps = rule.function.instructions.contains { $0.op == .argument(1) }
    let step = countsSteps ? hyperparameter(.step, .i64) : rate
    let results = inline(
      rule.function, [rate, step] + parameters + gradients + states.map(\.value))
    for (number, value) in zip(numbers + states.map(\.number), results) {
      updateResult(number, value)
    }
  }
}
