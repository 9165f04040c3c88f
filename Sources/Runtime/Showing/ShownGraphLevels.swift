// Where the nodes of a function go: into the levels of the composites that they are part of, with edges through the borders between.

import NNIR

extension ShownGraphBuilder {
  /// A function on its way into levels.
  struct Drawing {
    var containment: Containment
    /// By leaf.
    var nodes: [Int]
    var values: VisibleValues
    var function: Int
    /// By element: its node, and its level if it is a composite.
    var nodeOf: [Int: Int] = [:]
    var levelOf: [Int: Int] = [:]
    /// The nodes that stand for a leaf at the border of composites.
    var borders: [BorderKey: Int] = [:]
    var edges: [EdgeKey: Int] = [:]
    /// The values that the edges of groups stand for besides their first.
    var grouped: Set<EdgeKey> = []

    struct BorderKey: Hashable {
      var kind: ShownNode.Kind
      /// The composite.
      var element: Int
      var leaf: Int
      var value: Value
    }
    struct EdgeKey: Hashable { var level: Int, from: Int, to: Int, value: Value }
  }

  /// Puts the children of an element into a level, composites with levels of their own.
  mutating func place(
    _ element: Int, at level: Int, _ drawing: inout Drawing, _ base: [Int32]
  ) {
    drawing.levelOf[element] = level
    for child in drawing.containment.elements[element].children {
      let node: Int
      switch drawing.containment.elements[child].kind {
      case .root: continue
      case .leaf(let leaf): node = drawing.nodes[leaf]
      case .call(let call):
        node = graph.nodes.count
        let site = network.calls[Int(call) - 1]
        var composite = ShownNode(kind: .call, label: site.name, title: site.name)
        composite.line = Int(site.line)
        composite.formula = site.operands.map {
          name(of: $0, drawing.values, drawing.function).text
        }.joined(separator: ", ")
        graph.nodes.append(composite)
      case .group:
        node = graph.nodes.count
        graph.nodes.append(ShownNode(kind: .group, label: "", title: ""))
      }
      drawing.nodeOf[child] = node
      graph.nodes[node].level = level
      graph.levels[level].nodes.append(node)
      if case .leaf = drawing.containment.elements[child].kind { continue }
      let inside = graph.levels.count
      graph.levels.append(ShownLevel(title: graph.nodes[node].title, owner: node))
      graph.nodes[node].inside = inside
      place(child, at: inside, &drawing, base)
      if case .group = drawing.containment.elements[child].kind { nameGroup(node) }
    }
  }

  /// A group is called after the lines that it spans.
  private mutating func nameGroup(_ node: Int) {
    guard let inside = graph.nodes[node].inside else { return }
    let members = graph.levels[inside].nodes.map { graph.nodes[$0] }
    let lines = members.map(\.line).filter { $0 > 0 }
    let first = lines.min() ?? 0
    let last = lines.max() ?? 0
    graph.nodes[node].title = "\(members.count) nodes"
    graph.nodes[node].label = first == last ? "line \(first)" : "lines \(first) to \(last)"
    graph.nodes[node].line = first
    graph.levels[inside].title = graph.nodes[node].label
  }

  /// An edge from leaf to leaf, through the borders of the composites that hold one and not the other.
  mutating func connect(
    _ from: Int, _ to: Int, _ value: TracedValue, _ use: ShownEdge.Use?, _ drawing: inout Drawing
  ) {
    let containment = drawing.containment
    let source = containment.path(to: containment.elementOf[from])
    let target = containment.path(to: containment.elementOf[to])
    var shared = 0
    while shared < source.count - 1, shared < target.count - 1, source[shared] == target[shared] {
      shared += 1
    }
    // Out of the composites that hold the value.
    for depth in stride(from: source.count - 1, to: shared, by: -1) {
      let border = border(.leaves, from, source[depth - 1], value, &drawing)
      link(drawing.nodeOf[source[depth]], border, in: source[depth - 1], value, use, &drawing)
    }
    let parent = shared == 0 ? 0 : source[shared - 1]
    link(
      drawing.nodeOf[source[shared]], drawing.nodeOf[target[shared]], in: parent, value, use,
      &drawing)
    // Into those that hold the user.
    for depth in target.indices.dropFirst(shared + 1) {
      let border = border(.enters, from, target[depth - 1], value, &drawing)
      link(border, drawing.nodeOf[target[depth]], in: target[depth - 1], value, use, &drawing)
    }
  }

  private mutating func link(
    _ from: Int?, _ to: Int?, in element: Int, _ value: TracedValue, _ use: ShownEdge.Use?,
    _ drawing: inout Drawing
  ) {
    guard let from, let to, let level = drawing.levelOf[element] else { return }
    let isGrouped = graph.nodes[from].kind == .group || graph.nodes[to].kind == .group
    let key = Drawing.EdgeKey(
      level: level, from: from, to: to, value: isGrouped ? Value(-1) : value.value)
    if let known = drawing.edges[key] {
      if isGrouped, graph.levels[level].edges[known].value != value {
        // Between groups one edge stands for all values.
        if drawing.grouped.insert(
          Drawing.EdgeKey(level: level, from: from, to: to, value: value.value)
        ).inserted {
          graph.levels[level].edges[known].others += 1
        }
        return
      }
      if let use, !graph.levels[level].edges[known].uses.contains(use) {
        graph.levels[level].edges[known].uses.append(use)
      }
      return
    }
    drawing.edges[key] = graph.levels[level].edges.count
    graph.levels[level].edges.append(
      ShownEdge(from: from, to: to, value: value, uses: use.map { [$0] } ?? []))
  }

  /// The node at which a value crosses the border of an element, made when it is first needed.
  private mutating func border(
    _ kind: ShownNode.Kind, _ leaf: Int, _ element: Int, _ value: TracedValue,
    _ drawing: inout Drawing
  ) -> Int? {
    let key = Drawing.BorderKey(kind: kind, element: element, leaf: leaf, value: value.value)
    if let known = drawing.borders[key] { return known }
    let node = addBorder(kind, leaf, element, value, drawing)
    drawing.borders[key] = node
    return node
  }

  private mutating func addBorder(
    _ kind: ShownNode.Kind, _ leaf: Int, _ element: Int, _ value: TracedValue, _ drawing: Drawing
  ) -> Int? {
    guard let level = drawing.levelOf[element] else { return nil }
    let original = graph.nodes[drawing.nodes[leaf]]
    var node = ShownNode(
      kind: kind, label: original.label, isNamed: original.isNamed,
      title: kind == .enters ? "from outside" : "to outside",
      type: "\(graph.functions[value.function].type(of: value.value))")
    node.value = value
    node.level = level
    node.line = original.line
    node.formula = original.formula
    graph.nodes.append(node)
    graph.levels[level].nodes.append(graph.nodes.count - 1)
    return graph.nodes.count - 1
  }
}
