// What is computed again where it is read instead of being stored: cheap functions of arrays that are stored anyway, and for as long. The
// derivative of (t + a) · b wants t + a, and that of the tanh before it wants t: with t stored, t + a need not be.

import NNIR

extension Roots {
  /// The most operations that are done again for one value.
  private static let mostOperations = 3
  /// The most elements that are read for one value: more would take longer than to store it.
  private static let mostLoads = 2

  /// Makes roots trivial that are cheap functions of what is stored for at least as long; whether there was any, so that roots have
  /// to be assigned anew.
  mutating func rematerialize(_ graph: inout TensorGraph) -> Bool {
    let lives = lives(graph)
    var costs = SmallTable<Int, Cost>()
    for index in graph.nodes.indices where isRoot(index) && !graph.isForced[index] {
      guard let cost = cost(of: index, graph, lives, costs) else { continue }
      costs[index] = cost
      isTrivial[index] = true
      // Trivial nodes demand nothing, so that what they read has to be stored by itself.
      for use in graph.operands(of: index) {
        let operand = Int(use.node)
        if isRoot(operand), !isTrivial[operand] { graph.isForced[operand] = true }
      }
    }
    return !costs.keys.isEmpty
  }

  /// What computing a value again takes.
  private struct Cost {
    var operations = 1
    var loads = 0
  }

  /// By node: its last reader in the order of the function, and whether anything reads its elements several times.
  private struct Lives {
    var lastReader: [Int32]
    var isRepeated: [Bool]
  }

  private func lives(_ graph: TensorGraph) -> Lives {
    let count = graph.nodes.count
    var lives = Lives(
      lastReader: [Int32](repeating: -1, count: count),
      isRepeated: [Bool](repeating: false, count: count))
    for index in graph.nodes.indices where rootOf[index] >= 0 || isTrivial[index] {
      let points = graph.iterationCount(of: rootOf[index] >= 0 ? Int(rootOf[index]) : index)
      for position in graph.operandRange(of: index) {
        let operand = Int(graph.operands[position].node)
        lives.lastReader[operand] = Int32(index)
        if graph.spaceCount(of: operand) < points { lives.isRepeated[operand] = true }
      }
    }
    for target in graph.targets { lives.lastReader[Int(target.node)] = Int32.max }
    return lives
  }

  /// What it takes to compute a root wherever it is read; nil where it has to be stored.
  private func cost(
    of root: Int, _ graph: TensorGraph, _ lives: Lives, _ costs: SmallTable<Int, Cost>
  ) -> Cost? {
    guard case .elementwise(let op) = graph.nodes[root].kind, op.isCheap, !lives.isRepeated[root]
    else { return nil }
    var cost = Cost()
    let range = graph.operandRange(of: root)
    for position in range {
      if graph.isRepeated(position, in: range) { continue }
      let operand = Int(graph.operands[position].node)
      switch graph.nodes[operand].kind {
      case .splat: continue
      case .iota, .constant: cost.loads += 1
      case .argument(let argument):
        // To read it later could be after its update.
        if graph.updatedArguments.contains(argument) { return nil }
        cost.loads += 1
      case .elementwise where isTrivial[operand]:
        guard let inner = costs[operand], lives.lastReader[operand] >= lives.lastReader[root]
        else { return nil }
        cost.operations += inner.operations
        cost.loads += inner.loads
      case .elementwise, .copy, .reduce, .argReduce, .contraction, .spread, .part, .joined,
        .loopResult, .routine:
        guard isRoot(operand), lives.lastReader[operand] >= lives.lastReader[root] else {
          return nil
        }
        cost.loads += 1
      case .loop: return nil
      }
    }
    return cost.operations <= Self.mostOperations && cost.loads <= Self.mostLoads ? cost : nil
  }
}
