// From a graph built in Swift to a model, and a model's values by the graph's own nodes.

import NNIR

extension Graph {
  /// Compiles the graph: what `forward()` gives are the graph's outputs and these, and the loss; `backward()` differentiates the
  /// loss, or without one the only output of one element.
  ///
  /// `optimizer` is what `step` takes. Parameters are drawn with `seed`; `dims` overrides sizes by name. Threads are one a core unless told otherwise, and
  /// change no bit of any result.
  public func compile(
    loss: Variable? = nil, outputs: [Variable] = [], backend: Backend = .auto, threads: Int = 0,
    seed: UInt64 = 0, optimizer: Optimizer = .sgd, dims: [String: Int] = [:],
    file: String = #fileID, line: Int = #line, column: Int = #column
  ) throws -> Model {
    let network = try lowered(
      loss: loss, outputs: outputs, dims: dims, file: file, line: line, column: column)
    let options = ExecutionOptions(backend: backend, threads: threads)
    return try Model(network, options: options, seed: seed, optimizer: optimizer)
  }
}

extension Model {
  /// A parameter or an input.
  public subscript(node: Variable) -> Tensor {
    get { self[name(of: node)] }
    set { self[name(of: node)] = newValue }
  }

  /// The value of an output, a parameter or an input.
  public func value(of node: Variable) -> Tensor { value(of: name(of: node)) }

  /// The gradient with respect to a parameter, or without parameters to an input.
  public func gradient(of node: Variable) -> Tensor { gradient(of: name(of: node)) }

  private func name(of node: Variable) -> String {
    guard let name = node.name else { preconditionFailure("a number is no value of a graph") }
    return name
  }
}
