// Elementwise operations as nodes, over as few axes as their operands allow. Values of one graph are alike: what the axes of one are is known
// from the last of the same extents whose operands were seen through the same views.

import NNIR

extension Lowering {
  /// What decides the axes of an elementwise node: the extents of its value and the views of its operands, by number, -1 for none.
  struct ElementwiseKey: QuickHashable {
    var sizes: Int32
    var views: (Int32, Int32, Int32) = (-1, -1, -1)

    var quickHash: QuickHash {
      var hash = QuickHash(Int(sizes), Int(views.0), Int(views.1))
      hash.mix(Int(views.2))
      return hash
    }

    static func == (a: ElementwiseKey, b: ElementwiseKey) -> Bool {
      a.sizes == b.sizes && a.views == b.views
    }
  }

  /// The node's own axes, the operands' views of them, and the value's view of the node.
  struct ElementwiseAxes {
    var domain: Int32
    /// None.
    var reduced: Int32
    var views: [Int32]
    var result: Int32
  }

  mutating func elementwise(_ op: ElementwiseOp, _ operands: [Value], _ value: Value) -> Use {
    let axes = elementwiseAxes(operands, sizes: sizeNumbers[value.index])
    for (position, operand) in operands.enumerated() {
      graph.operands.append(Use(node: uses[operand.index].node, view: axes.views[position]))
    }
    let node = graph.append(
      .elementwise(op), function.instructions[value.index].type.element, domain: axes.domain,
      space: axes.domain, reduced: axes.reduced, operandCount: operands.count, value: value.index)
    graph.isForced[node] = !fuse
    return Use(node: Int32(node), view: axes.result)
  }

  private mutating func elementwiseAxes(_ operands: [Value], sizes: Int32) -> ElementwiseAxes {
    var key = ElementwiseKey(sizes: sizes)
    key.views.0 = uses[operands[0].index].view
    if operands.count > 1 { key.views.1 = uses[operands[1].index].view }
    if operands.count > 2 { key.views.2 = uses[operands[2].index].view }
    if let known = elementwiseAxes[key] { return known }
    let axes = newElementwiseAxes(
      operands.map { uses[$0.index].view }, sizes: graph.shapes[sizes])
    elementwiseAxes[key] = axes
    return axes
  }

  /// Axes along which no operand moves are dropped, neighbours that all operands walk as one are joined.
  private mutating func newElementwiseAxes(_ numbers: [Int32], sizes: [Int]) -> ElementwiseAxes {
    let views = numbers.map { graph.views[$0] }
    var kept: [Int] = []
    var domain: [Int] = []
    for axis in sizes.indices where !views.allSatisfy({ $0.isConstant(along: axis) }) {
      if let last = kept.last, last == axis - 1,
        views.allSatisfy({ $0.joins(last, size: sizes[axis]) })
      {
        kept[kept.count - 1] = axis
        domain[domain.count - 1] *= sizes[axis]
      } else {
        kept.append(axis)
        domain.append(sizes[axis])
      }
    }
    let own =
      kept.count == sizes.count
      ? numbers : views.map { graph.views.number(of: $0.keeping(kept)) }
    let result = Self.joinedView(sizes: sizes, kept: kept, domain: domain)
    return ElementwiseAxes(
      domain: graph.shapes.number(of: domain), reduced: graph.noExtents, views: own,
      result: graph.views.number(of: result))
  }

  /// Where the axes of a value are in a domain whose axis i ends with axis `kept[i]` of the value.
  private static func joinedView(sizes: [Int], kept: [Int], domain: [Int]) -> View {
    var forms: [AffineMap] = []
    for (last, extent) in zip(kept, domain) {
      var form = AffineMap(strides: [Int](repeating: 0, count: sizes.count))
      var stride = 1
      var axis = last
      while stride < extent {
        form.strides[axis] = stride
        stride *= sizes[axis]
        axis -= 1
      }
      forms.append(form)
    }
    return View(rank: sizes.count, forms: forms)
  }
}
