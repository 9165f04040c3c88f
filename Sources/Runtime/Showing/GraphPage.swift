// `nncc show`: a network as one HTML page without anything else that it needs, and as a picture.

import NNIR

/// A network, drawn.
public struct GraphPage {
  let network: Network
  let graph: ShownGraph
  let kernels: ShownKernels
  /// Nil where inputs are missing.
  let trace: GraphTrace?
  let steps: ShownSteps
  /// By node.
  let filters: [Int: FilterImages]
  /// By node.
  let faces: [NodeFace]
  let layouts: [LevelLayout]

  /// Draws a network: with values and adjoints where every input is given.
  ///
  /// - Parameter parameters: in the network's order.
  /// - Throws: `BackendError` where graphviz is missing; what a call throws.
  public init(_ network: Network, parameters: [Tensor], inputs: [NamedTensor]) throws {
    let graphviz = try Graphviz()
    self.network = network
    var graph = ShownGraphBuilder(network).graph
    kernels = try ShownKernels(network, &graph)
    let given = Self.arguments(of: network, parameters, inputs)
    trace = try given.map { try GraphTrace(graph, arguments: $0) }
    steps = ShownSteps(graph, trace)
    filters = Self.filters(of: network, graph, parameters)
    let filters = filters
    let totals = Self.totals(graph, trace)
    faces = graph.nodes.indices.map {
      NodeFace(graph.nodes[$0], total: totals[$0], hasFilters: filters[$0] != nil)
    }
    self.graph = graph
    let requests = graph.levels.indices.map { [faces, trace] in
      Self.request(graph.levels[$0], graph, faces, trace)
    }
    layouts = try graphviz.layouts(of: requests)
  }

  private static func arguments(
    of network: Network, _ parameters: [Tensor], _ inputs: [NamedTensor]
  ) -> [Tensor]? {
    var values = parameters[...]
    var arguments: [Tensor] = []
    for argument in network.function.arguments {
      if argument.role == .parameter, let parameter = values.popFirst() {
        arguments.append(parameter)
      } else if let input = inputs.last(where: { $0.name == argument.name }) {
        arguments.append(input.tensor)
      } else {
        return nil
      }
    }
    return arguments
  }

  private static func filters(
    of network: Network, _ graph: ShownGraph, _ parameters: [Tensor]
  ) -> [Int: FilterImages] {
    var result: [Int: FilterImages] = [:]
    for (node, shown) in graph.nodes.enumerated() where shown.kind == .parameter {
      guard let value = shown.value,
        case .argument(let number) = graph.functions[value.function][value.value].op,
        let place = network.parameters.firstIndex(of: network.function.arguments[number])
      else { continue }
      let isFirst = graph.meetsInput(value.value)
      result[node] = FilterImages(parameters[place], isFirst: isFirst)
    }
    return result
  }

  /// The adjoints that are sums over several edges, by node.
  private static func totals(_ graph: ShownGraph, _ trace: GraphTrace?) -> [Int: String] {
    guard let trace else { return [:] }
    var totals: [Int: String] = [:]
    for level in graph.levels {
      var counts: [Int: Int] = [:]
      for edge in level.edges { counts[edge.from, default: 0] += 1 }
      for (node, count) in counts where count > 1 {
        let shown = graph.nodes[node]
        guard shown.inside == nil, shown.kind != .enters, let value = shown.value,
          value.function == 0, let adjoint = trace.adjoints[value]?.first
        else { continue }
        totals[node] = "d " + adjoint.brief
      }
    }
    return totals
  }

  /// Among more edges than this labels would take dot too long and hide each other.
  private static let mostLabels = 250

  private static func request(
    _ level: ShownLevel, _ graph: ShownGraph, _ faces: [NodeFace], _ trace: GraphTrace?
  ) -> LevelRequest {
    var place: [Int: Int] = [:]
    for (position, node) in level.nodes.enumerated() { place[node] = position }
    let edges = level.edges.map { edge in
      let texts = trace?.labels(of: edge, in: graph)
      let longest = texts.map { $0.map { max($0.value.count, $0.adjoint.count) }.max() ?? 0 } ?? 0
      return (
        from: place[edge.from] ?? 0, to: place[edge.to] ?? 0,
        label: longest == 0 || level.edges.count > mostLabels
          ? nil : Extents(width: Double(longest) * 6 + 6, height: 24)
      )
    }
    return LevelRequest(
      nodes: level.nodes.map { faces[$0].size }, edges: edges,
      regions: graph.regions(of: level).map(\.members))
  }

  /// The regions of a level that can be drawn as rectangles.
  func regions(ofLevel level: Int) -> [(kernel: Int, members: [Int])] {
    layouts[level].hasRegions ? graph.regions(of: graph.levels[level]) : []
  }

  /// The graph file without its folder.
  var fileName: String {
    network.source.file.split(separator: "/").last.map(String.init) ?? network.source.file
  }

  /// The page as text.
  public var html: String { PageDocument(page: self).text }

  /// The outermost level as a picture.
  public var svg: String { Picture(page: self).text }
}

extension GraphTrace {
  /// What is written beside an edge, at each step of a scan that it is in.
  func labels(of edge: ShownEdge, in graph: ShownGraph) -> [(value: String, adjoint: String)] {
    if edge.others > 0 { return [("\(edge.others + 1) values", "")] }
    let forward = values[edge.value] ?? []
    var backward = passedOn[edge.uses] ?? []
    if edge.uses.isEmpty, edge.value.function == 0, let target,
      graph.nodes[edge.to].kind == .output,
      graph.nodes[edge.to].label == graph.functions[0].results[target].name
    {
      // What is differentiated has the adjoint 1.
      backward = [ValueSummary(Tensor(scalar: Float(1)))]
    }
    return (0..<max(forward.count, backward.count)).map { step in
      (
        step < forward.count ? forward[step].brief : "",
        step < backward.count && !backward[step].brief.isEmpty ? "d " + backward[step].brief : ""
      )
    }
  }
}

extension ShownGraph {
  /// The nodes of a level that one kernel computes, by positions, where there are several.
  func regions(of level: ShownLevel) -> [(kernel: Int, members: [Int])] {
    var members: [Int: [Int]] = [:]
    for (position, node) in level.nodes.enumerated() {
      let shown = nodes[node]
      if shown.kernels.count == 1 { members[shown.kernels[0], default: []].append(position) }
    }
    return members.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }
      .map { ($0.key, $0.value) }
  }

  /// Whether a parameter is an operand of a product with an input of the network.
  fileprivate func meetsInput(_ parameter: Value) -> Bool {
    let function = functions[0]
    func isInput(_ value: Value) -> Bool {
      switch function[value].op {
      case .argument(let number): function.arguments[number].role == .input
      case .identity, .reshape, .broadcast: isInput(function[value].operands[0])
      case _: false
      }
    }
    func isParameter(_ value: Value) -> Bool {
      if value == parameter { return true }
      if case .identity = function[value].op { return isParameter(function[value].operands[0]) }
      return false
    }
    return function.instructions.contains { instruction in
      guard case .contraction = instruction.op else { return false }
      let operands = instruction.operands
      return (isInput(operands[0]) && isParameter(operands[1]))
        || (isInput(operands[1]) && isParameter(operands[0]))
    }
  }
}
