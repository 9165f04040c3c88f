// How many lanes a reduction or a contraction is dealt to: a rule on shapes alone, so that every backend adds in one order.
// `Docs/numerics.md` says what a lane does.

/// The lanes of a reduction of `shape` over `axes`: 1, 16 or 64.
///
/// Axes of extent 1 do not count, neighbouring axes of one kind are one group.
public func reductionLanes(shape: Shape, axes: [Int]) -> Int {
  var inner = 1
  var last = 1
  var axis = shape.rank - 1
  while axis >= 0, shape[axis] == 1 || !axes.contains(axis) {
    inner *= shape[axis]
    axis -= 1
  }
  while axis >= 0, shape[axis] == 1 || axes.contains(axis) {
    last *= shape[axis]
    axis -= 1
  }
  return inner >= 8 ? 1 : last >= 512 ? 64 : 16
}

/// The lanes of a contraction: 16 where the right operand's own extents leave at most 4 columns and the chain is at least 64 long,
/// else 1.
public func contractionLanes(_ contraction: Contraction, left: Shape, right: Shape) -> Int {
  var columns = 1
  for (label, size) in zip(contraction.right, right.sizes)
  where !contraction.left.contains(label) {
    columns *= size
  }
  return columns <= 4 && contraction.chain(left) >= 64 ? 16 : 1
}
