// The function as the scheduler sees it: nodes that compute or hold elements, joined by views. Movement is gone, constants have folded
// into their uses, every axis of extent 1 is dropped, and neighbouring axes that nobody tells apart are one.

import NNIR

/// A value: elements of a node seen through a view.
struct Use: Equatable {
  var node: Int32
  /// The number of an interned view.
  var view: Int32
}

enum NodeKind {
  case argument(Int)
  case constant(Constant)
  case splat(Scalar)
  /// The index along the only axis of its domain.
  case iota
  case elementwise(ElementwiseOp)
  /// Its operand, stored in the order of its own axes.
  case copy
  case reduce(Reduction, lanes: Int)
  case argReduce(ArgReduction, lanes: Int)
  case contraction(lanes: Int)
  /// Its operand spread over an array filled with a scalar.
  case spread(into: AffineMap, fill: Scalar)
  /// A scan: the loop with this number. Its operands are whole arrays.
  case loop(Int)
  /// The result of its operand, a loop, with this number.
  case loopResult(Int)
  /// Its operand, stored where it lies in the array of a `joined` node.
  case part(of: Int32, into: AffineMap)
  /// An array whose parts, its operands, are stored by kernels of their own.
  case joined
  case routine(RoutineNode)

  /// Whether its elements are there without any kernel.
  var isLeaf: Bool {
    switch self {
    case .argument, .constant, .splat, .iota: true
    case .elementwise, .copy, .reduce, .argReduce, .contraction, .spread, .part, .joined, .loop,
      .loopResult, .routine:
      false
    }
  }
}

/// A scan on its way to becoming a loop.
struct TensorLoop {
  var scan: Scan
  /// What a step does; its memory is not planned yet.
  var step: Program
  /// By operand: its node, or -1 where it has no elements.
  var operands: [Int]
  /// By result: its node, or -1.
  var results: [Int]
}

struct TensorNode {
  var kind: NodeKind
  var element: ElementType
  /// Interned extents of the elements as users see them: an elementwise node's own axes, otherwise the row-major index alone.
  var domain: Int32
  /// Interned extents that it is computed over: outer ones, then reduced ones. Its operands' views are functions of both.
  var space: Int32
  var reduced: Int32
  /// Interned extents of a reduction's operand in its own order; which of these are reduced (bit i: axis i).
  var body: Int32
  var reducedMask: UInt64
  var firstOperand: Int32
  var operandCount: Int32
  /// The function's value that it computes, for names.
  var value: Int32
}

/// What a node's elements must be written to in any case.
struct Target {
  var node: Int32
  /// The function's result.
  var result: Int
}

struct TensorGraph {
  var nodes: [TensorNode] = []
  var operands: [Use] = []
  var shapes = Interned<[Int]>()
  /// The number of no extents at all.
  let noExtents: Int32
  var views = Interned<View>()
  /// Nodes whose elements must be stored.
  var isForced: [Bool] = []
  var targets: [Target] = []
  /// The arguments that results replace, by number.
  var updatedArguments: Set<Int> = []
  var loops: [TensorLoop] = []
  /// Of the nodes that are checks: what their errors say.
  var checks: [Int: CheckNote] = [:]
  /// The graph file's names for nodes that have one.
  private var names: [String?] = []
  private var compositions = SmallTable<Composition, Int32>()
  /// The number of the view that leaves axes as they are, by rank; -1 where there is none yet.
  private var identities: [Int32] = []

  init() { noExtents = shapes.number(of: []) }

  /// Makes room for so many nodes.
  mutating func reserveCapacity(_ count: Int) {
    nodes.reserveCapacity(count)
    operands.reserveCapacity(2 * count)
    isForced.reserveCapacity(count)
  }

  /// One view seen through another.
  private struct Composition: QuickHashable {
    var outer: Int32
    var inner: Int32
    var quickHash: QuickHash { QuickHash(Int(outer), Int(inner)) }
  }

  func operands(of node: Int) -> ArraySlice<Use> { operands[operandRange(of: node)] }

  /// Where a node's operands stand among all: a slice of them would be counted in and out.
  func operandRange(of node: Int) -> Range<Int> {
    let first = Int(nodes[node].firstOperand)
    return first..<first + Int(nodes[node].operandCount)
  }

  /// Whether the operand at a position stands before it in a node's range as well: then it is loaded once.
  func isRepeated(_ position: Int, in range: Range<Int>) -> Bool {
    (range.lowerBound..<position).contains { operands[$0] == operands[position] }
  }

