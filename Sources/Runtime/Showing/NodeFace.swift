// What is written into a node, and so how large it is.

import NNIR

struct NodeFace {
  /// The first line is the heading.
  var lines: [String]
  /// The adjoint of a value with several users, who each pass on a part.
  var total: String?
  var size: Extents

  static let characterWidth = 6.7
  static let lineHeight = 14.0
  private static let mostCharacters = 34
  /// A longer formula is left to the panel.
  private static let mostOfFormula = 26
  /// A strip of filters below the lines.
  static let stripHeight = 34.0

  init(_ node: ShownNode, total: String?, hasFilters: Bool) {
    self.total = total
    var heading = node.formula
    switch node.kind {
    case .input, .parameter, .constant, .output, .enters, .leaves:
      heading = node.label
    case .operation, .call:
      if heading.isEmpty || heading.count > Self.mostOfFormula {
        heading = node.label == node.title ? node.title : "\(node.label) = \(node.title)"
      }
    case .scan: heading = node.title
    case .group: heading = "\(node.label) · \(node.title)"
    }
    lines = [Self.cut(heading)]
    switch node.kind {
    case .output, .parameter, .input, .constant:
      lines.append(Self.cut("\(node.title) \(node.type)"))
    case .group: break
    case .operation, .call, .scan, .enters, .leaves:
      if !node.type.isEmpty { lines.append(Self.cut(node.type)) }
    }
    let longest = (lines + [total ?? ""]).map(\.count).max() ?? 0
    let count = lines.count + (total == nil ? 0 : 1)
    let isFolded = node.inside != nil
    size = Extents(
      width: max(
        hasFilters ? 150 : 44, Double(longest) * Self.characterWidth + (isFolded ? 34 : 16)),
      height: Double(count) * Self.lineHeight + 10 + (hasFilters ? Self.stripHeight : 0))
  }

  private static func cut(_ text: String) -> String {
    text.count <= mostCharacters ? text : text.prefix(mostCharacters - 1) + "…"
  }
}
