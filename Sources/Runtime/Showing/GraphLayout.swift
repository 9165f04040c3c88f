// Where everything lies: each level is laid out by itself, with its composites folded. Units are pixels, from the top left corner.

/// A point of a drawing.
struct Point: Hashable {
  var x: Double
  var y: Double
}

struct LevelLayout {
  var width = 0.0
  var height = 0.0
  /// By position in the level's nodes: the middle.
  var nodes: [Point] = []
  /// By position in the level's edges: the control points of a spline of cubic curves, and the middle of the label, if it has one.
  var edges: [[Point]] = []
  var labels: [Point?] = []
  /// Whether the regions that were asked for are there.
  var hasRegions = false
}

/// A width and a height.
struct Extents: Hashable {
  var width: Double
  var height: Double
}

/// A level as `dot` gets it: only sizes and who is connected with whom.
struct LevelRequest {
  var nodes: [Extents]
  var edges: [(from: Int, to: Int, label: Extents?)]
  /// Positions of nodes that should lie together.
  var regions: [[Int]]

  /// Pixels an inch: what `dot` takes sizes in.
  private static let inch = 72.0
  /// Above this many nodes regions cost too much time.
  private static let mostNodesForRegions = 200
  /// Above this many nodes dot does not give regions and labels together the same places in every run.
  private static let mostNodesForBoth = 50

  /// No limits on its work: with them dot does not give the same places in every run.
  var dotText: String {
    var text = """
      digraph {
      graph [rankdir=TB, nodesep=0.25, ranksep=0.35, splines=spline]
      node [shape=box, fixedsize=true, label=""]
      edge [fontsize=8]

      """
    for (index, size) in nodes.enumerated() {
      text += "n\(index) [width=\(inches(size.width)), height=\(inches(size.height))]\n"
    }
    if hasRegions {
      for (index, region) in regions.enumerated() {
        let members = region.map { "n\($0)" }.joined(separator: "; ")
        text += "subgraph cluster_\(index) { margin=8; \(members) }\n"
      }
    }
    for (index, edge) in edges.enumerated() {
      text += "n\(edge.from) -> n\(edge.to) [id=\(index)"
      if let label = edge.label {
        // A table without text has the size that it is given, whatever the fonts.
        text +=
          ", label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLPADDING=\"0\" FIXEDSIZE=\"TRUE\" WIDTH=\"\(Int(label.width))\" HEIGHT=\"\(Int(label.height))\"><TR><TD></TD></TR></TABLE>>"
      }
      text += "]\n"
    }
    return text + "}\n"
  }

  /// Whether nodes of a region lie together, and no others between them.
  private var hasRegions: Bool {
    let hasLabels = edges.contains { $0.label != nil }
    return nodes.count <= (hasLabels ? Self.mostNodesForBoth : Self.mostNodesForRegions)
  }

  private func inches(_ pixels: Double) -> String { fixed(pixels / Self.inch, 4) }

  /// Reads one graph of the format `plain`; `edges` come out in the order of `dot`, which is by tail.
  func layout(_ lines: inout ArraySlice<Substring>) -> LevelLayout? {
    var layout = LevelLayout()
    layout.hasRegions = hasRegions
    layout.nodes = [Point](repeating: Point(x: 0, y: 0), count: nodes.count)
    layout.edges = [[Point]](repeating: [], count: edges.count)
    layout.labels = [Point?](repeating: nil, count: edges.count)
    // Equal pairs come in the order in which they were given.
    var waiting: [Pair: [Int]] = [:]
    for (index, edge) in edges.enumerated().reversed() {
      waiting[Pair(from: edge.from, to: edge.to), default: []].append(index)
    }
    while let line = lines.popFirst() {
      let words = line.split(separator: " ")
      guard let first = words.first else { continue }
      func point(_ at: Int) -> Point {
        guard words.indices.contains(at + 1), let x = Double(words[at]),
          let y = Double(words[at + 1])
        else { return Point(x: 0, y: 0) }
        return Point(x: x * Self.inch, y: layout.height - y * Self.inch)
      }
      func node(_ word: Substring) -> Int? {
        Int(word.dropFirst()).flatMap { nodes.indices.contains($0) ? $0 : nil }
      }
      switch first {
      case "graph" where words.count >= 4:
        layout.width = (Double(words[2]) ?? 0) * Self.inch
        layout.height = (Double(words[3]) ?? 0) * Self.inch
      case "node" where words.count >= 4:
        if let index = node(words[1]) { layout.nodes[index] = point(2) }
      case "edge" where words.count >= 4:
        guard let from = node(words[1]), let to = node(words[2]), let count = Int(words[3]),
          let index = waiting[Pair(from: from, to: to)]?.popLast()
        else { return nil }
        layout.edges[index] = (0..<count).map { point(4 + 2 * $0) }
        if edges[index].label != nil { layout.labels[index] = point(words.count - 4) }
      case "stop": return layout
      case _: break
      }
    }
    return nil
  }

  private struct Pair: Hashable { var from: Int, to: Int }
}

extension Graphviz {
  /// The layouts of all levels.
  func layouts(of requests: [LevelRequest]) throws -> [LevelLayout] {
    let text = try plainLayout(of: requests.map(\.dotText).joined())
    var lines = text.split(separator: "\n")[...]
    return try requests.map { request in
      guard let layout = request.layout(&lines) else {
        throw BackendError.missing("\(path) gives places in an unknown form")
      }
      return layout
    }
  }
}
