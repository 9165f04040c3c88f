// The drawing as JSON, for the page's script. Names are short: a page of 5,000 nodes has each of them 5,000 times.

import NNIR

struct PageData {
  let page: GraphPage
  private var text = ""
  /// Of the graph file.
  private static let mostLines = 20_000

  init(page: GraphPage) {
    self.page = page
    write()
  }

  /// JSON that may stand in a page: no character could end the script element.
  var json: String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "<"): bytes += "\\u003c".utf8
      case UInt8(ascii: ">"): bytes += "\\u003e".utf8
      case UInt8(ascii: "&"): bytes += "\\u0026".utf8
      case _: bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private mutating func write() {
    text = "{\"file\":" + JSONText.quoted(page.fileName)
    text += ",\"function\":" + JSONText.quoted(page.kernels.functionName)
    text += ",\"lines\":" + strings(sourceLines)
    text += ",\"nodes\":[\n" + list(page.graph.nodes.indices, separator: ",\n", node) + "]"
    text += ",\"levels\":[\n" + list(page.graph.levels.indices, separator: ",\n", level) + "]"
    text += ",\"kernels\":[\n" + list(page.kernels.kernels.indices, separator: ",\n", kernel) + "]"
    text += ",\"forward\":\(page.steps.forward),\"backward\":\(page.steps.backward)}\n"
  }

  private var sourceLines: [String] {
    var lines: [String] = []
    while lines.count < Self.mostLines, let line = page.network.source.line(lines.count + 1) {
      lines.append(line)
    }
    return lines
  }

  private func node(_ index: Int) -> String {
    let node = page.graph.nodes[index]
    var fields = ["\"k\":\"\(node.kind.rawValue)\"", "\"n\":" + JSONText.quoted(node.label)]
    fields.append("\"h\":" + strings(page.faces[index].lines))
    func add(_ key: String, _ text: String) {
      if !text.isEmpty { fields.append("\"\(key)\":" + JSONText.quoted(text)) }
    }
    add("sum", page.faces[index].total ?? "")
    add("t", node.title)
    add("y", node.type)
    add("f", node.formula)
    if !node.rules.isEmpty { fields.append("\"r\":" + strings(node.rules)) }
    if node.line > 0 { fields.append("\"l\":\(node.line)") }
    add("i", node.instruction)
    if let inside = node.inside { fields.append("\"in\":\(inside)") }
    if !node.kernels.isEmpty { fields.append("\"p\":\(node.kernels)") }
    if !node.adjointKernels.isEmpty { fields.append("\"q\":\(node.adjointKernels)") }
    if let trace = page.trace {
      fields.append("\"s\":\(page.steps.valueStep[index]),\"b\":\(page.steps.adjointStep[index])")
      if let value = node.value {
        if let values = trace.values[value] { fields.append("\"v\":" + summaries(values)) }
        if let adjoints = trace.adjoints[value] { fields.append("\"a\":" + summaries(adjoints)) }
      }
    }
    if let images = page.filters[index] {
      fields.append(
        "\"g\":[\(images.width),\(images.height),\(images.count),"
          + JSONText.quoted(shortNumber(images.greatest)) + ",\"\(base64(images.pixels))\"]")
    }
    return "{" + fields.joined(separator: ",") + "}"
  }

  private func level(_ index: Int) -> String {
    let level = page.graph.levels[index]
    let layout = page.layouts[index]
    let nodes = list(level.nodes.indices, separator: ",") { position in
      let size = page.faces[level.nodes[position]].size
      let at = layout.nodes[position]
      return "[\(level.nodes[position]),\(pixel(at.x)),\(pixel(at.y)),"
        + "\(pixel(size.width)),\(pixel(size.height))]"
    }
    let edges = list(level.edges.indices, separator: ",") { position in
      let edge = level.edges[position]
      let points = layout.edges[position].flatMap { [pixel($0.x), pixel($0.y)] }
      var text = "[\(edge.from),\(edge.to),[\(points.joined(separator: ","))]"
      if let labels = page.trace?.labels(of: edge, in: page.graph), !labels.isEmpty,
        let at = layout.labels[position]
      {
        let steps = page.steps.steps(of: edge, page.graph)
        text += ",\(pixel(at.x)),\(pixel(at.y)),\(strings(labels.map(\.value)))"
        text += ",\(strings(labels.map(\.adjoint))),\(steps.value),\(steps.adjoint)"
      }
      return text + "]"
    }
    let regions = list(page.regions(ofLevel: index), separator: ",") {
      "[\($0.kernel),\($0.members)]"
    }
    return "{\"t\":" + JSONText.quoted(level.title)
      + ",\"w\":\(pixel(layout.width)),\"h\":\(pixel(layout.height)),\"n\":[\(nodes)],\"e\":[\(edges)],\"r\":[\(regions)]}"
  }

  private func kernel(_ index: Int) -> String {
    let kernel = page.kernels.kernels[index]
    return "{\"n\":" + JSONText.quoted(kernel.name) + ",\"x\":" + strings(kernel.expressions)
      + ",\"l\":\(kernel.lines),\"i\":" + JSONText.quoted(kernel.text) + ",\"c\":"
      + JSONText.quoted(kernel.code) + "}"
  }

  // MARK: JSON

  private func summaries(_ values: [ValueSummary]) -> String {
    "["
      + list(values, separator: ",") { value in
        value.brief == value.detail
          ? JSONText.quoted(value.brief)
          : "[" + JSONText.quoted(value.brief) + "," + JSONText.quoted(value.detail) + "]"
      } + "]"
  }

  private func strings(_ texts: [String]) -> String {
    "[" + list(texts, separator: ",", JSONText.quoted) + "]"
  }

  private func list<Items: Sequence>(
    _ items: Items, separator: String, _ text: (Items.Element) -> String
  ) -> String {
    items.map(text).joined(separator: separator)
  }

  private func pixel(_ value: Double) -> String {
    let text = fixed(value, 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

/// Bytes as text, after RFC 4648.
private func base64(_ bytes: [UInt8]) -> String {
  let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var text: [UInt8] = []
  text.reserveCapacity((bytes.count + 2) / 3 * 4)
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let group = bytes[start..<min(start + 3, bytes.count)]
    let word = group.reduce(0) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
    for position in 0..<4 {
      let digit = digits[Int(word >> UInt32(18 - 6 * position)) & 63]
      text.append(position <= group.count ? digit : UInt8(ascii: "="))
    }
  }
  return String(decoding: text, as: UTF8.self)
}
