// Nothing in a file can crash the compiler, make it run for ever, or make it use memory without bound.

import Foundation
import Testing

@testable import NNIR

struct HostileTests {
  private func first(_ text: String) -> String { errors(text).first ?? "" }
  private func times(_ count: Int, _ text: String) -> String {
    String(repeating: text, count: count)
  }

  @Test func nesting() {
    // A million in a release build takes 0.1 s, but tests are built for debugging.
    let isLong = ProcessInfo.processInfo.environment["NNCC_FUZZ"] != nil
    let million = isLong ? 1_000_000 : 50_000
    #expect(first("y = " + times(million, "(")) == "1:5: this ( is never closed")
    let closed = "y = " + times(million, "(") + "1" + times(million, ")")
    #expect(first(closed) == "1:261: nesting is limited to 256 levels")
    #expect(first("y = " + times(million, "[")) == "1:5: this [ is never closed")
    #expect(first("y = " + times(million, "-") + "1").hasSuffix("256 levels"))
    #expect(first("y = " + times(million, "not ") + "true").hasSuffix("256 levels"))
    #expect(first("y = " + times(million, "2^") + "1").hasSuffix("256 levels"))
    #expect(first("y = " + times(million, "f(") + "1").contains("never closed"))
    #expect(first(times(million, ")")).hasPrefix("1:1: expected a statement"))
    #expect(!first(times(10_000, "(]")).isEmpty)
    #expect(!first(times(10_000, "def f(x) {\n")).isEmpty)
    let allowed = "y = " + times(250, "(") + "1" + times(250, ")") + "\noutput y\n"
    #expect(errors(allowed).isEmpty)
  }

  @Test func longChains() throws {
    let sum = "input x : f32\ny = x" + times(100_000, " + x") + "\noutput y\n"
    #expect(try network(sum).function.instructions.count == 100_002)
    let index = "input x : f32[1]\ny = x" + times(10_000, "[:]") + "\noutput y\n"
    #expect(try network(index).function.instructions.count == 2)
  }

  @Test func manyStatements() throws {
    let lines = (1...100_000).map { "x\($0) = x\($0 - 1) + 1\n" }.joined()
    let text = "input x0 : f32[2]\n\(lines)output x100000\n"
    let function = try Graph(parsing: text, file: "t").lowered().function
    #expect(function.instructions.count == 300_001)
    #expect(function.origins[function.results[0].value]?.name == "x100000")
    #expect(function.origins[function.results[0].value]?.line == 100_001)
  }

  /// Functions that each call the one before twice.
  private func doubling(_ body: String, _ levels: Int = 100) -> String {
    "def f0(x) { return \(body) }\n"
      + (1...levels).map { "def f\($0)(x) { return f\($0 - 1)(f\($0 - 1)(x)) }\n" }.joined()
  }

