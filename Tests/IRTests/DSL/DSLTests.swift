// Graphs built in Swift: the lecture's snippet as it stands in the README, and that Swift and text build the same networks.

import Testing

@testable import NNIR

struct DSLTests {
  /// The lecture's network, to the letter.
  static func lecture() -> Graph {
    let g = Graph()
    let x = g.input("x", [500, 784])
    let y = g.input("y", [500, 10])
    let w1 = g.param("w1", [784, 100])
    let b1 = g.param("b1", [1, 100], .zeros)
    let w2 = g.param("w2", [100, 10])
    let b2 = g.param("b2", [1, 10], .zeros)
    let l1 = tanh(dot(x, w1) + b1)
    let l2 = softmax(dot(l1, w2) + b2, axis: 1)
    let cost = -mean(sum(y * log(l2), axis: 1), axis: 0)
    g.output("l2", l2)
    g.loss(cost)
    return g
  }

  /// Every function of the language that Swift has, on small inputs.
  static func everything() -> Graph {
    let g = Graph()
    let n = g.dim("n", 2)
    let x = g.input("x", [n, 3], .f64)
    let i = g.input("i", [n], .i32)
    let k = g.const("k", [[1, 2, 3], [4, 5, 6]])
    let t = g.const("t", [3], .f64, [1, 2, 3])
    let p = g.param("p", [3], .uniform(low: -1, high: 1), .f64)
    let q = g.param("q", [2], [1, 2], .i64)
    _ = g.param("r", [2], .constant(3), .i32)
    _ = g.param("s", [2], .normal(std: 2))
    let m = (x .> 0) .& .!(x .== k) .| (x .<= 1)
    var all: [(String, Variable)] = [("t", t), ("q", q), ("m", m)]
    let unary: [Variable] = [
      neg(x), abs(x), sign(x), exp(x), expm1(x), log(x), log1p(x), sqrt(x), rsqrt(x), square(x),
      reciprocal(x), sin(x), cos(x), tan(x), asin(x), acos(x), atan(x), sinh(x), cosh(x), tanh(x),
      erf(x), floor(x), ceil(x), round(x), sigmoid(x), relu(x), selu(x), gelu(x), geluTanh(x),
      silu(x), softplus(x), softsign(x), hardSigmoid(x), step(x), leakyRelu(x, slope: 0.2),
      elu(x), stopGradient(x), -x, x ** 2, x ** -1, 2 ** x, 1 - x, x / 2, 0.5 * x,
    ]
    for (index, value) in unary.enumerated() { all.append(("u\(index)", value)) }
    let others: [Variable] = [
      pow(x, 2), maximum(x, p), minimum(x, 0), mod(x, 2), atan2(x, 1), clip(x, 0, 1),
      select(m, x, 0), cast(i, .f32), cast(i, like: x), dot(x, p), matmul(x, transpose(x)),
      outer(p, p), transpose(x, [1, 0]), dense(x, eye(3), p), sum(x), mean(x, axis: 1),
      max(x, axis: [0, 1]), min(x), prod(i), std(x), variance(x), logsumexp(x, axis: -1), norm(x),
      NNIR.all(m), anyTrue(m, axis: 0), argmax(x, axis: 1), argmin(x, axis: 0), softmax(x),
      logSoftmax(x, axis: 0), mse(x, k), halfMSE(x, k), crossEntropy(x, k),
      softmaxCrossEntropy(x, k), binaryCrossEntropy(x, k), reshape(x, [3, -1]), flatten(x),
      broadcast(p, [n, 3]), squeeze(expand(x, axis: 0)), zeros([n, 3]) + x, ones([3]) * p,
      full([2], 0.5), iota(n) + i, zerosLike(x), onesLike(i), oneHot(i, 5), x[0], x[-1, 0..<2],
      x[.all, .range(step: -1)], x[.ellipsis, 1], size(x, axis: 1) * p,
      gather(x, [0, 1], axis: -1), embedding(p, i), dropout(x, rate: 0.25),
    ]
    for (index, value) in others.enumerated() { all.append(("o\(index)", value)) }
    let images = g.input("images", [n, 2, 5, 6], .f64)
    let filters = g.param("filters", [2, 1, 3, 3], .glorot, .f64)
    let gates = g.param("gates", [3, 12], .glorot, .f64)
    let states = zeros([n, 3])
    let (h, c) = lstmCell(x, states, states, w: gates, u: gates, b: zeros([12]))
    let layers: [Variable] = [
      concat(x, x, axis: 1), concat([x]), stack(x, k * x, axis: -1), reverse(x, axis: [0, 1]),
      pad(x, before: [0, 1], after: [1, 0], value: 2), tile(x, [1, 2]),
      conv2d(images, filters, stride: [1, 2], padding: 1, groups: 2),
      conv1d(images[.all, .all, 0], filters[.all, .all, 0], groups: 2),
      maxPool2d(images, size: 2, stride: 2),
      avgPool2d(images, size: [1, 2], stride: 1, padding: 0),
      layerNorm(x, scale: p, offset: 0), attention(x, x, x),
      batchNorm(x, scale: p, offset: p, mean: 0, variance: p), attention(x, x, x, mask: [[true]]),
      rnnCell(x, states, w: eye(3), u: eye(3), b: p), h, c, hinge(x, 1), perceptronLoss(x, -1),
      gruCell(
        x, states, w: gates[.all, 0..<9], u: gates[.all, 0..<9], b: zeros([9]), c: zeros([9])),
    ]
    for (index, value) in (layers + split(x, 3, axis: 1)).enumerated() {
      all.append(("l\(index)", value))
    }
    let f = sum(x * p).named("f")
    all.append(("j", jvp(tanh(x * p), p, ones([3]))))
    all.append(("d", grad(f, p)))
    for (index, value) in grad(f, [x, p]).enumerated() { all.append(("e\(index)", value)) }
    for (name, value) in all { g.output("out_\(name)", value) }
    g.loss(f)
    return g
  }

