// What is computed again where it is read instead of being stored: cheap functions of arrays that are stored anyway. The derivative of
// (t + a) · b wants t + a, and that of the tanh before it wants t: with t stored, t + a need not be.

import NNIR

extension Roots {
  /// The most operations that are done again for one value.
  private static let mostOperations = 3
  /// The most elements that are read for one value: more would take longer than to store it.
  private static let mostLoads = 2

  /// Makes roots trivial that are cheap functions of what is stored anyway, for at least as long or else in no more memory; whether
  /// there was any, so that roots have to be assigned anew.
  mutating func rematerialize(_ graph: inout TensorGraph) -> Bool {
    var lives = lives(graph)
    var costs = SmallTable<Int, Cost>()
    for index in graph.nodes.indices where isRoot(index) && !graph.isForced[index] {
      guard let cost = cost(of: index, graph, lives, costs) else { continue }
      costs[index] = cost
      isTrivial[index] = true
      for use in graph.operands(of: index) {
        let operand = Int(use.node)
        guard isRoot(operand), !isTrivial[operand] else { continue }
        graph.isForced[operand] = true
        isReadByTrivial[operand] = true
        lives.lastReader[operand] = max(lives.lastReader[operand], lives.lastReader[index])
      }
    }
    return !costs.keys.isEmpty
  }

  /// What computing a value again takes.
  private struct Cost {
    var operations = 1
    var loads = 0
    /// Bytes that are stored for longer.
    var longerByteCount = 0
  }

  /// By node: its last reader in the order of the function, the root of its first one, and whether any other root reads it, or anything
  /// its elements several times.
  private struct Lives {
    var lastReader: [Int32]
    var firstRoot: [Int32]
    var isShared: [Bool]
    var isRepeated: [Bool]
  }

  private func lives(_ graph: TensorGraph) -> Lives {
    let count = graph.nodes.count
    var lives = Lives(
      lastReader: [Int32](repeating: -1, count: count),
      firstRoot: [Int32](repeating: -1, count: count),
      isShared: [Bool](repeating: false, count: count),
      isRepeated: [Bool](repeating: false, count: count))
    for index in graph.nodes.indices where rootOf[index] >= 0 || isTrivial[index] {
      let root = rootOf[index] >= 0 ? rootOf[index] : Int32(index)
      let points = graph.iterationCount(of: Int(root))
      for position in graph.operandRange(of: index) {
        let operand = Int(graph.operands[position].node)
        lives.lastReader[operand] = Int32(index)
        if lives.firstRoot[operand] < 0 { lives.firstRoot[operand] = root }
        if lives.firstRoot[operand] != root { lives.isShared[operand] = true }
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
        // Its update waits for whatever reads it, and all that the update is made of with it: not for a whole weight.
        if graph.updatedArguments.contains(argument),
          graph.spaceCount(of: operand) >= graph.spaceCount(of: root)
        {
          return nil
        }
        cost.loads += 1
      case .elementwise where isTrivial[operand]:
        guard let inner = costs[operand], lives.lastReader[operand] >= lives.lastReader[root]
        else { return nil }
        cost.operations += inner.operations
        cost.loads += inner.loads
      case .elementwise, .copy, .reduce, .argReduce, .contraction, .spread, .part, .joined,
        .loopResult, .routine:
        guard isRoot(operand) else { return nil }
        if lives.lastReader[operand] < lives.lastReader[root] {
          // It takes the root's place, if something else had it stored.
          guard lives.isShared[operand] else { return nil }
          cost.longerByteCount += byteCount(of: operand, graph)
        }
        cost.loads += 1
      case .loop: return nil
      }
    }
    let isCheap = cost.operations <= Self.mostOperations && cost.loads <= Self.mostLoads
    return isCheap && cost.longerByteCount <= byteCount(of: root, graph) ? cost : nil
  }

  private func byteCount(of node: Int, _ graph: TensorGraph) -> Int {
    graph.spaceCount(of: node) * graph.nodes[node].element.byteCount
  }
}
