// Reductions in the order that `Docs/numerics.md` fixes: lanes along the last reduced group, then a fixed tree.

import NNIR

/// How a reduction is laid out: its kept elements, its reduced elements, and the lanes that these are dealt to.
struct ReductionLayout {
  /// The extent of the last group of reduced axes.
  var lastGroup = 1
  var lanes = 1

  /// The rule looks at the shape alone: axes of extent 1 do not count, neighbours of one kind are one axis.
  init(shape: Shape, axes: [Int]) {
    var last = 1
    var inner = 1
    var axis = shape.rank - 1
    while axis >= 0, shape[axis] == 1 || !axes.contains(axis) {
      inner *= shape[axis]
      axis -= 1
    }
    while axis >= 0, shape[axis] == 1 || axes.contains(axis) {
      last *= shape[axis]
      axis -= 1
    }
    lastGroup = last
    lanes = inner >= 8 ? 1 : last >= 512 ? 64 : 16
  }
}

enum ReductionEvaluation {
  static func reduce(
    _ reduction: Reduction, _ tensor: Tensor, axes: [Int], type: TensorType
  ) -> Tensor {
    let layout = ReductionLayout(shape: tensor.shape, axes: axes)
    let rows = reducedLast(tensor, axes: axes)
    return rows.reduced(
      reduction, count: axes.reduce(1) { $0 * tensor.shape[$1] }, lastGroup: layout.lastGroup,
      lanes: layout.lanes, type: type)
  }

  static func argReduce(
    _ reduction: ArgReduction, _ tensor: Tensor, axis: Int, type: TensorType
  ) -> Tensor {
    reducedLast(tensor, axes: [axis])
      .argReduced(reduction, count: tensor.shape[axis], type: type)
  }

  /// The sum of a tensor in which element j of every window stands at the element of the result that it is of, with zeros elsewhere.
  static func fold(_ tensor: Tensor, _ windows: [WindowAxis], type: TensorType) -> Tensor {
    let (shape, reduced) = windows.foldedAxes(of: type.shape)
    var placed = Tensor(zeros: type.with(shape: shape))
    let own = shape.rowMajorStrides
    let kept = own.indices.filter { !reduced.contains($0) }.map { own[$0] }
    var strides = kept
    for window in windows { strides[window.axis] *= window.stride }
    strides += zip(windows, reduced).map { window, axis in
      own[axis] + kept[window.axis] * window.dilation
    }
    Movement.scatter(tensor, into: &placed, Walk(strides: strides))
    let sum = reduce(
      .sum, placed, axes: reduced, type: type.with(shape: shape.reduced(along: reduced)))
    return sum.reshaped(to: type.shape)
  }

  /// The tensor with its reduced axes moved to the end, so that the elements of a result lie together in their order.
  private static func reducedLast(_ tensor: Tensor, axes: [Int]) -> Tensor {
    let order = tensor.shape.sizes.indices.filter { !axes.contains($0) } + axes
    let shape = Shape(order.map { tensor.shape[$0] })
    return Movement.permute(tensor, order, type: tensor.type.with(shape: shape))
  }
}

