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

  /// A call of a function of the language, of the graph's own or of one that every graph has.
  public struct Call: Hashable, Sendable {
    public var name: String
    /// Where it stands in the file; calls within functions that every graph has stand where these are called.
    public var line: Int32
    public var column: Int32
    /// The call around it, as a number in `calls` from 1 on; 0 is none.
    public var parent: Int32
    /// The values that it is given, by parameter, numbers and what is left out aside.
    public var operands: [Value]

    public init(
      name: String, line: Int32, column: Int32, parent: Int32, operands: [Value] = []
    ) {
      self.name = name
      self.line = line
      self.column = column
      self.parent = parent
      self.operands = operands
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
  /// The calls that have been expanded, outer ones before inner ones: origins of the function's values tell them apart.
  public var calls: [Call]

  public init(
    function: Function, initializers: [Initializer], dims: [Dim], inputs: [Input],
    source: SourceText, calls: [Call] = []
  ) {
    self.function = function
    self.initializers = initializers
    self.dims = dims
    self.inputs = inputs
    self.source = source
    self.calls = calls
  }

  /// The parameters, in the order of the first arguments.
  public var parameters: [Argument] { function.arguments.filter { $0.role == .parameter } }
}
