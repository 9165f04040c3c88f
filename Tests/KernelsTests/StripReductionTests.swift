// Reductions in lanes against the rule of Docs/numerics.md written out in Swift, at every level.

import CKernels
import Testing

/// A reduction of one element type: its step and where a lane starts.
struct Reduction<T: StripElement>: Sendable {
  let name: String
  let identity: T
  let combined: @Sendable (T, T) -> T

  func lanes(_ count: Int, _ elements: ArraySlice<T>, from start: [T]? = nil) -> [T] {
    var lanes = start ?? Array(repeating: identity, count: count)
    for (index, element) in elements.enumerated() {
      lanes[index % count] = combined(lanes[index % count], element)
    }
    return lanes
  }

  func folded(_ lanes: [T]) -> T {
    var lanes = lanes
    var half = lanes.count / 2
    while half >= 1 {
      for lane in 0..<half { lanes[lane] = combined(lanes[lane], lanes[lane + half]) }
      half /= 2
    }
    return lanes[0]
  }
}

func maximum<T: BinaryFloatingPoint>(_ a: T, _ b: T) -> T {
  if a.isNaN || b.isNaN { return .nan }
  if a == b { return a.sign == .plus ? a : b }
  return a > b ? a : b
}

func reductions<T: StripElement & BinaryFloatingPoint & Sendable>(_: T.Type) -> [Reduction<T>] {
  [
    Reduction(name: "sum", identity: -0.0) { $0 + $1 },
    Reduction(name: "prod", identity: 1) { $0 * $1 },
    Reduction(name: "max", identity: -.infinity) { maximum($0, $1) },
    Reduction(name: "min", identity: .infinity) { -maximum(-$0, -$1) },
  ]
}

func reductions<T: StripElement & FixedWidthInteger>(_: T.Type) -> [Reduction<T>] {
  [
    Reduction(name: "sum", identity: 0) { $0 &+ $1 },
    Reduction(name: "prod", identity: 1) { $0 &* $1 },
    Reduction(name: "max", identity: .min) { max($0, $1) },
    Reduction(name: "min", identity: .max) { min($0, $1) },
  ]
}

let reductionsOfBool = [
  Reduction<UInt8>(name: "max", identity: 0) { $0 | $1 },
  Reduction<UInt8>(name: "min", identity: 1) { $0 & $1 },
]

@Suite struct StripReductionTests {
  typealias Lanes = @convention(c) (UnsafeMutableRawPointer, UnsafeRawPointer, Int) -> Void
  typealias Rows =
    @convention(c) (UnsafeMutableRawPointer, Int, UnsafeRawPointer, Int, Int, Int) -> Void

  /// Ordinary numbers, numbers with infinities, zeros and NaNs, and zeros of both signs alone.
  private func inputs<T: StripElement>(_ count: Int) -> [[T]] {
    var generator = Generator(UInt64(count))
    let zeros = (0..<count).map { T.special[$0 % 7 < 5 ? 1 : 0] }
    return [(0..<count).map { _ in T.random(&generator) }, T.samples(count, seed: 5), zeros]
  }

  private func check<T: StripElement>(
    _ reduction: Reduction<T>, fold: (UnsafeRawPointer, UnsafeRawPointer) -> T
  ) {
    let letters = T.letters
    for n in lengths {
      for input: [T] in inputs(n + 1) {
        let elements = input.dropFirst()
        for count in [16, 64] {
          let start = T.samples(count, seed: 9)
          let expected = reduction.lanes(count, elements, from: start)
          for level in levels {
            let name = "\(reduction.name)_lanes\(count)_\(letters)"
            let function = unsafeBitCast(address(level, name), to: Lanes.self)
            let got = input.withUnsafeBytes { bytes in
              written(count, from: start) {
                function($0, bytes.baseAddress! + MemoryLayout<T>.stride, n)
              }
            }
            #expect(got == expected.map(\.comparable), "\(name) level \(level) n \(n)")
            let tree = "\(reduction.name)_fold\(count)_\(letters)"
            let result = expected.withUnsafeBytes { fold(address(level, tree), $0.baseAddress!) }
            #expect(result.comparable == reduction.folded(expected).comparable, "\(tree)")
          }
        }
      }
    }
  }

