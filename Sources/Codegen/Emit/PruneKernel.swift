// Nodes that nothing needs would become unused variables and parameters in C; they are dropped first.

import NNIR

extension Kernel {
  /// Without nodes and reductions that no store depends on.
  mutating func prune() {
    epilogue.prune(roots: [])
    var numbers = [Int?](repeating: nil, count: reductions.count)
    if contraction == nil && !reductions.isEmpty {
      var kept: [KernelReduction] = []
      for node in epilogue.nodes {
        guard case .accumulator(let number) = node.operation, numbers[number] == nil else {
          continue
        }
        numbers[number] = kept.count
        kept.append(reductions[number])
      }
      for index in epilogue.nodes.indices {
        guard case .accumulator(let number) = epilogue.nodes[index].operation else { continue }
        epilogue.nodes[index].operation = .accumulator(numbers[number] ?? 0)
      }
      if !kept.isEmpty || body.stores.isEmpty { reductions = kept }
      if kept.isEmpty && body.stores.isEmpty {
        // Nothing of the reduction is used: what remains is a map.
        body = epilogue
        epilogue = Block()
        reduced = []
        return
      }
    }
    let positions = body.prune(roots: reductions.map(\.node))
    for index in reductions.indices { reductions[index].node = positions[reductions[index].node] }
  }
}

extension Block {
  /// Gives the new number of each node that is kept.
  @discardableResult
  fileprivate mutating func prune(roots: [Int]) -> [Int] {
    var isNeeded = [Bool](repeating: false, count: nodes.count)
    for root in roots + stores.map(\.node) { isNeeded[root] = true }
    for index in nodes.indices.reversed() where isNeeded[index] {
      if case .apply(_, let operands) = nodes[index].operation {
        for operand in operands { isNeeded[operand] = true }
      }
    }
    if isNeeded.allSatisfy({ $0 }) { return Array(nodes.indices) }
    var positions = [Int](repeating: 0, count: nodes.count)
    var kept: [Node] = []
    for index in nodes.indices where isNeeded[index] {
      var node = nodes[index]
      if case .apply(let op, let operands) = node.operation {
        node.operation = .apply(op, operands.map { positions[$0] })
      }
      positions[index] = kept.count
      kept.append(node)
    }
    nodes = kept
    for index in stores.indices { stores[index].node = positions[stores[index].node] }
    return positions
  }
}
