// The inputs and weights of `Tests/Reference/mlp_reference.py`, made again by the same formula, and
// the gradients that NumPy found for them.

import NNIR
import Testing

@testable import NNRuntime

/// The 784-100-10 network at batch 500 with values from an integer hash.
enum ReferenceRecipe {
  static let shapes: [String: Shape] = [
    "x": [500, 784], "y": [500, 10], "w1": [784, 100], "b1": [1, 100], "w2": [100, 10],
    "b2": [1, 10],
  ]

  /// MurmurHash3's finaliser over stream · 2^24 + index.
  private static func hashed(_ stream: UInt32, _ index: Int) -> UInt32 {
    var word = stream << 24 &+ UInt32(index)
    word ^= word >> 16
    word = word &* 0x85EB_CA6B
    word ^= word >> 13
    word = word &* 0xC2B2_AE35
    return word ^ word >> 16
  }

  private static func uniform(_ stream: UInt32, _ shape: Shape, limit: Double?) -> Tensor {
    let values = (0..<shape.count).map { index in
      let unit = Double(hashed(stream, index) >> 8) * 0x1p-24
      return Float(limit.map { (2 * unit - 1) * $0 } ?? unit)
    }
    return Tensor(shape, values)
  }

  /// An input or parameter by its name in the graph.
  static func tensor(_ name: String) throws -> Tensor {
    let shape = try #require(shapes[name])
    func glorot(_ inputs: Int, _ outputs: Int) -> Double {
      (6 / Double(inputs + outputs)).squareRoot()
    }
    switch name {
    case "x": return uniform(1, shape, limit: nil)
    case "w1": return uniform(2, shape, limit: glorot(784, 100))
    case "b1": return uniform(3, shape, limit: 0.1)
    case "w2": return uniform(4, shape, limit: glorot(100, 10))
    case "b2": return uniform(5, shape, limit: 0.1)
    default:
      var values = [Float](repeating: 0, count: shape.count)
      for row in 0..<500 { values[row * 10 + Int(hashed(6, row) % 10)] = 1 }
      return Tensor(shape, values)
    }
  }
}

/// NumPy's results in f64.
struct ReferenceGradients {
  private let archive: NumPyArchive

  init() throws { archive = try NumPyArchive(reading: fixture("mlp_reference.npz")) }

  func numbers(_ name: String) throws -> [Double] {
    try #require(try archive.tensor(named: name)).doubles
  }

  func number(_ name: String) throws -> Double { try #require(try numbers(name).first) }

  /// The largest difference of a gradient's stored entries, its sum and its norm from NumPy's,
  /// relative to the gradient's greatest magnitude (for the sum: of as many elements).
  func largestError(of gradient: Tensor, for name: String) throws -> Double {
    let greatest = try number(name + ":greatest")
    let values = gradient.doubles
    let indices = try numbers(name + ":indices").map { Int($0) }
    var largest = 0.0
    for (index, expected) in zip(indices, try numbers(name + ":entries")) {
      largest = max(largest, abs(values[index] - expected) / greatest)
    }
    let sum = values.reduce(0, +)
    largest = max(
      largest, abs(sum - (try number(name + ":sum"))) / (greatest * Double(values.count)))
    let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return max(largest, abs(norm - (try number(name + ":norm"))) / (try number(name + ":norm")))
  }
}

@Suite struct FilesReferenceTests {
  @Test(arguments: ["x", "y", "w1", "b1", "w2", "b2"])
  func recipesAgreeWithNumPy(_ name: String) throws {
    let sum = try ReferenceRecipe.tensor(name).doubles.reduce(0, +)
    let expected = try ReferenceGradients().number(name + ":checksum")
    #expect(abs(sum - expected) <= 1e-9 * max(1, abs(expected)))
  }
}
