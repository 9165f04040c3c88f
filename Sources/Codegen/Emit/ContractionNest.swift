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

  /// The batch's index is that of the first image where several go together.
  var rowIndices: [String?] {
    space.indices.map { $0 == shape.images?.axis ? "image" : "i\($0)" }
  }

  /// Opens loops until `low` and `high` bound the rows (or columns) to be computed.
  mutating func open(_ writer: inout CWriter) {
    if let images = shape.images { return open(images, &writer) }
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

  /// As many images as go together, and fewer at the end. Units are images: a unit has all of their rows.
  private mutating func open(_ images: ContractionImages, _ writer: inout CWriter) {
    for axis in shape.batchAxes where axis != images.axis {
      writer.line("const ptrdiff_t i\(axis) = 0;")
    }
    let isSplit = (split?.units ?? 1) > 1
    let (first, stop) = isSplit ? ("begin", "end") : ("0", "\(images.extent)")
    let count = ContractionImages.count
    writer.openLoop("image", from: first, to: stop, by: count)
    opened += 1
    writer.line(
      "const ptrdiff_t images = \(stop) - image < \(count) ? \(stop) - image : \(count);")
  }

  /// Opens the loop over the images of a call, whose sums are a tile each.
  func openImages(_ writer: inout CWriter) {
    guard let images = shape.images else { return }
    let (index, type) = ("i\(images.axis)", shape.contraction.element.cName)
    writer.openLoop(index, from: "image", to: "image + images")
    writer.line(
      "\(type) *const tile = sums + (\(index) - image) * \(shape.rows * shape.columns);")
  }

  func closeImages(_ writer: inout CWriter) { if shape.images != nil { writer.close() } }

  /// What holds the sums before the epilogue: the tile, or those of all images of a call.
  var sums: String { shape.images == nil ? "tile" : "sums" }

  func close(_ writer: inout CWriter) { for _ in 0..<opened { writer.close() } }

  /// The rows and columns that `low` and `high` bound.
  var all: ContractionTile {
    if shape.images != nil {
      return ContractionTile(rows: TileRange(shape.rows), columns: TileRange(shape.columns))
    }
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
    if let images = shape.images {
      let step = shape.target?.map.strides[images.axis] ?? shape.rows * shape.columns
      writer.line(
        "\(function)(images, \(images.step), \(step), \(tile.rows.count), \(tile.columns.count), "
          + "\(operands),")
      writer.line("    \(target), \(stride), \(packing));")
      return
    }
    if !shape.contraction.isPlain {
      last.append(isPackedAgain)
    } else if shape.takesBlocks {
      last += [rowsOfFirstCall, wanted(pointers, tile)]
    }
    writer.line("\(function)(\(tile.rows.count), \(tile.columns.count), \(operands),")
    writer.line("    \(target), \(stride), \(last.joined(separator: ", ")));")
  }

  /// The rows of the first call, whose packed columns of the right operand this one uses too; 0 in that one itself.
  private var rowsOfFirstCall: String {
    guard shape.blocks.packsColumnsOnce else { return "0" }
    return "\(tile.rows.first) > \(all.rows.first) ? \(shape.blocks.rows) : 0"
  }

  /// What the epilogue of a tile reads, in up to two arrays, and how far their rows are apart.
  private func wanted(_ pointers: KernelPointers, _ tile: ContractionTile) -> String {
    guard let access = shape.wanted.first, let row = shape.rowAxis else { return "0, 0, 0" }
    let other = shape.wanted.dropFirst().first.map { first(pointers, $0, tile) } ?? "0"
    return "\(first(pointers, access, tile)), \(other), \(access.map.strides[row])"
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
