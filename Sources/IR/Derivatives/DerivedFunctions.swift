// The functions that a network is compiled to, each derived from the one that lowering gives:
// forward, evaluation, gradient and training step. All are optimised, and all agree in every bit on
// what they have in common: the same passes see the same instructions, and no pass that uses
// mathematics looks at users.

/// Why a function has no gradient.
public enum GradientError: Error, Hashable, Sendable {
  /// There is no loss, and not exactly one output of one element: these are the outputs.
  case nothingToDifferentiate(outputs: [Output])
  /// A training step needs a loss.
  case noLoss
  /// A training step of a loss of this type.
  case lossIsNotFloat(name: String, TensorType)
  case noArgument(Int, count: Int)
  /// More than `maximumOperationCount` operations.
  case tooLarge

  public struct Output: Hashable, Sendable {
    public var name: String
    public var type: TensorType
  }
}

extension Function {
  /// The outputs alone, or the loss where there is no output. Inputs that they do not need are
  /// dropped; parameters stay.
  public func forward(printAfter: PassObserver? = nil) -> Function {
    let outputs = results.filter { $0.role == .output }
    return derived("forward", outputs.isEmpty ? results : outputs, printAfter)
  }

  /// Outputs, then the loss.
  public func evaluation(printAfter: PassObserver? = nil) -> Function {
    let outputs = results.filter { $0.role == .output }
    return derived("evaluation", outputs + results.filter { $0.role == .loss }, printAfter)
  }

  /// What is differentiated (the loss, or without one the only output of one element), then its
  /// gradients as `gradient:NAME`.
  ///
  /// `arguments` are argument numbers of this function: by default all float parameters, or all
  /// float inputs where there are no parameters. With `keepingOutputs` the outputs come first.
  /// Roles number the arguments of the result.
  public func gradient(
    withRespectTo arguments: [Int]? = nil, keepingOutputs: Bool = false,
    printAfter: PassObserver? = nil
  ) throws(GradientError) -> Function {
    let prepared = prepared(printAfter)
    let target = try prepared.differentiatedResult()
    let numbers = arguments ?? defaultArguments
    let (builder, gradients) = try prepared.differentiated(target.value, numbers)
    // An output that is differentiated keeps its place among the others.
    let kept = prepared.results.filter { $0.role == .output || $0 == target }
    builder.function.results = keepingOutputs ? kept : [target]
    for (number, gradient) in zip(numbers, gradients) {
      let name = "gradient:\(self.arguments[number].name)"
      builder.result(name, .gradient(of: number), gradient)
    }
    return builder.takeFunction().finished("gradient", printAfter)
  }

  private func derived(
    _ kind: String, _ results: [Result], _ printAfter: PassObserver?
  ) -> Function {
    var function = self
    function.results = results
    return function.prepared(printAfter).finished(kind, printAfter)
  }

  consuming func finished(_ kind: String, _ printAfter: PassObserver?) -> Function {
    var function = run(Pass.afterDifferentiation, printAfter).withoutUnneededInputs()
    function.name = kind
    return function
  }

  func prepared(_ printAfter: PassObserver?) -> Function {
    run(Pass.beforeDifferentiation, printAfter)
  }

  private var defaultArguments: [Int] {
    let hasParameters = arguments.contains { $0.role == .parameter }
    let role: ArgumentRole = hasParameters ? .parameter : .input
    return arguments.indices.filter {
      arguments[$0].role == role && arguments[$0].type.element.isFloat
    }
  }

  /// The loss, or without one the only output of one element.
  public func differentiatedResult() throws(GradientError) -> Result {
    if let loss = result(.loss) { return loss }
    let outputs = results.filter { $0.role == .output }
    let candidates = outputs.filter { type(of: $0.value).count == 1 }
    if candidates.count == 1 { return candidates[0] }
    throw .nothingToDifferentiate(
      outputs: outputs.map { GradientError.Output(name: $0.name, type: type(of: $0.value)) })
  }

  func differentiated(
    _ value: Value, _ numbers: [Int]
  ) throws(GradientError) -> (FunctionBuilder, [Value]) {
    for number in numbers where !arguments.indices.contains(number) {
      throw .noArgument(number, count: arguments.count)
    }
    let builder = FunctionBuilder(extending: self)
    let wrt = builder.argumentValues(numbers)
    let gradients = builder.gradients(of: value, withRespectTo: wrt)
    if builder.isFull { throw .tooLarge }
    return (builder, gradients)
  }

  /// Without the inputs that no instruction and no result needs; the numbers of the others follow.
  func withoutUnneededInputs() -> Function {
    var isNeeded = arguments.map { $0.role != .input }
    for instruction in instructions {
      if case .argument(let number) = instruction.op { isNeeded[number] = true }
    }
    for result in results {
      switch result.role {
      case .output, .loss: break
      case .gradient(let number), .update(let number): isNeeded[number] = true
      }
    }
    if isNeeded.allSatisfy({ $0 }) { return self }
    var renumbered = [Int](repeating: 0, count: arguments.count)
    for number in arguments.indices.dropLast() {
      renumbered[number + 1] = renumbered[number] + (isNeeded[number] ? 1 : 0)
    }
    var function = self
    function.arguments = arguments.indices.filter { isNeeded[$0] }.map { arguments[$0] }
    for index in function.instructions.indices {
      if case .argument(let number) = function.instructions[index].op {
        function.instructions[index].op = .argument(renumbered[number])
      }
    }
    for index in function.results.indices {
      switch function.results[index].role {
      case .output, .loss: break
      case .gradient(let number):
        function.results[index].role = .gradient(of: renumbered[number])
      case .update(let number): function.results[index].role = .update(of: renumbered[number])
      }
    }
    return function
  }
}

extension FunctionBuilder {
  /// The function, which the builder then no longer holds.
  func takeFunction() -> Function {
    defer { function = Function(name: "") }
    return function
  }

  /// The instructions of these arguments; one that nothing has used so far gets its instruction
  /// now.
  func argumentValues(_ numbers: [Int]) -> [Value] {
    var values = [Value?](repeating: nil, count: function.arguments.count)
    for (index, instruction) in function.instructions.enumerated() {
      if case .argument(let number) = instruction.op { values[number] = Value(index) }
    }
    return numbers.map { number in
      let value =
        values[number] ?? append(.argument(number), type: function.arguments[number].type)
      values[number] = value
      return value
    }
  }
}
