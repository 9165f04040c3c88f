// Where NaNs and infinities come from is found: in a value, in the gradient, and in a step of a scan.

import NNIR
import Testing

@testable import NNRuntime

@Suite struct NonFiniteTests {
  private func session(_ text: String) throws -> NetworkSession {
    try NetworkSession(
      try Graph(parsing: text, file: "t.graph").lowered(),
      options: ExecutionOptions(backend: .interpreter))
  }

  @Test func namesTheFirstValueWithItsLine() throws {
    let session = try session(
      """
      input x : [2, 2]
      y = x + 1
      z = log(y)
      w = z * 0
      output w
      loss sum(w)
      """)
    let x = NamedTensor(name: "x", tensor: Tensor([2, 2], [Float(1), 2, -1, 3]))
    let found = try #require(try session.firstNonFinite([x]))
    #expect(found.description == "z became -inf at [1, 0] (log y), line 3")
    let fine = NamedTensor(name: "x", tensor: Tensor([2, 2], [Float(1), 2, 0, 3]))
    #expect(try session.firstNonFinite([fine]) == nil)
  }

  @Test func whatAConstantBringsIsNoNews() throws {
    let session = try session(
      """
      input x : [3]
      y = exp(where(x > 0, x, -inf))
      output sum(y) as s
      """)
    let x = NamedTensor(name: "x", tensor: Tensor([3], [Float(1), -1, 0.5]))
    #expect(try session.firstNonFinite([x]) == nil)
  }

  @Test func looksIntoTheGradient() throws {
    let session = try session(
      """
      input x : [2]
      y = sqrt(x)
      loss sum(y)
      """)
    let x = NamedTensor(name: "x", tensor: Tensor([2], [Float(1), 0]))
    #expect(try session.firstNonFinite([x]) == nil)
    let found = try #require(try session.firstNonFinite([x], gradients: true))
    #expect(found.value == .infinity && found.position == [1] && found.culprit.line == 2)
  }

  /// The logarithms of a sigmoid and of what it leaves of 1 are taken of its argument.
  @Test func crossEntropyOfASigmoidIsStable() throws {
    let session = try session(
      """
      input z : [4]
      input y : [4]
      loss binary_cross_entropy(sigmoid(z), y)
      """)
    let inputs = [
      NamedTensor(name: "z", tensor: Tensor([4], [Float(1000), -1000, 1000, -1000])),
      NamedTensor(name: "y", tensor: Tensor([4], [Float(1), 0, 0, 1])),
    ]
    #expect(try session.firstNonFinite(inputs, gradients: true, withRespectTo: ["z"]) == nil)
    let results = try session.gradients(inputs, withRespectTo: ["z"])
    #expect(results.loss?.doubles == [500])
    #expect(results.gradients?[0].tensor.doubles == [0, 0, 0.25, -0.25])
  }

  @Test func looksIntoTheStepsOfAScan() throws {
    let builder = FunctionBuilder(name: "f")
    let x = builder.input("x", [4, 2])
    let start = builder.zeros(TensorType(.f32, [2]))
    let results = builder.scan(length: 4, over: [x], states: [start], isReversed: true) {
      body, steps, states, _ in
      let sum = body.elementwise(.add, states[0], body.elementwise(.log, steps[0]))
      return ([sum], [])
    }
    builder.result("y", .output, results[0])
    let x0 = Tensor([4, 2], [Float(1), 1, 0, 1, 1, 0, 1, 1])
    let found = try #require(try NonFinite.first(in: builder.function, [x0]))
    #expect(found.steps == [2] && found.position == [1] && found.culprit.name == "log")
  }

  /// What `grad` and `jvp` within the graph give, where the exponentials overflow or vanish; the right values are those of the whole graph's
  /// gradient, whose loss is brought to stable forms.
  @Test(arguments: [
    ("c = cross_entropy(softmax(z), y)", "cross_entropy(softmax(z), y)"),
    ("p = softmax(z)\nc = -sum(y * log(p))", "-sum(y * log(softmax(z)))"),
    ("c = sum(y * log(sigmoid(z)))", "sum(y * log(sigmoid(z)))"),
    ("c = sum(log1p(-sigmoid(z)))", "sum(log1p(-sigmoid(z)))"),
  ])
  func derivativesInTheLanguageAreStable(_ binding: String, _ loss: String) throws {
    let inputs = [
      NamedTensor(name: "z", tensor: Tensor([1, 3], [Float(-1000), 0, 1000])),
      NamedTensor(name: "y", tensor: Tensor([1, 3], [Float(0), 0.5, 0.5])),
    ]
    let head = "input z : f32[1, 3]\ninput y : f32[1, 3]\n"
    let within = try session(
      head + binding + "\ndz = grad(c, z)\nchange = jvp(c, z, y)\noutput dz\noutput change\n"
    ).evaluate(inputs)
    let whole = try session(head + "loss \(loss)\n").gradients(inputs, withRespectTo: ["z"])
    let expected = try #require(whole.gradients?.first).tensor
    for value in expected.doubles { #expect(value.isFinite) }
    #expect(within.outputs[0].tensor.doubles == expected.doubles)
    let change = zip(expected.doubles, [0, 0.5, 0.5]).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(within.outputs[1].tensor.doubles[0] - change) <= 1e-6 * max(1, abs(change)))
  }
}
