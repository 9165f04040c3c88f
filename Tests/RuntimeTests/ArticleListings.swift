// The listings of the articles in Sources/Runtime/NNRuntime.docc, compiled and run: what stands between `// Listing` and `// End` is, line
// for line, a listing of the article that is named there. ArticleTests compares the two.

import NNRuntime
import Testing

@Suite struct ArticleListings {
  @Test func graphsInSwift() throws {
    // Listing: GraphsInSwift
    let g = Graph()
    let x = g.input("x", [4, 2])
    let y = g.input("y", [4, 1])
    let w1 = g.param("w1", [2, 8])
    let b1 = g.param("b1", [1, 8], .zeros)
    let w2 = g.param("w2", [8, 1])
    let b2 = g.param("b2", [1, 1], .zeros)

    let hidden = tanh(dot(x, w1) + b1)
    let guess = tanh(dot(hidden, w2) + b2).named("guess")
    let cost = mse(guess, y)
    // End

    // Listing: GraphsInSwift
    let model = try g.compile(loss: cost, outputs: [guess])
    model[x] = [[0, 0], [0, 1], [1, 0], [1, 1]]
    model[y] = [[-1], [1], [1], [-1]]
    try model.forward()
    let before = model.loss
    let answers = model.value(of: guess).elements(as: Float.self)
    // End
    #expect(before > 0.9)
    #expect(answers.count == 4 && answers[0] == 0)

    // Listing: GraphsInSwift
    let line = try Graph(
      parsing: """
        dim batch = 3
        input x : f32[batch, 1]
        param w : f32[1, 1] = ones()
        output x @ w as y
        """, file: "line.graph")
    print(line.text)
    // End
    #expect(line.text.contains("param w : f32[1, 1] = ones()"))
  }

  @Test func shapesAndTypes() throws {
    // Listing: ShapesAndTypes
    let g = Graph()
    let rows = g.dim("rows", 32)
    let x = g.input("x", [rows, 4])
    let w = g.param("w", [4, 3], .constant(0.5))
    let k = g.input("k", [rows], .i32)
    g.output("y", dot(x, w) * expand(cast(k, .f32), axis: 1))

    let one = try g.compile(dims: ["rows": 1])
    one[x] = [[1, 2, 3, 4]]
    one[k] = Tensor([1], [Int32(2)])
    try one.forward()
    let y = one.value(of: "y")
    // End
    #expect(y == [[10, 10, 10]])

    // Listing: ShapesAndTypes
    let wrong = Graph()
    let image = wrong.input("image", [5, 784])
    let weights = wrong.param("weights", [100, 10])
    wrong.output("scores", dot(image, weights))
    do {
      _ = try wrong.lowered()
    } catch {
      print(error)  // … error: dot: image has 784 columns, but weights has 100 rows
    }
    // End
    #expect(throws: Diagnostics.self) { try wrong.lowered() }
    do {
      _ = try wrong.lowered()
    } catch {
      #expect("\(error)".contains("error: dot: image has 784 columns, but weights has 100 rows"))
    }
  }

  @Test func gradients() throws {
    // Listing: Gradients
    let g = Graph()
    let x1 = g.input("x1")
    let x2 = g.input("x2")
    let f = (sin(x1) + x1 * x2).named("f")

    let model = try g.compile(outputs: [f])
    model[x1] = 2
    model[x2] = 5
    try model.backward()
    let slopes = [model.gradient(of: x1), model.gradient(of: x2)]
    // End
    #expect(abs(slopes[0].doubles[0] - 4.5838532) < 1e-6 && slopes[1] == 2)

    // Listing: Gradients
    let h = Graph()
    let x = h.input("x", [2], .f64)
    let v = h.input("v", [2], .f64)
    let rosenbrock = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    let slope = grad(rosenbrock, x)
    h.output("product", grad(sum(slope * v), x))  // the Hessian times v
    // End
    let hessian = try h.compile()
    hessian[x] = Tensor([2], [1.0, 1.0])
    hessian[v] = Tensor([2], [1.0, 0.0])
    try hessian.forward()
    #expect(hessian.value(of: "product").doubles == [802, -400])

    // Listing: Gradients
    let own = Graph()
    try own.define(
      """
      def squash(x) { return tanh(x) } derivative(g, y) { return g * (1 - y * y) }
      """)
    let z = own.input("z")
    own.output("y", own.call("squash", [z]))
    // End
    #expect(try own.lowered().function.instructions.count > 0)
  }

  @Test func backends() throws {
    // Listing: BackendsAndEqualBits
    let g = Graph()
    let x = g.input("x", [8, 16])
    let w = g.param("w", [16, 4])
    let p = softmax(dot(x, w)).named("p")

    var results: [Tensor] = []
    for backend in [Backend.interpreter, .tcc] {
      let model = try g.compile(outputs: [p], backend: backend, threads: 2)
      model[x] = Tensor([8, 16], filledWith: 0.25)
      try model.forward()
      results.append(model.value(of: p))
    }
    let areEqual = results[0] == results[1]  // bit for bit
    // End
    #expect(areEqual)

    // Listing: BackendsAndEqualBits
    g.loss(sum(square(p)))
    var options = CheckOptions()
    options.compilers = []  // the interpreter and libtcc alone
    let passes = try Checker(g.lowered(), options: options).run { row in
      if !row.passed { print(row.what, row.against) }
    }
    // End
    #expect(passes)
  }