  @Test(arguments: [false, true])
  func textReadsBackToTheSameNetwork(_ isEverything: Bool) throws {
    let graph = isEverything ? Self.everything() : Self.lecture()
    let built = try graph.lowered()
    try built.function.verify()
    let read = try network(graph.text)
    #expect(read.function == built.function)
    #expect(read.initializers == built.initializers)
    #expect(read.dims == built.dims)
    #expect(read.inputs == built.inputs)
  }

  @Test func swiftAndTextAreOne() throws {
    let text = """
      input x : f32[500, 784]
      input y : f32[500, 10]
      param w1 : f32[784, 100]
      param b1 : f32[1, 100] = zeros()
      param w2 : f32[100, 10]
      param b2 : f32[1, 10] = zeros()
      l1 = tanh(dot(x, w1) + b1)
      l2 = softmax(dot(l1, w2) + b2, axis=1)
      cost = -mean(sum(y * log(l2), axis=1), axis=0)
      output l2
      loss cost

      """
    let read = try network(text)
    let built = try Self.lecture().lowered()
    #expect(read.function.withoutNames == built.function.withoutNames)
    #expect(read.initializers == built.initializers)
  }

  @Test func errorsPointAtSwift() throws {
    let g = Graph()
    let x = g.input("x", [2, 3])
    let y = tanh(dot(x, x))
    let line = #line - 1
    g.output("y", y)
    do throws(Diagnostics) {
      _ = try g.lowered()
      Issue.record("no error")
    } catch {
      let found = try #require(error.all.first)
      #expect(error.all.count == 1)
      #expect(found.file.hasSuffix("DSLTests.swift"))
      #expect(found.place?.line == Int32(line))
      #expect(found.message == "dot: x has 3 columns, but x has 2 rows")
    }
  }

  @Test func mistakesInSwiftAreErrorsOfTheGraph() {
    let g = Graph()
    let other = Graph().input("z")
    let x = g.input("x")
    g.output("2x", x)
    g.output("loss", x)
    g.output("y", x + other)
    g.output("z", call(g, "tahn", x))
    do throws(Diagnostics) {
      _ = try g.lowered()
      Issue.record("no error")
    } catch {
      let messages = error.all.map(\.message)
      #expect(messages.contains("2x cannot be a name in a graph"))
      #expect(messages.contains("loss cannot be a name in a graph"))
      #expect(messages.contains("a value of another graph cannot be used here"))
    }
  }

