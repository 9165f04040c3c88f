// Roots into kernels. Each root joins the last kernel among those that it reads from, where it has the same elements to walk and reads
// that kernel's values in place; otherwise it opens a kernel at the end. All else that it reads then comes from earlier kernels.

import NNIR

/// Assigns every root to a kernel.
struct PlacedKernels {
  /// The most operations in a kernel.
  static let operationLimit = 64

  let graph: TensorGraph
  let roots: Roots
  let fuse: Bool
  private(set) var kernels: [KernelPlan] = []
  /// By node; -1 for what is no root.
  private(set) var kernelOf: [Int32]
  private(set) var levelOf: [Level]
  /// By argument: the last kernel that reads it, or -1.
  private(set) var lastReader: [Int32]
  /// The last kernel that checks indices, or -1.
  private(set) var lastCheck = -1
  /// By node: the arguments that it updates.
  private var updates: [Int: [Int]] = [:]
  /// By number of elements: the newest kernel whose body walks as many.
  private var newest = SmallTable<Int, Int>()
  /// By node: the first root that reads it, or -1.
  private var firstReader: [Int32]

  init(_ graph: TensorGraph, _ roots: Roots, order: [Int], _ function: Function, fuse: Bool) {
    self.graph = graph
    self.roots = roots
    self.fuse = fuse
    kernelOf = [Int32](repeating: -1, count: graph.nodes.count)
    levelOf = [Level](repeating: .body, count: graph.nodes.count)
    lastReader = [Int32](repeating: -1, count: function.arguments.count)
    firstReader = [Int32](repeating: -1, count: graph.nodes.count)
    for root in order {
      for position in roots.loadRange(of: root) {
        let node = Int(roots.loads[position].node)
        if firstReader[node] < 0 { firstReader[node] = Int32(root) }
      }
    }
    for target in graph.targets {
      if case .update(let argument) = function.results[target.result].role {
        updates[Int(target.node), default: []].append(argument)
      }
    }
    for root in order { place(root) }
  }

  // MARK: One root

  private mutating func place(_ root: Int) {
    if case .loopResult = graph.nodes[root].kind, let loop = graph.operands(of: root).first {
      add(root, Int(kernelOf[Int(loop.node)]), .body)
      return
    }
    if fuse {
      var producer = -1
      for position in roots.loadRange(of: root) {
        producer = max(producer, Int(kernelOf[Int(roots.loads[position].node)]))
      }
      if producer >= 0, join(root, kernel: producer, isSibling: false) { return }
      let sibling = newest[bodyCount(root)] ?? -1
      if sibling > producer, join(root, kernel: sibling, isSibling: true) { return }
    }
    open(root)
  }

  private func bodyCount(_ root: Int) -> Int { graph.iterationCount(of: root) }

  private mutating func open(_ root: Int) {
    var plan = KernelPlan(kind: .map, axes: graph.space(of: root))
    var level = Level.body
    switch graph.nodes[root].kind {
    case .reduce, .argReduce:
      plan.kind = .reduction
      plan.axes = graph.shapes[graph.nodes[root].body]
      plan.reducedMask = graph.nodes[root].reducedMask
      level = .outer
    case .contraction:
      plan.kind = .contraction
      level = .outer
    case .spread: plan.kind = .spread
    case .loop: plan.kind = .loop
    case .joined: plan.kind = .joined
    case .routine: plan.kind = .routine
    case .argument, .constant, .splat, .iota, .elementwise, .copy, .part, .loopResult: break
    }
    kernels.append(plan)
    if plan.kind == .map || plan.kind == .reduction {
      newest[bodyCount(root)] = kernels.count - 1
    }
    add(root, kernels.count - 1, level)
  }

