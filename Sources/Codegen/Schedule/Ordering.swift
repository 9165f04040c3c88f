// The order in which roots are placed: operands first, what outputs and the loss need before the rest, and the readers of an argument before
// the update that replaces it.

import NNIR

/// A topological order of a graph's roots.
///
/// What serves nothing but updates waits for the readers of the arguments that they replace. So a weight's gradient and its update, done in
/// one kernel, come after the last kernel that reads the weight, and after all checks of indices. Where updates read each other's arguments no order is right: the earliest
/// root that waits is let through, and its update goes by way of a temporary array.
struct Ordering {
  private let graph: TensorGraph
  private let roots: Roots
  private let order: [Int]
  /// The update (the argument's number) that a root serves alone, or -1.
  private var owner: [Int32]
  private var groups: [Int32]
  private(set) var isForward: [Bool]

  init(_ graph: TensorGraph, _ roots: Roots, _ function: Function) {
    self.graph = graph
    self.roots = roots
    order = graph.nodes.indices.filter { roots.isRoot($0) }
    owner = [Int32](repeating: -1, count: graph.nodes.count)
    groups = function.arguments.indices.map { Int32($0) }
    isForward = [Bool](repeating: false, count: graph.nodes.count)
    for target in graph.targets {
      switch function.results[target.result].role {
      case .output, .loss: isForward[Int(target.node)] = true
      case .gradient, .update: break
      }
    }
    for root in order.reversed() where isForward[root] {
      for position in roots.loadRange(of: root) {
        isForward[Int(roots.loads[position].node)] = true
      }
    }
    if Self.hasUpdates(function) { assignOwners(function) }
  }

  private static func hasUpdates(_ function: Function) -> Bool {
    function.results.contains { $0.role.isUpdate }
  }

  // MARK: Owners

  private mutating func group(of argument: Int32) -> Int32 {
    var found = argument
    while groups[Int(found)] != found { found = groups[Int(found)] }
    groups[Int(argument)] = found
    return found
  }

  private mutating func assignOwners(_ function: Function) {
    let shared: Int32 = -2
    // Up to three updates that a root serves; more, or any other user, make it shared.
    var served = [[Int32]](repeating: [], count: graph.nodes.count)
    for target in graph.targets {
      switch function.results[target.result].role {
      case .update(let argument): served[Int(target.node)].append(Int32(argument))
      case .output, .loss, .gradient: served[Int(target.node)] = [shared, shared, shared, shared]
      }
    }
    for root in order.reversed() {
      var distinct: [Int32] = []
      for argument in served[root] {
        let group = argument < 0 ? argument : group(of: argument)
        if !distinct.contains(group) { distinct.append(group) }
      }
      served[root] = []
      // What an update waits for waits for no update.
      let isShared = distinct.contains(shared) || graph.isCheck(root)
      if distinct.isEmpty || distinct.count > 3 || isShared {
        owner[root] = -1
      } else {
        for other in distinct.dropFirst() { groups[Int(group(of: other))] = group(of: distinct[0]) }
        owner[root] = distinct[0]
      }
      for load in roots.loads(of: root) where served[Int(load.node)].count < 4 {
        let next = owner[root] < 0 ? shared : owner[root]
        if !served[Int(load.node)].contains(next) { served[Int(load.node)].append(next) }
      }
    }
  }

  // MARK: The order

  mutating func sorted(_ function: Function) -> [Int] {
    if !Self.hasUpdates(function) { return forwardFirst() }
    let edges = antiDependencies(function)
    return topological(edges)
  }

  private func forwardFirst() -> [Int] {
    order.filter { isForward[$0] } + order.filter { !isForward[$0] }
  }

  /// Pairs (earlier, later); barriers are numbered after the nodes.
  private mutating func antiDependencies(_ function: Function) -> [(Int32, Int32)] {
    var updates = [Int32](repeating: -1, count: function.arguments.count)
    for target in graph.targets {
      if case .update(let argument) = function.results[target.result].role {
        updates[argument] = target.node
      }
    }
    let barrier = Int32(graph.nodes.count)
    // Passed once all checks have run.
    let checkpoint = barrier + Int32(groups.count)
    var edges: [(Int32, Int32)] = []
    for argument in groups.indices where updates[argument] >= 0 {
      edges.append((checkpoint, barrier + group(of: Int32(argument))))
    }
    for root in order {
      if graph.isCheck(root) { edges.append((Int32(root), checkpoint)) }
      if owner[root] >= 0 { edges.append((barrier + group(of: owner[root]), Int32(root))) }
      for load in roots.loads(of: root) {
        guard case .argument(let argument) = graph.nodes[Int(load.node)].kind,
          updates[argument] >= 0, updates[argument] != Int32(root)
        else { continue }
        let group = group(of: Int32(argument))
        if owner[root] >= 0, self.group(of: owner[root]) == group {
          edges.append((Int32(root), updates[argument]))
        } else {
          edges.append((Int32(root), barrier + group))
        }
      }
    }
    return edges
  }

