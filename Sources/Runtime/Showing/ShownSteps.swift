// The order of a hand computation: every value forwards, then every adjoint backwards.

import NNIR

struct ShownSteps {
  /// The node that each step is about: forward steps, then backward ones.
  private(set) var forward: [Int] = []
  private(set) var backward: [Int] = []
  /// By node: after which step its value is there, and its adjoint; 0 is never. Steps count from 1.
  private(set) var valueStep: [Int]
  private(set) var adjointStep: [Int]

  /// Without a trace there are no steps.
  init(_ graph: ShownGraph, _ trace: GraphTrace?) {
    valueStep = [Int](repeating: 0, count: graph.nodes.count)
    adjointStep = valueStep
    guard let trace else { return }
    for value in graph.order where value.function == 0 {
      guard let node = graph.nodeOf[value] else { continue }
      forward.append(node)
      valueStep[node] = forward.count
    }
    for value in graph.order.reversed() where value.function == 0 {
      guard let node = graph.nodeOf[value] else { continue }
      guard trace.adjoints[value] != nil || Self.hasAdjoint(value, graph, trace) else { continue }
      backward.append(node)
      adjointStep[node] = forward.count + backward.count
    }
    spread(graph)
  }

  /// Whether a scan's results have adjoints.
  private static func hasAdjoint(
    _ value: TracedValue, _ graph: ShownGraph, _ trace: GraphTrace
  ) -> Bool {
    let function = graph.functions[value.function]
    guard function[value.value].op.isScan else { return false }
    return function.instructions.indices.contains { index in
      function.instructions[index].operands.first == value.value
        && trace.adjoints[TracedValue(function: value.function, value: Value(index))] != nil
    }
  }

  /// Nodes inside a scan have the scan's steps, composites the last of their parts, borders those of the value that they stand for.
  private mutating func spread(_ graph: ShownGraph) {
    for (number, owner) in graph.scans.sorted(by: { $0.key < $1.key }) {
      guard let scan = graph.nodeOf[owner] else { continue }
      for value in graph.order where value.function == number {
        guard let node = graph.nodeOf[value] else { continue }
        valueStep[node] = valueStep[scan]
        adjointStep[node] = adjointStep[scan]
      }
    }
    for (node, shown) in graph.nodes.enumerated()
    where valueStep[node] == 0 && shown.inside == nil {
      guard let source = shown.value.flatMap({ source(of: $0, graph) }) else { continue }
      valueStep[node] = valueStep[source]
      adjointStep[node] = shown.kind == .output ? forward.count + 1 : adjointStep[source]
    }
    for level in graph.levelsInsideFirst {
      guard let owner = graph.levels[level].owner, graph.nodes[owner].kind != .scan else {
        continue
      }
      let parts = graph.levels[level].nodes.filter { graph.nodes[$0].kind != .enters }
      valueStep[owner] = parts.map { valueStep[$0] }.max() ?? 0
      let inner = parts.filter { graph.nodes[$0].kind != .leaves }
      adjointStep[owner] = inner.map { adjointStep[$0] }.max() ?? 0
    }
  }

  private func source(of value: TracedValue, _ graph: ShownGraph) -> Int? {
    if let node = graph.nodeOf[value] { return node }
    guard let operand = graph.functions[value.function][value.value].operands.first else {
      return nil
    }
    return graph.nodeOf[TracedValue(function: value.function, value: operand)]
  }

  /// After which steps the value of an edge is there, and what goes back along it.
  func steps(of edge: ShownEdge, _ graph: ShownGraph) -> (value: Int, adjoint: Int) {
    let value = source(of: edge.value, graph).map { valueStep[$0] } ?? 0
    let users = edge.uses.compactMap { use in
      user(use, graph).map { adjointStep[$0] }
    }
    return (value, edge.uses.isEmpty ? adjointStep[edge.to] : users.max() ?? adjointStep[edge.to])
  }

  /// The visible user: broadcasts on the way are no nodes.
  private func user(_ use: ShownEdge.Use, _ graph: ShownGraph) -> Int? {
    graph.nodeOf[TracedValue(function: use.function, value: use.user)]
  }
}