  @Test func doublingFunctionsThatDoNothing() {
    let text = doubling("x") + "input x : f32\ny = f100(x)\noutput y\n"
    let found = errors(text)
    #expect(found.count == 1)
    #expect(found[0].hasSuffix("the graph expands to more than 1000000 calls that do nothing"))
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["NNCC_FUZZ"] != nil))
  func doublingFunctions() {
    let text = doubling("x * x") + "input x : f32\ny = f100(x)\noutput y\n"
    let found = errors(text)
    #expect(found.count == 1)
    #expect(found[0].hasSuffix("the graph has more than 4000000 operations"))
    let nested = "input x : f32\ny = " + times(200, "grad(") + "sin(x)*exp(x)" + times(200, ", x)")
    #expect(errors(nested + "\noutput y\n")[0].hasSuffix("more than 4000000 operations"))
  }

  @Test func deepCalls() throws {
    func text(_ depth: Int) -> String {
      "input x : f32\ndef f0(x) { return \(times(100, "-("))x\(times(100, ")")) }\n"
        + (1...depth).map { level in
          "def f\(level)(x) { return \(times(120, "-("))f\(level - 1)(x)\(times(120, ")")) }\n"
        }.joined() + "y = f\(depth)(x)\noutput y\n"
    }
    #expect(try network(text(250)).function.instructions.count == 250 * 120 + 102)
    let found = errors(text(300))
    #expect(found.count == 1)
    #expect(found[0].hasSuffix("functions call each other more than 256 deep"))
  }

  @Test func scansInScans() throws {
    func text(_ depth: Int, _ inner: String) -> String {
      let heads = (1...depth).map { "y\($0) = scan(a in x, h\($0) = h\($0 - 1)) {\n" }.joined()
      let ends = (1...depth).reversed().map { "h\($0) = y\($0 + 1)\n}\n" }.joined()
      return "input x : [2]\nh0 = 0\n\(heads)y\(depth + 1) = \(inner)\n\(ends)output y1\n"
    }
    // Finding the types of states takes no time that doubles with each level.
    let deep = try network(text(100, "sum(a) + h1 + h100")).function
    #expect(deep.text.split(separator: "\n").count { $0.contains("scan [") } == 100)
    // With calls between, the depth is limited all the same.
    let calls = (1...200).map { level in
      "def f\(level)(x, h0) {\ny1 = scan(a in x, h = h0) {\nh = f\(level - 1)(x, h)\n}\nreturn y1\n}\n"
    }
    let found = errors(
      "def f0(x, h) { return h + x[0] }\n\(calls.joined())input x : [2]\ny = f200(x, 0)\noutput y\n"
    )
    #expect(found.count == 1)
    #expect(found[0].hasSuffix("more than 256 deep"))
  }

  @Test func manyStates() throws {
    let count = 300
    let header = (1...count).map { "h\($0) = 0" }.joined(separator: ", ")
    let body = (1..<count).map { "h\($0) = h\($0 + 1)\n" }.joined() + "h\(count) = a\n"
    let text = "input x : f64[2]\ny = scan(a in x, \(header)) {\n\(body)}\noutput y\n"
    let function = try network(text).function
    #expect(function.type(of: function.results[0].value).description == "f64[]")
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["NNCC_FUZZ"] != nil))
  func operationsInBodiesCount() {
    let scans = (1...400).map { "y\($0) = scan(a in x, h = 0) { h = f14(a) + h }\n" }.joined()
    let text = doubling("x * x", 14) + "input x : f32[2]\n" + scans + "output y1\n"
    let found = errors(text)
    #expect(found.count == 1)
    #expect(found[0].hasSuffix("the graph has more than 4000000 operations"))
  }

  @Test func growingLists() {
    let lines = (1...60).map { "a\($0) = [a\($0 - 1), a\($0 - 1)]\n" }.joined()
    #expect(first("a0 = 1\n\(lines)y = a20 + 1\noutput y\n").hasPrefix("26:7: a list has at most"))
    let deep = (1...100).map { "a\($0) = [a\($0 - 1)]\n" }.joined()
    #expect(first("a0 = 1\n\(deep)output a1\n").hasSuffix("lists are nested at most 32 deep"))
  }

  @Test func sizes() {
    #expect(first("dim n = 9223372036854775807\ninput x : [n * 2]\noutput x\n").contains("64 bits"))
    #expect(first("input x : [1099511627777]\noutput x\n").contains("2^40 elements"))
    #expect(errors("input x : [1099511627776, 0]\noutput x\n").isEmpty)
    #expect(first("input x : [4294967296, 4294967296, 0]\noutput x\n").contains("2^40 elements"))
    #expect(first("y = zeros([9223372036854775807, 9223372036854775807])\n").contains("2^40"))
    #expect(first("input x : [2]\ny = expand(x, \(Array(0..<40)))\noutput y\n").contains("32 axes"))
    #expect(errors("y = zeros([1048576, 1048576])\noutput y\n").isEmpty)
    #expect(first("y = transpose(zeros([2]), [9223372036854775807])\n").contains("out of range"))
    #expect(first("y = sum(zeros([2]), -9223372036854775807 - 1)\n").contains("out of range"))
  }

  @Test func numbers() throws {
    #expect(try value("1e999").elements == [.infinity])
    #expect(first("y = 1\(times(100_000, "0"))\noutput y\n").contains("64 bits"))
    #expect(try value("2.0^1000000000").elements == [.infinity])
    #expect(try value("(0 - 1)^1000000000").elements == [1])
  }

  // MARK: Mutations

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
