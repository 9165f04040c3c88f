// Products of sliding windows against one chain of multiply-adds an element, over random shapes, all types and levels. The
// images lie against pages that may not be touched, at either end: the ways that read windows in place read whole vectors.

import CKernels
import Glibc
import Testing

/// Memory whose first or last byte lies against a page that may not be touched.
final class FencedBytes {
  private let mapping: UnsafeMutableRawPointer
  private let length: Int
  let start: UnsafeMutableRawPointer

  init(count: Int, fencedAtEnd: Bool) {
    let page = sysconf(Int32(_SC_PAGESIZE))
    let inside = (max(count, 1) + page - 1) / page * page
    length = inside + 2 * page
    mapping = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    mprotect(mapping, page, PROT_NONE)
    mprotect(mapping + page + inside, page, PROT_NONE)
    start = mapping + page + (fencedAtEnd ? inside - count : 0)
  }

  deinit { munmap(mapping, length) }
}

/// A convolution's product: `filters` of `height` × `width` over `channels` planes, every `step` rows and columns.
private struct Windows: CustomTestStringConvertible {
  var filters: Int, channels: Int, height: Int, width: Int
  var planeHeight: Int, planeWidth: Int
  var step: Int

  var testDescription: String {
    "\(filters) filters \(channels)×\(height)×\(width) on \(planeHeight)×\(planeWidth), step \(step)"
  }

  init(_ generator: inout Generator) {
    func random(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    (filters, channels, step) = (random(1...40), random(1...4), random(1...2))
    (height, width) = (random(1...6), random(1...6))
    (planeHeight, planeWidth) = (height + random(0...20), width + random(0...40))
  }

  var outHeight: Int { (planeHeight - height) / step + 1 }
  var outWidth: Int { (planeWidth - width) / step + 1 }
  var plane: Int { planeHeight * planeWidth }

  /// Windows are the columns: rows, columns and k as nn_contract_view.h has them, extents first.
  var forward: View {
    View(
      rows: [[filters, channels * height * width]],
      columns: [[outHeight, planeWidth * step], [outWidth, step]],
      k: [
        [channels, height * width, plane], [height, width, planeWidth], [width, 1, 1],
      ])
  }

  /// The filters' gradient: k walks the places of the windows.
  var gradient: View {
    View(
      rows: [[filters, outHeight * outWidth]],
      columns: [[channels, plane], [height, planeWidth], [width, 1]],
      k: [[outHeight, outWidth, planeWidth * step], [outWidth, 1, step]])
  }
}

private struct View {
  var rows: [[Int]], columns: [[Int]], k: [[Int]]

  var numbers: [Int] {
    [rows.count, columns.count, k.count] + (rows + columns + k).flatMap { $0 }
  }

  static func count(_ axes: [[Int]]) -> Int { axes.reduce(1) { $0 * $1[0] } }

  /// The place of element `index` of some axes, by the stride in a field.
  static func place(_ index: Int, _ axes: [[Int]], field: Int) -> Int {
    var (rest, place) = (index, 0)
    for axis in axes.reversed() {
      place += rest % axis[0] * axis[field]
      rest /= axis[0]
    }
    return place
  }

  func span(_ axes: [[[Int]]], fields: [Int]) -> Int {
    1
      + zip(axes, fields).reduce(0) { sum, group in
        sum + group.0.reduce(0) { $0 + ($1[0] - 1) * $1[group.1] }
      }
  }
}

@Suite struct WindowProductTests {
  typealias Product =
    @convention(c) (
      Int, Int, Int, Int, UnsafePointer<Int>, UnsafeRawPointer, UnsafeRawPointer,
      UnsafeMutableRawPointer, Int, UnsafeMutableRawPointer, Int32
    ) -> Void

  typealias ImagesProduct =
    @convention(c) (
      Int, Int, Int, Int, Int, UnsafePointer<Int>, UnsafeRawPointer, UnsafeRawPointer,
      UnsafeMutableRawPointer, Int, UnsafeMutableRawPointer
    ) -> Void

