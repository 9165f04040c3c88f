// How often each class was taken for which, as text and as SVG.

public struct ConfusionMatrix: Sendable {
  /// `counts[right][found]`
  public let counts: [[Int]]

  public init(_ counts: [[Int]]) { self.counts = counts }

  /// A row for each right class, a column for each that was found.
  public var text: String {
    let largest = counts.joined().max() ?? 0
    let width = max(String(largest).count, String(counts.count).count) + 1
    func cell(_ text: String) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    var lines = ["right \\ found" + counts.indices.map { cell("\($0)") }.joined()]
    for (right, row) in counts.enumerated() {
      let name = String(right)
      lines.append(
        String(repeating: " ", count: 13 - min(13, name.count)) + name
          + row.map { cell($0 == 0 ? "·" : "\($0)") }.joined())
    }
    return lines.joined(separator: "\n")
  }

  public func svg(title: String) -> String {
    let size = max(14.0, min(44, 640 / Double(max(1, counts.count))))
    let (left, top) = (90.0, 80.0)
    let side = size * Double(counts.count)
    var picture = SVG(width: left + side + 30, height: top + side + 30)
    picture.text((2 * left + side) / 2, 24, title, .middle, size: 16)
    picture.text(left + side / 2, top - 28, "class found", .middle)
    picture.rotatedText(24, top + side / 2, "right class")
    for (right, row) in counts.enumerated() {
      let y = top + size * Double(right)
      picture.text(left - 8, y + size / 2 + 4, "\(right)", .end)
      picture.text(left + size * (Double(right) + 0.5), top - 8, "\(right)", .middle)
      let total = max(1, row.reduce(0, +))
      for (found, count) in row.enumerated() {
        let x = left + size * Double(found)
        let share = Double(count) / Double(total)
        // Right answers blue, wrong ones orange, as dark as they are frequent.
        let color = Self.mixed(found == right ? (42, 111, 187) : (209, 96, 31), share)
        picture.rectangle(
          x, y, size - 1, size - 1, color, title: "\(right) taken for \(found): \(count)")
        if count > 0, size >= 22 {
          picture.text(
            x + size / 2, y + size / 2 + 4, "\(count)", .middle,
            color: share > 0.5 ? "white" : "#222")
        }
      }
    }
    return picture.text
  }

  /// Between white and a colour; small shares remain visible.
  private static func mixed(_ color: (Int, Int, Int), _ share: Double) -> String {
    let weight = share == 0 ? 0.03 : 0.15 + 0.85 * share
    func part(_ value: Int) -> Int { Int(255 - (255 - Double(value)) * weight) }
    return "rgb(\(part(color.0)),\(part(color.1)),\(part(color.2)))"
  }
}
