// Which nodes are computed on their own, and which within the expression of another. The walk goes backwards, so that every user of a node
// has been decided on before the node itself.

import NNIR

/// An element of a stored node that the expression of a root reads.
struct Load {
  var node: Int32
  /// From the root's iteration to the node's domain.
  var view: Int32

  var use: Use { Use(node: node, view: view) }
}

/// The nodes of a graph gathered into roots: expressions that are evaluated at one go.
struct Roots {
  /// The most operations in one expression; longer ones are cut where the fewest values are live.
  static let longestExpression = 48
  /// The most values that an expression may hold at one time.
  static let widestExpression = 12

  /// The root whose expression a node belongs to (a root: its own), or -1: dead, a leaf, or computed wherever it is used.
  var rootOf: [Int32]
  /// From the root's iteration to the node's domain.
  var viewOf: [Int32]
  /// Cheap functions of at most one argument or constant: computed wherever they are used.
  var isTrivial: [Bool]
  /// What trivial nodes read that is computed: stored by itself, as they demand nothing.
  var isReadByTrivial: [Bool]
  private(set) var operationCounts: [Int32] = []
  private var loadStarts: [Int32] = []
  private(set) var loads: [Load] = []

  init(_ graph: inout TensorGraph, fuse: Bool) {
    let count = graph.nodes.count
    rootOf = []
    viewOf = []
    isReadByTrivial = [Bool](repeating: false, count: count)
    isTrivial = fuse ? Self.trivialNodes(graph) : [Bool](repeating: false, count: count)
    if fuse {
      let useCounts = graph.useCounts()
      graph.forceEpilogues(useCounts)
      graph.forceAccumulations(useCounts)
    }
    assign(&graph)
    if fuse, rematerialize(&graph) { assign(&graph) }
    while cut(&graph) { assign(&graph) }
    collectLoads(&graph)
  }

  func isRoot(_ node: Int) -> Bool { rootOf[node] == Int32(node) }

  func loads(of root: Int) -> ArraySlice<Load> { loads[loadRange(of: root)] }

  /// Where a root's loads stand among all: a slice of them would be counted in and out.
  func loadRange(of root: Int) -> Range<Int> {
    Int(loadStarts[root])..<Int(loadStarts[root + 1])
  }

  // MARK: Trivial nodes

  private static func trivialNodes(_ graph: TensorGraph) -> [Bool] {
    var isTrivial = [Bool](repeating: false, count: graph.nodes.count)
    var operations = [Int8](repeating: 0, count: graph.nodes.count)
    for index in graph.nodes.indices {
      guard case .elementwise(let op) = graph.nodes[index].kind, op.isCheap, !graph.isForced[index]
      else { continue }
      var loads = 0
      var total: Int8 = 1
      var isPossible = true
      let range = graph.operandRange(of: index)
      for position in range {
        if graph.isRepeated(position, in: range) { continue }
        let operand = Int(graph.operands[position].node)
        switch graph.nodes[operand].kind {
        case .splat: break
        case .argument, .constant, .iota: loads += 1
        case .elementwise where isTrivial[operand]:
          total += operations[operand]
          loads += 1
        case .elementwise, .copy, .reduce, .argReduce, .contraction, .spread, .part, .joined, .loop,
          .loopResult, .routine:
          isPossible = false
        }
      }
      if isPossible, loads <= 1, total <= 3 {
        isTrivial[index] = true
        operations[index] = total
      }
    }
    return isTrivial
  }

  // MARK: Roots

  private enum Demand {
    static let none: Int32 = -1
    static let many: Int32 = -2
  }

  private mutating func assign(_ graph: inout TensorGraph) {
    let count = graph.nodes.count
    rootOf = [Int32](repeating: -1, count: count)
    viewOf = [Int32](repeating: 0, count: count)
    var demandingRoot = [Int32](repeating: Demand.none, count: count)
    var demandedView = [Int32](repeating: 0, count: count)
    for target in graph.targets { demandingRoot[Int(target.node)] = Demand.many }
    for index in stride(from: count - 1, through: 0, by: -1) {
      if graph.nodes[index].kind.isLeaf || isTrivial[index] { continue }
      let demand = demandingRoot[index]
      if demand == Demand.none, !isReadByTrivial[index] { continue }
      if isInlined(index, by: demand, graph) {
        rootOf[index] = demand
        viewOf[index] = demandedView[index]
      } else {
        rootOf[index] = Int32(index)
        viewOf[index] = graph.identity(rank: graph.iterationRank(of: index))
      }
      for position in graph.operandRange(of: index) {
        let use = graph.operands[position]
        let operand = Int(use.node)
        if graph.nodes[operand].kind.isLeaf { continue }
        let view = graph.composed(use.view, with: viewOf[index])
        if demandingRoot[operand] == Demand.none {
          demandingRoot[operand] = rootOf[index]
          demandedView[operand] = view
        } else if demandingRoot[operand] != rootOf[index] || demandedView[operand] != view {
          demandingRoot[operand] = Demand.many
        }
      }
    }
  }

  /// Whether a node is computed within the only root that wants it; not where that would compute it again and again.
  private func isInlined(_ node: Int, by demand: Int32, _ graph: TensorGraph) -> Bool {
    guard case .elementwise = graph.nodes[node].kind, !graph.isForced[node], demand >= 0 else {
      return false
    }
    return graph.spaceCount(of: node) >= graph.iterationCount(of: Int(demand))
  }

  // MARK: Cuts

