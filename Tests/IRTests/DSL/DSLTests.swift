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
    let f = sum(x * p).named("f")
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
}
