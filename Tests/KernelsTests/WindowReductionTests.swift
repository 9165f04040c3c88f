// Windows reduced in one lane against the rule written out in Swift, at every level, over arrays that lie against pages that may not be
// touched, at either end.

import CKernels
import Testing

@Suite struct WindowReductionTests {
  typealias Windows =
    @convention(c) (
      UnsafeMutableRawPointer, UnsafeRawPointer, Int, Int, Int, Int, Int, Int, Int, Int
    ) -> Void

  /// Rows × columns windows of height × width, every `step` elements of a plane's lines.
  struct Shape: Sendable, CustomTestStringConvertible {
    var rows: Int, columns: Int
    var height: Int, width: Int
    var step: Int
    /// Elements of a line that no window has.
    var gap = 0
    /// How many elements a window's own are apart.
    var dilation = 1

    var line: Int { (columns - 1) * step + (width - 1) * dilation + 1 + gap }
    /// Rows of windows follow each other without an overlap.
    var row: Int { height * line }
    var span: Int {
      (rows - 1) * row + (columns - 1) * step + (height - 1) * line + (width - 1) * dilation + 1
    }

    var testDescription: String {
      "\(rows)×\(columns) of \(height)×\(width), step \(step), gap \(gap), dilation \(dilation)"
    }

    func places(_ row: Int, _ column: Int) -> [Int] {
      (0..<height * width).map {
        row * self.row + column * step + $0 / width * line + $0 % width * dilation
      }
    }
  }

  static let shapes: [Shape] = {
    var shapes: [Shape] = []
    for columns in [1, 2, 5, 7, 8, 9, 14, 16, 23] {
      for (height, width) in [(1, 1), (2, 2), (3, 3), (1, 4), (5, 1), (2, 5)] {
        for step in 1...3 {
          shapes.append(
            Shape(
              rows: 1 + (columns + height) % 5, columns: columns, height: height, width: width,
              step: step))
          shapes.append(
            Shape(
              rows: 3, columns: columns, height: height, width: width, step: step,
              gap: columns % 3, dilation: 1 + columns % 2))
        }
      }
    }
    return shapes
  }()

  private func check<T: StripElement>(_ reduction: Reduction<T>, _ shape: Shape) {
    let special = T.samples(shape.span, seed: UInt64(shape.span))
    let zeros = (0..<shape.span).map { T.special[$0 % 7 < 5 ? 1 : 0] }
    for input in [special, zeros] {
      let expected = (0..<shape.rows * shape.columns).map { window in
        shape.places(window / shape.columns, window % shape.columns)
          .reduce(reduction.identity) { reduction.combined($0, input[$1]) }.comparable
      }
      let byteCount = input.count * MemoryLayout<T>.stride
      for isFencedAtEnd in [true, false] {
        let memory = FencedBytes(count: byteCount, fencedAtEnd: isFencedAtEnd)
        input.withUnsafeBytes {
          memory.start.copyMemory(from: $0.baseAddress!, byteCount: byteCount)
        }
        for level in levels {
          let name = "\(reduction.name)_windows_\(T.letters)"
          let function = unsafeBitCast(address(level, name), to: Windows.self)
          let found = written(shape.rows * shape.columns, from: nil as [T]?) {
            function(
              $0, memory.start, shape.row, shape.step, shape.rows, shape.columns, shape.height,
              shape.line, shape.width, shape.dilation)
          }
          #expect(found == expected, "\(name) level \(level)")
        }
      }
    }
  }

  @Test(arguments: shapes) func areOneLaneEach(shape: Shape) {
    for reduction in reductions(Float.self) { check(reduction, shape) }
    for reduction in reductions(Double.self) { check(reduction, shape) }
    for reduction in reductions(Int32.self) { check(reduction, shape) }
    for reduction in reductions(Int64.self) { check(reduction, shape) }
  }
}
