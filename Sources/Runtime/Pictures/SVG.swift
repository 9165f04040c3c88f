// What pictures are made of: lines, curves and words on a white ground.

struct SVG {
  enum Anchor: String {
    case start, middle, end
  }

  private var lines: [String]
  /// The colour of words that have none of their own.
  private let ink: String

  init(width: Double, height: Double, ink: String = "#222") {
    self.ink = ink
    lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(width)) \(Int(height))\" "
        + "font-family=\"sans-serif\" font-size=\"12\">",
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
    ]
  }

  mutating func text(
    _ x: Double, _ y: Double, _ content: String, _ anchor: Anchor, size: Int = 12,
    color: String? = nil
  ) {
    lines.append(
      "<text x=\"\(fixed(x, 1))\" y=\"\(fixed(y, 1))\" text-anchor=\"\(anchor.rawValue)\" "
        + "font-size=\"\(size)\" fill=\"\(color ?? ink)\">\(MarkupText.escaped(content))</text>")
  }

  /// From below upwards.
  mutating func rotatedText(
    _ x: Double, _ y: Double, _ content: String, _ anchor: Anchor = .middle
  ) {
    lines.append(
      "<text transform=\"rotate(-90)\" x=\"\(fixed(-y, 1))\" y=\"\(fixed(x, 1))\" "
        + "text-anchor=\"\(anchor.rawValue)\">\(MarkupText.escaped(content))</text>")
  }

  mutating func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ color: String, width: Int = 1
  ) {
    lines.append(
      "<line x1=\"\(fixed(x1, 1))\" y1=\"\(fixed(y1, 1))\" x2=\"\(fixed(x2, 1))\" "
        + "y2=\"\(fixed(y2, 1))\" stroke=\"\(color)\" stroke-width=\"\(width)\"/>")
  }

  mutating func rectangle(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ color: String, title: String
  ) {
    lines.append(
      "<rect x=\"\(fixed(x, 1))\" y=\"\(fixed(y, 1))\" width=\"\(fixed(width, 1))\" "
        + "height=\"\(fixed(height, 1))\" fill=\"\(color)\"><title>\(MarkupText.escaped(title))</title></rect>"
    )
  }

  mutating func curve(_ points: [(x: Double, y: Double)], _ color: String) {
    let places = points.map { "\(fixed($0.x, 1)),\(fixed($0.y, 1))" }.joined(separator: " ")
    lines.append(
      "<polyline points=\"\(places)\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"2\"/>")
    // One epoch has no line.
    if points.count < 60 {
      for point in points {
        lines.append(
          "<circle cx=\"\(fixed(point.x, 1))\" cy=\"\(fixed(point.y, 1))\" r=\"2.5\" fill=\"\(color)\"/>"
        )
      }
    }
  }

  mutating func circle(_ x: Double, _ y: Double, radius: Double, _ color: String, title: String) {
    lines.append(
      "<circle cx=\"\(fixed(x, 1))\" cy=\"\(fixed(y, 1))\" r=\"\(fixed(radius, 1))\" "
        + "fill=\"\(color)\" fill-opacity=\"0.5\"><title>\(MarkupText.escaped(title))</title></circle>"
    )
  }

  var text: String { lines.joined(separator: "\n") + "\n</svg>\n" }
}