  /// With random factors, unless `image` or `weight` says what stands at a place instead.
  private func check<T: Factor>(
    _ view: View, _: T.Type, _ generator: inout Generator, image: ((Int) -> T?)? = nil,
    weight: ((Int) -> T?)? = nil
  ) {
    let (rows, columns, depth) =
      (View.count(view.rows), View.count(view.columns), View.count(view.k))
    let a = (0..<view.span([view.rows, view.k], fields: [1, 1])).map {
      weight?($0) ?? T.factor(&generator)
    }
    let b = (0..<view.span([view.columns, view.k], fields: [1, 2])).map {
      image?($0) ?? T.factor(&generator)
    }
    // All of it, then a part, then one of whole lines of columns, as threads share them.
    let m0 = Int.random(in: 0..<rows, using: &generator)
    let n0 = Int.random(in: 0..<columns, using: &generator)
    let line = view.columns.last?[0] ?? 1
    let firstLine = n0 / line
    let parts = [
      (0, 0, rows, columns),
      (
        m0, n0, Int.random(in: 1...rows - m0, using: &generator),
        Int.random(in: 1...columns - n0, using: &generator)
      ),
      (
        0, firstLine * line, rows,
        line * Int.random(in: 1...columns / line - firstLine, using: &generator)
      ),
    ]
    let kPlaces = (0..<depth).map {
      (View.place($0, view.k, field: 1), View.place($0, view.k, field: 2))
    }
    for (m0, n0, m, n) in parts {
      var expected: [T] = []
      for i in 0..<m {
        let row = View.place(m0 + i, view.rows, field: 1)
        for j in 0..<n {
          let column = View.place(n0 + j, view.columns, field: 1)
          expected.append(
            kPlaces.reduce(T.zero) { T.fused(a[row + $1.0], b[column + $1.1], $0) })
        }
      }
      let wanted = expected.map(\.comparable)
      for level in levels {
        let product = unsafeBitCast(
          address(level, "contract_view_\(T.letters)"), to: Product.self)
        let size = nn_contract_scratch_bytes(m, n, depth, MemoryLayout<T>.size)
        let scratch = FencedBytes(count: size, fencedAtEnd: true)
        for fencedAtEnd in [true, false] {
          let byteCount = b.count * MemoryLayout<T>.stride
          let image = FencedBytes(count: byteCount, fencedAtEnd: fencedAtEnd)
          b.withUnsafeBytes { image.start.copyMemory(from: $0.baseAddress!, byteCount: byteCount) }
          // The second time what is packed of a serves again.
          for again in [Int32(0), 1] {
            let found: [UInt64] = written(m * n, from: nil as [T]?) {
              product(
                m, n, m0, n0, view.numbers, a, UnsafeRawPointer(image.start), $0, n, scratch.start,
                again)
            }
            #expect(found == wanted, "level \(level), rows \(m0)+\(m), columns \(n0)+\(n)")
          }
        }
      }
    }
  }

