// Graphs with a few bytes, words or lines changed: a network or errors, and never a crash.

import Foundation
import Testing

@testable import NNIR

struct MutationTests {
  static let samples: [String] = [
    """
    dim n = 4
    input x : f32[n, 3]
    input y : f32[n, 2]
    param w : f32[3, 2] = glorot()
    const k : f32[2] = [1, 2.5]
    h = softmax(dot(x, w) + k, axis=1)
    d, e = grad(sum(h * y), w, x)
    f = grad(sum(d * d), w)
    output h
    output sum(f) as s
    loss cross_entropy(h, y)

    """,
    """
    def f(x, axis=none, scale=2) {
      m = mean(x, axis)
      return m * scale, x[::-1] ^ 2
    }
    def g(x) { return x * x } derivative(a, y) { return 3 * a }
    input x : f64[2, 3]
    a, b = f(x, axis=[0, 1])
    c, d = f(scale=3, x=x)
    e = where(x > 0 and not (x <= 1), x, -x^3) @ transpose(x)
    h = grad(sum(g(x)), x)[..., 1:]
    output a
    output b[0, -1] as first
    output e
    loss d[0, 0] + sum(h)

    """,
    """
    input i : i32[2]
    input m : bool[3]
    const big = 2^40 - 1
    q = iota(6)
    z = reshape(q, [2, -1]) + i[0] * 3
    r = cast(z, f32) / mod(7, 4)
    s = std(r, -1) + logsumexp(r, axis=[1]) + gelu(norm(r))
    t = one_hot(i, 3) @ eye(3)
    u = all(m) or any(m) == true
    output z
    output t
    output u
    output s

    """,
    """
    dim n = 4
    const k : f32[2] = [1, 2]
    input x : f32[3, n, 2]
    input y : f64[n]
    param w : f32[2, 2] = glorot()
    ys, last = scan(x_t in x, axis=1, reverse=true, h = zeros([3, 2]), c = 0) {
      h = tanh(x_t @ w + h) * k
      c = c + sum(h)
      d = grad(c, h)
      yield h, d
    }
    zs, z = scan(a in y, b in x[0], h = 1, s = last, p = 0.5) {
      inner, t = scan(e in b, h = h, q = p) {
        q = h * a
        h = q
        yield h, e
      }
      h = h + a
      p = t
      yield inner
    }
    output ys
    output zs
    loss sum(last) * w[0, 0]

    """,
    """
    def f(v, axis=0, from=0) {
      ys, h, last = scan(a in v, axis=axis, h = from, i = iota(2)) {
        old = h
        h = g(a, old, size(v, axis))
        i = i + 1
        yield h, old
      }
      return ys, last
    }
    def g(a, h, n) {
      r = scan(b in a, s = h) { s = s * b / n }
      return r
    } derivative(g, y) { return 0, 2 * g * r_n }
    const r_n = [[1, 2], [3, 4]]
    input x : f64[2, 3]
    a, b = f(x)
    c, d = f(x, -1, from=0.5)
    e = scan(row in r_n, reverse=false, t = false) {
      t = t or any(row > 3)
      yield row
    }
    output a
    output c
    output e

    """,
  ]

  static let pieces: [String] = [
    "(", ")", "[", "]", "{", "}", ",", ":", "=", "==", "+", "-", "*", "/", "@", "^", "...", "\n",
    " ", "0", "1", "-1", "2", "1000000000", "9223372036854775807", "1e308", "x", "y", "sum(",
    "grad(",
    "dim n = 0\n", "def f(x) {", "return ", "derivative(g, y) {", "output ", "loss ", "none",
    "true",
    "axis=", "f32", "i32[", "not ", "and ", "reshape(", "\0", "é", "#", "inf", "zeros([", "eye(",
    "scan(x in x, ", "h = 0", "yield ", " in ", "reverse=", "axis=-1", ") {\n", "x_t", "h",
  ]

  /// A sample with a few bytes, words or lines changed.
  private func mutated(_ random: inout SeededRandom) -> [UInt8] {
    var bytes = Array(Self.samples[random.below(Self.samples.count)].utf8)
    for _ in 0...random.below(4) {
      let at = random.below(max(1, bytes.count))
      let end = min(bytes.count, at + random.below(12))
      switch random.below(5) {
      case 0: bytes.insert(contentsOf: Self.pieces[random.below(Self.pieces.count)].utf8, at: at)
      case 1: bytes.removeSubrange(at..<end)
      case 2: bytes.insert(contentsOf: bytes[at..<end], at: random.below(max(1, bytes.count)))
      case 3: if at < bytes.count { bytes[at] = UInt8(random.below(256)) }
      default:
        let piece = Self.pieces[random.below(Self.pieces.count)].utf8
        bytes.replaceSubrange(at..<min(bytes.count, at + 1), with: piece)
      }
    }
    return bytes
  }

  /// 2,000 mutated graphs in the suite, as many as `NNCC_FUZZ` says otherwise: a network that verifies or an error, each time.
  @Test func mutations() throws {
    let count = ProcessInfo.processInfo.environment["NNCC_FUZZ"].flatMap { Int($0) } ?? 2000
    for seed in 0..<count {
      var random = SeededRandom(seed: UInt64(seed))
      let bytes = mutated(&random)
      do throws(Diagnostics) {
        let network = try Graph(parsing: bytes, file: "fuzz").lowered()
        #expect((try? network.function.verify()) != nil, "seed \(seed)")
        #expect(network.initializers.count == network.parameters.count)
      } catch {
        #expect(!error.all.isEmpty && error.all.count <= 20, "seed \(seed)")
      }
    }
  }
}

/// SplitMix64 (Steele, Lea and Flood 2014).
struct SeededRandom {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func below(_ bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((z ^ (z >> 31)) % UInt64(bound))
  }
}
