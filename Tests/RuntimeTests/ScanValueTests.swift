// Scans against plain loops: what the interpreter makes of graphs with them, in f64.

import Foundation
import NNIR
import NNRuntime
import Testing

@Suite struct ScanValueTests {
  @Test(arguments: [false, true])
  func recurrentNetwork(_ isReversed: Bool) throws {
    let (batch, steps, inputs, units) = (2, 5, 3, 4)
    let x = sines(batch * steps * inputs)
    let w = sines(inputs * units)
    let u = sines(units * units)
    let found = try scanResults(
      """
      input x : f64[\(batch), \(steps), \(inputs)]
      input w : f64[\(inputs), \(units)]
      input u : f64[\(units), \(units)]
      ys, last = scan(x_t in x, axis=1, reverse=\(isReversed), h = zeros([\(batch), \(units)])) {
        h = tanh(x_t @ w + h @ u)
        yield h
      }
      output ys
      output last

      """,
      [
        Tensor([batch, steps, inputs], x), Tensor([inputs, units], w), Tensor([units, units], u),
      ])
    var ys = [Double](repeating: 0, count: batch * steps * units)
    var h = [Double](repeating: 0, count: batch * units)
    for step in isReversed ? Array((0..<steps).reversed()) : Array(0..<steps) {
      var next = h
      for (row, column) in (0..<batch).flatMap({ row in (0..<units).map { (row, $0) } }) {
        var sum = 0.0
        for k in 0..<inputs { sum += x[(row * steps + step) * inputs + k] * w[k * units + column] }
        for k in 0..<units { sum += h[row * units + k] * u[k * units + column] }
        next[row * units + column] = tanh(sum)
        ys[(row * steps + step) * units + column] = tanh(sum)
      }
      h = next
    }
    #expect(zip(found[0], ys).allSatisfy { abs($0 - $1) < 1e-14 })
    #expect(zip(found[1], h).allSatisfy { abs($0 - $1) < 1e-14 })
  }

  @Test func namesOfStates() throws {
    // Before its assignment the name of a state means the old value, from there on the new.
    let text = """
      input x : f64[4]
      input s : f64
      a, b, c, last, kept = scan(x_t in x, s = s, k = s) {
        old = s
        yield s
        s = s * 2 + x_t
        x_t2 = old + s
        yield s, x_t2 * k
      }
      output a
      output b
      output c
      output last
      output kept

      """
    let x = sines(4)
    let found = try scanResults(text, [Tensor(x), Tensor(scalar: 0.5)])
    var s = 0.5
    var expected: [[Double]] = [[], [], []]
    for number in x {
      let next = s * 2 + number
      expected[0].append(s)
      expected[1].append(next)
      expected[2].append((s + next) * 0.5)
      s = next
    }
    #expect(found == expected + [[s], [0.5]])
  }

  @Test func severalSequencesAlongTheLastAxis() throws {
    let text = """
      input x : f64[2, 3]
      input y : f64[3]
      def walk(a, b, axis, from=1) {
        ys, p, q = scan(u in a, v in b, axis=axis, p = from, q = zeros([2])) {
          p = p * v
          q = q + u * p
          yield q
        }
        return ys, p, q
      }
      ys, p, q = walk(x, y, -1)
      output ys
      output p
      output q

      """
    let (x, y) = (sines(6), [0.5, -2, 3])
    let found = try scanResults(text, [Tensor([2, 3], x), Tensor(y)])
    var (p, q) = (1.0, [0.0, 0.0])
    var ys = [Double](repeating: 0, count: 6)
    for step in 0..<3 {
      p *= y[step]
      for row in 0..<2 {
        q[row] += x[row * 3 + step] * p
        ys[row * 3 + step] = q[row]
      }
    }
    #expect(found == [ys, [p], q])
  }

  @Test func scansInScans() throws {
    let text = """
      dim n = 3
      const two = 2
      const table : f64[2] = [1, 10]
      input x : f64[n, 2]
      input k : f64
      def twice(v) { return v * two * table[1] }
      m = k + 1
      ys, total = scan(row in x, total = k) {
        inner, sum = scan(e in row, reverse=true, t = total) {
          t = t + e * m
          k = twice(t)
          yield k, t * table[0]
        }
        total = total + sum[0] * k / n
        yield inner
      }
      output ys
      output total

      """
    let x = sines(6)
    let found = try scanResults(text, [Tensor([3, 2], x), Tensor(scalar: 0.25)])
    var total = 0.25
    var ys = [Double](repeating: 0, count: 6)
    for row in 0..<3 {
      var t = total
      for column in [1, 0] {
        t += x[2 * row + column] * 1.25
        ys[2 * row + column] = t * 2 * 10
      }
      total = total + t * 0.25 / 3
    }
    #expect(found[0] == ys)
    #expect(found[1] == [total])
  }