  private func call(_ graph: Graph, _ name: String, _ x: Variable) -> Variable {
    graph.call(name, [x])
  }

  @Test func functionsOfTheLanguageInSwift() throws {
    let g = Graph()
    try g.define(
      """
      def triple(x, by=3) {
        return x * by
      } derivative(g, y) {
        return 5 * g, 0
      }
      """)
    let x = g.input("x", [], .f64)
    let y = g.call("triple", [x], named: [("by", 4)])
    g.output("y", y)
    g.output("d", grad(y, x))
    let function = try g.lowered().function
    #expect(function.evaluate([scalar(2, .f64)]).map { $0.elements[0] } == [8, 5])
    #expect(try network(g.text).function == function)
    #expect(throws: Diagnostics.self) { try g.define("y = 3") }
  }

  // MARK: Scans

  /// A recurrent network and a scan inside a scan.
  static func recurrent() -> Graph {
    let g = Graph()
    let n = g.dim("n", 4)
    let x = g.input("x", [2, n, 3])
    let w = g.param("w", [3, 5])
    let u = g.param("u", [5, 5])
    let (ys, last) = scan(over: x, axis: 1, reverse: true, state: zeros([2, 5])) { x, h in
      let h = tanh(dot(x, w) + dot(h, u))
      return (next: h, yield: h)
    }
    let (zs, ends) = scan(over: [x, ys], axis: 1, states: [last, 0]) { steps, states in
      let e = sum(steps[1] * states[0]).named("e")
      let (inner, _) = scan(over: steps[0], state: states[1]) { row, total in
        (next: total + sum(row) * e, yield: total)
      }
      let slope = grad(e, steps[1])
      return (next: [states[0] - slope, inner[0]], yields: [slope, steps[0]])
    }
    g.output("ys", ys)
    for (index, value) in (zs + ends).enumerated() { g.output("z\(index)", value) }
    return g
  }

  @Test func scansReadBackToTheSameNetwork() throws {
    let graph = Self.recurrent()
    let built = try graph.lowered()
    try built.function.verify()
    let read = try Graph(parsing: graph.text, file: "t")
    #expect(read.text == graph.text)
    #expect(try read.lowered().function == built.function)
  }

  @Test func mistakesInScansPointAtSwift() throws {
    let g = Graph()
    let x = g.input("x", [2, 3])
    let y = scan(over: x, state: x[0, 0]) { (next: $1 + $0, yield: $1) }.yields
    let line = #line - 1
    let z = scan(over: [x], states: [0]) { steps, states in (next: [], yields: [dot(x, steps[0])]) }
    g.output("y", y)
    g.output("z", z.yields[0])
    var leaked = x
    _ = scan(over: x, state: 0) { step, state in
      leaked = step + 1
      g.output("h", state)
      return (next: state, yield: step)
    }
    g.output("leaked", leaked)
    let (yields, last) = scan(over: [], states: []) { _, _ in (next: [], yields: []) }
    #expect(yields.isEmpty && last.isEmpty)
    func messages() -> [String] {
      do throws(Diagnostics) {
        _ = try g.lowered()
        return []
      } catch {
        return error.all.map { "\($0.place?.line ?? 0): \($0.message)" }
      }
    }
    #expect(
      messages() == [
        "\(line + 2): scan: expected 1 next states, found 0",
        "\(line + 8): the body of a scan can have no output and no loss",
        "\(line + 11): a value of the body of a scan cannot be used outside: yield it",
      ])
    g.problems = DiagnosticList()
    #expect(
      messages().first == "\(line): state 0 is f32[], but its next value is f32[3]")
  }

  @Test func namesInBodiesHideNoValue() throws {
    let g = Graph()
    let x = g.input("x", [2, 3])
    let h = x[0].named("h")
    let line = #line + 2
    let (ys, _) = scan(over: x, state: h) { step, state in
      (next: (step + h).named("h"), yield: step)
    }
    g.output("y", ys)
    do throws(Diagnostics) {
      _ = try g.lowered()
      Issue.record("no error")
    } catch {
      #expect(error.all.map(\.message) == ["h is already bound"])
      #expect(error.all[0].place?.line == Int32(line))
    }
  }
}
