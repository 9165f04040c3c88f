// The first step of scheduling: each value of the function becomes a node or a view of one. A view that is not affine is cut here, by
// storing what lies below it.

import NNIR

/// Builds the tensor graph of a function, one instruction after the other.
struct Lowering {
  var graph = TensorGraph()
  let function: Function
  /// Without fusion every operation is stored, movement too.
  let fuse: Bool
  /// Whether kernels get notes; see `schedule`.
  let explains: Bool
  /// The use that each value of the function became; meaningless for dead ones.
  var uses: [Use]
  var copies = SmallTable<CopyKey, Int>()
  /// How guarded windows came about, by what they are.
  var slides = SmallTable<Use, Slide>()
  var checks = SmallTable<CheckKey, Int>()

  /// By value: the number of its extents.
  private(set) var sizeNumbers: [Int32] = []
  var elementwiseAxes = SmallTable<ElementwiseKey, ElementwiseAxes>()
  /// The last value that was looked at for its name.
  private var lastNamed: (view: Int32, domain: Int32, sizes: Int32, isWhole: Bool)?

  struct CopyKey: QuickHashable {
    var use: Use
    var sizes: Int32

    var quickHash: QuickHash { QuickHash(Int(use.node), Int(use.view), Int(sizes)) }
  }

  init(_ function: Function, fuse: Bool, explains: Bool) {
    self.function = function
    self.fuse = fuse
    self.explains = explains
    graph.reserveCapacity(function.instructions.count)
    uses = [Use](repeating: Use(node: -1, view: 0), count: function.instructions.count)
    numberSizes()
  }

  /// Interns the extents of all values; those of neighbours are often the same.
  private mutating func numberSizes() {
    sizeNumbers.reserveCapacity(function.instructions.count)
    var last = Shape.scalar
    var number = graph.noExtents
    for instruction in function.instructions {
      if instruction.type.shape != last {
        last = instruction.type.shape
        number = graph.shapes.number(of: last.sizes.filter { $0 != 1 })
      }
      sizeNumbers.append(number)
    }
  }

  /// The graph, its targets set.
  static func graph(of function: Function, fuse: Bool, explains: Bool) throws -> TensorGraph {
    var lowering = Lowering(function, fuse: fuse, explains: explains)
    let isLive = lowering.liveness()
    for index in function.instructions.indices where isLive[index] {
      lowering.uses[index] = try lowering.lower(index)
      lowering.name(index)
    }
    lowering.lowerResults()
    return lowering.graph
  }

  /// Gives the name of a value to the node that computes it, unless that has one.
  private mutating func name(_ index: Int) {
    let node = Int(uses[index].node)
    guard let name = function.origins[Value(index)]?.name, graph.name(of: node) == nil else {
      return
    }
    switch graph.nodes[node].kind {
    case .splat, .argument, .iota: return
    case .constant, .elementwise, .copy, .reduce, .argReduce, .contraction, .spread, .part, .joined,
      .loopResult, .routine:
      break
    case .loop: return
    }
    if isWhole(index) { graph.name(node, name) }
  }

  /// Whether a value is the whole of its node, in the same order.
  private mutating func isWhole(_ index: Int) -> Bool {
    let (use, sizes) = (uses[index], sizeNumbers[index])
    let domain = graph.nodes[Int(use.node)].domain
    if let last = lastNamed, last.view == use.view, last.domain == domain, last.sizes == sizes {
      return last.isWhole
    }
    let isWhole = graph.isWhole(use, sizes: graph.shapes[sizes])
    lastNamed = (use.view, domain, sizes, isWhole)
    return isWhole
  }

  private func liveness() -> [Bool] {
    var isLive = [Bool](repeating: false, count: function.instructions.count)
    for result in function.results { isLive[result.value.index] = true }
    for index in function.instructions.indices.reversed() where isLive[index] {
      for operand in function.instructions[index].operands { isLive[operand.index] = true }
    }
    return isLive
  }

  /// The extents of a value that count: those other than 1.
  func sizes(of value: Value) -> [Int] { graph.shapes[sizeNumbers[value.index]] }

  private mutating func lower(_ index: Int) throws -> Use {
    let instruction = function.instructions[index]
    let value = Value(index)
    let type = instruction.type
    if type.count == 0, !instruction.op.isScan { return splat(Scalar(0, as: type.element), value) }
    switch instruction.op {
    case .argument(let number): return leaf(.argument(number), type, value)
    case .constant(let constant):
      if let scalar = constant.splat { return splat(scalar, value) }
      return leaf(.constant(constant), type, value)
    case .iota(let axis): return iota(axis, type, value)
    case .elementwise(let op): return elementwise(op, instruction.operands, value)
    case .reduce(let reduction, let axes): return reduce(reduction, axes, value)
    case .argReduce(let reduction, let axis): return argReduce(reduction, axis, value)
    case .reshape, .permute, .broadcast, .slice, .pad, .windows:
      let moved = move(instruction, value)
      return fuse ? moved : copied(moved, sizes: sizes(of: value), value)
    case .concat(let axis): return concat(instruction.operands, axis, value)
    case .fold(let windows): return fold(windows, value)
    case .contraction(let contraction): return contract(contraction, value)
    case .gather: return gather(value)
    case .scatterAdd: return scatterAdd(value)
    case .random(let dropout): return random(dropout, value)
    case .identity, .stopGradient, .custom: return uses[instruction.operands[0].index]
    case .scan(let scan): return try loop(scan, value)
    case .projection(let result): return projection(result, value)
    }
  }