  /// Forces values so that no expression is too long or holds too many values at a time; whether there was any.
  private mutating func cut(_ graph: inout TensorGraph) -> Bool {
    var counts = [Int32](repeating: 0, count: graph.nodes.count)
    for root in rootOf where root >= 0 { counts[Int(root)] += 1 }
    operationCounts = counts
    // Each operation holds two values more at most.
    let isLong = counts.map { $0 > Self.widestExpression / 2 }
    var starts: [Int32] = [0]
    starts.reserveCapacity(counts.count + 1)
    for (root, count) in counts.enumerated() {
      starts.append(starts[root] + (isLong[root] ? count : 0))
    }
    // The nodes of long expressions, each root's together and each node before its operands.
    var members = [Int](repeating: 0, count: Int(starts[counts.count]))
    var next = starts
    for index in rootOf.indices.reversed() where rootOf[index] >= 0 {
      let root = Int(rootOf[index])
      guard isLong[root] else { continue }
      members[Int(next[root])] = index
      next[root] += 1
    }
    var wasCut = false
    for root in counts.indices.reversed() where isLong[root] {
      let nodes = Array(members[Int(starts[root])..<Int(starts[root + 1])])
      if nodes.count > Self.longestExpression {
        wasCut = force(nodes, longest: Self.longestExpression, &graph) || wasCut
      } else if expressionWidth(root, graph) > Self.widestExpression {
        wasCut = force(nodes, longest: nodes.count / 2, &graph) || wasCut
      }
    }
    return wasCut
  }

  /// - Parameter nodes: an expression, each node before its operands.
  private func force(_ nodes: [Int], longest: Int, _ graph: inout TensorGraph) -> Bool {
    var positions = SmallTable<Int, Int>()
    for (position, node) in nodes.enumerated() { positions[node] = position }
    var firstUse = [Int](repeating: nodes.count, count: nodes.count)
    for (position, node) in nodes.enumerated() {
      for operand in graph.operandRange(of: node) {
        if let operand = positions[Int(graph.operands[operand].node)] {
          firstUse[operand] = min(firstUse[operand], position)
        }
      }
    }
    // live[p]: values from p on that are used before p.
    var live = [Int](repeating: 0, count: nodes.count + 1)
    for position in nodes.indices.dropFirst() {
      live[firstUse[position] + 1] += 1
      live[position + 1] -= 1
    }
    for position in 1...nodes.count { live[position] += live[position - 1] }
    var cuts: [Int] = []
    var start = 0
    while nodes.count - start > longest {
      let window = start + max(1, longest / 2)...start + longest
      start = window.reversed().min { live[$0] < live[$1] } ?? window.upperBound
      cuts.append(start)
    }
    // A value is stored where a cut lies between it and a use.
    var wasForced = false
    var next = cuts.count - 1
    var nextCut = [Int](repeating: nodes.count, count: nodes.count + 1)
    for position in nodes.indices.reversed() {
      while next >= 0, cuts[next] > position { next -= 1 }
      nextCut[position] = next + 1 < cuts.count ? cuts[next + 1] : nodes.count
    }
    for position in nodes.indices where nextCut[firstUse[position]] <= position {
      graph.isForced[nodes[position]] = true
      wasForced = true
    }
    return wasForced
  }

  // MARK: Loads

  private mutating func collectLoads(_ graph: inout TensorGraph) {
    let count = graph.nodes.count
    var found: [(root: Int32, load: Load)] = []
    var starts = [Int32](repeating: 0, count: count + 1)
    var pending: [Use] = []
    for index in 0..<count where rootOf[index] >= 0 {
      for operand in graph.operandRange(of: index) {
        let use = graph.operands[operand]
        pending.append(
          Use(node: use.node, view: graph.composed(use.view, with: viewOf[index])))
      }
      while let use = pending.popLast() {
        let node = Int(use.node)
        switch graph.nodes[node].kind {
        case .splat, .iota: continue
        case .elementwise where isTrivial[node]:
          operationCounts[Int(rootOf[index])] += 1
          for position in graph.operandRange(of: node) {
            let operand = graph.operands[position]
            let view = graph.composed(operand.view, with: use.view)
            pending.append(Use(node: operand.node, view: view))
          }
          continue
        case .elementwise where !isRoot(node): continue
        case .argument, .constant, .elementwise, .copy, .reduce, .argReduce, .contraction,
          .spread, .part, .joined, .loop, .loopResult, .routine:
          found.append((rootOf[index], Load(node: use.node, view: use.view)))
          starts[Int(rootOf[index]) + 1] += 1
        }
      }
    }
    for index in 0..<count { starts[index + 1] += starts[index] }
    var next = starts
    loads = [Load](repeating: Load(node: 0, view: 0), count: found.count)
    for (root, load) in found {
      loads[Int(next[Int(root)])] = load
      next[Int(root)] += 1
    }
    loadStarts = starts
  }
}

extension ElementwiseOp {
  /// Whether computing it again costs no more than loading its result.
  var isCheap: Bool {
    switch self {
    case .neg, .abs, .not, .cast, .add, .sub, .mul, .max, .min, .and, .or, .less, .lessEqual,
      .equal, .notEqual, .select:
      true
    case .sign, .sqrt, .exp, .expm1, .log, .log1p, .sin, .cos, .tan, .asin, .acos, .atan, .sinh,
      .cosh, .tanh, .erf, .erfc, .sigmoid, .floor, .ceil, .round, .power, .div, .pow, .mod, .atan2:
      false
    }
  }
}