  /// Several images, whose results lie in rows that are longer than they are.
  private func checkImages<T: Factor>(
    _ images: Int, _ view: View, _: T.Type, _ generator: inout Generator,
    image: ((Int) -> T?)? = nil, weight: ((Int) -> T?)? = nil
  ) {
    let (rows, columns, depth) =
      (View.count(view.rows), View.count(view.columns), View.count(view.k))
    let a = (0..<view.span([view.rows, view.k], fields: [1, 1])).map {
      weight?($0) ?? T.factor(&generator)
    }
    let reach = view.span([view.columns, view.k], fields: [1, 2])
    let step = reach + Int.random(in: 0...3, using: &generator)
    let b = (0..<images * step).map { image?($0 % step) ?? T.factor(&generator) }
    let (line, page) = (columns + 3, rows * (columns + 3) + 5)
    let kPlaces = (0..<depth).map {
      (View.place($0, view.k, field: 1), View.place($0, view.k, field: 2))
    }
    var expected = [UInt64?](repeating: nil, count: images * page)
    for number in 0..<images {
      for i in 0..<rows {
        let row = View.place(i, view.rows, field: 1)
        for j in 0..<columns {
          let column = number * step + View.place(j, view.columns, field: 1)
          let sum = kPlaces.reduce(T.zero) { T.fused(a[row + $1.0], b[column + $1.1], $0) }
          expected[number * page + i * line + j] = sum.comparable
        }
      }
    }
    for level in levels {
      let product = unsafeBitCast(
        address(level, "contract_images_\(T.letters)"), to: ImagesProduct.self)
      let size = nn_contract_images_scratch_bytes(
        rows, columns, depth, reach, MemoryLayout<T>.size)
      let scratch = FencedBytes(count: size, fencedAtEnd: true)
      for fencedAtEnd in [true, false] {
        // The last image ends where its windows do.
        let byteCount = (b.count - step + reach) * MemoryLayout<T>.stride
        let fenced = FencedBytes(count: byteCount, fencedAtEnd: fencedAtEnd)
        b.withUnsafeBytes { fenced.start.copyMemory(from: $0.baseAddress!, byteCount: byteCount) }
        let before: [UInt64] = written(images * page, from: nil as [T]?) { _ in }
        let found: [UInt64] = written(images * page, from: nil as [T]?) {
          product(
            images, step, page, rows, columns, view.numbers, a, UnsafeRawPointer(fenced.start), $0,
            line, scratch.start)
        }
        let wanted = zip(expected, before).map { $0 ?? $1 }
        #expect(found == wanted, "level \(level), \(images) images, \(view.numbers)")
      }
    }
  }

  @Test(arguments: 0..<40) func isOneChainAnElement(seed: Int) {
    var generator = Generator(UInt64(seed))
    let windows = Windows(&generator)
    for view in [windows.forward, windows.gradient] {
      check(view, Float.self, &generator)
      check(view, Double.self, &generator)
      if seed % 4 == 0 { check(view, Int32.self, &generator) }
      if seed % 4 == 1 { check(view, Int64.self, &generator) }
    }
  }

  /// More of k than a block holds, over lines that are no whole number of vectors: what two vectors of a line have in common is
  /// added to once a block.
  @Test(arguments: [9, 13, 20, 36, 40]) func longChainsOfLines(width: Int) {
    var generator = Generator(UInt64(width))
    for filters in [1, 6, 8, 17] {
      let view = View(
        rows: [[filters, 600]], columns: [[3, width + 2], [width, 1]],
        k: [[100, 6, 5 * (width + 2)], [2, 3, width + 2], [3, 1, 1]])
      check(view, Float.self, &generator)
      check(view, Double.self, &generator)
    }
  }

  /// Lines of zeros above and below, as many as nine or all, of few channels and of more than a block of k holds. They are left
  /// out only where that changes nothing: not where a weight is infinite or no number, nor where a sum is minus zero.
  @Test(arguments: [1, 3, 40], [5, 14, 28]) func linesOfZeros(channels: Int, width: Int) {
    var generator = Generator(UInt64(100 * channels + width))
    let (height, pitch) = (14, width + 4)
    let plane = (height + 4) * pitch
    let view = View(
      rows: [[6, 25]], columns: [[height, pitch], [width, 1]],
      k: [[channels, 150, plane], [5, 5, pitch], [5, 1, 1]])
    for (above, below) in [(4, 4), (0, 3), (2, 0), (9, 1), (18, 0)] {
      func zeros<T: Factor>(_ place: Int) -> T? {
        let line = place % plane / pitch
        return line < above || line >= height + 4 - below ? T.zero : nil
      }
      check(view, Float.self, &generator, image: zeros)
      check(view, Double.self, &generator, image: zeros)
      check(view, Int32.self, &generator, image: zeros)
      for special in [Float.infinity, -.infinity, .nan] {
        check(view, Float.self, &generator, image: zeros, weight: { $0 == 31 ? special : nil })
      }
      // Each product but those with zeros vanishes, to minus zero where one factor is negative.
      check(
        view, Float.self, &generator, image: { zeros($0) ?? ($0 % 3 == 0 ? 1e-30 : -1e-30) },
        weight: { $0 % 2 == 0 ? 1e-30 : -1e-30 })
      check(
        view, Float.self, &generator, image: { zeros($0) ?? -1e-30 }, weight: { _ in 1e-30 })
    }
  }

