// Two loop nests over as many elements in the same row-major order can be one, if the boundaries of their axes do not cross.

/// The factors into which each axis of `axes` must be split so that `other`, of as many elements, has axes of its own; nil where the
/// boundaries of the two cross.
func refinement(of axes: [Int], by other: [Int]) -> [[Int]]? {
  var factors = [[Int]](repeating: [], count: axes.count)
  var theirs = other.count - 1
  var remaining = theirs >= 0 ? other[theirs] : 1
  for axis in axes.indices.reversed() {
    var own = axes[axis]
    while own > 1 {
      while remaining == 1, theirs > 0 {
        theirs -= 1
        remaining = other[theirs]
      }
      let factor = min(own, remaining)
      guard factor > 1, own % factor == 0, remaining % factor == 0 else { return nil }
      factors[axis].insert(factor, at: 0)
      own /= factor
      remaining /= factor
    }
  }
  return factors
}
