// Interval arithmetic over affine maps and guards: which elements an access can reach, and whether two points can meet at one.

import NNIR

extension Access {
  /// The least and the greatest element accessed, or more than these where guards are too complicated; nil where there is none.
  func reach(over sizes: [Int]) -> ClosedRange<Int>? {
    var box = sizes.map { (low: 0, high: $0 - 1) }
    for _ in 0..<2 {
      for condition in guards { condition.narrow(&box) }
    }
    if box.contains(where: { $0.low > $0.high }) { return nil }
    // Without any axis a guard is a matter of its offset.
    if guards.contains(where: { box.isEmpty && !(0..<max(0, $0.extent)).contains($0.map.offset) }) {
      return nil
    }
    let range = map.range(over: box)
    guard let bounds = boundsByGuards(sizes, box) else { return range }
    let low = max(range.lowerBound, bounds.low)
    let high = min(range.upperBound, bounds.high)
    return low > high ? nil : low...high
  }

  /// An address that moves as a guard does lies within the guard's extent: the address is written as multiples of the guards' values and
  /// a rest, whichever gives the narrowest bounds. Guards over one axis have narrowed the box already.
  private func boundsByGuards(
    _ sizes: [Int], _ box: [(low: Int, high: Int)]
  ) -> (low: Int, high: Int)? {
    var best: (low: Int, high: Int)?
    var rest = map
    var ends = (low: 0, high: 0)
    for condition in guards where (1...maximumElementCount).contains(condition.extent) {
      let axes = sizes.indices.filter { condition.map.strides[$0] != 0 && sizes[$0] > 1 }
      if axes.count < 2 { continue }
      var found: (rest: AffineMap, ends: (low: Int, high: Int))?
      for axis in axes {
        let factor = rest.strides[axis] / condition.map.strides[axis]
        let other = rest.adding(-factor, condition.map)
        guard factor != 0, other.isModest, factor.magnitude <= maximumElementCount else {
          continue
        }
        let last = condition.extent - 1
        let sum = (
          low: ends.low.saturatingAdd(min(factor, 0), last),
          high: ends.high.saturatingAdd(max(factor, 0), last)
        )
        let range = other.range(over: box)
        let bounds = (
          low: range.lowerBound.saturatingAdd(1, sum.low),
          high: range.upperBound.saturatingAdd(1, sum.high)
        )
        if let best, best.high - best.low <= bounds.high - bounds.low { continue }
        best = bounds
        found = (other, sum)
      }
      if let found { (rest, ends) = found }
    }
    return best
  }
}

extension Guard {
  /// Leaves out of a box of indices what cannot hold.
  fileprivate func narrow(_ box: inout [(low: Int, high: Int)]) {
    if box.contains(where: { $0.low > $0.high }) { return }
    let whole = map.range(over: box)
    if whole.upperBound < 0 || whole.lowerBound >= extent {
      if box.isEmpty { return }
      box[0] = (0, -1)
      return
    }
    for axis in box.indices where map.strides[axis] != 0 {
      if box.contains(where: { $0.low > $0.high }) { return }
      var rest = map
      rest.strides[axis] = 0
      let others = rest.range(over: box)
      let stride = map.strides[axis]
      // 0 <= stride * i + others < extent
      let low = -others.upperBound
      let high = min(extent, 2 * maximumElementCount) - 1 - others.lowerBound
      let bounds =
        stride > 0
        ? (dividedUp(low, stride), dividedDown(high, stride))
        : (dividedUp(-high, -stride), dividedDown(-low, -stride))
      box[axis].low = max(box[axis].low, bounds.0)
      box[axis].high = min(box[axis].high, bounds.1)
    }
  }
}

private func dividedDown(_ a: Int, _ b: Int) -> Int { a >= 0 ? a / b : -((-a + b - 1) / b) }
private func dividedUp(_ a: Int, _ b: Int) -> Int { -dividedDown(-a, b) }

/// Whether these are extents, and their product is one.
func areExtents(_ sizes: [Int]) -> Bool {
  var count = 1
  for size in sizes {
    guard (0...maximumElementCount).contains(size) else { return false }
    // An extent of 0 must not hide the others.
    let (product, isTooLarge) = count.multipliedReportingOverflow(by: max(1, size))
    if isTooLarge { return false }
    count = product
  }
  return true
}

extension AffineMap {
  /// Whether its numbers are so small that arithmetic on them cannot overflow unnoticed.
  var isModest: Bool {
    ([offset] + strides).allSatisfy { $0.magnitude <= 2 * maximumElementCount.magnitude }
  }

  /// This map plus a multiple of another.
  fileprivate func adding(_ factor: Int, _ other: AffineMap) -> AffineMap {
    AffineMap(
      offset: offset.saturatingAdd(factor, other.offset),
      strides: zip(strides, other.strides).map { $0.saturatingAdd(factor, $1) })
  }

  fileprivate func range(over box: [(low: Int, high: Int)]) -> ClosedRange<Int> {
    var low = offset
    var high = offset
    for (stride, bounds) in zip(strides, box) {
      low = low.saturatingAdd(stride, stride > 0 ? bounds.low : bounds.high)
      high = high.saturatingAdd(stride, stride > 0 ? bounds.high : bounds.low)
    }
    return min(low, high)...max(low, high)
  }

  /// Whether no two points have one value: every stride steps over all that the smaller ones reach.
  func isInjective(over sizes: [Int]) -> Bool {
    if sizes.contains(0) { return true }
    let axes = sizes.indices.filter { sizes[$0] > 1 }
      .sorted { (strides[$0].magnitude, $0) < (strides[$1].magnitude, $1) }
    var reached = 0
    for axis in axes {
      if strides[axis].magnitude <= reached { return false }
      reached = reached.saturatingAdd(Int(clamping: strides[axis].magnitude), sizes[axis] - 1)
    }
    return true
  }
}

extension AffineMap {
  /// Whether no point of this map has the value of a point of the other, which moves as this one does.
  func isApart(from other: AffineMap, over sizes: [Int]) -> Bool {
    if sizes.contains(0) { return true }
    guard strides == other.strides else { return false }
    // As if which of the two it is were one more index.
    let both = AffineMap(strides: strides + [other.offset - offset])
    return both.isInjective(over: sizes + [2])
  }
}

extension Int {
  /// `self + a * b`, at the limits where that overflows: texts may hold any number.
  fileprivate func saturatingAdd(_ a: Int, _ b: Int) -> Int {
    let (product, isTooLarge) = a.multipliedReportingOverflow(by: b)
    if isTooLarge { return (a < 0) == (b < 0) ? Int.max / 4 : Int.min / 4 }
    let (sum, overflow) = addingReportingOverflow(product)
    return overflow ? (product > 0 ? Int.max / 4 : Int.min / 4) : sum
  }
}