  /// By node: how many operands and results it is.
  func useCounts() -> [Int32] {
    var counts = [Int32](repeating: 0, count: nodes.count)
    for use in operands { counts[Int(use.node)] += 1 }
    for target in targets { counts[Int(target.node)] += 1 }
    return counts
  }

  func name(of node: Int) -> String? { node < names.count ? names[node] : nil }

  mutating func name(_ node: Int, _ name: String) {
    while names.count <= node { names.append(nil) }
    names[node] = name
  }

  /// Whether it may find an index out of range: a check, or a loop that makes some.
  func isCheck(_ node: Int) -> Bool {
    switch nodes[node].kind {
    case .routine(let routine): routine.isCheck
    case .loop(let number): loops[number].step.kernels.contains(where: \.isCheck)
    case .argument, .constant, .splat, .iota, .elementwise, .copy, .reduce, .argReduce,
      .contraction, .spread, .part, .joined, .loopResult:
      false
    }
  }

  func domain(of node: Int) -> [Int] { shapes[nodes[node].domain] }
  func space(of node: Int) -> [Int] { shapes[nodes[node].space] }
  func reduced(of node: Int) -> [Int] { shapes[nodes[node].reduced] }

  /// The extents that a node's operands are functions of.
  func iteration(of node: Int) -> [Int] { space(of: node) + reduced(of: node) }

  /// How many points these extents have.
  func iterationCount(of node: Int) -> Int { spaceCount(of: node) * reduced(of: node).product }
  func spaceCount(of node: Int) -> Int { space(of: node).product }

  mutating func append(
    _ kind: NodeKind, _ element: ElementType, domain: [Int], space: [Int], reduced: [Int] = [],
    operands uses: [Use] = [], value: Int
  ) -> Int {
    append(
      kind, element, domain: shapes.number(of: domain), space: shapes.number(of: space),
      reduced: shapes.number(of: reduced), operands: uses, value: value)
  }

  /// The same with extents that have their numbers.
  mutating func append(
    _ kind: NodeKind, _ element: ElementType, domain: Int32, space: Int32, reduced: Int32,
    operands uses: [Use], value: Int
  ) -> Int {
    operands += uses
    return append(
      kind, element, domain: domain, space: space, reduced: reduced, operandCount: uses.count,
      value: value)
  }

  /// The same where the operands are the last ones that have been appended.
  mutating func append(
    _ kind: NodeKind, _ element: ElementType, domain: Int32, space: Int32, reduced: Int32,
    operandCount: Int, value: Int
  ) -> Int {
    nodes.append(
      TensorNode(
        kind: kind, element: element, domain: domain, space: space, reduced: reduced, body: space,
        reducedMask: 0, firstOperand: Int32(operands.count - operandCount),
        operandCount: Int32(operandCount), value: Int32(value)))
    isForced.append(false)
    return nodes.count - 1
  }

  /// The number of the view of so many axes that leaves them as they are.
  mutating func identity(rank: Int) -> Int32 {
    while identities.count <= rank { identities.append(-1) }
    if identities[rank] < 0 { identities[rank] = views.number(of: .identity(rank: rank)) }
    return identities[rank]
  }

  /// The same for a view that may not be there yet: -1 then.
  func knownIdentity(rank: Int) -> Int32 { rank < identities.count ? identities[rank] : -1 }

  /// How many extents a node's operands are functions of.
  func iterationRank(of node: Int) -> Int { space(of: node).count + reduced(of: node).count }

  /// The number of `outer` as seen through `inner`, which says where each axis of `outer` is in new axes.
  mutating func composed(_ outer: Int32, with inner: Int32) -> Int32 {
    // Most are: the rank of what is seen is that of the view.
    let rank = views.elements[Int(outer)].rank
    if rank < identities.count, identities[rank] == inner { return outer }
    let key = Composition(outer: outer, inner: inner)
    if let known = compositions[key] { return known }
    let substitution = views[inner]
    let number = views.number(
      of: views[outer].composed(with: substitution.forms, rank: substitution.rank))
    compositions[key] = number
    return number
  }

  /// Whether a use is the row-major array of `sizes`, element for element.
  func isWhole(_ use: Use, sizes: [Int]) -> Bool {
    let view = views[use.view]
    let domain = domain(of: Int(use.node))
    guard view.guards.isEmpty, domain.product == sizes.product else { return false }
    if sizes.isEmpty { return true }
    return view.address(over: domain) == AffineMap(strides: rowMajorStrides(sizes))
  }
}

extension [Int] {
  /// How many points extents have.
  var product: Int {
    var product = 1
    for extent in self { product *= extent }
    return product
  }
}
