// Strips of rows: loads with strides, views and padding, and stores, for all types and levels.

import CKernels
import Testing

@Suite struct RowTests {
  typealias LoadRows =
    @convention(c) (UnsafeMutableRawPointer, UnsafeRawPointer, Int, Int, Int, Int) -> Void
  typealias StoreRows =
    @convention(c) (UnsafeMutableRawPointer, Int, Int, UnsafeRawPointer, Int, Int) -> Void
  typealias LoadView =
    @convention(c) (
      UnsafeMutableRawPointer, UnsafeRawPointer, UnsafePointer<Int>, Int, Int
    ) -> Void
  typealias PadRows =
    @convention(c) (
      UnsafeMutableRawPointer, UnsafeRawPointer, Int, Int, Int, Int, Int, Int, Int, Int, Int,
      UnsafeRawPointer
    ) -> Void

  static let shapes = [
    (1, 1), (3, 1), (1, 2), (7, 2), (4, 2), (3, 3), (5, 4), (2, 7), (6, 10), (3, 16), (2, 17),
    (2, 35),
  ]

  private func forEachType(_ body: (any StripElement.Type) -> Void) {
    for type: any StripElement.Type in [
      Float.self, Double.self, Int32.self, Int64.self, UInt8.self,
    ] {
      body(type)
    }
  }

  private func checkMoves<T: StripElement>(
    _: T.Type, rows: Int, columns: Int, row: Int, column: Int
  ) {
    let span = (rows - 1) * row + (columns - 1) * column + 1
    let source = T.samples(span, seed: 5)
    let dense = T.samples(rows * columns, seed: 6)
    for level in levels {
      let load = unsafeBitCast(address(level, "load_rows_\(T.letters)"), to: LoadRows.self)
      // From an exact array, so that a tool sees what is read behind it.
      let loaded = written(rows * columns, from: nil as [T]?) {
        load($0, source, row, column, rows, columns)
      }
      #expect(
        loaded
          == (0..<rows * columns).map {
            source[$0 / columns * row + $0 % columns * column].comparable
          })
      guard row >= columns * column, column > 0 else { continue }
      let store = unsafeBitCast(address(level, "store_rows_\(T.letters)"), to: StoreRows.self)
      let stored = written(span, from: source) { store($0, row, column, dense, rows, columns) }
      var expected = source
      for i in dense.indices { expected[i / columns * row + i % columns * column] = dense[i] }
      #expect(stored == expected.map(\.comparable))
    }
  }

  @Test func moves() {
    for (rows, columns) in Self.shapes {
      for column in [0, 1, 2, 3] {
        for row in [0, 1, column * columns, column * columns + 5] {
          forEachType { checkMoves($0, rows: rows, columns: columns, row: row, column: column) }
        }
      }
    }
  }

  private func checkView<T: StripElement>(
    _: T.Type, _ axes: [(extent: Int, stride: Int)], row: Int, rows: Int
  ) {
    let columns = axes.reduce(1) { $0 * $1.extent }
    let places = (0..<rows * columns).map { index in
      var rest = index % columns
      var place = index / columns * row
      for axis in axes.reversed() {
        place += rest % axis.extent * axis.stride
        rest /= axis.extent
      }
      return place
    }
    let source = T.samples((places.max() ?? 0) + 1, seed: 9)
    let view = [axes.count] + axes.flatMap { [$0.extent, $0.stride] }
    for level in levels {
      let load = unsafeBitCast(address(level, "load_view_\(T.letters)"), to: LoadView.self)
      let loaded = written(rows * columns, from: nil as [T]?) { load($0, source, view, row, rows) }
      #expect(loaded == places.map { source[$0].comparable })
    }
  }

  @Test func views() {
    // Pooling's derivative, a transposition, a broadcast, and four axes.
    let all: [[(extent: Int, stride: Int)]] = [
      [(2, 0), (14, 1), (2, 0)], [(5, 1), (7, 5)], [(3, 0), (4, 1)], [(4, 1), (3, 0)],
      [(2, 30), (3, 1), (2, 12), (5, 2)], [(1, 0), (2, 3)],
    ]
    for axes in all {
      for (row, rows) in [(0, 1), (1, 3), (61, 4)] {
        forEachType { checkView($0, axes, row: row, rows: rows) }
      }
    }
  }

  private func checkPadding<T: StripElement>(
    _: T.Type, rows: Int, columns: Int, column: Int,
    sides: (top: Int, bottom: Int, left: Int, right: Int)
  ) {
    let row = columns * column + 1
    let (inside, padding) = (T.samples(rows * row + 1, seed: 3), T.special[1])
    // The place lies before the array: only what is inside of the padding may be read.
    let place = -(sides.top * row + sides.left * column)
    let expected = (0..<rows * columns).map { index in
      let (q, i) = (index / columns, index % columns)
      let isInside =
        q >= sides.top && q < sides.bottom && i >= sides.left && i < sides.right
      return isInside ? inside[place + q * row + i * column] : padding
    }
    for level in levels {
      let pad = unsafeBitCast(address(level, "pad_rows_\(T.letters)"), to: PadRows.self)
      let found = withUnsafeBytes(of: padding) { bytes in
        written(rows * columns, from: nil as [T]?) {
          pad(
            $0, inside, place, row, column, sides.top, sides.bottom, sides.left, sides.right, rows,
            columns, bytes.baseAddress!)
        }
      }
      #expect(found == expected.map(\.comparable))
    }
  }

  @Test func padding() {
    for (rows, columns) in Self.shapes {
      for column in [1, 2, 3] {
        for (top, bottom) in [(0, rows), (1, rows), (0, 0), (rows / 2, rows)] {
          for (left, right) in [(0, columns), (columns / 3, columns - columns / 4), (0, 0)] {
            let sides = (top: top, bottom: bottom, left: left, right: right)
            forEachType {
              checkPadding($0, rows: rows, columns: columns, column: column, sides: sides)
            }
          }
        }
      }
    }
  }
}
