// A graph with everything decided that a graph file leaves open: sizes, types, initial values. What every later stage starts from.

/// How a parameter gets its first values. The language's initialisers are resolved to these three: `zeros()` is a constant,
/// `glorot()` a uniform distribution whose limits follow from the parameter's shape.
public enum Initializer: Hashable, Sendable {
  /// Of the parameter's type.
  case constant(Constant)
  case uniform(low: Double, high: Double)
  case normal(mean: Double, std: Double)
}

public struct Network: Sendable {
  /// A `dim` and the size it got.
  public struct Dim: Hashable, Sendable {
    public var name: String
    public var size: Int

    public init(name: String, size: Int) {
      self.name = name
      self.size = size
    }
  }

  /// What a data reader needs to know of an input besides its type.
  public struct Input: Hashable, Sendable {
    public var name: String
    public var type: TensorType
    /// The `dim` that alone gives the first axis: rebinding it changes the batch.
    public var leadingDim: String?

    public init(name: String, type: TensorType, leadingDim: String?) {
      self.name = name
      self.type = type
      self.leadingDim = leadingDim
    }
  }

  /// Arguments: all parameters, then all inputs, in the graph's order. Results: the outputs in the graph's order (role
  /// `output`), then the loss (role `loss`, name `loss`).
  public var function: Function
  /// One a parameter.
  public var initializers: [Initializer]
  /// In the graph's order.
  public var dims: [Dim]
  public var inputs: [Input]
  /// The file: origins of the function's values give its lines.
  public var source: SourceText

  public init(
    function: Function, initializers: [Initializer], dims: [Dim], inputs: [Input],
    source: SourceText
  ) {
    self.function = function
    self.initializers = initializers
    self.dims = dims
    self.inputs = inputs
    self.source = source
  }

  /// The parameters, in the order of the first arguments.
  public var parameters: [Argument] { function.arguments.filter { $0.role == .parameter } }
}
