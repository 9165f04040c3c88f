// A network as its author wrote it: as a `.graph` file or in Swift. Both build the same syntax tree, and either can be turned into
// the other: `text` prints what Swift built.

/// A network's source. Build one in Swift (`input`, `param`, the functions on `Variable`) or read a `.graph` file.
public final class Graph {
  var tree = SyntaxTree()
  /// What went wrong while Swift built it; `lowered` throws it.
  var problems = DiagnosticList()
  var temporaryCount = 0
  /// Where each value built in Swift comes from: operators have no place of their own and take that of an operand.
  var places = SmallTable<Symbol, SwiftPlace>()
  /// The bodies of scans whose closures are running, the innermost last.
  var bodies: [OpenBody] = []
  var bodyCount = 0
  /// The number of the body that each name is bound in; none for the statements of the graph.
  var bodyNumbers: [Symbol: Int] = [:]

  /// An empty graph, to be built in Swift.
  public init() {}

  /// Reads the text of a graph file; `file` is its name in messages.
  ///
  /// Throws every error that can be found, not those of syntax alone, in the order of the file.
  public convenience init(parsing text: String, file: String) throws(Diagnostics) {
    try self.init(parsing: Array(text.utf8), file: file)
  }

  /// Reads the bytes of a graph file, which need not be valid UTF-8 (that is an error of the file).
  public init(parsing bytes: [UInt8], file: String) throws(Diagnostics) {
    let parsed = parse(bytes, file: file)
    if parsed.diagnostics.isEmpty {
      tree = parsed.tree
      return
    }
    if parsed.tree.files.isEmpty { throw parsed.diagnostics.sorted() }
    // The rest of the file is looked at as well, with the sizes that stand in it.
    let lowerer = Lowerer(parsed.tree, dims: [:])
    _ = lowerer.lower()
    var diagnostics = parsed.diagnostics
    for diagnostic in lowerer.diagnostics.all { diagnostics.add(diagnostic) }
    throw diagnostics.sorted()
  }

  /// Decides sizes and types and expands all functions and derivatives; `dims` overrides sizes by name.
  ///
  /// Throws every error that is found, in the order of the file. The depth of a graph takes no stack; the depth of calls takes
  /// some, and 256 of them (the most allowed) fit into 8 MiB.
  public func lowered(dims: [String: Int] = [:]) throws(Diagnostics) -> Network {
    if !problems.isEmpty { throw problems.sorted() }
    let lowerer = Lowerer(tree, dims: dims)
    if let network = lowerer.lower() { return network }
    throw lowerer.diagnostics.sorted()
  }

  /// The graph as the text of a `.graph` file, which reads back to the same network.
  public var text: String { tree.text }
}