  private func checkRows<T: StripElement>(_ reduction: Reduction<T>) {
    for n in lengths + [2, 10, 33, 100, 1000] where n > 0 {
      for (rows, gap) in [(0, 0), (1, 0), (2, 0), (5, 0), (4, 3), (3, -n)] {
        let span = max(0, rows - 1) * (n + gap) + n
        for input: [T] in inputs(span) {
          let expected = (0..<rows).map { row in
            let start = row * (n + gap)
            let lanes = reduction.lanes(n >= 512 ? 64 : 16, input[start..<start + n])
            return reduction.folded(lanes).comparable
          }
          for level in levels {
            let name = "\(reduction.name)_rows_\(T.letters)"
            let function = unsafeBitCast(address(level, name), to: Rows.self)
            let got = written(rows * 2, from: nil as [T]?) {
              function($0, 2, input, n + gap, rows, n)
            }
            let results = stride(from: 0, to: got.count, by: 2).map { got[$0] }
            #expect(results == expected, "\(name) level \(level) n \(n) rows \(rows) gap \(gap)")
          }
        }
      }
    }
  }

  @Test func lanesAndFolds() {
    for reduction in reductions(Float.self) {
      check(reduction) {
        unsafeBitCast($0, to: (@convention(c) (UnsafeRawPointer) -> Float).self)($1)
      }
    }
    for reduction in reductions(Double.self) {
      check(reduction) {
        unsafeBitCast($0, to: (@convention(c) (UnsafeRawPointer) -> Double).self)($1)
      }
    }
    for reduction in reductions(Int32.self) {
      check(reduction) {
        unsafeBitCast($0, to: (@convention(c) (UnsafeRawPointer) -> Int32).self)($1)
      }
    }
    for reduction in reductions(Int64.self) {
      check(reduction) {
        unsafeBitCast($0, to: (@convention(c) (UnsafeRawPointer) -> Int64).self)($1)
      }
    }
    for reduction in reductionsOfBool {
      check(reduction) {
        unsafeBitCast($0, to: (@convention(c) (UnsafeRawPointer) -> UInt8).self)($1)
      }
    }
  }

  @Test func rows() {
    reductions(Float.self).forEach(checkRows)
    reductions(Double.self).forEach(checkRows)
    reductions(Int32.self).forEach(checkRows)
    reductions(Int64.self).forEach(checkRows)
    reductionsOfBool.forEach(checkRows)
  }

  // MARK: argmax, argmin

  typealias ExtremeIndex =
    @convention(c) (
      UnsafeMutableRawPointer, UnsafeMutablePointer<Int32>, UnsafeRawPointer, Int32, Int
    ) -> Void

  private func checkExtremeIndex<T: StripElement>(_: T.Type, _ less: @escaping (T, T) -> Bool) {
    func isNaN(_ x: T) -> Bool { x != x }
    for (op, beats) in [("argmin", less), ("argmax", { less($1, $0) })] {
      for n in lengths {
        // With and without NaNs; many equal extremes; cut in two at every kind of place.
        let tame = T.samples(n, seed: 3).map { isNaN($0) ? T.special[0] : $0 }
        let flat = (0..<n).map { T.special[$0 % 5 == 3 ? 1 : 0] }
        var late = tame
        if n > 2 { late[n - 2] = T.samples(40, seed: 1).first(where: isNaN) ?? late[n - 2] }
        for input in [tame, flat, late, T.samples(n, seed: 4)] {
          var expected = -1
          for (index, x) in input.enumerated() {
            let best = expected < 0 ? x : input[expected]
            let wins = !isNaN(best) && (isNaN(x) || beats(x, best))
            if expected < 0 || wins { expected = index }
          }
          for level in levels {
            let function = unsafeBitCast(
              address(level, "\(op)_\(T.letters)"), to: ExtremeIndex.self)
            for cut in Set([0, n / 3, n / 2, max(0, n - 1)]) {
              var best = T.special[0]
              var index: Int32 = -1
              input.withUnsafeBytes { bytes in
                withUnsafeMutableBytes(of: &best) { best in
                  guard let start = bytes.baseAddress, let best = best.baseAddress else { return }
                  function(best, &index, start, 0, cut)
                  let rest = start + cut * MemoryLayout<T>.stride
                  function(best, &index, rest, Int32(cut), n - cut)
                }
              }
              #expect(Int(index) == expected, "\(op)_\(T.letters) level \(level) n \(n) cut \(cut)")
              if expected >= 0 { #expect(best.comparable == input[expected].comparable) }
            }
          }
        }
      }
    }
  }

  @Test func extremeIndex() {
    checkExtremeIndex(Float.self) { $0 < $1 }
    checkExtremeIndex(Double.self) { $0 < $1 }
    checkExtremeIndex(Int32.self) { $0 < $1 }
    checkExtremeIndex(Int64.self) { $0 < $1 }
    checkExtremeIndex(UInt8.self) { $0 < $1 }
  }
}
