// The outermost level as a picture by itself, in SVG: composites folded, values and adjoints beside the edges, one colour a kernel.

struct Picture {
  let page: GraphPage

  private static let margin = 16.0

  var text: String {
    let level = page.graph.levels[0]
    let layout = page.layouts[0]
    var body = ""
    for region in page.regions(ofLevel: 0) { body += self.region(region) }
    for position in level.edges.indices { body += edge(position) }
    for position in level.nodes.indices { body += node(position) }
    let width = fixed(layout.width + 2 * Self.margin, 1)
    let height = fixed(layout.height + 2 * Self.margin, 1)
    return """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" font-family="ui-monospace, monospace" font-size="11">
      <title>\(MarkupText.escaped(page.fileName))</title>
      <defs><marker id="head" viewBox="0 0 8 8" refX="0" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 1 L8 4 L0 7 z" fill="#8b959e"/></marker></defs>
      <rect width="100%" height="100%" fill="#ffffff"/>
      <g transform="translate(\(fixed(Self.margin, 0)) \(fixed(Self.margin, 0)))">
      \(body)</g>
      </svg>

      """
  }

  private func box(_ position: Int) -> (left: Double, top: Double, size: Extents) {
    let size = page.faces[page.graph.levels[0].nodes[position]].size
    let middle = page.layouts[0].nodes[position]
    return (middle.x - size.width / 2, middle.y - size.height / 2, size)
  }

  private func region(_ region: (kernel: Int, members: [Int])) -> String {
    let boxes = region.members.map(box)
    let left = (boxes.map(\.left).min() ?? 0) - 6
    let top = (boxes.map(\.top).min() ?? 0) - 6
    let right = (boxes.map { $0.left + $0.size.width }.max() ?? 0) + 6
    let bottom = (boxes.map { $0.top + $0.size.height }.max() ?? 0) + 6
    let hue = Self.hue(region.kernel)
    return
      "<rect x=\"\(fixed(left, 1))\" y=\"\(fixed(top, 1))\" width=\"\(fixed(right - left, 1))\" "
      + "height=\"\(fixed(bottom - top, 1))\" rx=\"8\" fill=\"hsl(\(hue),65%,50%)\" "
      + "fill-opacity=\"0.13\" stroke=\"hsl(\(hue),55%,50%)\" stroke-opacity=\"0.55\" "
      + "stroke-dasharray=\"4 3\"/>\n"
  }

  private func edge(_ position: Int) -> String {
    let edge = page.graph.levels[0].edges[position]
    var path = ""
    for (index, point) in page.layouts[0].edges[position].enumerated() {
      path += index == 0 ? "M" : index == 1 ? "C" : " "
      path += "\(fixed(point.x, 1)) \(fixed(point.y, 1))"
    }
    var text =
      "<path d=\"\(path)\" fill=\"none\" stroke=\"#8b959e\" stroke-width=\"1.2\" marker-end=\"url(#head)\"/>\n"
    if let label = page.trace?.labels(of: edge, in: page.graph).first,
      let at = page.layouts[0].labels[position]
    {
      text += line(label.value, at.x, at.y - 2, fill: "#14663a", size: 10)
      text += line(label.adjoint, at.x, at.y + 9, fill: "#b3261e", size: 10)
    }
    return text
  }

  private func node(_ position: Int) -> String {
    let index = page.graph.levels[0].nodes[position]
    let (node, face) = (page.graph.nodes[index], page.faces[index])
    let (left, top, size) = box(position)
    let hue = node.kernels.count == 1 ? Self.hue(node.kernels[0]) : nil
    let fill = hue.map { "hsl(\($0),65%,92%)" } ?? "#ffffff"
    let stroke = hue.map { "hsl(\($0),45%,50%)" } ?? "#8b959e"
    let isOperation = node.kind == .operation || node.inside != nil
    var text =
      "<rect x=\"\(fixed(left, 1))\" y=\"\(fixed(top, 1))\" width=\"\(fixed(size.width, 1))\" "
      + "height=\"\(fixed(size.height, 1))\" rx=\"\(isOperation ? 5 : 11)\" fill=\"\(fill)\" "
      + "stroke=\"\(stroke)\"/>\n"
    if node.inside != nil {
      text +=
        "<rect x=\"\(fixed(left + 2.5, 1))\" y=\"\(fixed(top + 2.5, 1))\" "
        + "width=\"\(fixed(size.width - 5, 1))\" height=\"\(fixed(size.height - 5, 1))\" rx=\"3\" "
        + "fill=\"none\" stroke=\"\(stroke)\" stroke-opacity=\"0.6\"/>\n"
    }
    let middle = left + size.width / 2
    for (number, written) in face.lines.enumerated() {
      text += line(
        written, middle, top + 16 + NodeFace.lineHeight * Double(number),
        fill: number == 0 ? "#1c2024" : "#667078", weight: number == 0 ? 600 : 400)
    }
    if let total = face.total {
      let y = top + 16 + NodeFace.lineHeight * Double(face.lines.count)
      text += line(total, middle, y, fill: "#b3261e", size: 10)
    }
    return text
  }

  private func line(
    _ text: String, _ x: Double, _ y: Double, fill: String, size: Int = 11, weight: Int = 400
  ) -> String {
    if text.isEmpty { return "" }
    return
      "<text x=\"\(fixed(x, 1))\" y=\"\(fixed(y, 1))\" text-anchor=\"middle\" fill=\"\(fill)\" "
      + "font-size=\"\(size)\" font-weight=\"\(weight)\">\(MarkupText.escaped(text))</text>\n"
  }

  /// As in the page's script.
  static func hue(_ kernel: Int) -> Int { (kernel * 137 + 210) % 360 }
}
