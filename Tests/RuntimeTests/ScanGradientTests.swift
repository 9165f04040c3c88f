// `grad` in the graph language, in the bodies of scans and through scans.

import Foundation
import NNIR
import NNRuntime
import Testing

@Suite struct ScanGradientTests {
  @Test func derivativesInsideTheBody() throws {
    // Newton's method, and descent by a value from outside.
    let text = """
      input x : f64[6]
      input k : f64
      two = 2
      root = scan(unused in x, r = 3) {
        f = r^two - k
        r = r - f / grad(f, r)
      }
      d, e, g = scan(x_t in x, h = k) {
        y = h * x_t
        c = k * k * y + cast(two, f64)^3 * k
        yield grad(c, k), grad(c, y), grad(c, x_t) + cast(grad(c, two), f64)
      }
      output root
      output d
      output e
      output g

      """
    let x = sines(6)
    let found = try scanResults(text, [Tensor(x), Tensor(scalar: 2.0)])
    #expect(abs(found[0][0] - 2.0.squareRoot()) < 1e-15)
    for (step, number) in x.enumerated() {
      #expect(abs(found[1][step] - (2 * 2 * (2 * number) + 8)) < 1e-14)
      #expect(abs(found[2][step] - 4) < 1e-14)
      #expect(abs(found[3][step] - (4 * 2 + 12 * 2)) < 1e-14)
    }
  }

  /// Gradients in the language through scans, of the first and second order, against central differences of the same graph.
  @Test func derivativesThroughScans() throws {
    let text = """
      const c : f64 = 0.75
      input x : f64[3, 2]
      input w : f64[2]
      def step(a, h) { return tanh(a * h + c) }
      v = w
      ys, last = scan(a in x, axis=0, reverse=true, h = ones([2])) {
        inner, t = scan(e in a, s = sum(h)) {
          s = step(e, s) + sum(w * v)
          yield s
        }
        h = inner * h
        yield t
      }
      f = sum(ys) + sum(last)
      dx, dw, dv, dc = grad(f, x, w, v, c)
      g = sum(dx) + sum(dw^2) + dc
      hx, hw = grad(g, x, w)
      energies, end = scan(a in x, p = w) {
        y, q = scan(e in a, q = sum(p)) {
          q = q * e + c
          yield q
        }
        p = p - 0.1 * grad(q * sum(p), p)
        yield y
      }
      r = sum(end)
      ew = grad(r, w)
      output f
      output g
      output r
      output dx
      output dw
      output dv
      output dc
      output hx
      output hw
      output ew

      """
    let (x, w) = (sines(6), [0.5, -0.3])
    func call(_ x: [Double], _ w: [Double]) throws -> [[Double]] {
      try scanResults(text, [Tensor([3, 2], x), Tensor(w)])
    }
    let found = try call(x, w)
    func difference(_ result: Int, _ change: (Double) -> ([Double], [Double])) throws -> Double {
      let h = 1e-5
      let (a, b) = (change(h), change(-h))
      return (try call(a.0, a.1)[result][0] - call(b.0, b.1)[result][0]) / (2 * h)
    }
    func isNear(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 1e-8 * max(1, abs(b)) }
    for index in x.indices {
      let change = { (h: Double) in
        var x = x
        x[index] += h
        return (x, w)
      }
      #expect(isNear(try difference(0, change), found[3][index]))
      #expect(isNear(try difference(1, change), found[7][index]))
    }
    for index in w.indices {
      let change = { (h: Double) in
        var w = w
        w[index] += h
        return (x, w)
      }
      #expect(isNear(try difference(0, change), found[4][index]))
      #expect(isNear(try difference(1, change), found[8][index]))
      #expect(isNear(try difference(2, change), found[9][index]))
      // v is another name for w, and stands for it in half of the uses.
      #expect(abs(found[5][index] * 2 - found[4][index]) < 1e-12)
    }
    let other = text.replacingOccurrences(of: "0.75", with: "0.75001")
    let changed = try scanResults(other, [Tensor([3, 2], x), Tensor(w)])
    #expect(abs((changed[0][0] - found[0][0]) / 1e-5 - found[6][0]) < 1e-3)
  }
}
