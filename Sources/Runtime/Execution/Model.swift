// A compiled network as Swift code uses it: set inputs, run forward, run backward, read values and gradients, take a step.

import NNIR

/// A network with its parameters, inputs and compiled code.
///
/// ```swift
/// let model = try g.compile(loss: cost)
/// model[x] = Tensor([500, 784], filledWith: 1)
/// try model.forward()
/// try model.backward()
/// let dw1 = model.gradient(of: w1)
/// ```
/// Names and shapes that do not fit are mistakes in the program and stop it, as an index out of range does; what depends
/// on the outside (a compiler that is missing, an input not given) throws.
public final class Model {
  public let network: Network
  private let options: ExecutionOptions
  private let executable: Executable
  private var step: Executable?
  private let seed: UInt64
  private let optimizer: Optimizer
  /// The optimiser's, in the order of the step's arguments; empty before the first step.
  private var optimizerState: [NamedTensor] = []
  /// How many steps have been taken.
  private var stepCount = 0
  /// All parameters and inputs, under the numbers of the network's arguments; nil where not given yet.
  private var values: [Tensor?]
  private var results: [Tensor]
  /// Whether the results of each half belong to the present values.
  private var isForwardCurrent = false
  private var isBackwardCurrent = false

  /// Compiles the network; parameters, and dropouts, are drawn with `seed`.
  ///
  /// - Parameter optimizer: what `step` does with the gradients.
  public init(
    _ network: Network, options: ExecutionOptions = ExecutionOptions(), seed: UInt64 = 0,
    optimizer: Optimizer = .sgd
  ) throws {
    self.network = network
    self.options = options
    self.seed = seed
    self.optimizer = optimizer
    let function: Function
    do throws(GradientError) {
      function = try network.function.gradient(keepingOutputs: true)
    } catch {
      // A graph of outputs alone is a model without a backward half; every other error is the graph's.
      guard case .nothingToDifferentiate = error else { throw error }
      function = network.function.evaluation()
    }
    executable = try Executable(function, options: options)
    results = executable.emptyResults()
    values = [Tensor?](repeating: nil, count: network.function.arguments.count)
    for (index, tensor) in network.initialParameters(seed: seed).enumerated() {
      values[index] = tensor
    }
  }

  /// The backend that runs it: never `auto`.
  public var backend: Backend { executable.backend }

  // MARK: Parameters and inputs

  /// A parameter or an input by name.
  public subscript(name: String) -> Tensor {
    get {
      guard let value = values[argumentNumber(name)] else {
        preconditionFailure("the input '\(name)' has not been given a value")
      }
      return value
    }
    set {
      let number = argumentNumber(name)
      let type = network.function.arguments[number].type
      precondition(newValue.type == type, "'\(name)' is \(type), not \(newValue.type)")
      values[number] = newValue
      isForwardCurrent = false
      isBackwardCurrent = false
    }
  }

  /// The parameters, in the graph's order.
  public var parameters: [NamedTensor] {
    network.parameters.map { NamedTensor(name: $0.name, tensor: self[$0.name]) }
  }

  private func argumentNumber(_ name: String) -> Int {
    guard let number = network.function.arguments.firstIndex(where: { $0.name == name }) else {
      preconditionFailure("the graph has no parameter and no input '\(name)'")
    }
    return number
  }

  // MARK: Running

  /// Computes outputs and the loss.
  public func forward() throws {
    isBackwardCurrent = false
    try run(.forward)
    isForwardCurrent = true
  }

  /// Computes the gradients; runs the forward half first only if it has not run on the present values.
  public func backward() throws {
    if !isForwardCurrent { try forward() }
    try run(.backward)
    isBackwardCurrent = true
  }

  private func run(_ part: Executable.Part) throws {
    var arguments = try self.arguments(of: executable.function)
    try executable.run(arguments: &arguments, results: &results, part: part)
  }

  private func arguments(of function: Function) throws -> [Tensor] {
    try function.arguments.map { argument in
      guard let value = values[argumentNumber(argument.name)] else {
        throw CallError.missingInput(name: argument.name, type: argument.type)
      }
      return value
    }
  }

  // MARK: Results

  /// An output, or a parameter or an input, by name.
  public func value(of name: String) -> Tensor {
    let outputs = executable.function.results.indices.filter {
      let result = executable.function.results[$0]
      return result.name == name && (result.role == .output || result.role == .loss)
    }
    guard let index = outputs.first else { return self[name] }
    precondition(isForwardCurrent, "'\(name)' has no value before forward()")
    return results[index]
  }

  /// The gradient with respect to a parameter, or without parameters to an input, by name.
  public func gradient(of name: String) -> Tensor {
    let function = executable.function
    for (index, result) in function.results.enumerated() {
      if case .gradient(let argument) = result.role, function.arguments[argument].name == name {
        precondition(isBackwardCurrent, "'\(name)' has no gradient before backward()")
        return results[index]
      }
    }
    preconditionFailure("there is no gradient with respect to '\(name)'")
  }

  /// The loss of the last `forward()`; NaN where the graph has no loss.
  public var loss: Double {
    guard let index = executable.function.results.firstIndex(where: { $0.role == .loss }) else {
      return .nan
    }
    precondition(isForwardCurrent, "there is no loss before forward()")
    return results[index][flat: 0].double
  }

  // MARK: Training

  /// One step of the optimiser on the present inputs; gives the loss before the step.
  @discardableResult
  public func step(learningRate: Double) throws -> Double {
    let step = try compiledStep()
    let function = step.function
    let hyperparameters = StepHyperparameters(
      learningRate: learningRate, seed: seed, step: stepCount)
    var arguments: [Tensor] = []
    for argument in function.arguments {
      if let hyperparameter = argument.hyperparameter {
        arguments.append(hyperparameters.value(of: hyperparameter, argument.type))
        continue
      }
      if let state = optimizerState.first(where: { $0.name == argument.name }) {
        arguments.append(state.tensor)
        continue
      }
      guard let value = values[argumentNumber(argument.name)] else {
        throw CallError.missingInput(name: argument.name, type: argument.type)
      }
      arguments.append(value)
    }
    // Let go of the parameters and the state, so that the step writes them where they are.
    for argument in function.arguments where argument.role == .parameter {
      values[argumentNumber(argument.name)] = nil
    }
    optimizerState = []
    var stepResults = step.emptyResults()
    defer {
      for (argument, tensor) in zip(function.arguments, arguments) where argument.role == .parameter
      {
        values[argumentNumber(argument.name)] = tensor
      }
      optimizerState = zip(function.arguments, arguments).filter { $0.0.role == .state }.map {
        NamedTensor(name: $0.0.name, tensor: $0.1)
      }
    }
    try step.run(arguments: &arguments, results: &stepResults)
    stepCount += 1
    isForwardCurrent = false
    isBackwardCurrent = false
    let loss = function.results.firstIndex { $0.role == .loss }
    return loss.map { stepResults[$0][flat: 0].double } ?? .nan
  }

  private func compiledStep() throws -> Executable {
    if let step { return step }
    let made = try Executable(
      try network.function.trainingStep(optimizer: optimizer), options: options)
    optimizerState = made.function.initialOptimizerState
    step = made
    return made
  }
}
