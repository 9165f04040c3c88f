// What both spellings share of a contraction: the loops around the matrix product, its call, and the parts that it computes.

import NNIR

/// The loops that both spellings put around a matrix product.
struct ContractionNest {
  let shape: ContractionShape
  let split: UnitSplit?
  let space: [Int]
  private(set) var opened = 0

  init(_ shape: ContractionShape, space: [Int], split: UnitSplit?) {
    self.shape = shape
    self.space = space
    self.split = split
  }

  var rowIndices: [String?] { space.indices.map { "i\($0)" } }

  /// Opens loops until `low` and `high` bound the rows (or columns) to be computed.
  mutating func open(_ writer: inout CWriter) {
    guard let split, split.units > 1 else {
      for axis in shape.batchAxes {
        writer.openLoop("i\(axis)", to: "\(space[axis])")
        opened += 1
      }
      writer.line("const ptrdiff_t low = 0, high = \(shape.extent);")
      return
    }
    let (blocks, chunk, extent) = (split.blocks, split.chunk, split.extent)
    if shape.batchCount == 1 {
      for axis in shape.batchAxes { writer.line("const ptrdiff_t i\(axis) = 0;") }
      writer.line("const ptrdiff_t low = begin * \(chunk);")
      writer.line("const ptrdiff_t high = end * \(chunk) < \(extent) ? end * \(chunk) : \(extent);")
      return
    }
    // Neighbouring units of one place of the batch are computed in one go.
    writer.open("for (ptrdiff_t unit = begin, next = 0; unit < end; unit = next)")
    opened += 1
    writer.line("const ptrdiff_t batch = unit / \(blocks);")
    writer.line("next = (batch + 1) * \(blocks) < end ? (batch + 1) * \(blocks) : end;")
    writer.line("const ptrdiff_t low = (unit - batch * \(blocks)) * \(chunk);")
    writer.line("const ptrdiff_t stop = (next - batch * \(blocks)) * \(chunk);")
    writer.line("const ptrdiff_t high = stop < \(extent) ? stop : \(extent);")
    var rest = "batch"
    for axis in shape.batchAxes.reversed() {
      writer.line("const ptrdiff_t i\(axis) = (\(rest)) % \(space[axis]);")
      rest += " / \(space[axis])"
    }
  }

  func close(_ writer: inout CWriter) { for _ in 0..<opened { writer.close() } }

  /// The rows and columns that `low` and `high` bound.
  var all: ContractionTile {
    let unit = TileRange(first: "low", stop: "high")
    return shape.isCutByColumns
      ? ContractionTile(rows: TileRange(shape.rows), columns: unit)
      : ContractionTile(rows: unit, columns: TileRange(shape.columns))
  }

  private var cutsRows: Bool { shape.blocks.rows < shape.rows }
  private var cutsColumns: Bool { shape.blocks.columns < shape.columns }

  /// A block of them, inside of the loops over blocks.
  var tile: ContractionTile {
    var tile = all
    if cutsRows { tile.rows = TileRange(first: "block", stop: "last") }
    if cutsColumns { tile.columns = TileRange(first: "part", stop: "rest") }
    return tile
  }

  func openBlocks(_ writer: inout CWriter) {
    func open(_ tile: TileRange, of all: TileRange, _ size: Int) {
      writer.openLoop(tile.first, from: all.first, to: all.stop, by: size)
      let (first, stop) = (tile.first, all.stop)
      writer.line(
        "const ptrdiff_t \(tile.stop) = \(stop) - \(first) < \(size) ? \(stop) : \(first) + \(size);"
      )
    }
    // The axis that units cut is the outer one, unless columns stay packed.
    let columnsFirst = shape.isCutByColumns || shape.blocks.packsColumnsOnce
    if cutsColumns && columnsFirst { open(tile.columns, of: all.columns, shape.blocks.columns) }
    if cutsRows { open(tile.rows, of: all.rows, shape.blocks.rows) }
    if cutsColumns && !columnsFirst { open(tile.columns, of: all.columns, shape.blocks.columns) }
  }

  func closeBlocks(_ writer: inout CWriter) {
    if cutsRows { writer.close() }
    if cutsColumns { writer.close() }
  }

  /// Calls the product of the rows and columns of a tile into `target`, whose rows lie `stride` apart.
  func emitCall(
    _ function: String, _ pointers: KernelPointers, _ tile: ContractionTile, target: String,
    stride: String, packing: String, into writer: inout CWriter
  ) {
    let operands = shape.operands(
      pointers, indices: rowIndices, row: tile.rows.first, column: tile.columns.first)
    var last = [packing]
    if !shape.contraction.isPlain {
      last.append(isPackedAgain)
    } else if shape.takesBlocks {
      last += [areColumnsPackedAgain, wanted(pointers, tile)]
    }
    writer.line("\(function)(\(tile.rows.count), \(tile.columns.count), \(operands),")
    writer.line("    \(target), \(stride), \(last.joined(separator: ", ")));")
  }

  /// A C condition: whether the call before this one packed the same columns of the right operand.
  private var areColumnsPackedAgain: String {
    shape.blocks.packsColumnsOnce ? "\(tile.rows.first) > \(all.rows.first)" : "0"
  }

  /// What the epilogue of a tile reads, and how far its rows are apart.
  private func wanted(_ pointers: KernelPointers, _ tile: ContractionTile) -> String {
    guard let access = shape.wanted, let row = shape.rowAxis else { return "0, 0" }
    return "\(first(pointers, access, tile)), \(access.map.strides[row])"
  }

  /// A C condition: whether the call before this one packed the same rows of the left operand.
  private var isPackedAgain: String {
    guard shape.packsRowsOnce else { return "0" }
    guard let split, split.units > 1 else {
      return shape.batchAxes.isEmpty
        ? "0" : "(\(shape.batchAxes.map { "i\($0)" }.joined(separator: " | "))) > 0"
    }
    return split.blocks == 1 && shape.batchCount > 1 ? "unit > begin" : "0"
  }

  /// The place of a tile's first element in an array that lies as the sums do.
  func first(_ pointers: KernelPointers, _ access: Access, _ tile: ContractionTile) -> String {
    var place = rowIndices
    if let row = shape.rowAxis { place[row] = tile.rows.offset }
    if let column = shape.columnAxis { place[column] = tile.columns.offset }
    let offset = access.map.cExpression(place)
    return "\(pointers[access.buffer].name) + \(offset.asOperand)"
  }
}

/// A part of an axis as C expressions.
struct TileRange {
  var first: String
  var stop: String

  init(first: String, stop: String) {
    self.first = first
    self.stop = stop
  }

  /// All of an axis.
  init(_ extent: Int) { self.init(first: "0", stop: "\(extent)") }

  var count: String { offset.map { "\(stop) - \($0)" } ?? stop }
  /// Nil where it is 0.
  var offset: String? { first == "0" ? nil : first }
  /// Where an index of the axis is within the part.
  func place(of index: String) -> CExpression {
    offset.map { CExpression("\(index) - \($0)") } ?? CExpression(index, isAtomic: true)
  }
}

/// Rows and columns that one call computes.
struct ContractionTile {
  var rows: TileRange
  var columns: TileRange
}