  private mutating func add(_ root: Int, _ kernel: Int, _ level: Level) {
    kernels[kernel].members.append((root, level))
    kernels[kernel].operationCount += Int(roots.operationCounts[root])
    kernelOf[root] = Int32(kernel)
    levelOf[root] = level
    if graph.isCheck(root) { lastCheck = kernel }
    let readLevel = readLevel(root, level)
    for position in roots.loadRange(of: root) {
      let load = roots.loads[position]
      kernels[kernel].loads[load.use] = ()
      guard case .argument(let argument) = graph.nodes[Int(load.node)].kind else { continue }
      lastReader[argument] = max(lastReader[argument], Int32(kernel))
      let read: KernelPlan.ArgumentRead =
        kernels[kernel].readsInPlace && isInPlace(load, of: root)
          && !(kernels[kernel].kind == .contraction && graph.nodes[root].isContraction)
        ? .inPlace(readLevel) : .elsewhere
      let known = kernels[kernel].argumentReads[argument] ?? read
      kernels[kernel].argumentReads[argument] = known == read ? read : .elsewhere
    }
  }

  /// A reduction's operand is read in the body, whatever the level of its result.
  private func readLevel(_ root: Int, _ level: Level) -> Level {
    graph.nodes[root].isReduction ? .body : level
  }

  /// Whether a load's elements lie exactly as the root walks them.
  private func isInPlace(_ load: Load, of root: Int) -> Bool {
    let node = graph.nodes[root]
    let domain = graph.domain(of: Int(load.node))
    // Most are read as they lie, over the same axes.
    if load.view == graph.knownIdentity(rank: domain.count), node.reduced == graph.noExtents,
      node.space == graph.nodes[Int(load.node)].domain
    {
      return true
    }
    let view = graph.views[load.view]
    guard view.guards.isEmpty else { return false }
    let iteration = graph.iteration(of: root)
    guard domain.product == iteration.product else { return false }
    if iteration.isEmpty { return true }
    let address = view.address(over: domain)
    if address.offset != 0 { return false }
    guard node.isReduction else { return address.strides == rowMajorStrides(iteration) }
    // Kept axes first, then reduced ones: each with the stride that it has in the operand.
    let body = graph.shapes[node.body]
    let strides = rowMajorStrides(body)
    let isReduced = { (axis: Int) in node.reducedMask >> UInt64(axis) & 1 == 1 }
    return address.strides
      == body.indices.filter { !isReduced($0) }.map { strides[$0] }
      + body.indices.filter { isReduced($0) }.map { strides[$0] }
  }

  // MARK: Joining

  private mutating func join(_ root: Int, kernel: Int, isSibling: Bool) -> Bool {
    let operations = kernels[kernel].operationCount + Int(roots.operationCounts[root])
    guard operations <= Self.operationLimit else { return false }
    if isSibling, !isReadTogether(root, kernel), !sharesLoads(root, with: kernel) {
      return false
    }
    switch graph.nodes[root].kind {
    case .elementwise, .copy, .part:
      for level in kernels[kernel].levels where reads(root, kernel, at: level) {
        guard canUpdate(root, kernel, level), !hasPartElsewhere(root, kernel, level) else {
          continue
        }
        // Most have the axes that the kernel has.
        if level == .outer || kernels[kernel].axes != graph.space(of: root) {
          guard let axes = refined(kernels[kernel], graph.space(of: root), at: level)
          else { continue }
          kernels[kernel].axes = axes.axes
          kernels[kernel].reducedMask = axes.mask
        }
        add(root, kernel, level)
        return true
      }
      return false
    case .reduce, .argReduce: return joinReduction(root, kernel)
    case .contraction, .spread, .joined, .loop, .loopResult, .argument, .constant, .splat, .iota,
      .routine:
      return false
    }
  }

  /// Whether the root is a part of an array of which a kernel stores another part at another level: of parts of one level it is
  /// seen that they are apart.
  private func hasPartElsewhere(_ root: Int, _ kernel: Int, _ level: Level) -> Bool {
    guard case .part(let joined, _) = graph.nodes[root].kind else { return false }
    return kernels[kernel].members.contains { member in
      guard member.level != level, case .part(joined, _) = graph.nodes[member.root].kind else {
        return false
      }
      return true
    }
  }

  /// Whether the first to read a root reads a value of the kernel as well: it can then be computed where both are at hand.
  private func isReadTogether(_ root: Int, _ kernel: Int) -> Bool {
    let reader = Int(firstReader[root])
    return reader >= 0
      && roots.loadRange(of: reader).contains {
        kernelOf[Int(roots.loads[$0].node)] == Int32(kernel)
      }
  }

