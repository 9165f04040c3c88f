// Values of a graph that is built in Swift. Each is a binding of the graph, as if it had a line of its own in a file. Numbers, and what is
// computed of numbers alone, belong to no graph until they meet a value that does.

/// A place in a Swift file.
struct SwiftPlace {
  var file: String
  var line: Int
  var column: Int
}

/// A value of a graph: an input, a parameter, a size, the result of an operation, or a number, which takes the type of what it
/// meets, as in the language.
public struct Variable: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral
{
  indirect enum Content {
    case bound(Graph, Symbol)
    case integer(Int)
    case number(Double)
    case boolean(Bool)
    case none
    /// A name that every graph knows: a type.
    case known(String)
    case operation(Operation, [Variable])
  }

  enum Operation {
    case unary(UnaryOperator)
    case binary(BinaryOperator)
    /// The name of each argument, nil for one by position.
    case call(String, [String?])
    case index([Subscript])
    case list
  }

  let content: Content

  init(content: Content) { self.content = content }
  public init(integerLiteral value: Int) { content = .integer(value) }
  public init(floatLiteral value: Double) { content = .number(value) }
  public init(booleanLiteral value: Bool) { content = .boolean(value) }
  /// A list of numbers, or of lists of them, which make a tensor.
  public init(arrayLiteral elements: Variable...) { self.init(elements) }
  public init(_ value: Int) { content = .integer(value) }
  public init(_ value: Double) { content = .number(value) }
  public init(_ elements: [Variable]) { content = .operation(.list, elements) }

  /// The name of a value in its graph, given by the user or made up; nil for what belongs to no graph.
  public var name: String? {
    if case .bound(let graph, let symbol) = content { return graph.tree.name(symbol) }
    return nil
  }

  /// The graph that it is a value of; nil for numbers.
  public var graph: Graph? {
    switch content {
    case .bound(let graph, _): graph
    case .operation(_, let operands): operands.lazy.compactMap(\.graph).first
    case .integer, .number, .boolean, .none, .known: nil
    }
  }

  /// The same value under a name of its own, which messages, listings and the emitted C show.
  public func named(
    _ name: String, file: String = #fileID, line: Int = #line, column: Int = #column
  ) -> Variable {
    graph?.bind(name, self, at: SwiftPlace(file: file, line: line, column: column)) ?? self
  }

  /// An operation; with an operand of a graph it becomes a value of that graph.
  static func make(_ operation: Operation, _ operands: [Variable], at place: SwiftPlace? = nil)
    -> Variable
  {
    let variable = Variable(content: .operation(operation, operands))
    guard let graph = variable.graph else { return variable }
    return graph.bind(variable, at: place ?? graph.place(of: operands))
  }

  static func call(_ name: String, _ operands: Variable..., at place: SwiftPlace) -> Variable {
    make(.call(name, operands.map { _ in nil }), operands, at: place)
  }

  /// A call along axes; without any, of all.
  static func call(_ name: String, _ x: Variable, axis: Variable?, at place: SwiftPlace) -> Variable
  {
    guard let axis else { return call(name, x, at: place) }
    return make(.call(name, [nil, "axis"]), [x, axis], at: place)
  }
}
