// Sums that grow as the function goes on, such as the gradient of a parameter that is used again and again. As one expression at its end
// such a sum would keep all that is added alive until then; link by link each share is added where it is computed.

import NNIR

extension TensorGraph {
  /// How many nodes lie at least between two links of a sum that grows: those of one formula follow each other closely.
  private static let leastDistance = 4

  /// Forces the links of sums that grow: each is computed in its place, and stored where the next kernel goes on. `useCounts`
  /// are the graph's own.
  mutating func forceAccumulations(_ useCounts: [Int32]) {
    for index in nodes.indices where isSum(index) {
      for use in operands(of: index) {
        let link = Int(use.node)
        if index - link >= Self.leastDistance, useCounts[link] == 1, isSum(link),
          nodes[link].space == nodes[index].space,
          operands(of: link).contains(where: { !nodes[Int($0.node)].kind.isLeaf })
        {
          isForced[link] = true
        }
      }
    }
  }

  private func isSum(_ node: Int) -> Bool {
    if case .elementwise(.add) = nodes[node].kind { true } else { false }
  }
}
