// Forward derivatives: against central differences for every operation, and that nothing of the adjoint that they are derived through is
// left in the result.

import Testing

@testable import NNIR

@Suite struct ForwardDerivativeTests {
  /// The value of a case and its change along directions, one an input.
  private func function(_ example: DerivativeCase) -> Function {
    let builder = FunctionBuilder(name: "case")
    func arguments(_ prefix: String) -> [Value] {
      example.shapes.enumerated().map { index, shape in
        builder.argument(
          Argument(name: "\(prefix)\(index)", role: .input, type: TensorType(.f64, shape)))
      }
    }
    let inputs = arguments("x")
    let directions = arguments("v")
    let value = example.build(builder, inputs)
    builder.result("value", .output, value)
    var change = builder.zeros(builder.type(of: value))
    for (x, v) in zip(inputs, directions) {
      let part = builder.forwardDerivative(of: value, withRespectTo: x, along: v)
      change = builder.elementwise(.add, change, part)
    }
    builder.result("change", .output, change)
    return builder.function
  }

  @Test(arguments: derivativeCases)
  func equalsCentralDifferences(_ example: DerivativeCase) throws {
    let function = function(example)
    try function.verify()
    let optimized = function.optimized()
    for seed in 1...3 as ClosedRange<UInt64> {
      var generator = SplitMix(state: seed)
      let inputs = example.shapes.enumerated().map { index, shape in
        let range = example.ranges[min(index, example.ranges.count - 1)]
        return Tensor.random(TensorType(.f64, shape), in: range, using: &generator)
      }
      let directions = example.shapes.map {
        Tensor.random(TensorType(.f64, $0), in: -1...1, using: &generator)
      }
      let found = optimized.evaluate(inputs + directions)[1].elements
      let step = 1e-6
      let moved = [step, -step].map { step in
        let inputs = zip(inputs, directions).map { x, v in
          Tensor(type: x.type, elements: zip(x.elements, v.elements).map { $0 + step * $1 })
        }
        return function.evaluate(inputs + directions)[0].elements
      }
      for (index, change) in found.enumerated() {
        let expected = (moved[0][index] - moved[1][index]) / (2 * step)
        #expect(abs(change - expected) <= 2e-5 * max(1, abs(expected)), "seed \(seed)")
      }
    }
  }

  /// Were the adjoint that stands in left anywhere, so were its zeros: here it would meet infinities.
  @Test func nothingOfTheAdjointIsLeft() throws {
    let text = """
      input x : f64[3]
      input v : f64[3]
      y = exp(x) * x + 1 / x
      output jvp(y, x, v) as change
      """
    let function = try network(text).function.optimized()
    let change = function[function.results[0].value]
    #expect(change.type == TensorType(.f64, [3]))
    let constants = function.instructions.filter {
      if case .constant = $0.op { true } else { false }
    }
    #expect(!constants.contains { $0.op == .constant(Constant(splat: Scalar(0.0), shape: [3])) })
    let type = TensorType(.f64, [3])
    let found = function.evaluate([
      Tensor(type: type, elements: [1000, 0.5, 2]), Tensor(type: type, elements: [1, 1, 0]),
    ])[0].elements
    #expect(found[0] == .infinity)
    #expect(abs(found[1] - (1.5 * 1.6487212707001282 - 4)) < 1e-12)
    #expect(found[2] == 0)
  }

  /// Each line: an expression of x = 0.7 and v = 2, and what it is.
  static let samples: [(String, Double)] = [
    ("jvp(x^3, x, v)", 3 * 0.49 * 2),
    ("jvp(x, x, v)", 2), ("jvp(v, x, v)", 0), ("jvp(7, x, v)", 0),
    // By name alone, as grad.
    ("jvp(a * b, a, v)", 2 * 0.7),
    ("jvp(stop_gradient(x) * x, x, v)", 2 * 0.7),
    ("jvp(cast(cast(x, i32), f64), x, v)", 0),
    // Nested both ways.
    ("jvp(d, x, v)", 6 * 0.7 * 2), ("grad(j, x)", 6 * 0.7 * 2), ("grad(j, v)", 3 * 0.49),
    ("jvp(j, x, v)", 6 * 0.7 * 4), ("jvp(j, v, v)", 3 * 0.49 * 2),
    ("jvp(tripled(x), x, v)", 10),
  ]

  @Test(arguments: samples)
  func isTheChange(_ expression: String, _ expected: Double) throws {
    let before = """
      input x : f64
      input v : f64
      a = x
      b = x
      f = x^3
      d = grad(f, x)
      j = jvp(f, x, v)
      def tripled(a) {
        return 3 * a
      } derivative(g, y) {
        return 5 * g
      }
      """
    let found = try value(expression, before, [scalar(0.7, .f64), scalar(2, .f64)]).elements[0]
    #expect(abs(found - expected) < 1e-12)
  }

  /// The forward derivative of a scan is one scan forwards, which needs no states of an adjoint.
  @Test func ofAScanIsOneScan() throws {
    let text = """
      input x : f64[3]
      input w : f64
      h = scan(x_t in x, h = 1) { h = tanh(w * h + x_t) }
      output jvp(h, w, 2) as change
      """
    let function = try network(text).function.optimized()
    try function.verify()
    let scans = function.instructions.compactMap { instruction in
      if case .scan(let scan) = instruction.op { scan } else { nil }
    }
    #expect(scans.allSatisfy { !$0.isReversed })
    #expect(scans.last?.states == 2)
  }

  @Test func insideAScan() throws {
    let text = """
      input x : f64[3]
      y = scan(x_t in x) {
        cube = x_t^3
        yield jvp(cube, x_t, 2)
      }
      output y
      """
    let function = try network(text).function.optimized()
    guard case .scan(let scan)? = function.instructions.first(where: { $0.op.name == "scan" })?.op
    else {
      Issue.record("there is no scan")
      return
    }
    let found = scan.body.function.evaluate([scalar(0.5, .f64)])[0].elements[0]
    #expect(found == 1.5)
  }

  @Test func worksInsideFunctions() throws {
    let text = """
      input x : f64[2]
      def slope(f, along) {
        y = sin(f)
        return jvp(y, f, along)
      }
      output slope(x, [1, 0]) as s
      """
    let found = try network(text).function.optimized().evaluate([vector([0, 2], .f64)])[0].elements
    #expect(found == [1, 0])
  }
}
