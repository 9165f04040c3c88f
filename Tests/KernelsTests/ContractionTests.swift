// Matrix products against one chain of multiply-adds an element, for all types, levels, strides and
// edges of tiles; and the law that the header's sections for f64, i32 and i64 are those for f32 with
// other names.

import CKernels
import Foundation
import Testing

/// What a product needs of a type: a * b + c rounded once, and the sum of lanes.
protocol Factor: StripElement {
  static var zero: Self { get }
  static func fused(_ a: Self, _ b: Self, _ c: Self) -> Self
  static func added(_ a: Self, _ b: Self) -> Self
  /// Of several orders of magnitude, and so that no sum of products overflows: in a long chain all would be NaN, and equal.
  static func factor(_ generator: inout Generator) -> Self
}

extension Factor {
  static func factor(_ generator: inout Generator) -> Self { random(&generator) }
}

extension BinaryFloatingPoint where Self: Factor {
  static func factor(_ generator: inout Generator) -> Self {
    var value = random(&generator)
    while value.magnitude > 1e5 { value = random(&generator) }
    return value
  }
}

extension Float: Factor {
  static func fused(_ a: Float, _ b: Float, _ c: Float) -> Float { c.addingProduct(a, b) }
  static func added(_ a: Float, _ b: Float) -> Float { a + b }
}

extension Double: Factor {
  static func fused(_ a: Double, _ b: Double, _ c: Double) -> Double { c.addingProduct(a, b) }
  static func added(_ a: Double, _ b: Double) -> Double { a + b }
}

extension Int32: Factor {
  static func fused(_ a: Int32, _ b: Int32, _ c: Int32) -> Int32 { a &* b &+ c }
  static func added(_ a: Int32, _ b: Int32) -> Int32 { a &+ b }
}

extension Int64: Factor {
  static func fused(_ a: Int64, _ b: Int64, _ c: Int64) -> Int64 { a &* b &+ c }
  static func added(_ a: Int64, _ b: Int64) -> Int64 { a &+ b }
}

/// The shape and strides of one product.
struct Product: Sendable, CustomTestStringConvertible {
  var m: Int, n: Int, k: Int
  var a: (m: Int, k: Int), b: (k: Int, n: Int)
  var cRow: Int
  var lanes = false

  var testDescription: String {
    "\(m)×\(k)×\(n) a \(a.m),\(a.k) b \(b.k),\(b.n) c \(cRow)\(lanes ? " lanes" : "")"
  }

  /// Row-major, either operand transposed, and strides with gaps and broadcasts.
  static func variants(_ m: Int, _ k: Int, _ n: Int) -> [Product] {
    [
      Product(m: m, n: n, k: k, a: (k, 1), b: (n, 1), cRow: n),
      Product(m: m, n: n, k: k, a: (1, m), b: (n, 1), cRow: n + 3),
      Product(m: m, n: n, k: k, a: (k, 1), b: (1, k), cRow: n),
      Product(m: m, n: n, k: k, a: (1, m), b: (1, k), cRow: n),
      Product(m: m, n: n, k: k, a: (0, 2), b: (n + 5, 1), cRow: n),
      Product(m: m, n: n, k: k, a: (2 * k, 2), b: (0, 2), cRow: n + 1),
    ]
  }
}

@Suite struct ContractionTests {
  typealias Contract =
    @convention(c) (
      Int, Int, Int, UnsafeRawPointer, Int, Int, UnsafeRawPointer, Int, Int,
      UnsafeMutableRawPointer, Int, UnsafeMutableRawPointer?
    ) -> Void

  private func span(_ extents: [(Int, Int)]) -> Int {
    extents.contains { $0.0 == 0 } ? 1 : 1 + extents.reduce(0) { $0 + ($1.0 - 1) * $1.1 }
  }

