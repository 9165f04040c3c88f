// Where in a loop nest each node of a block is computed: in the innermost loop whose index it depends on.

import NNIR

/// For each node of a block the number of loops that must be open, and how often it is used.
struct BlockLevels {
  private(set) var levels: [Int] = []
  private(set) var uses: [Int]
  /// Nodes used beside the stores, after all nodes have been computed.
  let roots: [Int]
  /// The level of the stores: inside all loops.
  let deepest: Int

  /// `axisLevels[a]`: the number of loops that are open once axis a's index is known.
  init(_ block: Block, axisLevels: [Int], accumulators: Int, deepest: Int, roots: [Int] = []) {
    self.deepest = deepest
    self.roots = roots
    uses = [Int](repeating: 0, count: block.nodes.count)
    levels.reserveCapacity(block.nodes.count)
    func level(_ map: AffineMap) -> Int {
      var level = 0
      for axis in 0..<min(map.strides.count, axisLevels.count) where map.strides[axis] != 0 {
        level = max(level, axisLevels[axis])
      }
      return level
    }
    for node in block.nodes {
      switch node.operation {
      case .constant: levels.append(0)
      case .accumulator: levels.append(accumulators)
      case .index(let map): levels.append(level(map))
      case .load(let access):
        levels.append(access.guards.reduce(level(access.map)) { max($0, level($1.map)) })
      case .apply(_, let operands):
        levels.append(operands.reduce(0) { max($0, levels[$1]) })
      }
    }
    // From the results back, so that a node nobody needs does not count.
    for root in roots { uses[root] += 1 }
    for store in block.stores { uses[store.node] += 1 }
    for index in block.nodes.indices.reversed() where uses[index] > 0 {
      if case .apply(_, let operands) = block.nodes[index].operation {
        for operand in operands { uses[operand] += 1 }
      }
    }
  }
}

extension Block {
  /// Whether any node depends on the index of an axis.
  func uses(axis: Int) -> Bool {
    if stores.contains(where: { $0.access.map.strides[axis] != 0 }) { return true }
    return nodes.contains { node in
      switch node.operation {
      case .load(let access):
        access.map.strides[axis] != 0 || access.guards.contains { $0.map.strides[axis] != 0 }
      case .index(let map): map.strides[axis] != 0
      case .constant, .accumulator, .apply: false
      }
    }
  }
}