  // MARK: Nodes

  mutating func use(_ node: Int, _ view: View) -> Use {
    Use(node: Int32(node), view: graph.views.number(of: view))
  }

  func view(of use: Use) -> View { graph.views[use.view] }

  /// A use of a node whose elements lie in row-major order, by the axes of a value of these extents.
  mutating func whole(_ node: Int, sizes: [Int]) -> Use { use(node, View.rowMajor(sizes)) }

  mutating func splat(_ scalar: Scalar, _ value: Value) -> Use {
    let node = graph.append(
      .splat(scalar), scalar.element, domain: [], space: [], value: value.index)
    return use(node, View(rank: sizes(of: value).count, forms: []))
  }

  private mutating func leaf(_ kind: NodeKind, _ type: TensorType, _ value: Value) -> Use {
    let sizes = sizes(of: value)
    let domain = sizes.isEmpty ? [] : [type.count]
    let node = graph.append(kind, type.element, domain: domain, space: domain, value: value.index)
    return whole(node, sizes: sizes)
  }

  private mutating func iota(_ axis: Int, _ type: TensorType, _ value: Value) -> Use {
    let shape = type.shape
    if shape[axis] == 1 { return splat(Scalar(0, as: type.element), value) }
    let rank = sizes(of: value).count
    let position = (0..<axis).count { shape[$0] != 1 }
    let node = graph.append(
      .iota, type.element, domain: [shape[axis]], space: [shape[axis]], value: value.index)
    return use(node, View(rank: rank, forms: [AffineMap.axis(position, rank: rank)]))
  }

  // MARK: Storing

  /// The same value as a node of its own whose elements lie in row-major order.
  mutating func copied(_ source: Use, sizes: [Int], _ value: Value) -> Use {
    let key = CopyKey(use: source, sizes: graph.shapes.number(of: sizes))
    if let known = copies[key] { return whole(known, sizes: sizes) }
    if sizes.product == 0 { return source }
    let count = sizes.product
    let element = graph.nodes[Int(source.node)].element
    let node: Int
    if let order = storageOrder(of: source, sizes) {
      let map = AffineMap(strides: rowMajorStrides(sizes))
      let whole = Int32(graph.nodes.count + 1)
      let part = part(source, sizes: sizes, in: order, of: whole, into: map, value)
      node = joined([part], element, count: count, value)
    } else {
      node = graph.append(
        .copy, element, domain: sizes.isEmpty ? [] : [count], space: sizes, operands: [source],
        value: value.index)
      graph.isForced[node] = true
    }
    copies[key] = node
    return whole(node, sizes: sizes)
  }

  /// The value as elements of a stored array, reached by their row-major index and no guards; copied where it is not so.
  mutating func stored(_ source: Use, sizes: [Int], _ value: Value) -> Use {
    let view = view(of: source)
    let node = Int(source.node)
    guard view.guards.isEmpty else { return copied(source, sizes: sizes, value) }
    switch graph.nodes[node].kind {
    case .iota: return copied(source, sizes: sizes, value)
    case .splat(let scalar):
      let constant = graph.append(
        .constant(Constant(splat: scalar)), scalar.element, domain: [], space: [],
        value: Int(graph.nodes[node].value))
      return use(constant, View(rank: sizes.count, forms: []))
    case .argument, .constant, .copy, .reduce, .argReduce, .contraction, .spread, .part, .joined,
      .loop, .loopResult, .routine:
      return source
    case .elementwise:
      graph.isForced[node] = true
      return use(node, view.linearized(over: graph.domain(of: node)))
    }
  }

  // MARK: Results

  /// Whether a node's elements stay where they are, so that a result is a copy.
  private func isKept(_ node: Int, _ role: ResultRole) -> Bool {
    if case .loopResult(let number) = graph.nodes[node].kind {
      // A state lies where the loop changes it.
      return role.isUpdate || number < graph.loop(ofResult: node).scan.states
        || graph.targets.contains { $0.node == node }
    }
    // The parts of an update would replace what other parts still read.
    if role.isUpdate, graph.nodes[node].isJoined { return true }
    return graph.nodes[node].kind.isLeaf
  }

  private mutating func lowerResults() {
    for (number, result) in function.results.enumerated() {
      let sizes = sizes(of: result.value)
      let source = uses[result.value.index]
      let node = Int(source.node)
      if case .update(let argument) = result.role { graph.updatedArguments.insert(argument) }
      if function.type(of: result.value).count == 0 { continue }
      if case .update(let argument) = result.role,
        case .argument(argument) = graph.nodes[node].kind,
        graph.isWhole(source, sizes: sizes)
      {
        continue  // the argument as it is
      }
      var target = node
      if isKept(node, result.role) || !graph.isWhole(source, sizes: sizes) {
        target = Int(copied(source, sizes: sizes, result.value).node)
      }
      graph.isForced[target] = true
      graph.targets.append(Target(node: Int32(target), result: number))
    }
  }
}