  /// - Parameter last: the last k's element of the sixteenth row of a, or nil for one like all others.
  private func check<T: Factor>(
    _ p: Product, _: T.Type, special: Bool = false, last: T? = nil
  ) {
    let (aCount, bCount) = (
      span([(p.m, p.a.m), (p.k, p.a.k)]), span([(p.k, p.b.k), (p.n, p.b.n)])
    )
    var generator = Generator(UInt64(p.m * 31 + p.k * 7 + p.n))
    func values(_ count: Int) -> [T] {
      special
        ? T.samples(count, seed: UInt64(count)) : (0..<count).map { _ in T.factor(&generator) }
    }
    var a = values(aCount)
    let b = values(bCount)
    if let last { a[15 * p.a.m + (p.k - 1) * p.a.k] = last }
    let background = T.special[1]
    var expected = Array(repeating: background.comparable, count: max(1, p.m * p.cRow))
    let laneCount = p.lanes ? 16 : 1
    for m in 0..<p.m {
      for n in 0..<p.n {
        var lanes = Array(repeating: T.zero, count: laneCount)
        for k in 0..<p.k {
          lanes[k % laneCount] = T.fused(
            a[m * p.a.m + k * p.a.k], b[k * p.b.k + n * p.b.n], lanes[k % laneCount])
        }
        var half = laneCount / 2
        while half >= 1 {
          for lane in 0..<half { lanes[lane] = T.added(lanes[lane], lanes[lane + half]) }
          half /= 2
        }
        expected[m * p.cRow + n] = lanes[0].comparable
      }
    }
    let size = MemoryLayout<T>.stride
    let bytes = nn_contract_scratch_bytes(p.m, p.n, p.k, size)
    let scratch = UnsafeMutableRawPointer.allocate(byteCount: bytes + 64, alignment: 64)
    defer { scratch.deallocate() }
    for level in levels {
      memset(scratch, 0xA5, bytes + 64)
      let name = "contract\(p.lanes ? "_lanes" : "")_\(T.letters)"
      let function = unsafeBitCast(address(level, name), to: Contract.self)
      let got = written(expected.count, from: Array(repeating: background, count: expected.count)) {
        function(p.m, p.n, p.k, a, p.a.m, p.a.k, b, p.b.k, p.b.n, $0, p.cRow, scratch)
      }
      #expect(got == expected, "\(name) level \(level) \(p.testDescription)")
      let behind = scratch + bytes
      #expect((0..<64).allSatisfy { behind.load(fromByteOffset: $0, as: UInt8.self) == 0xA5 })
    }
  }

  private func checkAll(_ product: Product) {
    check(product, Float.self)
    check(product, Double.self)
    check(product, Int32.self)
    check(product, Int64.self)
    check(product, Float.self, special: true)
    check(product, Double.self, special: true)
  }

  @Test(arguments: [0, 1, 2, 3, 5, 7, 8, 9, 13, 17])
  func smallShapes(_ m: Int) {
    for n in [0, 1, 2, 3, 4, 5, 8, 9, 10, 12, 15, 16, 17, 20, 24, 25, 31, 32, 33, 49] {
      for k in [0, 1, 2, 9, 33] { Product.variants(m, k, n).forEach(checkAll) }
    }
  }

  /// More rows than a group, more columns than a panel and more k than a block.
  @Test(arguments: [(50, 20, 100), (33, 600, 37), (6, 1100, 65), (40, 1100, 10), (40, 530, 300)])
  func blocks(_ m: Int, _ k: Int, _ n: Int) {
    for product in Product.variants(m, k, n).prefix(4) {
      check(product, Float.self)
      check(product, Double.self)
    }
  }

  /// Rows of few columns, each stored as a whole vector where others come behind it: nothing is written behind the last, and no
  /// row's infinity gets into the sums of the next.
  @Test(arguments: 1...16) func fewColumns(_ n: Int) {
    for (m, k) in [(33, 7), (48, 33), (61, 1100)] {
      for product in Product.variants(m, k, n).prefix(4) {
        check(product, Float.self)
        check(product, Double.self)
        check(product, Int32.self)
        check(product, Float.self, last: .infinity)
        check(product, Double.self, last: .infinity)
      }
    }
  }

  /// Many rows, and one to nine columns behind whole vectors; whole groups of rows and parts of one; one block of k and several.
  @Test(arguments: 33...41) func fewColumnsBehindVectors(_ n: Int) {
    for (m, k) in [(32, 7), (33, 600), (48, 33), (61, 1100), (47, 3)] {
      for product in Product.variants(m, k, n).prefix(4) {
        check(product, Float.self)
        check(product, Int32.self)
      }
    }
  }

  @Test(arguments: [0, 1, 2, 3, 4, 5, 9])
  func lanes(_ m: Int) {
    for n in [0, 1, 2, 3, 4, 7] {
      for k in [0, 1, 15, 64, 65, 100] {
        for var product in Product.variants(m, k, n) {
          product.lanes = true
          checkAll(product)
        }
      }
    }
  }

  @Test func longLanes() {
    for k in [1056, 4500, 40_000] {
      for var product in Product.variants(5, k, 2).prefix(4) {
        product.lanes = true
        check(product, Float.self)
        check(product, Double.self)
      }
    }
  }

  /// A row's bits do not depend on how many rows there are: threads may cut M anywhere.
  @Test func rowsAreIndependent() {
    let (m, k, n) = (37, 70, 45)
    let a = (0..<m * k).map { Float($0 % 71) * 0.37 - 11 }
    let b = (0..<k * n).map { Float($0 % 53) * 0.29 - 7 }
    let bytes = nn_contract_scratch_bytes(m, n, k, 4)
    let scratch = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    defer { scratch.deallocate() }
    for level in levels {
      let function = unsafeBitCast(address(level, "contract_f32"), to: Contract.self)
      let whole = written(m * n, from: nil as [Float]?) {
        function(m, n, k, a, k, 1, b, n, 1, $0, n, scratch)
      }
      let parts = written(m * n, from: nil as [Float]?) { c in
        for (first, last) in [(0, 1), (1, 12), (12, 30), (30, 37)] {
          a.withUnsafeBytes {
            function(
              last - first, n, k, $0.baseAddress! + first * k * 4, k, 1, b, n, 1,
              c + first * n * 4, n, scratch)
          }
        }
      }
      #expect(whole == parts)
    }
  }