  @Test func noSteps() throws {
    let text = """
      input x : f64[2, 0, 3]
      ys, zs, last = scan(a in x, axis=1, h = ones([2])) {
        h = h + sum(a)
        yield a, h
      }
      output ys
      output zs
      output last

      """
    let found = try scanResults(text, [Tensor(zeros: TensorType(.f64, [2, 0, 3]))])
    #expect(found == [[], [], [1, 1]])
  }

  @Test func statesOfNumbersTakeTheTypeOfTheirNextValue() throws {
    // What b is follows from c, and a from b; nothing says what d is, and e counts.
    let text = """
      input x : f64[3]
      ys, a, b, c, d, e = scan(x_t in x, a = 0, b = 0, c = zeros([]), d = 7, e = iota(2)) {
        a = b
        yield a
        b = c
        c = x_t
        d = d * 2
        e = e + 1
      }
      output ys
      output a
      output b
      output c
      output cast(d, f64) as doubled
      output cast(e[1], f64) as counted

      """
    #expect(
      try scanResults(text, [Tensor([1.0, 2, 3])]) == [[0, 0, 1], [1], [2], [3], [56], [4]])
    let types = try Graph(parsing: text + "output d\noutput e\n", file: "t").lowered().function
    let last = types.results.suffix(2).map { types.type(of: $0.value).description }
    #expect(last == ["f32[]", "i32[2]"])
  }

  @Test func scansInScansHelpToFindTypes() throws {
    // The scan inside walks a state of numbers, and gives the next one.
    let text = """
      input x : f64[3, 2]
      y, last = scan(a in x, h = ones([2])) {
        inner, t = scan(e in h, b in a, s = 0) {
          yield e * b + s
          s = s + e
        }
        h = inner
        yield t
      }
      output y
      output last

      """
    let x = sines(6)
    let found = try scanResults(text, [Tensor([3, 2], x)])
    var (h, y) = ([1.0, 1], [Double]())
    for row in 0..<3 {
      y.append(h[0] + h[1])
      h = [h[0] * x[2 * row], h[1] * x[2 * row + 1] + h[0]]
    }
    #expect(found == [y, h])
  }

  @Test func scansBuiltInSwift() throws {
    let g = Graph()
    let x = g.input("x", [2, 4], .f64)
    let k = g.input("k", [], .f64)
    // The next states are all of the states before: a and b change places.
    let (ys, last) = scan(over: [x], axis: 1, reverse: true, states: [k, 1]) { steps, states in
      (
        next: [states[1], states[0] + sum(steps[0])],
        yields: [states[0] * steps[0], steps[0] - states[1]]
      )
    }
    let (sums, _) = scan(over: x, state: zeros([4])) { row, total in
      let (inner, _) = scan(over: row, state: 0) { (next: $1 + $0 * k, yield: $1) }
      return (next: total + row, yield: total + inner)
    }
    for (name, value) in [("a", ys[0]), ("b", ys[1]), ("p", last[0]), ("q", last[1]), ("s", sums)] {
      g.output(name, value)
    }
    let numbers = sines(8)
    let found = try scanResults(g.text, [Tensor([2, 4], numbers), Tensor(scalar: 0.5)])
    var (p, q) = (0.5, 1.0)
    var (a, b) = ([Double](repeating: 0, count: 8), [Double](repeating: 0, count: 8))
    for step in (0..<4).reversed() {
      for row in 0..<2 {
        a[4 * row + step] = p * numbers[4 * row + step]
        b[4 * row + step] = numbers[4 * row + step] - q
      }
      (p, q) = (q, p + (numbers[step] + numbers[4 + step]))
    }
    #expect(found[0] == a && found[1] == b && found[2] == [p] && found[3] == [q])
    for row in 0..<2 {
      var t = 0.0
      for column in 0..<4 {
        let total = row == 0 ? 0 : numbers[column]
        #expect(found[4][4 * row + column] == total + t)
        t += numbers[4 * row + column] * 0.5
      }
    }
  }
}
