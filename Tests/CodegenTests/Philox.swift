// The random numbers of dropouts, straight from `Docs/numerics.md`. Only for tests.

import NNIR

/// Philox 4x32-10: four words.
func philox(key: UInt64, block: UInt64, stream: UInt64) -> [UInt32] {
  func halves(_ word: UInt64) -> (low: UInt32, high: UInt32) {
    (UInt32(truncatingIfNeeded: word), UInt32(truncatingIfNeeded: word >> 32))
  }
  var keys = halves(key)
  var (c0, c1) = halves(block)
  var (c2, c3) = halves(stream)
  for _ in 0..<10 {
    let p = halves(UInt64(c0) * 0xD251_1F53)
    let q = halves(UInt64(c2) * 0xCD9E_8D57)
    (c0, c1, c2, c3) = (q.high ^ c1 ^ keys.low, q.low, p.high ^ c3 ^ keys.high, p.low)
    keys = (keys.low &+ 0x9E37_79B9, keys.high &+ 0xBB67_AE85)
  }
  return [c0, c1, c2, c3]
}

/// The factors of a dropout; ones without a seed and a step.
func random(_ dropout: Dropout, _ operands: [[Scalar]], _ type: TensorType) -> [Scalar] {
  guard operands.count == 2 else {
    return [Scalar](repeating: Scalar(1, as: type.element), count: type.count)
  }
  let (seed, step) = (operands[0][0].bits, operands[1][0].bits)
  let stream = "dropout step".utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
    ($0 ^ UInt64($1)) &* 0x100_0000_01B3
  }
  let words = philox(key: seed, block: step, stream: stream)
  let key = UInt64(words[1]) << 32 | UInt64(words[0])
  return (0..<type.count).map { index in
    let block = philox(key: key, block: UInt64(index / 4), stream: UInt64(dropout.key))
    let isDropped = Double(block[index % 4]) * 0x1p-32 < dropout.rate
    return Scalar(isDropped ? 0 : 1 / (1 - dropout.rate), as: type.element)
  }
}
