// The scalar expression of a root as nodes of a block, its views expanded into affine maps over the kernel's own axes.

import NNIR

/// A block under construction.
struct BlockBuilder {
  private(set) var block = Block()
  private var known = NodeTable()
  /// The roots of this kernel that the block has the value of.
  var values = SmallTable<Int, Int>()

  /// The number of a node, which is appended unless an equal one is there.
  mutating func append(_ node: Node) -> Int {
    if let number = known.merge(node, with: block.nodes) { return number }
    block.nodes.append(node)
    return block.nodes.count - 1
  }

  mutating func store(_ node: Int, at accesses: [Access]) {
    block.stores += accesses.map { Store(access: $0, node: node) }
  }
}

/// A hash table of a block's nodes that holds only their numbers; open addressing with linear probing.
private struct NodeTable {
  /// -1 is free; the size is a power of 2, at most half full.
  private var slots: [Int32] = []
  private var hashes: [Int] = []

  /// The number of an equal node; else the node is remembered as the one that comes next.
  mutating func merge(_ node: Node, with nodes: [Node]) -> Int? {
    if 2 * nodes.count >= slots.count { grow() }
    let hash = node.quickHash
    var slot = hash & (slots.count - 1)
    while slots[slot] >= 0 {
      let number = Int(slots[slot])
      if hashes[number] == hash, nodes[number] == node { return number }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = Int32(nodes.count)
    hashes.append(hash)
    return nil
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: max(32, 2 * slots.count))
    for (number, hash) in hashes.enumerated() {
      var slot = hash & (slots.count - 1)
      while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(number)
    }
  }
}

extension Node {
  /// Of what sets most nodes of a block apart.
  fileprivate var quickHash: Int {
    var hash = 0
    func mix(_ number: Int) {
      hash = (hash ^ number) &* 0x2545_F491_4F6C_DD1D
      hash ^= hash >> 32
    }
    switch operation {
    case .load(let access):
      mix(access.buffer)
      mix(access.map.offset)
      for stride in access.map.strides { mix(stride) }
    case .constant(let scalar): mix(Int(truncatingIfNeeded: scalar.bits))
    case .index(let map): mix(map.offset)
    case .accumulator(let number): mix(number)
    case .apply(_, let operands): for operand in operands { mix(operand) }
    }
    return hash
  }
}

/// Evaluates the expressions of one kernel's roots.
struct ExpressionBuilder {
  let placed: PlacedKernels
  let kernel: Int
  /// The buffer that holds each node's elements, -1 where none does.
  let bufferOf: [Int32]

  private struct Step {
    var use: Use
    var areOperandsDone = false
  }

  /// The number of the node in `block` that has the root's value; of a reduction's operand, of a copy's.
  ///
  /// - Parameter substitution: the root's iteration as functions of the axes of the block, `rank` in number.
  mutating func evaluate(
    _ root: Int, _ graph: inout TensorGraph, substitution: [AffineMap], rank: Int,
    into block: inout BlockBuilder
  ) -> Int {
    let identity = graph.identity(rank: substitution.count)
    let start = start(root, identity, &graph)
    var done = SmallTable<Use, Int>()
    var pending = [Step(use: start)]
    while let step = pending.popLast() {
      if done[step.use] != nil { continue }
      guard case .elementwise(let op) = expandedKind(step.use, root, graph) else {
        done[step.use] = leaf(
          step.use, graph, substitution: substitution, rank: rank, into: &block)
        continue
      }
      let operands = graph.operands(of: Int(step.use.node)).map {
        Use(node: $0.node, view: graph.composed($0.view, with: step.use.view))
      }
      if step.areOperandsDone {
        let numbers = operands.map { done[$0] ?? 0 }
        let element = graph.nodes[Int(step.use.node)].element
        done[step.use] = block.append(Node(.apply(op, numbers), element))
      } else {
        pending.append(Step(use: step.use, areOperandsDone: true))
        for operand in operands.reversed() { pending.append(Step(use: operand)) }
      }
    }
    return done[start] ?? 0
  }

  private func start(_ root: Int, _ identity: Int32, _ graph: inout TensorGraph) -> Use {
    if case .elementwise = graph.nodes[root].kind { return Use(node: Int32(root), view: identity) }
    // A copy, a spread or a reduction: its operand's views are functions of its own iteration.
    return graph.operands[Int(graph.nodes[root].firstOperand)]
  }

  /// The kind of a node whose expression is part of the root's; nil where its value is there already.
  private func expandedKind(_ use: Use, _ root: Int, _ graph: TensorGraph) -> NodeKind? {
    let node = Int(use.node)
    if node != root, placed.roots.isRoot(node) { return nil }
    return graph.nodes[node].kind
  }

  private func leaf(
    _ use: Use, _ graph: TensorGraph, substitution: [AffineMap], rank: Int,
    into block: inout BlockBuilder
  ) -> Int {
    let node = Int(use.node)
    let element = graph.nodes[node].element
    if case .splat(let scalar) = graph.nodes[node].kind {
      return block.append(Node(.constant(scalar), element))
    }
    let outer = graph.views[use.view]
    let view =
      substitution.isIdentity(rank: rank)
      ? outer : outer.composed(with: substitution, rank: rank)
    if case .iota = graph.nodes[node].kind {
      return block.append(Node(.index(view.forms[0]), element))
    }
    if placed.kernelOf[node] == Int32(kernel), let value = block.values[node] { return value }
    return block.append(Node(.load(access(node, view, graph)), element))
  }

  /// The elements of a stored node, through a view of the block's axes.
  func access(_ node: Int, _ view: View, _ graph: TensorGraph) -> Access {
    Access(
      buffer: Int(bufferOf[node]), map: view.address(over: graph.domain(of: node)),
      guards: view.guards, padding: view.guards.isEmpty ? nil : view.padding)
  }
}