  /// Whether a kernel reads what a root reads: the same elements, or others of the same array in the same order, as other slices
  /// of it.
  private func sharesLoads(_ root: Int, with kernel: Int) -> Bool {
    roots.loadRange(of: root).contains { position in
      let use = roots.loads[position].use
      return kernels[kernel].loads[use] != nil
        || kernels[kernel].loads.keys.contains { $0.node == use.node && areAlike($0, use) }
    }
  }

  /// Whether two uses of a node walk its elements in the same order.
  private func areAlike(_ one: Use, _ other: Use) -> Bool {
    let views = (graph.views[one.view], graph.views[other.view])
    guard views.0.guards.isEmpty, views.1.guards.isEmpty, views.0.rank == views.1.rank else {
      return false
    }
    let domain = graph.domain(of: Int(one.node))
    return views.0.address(over: domain).strides == views.1.address(over: domain).strides
  }

  /// Whether all that the root reads from the kernel's own values is at hand at a level.
  private func reads(_ root: Int, _ kernel: Int, at level: Level) -> Bool {
    roots.loadRange(of: root).allSatisfy { position in
      let load = roots.loads[position]
      return kernelOf[Int(load.node)] != Int32(kernel)
        || levelOf[Int(load.node)] == level && isInPlace(load, of: root)
    }
  }

  /// An update only joins a kernel after all checks of indices, in which every read of the old value is of the element that is replaced, and after which none is.
  private func canUpdate(_ root: Int, _ kernel: Int, _ level: Level) -> Bool {
    (updates[root] ?? []).allSatisfy { argument in
      guard lastReader[argument] <= Int32(kernel), lastCheck < kernel else { return false }
      guard let read = kernels[kernel].argumentReads[argument] else { return true }
      return read == .inPlace(level)
    }
  }

  private func refined(
    _ plan: KernelPlan, _ other: [Int], at level: Level
  ) -> (axes: [Int], mask: UInt64)? {
    let own = plan.axes(at: level)
    guard own.product == other.product,
      let factors = refinement(of: own, by: other)
    else { return nil }
    var axes: [Int] = []
    var mask: UInt64 = 0
    var next = 0
    for (axis, extent) in plan.axes.enumerated() {
      let isReduced = plan.reducedMask >> UInt64(axis) & 1 == 1
      if level == .outer, isReduced {
        mask |= 1 << UInt64(axes.count)
        axes.append(extent)
        continue
      }
      // The lanes need their axis whole.
      if isReduced, factors[next].count != 1 { return nil }
      if isReduced { mask |= 1 << UInt64(axes.count) }
      axes += factors[next]
      next += 1
    }
    return axes.count <= 60 ? (axes, mask) : nil
  }

  /// A reduction joins one over the same axes of as many elements, or turns the map that makes its operand into a reduction.
  private mutating func joinReduction(_ root: Int, _ kernel: Int) -> Bool {
    let plan = kernels[kernel]
    let node = graph.nodes[root]
    guard plan.kind == .map || plan.kind == .reduction, reads(root, kernel, at: .body),
      updates[root] == nil
    else { return false }
    let body = graph.shapes[node.body]
    guard plan.axes.product == body.product else { return false }
    let own = KernelPlan(kind: .reduction, axes: body, reducedMask: node.reducedMask)
    guard let joined = refined(own, plan.axes, at: .body) else { return false }
    if plan.kind == .reduction {
      guard let theirs = refined(plan, body, at: .body), theirs == joined else { return false }
    } else {
      // A map is split over threads, a reduction to few elements is not.
      let outer = graph.space(of: root).product
      guard outer >= 16 || plan.axes.product <= 16_384 else { return false }
    }
    kernels[kernel].kind = .reduction
    kernels[kernel].axes = joined.axes
    kernels[kernel].reducedMask = joined.mask
    add(root, kernel, .outer)
    return true
  }
}

extension TensorNode {
  var isReduction: Bool {
    switch kind {
    case .reduce, .argReduce: true
    case .argument, .constant, .splat, .iota, .elementwise, .copy, .contraction, .spread, .part,
      .joined, .loop, .loopResult, .routine:
      false
    }
  }

  var isContraction: Bool {
    if case .contraction = kind { true } else { false }
  }
}
