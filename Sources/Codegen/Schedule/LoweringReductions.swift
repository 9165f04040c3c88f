// Reductions and contractions: their axes are told apart into those that stay and those that are summed over, and an operand whose axes
// do not fit the order that numerics.md fixes is stored first.

import NNIR

extension Lowering {
  mutating func reduce(_ reduction: Reduction, _ axes: [Int], _ value: Value) -> Use {
    let operand = function[value].operands[0]
    let shape = function.type(of: operand).shape
    let element = function.type(of: operand).element
    if shape.count == 0 { return splat(reduction.identity(element, isResult: true), value) }
    let isReduced = shape.sizes.indices.filter { shape[$0] != 1 }.map { axes.contains($0) }
    if !isReduced.contains(true) {
      let source = uses[operand.index]
      return fuse ? source : copied(source, sizes: sizes(of: operand), value)
    }
    let lanes = reductionLanes(shape: shape, axes: axes)
    return reduced(
      .reduce(reduction, lanes: lanes), uses[operand.index], sizes(of: operand), isReduced,
      joins: lanes > 1, element, value)
  }

  mutating func argReduce(_ reduction: ArgReduction, _ axis: Int, _ value: Value) -> Use {
    let operand = function[value].operands[0]
    let shape = function.type(of: operand).shape
    if shape[axis] <= 1 { return splat(Scalar(0, as: .i32), value) }
    let isReduced = shape.sizes.indices.filter { shape[$0] != 1 }.map { $0 == axis }
    let lanes = reductionLanes(shape: shape, axes: [axis])
    return reduced(
      .argReduce(reduction, lanes: lanes), uses[operand.index], sizes(of: operand), isReduced,
      joins: false, .i32, value)
  }

  /// - Parameter sizes: the extents of the operand, none of which is 1.
  /// - Parameter joins: whether the last group of reduced axes must be one axis, which carries the lanes.
  mutating func reduced(
    _ kind: NodeKind, _ operand: Use, _ sizes: [Int], _ isReduced: [Bool], joins: Bool,
    _ element: ElementType, _ value: Value
  ) -> Use {
    var source = operand
    var body = sizes
    var isReduced = isReduced
    if joins, let last = isReduced.lastIndex(of: true) {
      let first = (isReduced[..<last].lastIndex(of: false) ?? -1) + 1
      if first < last {
        var joined = body
        joined.replaceSubrange(first...last, with: [body[first...last].reduce(1, *)])
        source = reshaped(source, from: body, to: joined, value)
        body = joined
        isReduced.removeSubrange(first..<last)
      }
    }
    let keptAxes = body.indices.filter { !isReduced[$0] }
    let reducedAxes = body.indices.filter { isReduced[$0] }
    source.view = graph.views.number(of: view(of: source).keeping(keptAxes + reducedAxes))
    let kept = keptAxes.map { body[$0] }
    let node = graph.append(
      kind, element, domain: kept.isEmpty ? [] : [kept.reduce(1, *)], space: kept,
      reduced: reducedAxes.map { body[$0] }, operands: [source], value: value.index)
    graph.nodes[node].body = graph.shapes.number(of: body)
    graph.nodes[node].reducedMask = reducedAxes.reduce(0) { $0 | 1 << UInt64($1) }
    if !fuse { graph.isForced[node] = true }
    return whole(node, sizes: kept)
  }

  // MARK: Contractions

  mutating func contract(_ contraction: Contraction, _ value: Value) -> Use {
    let operands = function[value].operands
    let left = ContractionOperand(labels: contraction.left, function.type(of: operands[0]).shape)
    let right = ContractionOperand(labels: contraction.right, function.type(of: operands[1]).shape)
    let element = function.type(of: value).element
    let contracted = contraction.contracted
    let length = contracted.reduce(1) { $0 * left.extent(of: $1) }
    if length == 0 { return splat(Scalar(0, as: element), value) }
    let lanes = contractionLanes(
      contraction, left: function.type(of: operands[0]).shape,
      right: function.type(of: operands[1]).shape)
    let chain = contracted.filter { left.labels.contains($0) }
    let result = contraction.result.filter {
      left.labels.contains($0) || right.labels.contains($0)
    }
    var a = storedOperand(operands[0], left)
    var b = storedOperand(operands[1], right)
    var steps = [chain]
    if lanes == 1, isWindowed(a, left) || isWindowed(b, right) {
      steps = joined(chain, a, b, extent: left.extent)
    }
    if steps.count == 1 || steps.count > KernelContraction.mostDigits {
      steps = [chain]
      a = arranged(
        left, a, operands[0], chain: chain,
        order: result.filter { left.labels.contains($0) } + chain)
      let batch = result.filter { left.labels.contains($0) && right.labels.contains($0) }
      let columns = result.filter { !left.labels.contains($0) }
      b = arranged(right, b, operands[1], chain: chain, order: batch + chain + columns)
    }
    let kept = sizes(of: value)
    let node = graph.append(
      .contraction(lanes: lanes), element, domain: kept.isEmpty ? [] : [kept.reduce(1, *)],
      space: kept, reduced: steps.map { $0.reduce(1) { $0 * left.extent(of: $1) } },
      operands: [
        operandUse(a, result: result, steps: steps), operandUse(b, result: result, steps: steps),
      ], value: value.index)
    graph.isForced[node] = !fuse
    return whole(node, sizes: kept)
  }

