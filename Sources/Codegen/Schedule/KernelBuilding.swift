// From a kernel's plan to the kernel: blocks over its axes, then axes joined and ordered as code generation wants them.

import NNIR

struct KernelBuilder {
  let placed: PlacedKernels
  let bufferOf: [Int32]
  /// The buffers that a node's value is written to.
  let stores: SmallTable<Int, [Int]>

  /// The kernels that a plan becomes: one, or a fill and a copy, or a routine and copies.
  func kernels(_ index: Int, _ graph: inout TensorGraph) -> [Kernel] {
    let plan = placed.kernels[index]
    switch plan.kind {
    case .map, .reduction: return [loops(index, &graph).joiningAxes()]
    case .contraction: return [contraction(index, &graph).joiningAxes().arrangingColumns()]
    case .spread: return spread(index, &graph).map { $0.joiningAxes() }
    // The step's kernels are there already.
    case .loop: return []
    case .joined: return []
    case .routine: return routine(index, graph)
    }
  }

  // MARK: Axes

  /// A root's iteration axes as functions of a block's axes, both given with the strides that they have in one row-major index.
  private func substitution(
    _ axes: [(extent: Int, stride: Int)], by blockStrides: [Int]
  ) -> [AffineMap] {
    axes.map { axis in
      AffineMap(
        strides: blockStrides.map { stride in
          stride >= axis.stride && stride < axis.stride * axis.extent ? stride / axis.stride : 0
        })
    }
  }

  /// The root's iteration over the axes of the block at a level, by their row-major strides.
  private func substitution(
    _ root: Int, by blockStrides: [Int], _ graph: TensorGraph
  ) -> Substitution {
    let node = graph.nodes[root]
    let iteration = graph.iteration(of: root)
    var strides = rowMajorStrides(iteration)
    if node.isReduction {
      let body = KernelPlan(
        kind: .reduction, axes: graph.shapes[node.body], reducedMask: node.reducedMask)
      strides = body.keptThenReduced(rowMajorStrides(body.axes))
    }
    return Substitution(
      substitution(zip(iteration, strides).map { (extent: $0, stride: $1) }, by: blockStrides),
      rank: blockStrides.count)
  }

  private func rowMajorAccesses(_ root: Int, strides: [Int]) -> [Access] {
    (stores[root] ?? []).map { Access(buffer: $0, map: AffineMap(strides: strides)) }
  }

  /// Where the value of a root is stored at a point of the block: `strides` are those of its row-major index.
  private func accesses(
    _ root: Int, strides: [Int], _ substitution: [AffineMap], _ graph: TensorGraph
  ) -> [Access] {
    guard case .part(_, let map) = graph.nodes[root].kind else {
      return rowMajorAccesses(root, strides: strides)
    }
    let place = map.composed(with: substitution, rank: strides.count)
    return (stores[root] ?? []).map { Access(buffer: $0, map: place) }
  }

  // MARK: Kinds

  /// The last substitution: of neighbouring roots most have the same axes.
  private struct KnownSubstitution {
    var level: Level
    var space: Int32
    var substitution: Substitution
  }

  private func loops(_ index: Int, _ graph: inout TensorGraph) -> Kernel {
    let plan = placed.kernels[index]
    var expressions = ExpressionBuilder(placed: placed, kernel: index, bufferOf: bufferOf)
    var body = BlockBuilder()
    var epilogue = BlockBuilder()
    var reductions: [KernelReduction] = []
    let bodyStrides = plan.keptThenReduced(rowMajorStrides(plan.axes))
    let outerStrides = rowMajorStrides(plan.outerAxes)
    var known: KnownSubstitution?
    for (root, level) in plan.members {
      let isReduction = graph.nodes[root].isReduction
      let readLevel: Level = isReduction ? .body : level
      let strides = readLevel == .body ? bodyStrides : outerStrides
      let space = graph.nodes[root].space
      let substitution: Substitution
      if !isReduction, let known, known.level == level, known.space == space {
        substitution = known.substitution
      } else {
        substitution = self.substitution(root, by: strides, graph)
        if !isReduction {
          known = KnownSubstitution(level: level, space: space, substitution: substitution)
        }
      }
      if readLevel == .outer {
        let value = expressions.evaluate(root, &graph, substitution, into: &epilogue)
        epilogue.values[root] = value
        epilogue.store(value, at: accesses(root, strides: strides, substitution.maps, graph))
        continue
      }
      let value = expressions.evaluate(root, &graph, substitution, into: &body)
      if let reduction = KernelReduction(graph.nodes[root].kind, node: value) {
        reductions.append(reduction)
        let result = epilogue.append(
          Node(.accumulator(reductions.count - 1), graph.nodes[root].element))
        epilogue.values[root] = result
        epilogue.store(result, at: rowMajorAccesses(root, strides: outerStrides))
      } else {
        body.values[root] = value
        body.store(value, at: accesses(root, strides: strides, substitution.maps, graph))
      }
    }
    return Kernel(
      name: "", space: plan.outerAxes, reduced: plan.reducedAxes, body: body.block,
      reductions: reductions, epilogue: epilogue.block)
  }

