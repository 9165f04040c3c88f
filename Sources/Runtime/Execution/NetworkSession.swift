// A network with its parameters, to be evaluated on inputs that are given by name: what `nncc run` does.

import NNIR

/// What an evaluation gives.
public struct NetworkResults: Sendable {
  /// In the graph's order.
  public var outputs: [NamedTensor]
  public var loss: Tensor?
  /// Under the names of the arguments; nil where they were not asked for.
  public var gradients: [NamedTensor]?
}

/// Evaluates a network. Functions are compiled when they are first needed.
public final class NetworkSession {
  public let network: Network
  public let options: ExecutionOptions
  /// `.f64` takes the interpreter, whatever the backend.
  public let precision: Precision
  /// In the network's order.
  public var parameters: [Tensor]
  /// The backend of the last evaluation, and what its code took; nil before the first, and without code.
  public private(set) var backend: Backend?
  public private(set) var preparation: Preparation?

  /// - Parameter parameters: all by name; nil draws them with `seed`.
  public init(
    _ network: Network, options: ExecutionOptions = ExecutionOptions(),
    precision: Precision = .native, seed: UInt64 = 0, parameters: [NamedTensor]? = nil
  ) throws(CallError) {
    self.network = network
    self.options = options
    self.precision = precision
    if let parameters {
      self.parameters = try network.parameters(from: parameters)
    } else {
      self.parameters = network.initialParameters(seed: seed)
    }
  }

  /// Outputs and, where the graph has one, the loss.
  public func evaluate(_ inputs: [NamedTensor]) throws -> NetworkResults {
    let function = network.function.evaluation()
    return try results(of: function, inputs)
  }

  /// Outputs, loss and gradients: with respect to the names given, or to all float parameters, or without parameters to all float
  /// inputs.
  public func gradients(
    _ inputs: [NamedTensor], withRespectTo names: [String]? = nil
  ) throws -> NetworkResults {
    try results(of: try gradientFunction(withRespectTo: names), inputs)
  }

  /// The first value that becomes NaN or infinite on the way to outputs and loss, or with `gradients` to the gradients as well.
  public func firstNonFinite(
    _ inputs: [NamedTensor], gradients: Bool = false, withRespectTo names: [String]? = nil
  ) throws -> NonFinite? {
    let function =
      gradients ? try gradientFunction(withRespectTo: names) : network.function.evaluation()
    return try NonFinite.first(in: function, try arguments(of: function, inputs))
  }

  private func gradientFunction(withRespectTo names: [String]?) throws -> Function {
    var numbers: [Int]?
    if let names {
      numbers = []
      for name in names {
        guard let number = network.function.arguments.firstIndex(where: { $0.name == name }) else {
          throw CallError.unknownName(name)
        }
        numbers?.append(number)
      }
    }
    return try network.function.gradient(withRespectTo: numbers, keepingOutputs: true)
  }

  private func arguments(of function: Function, _ inputs: [NamedTensor]) throws -> [Tensor] {
    let given =
      zip(network.parameters, parameters).map { NamedTensor(name: $0.name, tensor: $1) } + inputs
    return try function.arguments.map { argument in
      guard let found = given.last(where: { $0.name == argument.name }) else {
        throw CallError.missingInput(name: argument.name, type: argument.type)
      }
      return found.tensor
    }
  }

  private func results(of function: Function, _ inputs: [NamedTensor]) throws -> NetworkResults {
    let arguments = try arguments(of: function, inputs)
    let executable =
      precision == .f64
      ? Executable(function, interpretedIn: .f64) : try Executable(function, options: options)
    backend = executable.backend
    preparation = executable.compiled?.preparation
    return NetworkResults(function, try executable.call(arguments))
  }
}

extension NetworkResults {
  /// Sorts a function's results by their roles.
  init(_ function: Function, _ tensors: [Tensor]) {
    outputs = []
    for (result, tensor) in zip(function.results, tensors) {
      switch result.role {
      case .output: outputs.append(NamedTensor(name: result.name, tensor: tensor))
      case .loss: loss = tensor
      case .gradient(let argument):
        let name = function.arguments[argument].name
        gradients = (gradients ?? []) + [NamedTensor(name: name, tensor: tensor)]
      case .update: break
      }
    }
  }
}
