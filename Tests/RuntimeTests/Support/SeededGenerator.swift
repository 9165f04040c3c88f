// Random numbers that are the same in every run: what fuzz tests and their reports are seeded with.

import NNIR
import NNRuntime

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
  mutating func chance(_ oneIn: Int) -> Bool { below(oneIn) == 0 }
  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

  /// Roughly normal: the sum of 12 uniform numbers.
  mutating func normal() -> Double {
    (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0..<1, using: &self) }
  }

  /// Any scalar of the type: mostly moderate, now and then at the edges.
  mutating func scalar(_ element: ElementType, special: Bool = true) -> Scalar {
    let isSpecial = special && chance(12)
    switch element {
    case .f32:
      let edges: [Float] = [
        0, -0.0, 1, -1, .infinity, -.infinity, .nan, Float.leastNormalMagnitude / 8,
        -Float.leastNonzeroMagnitude, 3e38, -1e30, 0.5, 2.5, 1e8,
      ]
      return Scalar(isSpecial ? pick(edges) : Float(normal() * 2))
    case .f64:
      let edges: [Double] = [
        0, -0.0, 1, -1, .infinity, -.infinity, .nan, Double.leastNormalMagnitude / 8,
        -Double.leastNonzeroMagnitude, 1e308, -1e30, 0.5, 2.5, 1e17,
      ]
      return Scalar(isSpecial ? pick(edges) : normal() * 2)
    case .i32:
      return Scalar(
        isSpecial ? pick([Int32.min, Int32.max, 0, -1]) : Int32.random(in: -20...20, using: &self))
    case .i64:
      return Scalar(
        isSpecial ? pick([Int64.min, Int64.max, 0, -1]) : Int64.random(in: -20...20, using: &self))
    case .bool: return Scalar(Bool.random(using: &self))
    }
  }

  mutating func constant(_ type: TensorType, special: Bool = true) -> Constant {
    Constant(
      type: type, bits: (0..<type.count).map { _ in scalar(type.element, special: special).bits })
  }

  mutating func tensor(_ type: TensorType, special: Bool = true) -> Tensor {
    Tensor(constant: constant(type, special: special))
  }

  /// One tensor an argument; about half of all calls have none of the special values, which would drown the others.
  mutating func arguments(of function: Function) -> [Tensor] {
    let special = chance(2)
    return function.arguments.map { tensor($0.type, special: special) }
  }
}
