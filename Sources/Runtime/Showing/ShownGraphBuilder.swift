// From a network to what is drawn of it: visible values become nodes, calls and scans composites, uses edges. An edge into a composite goes
// on inside it, from a node that stands for the value outside.

import NNIR

struct ShownGraphBuilder {
  var graph = ShownGraph()
  let network: Network
  /// How many values have been numbered: `v7`.
  private var count = 0
  /// Names of the graph: no number is one of them.
  private let taken: Set<String>

  init(_ network: Network) {
    self.network = network
    taken = network.function.allNames
    graph.levels.append(ShownLevel(title: network.function.name))
    add(network.function, to: 0, base: [], scan: nil)
    describeComposites()
  }

  // MARK: Functions

  private mutating func add(
    _ function: Function, to level: Int, base: [Int32], scan: TracedValue?
  ) {
    let number = graph.functions.count
    graph.functions.append(function)
    graph.scans[number] = scan
    let values = VisibleValues(function)
    var leaves = values.visible.map { Leaf(value: $0, node: 0) }
    for value in values.visible.indices {
      leaves[value].node = addNode(values.visible[value], number, values)
    }
    let edges = self.edges(of: values, leaves, number)
    let chains = leaves.map { chain(of: function.origins[$0.value]?.call ?? 0, without: base) }
    let results = addResults(of: values, number, isBody: scan != nil)
    var links = edges.map { (from: $0.from, to: $0.to) }
    let leafOf = Dictionary(uniqueKeysWithValues: leaves.enumerated().map { ($1.value, $0) })
    for (position, result) in results.enumerated() {
      if let source = result.source.flatMap({ leafOf[$0] }) {
        links.append((source, leaves.count + position))
      }
    }
    let containment = Containment(
      chains: chains + results.map { _ in [] }, edges: links)
    let nodes = leaves.map(\.node) + results.map(\.node)
    var drawing = Drawing(
      containment: containment, nodes: nodes, values: values, function: number)
    place(0, at: level, &drawing, base)
    for edge in edges {
      connect(
        edge.from, edge.to, TracedValue(function: number, value: edge.carried), edge.use, &drawing)
    }
    for (position, result) in results.enumerated() {
      if let source = result.source.flatMap({ leafOf[$0] }) {
        connect(
          source, leaves.count + position, TracedValue(function: number, value: result.carried),
          nil, &drawing)
      }
    }
  }

  private struct Leaf {
    var value: Value
    var node: Int
  }

  private func edges(
    of values: VisibleValues, _ leaves: [Leaf], _ number: Int
  ) -> [(from: Int, to: Int, carried: Value, use: ShownEdge.Use)] {
    var leafOf = [Int](repeating: -1, count: values.function.instructions.count)
    for (index, leaf) in leaves.enumerated() { leafOf[leaf.value.index] = index }
    var edges: [(from: Int, to: Int, carried: Value, use: ShownEdge.Use)] = []
    for (index, leaf) in leaves.enumerated() {
      for position in values.function[leaf.value].operands.indices {
        guard let operand = values.operand(position, of: leaf.value) else { continue }
        let use = values.passing(position, of: leaf.value)
        edges.append(
          (
            leafOf[operand.source.index], index, operand.carried,
            ShownEdge.Use(function: number, user: use.user, position: use.position)
          ))
      }
    }
    return edges
  }

  /// The calls around a value, the outermost first; calls within functions that every graph has and that only help them are left out.
  private func chain(of call: Int32, without base: [Int32]) -> [Int32] {
    var chain: [Int32] = []
    var call = call
    while call > 0, Int(call) <= network.calls.count {
      let site = network.calls[Int(call) - 1]
      if !base.contains(call), !site.name.hasPrefix("_") { chain.append(call) }
      call = site.parent
    }
    return chain.reversed()
  }

  // MARK: Nodes

  private mutating func addNode(_ value: Value, _ number: Int, _ values: VisibleValues) -> Int {
    let function = values.function
    let instruction = function[value]
    let traced = TracedValue(function: number, value: value)
    repeat { count += 1 } while taken.contains("v\(count)")
    let name = values.names[value]
    var node = ShownNode(
      kind: .operation, label: name ?? "v\(count)", isNamed: name != nil,
      title: instruction.op.title, type: "\(instruction.type)")
    node.value = traced
    node.line = Int(function.origins[value]?.line ?? 0)
    node.instruction = function.text(of: value)
    switch instruction.op {
    case .argument(let argument):
      node.kind = function.arguments[argument].role == .parameter ? .parameter : .input
      if number > 0 { node.kind = .enters }
      node.label = function.arguments[argument].name
      node.isNamed = true
      node.title = node.kind == .parameter ? "param" : "input"
      node.formula = "\(node.label) : \(instruction.type)"
    case .constant:
      node.kind = .constant
      node.title = "const"
      node.formula = "\(node.label) : \(instruction.type)"
    case .scan(let scan):
      node.kind = .scan
      node.type = ""
      node.formula = "scan over \(scan.length) steps"
      node.rules = ["a scan the other way over the states that this one has saved"]
    case _: break
    }
    graph.nodes.append(node)
    let index = graph.nodes.count - 1
    graph.nodeOf[traced] = index
    graph.order.append(traced)
    if node.formula.isEmpty {
      let described = description(of: traced, node.label, values)
      graph.nodes[index].formula = described.formula
      graph.nodes[index].rules = described.rules
    }
    if case .scan(let scan) = instruction.op { addBody(of: scan, node: index, traced) }
    return index
  }

