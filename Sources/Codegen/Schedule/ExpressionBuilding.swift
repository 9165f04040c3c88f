// The scalar expression of a root as nodes of a block, its views expanded into affine maps over the kernel's own axes.

import NNIR

/// A block under construction.
struct BlockBuilder {
  private(set) var block = Block()
  private var known = HashSlots()
  /// The roots of this kernel that the block has the value of.
  var values = SmallTable<Int, Int>()

  /// The number of a node, which is appended unless an equal one is there.
  mutating func append(_ node: consuming Node) -> Int {
    let hash = node.quickHash
    if let number = known.number(hash, where: { block.nodes[$0] == node }) { return number }
    known.append(hash)
    block.nodes.append(node)
    return block.nodes.count - 1
  }

  mutating func store(_ node: Int, at accesses: [Access]) {
    for access in accesses { block.stores.append(Store(access: access, node: node)) }
  }
}

extension Node {
  /// Of what sets most nodes of a block apart.
  fileprivate var quickHash: QuickHash {
    switch operation {
    case .load(let access):
      var hash = QuickHash(access.buffer, access.map.offset)
      for stride in access.map.strides { hash.mix(stride) }
      return hash
    case .constant(let scalar): return QuickHash(Int(truncatingIfNeeded: scalar.bits))
    case .index(let map): return QuickHash(map.offset)
    case .accumulator(let number): return QuickHash(number)
    case .apply(_, let operands): return operands.quickHash
    }
  }
}

/// A root's iteration as functions of the axes of a block, `rank` in number.
struct Substitution {
  let maps: [AffineMap]
  let rank: Int
  /// Whether the axes are the same.
  let isIdentity: Bool

  init(_ maps: [AffineMap], rank: Int) {
    self.maps = maps
    self.rank = rank
    isIdentity = maps.isIdentity(rank: rank)
  }
}

/// Evaluates the expressions of one kernel's roots.
struct ExpressionBuilder {
  let placed: PlacedKernels
  let kernel: Int
  /// The buffer that holds each node's elements, -1 where none does.
  let bufferOf: [Int32]

  /// What is still to be evaluated, and what has been of one root.
  private var pending: [Step] = []
  private var done = SmallTable<Use, Int>()

  init(placed: PlacedKernels, kernel: Int, bufferOf: [Int32]) {
    self.placed = placed
    self.kernel = kernel
    self.bufferOf = bufferOf
  }

  private struct Step {
    var use: Use
    var areOperandsDone = false
  }

  /// The number of the node in `block` that has the root's value; of a reduction's operand, of a copy's.
  mutating func evaluate(
    _ root: Int, _ graph: inout TensorGraph, _ substitution: Substitution,
    into block: inout BlockBuilder
  ) -> Int {
    let identity = graph.identity(rank: substitution.maps.count)
    let start = start(root, identity, graph)
    guard expandedOperation(Int(start.node), root, graph) != nil else {
      return leaf(start, graph, substitution, into: &block)
    }
    done.removeAll()
    pending.append(Step(use: start))
    while let step = pending.popLast() {
      if done[step.use] != nil { continue }
      let node = Int(step.use.node)
      guard let op = expandedOperation(node, root, graph) else {
        done[step.use] = leaf(step.use, graph, substitution, into: &block)
        continue
      }
      if !step.areOperandsDone, waits(step.use, root, &graph) { continue }
      var numbers: [Int] = []
      let range = graph.operandRange(of: node)
      numbers.reserveCapacity(range.count)
      for position in range {
        let operand = operand(position, of: step.use, &graph)
        numbers.append(done[operand] ?? leaf(operand, graph, substitution, into: &block))
      }
      done[step.use] = block.append(Node(.apply(op, numbers), graph.nodes[node].element))
    }
    return done[start] ?? 0
  }

  /// Whether an operation has operands that are operations of the expression and not done; if so, all its operands come first, in order.
  private mutating func waits(_ use: Use, _ root: Int, _ graph: inout TensorGraph) -> Bool {
    let range = graph.operandRange(of: Int(use.node))
    let isReady = range.allSatisfy { position in
      expandedOperation(Int(graph.operands[position].node), root, graph) == nil
        || done[operand(position, of: use, &graph)] != nil
    }
    if isReady { return false }
    pending.append(Step(use: use, areOperandsDone: true))
    for position in range.reversed() {
      pending.append(Step(use: operand(position, of: use, &graph)))
    }
    return true
  }

  private func start(_ root: Int, _ identity: Int32, _ graph: TensorGraph) -> Use {
    if case .elementwise = graph.nodes[root].kind { return Use(node: Int32(root), view: identity) }
    // A copy, a spread or a reduction: its operand's views are functions of its own iteration.
    return graph.operands[Int(graph.nodes[root].firstOperand)]
  }

  /// The operand with this number among all, seen through the view of what uses it.
  private func operand(_ position: Int, of user: Use, _ graph: inout TensorGraph) -> Use {
    let operand = graph.operands[position]
    return Use(node: operand.node, view: graph.composed(operand.view, with: user.view))
  }

  /// What a node computes whose expression is part of the root's; nil where its value is there already.
  private func expandedOperation(_ node: Int, _ root: Int, _ graph: TensorGraph) -> ElementwiseOp? {
    if node != root, placed.roots.isRoot(node) { return nil }
    if case .elementwise(let op) = graph.nodes[node].kind { return op }
    return nil
  }

  private func leaf(
    _ use: Use, _ graph: TensorGraph, _ substitution: Substitution, into block: inout BlockBuilder
  ) -> Int {
    let node = Int(use.node)
    let element = graph.nodes[node].element
    if case .splat(let scalar) = graph.nodes[node].kind {
      return block.append(Node(.constant(scalar), element))
    }
    let isIndex = if case .iota = graph.nodes[node].kind { true } else { false }
    if !isIndex, placed.kernelOf[node] == Int32(kernel), let value = block.values[node] {
      return value
    }
    let outer = graph.views[use.view]
    let view =
      substitution.isIdentity
      ? outer : outer.composed(with: substitution.maps, rank: substitution.rank)
    if isIndex { return block.append(Node(.index(view.forms[0]), element)) }
    return block.append(Node(.load(access(node, view, graph)), element))
  }

  /// The elements of a stored node, through a view of the block's axes.
  func access(_ node: Int, _ view: View, _ graph: TensorGraph) -> Access {
    Access(
      buffer: Int(bufferOf[node]), map: view.address(over: graph.domain(of: node)),
      guards: view.guards, padding: view.guards.isEmpty ? nil : view.padding)
  }
}
