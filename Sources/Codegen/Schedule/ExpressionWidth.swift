// How many values an expression holds at one time: what its strips take of the first-level cache.

import NNIR

extension Roots {
  /// The most values alive at once when the expression is evaluated operand by operand, loads included, constants not.
  func expressionWidth(_ root: Int, _ graph: TensorGraph) -> Int {
    // In the order of evaluation, with the last use of each.
    var lastUses = SmallTable<Use, Int>()
    var pending: [(use: Use, isDone: Bool)] = [(Use(node: Int32(root), view: 0), false)]
    while let (use, isDone) = pending.popLast() {
      if lastUses[use] != nil { continue }
      let isInner = rootOf[Int(use.node)] == Int32(root)
      if isInner, !isDone {
        pending.append((use, true))
        for position in graph.operandRange(of: Int(use.node)).reversed() {
          pending.append((item(graph.operands[position], root), false))
        }
        continue
      }
      let place = lastUses.keys.count
      lastUses[use] = place
      guard isInner else { continue }
      for position in graph.operandRange(of: Int(use.node)) {
        let operand = item(graph.operands[position], root)
        if lastUses[operand] != nil { lastUses[operand] = place }
      }
    }
    return width(lastUses, graph)
  }

  /// An inner node has one value, whatever view it is used through; of a stored one each view is a load.
  private func item(_ use: Use, _ root: Int) -> Use {
    rootOf[Int(use.node)] == Int32(root) ? Use(node: use.node, view: 0) : use
  }

  private func width(_ lastUses: SmallTable<Use, Int>, _ graph: TensorGraph) -> Int {
    var dying = [Int](repeating: 0, count: lastUses.keys.count)
    var live = 0
    var widest = 0
    for (index, use) in lastUses.keys.enumerated() {
      if case .splat = graph.nodes[Int(use.node)].kind { continue }
      live += 1
      dying[lastUses.values[index]] += 1
      widest = max(widest, live)
      live -= dying[index]
    }
    return widest
  }
}
