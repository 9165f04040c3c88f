// Guards become ranges of the innermost index, so that no inner loop asks at every element whether it may read.

import NNIR

/// The part low..<high of a loop from `lower` to `upper` in which an access' guards hold, as C variables set before the loop.
struct GuardRange {
  let guards: [Guard]
  let low: String
  let high: String

  /// Declares and sets the variables. `axis` is the loop's position in the access maps, `indices` are the names of the others.
  func emit(
    into writer: inout CWriter, axis: Int, indices: [String?], from lower: String, to upper: String
  ) {
    var outer = indices
    outer[axis] = nil
    writer.line("ptrdiff_t \(low) = \(lower), \(high) = \(upper);")
    for bound in guards {
      let at = bound.map.cExpression(outer)
      let step = bound.map.strides[axis]
      let extent = bound.extent
      if step == 0 {
        writer.line("if (\(at.text) < 0 || \(at.text) >= \(extent)) \(high) = \(low);")
        continue
      }
      let distance = Int(step.magnitude)
      // For step > 0: first index with at + step i >= 0, first with at + step i >= extent; mirrored for step < 0.
      let first =
        step > 0
        ? ceilingQuotient(bound.map.cExpression(outer), negated: true, plus: 0, by: distance)
        : ceilingQuotient(at, negated: false, plus: 1 - extent, by: distance)
      let last =
        step > 0
        ? ceilingQuotient(bound.map.cExpression(outer), negated: true, plus: extent, by: distance)
        : ceilingQuotient(at, negated: false, plus: 1, by: distance)
      writer.line("if (\(low) < \(first)) \(low) = \(first);")
      writer.line("if (\(high) > \(last)) \(high) = \(last);")
    }
    writer.line("if (\(high) < \(lower)) \(high) = \(lower);")
    writer.line("if (\(low) > \(high)) \(low) = \(high);")
  }

  /// ceil((±value + plus) / divisor), or something not above 0 where that is negative: bounds below 0 need not be exact.
  private func ceilingQuotient(
    _ value: CExpression, negated: Bool, plus: Int, by divisor: Int
  ) -> String {
    if let constant = Int(value.text) {
      let sum = (negated ? -constant : constant) + plus
      return String(sum <= 0 ? 0 : (sum + divisor - 1) / divisor)
    }
    let total = plus + divisor - 1
    let text =
      negated
      ? "\(total) - (\(value.text))"
      : "\(value.text)" + (total < 0 ? " - \(-total)" : total > 0 ? " + \(total)" : "")
    return divisor == 1 ? text : "(\(text)) / \(divisor)"
  }
}

extension Block {
  /// The different guard lists of loads that are computed at `level`.
  func guardLists(at level: Int, _ levels: BlockLevels) -> [[Guard]] {
    var lists: [[Guard]] = []
    for index in nodes.indices where levels.levels[index] == level && levels.uses[index] > 0 {
      guard case .load(let access) = nodes[index].operation, !access.guards.isEmpty else {
        continue
      }
      if !lists.contains(access.guards) { lists.append(access.guards) }
    }
    return lists
  }
}
