// Lowering a graph for a loss and outputs that are given beside it, so that one graph serves several models.

extension Graph {
  /// The network of this graph with `loss` and `outputs` as if the graph ended in them; the graph itself stays as it is. An output
  /// bears its value's name.
  public func lowered(
    loss: Variable?, outputs: [Variable], dims: [String: Int] = [:], file: String = #fileID,
    line: Int = #line, column: Int = #column
  ) throws(Diagnostics) -> Network {
    let before = (tree, problems)
    defer { (tree, problems) = before }
    for value in outputs {
      output(value.name ?? "value", value, file: file, line: line, column: column)
    }
    if let loss { self.loss(loss, file: file, line: line, column: column) }
    return try lowered(dims: dims)
  }
}
