// A training step or an evaluation, compiled for one batch size.

import NNIR

/// A function over what training holds: parameters, inputs, the optimiser's state and the hyperparameters of the step.
final class BatchFunction {
  /// Where an argument comes from, by its number there.
  private enum Source {
    case parameter(Int)
    case input(Int)
    case state(Int)
    case hyperparameter(Hyperparameter)
  }

  let executable: Executable
  private let sources: [Source]
  private let lossIndex: Int
  private let outputIndex: Int?
  private var results: [Tensor]

  init(_ executable: Executable, of network: Network, output: String?) {
    self.executable = executable
    let function = executable.function
    let states = function.arguments.filter { $0.role == .state }
    sources = function.arguments.map { argument in
      switch argument.role {
      case .parameter:
        .parameter(network.parameters.firstIndex { $0.name == argument.name } ?? 0)
      case .input: .input(network.inputs.firstIndex { $0.name == argument.name } ?? 0)
      case .state: .state(states.firstIndex { $0.name == argument.name } ?? 0)
      case .hyperparameter: .hyperparameter(argument.hyperparameter ?? .learningRate)
      }
    }
    lossIndex = function.results.firstIndex { $0.role == .loss } ?? 0
    outputIndex = function.results.firstIndex { $0.role == .output && $0.name == output }
    results = executable.emptyResults()
  }

  /// The values of the function's arguments.
  func arguments(
    _ state: TrainingState, _ inputs: [Tensor], _ hyperparameters: StepHyperparameters
  ) -> [Tensor] {
    zip(sources, executable.function.arguments).map { source, argument in
      switch source {
      case .parameter(let number): state.parameters[number]
      case .input(let number): inputs[number]
      case .state(let number): state.optimizer[number].tensor
      case .hyperparameter(let which): hyperparameters.value(of: which, argument.type)
      }
    }
  }

  func run(
    _ state: inout TrainingState, _ inputs: [Tensor], _ hyperparameters: StepHyperparameters
  ) throws -> (loss: Double, output: Tensor?) {
    var arguments = arguments(state, inputs, hyperparameters)
    // While the step runs, its arguments are the only ones to hold what it changes: that is updated where it is.
    release(&state)
    defer { restore(&state, arguments) }
    try executable.run(arguments: &arguments, results: &results)
    return (results[lossIndex][flat: 0].double, outputIndex.map { results[$0] })
  }

  private static let nothing = Tensor(zeros: TensorType(.f32, [0]))

  private func release(_ state: inout TrainingState) {
    for source in sources {
      switch source {
      case .parameter(let number): state.parameters[number] = Self.nothing
      case .state(let number): state.optimizer[number].tensor = Self.nothing
      case .input, .hyperparameter: break
      }
    }
  }

  private func restore(_ state: inout TrainingState, _ arguments: [Tensor]) {
    for (source, argument) in zip(sources, arguments) {
      switch source {
      case .parameter(let number): state.parameters[number] = argument
      case .state(let number): state.optimizer[number].tensor = argument
      case .input, .hyperparameter: break
      }
    }
  }
}

extension Function {
  /// What an optimiser begins with: zeros for each state, in the order of the arguments.
  var initialOptimizerState: [NamedTensor] {
    arguments.filter { $0.role == .state }.map {
      NamedTensor(name: $0.name, tensor: Tensor(zeros: $0.type))
    }
  }
}