  private func contraction(_ index: Int, _ graph: inout TensorGraph) -> Kernel {
    let plan = placed.kernels[index]
    var expressions = ExpressionBuilder(placed: placed, kernel: index, bufferOf: bufferOf)
    let strides = rowMajorStrides(plan.axes)
    var epilogue = BlockBuilder()
    var product: KernelContraction?
    for (root, _) in plan.members {
      let value: Int
      // Of a contraction all axes of the kernel are kept.
      let substitution = substitution(root, by: strides, graph)
      if case .contraction(let lanes) = graph.nodes[root].kind {
        product = contractionOperands(root, plan, lanes, expressions, graph)
        value = epilogue.append(Node(.accumulator(0), graph.nodes[root].element))
      } else {
        value = expressions.evaluate(root, &graph, substitution, into: &epilogue)
      }
      epilogue.values[root] = value
      epilogue.store(value, at: accesses(root, strides: strides, substitution.maps, graph))
    }
    return Kernel(name: "", space: plan.axes, contraction: product, epilogue: epilogue.block)
  }

  private func contractionOperands(
    _ root: Int, _ plan: KernelPlan, _ lanes: Int, _ expressions: ExpressionBuilder,
    _ graph: TensorGraph
  ) -> KernelContraction {
    let space = graph.space(of: root)
    let reduced = graph.reduced(of: root)
    let rank = plan.axes.count + reduced.count
    var maps = substitution(
      zip(space, rowMajorStrides(space)).map { (extent: $0, stride: $1) },
      by: rowMajorStrides(plan.axes))
    for axis in maps.indices {
      maps[axis].strides += [Int](repeating: 0, count: reduced.count)
    }
    maps += reduced.indices.map { AffineMap.axis(plan.axes.count + $0, rank: rank) }
    let accesses = graph.operands(of: root).map { use in
      expressions.access(
        Int(use.node), graph.views[use.view].composed(with: maps, rank: rank), graph)
    }
    return KernelContraction(
      left: accesses[0], right: accesses[1], digits: plan.axes.map { [$0] } + [reduced],
      rowAxis: nil, columnAxis: nil, lanes: lanes, element: graph.nodes[root].element)
  }

  private func spread(_ index: Int, _ graph: inout TensorGraph) -> [Kernel] {
    let root = placed.kernels[index].members[0].root
    guard case .spread(let map, let scalar) = graph.nodes[root].kind else { return [] }
    let domain = graph.domain(of: root)
    var fill = BlockBuilder()
    let constant = fill.append(Node(.constant(scalar), scalar.element))
    fill.store(constant, at: rowMajorAccesses(root, strides: rowMajorStrides(domain)))
    let space = graph.space(of: root)
    var expressions = ExpressionBuilder(placed: placed, kernel: index, bufferOf: bufferOf)
    var copy = BlockBuilder()
    let value = expressions.evaluate(
      root, &graph, Substitution(View.identity(rank: space.count).forms, rank: space.count),
      into: &copy)
    copy.store(value, at: (stores[root] ?? []).map { Access(buffer: $0, map: map) })
    return [
      Kernel(name: "", space: domain, body: fill.block),
      Kernel(name: "", space: space, body: copy.block),
    ]
  }
}

extension KernelReduction {
  /// Nil for a node that is no reduction.
  fileprivate init?(_ kind: NodeKind, node: Int) {
    switch kind {
    case .reduce(let reduction, let lanes):
      self.init(kind: .reduce(reduction), node: node, lanes: lanes)
    case .argReduce(let reduction, let lanes):
      self.init(kind: .argument(reduction), node: node, lanes: lanes)
    case .argument, .constant, .splat, .iota, .elementwise, .copy, .contraction, .spread, .part,
      .joined, .loop, .loopResult, .routine:
      return nil
    }
  }
}

extension KernelPlan {
  var reducedAxes: [Int] {
    axes.indices.filter { reducedMask >> UInt64($0) & 1 == 1 }.map { axes[$0] }
  }

  /// What belongs to each axis, in the order of the kernel's space and then its reduced axes.
  func keptThenReduced(_ list: [Int]) -> [Int] {
    list.indices.filter { reducedMask >> UInt64($0) & 1 == 0 }.map { list[$0] }
      + list.indices.filter { reducedMask >> UInt64($0) & 1 == 1 }.map { list[$0] }
  }
}
