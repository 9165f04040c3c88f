// What the tests of the strips share: element types with their samples, a seeded generator, and
// calls of the primitives by name through raw pointers, which fit every element type.

import CKernels

/// The levels that this processor can run, the base level first.
let levels = (0...nn_best_level()).map { Int32($0) }

/// The lengths of strips to try: around every vector width, and the extents at which rules change.
let lengths = [0, 1, 3, 7, 8, 15, 16, 17, 31, 63, 64, 65, 127, 511, 512, 513]

func address(_ level: Int32, _ name: String) -> UnsafeRawPointer {
  guard let found = nn_symbol_address(level, "nns_" + name) else {
    fatalError("no symbol nns_\(name)")
  }
  return found
}

typealias Unary = @convention(c) (UnsafeMutableRawPointer, UnsafeRawPointer, Int) -> Void
typealias Power = @convention(c) (UnsafeMutableRawPointer, UnsafeRawPointer, Int, Int32) -> Void
typealias Binary =
  @convention(c) (UnsafeMutableRawPointer, UnsafeRawPointer, UnsafeRawPointer, Int) -> Void
typealias Select =
  @convention(c) (
    UnsafeMutableRawPointer, UnsafeRawPointer, UnsafeRawPointer, UnsafeRawPointer, Int
  ) -> Void

func unary(_ level: Int32, _ name: String) -> Unary {
  unsafeBitCast(address(level, name), to: Unary.self)
}

func binary(_ level: Int32, _ name: String) -> Binary {
  unsafeBitCast(address(level, name), to: Binary.self)
}

/// A linear congruential generator (Knuth's MMIX constants): the same samples in every run.
struct Generator: RandomNumberGenerator {
  var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ (state >> 29)
  }
}

/// An element type as the primitives' names spell it.
protocol StripElement: BitwiseCopyable, Equatable, Sendable {
  static var letters: String { get }
  static var special: [Self] { get }
  static func random(_ generator: inout Generator) -> Self
  /// What must be equal: the bits, but one value for all NaNs.
  var comparable: UInt64 { get }
}

extension StripElement {
  /// Random values with a special one at every third place.
  static func samples(_ count: Int, seed: UInt64) -> [Self] {
    var generator = Generator(seed)
    return (0..<count).map { index in
      let value = random(&generator)
      let pick = Int(generator.next() >> 33) % special.count
      return index % 3 == 2 ? special[pick] : value
    }
  }
}

extension Float: StripElement {
  static var letters: String { "f32" }
  static var special: [Float] {
    [
      0, -0.0, 1, -1, 0.5, -0.5, 2.5, -3.5, .infinity, -.infinity, .nan, .leastNonzeroMagnitude,
      -.leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude,
      -.greatestFiniteMagnitude, 88.8, -88.8, 104, -104, 1e-8, 0x1p23, -0x1.8p30, 0x1p31, -0x1p63,
      .pi, 1e10, 3e38,
    ]
  }
  static func random(_ generator: inout Generator) -> Float {
    let scale: [Float] = [1, 10, 1e-3, 1e4, 1e30]
    let unit = Float(Int32(truncatingIfNeeded: generator.next() >> 20)) * 0x1p-31
    return unit * scale[Int(generator.next() >> 40) % scale.count]
  }
  var comparable: UInt64 { isNaN ? 0x7FC0_0000 : UInt64(bitPattern) }
}

extension Double: StripElement {
  static var letters: String { "f64" }
  static var special: [Double] {
    Float.special.map(Double.init) + [
      .leastNonzeroMagnitude, .greatestFiniteMagnitude, 709.9, -745.2, -0x1p31, 0x1p63, 1e300,
      0x1p52, 0.1,
    ]
  }
  static func random(_ generator: inout Generator) -> Double {
    let scale: [Double] = [1, 10, 1e-3, 1e4, 1e200]
    let unit = Double(Int64(bitPattern: generator.next())) * 0x1p-63
    return unit * scale[Int(generator.next() >> 40) % scale.count]
  }
  var comparable: UInt64 { isNaN ? 0x7FF8_0000_0000_0000 : bitPattern }
}

extension Int32: StripElement {
  static var letters: String { "i32" }
  static var special: [Int32] { [0, 1, -1, 2, -3, .min, .max, .min + 1, 16_777_217] }
  static func random(_ generator: inout Generator) -> Int32 {
    Int32(truncatingIfNeeded: generator.next() >> 20) >> Int32(generator.next() >> 60)
  }
  var comparable: UInt64 { UInt64(UInt32(bitPattern: self)) }
}

extension Int64: StripElement {
  static var letters: String { "i64" }
  static var special: [Int64] {
    [0, 1, -1, 2, -3, .min, .max, .min + 1, 16_777_217, 9_007_199_254_740_993]
  }
  static func random(_ generator: inout Generator) -> Int64 {
    Int64(bitPattern: generator.next()) >> Int64(generator.next() >> 58)
  }
  var comparable: UInt64 { UInt64(bitPattern: self) }
}

extension UInt8: StripElement {
  static var letters: String { "bool" }
  static var special: [UInt8] { [0, 1] }
  static func random(_ generator: inout Generator) -> UInt8 { UInt8(generator.next() >> 63) }
  var comparable: UInt64 { UInt64(self) }
}

/// What a primitive writes into an array from its second element on (so at no vector's alignment);
/// the elements in front and behind must stay as they are.
func written<T: StripElement>(
  _ count: Int, from start: [T]? = nil, _ body: (UnsafeMutableRawPointer) -> Void
) -> [UInt64] {
  let margin = T.special[1]
  var buffer = [margin] + (start ?? Array(repeating: margin, count: count)) + [margin, margin]
  buffer.withUnsafeMutableBytes { body($0.baseAddress! + MemoryLayout<T>.stride) }
  precondition(buffer[0].comparable == margin.comparable, "written in front")
  precondition(buffer[count + 1].comparable == margin.comparable, "written behind")
  precondition(buffer[count + 2].comparable == margin.comparable, "written behind")
  return buffer.dropFirst().prefix(count).map(\.comparable)
}
