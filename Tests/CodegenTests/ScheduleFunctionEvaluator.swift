// What a function means, straight from `Docs/numerics.md`: an element at a time, one pass an instruction. Only for tests.

import NNIR

struct FunctionEvaluator {
  let function: Function
  private var values: [[Scalar]] = []

  /// The results' elements, in order.
  static func results(of function: Function, arguments: [[Scalar]]) -> [[Scalar]] {
    var evaluator = FunctionEvaluator(function: function)
    for index in function.instructions.indices {
      evaluator.values.append(evaluator.evaluate(function.instructions[index], arguments))
    }
    return function.results.map { evaluator.values[$0.value.index] }
  }

  private init(function: Function) { self.function = function }

  private func evaluate(_ instruction: Instruction, _ arguments: [[Scalar]]) -> [Scalar] {
    let type = instruction.type
    let operands = instruction.operands.map { values[$0.index] }
    let shapes = instruction.operands.map { function.type(of: $0).shape }
    switch instruction.op {
    case .argument(let number): return arguments[number]
    case .constant(let constant): return (0..<type.count).map { constant[$0] }
    case .iota(let axis):
      return type.shape.indices.map { Scalar($0[axis], as: type.element) }
    case .elementwise(let op):
      return (0..<type.count).map { index in
        evaluated(op, type.element, operands.map { $0[index] })
      }
    case .reduce(let reduction, let axes):
      return reduce(reduction, axes, operands[0], shapes[0], type)
    case .argReduce(let reduction, let axis):
      return type.shape.indices.map { index in
        var extreme = Extreme(kind: reduction)
        for position in 0..<shapes[0][axis] {
          var index = index
          index[axis] = position
          extreme.add(operands[0][shapes[0].linear(index)], at: position)
        }
        return Scalar(Int32(extreme.index))
      }
    case .reshape, .identity, .stopGradient, .custom: return operands[0]
    case .gather:
      let width = operands[0].count / shapes[0][0]
      return operands[1].flatMap { index in
        operands[0][Int(index.int64) * width..<(Int(index.int64) + 1) * width]
      }
    case .scatterAdd:
      var sums = [Scalar](repeating: Scalar(0, as: type.element), count: type.count)
      let width = operands[1].count / max(1, operands[0].count)
      for (position, index) in operands[0].enumerated() {
        for i in 0..<width {
          let place = Int(index.int64) * width + i
          sums[place] = evaluated(
            .add, type.element, [sums[place], operands[1][position * width + i]])
        }
      }
      return sums
    case .random(let dropout): return random(dropout, operands, type)
    case .permute(let order):
      return type.shape.indices.map { index in
        var source = index
        for (axis, from) in order.enumerated() { source[from] = index[axis] }
        return operands[0][shapes[0].linear(source)]
      }
    case .broadcast:
      return type.shape.indices.map { index in
        let source = index.indices.map { shapes[0][$0] == 1 ? 0 : index[$0] }
        return operands[0][shapes[0].linear(source)]
      }
    case .slice(let axes):
      return type.shape.indices.map { index in
        let source = index.indices.map { axes[$0].start + axes[$0].step * index[$0] }
        return operands[0][shapes[0].linear(source)]
      }
    case .pad(let axes, let padding):
      return type.shape.indices.map { index in
        var source = index
        for axis in index.indices {
          let distance = index[axis] - axes[axis].before
          let step = axes[axis].interior + 1
          guard distance >= 0, distance % step == 0, distance / step < shapes[0][axis] else {
            return padding
          }
          source[axis] = distance / step
        }
        return operands[0][shapes[0].linear(source)]
      }
    case .concat(let axis):
      return type.shape.indices.map { index in
        var source = index
        var part = 0
        while source[axis] >= shapes[part][axis] {
          source[axis] -= shapes[part][axis]
          part += 1
        }
        return operands[part][shapes[part].linear(source)]
      }
    case .windows(let windows):
      return type.shape.indices.map { index in
        var source = Array(index.prefix(shapes[0].rank))
        for (number, window) in windows.enumerated() {
          source[window.axis] =
            source[window.axis] * window.stride + index[shapes[0].rank + number] * window.dilation
        }
        return operands[0][shapes[0].linear(source)]
      }
    case .fold(let windows): return fold(windows, operands[0], shapes[0], type)
    case .contraction(let contraction): return contract(contraction, operands, shapes, type)
    case .scan, .projection: return []
    }
  }

