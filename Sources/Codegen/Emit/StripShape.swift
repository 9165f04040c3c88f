// A strip in terms of a kernel's axes, and where the elements of a value are.

import NNIR

/// Along which axes of the strip a value varies.
struct StripDims: OptionSet {
  let rawValue: Int
  static let rows = StripDims(rawValue: 1)
  static let columns = StripDims(rawValue: 2)
}

/// The strip in terms of the kernel's axes.
struct StripShape {
  /// Positions in the access maps.
  var rowAxis: Int?
  var columnAxis: Int?
  /// Where several axes together are the columns: their positions and extents, outermost first, the last being `columnAxis`.
  var columnGroup: [(axis: Int, extent: Int)] = []
  /// C expressions of how many there are; 1 without the axis.
  var rows = "1"
  var columns = "1"
  /// Rows × columns.
  var count = "1"
  /// The most rows of a strip, and the columns of each where that is known.
  var mostRows = 1
  var columnCount: Int?
  /// The most elements of a strip.
  var mostElements = 1

  var full: StripDims {
    (rowAxis == nil ? StripDims() : .rows).union(columnAxis == nil ? StripDims() : .columns)
  }

  /// How far a map moves from column to column; nil where the axes of the columns are not walked as one.
  func columnStride(_ map: AffineMap) -> Int? {
    for (outer, inner) in zip(columnGroup, columnGroup.dropFirst()) {
      if map.strides[outer.axis] != map.strides[inner.axis] * inner.extent { return nil }
    }
    return columnAxis.map { map.strides[$0] } ?? 0
  }

  func rowStride(_ map: AffineMap) -> Int { rowAxis.map { map.strides[$0] } ?? 0 }

  func count(_ dims: StripDims) -> String {
    if dims == full { return count }
    return dims == .rows ? rows : dims == .columns ? columns : "1"
  }
}

/// Where a node's elements are.
struct StripValue {
  /// A C pointer to the first element.
  var pointer: String
  var dims: StripDims
  /// The slot to release after the last use.
  var slot: Int?
}

/// The finished results that an epilogue sees.
enum StripAccumulator {
  /// One element a column, one after the other.
  case columns(pointer: String)
  /// Rows `stride` apart; the expression points to the strip's first element.
  case tile(pointer: String, stride: Int)
}
