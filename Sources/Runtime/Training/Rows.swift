// Rows of training data: splitting, shuffling and gathering. Axis 0 of every tensor counts the examples.

import CKernels
import NNIR

extension Tensor {
  /// The rows of axis 0 with these numbers, in this order.
  public func rows(_ numbers: some RandomAccessCollection<Int>) -> Tensor {
    var sizes = shape.sizes
    let bytesARow = sizes[0] > 0 ? byteCount / sizes[0] : 0
    sizes[0] = numbers.count
    return Tensor(type: type.with(shape: Shape(sizes))) { target in
      withUnsafeBytes { source in
        guard let to = target.baseAddress, let from = source.baseAddress else { return }
        for (row, number) in numbers.enumerated() {
          (to + row * bytesARow).copyMemory(from: from + number * bytesARow, byteCount: bytesARow)
        }
      }
    }
  }
}

extension Tensor {
  /// All rows of tensors that differ in axis 0 alone.
  init(joiningRows parts: [Tensor]) {
    var sizes = parts[0].shape.sizes
    sizes[0] = parts.reduce(0) { $0 + $1.shape[0] }
    self.init(type: parts[0].type.with(shape: Shape(sizes))) { target in
      var start = 0
      for part in parts {
        part.withUnsafeBytes {
          UnsafeMutableRawBufferPointer(rebasing: target[start...]).copyMemory(from: $0)
        }
        start += part.byteCount
      }
    }
  }
}

/// The numbers below `count` in an order that the seed and the epoch alone decide (Fisher and Yates, with Philox).
public func shuffledRows(_ count: Int, seed: UInt64, epoch: Int) -> [Int] {
  var order = Array(0..<count)
  var draws = [Double](repeating: 0, count: count)
  nn_philox_uniform_f64(&draws, Int64(count), seed, randomStream("shuffle \(epoch)"), 0, 1)
  for last in stride(from: count - 1, to: 0, by: -1) {
    order.swapAt(last, Int(draws[last] * Double(last + 1)))
  }
  return order
}
