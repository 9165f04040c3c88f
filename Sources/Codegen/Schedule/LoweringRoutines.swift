// Look-ups and random numbers: nodes of their own over whole arrays, and a check of the indices before each look-up.

import NNIR

/// What a node does that becomes a `Routine`. Its operands are whole arrays; a look-up's last one is its check.
enum RoutineNode {
  /// Of a table and indices; `width` elements are a row.
  case gather(width: Int)
  /// Of indices and updates.
  case scatterAdd(width: Int)
  case check(rows: Int)
  /// Of a seed and the number of a step.
  case random(Dropout)

  var name: String {
    switch self {
    case .gather: "gather"
    case .scatterAdd: "scatter_add"
    case .check: "check"
    case .random: "random"
    }
  }

  var isCheck: Bool {
    if case .check = self { true } else { false }
  }
}

/// Equal checks are one.
struct CheckKey: QuickHashable {
  var indices: Int32
  var rows: Int

  var quickHash: QuickHash { QuickHash(Int(indices), rows) }
}

extension Lowering {
  mutating func gather(_ value: Value) -> Use {
    let operands = function[value].operands
    let table = function.type(of: operands[0]).shape
    let indices = array(operands[1])
    let check = check(operands[1], indices, rows: table[0], for: value)
    return routine(
      .gather(width: table.count / table[0]), [array(operands[0]), indices, check], value)
  }

  mutating func scatterAdd(_ value: Value) -> Use {
    let operands = function[value].operands
    let type = function.type(of: value)
    if function.type(of: operands[1]).count == 0 {
      return splat(Scalar(0, as: type.element), value)
    }
    let indices = array(operands[0])
    let rows = type.shape[0]
    let check = check(operands[0], indices, rows: rows, for: value)
    return routine(
      .scatterAdd(width: type.count / rows), [indices, array(operands[1]), check], value)
  }

  mutating func random(_ dropout: Dropout, _ value: Value) -> Use {
    let operands = function[value].operands
    if operands.isEmpty {
      return splat(Scalar(1, as: function.type(of: value).element), value)
    }
    return routine(.random(dropout), operands.map { array($0) }, value)
  }

  private mutating func check(_ indices: Value, _ array: Use, rows: Int, for value: Value) -> Use {
    let key = CheckKey(indices: array.node, rows: rows)
    if let known = checks[key] { return use(known, View(rank: 0, forms: [])) }
    let node = graph.append(
      .routine(.check(rows: rows)), .i32, domain: [], space: [], operands: [array],
      value: value.index)
    graph.isForced[node] = true
    checks[key] = node
    let name = indexName(indices)
    let origin = function.origins[value]
    graph.checks[node] = CheckNote(
      name: name, shape: function.type(of: indices).shape, line: Int(origin?.line ?? 0),
      column: Int(origin?.column ?? 0))
    graph.name(node, "check_" + (name ?? "indices"))
    return use(node, View(rank: 0, forms: []))
  }

  private func indexName(_ indices: Value) -> String? {
    if case .argument(let number) = function[indices].op { return function.arguments[number].name }
    return function.origins[indices]?.name
  }

  private mutating func routine(_ kind: RoutineNode, _ operands: [Use], _ value: Value) -> Use {
    let type = function.type(of: value)
    let node = graph.append(
      .routine(kind), type.element, domain: type.count == 1 ? [] : [type.count], space: [],
      operands: operands, value: value.index)
    graph.isForced[node] = true
    return whole(node, sizes: sizes(of: value))
  }
}

extension KernelBuilder {
  /// A routine, which writes one array, and copies into the others that want its result.
  func routine(_ index: Int, _ graph: TensorGraph) -> [Kernel] {
    let root = placed.kernels[index].members[0].root
    guard case .routine(let kind) = graph.nodes[root].kind else { return [] }
    let nodes = graph.operands(of: root).map { Int($0.node) }
    let operands = nodes.map { Int(bufferOf[$0]) }
    let count = graph.domain(of: root).reduce(1, *)
    let targets = stores[root] ?? []
    let (space, routine): ([Int], Routine)
    switch kind {
    case .check(let rows):
      let checked = graph.domain(of: nodes[0]).reduce(1, *)
      return [Kernel(name: "", space: [checked], routine: .check(indices: operands[0], rows: rows))]
    case .gather(let width):
      space = [count / width, width]
      routine = .gather(table: operands[0], indices: operands[1], result: targets[0])
    case .scatterAdd(let width):
      space = [count / width, width]
      routine = .scatterAdd(indices: operands[0], updates: operands[1], result: targets[0])
    case .random(let dropout):
      space = [count]
      routine = .random(seed: operands[0], step: operands[1], result: targets[0], dropout)
    }
    let copies = targets.dropFirst().map {
      Kernel(copying: targets[0], to: $0, graph.nodes[root].element, count: count)
    }
    return [Kernel(name: "", space: space, routine: routine)] + copies
  }
}

extension Kernel {
  /// A copy of a whole buffer.
  init(copying source: Int, to target: Int, _ element: ElementType, count: Int, name: String = "") {
    let space = count == 1 ? [] : [count]
    let map = AffineMap(strides: space.map { _ in 1 })
    let load = Node(.load(Access(buffer: source, map: map)), element)
    let store = Store(access: Access(buffer: target, map: map), node: 0)
    self.init(name: name, space: space, body: Block(nodes: [load], stores: [store]))
  }
}