  @Test func training() throws {
    // Listing: TrainingAndOptimisers
    let g = Graph()
    let rows = g.dim("rows", 3)
    let x = g.input("x", [rows, 1])
    let y = g.input("y", [rows, 1])
    let w = g.param("w", [1, 1], .zeros)
    let b = g.param("b", [1, 1], .zeros)
    g.loss(mse(dot(x, w) + b, y))

    let model = try g.compile(optimizer: .adam)
    model[x] = [[0], [1], [2]]
    model[y] = [[1], [3], [5]]
    for _ in 0..<500 { try model.step(learningRate: 0.05) }
    // End
    #expect(abs(model[w].doubles[0] - 2) < 1e-3)

    // Listing: TrainingAndOptimisers
    try g.define(
      """
      def mine(w, g, lr, m, beta=0.9) { return w - lr * sign(beta * m + g), beta * m + g }
      """)
    let mine = Optimizer(
      RuleCall("mine", [RuleCall.Option(name: "beta", value: 0.5)]),
      schedules: [RuleCall("cosine_decay", [RuleCall.Option(name: "steps", value: 200)])],
      definedIn: g)
    // End
    #expect(mine.text.hasPrefix("mine(beta=0.5)"))

    // Listing: TrainingAndOptimisers
    let network = try g.lowered()
    var options = TrainingOptions()
    options.epochs = 40
    options.optimizer = mine
    options.heldOutRows = 10
    let places = (0..<60).map { Float($0) / 60 }
    let trainer = try Trainer(
      network,
      data: [Tensor([60, 1], places), Tensor([60, 1], places.map { 2 * $0 + 1 })],
      parameters: network.initialParameters(seed: 0), options: options,
      rebound: { try g.lowered(dims: ["rows": $0]) })
    var losses: [Double] = []
    try trainer.train { report in losses.append(report.loss) }
    // End
    #expect(losses.count == 40 && losses[39] < losses[0] / 10)
  }

  @Test func scanning() throws {
    // Listing: Scan
    let g = Graph()
    let x = g.input("x", [2, 5, 3])
    let w = g.param("w", [3, 4])
    let u = g.param("u", [4, 4])
    let b = g.param("b", [4], .zeros)

    let (forward, last) = scan(over: x, axis: 1, state: zeros([2, 4])) { step, h in
      let next = rnnCell(step, h, w: w, u: u, b: b)
      return (next: next, yield: next)
    }
    let (backward, _) = scan(over: x, axis: 1, reverse: true, state: zeros([2, 4])) { step, h in
      let next = rnnCell(step, h, w: w, u: u, b: b)
      return (next: next, yield: next)
    }
    g.output("states", concat([forward, backward], axis: 2))
    g.loss(sum(square(last)))
    // End
    let model = try g.compile()
    model[x] = Tensor([2, 5, 3], filledWith: 0.5)
    try model.backward()
    #expect(model.value(of: "states").shape == [2, 5, 8])
    #expect(model.gradient(of: u).doubles.contains { $0 != 0 })
  }

  @Test func savingAndLoading() throws {
    let g = Graph()
    let x = g.input("x", [1, 2])
    g.output("y", dot(x, g.param("w", [2, 1])))
    try withTemporaryFolder { folder in
      let model = try g.compile()
      model[x] = [[1, 2]]
      // Listing: SavingAndLoading
      let file = folder + "/model.safetensors"
      try SafeTensorsFile.write(model.parameters, to: file)

      let other = try g.compile(seed: 7)
      let saved = try SafeTensorsFile(reading: file)
      for name in saved.names {
        if let tensor = try saved.tensor(named: name) { other[name] = tensor }
      }
      // End
      other[x] = [[1, 2]]
      try model.forward()
      try other.forward()
      #expect(model.value(of: "y") == other.value(of: "y"))
    }
  }

  @Test func checkpoints() throws {
    let g = try Graph(
      parsing: """
        dim batch = 4
        input x : f32[batch, 1]
        param w : f32[1, 1] = ones()
        loss mean((x @ w)^2)
        """, file: "net.graph")
    let network = try g.lowered()
    let rows = Dataset([Tensor([8, 1], (0..<8).map { Float($0) })])
    var options = TrainingOptions()
    options.optimizer = .adam
    func trainer(from state: TrainingState) throws -> Trainer {
      try Trainer(
        network, data: rows, from: state, options: options,
        rebound: { try g.lowered(dims: ["batch": $0]) })
    }
    let start = TrainingState(parameters: network.initialParameters(seed: 0))
    try withTemporaryFolder { folder in
      let file = folder + "/training.safetensors"
      options.epochs = 4
      // Listing: SavingAndLoading
      let first = try trainer(from: start)
      try first.train { _ in }
      try TrainingCheckpoint(state: first.state).write(
        network, TrainingIdentity(first), producer: "my program", to: file)

      let state = try TrainingCheckpoint.state(
        in: SafeTensorsFile(reading: file), named: file, of: network, TrainingIdentity(first),
        states: first.state.optimizer)
      let second = try trainer(from: state)
      // End
      options.epochs = 6
      let rest = try trainer(from: state)
      try rest.train { _ in }
      let whole = try trainer(from: start)
      try whole.train { _ in }
      #expect(rest.parameters == whole.parameters)
      #expect(second.state.epoch == 5)
    }
  }

  @Test func emittingC() throws {
    try withTemporaryFolder { folder in
      // Listing: EmittingC
      let g = Graph()
      let x = g.input("x", [1, 2])
      let w = g.param("w", [2, 1])
      g.output("y", tanh(dot(x, w)))

      let model = try g.compile()
      try writeFile(g.text, to: folder + "/net.graph")
      try SafeTensorsFile.write(model.parameters, to: folder + "/net.safetensors")
      // End
      #expect(g.text.contains("output"))
    }
  }
}