  /// An operand as elements of a stored array.
  private struct ArrangedOperand {
    var use: Use
    var labels: [UInt8]
  }

  private mutating func storedOperand(
    _ value: Value, _ axes: ContractionOperand
  ) -> ArrangedOperand {
    let source = unguarded(uses[value.index], value)
    return ArrangedOperand(use: stored(source, sizes: axes.sizes, value), labels: axes.labels)
  }

  private func address(of operand: ArrangedOperand) -> AffineMap {
    graph.views[operand.use.view].address(over: graph.domain(of: Int(operand.use.node)))
  }

  /// Whether it has elements at several places, as overlapping windows do: then it is not copied, but packed bit by bit. What is
  /// repeated along an axis does not count.
  private func isWindowed(_ operand: ArrangedOperand, _ axes: ContractionOperand) -> Bool {
    let moving = zip(axes.sizes, address(of: operand).strides).filter { $0.1 != 0 }
    let places = moving.reduce(1) { $0 * $1.0 }
    return places > graph.domain(of: Int(operand.use.node)).reduce(1, *)
  }

  /// The chain's labels, neighbours together that both operands walk as one.
  private func joined(
    _ chain: [UInt8], _ a: ArrangedOperand, _ b: ArrangedOperand, extent: (UInt8) -> Int
  ) -> [[UInt8]] {
    let addresses = [(a, address(of: a)), (b, address(of: b))]
    func stride(_ label: UInt8, _ operand: (ArrangedOperand, AffineMap)) -> Int {
      operand.0.labels.firstIndex(of: label).map { operand.1.strides[$0] } ?? 0
    }
    var groups: [[UInt8]] = []
    for label in chain {
      let isOne =
        groups.last?.last.map { last in
          addresses.allSatisfy { stride(last, $0) == stride(label, $0) * extent(label) }
        } ?? false
      if isOne { groups[groups.count - 1].append(label) } else { groups.append([label]) }
    }
    return groups
  }

  /// The labels of an operand's axes that count.
  private struct ContractionOperand {
    var labels: [UInt8]
    var sizes: [Int]

    init(labels: [UInt8], _ shape: Shape) {
      let axes = labels.indices.filter { shape[$0] != 1 }
      self.labels = axes.map { labels[$0] }
      sizes = axes.map { shape[$0] }
    }

    func extent(of label: UInt8) -> Int { labels.firstIndex(of: label).map { sizes[$0] } ?? 1 }
  }

  /// The operand as elements of a stored array, in which the labels of `chain` can be walked as one; else copied into `order`.
  private mutating func arranged(
    _ operand: ContractionOperand, _ source: ArrangedOperand, _ value: Value, chain: [UInt8],
    order: [UInt8]
  ) -> ArrangedOperand {
    let address = address(of: source)
    let strides = chain.map { label in
      operand.labels.firstIndex(of: label).map { address.strides[$0] } ?? 0
    }
    let sizes = chain.map { operand.extent(of: $0) }
    let isOne = sizes.indices.dropLast().allSatisfy {
      strides[$0] == strides[$0 + 1] * sizes[$0 + 1]
    }
    if isOne { return source }
    let axes = order.compactMap { operand.labels.firstIndex(of: $0) }
    let permuted = use(Int(source.use.node), view(of: source.use).keeping(axes))
    let copy = copied(permuted, sizes: axes.map { operand.sizes[$0] }, value)
    return ArrangedOperand(use: copy, labels: order)
  }

  /// The operand as a function of the axes of the result and then of the steps of the chain.
  private mutating func operandUse(
    _ operand: ArrangedOperand, result: [UInt8], steps: [[UInt8]]
  ) -> Use {
    let rank = result.count + steps.count
    let maps = operand.labels.map { label in
      var map = AffineMap(strides: [Int](repeating: 0, count: rank))
      if let axis = result.firstIndex(of: label) { map.strides[axis] = 1 }
      // All labels of a step move as its last one does.
      if let step = steps.firstIndex(where: { $0.last == label }) {
        map.strides[result.count + step] = 1
      }
      return map
    }
    return use(
      Int(operand.use.node), view(of: operand.use).composed(with: maps, rank: rank))
  }
}

extension Reduction {
  /// The value that lanes start at; `isResult`: the value of a reduction over no elements.
  func identity(_ element: ElementType, isResult: Bool) -> Scalar {
    switch self {
    case .sum: isResult || !element.isFloat ? Scalar(0, as: element) : Scalar(-0.0, as: element)
    case .prod: Scalar(1, as: element)
    case .max: element.limit(isLeast: true)
    case .min: element.limit(isLeast: false)
    }
  }
}

extension ElementType {
  /// The least or the greatest value: an infinity for floats.
  func limit(isLeast: Bool) -> Scalar {
    switch self {
    case .f32, .f64: Scalar(isLeast ? -Double.infinity : Double.infinity, as: self)
    case .i32: Scalar(isLeast ? Int32.min : Int32.max)
    case .i64: Scalar(isLeast ? Int64.min : Int64.max)
    case .bool: Scalar(!isLeast)
    }
  }
}