  private func topological(_ edges: [(Int32, Int32)]) -> [Int] {
    let count = graph.nodes.count + groups.count + 1
    var waiting = EdgeList(edges, count: count)
    var dependencies: [(Int32, Int32)] = []
    for root in order {
      for load in roots.loads(of: root) where roots.isRoot(Int(load.node)) {
        dependencies.append((load.node, Int32(root)))
      }
    }
    var needed = EdgeList(dependencies, count: count)
    var isDone = [Bool](repeating: false, count: count)
    var ready = MinimumHeap()
    // Roots that wait for nothing but readers.
    var blocked = MinimumHeap()
    var result: [Int] = []
    func offer(_ index: Int) {
      if isDone[index] || needed.incoming[index] > 0 { return }
      let isBarrier = index >= graph.nodes.count
      // Single numbers come before arrays: what is computed from both can then join the array's kernel, as Adam's step with its
      // corrections joins the gradient's.
      let rank = isBarrier ? 0 : isForward[index] ? 1 : graph.iterationCount(of: index) == 1 ? 2 : 3
      let key = rank << 40 | index
      if waiting.incoming[index] == 0 { ready.insert(key) } else { blocked.insert(key) }
    }
    for root in order { offer(root) }
    for barrier in graph.nodes.count..<count { offer(barrier) }
    while let key = ready.popMinimum() ?? blocked.popMinimum() {
      let index = key & (1 << 40 - 1)
      if isDone[index] { continue }
      isDone[index] = true
      if index < graph.nodes.count { result.append(index) }
      for next in needed.release(index) { offer(next) }
      for next in waiting.release(index) { offer(next) }
    }
    return result
  }
}

extension ResultRole {
  var isUpdate: Bool {
    switch self {
    case .update: true
    case .output, .loss, .gradient: false
    }
  }
}

/// The edges out of each node, and how many of those into it are left.
private struct EdgeList {
  var incoming: [Int32]
  private var starts: [Int32]
  private var targets: [Int32]

  init(_ edges: [(Int32, Int32)], count: Int) {
    incoming = [Int32](repeating: 0, count: count)
    starts = [Int32](repeating: 0, count: count + 1)
    targets = [Int32](repeating: 0, count: edges.count)
    for (from, to) in edges {
      starts[Int(from) + 1] += 1
      incoming[Int(to)] += 1
    }
    for index in 0..<count { starts[index + 1] += starts[index] }
    var next = starts
    for (from, to) in edges {
      targets[Int(next[Int(from)])] = to
      next[Int(from)] += 1
    }
  }

  /// Takes the edges out of a node away; the nodes that have none left.
  mutating func release(_ node: Int) -> [Int] {
    var freed: [Int] = []
    for target in targets[Int(starts[node])..<Int(starts[node + 1])] {
      incoming[Int(target)] -= 1
      if incoming[Int(target)] == 0 { freed.append(Int(target)) }
    }
    return freed
  }
}

/// A binary heap of integers, least first.
struct MinimumHeap {
  private var elements: [Int] = []

  mutating func insert(_ element: Int) {
    elements.append(element)
    var child = elements.count - 1
    while child > 0, elements[child] < elements[(child - 1) / 2] {
      elements.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func popMinimum() -> Int? {
    guard let minimum = elements.first else { return nil }
    let last = elements.removeLast()
    if elements.isEmpty { return minimum }
    elements[0] = last
    var parent = 0
    while true {
      var child = 2 * parent + 1
      if child >= elements.count { break }
      if child + 1 < elements.count, elements[child + 1] < elements[child] { child += 1 }
      if elements[parent] <= elements[child] { break }
      elements.swapAt(parent, child)
      parent = child
    }
    return minimum
  }
}
