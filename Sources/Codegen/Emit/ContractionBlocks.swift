// The blocks of rows and columns in which a product with an epilogue is computed.

import NNIR

/// Rows and columns whose sums the epilogue takes while they are in the cache.
struct ContractionBlocks {
  let rows: Int
  let columns: Int
  /// Whether blocks of rows follow each other with the same columns, which are packed once for all of them.
  let packsColumnsOnce: Bool

  init(rows: Int, columns: Int, packsColumnsOnce: Bool = false) {
    self.rows = rows
    self.columns = columns
    self.packsColumnsOnce = packsColumnsOnce
  }

  /// - Parameter columnUnit: columns that one thread has at least, where threads have columns of their own.
  init(_ contraction: KernelContraction, rows: Int, columns: Int, columnUnit: Int?) {
    let size = contraction.element.byteCount
    // The sums stay in the second-level cache until the epilogue has read them.
    let most = 262_144 / size
    if contraction.isPlain && columns * min(rows, 256) > most {
      self =
        Self.packedOnce(contraction, rows: rows, columns: columns)
        ?? Self.nearlySquare(rows: rows, columns: columns, most: most)
    } else if let columnUnit {
      self.init(
        rows: rows, columns: min(columns, max(columnUnit, most / rows / columnUnit * columnUnit)))
    } else {
      let some = max(64, most / max(1, columns) / 64 * 64)
      self.init(
        rows: min(rows, some), columns: columns,
        packsColumnsOnce: rows > some && contraction.isPlain && contraction.lanes == 1)
    }
  }

  /// Few rows at a time, if all of k is one block of nn_contract.h: the right operand's columns are packed once, and the sums
  /// stay near.
  private static func packedOnce(
    _ contraction: KernelContraction, rows: Int, columns: Int
  ) -> ContractionBlocks? {
    let size = contraction.element.byteCount
    let depth = max(1, contraction.extent)
    guard contraction.lanes == 1, depth * size <= 2048, rows > rowsAtATime else { return nil }
    // Packed columns take half of a second-level cache of 512 KB; fewer than 256 would not repay packing the rows, which are
    // packed for each block: they may take up to all of nn_contract.h's scratch.
    let packed = max(256, 262_144 / size / depth)
    let sums = 262_144 / size / rowsAtATime
    return ContractionBlocks(
      rows: rowsAtATime, columns: min(columns, min(packed, sums) / 64 * 64), packsColumnsOnce: true)
  }

  /// A multiple of the rows that are packed together, and enough to repay packing, at every vector width.
  private static let rowsAtATime = 48

  /// Both operands are packed anew for every block: it is about as long as wide, or has all of the rows.
  private static func nearlySquare(rows: Int, columns: Int, most: Int) -> ContractionBlocks {
    let short = min(rows, 256)
    return ContractionBlocks(
      rows: short, columns: min(columns, max(128, most / short / 128 * 128)))
  }
}