  /// Few filters on images with short lines go together, a vector of images at a time and what is left over.
  @Test(arguments: 0..<24) func imagesTogether(seed: Int) {
    var generator = Generator(UInt64(1000 + seed))
    var windows = Windows(&generator)
    windows.filters = Int.random(in: 1...13, using: &generator)
    windows.planeHeight = windows.height + Int.random(in: 0...6, using: &generator)
    windows.planeWidth = windows.width + Int.random(in: 0...8, using: &generator)
    let images = Int.random(in: 1...37, using: &generator)
    checkImages(images, windows.forward, Float.self, &generator)
    checkImages(images, windows.forward, Double.self, &generator)
    if seed % 4 == 0 { checkImages(images, windows.forward, Int32.self, &generator) }
    if seed % 4 == 1 { checkImages(images, windows.forward, Int64.self, &generator) }
  }

  /// As `linesOfZeros`, at all four sides of images that go together, and with nothing but zeros; on lines that have a tile for
  /// each side, or for one or none.
  @Test(arguments: [(1, 6), (3, 6), (40, 6), (2, 10), (21, 10)])
  func marginsOfZeros(channels: Int, side: Int) {
    var generator = Generator(UInt64(200 + channels))
    let pitch = side + 4
    let plane = pitch * pitch
    let view = View(
      rows: [[7, 25]], columns: [[side, pitch], [side, 1]],
      k: [[channels, 175, plane], [5, 5, pitch], [5, 1, 1]])
    for (above, below, left, right) in [
      (4, 4, 4, 4), (0, 3, 5, 0), (2, 0, 0, 1), (0, 0, 4, 4), (10, 0, 0, 0), (1, 1, 6, 4),
    ] {
      func zeros<T: Factor>(_ place: Int) -> T? {
        let (line, column) = (place % plane / pitch, place % pitch)
        let isOutside =
          line < above || line >= pitch - below || column < left || column >= pitch - right
        return isOutside ? T.zero : nil
      }
      checkImages(18, view, Float.self, &generator, image: zeros)
      checkImages(9, view, Double.self, &generator, image: zeros)
      checkImages(16, view, Int32.self, &generator, image: zeros)
      for special in [Float.infinity, -.infinity, .nan] {
        checkImages(
          16, view, Float.self, &generator, image: zeros, weight: { $0 == 31 ? special : nil })
      }
      checkImages(
        17, view, Float.self, &generator,
        image: { zeros($0) ?? ($0 % 3 == 0 ? 1e-30 : -1e-30) },
        weight: { $0 % 2 == 0 ? 1e-30 : -1e-30 })
      checkImages(
        16, view, Float.self, &generator, image: { zeros($0) ?? -1e-30 }, weight: { _ in 1e-30 })
    }
  }

  /// More of k than a block holds, with columns in runs of five: sums wait between the blocks.
  @Test func longChains() {
    var generator = Generator(7)
    for filters in [1, 6, 16, 20] {
      check(
        View(
          rows: [[filters, 700]], columns: [[2, 150], [5, 15], [5, 1]],
          k: [[70, 10, 16], [10, 1, 1]]),
        Float.self, &generator)
    }
  }
}
