// What is made of a matrix product before it is reduced: as the product's epilogue it costs least.

import NNIR

extension TensorGraph {
  /// Forces what elementwise operations make of a product for a reduction: as the product's epilogue it is computed in the
  /// order in which the sums lie, and stored in their stead. Within the reduction it would be computed in that one's order, in
  /// short pieces where it pools. `useCounts` are the graph's own.
  mutating func forceEpilogues(_ useCounts: [Int32]) {
    var lastUser = [Int32](repeating: -1, count: nodes.count)
    for index in nodes.indices {
      for position in operandRange(of: index) {
        lastUser[Int(operands[position].node)] = Int32(index)
      }
    }
    for index in nodes.indices {
      guard case .contraction = nodes[index].kind else { continue }
      var last = index
      while useCounts[last] == 1, lastUser[last] >= 0, !isForced[last] {
        let user = Int(lastUser[last])
        if nodes[user].isReduction, last != index {
          isForced[last] = true
          break
        }
        guard case .elementwise = nodes[user].kind, reads(last, whole: user) else { break }
        last = user
      }
    }
  }

  /// Whether an elementwise node has the elements of a node that it reads as its own, in the same order.
  private func reads(_ node: Int, whole user: Int) -> Bool {
    operands(of: user).allSatisfy { use in
      use.node != node || isWhole(use, sizes: domain(of: user))
    }
  }
}
