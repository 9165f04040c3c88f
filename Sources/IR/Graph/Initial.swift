// Initial values of parameters, by the names that the graph language has for them.

/// How a parameter that is built in Swift starts.
public struct Initial: ExpressibleByArrayLiteral {
  let variable: Variable

  private init(_ name: String, _ arguments: [(String, Double)] = []) {
    variable = Variable(
      content: .operation(
        .call(name, arguments.map { $0.0 }), arguments.map { Variable($0.1) }))
  }

  /// The elements, as nested lists.
  public init(arrayLiteral elements: Variable...) { variable = Variable(elements) }

  public static var zeros: Initial { Initial("zeros") }
  public static var ones: Initial { Initial("ones") }
  /// Uniform in ±sqrt(6 / (fan_in + fan_out)).
  public static var glorot: Initial { Initial("glorot") }
  /// Normal with standard deviation sqrt(2 / (fan_in + fan_out)).
  public static var glorotNormal: Initial { Initial("glorot_normal") }
  /// Normal with standard deviation sqrt(2 / fan_in).
  public static var he: Initial { Initial("he") }
  /// Normal with standard deviation sqrt(1 / fan_in).
  public static var lecun: Initial { Initial("lecun") }
  public static func constant(_ value: Double) -> Initial { Initial("constant", [("v", value)]) }
  /// For parameters of integers.
  public static func constant(_ value: Int) -> Initial {
    Initial(variable: Variable(content: .operation(.call("constant", [nil]), [Variable(value)])))
  }
  public static func uniform(low: Double = -0.05, high: Double = 0.05) -> Initial {
    Initial("uniform", [("low", low), ("high", high)])
  }
  public static func normal(mean: Double = 0, std: Double = 0.05) -> Initial {
    Initial("normal", [("mean", mean), ("std", std)])
  }

  private init(variable: Variable) { self.variable = variable }
}
