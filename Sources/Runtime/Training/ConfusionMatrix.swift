// How often each class was taken for which, as text and as SVG.

public struct ConfusionMatrix: Sendable {
  /// `counts[right][found]`
  public let counts: [[Int]]
  private let names: ClassNames?

  /// - Parameter names: what the classes are called; without them they are numbers.
  public init(_ counts: [[Int]], names: ClassNames? = nil) {
    self.counts = counts
    self.names = names
  }

  /// What each class is called, cut short.
  private func labels(_ longest: Int) -> [String] {
    counts.indices.map { number in
      let label = printable(names?.label(ofClass: number) ?? "\(number)")
      return label.count > longest ? label.prefix(longest - 1) + "…" : label
    }
  }

  /// A row for each right class, a column for each that was found.
  public var text: String {
    let largest = counts.joined().max() ?? 0
    let (corner, columns, rows) = ("right \\ found", labels(12), labels(40))
    let width =
      ([String(largest), String(counts.count)] + columns).map(\.count).reduce(0, max) + 1
    let margin = ([corner] + rows).map(\.count).reduce(0, max)
    func cell(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    var lines = [cell(corner, margin) + columns.map { cell($0, width) }.joined()]
    for (name, row) in zip(rows, counts) {
      lines.append(
        cell(name, margin) + row.map { cell($0 == 0 ? "·" : "\($0)", width) }.joined())
    }
    return lines.joined(separator: "\n")
  }

  public func svg(title: String) -> String {
    let size = max(14.0, min(44, 640 / Double(max(1, counts.count))))
    let labels = labels(20)
    // About what a letter takes at this size.
    let longest = 7 * Double(labels.map(\.count).max() ?? 0)
    let isUpright = longest <= size || names == nil
    let (left, top) = (max(90, 50 + longest), isUpright ? 80.0 : 80 + longest)
    let side = size * Double(counts.count)
    var picture = SVG(width: left + side + 30, height: top + side + 30)
    picture.text((2 * left + side) / 2, 24, title, .middle, size: 16)
    picture.text(left + side / 2, isUpright ? top - 28 : 52, "class found", .middle)
    picture.rotatedText(24, top + side / 2, "right class")
    for (right, row) in counts.enumerated() {
      let y = top + size * Double(right)
      picture.text(left - 8, y + size / 2 + 4, labels[right], .end)
      let middle = left + size * (Double(right) + 0.5)
      if isUpright {
        picture.text(middle, top - 8, labels[right], .middle)
      } else {
        picture.rotatedText(middle + 4, top - 8, labels[right], .start)
      }
      let total = max(1, row.reduce(0, +))
      for (found, count) in row.enumerated() {
        let x = left + size * Double(found)
        let share = Double(count) / Double(total)
        // Right answers blue, wrong ones orange, as dark as they are frequent.
        let color = Self.mixed(found == right ? (42, 111, 187) : (209, 96, 31), share)
        picture.rectangle(
          x, y, size - 1, size - 1, color,
          title: "\(labels[right]) taken for \(labels[found]): \(count)")
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