  private typealias ContractBlock =
    @convention(c) (
      Int, Int, Int, UnsafeRawPointer, Int, Int, UnsafeRawPointer, Int, Int,
      UnsafeMutableRawPointer, Int, UnsafeMutableRawPointer?, Int32, UnsafeRawPointer?,
      UnsafeRawPointer?, Int
    ) -> Void

  /// Blocks of rows one after the other, of which those after the first use what the first has packed: the bits of one call.
  /// Columns of one panel and of several, with and without some behind whole vectors, one block of k and several, and last
  /// blocks of so few rows that they are computed otherwise.
  @Test(arguments: [
    (130, 30, 70), (101, 20, 33), (115, 200, 37), (96, 500, 290), (104, 500, 250), (99, 600, 40),
    (61, 9, 3), (52, 9, 5), (57, 20, 12), (97, 0, 17),
  ])
  func blocksOfRowsAgain(_ m: Int, _ k: Int, _ n: Int) {
    for p in Product.variants(m, k, n).prefix(4) {
      checkBlocks(p, Float.self)
      checkBlocks(p, Double.self)
      checkBlocks(p, Int32.self)
    }
  }

  private func checkBlocks<T: Factor>(_ p: Product, _: T.Type) {
    var generator = Generator(UInt64(p.m + p.k + p.n))
    let a = (0..<max(1, p.m * p.k)).map { _ in T.factor(&generator) }
    let b = (0..<max(1, p.k * p.n)).map { _ in T.factor(&generator) }
    let (size, block) = (MemoryLayout<T>.stride, 48)
    let bytes = nn_contract_scratch_bytes(block, p.n, p.k, size)
    let wholeBytes = nn_contract_scratch_bytes(p.m, p.n, p.k, size)
    let scratch = UnsafeMutableRawPointer.allocate(
      byteCount: max(bytes, wholeBytes) + 64, alignment: 64)
    defer { scratch.deallocate() }
    for level in levels {
      let whole = unsafeBitCast(address(level, "contract_\(T.letters)"), to: Contract.self)
      let next = unsafeBitCast(
        address(level, "contract_block_\(T.letters)"), to: ContractBlock.self)
      let background = [T](repeating: T.zero, count: p.m * p.cRow)
      let expected = written(p.m * p.cRow, from: background) {
        whole(p.m, p.n, p.k, a, p.a.m, p.a.k, b, p.b.k, p.b.n, $0, p.cRow, scratch)
      }
      memset(scratch, 0xA5, bytes + 64)
      let got = written(p.m * p.cRow, from: background) { c in
        a.withUnsafeBytes { a in
          for first in stride(from: 0, to: p.m, by: block) {
            next(
              min(block, p.m - first), p.n, p.k, a.baseAddress! + first * p.a.m * size, p.a.m,
              p.a.k,
              b, p.b.k, p.b.n, c + first * p.cRow * size, p.cRow, scratch,
              first > 0 ? Int32(block) : 0,
              first % 96 == 0 ? nil : b, first % 144 == 0 ? nil : b, p.n)
          }
        }
      }
      #expect(got == expected, "\(T.letters) level \(level) \(p.testDescription)")
      #expect(
        (0..<64).allSatisfy { scratch.load(fromByteOffset: bytes + $0, as: UInt8.self) == 0xA5 })
    }
  }

  /// `NNCC_BLESS=1 swift test` writes the derived sections anew.
  @Test func sectionsOfOtherTypesFollowFloat() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/Kernels/include/nn_contract.h")
    let text = try String(contentsOf: file, encoding: .utf8)
    let types = [("f64", "double"), ("i32", "int32_t"), ("i64", "int64_t")]
    var derived = text
    for (letters, type) in types {
      for section in ["contract_parts", "contract_block", "contract", "contract_lanes"] {
        let original = try #require(body(of: "\(section)_f32", in: text))
        let current = try #require(body(of: "\(section)_\(letters)", in: derived))
        let wanted = text[original].replacingOccurrences(of: "f32", with: letters)
          .replacing(/\bfloat\b/, with: type)
        derived.replaceSubrange(current, with: wanted)
      }
    }
    if ProcessInfo.processInfo.environment["NNCC_BLESS"] != nil {
      try derived.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(derived == text)
  }

  private func body(of section: String, in text: String) -> Range<String.Index>? {
    guard let start = text.range(of: "/* @section \(section) needs:"),
      let end = text.range(of: "/* @end */\n", range: start.upperBound..<text.endIndex)
    else { return nil }
    return start.lowerBound..<end.upperBound
  }
}
