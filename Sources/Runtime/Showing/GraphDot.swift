// A network in the language of graphviz, for whoever draws it with other means: `nncc compile --emit dot`.

import NNIR

/// The text of a network as a `digraph`: composites are clusters, each kernel has a colour.
public struct GraphDot {
  private let graph: ShownGraph
  private let kernels: ShownKernels
  private let name: String

  public init(_ network: Network) throws {
    name = network.source.file.split(separator: "/").last.map(String.init) ?? "graph"
    var graph = ShownGraphBuilder(network).graph
    kernels = try ShownKernels(network, &graph)
    self.graph = graph
  }

  public var text: String {
    var text = "digraph \(quoted(name)) {\n"
    text += "  graph [rankdir=TB, compound=true];\n"
    text += "  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=monospace];\n"
    write(level: 0, depth: 1, &text)
    for level in graph.levels {
      for edge in level.edges { write(edge, &text) }
    }
    return text + "}\n"
  }

  private func write(level: Int, depth: Int, _ text: inout String) {
    let margin = String(repeating: "  ", count: depth)
    for index in graph.levels[level].nodes {
      let node = graph.nodes[index]
      guard let inside = node.inside else {
        text += margin + "n\(index) [\(attributes(node))];\n"
        continue
      }
      text += margin + "subgraph cluster_\(index) {\n"
      text +=
        margin + "  label=\(quoted(node.isNamed ? "\(node.label) = \(node.title)" : node.title));\n"
      write(level: inside, depth: depth + 1, &text)
      text += margin + "}\n"
    }
  }

  private func attributes(_ node: ShownNode) -> String {
    let face = NodeFace(node, total: nil, hasFilters: false)
    var list = ["label=" + quoted(face.lines.joined(separator: "\n"))]
    if node.kernels.count == 1 {
      list.append("fillcolor=\"\(fixed(Double(Picture.hue(node.kernels[0])) / 360, 3)) 0.15 1.0\"")
      list.append("tooltip=" + quoted("kernel " + kernels.kernels[node.kernels[0]].name))
    }
    if node.kind == .enters || node.kind == .leaves { list.append("style=\"rounded,dashed\"") }
    return list.joined(separator: ", ")
  }

  /// An edge to a composite ends at what stands for the value inside.
  private func write(_ edge: ShownEdge, _ text: inout String) {
    let from = end(edge.from, edge, .leaves)
    let to = end(edge.to, edge, .enters)
    text += "  n\(from) -> n\(to);\n"
  }

  private func end(_ node: Int, _ edge: ShownEdge, _ border: ShownNode.Kind) -> Int {
    var node = node
    while let inside = graph.nodes[node].inside {
      let nodes = graph.levels[inside].nodes
      let found = nodes.first {
        graph.nodes[$0].kind == border && graph.nodes[$0].value == edge.value
      }
      guard let next = found ?? (border == .enters ? nodes.first : nodes.last) else { return node }
      node = next
    }
    return node
  }

  private func quoted(_ text: String) -> String {
    "\""
      + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      .replacing("\n", with: "\\n") + "\""
  }
}