extension Tensor {
  /// Reduces each run of `count` neighbouring elements; those of a group of `lastGroup` are dealt to the lanes in turn.
  func reduced(
    _ reduction: Reduction, count: Int, lastGroup: Int, lanes: Int, type: TensorType
  ) -> Tensor {
    let run = RunReduction(count: count, lastGroup: lastGroup, lanes: lanes, type: type)
    switch (reduction, element) {
    case (.sum, .f32): return run.fold(self, Float.sumStart, empty: 0, Float.plus)
    case (.sum, .f64): return run.fold(self, Double.sumStart, empty: 0, Double.plus)
    case (.sum, .i32): return run.fold(self, Int32.zero, empty: 0, Int32.plus)
    case (.sum, .i64): return run.fold(self, Int64.zero, empty: 0, Int64.plus)
    case (.prod, .f32): return run.fold(self, Float.one, empty: 1, Float.times)
    case (.prod, .f64): return run.fold(self, Double.one, empty: 1, Double.times)
    case (.prod, .i32): return run.fold(self, Int32.one, empty: 1, Int32.times)
    case (.prod, .i64): return run.fold(self, Int64.one, empty: 1, Int64.times)
    case (.max, .f32): return run.extreme(self, Float.least, Float.larger)
    case (.max, .f64): return run.extreme(self, Double.least, Double.larger)
    case (.max, .i32): return run.extreme(self, Int32.least, Int32.larger)
    case (.max, .i64): return run.extreme(self, Int64.least, Int64.larger)
    case (.max, .bool): return run.extreme(self, UInt8.least, UInt8.larger)
    case (.min, .f32): return run.extreme(self, Float.greatest, Float.smaller)
    case (.min, .f64): return run.extreme(self, Double.greatest, Double.smaller)
    case (.min, .i32): return run.extreme(self, Int32.greatest, Int32.smaller)
    case (.min, .i64): return run.extreme(self, Int64.greatest, Int64.smaller)
    case (.min, .bool): return run.extreme(self, UInt8.greatest, UInt8.smaller)
    case (.sum, .bool), (.prod, .bool): preconditionFailure("\(reduction.rawValue) of bool")
    }
  }

  /// The index of the first extreme of each run of `count` neighbouring elements.
  func argReduced(_ reduction: ArgReduction, count: Int, type: TensorType) -> Tensor {
    switch element {
    case .f32: firstExtremes(reduction, count, type, Float.self)
    case .f64: firstExtremes(reduction, count, type, Double.self)
    case .i32: firstExtremes(reduction, count, type, Int32.self)
    case .i64: firstExtremes(reduction, count, type, Int64.self)
    case .bool: firstExtremes(reduction, count, type, UInt8.self)
    }
  }

  private func firstExtremes<Element: OrderedElement>(
    _ reduction: ArgReduction, _ count: Int, _ type: TensorType, _: Element.Type
  ) -> Tensor {
    Tensor(type: type) { bytes in
      withUnsafeBytes { source in
        let result = bytes.bindMemory(to: Int32.self)
        let from = source.bindMemory(to: Element.self)
        for run in result.indices {
          var best = 0
          for index in 0..<count {
            let (a, b) = (from[run * count + index], from[run * count + best])
            if b.isUnordered { break }
            if a.isUnordered || (reduction == .argmax ? a > b : a < b) { best = index }
          }
          result[run] = Int32(truncatingIfNeeded: best)
        }
      }
    }
  }
}

/// Folds runs of neighbouring elements in lanes.
private struct RunReduction {
  var count: Int
  var lastGroup: Int
  var lanes: Int
  var type: TensorType

  @inline(__always)
  func extreme<Element>(
    _ tensor: Tensor, _ start: Element, _ combine: (Element, Element) -> Element
  ) -> Tensor {
    fold(tensor, start, empty: start, combine)
  }

  @inline(__always)
  func fold<Element>(
    _ tensor: Tensor, _ start: Element, empty: Element, _ combine: (Element, Element) -> Element
  ) -> Tensor {
    Tensor(type: type) { bytes in
      tensor.withUnsafeBytes { source in
        let result = bytes.bindMemory(to: Element.self)
        let from = source.bindMemory(to: Element.self)
        withUnsafeTemporaryAllocation(of: Element.self, capacity: lanes) { lane in
          for run in result.indices {
            if count == 0 {
              result[run] = empty
              continue
            }
            lane.initialize(repeating: start)
            for group in stride(from: 0, to: count, by: lastGroup) {
              let base = run * count + group
              for c in 0..<lastGroup {
                let l = c % lanes
                lane[l] = combine(lane[l], from[base + c])
              }
            }
            foldHalves(lane, combine)
            result[run] = lane[0]
          }
        }
      }
    }
  }
}

/// Folds lanes in halves: the first with the one half of them further on, and so on; lane 0 is the result.
@inline(__always)
func foldHalves<Element>(
  _ lane: UnsafeMutableBufferPointer<Element>, _ combine: (Element, Element) -> Element
) {
  var half = lane.count / 2
  while half >= 1 {
    for l in 0..<half { lane[l] = combine(lane[l], lane[l + half]) }
    half /= 2
  }
}
