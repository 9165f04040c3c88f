// Canonicalisation of sliding windows that do not overlap: they are slices and reshapes, which are free. Pooling with windows as wide as
// its stride, pooling of a whole image and convolution with filters of one element are such.

/// ```
/// %1: f32[2, 3, 2] = windows [1: 2 by 2] %0
/// ```
/// of an `f32[2, 7]` becomes
/// ```
/// %1: f32[2, 6] = slice [2 from 0, 6 from 0] %0
/// %2: f32[2, 3, 2] = reshape %1
/// ```
/// and `fold` the same backwards, with a padding in the place of the slice.
func plainWindows(
  _ rewriter: inout Rewriter, _ op: Op, _ operands: [Value], _ type: TensorType
) -> Value? {
  switch op {
  case .windows(let windows):
    let shape = rewriter.type(operands[0]).shape
    guard let split = SplitWindows(windows, of: shape) else { return nil }
    let slice = rewriter.emit(
      .slice(split.slices), [operands[0]],
      type.with(shape: Shape(split.slices.map(\.count))))
    let parts = rewriter.reshape(slice, to: split.parts)
    return rewriter.permute(parts, split.order)
  case .fold(let windows):
    guard let split = SplitWindows(windows, of: type.shape) else { return nil }
    let parts = rewriter.permute(operands[0], AdjointRules.inverse(split.order))
    let joined = rewriter.reshape(parts, to: Shape(split.slices.map(\.count)))
    return rewriter.emit(
      .pad(split.padding(of: type.shape), value: Scalar(0, as: type.element)), [joined], type)
  case .argument, .constant, .iota, .elementwise, .reduce, .argReduce, .reshape, .permute,
    .broadcast, .slice, .pad, .concat, .contraction, .gather, .scatterAdd, .random, .identity,
    .stopGradient, .custom, .scan, .projection:
    return nil
  }
}

/// Windows as parts of a slice: which elements there are, how they split into windows and elements of windows, and in which order these
/// axes stand in the result.
private struct SplitWindows {
  var slices: [SliceAxis]
  var parts: Shape
  var order: [Int]

  /// Nil where windows overlap or leave elements out between them.
  init?(_ windows: [WindowAxis], of shape: Shape) {
    slices = shape.sizes.map { SliceAxis(start: 0, step: 1, count: $0) }
    var sizes: [Int] = []
    var places: [Int] = []
    var elementPlaces: [Int] = []
    for axis in 0..<shape.rank {
      places.append(sizes.count)
      guard let window = windows.first(where: { $0.axis == axis }) else {
        sizes.append(shape[axis])
        continue
      }
      let count = window.count(in: shape[axis])
      if window.size == 1 {
        slices[axis] = SliceAxis(start: 0, step: count == 1 ? 1 : window.stride, count: count)
      } else if count == 1 {
        slices[axis] = SliceAxis(start: 0, step: window.dilation, count: window.size)
      } else if window.dilation == 1, window.stride == window.size {
        slices[axis].count = count * window.size
      } else {
        return nil
      }
      elementPlaces.append(sizes.count + 1)
      sizes += [count, window.size]
    }
    parts = Shape(sizes)
    order = places + elementPlaces
  }

  /// What puts the elements back into a value of this shape.
  func padding(of shape: Shape) -> [PadAxis] {
    zip(slices, shape.sizes).map { slice, size in
      let interior = slice.count > 1 ? slice.step - 1 : 0
      let used = slice.count == 0 ? 0 : (slice.count - 1) * slice.step + 1
      return PadAxis(before: 0, after: size - used, interior: interior)
    }
  }
}
