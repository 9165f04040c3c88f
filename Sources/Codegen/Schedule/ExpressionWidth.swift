// How many values an expression holds at one time: what its strips take of the first-level cache.

import NNIR

extension Roots {
  /// The most values alive at once when the expression is evaluated operand by operand, loads included, constants not.
  ///
  /// - Parameter nodes: the expression, each node before its operands.
  func expressionWidth(_ nodes: [Int], _ graph: TensorGraph) -> Int {
    guard let root = nodes.first else { return 0 }
    let members = Set(nodes)
    var order: [Use] = []
    var position: [Use: Int] = [:]
    var lastUse: [Int] = []
    var pending: [(use: Use, isDone: Bool)] = [(Use(node: Int32(root), view: 0), false)]
    while let (use, isDone) = pending.popLast() {
      if position[use] != nil { continue }
      let isInner = members.contains(Int(use.node))
      if isInner, !isDone {
        pending.append((use, true))
        for operand in graph.operands(of: Int(use.node)).reversed() {
          pending.append((item(operand, members), false))
        }
        continue
      }
      position[use] = order.count
      lastUse.append(order.count)
      order.append(use)
      guard isInner else { continue }
      for operand in graph.operands(of: Int(use.node)) {
        if let index = position[item(operand, members)] { lastUse[index] = order.count - 1 }
      }
    }
    return width(order, lastUse, graph)
  }

  /// An inner node has one value, whatever view it is used through; of a stored one each view is a load.
  private func item(_ use: Use, _ members: Set<Int>) -> Use {
    members.contains(Int(use.node)) ? Use(node: use.node, view: 0) : use
  }

  private func width(_ order: [Use], _ lastUse: [Int], _ graph: TensorGraph) -> Int {
    var dying = [Int](repeating: 0, count: order.count)
    var live = 0
    var widest = 0
    for (index, use) in order.enumerated() {
      if case .splat = graph.nodes[Int(use.node)].kind { continue }
      live += 1
      dying[lastUse[index]] += 1
      widest = max(widest, live)
      live -= dying[index]
    }
    return widest
  }
}