  /// The formula and the derivative rules, in the names of the nodes.
  private func description(
    of traced: TracedValue, _ label: String, _ values: VisibleValues
  ) -> (formula: String, rules: [String]) {
    let (function, value) = (values.function, traced.value)
    let instruction = function[value]
    let names = instruction.operands.map { name(of: $0, values, traced.function) }
    let formula = instruction.op.formula(
      names, types: instruction.operands.map { function.type(of: $0) }, type: instruction.type)
    let rules = function.ruleTexts(of: value) { name(of: $0, values, traced.function) }
    var written: [String] = []
    for (position, rule) in rules.enumerated() {
      guard let rule, values.source[instruction.operands[position].index] != nil else { continue }
      written.append("d \(names[position].text) += \(rule)")
    }
    return ("\(label) = \(formula.text)", written)
  }

  /// What formulas call a value: its node, or the number that it is.
  func name(of value: Value, _ values: VisibleValues, _ number: Int) -> Formula {
    guard values.source.indices.contains(value.index) else { return Formula("…") }
    guard let source = values.source[value.index] else {
      return constant(value, in: values.function)
    }
    if values.function[source].op.isScan {
      return Formula(label(of: TracedValue(function: number, value: values.carried[value.index])))
    }
    let node = graph.nodeOf[TracedValue(function: number, value: source)]
    return Formula(node.map { graph.nodes[$0].label } ?? "…")
  }

  /// A number, or what is made of numbers.
  private func constant(_ value: Value, in function: Function) -> Formula {
    var value = value
    while let operand = function[value].operands.first { value = operand }
    return function[value].op.formula([], types: [], type: function.type(of: value))
  }

  private mutating func addBody(of scan: Scan, node: Int, _ value: TracedValue) {
    let level = graph.levels.count
    graph.levels.append(ShownLevel(title: "one step", owner: node))
    graph.nodes[node].inside = level
    var base: [Int32] = []
    var call = graph.functions[value.function].origins[value.value]?.call ?? 0
    while call > 0 {
      base.append(call)
      call = network.calls[Int(call) - 1].parent
    }
    add(scan.body.function, to: level, base: base, scan: value)
  }

  private mutating func addResults(
    of values: VisibleValues, _ number: Int, isBody: Bool
  ) -> [(node: Int, source: Value?, carried: Value)] {
    values.function.results.enumerated().map { position, result in
      var node = ShownNode(
        kind: isBody ? .leaves : .output, label: result.name, isNamed: true,
        title: result.role == .loss ? "loss" : isBody ? "next" : "output",
        type: "\(values.function.type(of: result.value))")
      if isBody, case .scan(let scan) = bodyScan(number), position >= scan.states {
        node.title = "yield"
      }
      let source = values.source[result.value.index]
      let carried = values.carried[result.value.index]
      node.value = TracedValue(function: number, value: carried)
      node.formula = "\(node.title) \(result.name)"
      graph.nodes.append(node)
      return (graph.nodes.count - 1, source, carried)
    }
  }

  private func bodyScan(_ number: Int) -> Op? {
    graph.scans[number].map { graph.functions[$0.function][$0.value].op }
  }

  /// Composites are described by what goes in and what comes out: `l2 = softmax(v7)`.
  private mutating func describeComposites() {
    for level in graph.levels.indices {
      var given: [Int: [String]] = [:]
      var made: [Int: [TracedValue]] = [:]
      for edge in graph.levels[level].edges {
        let label = label(of: edge.value)
        if given[edge.to]?.contains(label) != true { given[edge.to, default: []].append(label) }
        if made[edge.from]?.contains(edge.value) != true {
          made[edge.from, default: []].append(edge.value)
        }
      }
      for index in graph.levels[level].nodes {
        let kind = graph.nodes[index].kind
        guard kind == .call || kind == .scan else { continue }
        // Of a call that a derivative goes through more values are used than those that it gives a name.
        let all = made[index] ?? []
        let named = all.filter { graph.nodeOf[$0].map { graph.nodes[$0].isNamed } ?? false }
        let results = named.isEmpty ? all : named
        if !results.isEmpty {
          let names = results.map(label).joined(separator: ", ")
          let call = kind == .call ? graph.nodes[index].title : "scan"
          // A call has its arguments, in their order.
          let arguments =
            graph.nodes[index].formula.isEmpty || kind == .scan
            ? (given[index] ?? []).joined(separator: ", ") : graph.nodes[index].formula
          graph.nodes[index].formula = "\(names) = \(call)(\(arguments))"
        }
        if results.count == 1 {
          graph.nodes[index].type = "\(type(of: results[0]))"
          graph.nodes[index].value = results[0]
          if kind == .call, let node = node(of: results[0]) {
            graph.nodes[index].label = graph.nodes[node].label
            graph.nodes[index].isNamed = graph.nodes[node].isNamed
          }
        }
      }
    }
  }

  private func node(of value: TracedValue) -> Int? { graph.nodeOf[value] }

  private func type(of value: TracedValue) -> TensorType {
    graph.functions[value.function].type(of: value.value)
  }

  /// What formulas call a value; a scan's results are called after their places in its body.
  private func label(of value: TracedValue) -> String {
    if let node = graph.nodeOf[value] { return graph.nodes[node].label }
    let function = graph.functions[value.function]
    if case .projection(let result) = function[value.value].op,
      case .scan(let scan) = function[function[value.value].operands[0]].op
    {
      return function.origins[value.value]?.name ?? scan.body.function.results[result].name
    }
    return "\(value.value)"
  }
}

extension Function {
  /// The graph's names for its values and for those inside of its scans.
  fileprivate var allNames: Set<String> {
    var names = Set(arguments.map(\.name))
    for (index, instruction) in instructions.enumerated() {
      if let name = origins[Value(index)]?.name { names.insert(name) }
      if case .scan(let scan) = instruction.op { names.formUnion(scan.body.function.allNames) }
    }
    return names
  }
}
