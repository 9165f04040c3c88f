// Rosenblatt's photocells: a retina of 20×20 cells on which a shape lies at a place drawn at random. A cell inside the shape is lit.

/// A shape on the retina, filled, within a square of `side` cells.
public enum RetinaShape: String, CaseIterable, Sendable {
  case triangle, square, circle

  /// Whether the cell at (row, column), counted from the corner of the square, is lit.
  func covers(_ row: Int, _ column: Int, side: Int) -> Bool {
    let (y, x, n) = (Double(row) + 0.5, Double(column) + 0.5, Double(side))
    switch self {
    case .square: return true
    // With its base at the bottom and its tip in the middle of the top.
    case .triangle: return abs(x - n / 2) <= y / 2
    case .circle: return (x - n / 2) * (x - n / 2) + (y - n / 2) * (y - n / 2) <= n * n / 4
    }
  }
}

/// Shapes at random places.
public struct Retina: Sendable {
  public static let width = 20
  /// The sides of the shapes: one is drawn for each.
  public var sides: ClosedRange<Int>

  public init(sides: ClosedRange<Int>) { self.sides = sides }

  /// 400 cells, row-major, 1 where lit.
  public func draw(_ shape: RetinaShape, _ random: inout SplitMix) -> [Int] {
    let side = sides.lowerBound + random.below(sides.count)
    let top = random.below(Self.width - side + 1)
    let left = random.below(Self.width - side + 1)
    var cells = [Int](repeating: 0, count: Self.width * Self.width)
    for row in 0..<side {
      for column in 0..<side where shape.covers(row, column, side: side) {
        cells[(top + row) * Self.width + left + column] = 1
      }
    }
    return cells
  }

  /// Rows of `c0`…`c399` and `y`, 1 for the first of the two shapes and -1 for the second, in turn.
  public func table(_ first: RetinaShape, _ second: RetinaShape, count: Int, seed: UInt64) -> String
  {
    var random = SplitMix(state: seed)
    var lines = [(0..<400).map { "c\($0)" }.joined(separator: ",") + ",y"]
    for index in 0..<count {
      let cells = draw(index % 2 == 0 ? first : second, &random)
      lines.append(cells.map(String.init).joined(separator: ",") + (index % 2 == 0 ? ",1" : ",-1"))
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
