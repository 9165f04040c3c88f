// Optimisers against PyTorch and Optax, on all backends, of the user's own, and what is said of mistakes.

import NNIR
import NNRuntime
import Testing

@Suite struct OptimizerTests {
  static let text = """
    input x : f64[16, 3]
    input y : f64[16, 2]
    param w1 : f64[3, 5]
    param b1 : f64[1, 5]
    param w2 : f64[5, 2]
    loss mean((tanh(x @ w1 + b1) @ w2 - y)^2)
    """

  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var rate: Double
    var optimizer: Optimizer
    var testDescription: String { name }

    init(_ name: String, _ rate: Double, _ optimizer: Optimizer) {
      self.name = name
      self.rate = rate
      self.optimizer = optimizer
    }
  }

  static func call(_ text: String) -> RuleCall { RuleCall(parsing: text) ?? RuleCall(text) }

  /// The settings of `Tests/Reference/optimizers.py`.
  static let cases = [
    Case("sgd", 0.1, .sgd),
    Case("sgd_decay", 0.1, Optimizer(call("sgd"), weightDecay: 0.05)),
    Case("momentum", 0.02, .momentum),
    Case("nesterov", 0.02, Optimizer(call("nesterov(beta=0.8)"))),
    Case("adagrad", 0.1, .adagrad),
    Case("rmsprop", 0.01, .rmsprop),
    Case("adam", 0.01, .adam),
    Case("adam_options", 0.02, Optimizer(call("adam(beta1=0.8, beta2=0.95, epsilon=1e-6)"))),
    Case("adamw", 0.01, .adamw),
    Case("adamw_decay", 0.01, Optimizer(call("adamw"), weightDecay: 0.2)),
    Case("lion", 0.003, Optimizer(call("lion(weight_decay=0.1)"))),
    Case("clip_value", 0.1, Optimizer(call("sgd"), clipping: .value(0.05))),
    Case("clip_norm", 0.1, Optimizer(call("sgd"), clipping: .norm(0.3))),
    Case(
      "cosine", 0.2, Optimizer(call("sgd"), schedules: [call("cosine_decay(steps=80, final=0.1)")])),
    Case(
      "step", 0.2, Optimizer(call("sgd"), schedules: [call("step_decay(every=30, factor=0.5)")])),
    Case("warmup", 0.01, Optimizer(call("adam"), schedules: [call("linear_warmup(steps=20)")])),
  ]

  static func model(_ text: String, _ optimizer: Optimizer, _ backend: Backend) throws -> Model {
    let network = try Graph(parsing: text, file: "small.graph").lowered()
    return try Model(
      network, options: ExecutionOptions(backend: backend), optimizer: optimizer)
  }

  @Test(arguments: cases) func hundredStepsAgreeWithTheReference(_ one: Case) throws {
    let reference = try NumPyArchive(reading: fixture("optimizers.npz"))
    let model = try Self.model(Self.text, one.optimizer, .tcc)
    for name in ["x", "y", "w1", "b1", "w2"] {
      model[name] = try #require(try reference.tensor(named: name))
    }
    let losses = try #require(try reference.tensor(named: one.name + ".loss"))
    #expect(losses.count == 100)
    for (step, expected) in losses.doubles.enumerated() {
      let loss = try model.step(learningRate: one.rate)
      #expect(abs(loss - expected) <= 1e-10 * abs(expected), "step \(step): \(loss), \(expected)")
    }
    for name in ["w1", "b1", "w2"] {
      let expected = try #require(try reference.tensor(named: "\(one.name).\(name)"))
      #expect(model[name].largestRelativeError(to: expected) <= 1e-10, "\(name)")
    }
  }

  @Test(arguments: cases) func everyBackendTakesTheSameSteps(_ one: Case) throws {
    let text = Self.text.replacing("f64", with: "f32")
    var results: [[Tensor]] = []
    for backend in [Backend.interpreter, .tcc, .cc] {
      let model = try Self.model(text, one.optimizer, backend)
      var random = SeededGenerator(seed: 5)
      model["x"] = Tensor([16, 3], (0..<48).map { _ in Float(random.normal()) })
      model["y"] = Tensor([16, 2], (0..<32).map { _ in Float(random.normal()) })
      for _ in 0..<20 { try model.step(learningRate: one.rate) }
      results.append(model.parameters.map(\.tensor))
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }

  @Test func anOptimizerOfTheGraphItself() throws {
    let own =
      Self.text + """

        const half = 0.5
        def halved(w, g, lr, previous, t, factor=1) {
          return w - half * factor * lr * (g + previous / t), g
        }
        def falling(lr, t, power) { return lr / t ^ power }
        """
    let graph = try Graph(parsing: own, file: "own.graph")
    let optimizer = Optimizer(
      Self.call("halved(factor=2)"), schedules: [Self.call("falling(power=0.5)")],
      definedIn: graph)
    let model = try Model(try graph.lowered(), options: ExecutionOptions(), optimizer: optimizer)
    let reference = try Self.model(Self.text, .sgd, .interpreter)
    var random = SeededGenerator(seed: 9)
    model["x"] = Tensor([16, 3], (0..<48).map { _ in random.normal() })
    model["y"] = Tensor([16, 2], (0..<32).map { _ in random.normal() })
    for name in ["x", "y"] { reference[name] = model[name] }
    // By hand, with gradients of the graph without an optimiser.
    var previous: [String: [Double]] = [:]
    for step in 1...5 {
      try reference.backward()
      try model.step(learningRate: 0.1)
      let gradients = ["w1", "b1", "w2"].map { ($0, reference.gradient(of: $0).doubles) }
      for (name, gradient) in gradients {
        let old = previous[name] ?? gradient.map { _ in 0 }
        let rate = 0.1 / Double(step).squareRoot()
        let values = zip(reference[name].doubles, zip(gradient, old)).map { w, g in
          w - rate * (g.0 + g.1 / Double(step))
        }
        previous[name] = gradient
        let expected = Tensor(reference[name].shape, values)
        #expect(model[name].largestRelativeError(to: expected) < 1e-12)
        reference[name] = expected
      }
    }
  }

  @Test(arguments: [
    ("adm", "did you mean 'adam'?"), ("adam(beta=1)", "has no option 'beta'"),
    ("softmax", "there is no optimizer"), ("backwards", "begin with w, g and lr"),
    ("short", "gives 1 values, expected 2"),
  ])
  func mistakesAreNamed(_ text: String, _ message: String) throws {
    let own =
      Self.text + """

        def backwards(g, w, lr) { return w - lr * g }
        def short(w, g, lr, m) { return w - lr * g }
        """
    let graph = try Graph(parsing: own, file: "own.graph")
    let optimizer = Optimizer(Self.call(text), definedIn: graph)
    let error = #expect(throws: OptimizerError.self) {
      try graph.lowered().function.trainingStep(optimizer: optimizer)
    }
    #expect("\(try #require(error))".contains(message))
  }

  @Test func mistakesInsideAnOwnOptimizerAreOfTheFile() throws {
    let own = Self.text + "\ndef wrong(w, g, lr) { return w - lr * g @ g }\n"
    let graph = try Graph(parsing: own, file: "own.graph")
    let optimizer = Optimizer(Self.call("wrong"), definedIn: graph)
    let error = #expect(throws: Diagnostics.self) {
      try graph.lowered().function.trainingStep(optimizer: optimizer)
    }
    let first = try #require(error?.all.first)
    #expect(first.place?.line == 7)
    #expect(first.file == "own.graph")
    #expect(first.excerpt?.contains("g @ g") ?? false)
    #expect(first.notes.isEmpty)
  }

  @Test func aScheduleMakesOneNumber() throws {
    let own = Self.text + "\ndef wide(lr, t) { return stack(lr, lr) }\n"
    let graph = try Graph(parsing: own, file: "own.graph")
    let optimizer = Optimizer(.init("sgd"), schedules: [.init("wide")], definedIn: graph)
    let error = #expect(throws: OptimizerError.self) {
      try graph.lowered().function.trainingStep(optimizer: optimizer)
    }
    #expect("\(try #require(error))".hasPrefix("wide is no schedule: it makes f64[2]"))
  }

  @Test(arguments: ["adam", "adam()", "adam(beta1=0.5)", "adam( beta1 = 0.5 , epsilon=1e-3 )"])
  func callsAreRead(_ text: String) throws {
    let call = try #require(RuleCall(parsing: text))
    #expect(call.name == "adam")
    #expect(RuleCall(parsing: call.text) == call)
  }

  @Test(arguments: ["", "adam(", "adam)", "adam(beta1)", "adam(beta1=x)", "ad am", "a(b=1)c"])
  func whatIsNoCallIsNone(_ text: String) { #expect(RuleCall(parsing: text) == nil) }
}