  private func reduce(
    _ reduction: Reduction, _ axes: [Int], _ operand: [Scalar], _ shape: Shape, _ type: TensorType
  ) -> [Scalar] {
    if shape.count == 0 {
      let identity = reduction == .sum ? Scalar(0, as: type.element) : reduction.start(type.element)
      return [Scalar](repeating: identity, count: type.count)
    }
    let lanes = reductionLanes(shape: shape, axes: axes)
    var group = 1
    var axis = shape.rank - 1
    while axis >= 0, shape[axis] == 1 || !axes.contains(axis) { axis -= 1 }
    while axis >= 0, shape[axis] == 1 || axes.contains(axis) {
      group *= shape[axis]
      axis -= 1
    }
    return type.shape.indices.map { index in
      var sums = Lanes(lanes, reduction.start(type.element))
      let inner = Shape(axes.map { shape[$0] })
      for (position, reduced) in inner.indices.enumerated() {
        var source = index
        for (axis, value) in zip(axes, reduced) { source[axis] = value }
        sums.add(operand[shape.linear(source)], position % group % lanes, reduction.op)
      }
      return sums.folded(reduction.op)
    }
  }

  /// The sum over places in the windows of what lies there of each element, zeros where nothing does.
  private func fold(
    _ windows: [WindowAxis], _ operand: [Scalar], _ shape: Shape, _ type: TensorType
  ) -> [Scalar] {
    let first = windows[0].axis
    var sizes = type.shape.sizes
    sizes.insert(contentsOf: windows.map(\.size), at: first)
    let placed = Shape(sizes)
    let elements = placed.indices.map { index -> Scalar in
      let element = index[first..<first + windows.count]
      var source = index
      source.removeSubrange(first..<first + windows.count)
      for (window, place) in zip(windows, element) {
        let distance = source[window.axis] - place * window.dilation
        guard distance >= 0, distance % window.stride == 0,
          distance / window.stride < shape[window.axis]
        else { return Scalar(0, as: type.element) }
        source[window.axis] = distance / window.stride
      }
      return operand[shape.linear(source + element)]
    }
    let axes = Array(first..<first + windows.count)
    return reduce(.sum, axes, elements, placed, type.with(shape: placed.reduced(along: axes)))
  }

  private func contract(
    _ contraction: Contraction, _ operands: [[Scalar]], _ shapes: [Shape], _ type: TensorType
  ) -> [Scalar] {
    var extents: [UInt8: Int] = [:]
    for (label, size) in zip(contraction.left, shapes[0].sizes) { extents[label] = size }
    for (label, size) in zip(contraction.right, shapes[1].sizes) { extents[label] = size }
    let lanes = contractionLanes(contraction, left: shapes[0], right: shapes[1])
    let chain = contraction.contracted
    let inner = Shape(chain.map { extents[$0] ?? 1 })
    return type.shape.indices.map { index in
      var at = Dictionary(uniqueKeysWithValues: zip(contraction.result, index))
      var sums = Lanes(lanes, Scalar(0, as: type.element))
      for (position, reduced) in inner.indices.enumerated() {
        for (label, value) in zip(chain, reduced) { at[label] = value }
        let a = operands[0][shapes[0].linear(contraction.left.map { at[$0] ?? 0 })]
        let b = operands[1][shapes[1].linear(contraction.right.map { at[$0] ?? 0 })]
        sums.values[position % lanes] = multiplyAdd(a, b, sums.values[position % lanes])
      }
      return sums.folded(.add)
    }
  }
}

extension Shape {
  /// All indices in row-major order.
  var indices: [[Int]] { allIndices(sizes) }

  func linear(_ index: [Int]) -> Int { zip(index, rowMajorStrides).reduce(0) { $0 + $1.0 * $1.1 } }
}

/// All indices below `sizes` in row-major order.
func allIndices(_ sizes: [Int]) -> [[Int]] {
  let count = sizes.reduce(1, *)
  return (0..<count).map { linear in
    var rest = linear
    var index = [Int](repeating: 0, count: sizes.count)
    for axis in sizes.indices.reversed() {
      index[axis] = rest % sizes[axis]
      rest /= sizes[axis]
    }
    return index
  }
}
