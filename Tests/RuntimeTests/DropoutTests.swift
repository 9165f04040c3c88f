// Dropout: what it drops by definition, that it acts in training steps alone, and that every backend drops the same.

import NNIR
import Testing

@testable import NNRuntime

@Suite struct DropoutTests {
  private static let text = """
    input x : f32[250, 8]
    param w : f32[8, 40]
    h = x @ w
    d = dropout(h, 0.3)
    e = dropout(h, 0.3)
    output d
    output e
    loss mean(d * e)
    """

  private static func step(_ text: String = text) throws -> Function {
    try Graph(parsing: text, file: "dropout.graph").lowered().function
      .trainingStep(keepingOutputs: true)
  }

  private static func arguments(_ step: Function, seed: Int64, step number: Int64) -> [Tensor] {
    var random = SeededGenerator(seed: 8)
    return step.arguments.map { argument in
      switch argument.hyperparameter {
      case .learningRate, .weight: Tensor(.scalar, filledWith: 0.5, element: argument.type.element)
      case .seed: Tensor(scalar: seed)
      case .step: Tensor(scalar: number)
      case nil: random.tensor(argument.type, special: false)
      }
    }
  }

  /// Which of the first elements stay: from Tests/Reference/lookup_reference.py.
  @Test(arguments: [
    (0.5, 0, 0, 0, "00011101100101011100111010011000"),
    (0.5, 0, 0, 1, "10000010011100100010011000111111"),
    (0.5, 0, 1, 0, "11100011001101110101100010110001"),
    (0.25, 7, 3, 2, "11111111111111110111011101111100"),
  ]) func dropsByDefinition(
    rate: Double, seed: Int, step: Int, key: Int, expected: String
  ) throws {
    for element in [ElementType.f32, .f64] {
      let builder = FunctionBuilder(name: "factors")
      let scalar = TensorType(.i64, .scalar)
      let operands = ["seed", "step"].map {
        builder.argument(Argument(name: $0, role: .hyperparameter, type: scalar))
      }
      let factors = builder.append(
        .random(Dropout(key: key, rate: rate)), operands, type: TensorType(element, [32]))
      builder.result("factors", .output, factors)
      let numbers = expected.map { $0 == "1" ? 1 / (1 - rate) : 0 }
      for backend in LookupTests.backends {
        let executable = try Executable(
          builder.function, options: ExecutionOptions(backend: backend))
        let found = try executable.call([Tensor(scalar: Int64(seed)), Tensor(scalar: Int64(step))])
        #expect(found[0] == Tensor([32], numbers).converted(to: element))
      }
    }
  }

  @Test func theShareAndTheScaleAreRight() throws {
    let step = try Self.step()
    let results = try Interpreter().evaluate(
      step, arguments: Self.arguments(step, seed: 1, step: 0))
    let outputs = zip(step.results, results).filter { $0.0.role == .output }.map(\.1)
    let whole = try Graph(parsing: Self.text, file: "dropout.graph").lowered().function.forward()
    let plain = try Interpreter().evaluate(
      whole, arguments: Array(Self.arguments(step, seed: 1, step: 0)[..<2]))[0]
    var kept = [[Bool]]()
    for output in outputs {
      var count = 0
      kept.append([])
      for index in 0..<output.count {
        let value = output[flat: index].float
        let isKept = value == plain[flat: index].float * Float(1 / 0.7)
        #expect(isKept || value == 0)
        kept[kept.count - 1].append(isKept)
        count += isKept ? 1 : 0
      }
      // 10,000 throws with a deviation of 0.0046.
      #expect(abs(Double(count) / 10_000 - 0.7) < 0.02)
    }
    // Two dropouts are two.
    let both = zip(kept[0], kept[1]).count { $0 && $1 }
    #expect(abs(Double(both) / 10_000 - 0.49) < 0.02)
  }

  @Test func seedAndStepDecide() throws {
    let step = try Self.step()
    let executable = try Executable(step, options: ExecutionOptions(backend: .tcc, threads: 2))
    func loss(_ seed: Int64, _ number: Int64) throws -> Tensor {
      let results = try executable.call(Self.arguments(step, seed: seed, step: number))
      return try #require(results.last)
    }
    #expect(try loss(1, 0) == loss(1, 0))
    #expect(try loss(1, 0) != loss(2, 0))
    #expect(try loss(1, 0) != loss(1, 1))
    #expect(try loss(1, 1) != loss(2, 0))
    #expect(try loss(1, 0) != loss(1 << 32 | 1, 0))
  }

  @Test func everyBackendDropsTheSame() throws {
    for text in [Self.text, Self.text.replacing("f32", with: "f64")] {
      let step = try Self.step(text)
      let arguments = Self.arguments(step, seed: -3, step: 1 << 40)
      let expected = try Interpreter().evaluate(step, arguments: arguments)
      for backend in [Backend.tcc, .cc] {
        for threads in [1, 2, 3] {
          for fuse in [true, false] {
            let options = ExecutionOptions(backend: backend, threads: threads, fuse: fuse)
            #expect(try Executable(step, options: options).call(arguments) == expected)
          }
        }
      }
    }
  }

  /// Outside of training steps x is x, bits and all, as if no dropout stood there.
  @Test func doesNothingOutsideOfTraining() throws {
    func network(_ text: String) throws -> Function {
      try Graph(parsing: text, file: "dropout.graph").lowered().function
    }
    let without = try network(
      Self.text.replacing("dropout(h, 0.3)", with: "h"))
    let with = try network(Self.text)
    #expect(with.forward() == without.forward())
    #expect(with.evaluation() == without.evaluation())
    #expect(try with.gradient() == without.gradient())
    #expect(try with.trainingStep() != without.trainingStep())
    #expect(
      try without.trainingStep().arguments.compactMap(\.hyperparameter) == [.learningRate])
    #expect(
      try with.trainingStep().arguments.compactMap(\.hyperparameter) == [
        .learningRate, .seed, .step,
      ])
  }

  /// The derivative goes through the mask that the value went through.
  @Test func theGradientHasTheSameMask() throws {
    let text =
      "input x : f64[64]\nparam w : f64[64]\nd = dropout(w * x, 0.4)\noutput d\nloss sum(d)"
    let step = try Self.step(text)
    let arguments = Self.arguments(step, seed: 4, step: 2)
    let results = try Interpreter().evaluate(step, arguments: arguments)
    let (w, x) = (arguments[0].doubles, arguments[1].doubles)
    let factors = zip(results[1].doubles, zip(w, x)).map { $0 / ($1.0 * $1.1) }
    for (index, updated) in results[0].doubles.enumerated() {
      #expect(abs(updated - (w[index] - 0.5 * x[index] * factors[index])) < 1e-12)
    }
  }

  @Test func trainersTakeTheSeedAndCountTheSteps() throws {
    let text = TrainerTests.text.replacing("softmax(z", with: "softmax(dropout(z, 0.5)")
    let graph = try Graph(parsing: text, file: "dropout.graph")
    let network = try graph.lowered()
    func trained(_ seed: UInt64, _ backend: Backend) throws -> [Tensor] {
      var options = TrainingOptions()
      options.execution.backend = backend
      options.epochs = 3
      options.shuffle = false
      options.seed = seed
      let trainer = try Trainer(
        network, data: TrainerTests.clouds(21), parameters: network.initialParameters(seed: 3),
        options: options, rebound: { try graph.lowered(dims: ["batch": $0]) })
      try trainer.train { _ in }
      return trainer.parameters
    }
    let expected = try trained(1, .interpreter)
    #expect(try trained(1, .tcc) == expected)
    #expect(try trained(1, .cc) == expected)
    #expect(try trained(2, .tcc) != expected)
    // Step by step by hand.
    let model = try Model(network, options: ExecutionOptions(backend: .tcc), seed: 1)
    let step = try network.function.trainingStep()
    var parameters = network.initialParameters(seed: 1)
    let data = TrainerTests.clouds(8)
    (model["x"], model["y"]) = (data[0], data[1])
    for number in 0..<3 {
      try model.step(learningRate: 0.25)
      let rate = Tensor(.scalar, filledWith: 0.25)
      let results = try Interpreter().evaluate(
        step,
        arguments: parameters + data + [
          rate, Tensor(scalar: Int64(1)), Tensor(scalar: Int64(number)),
        ])
      parameters = Array(results[..<2])
      #expect(model.parameters.map(\.tensor) == parameters)
    }
  }

  // MARK: In scans

  private static let recurrent = """
    input x : f64[11, 5, 4]
    param w : f64[4, 4]
    ys, last = scan(x_t in x, axis=0, reverse=true, h = cast(zeros([5, 4]), f64)) {
      h = tanh(dropout(x_t, 0.5) + h @ w)
      yield dropout(h, 0.25)
    }
    output ys
    loss sum(ys^2) + sum(last)
    """

  @Test func eachStepOfAScanDropsAnew() throws {
    let step = try Self.step(Self.recurrent)
    #expect(step.arguments.compactMap(\.hyperparameter) == [.learningRate, .seed, .step])
    let results = try Interpreter().evaluate(
      step, arguments: Self.arguments(step, seed: 3, step: 1))
    let ys = results[1].doubles
    let masks = (0..<11).map { ys[$0 * 20..<($0 + 1) * 20].map { $0 == 0 } }
    #expect(Set(masks).count == 11)
    let share = Double(ys.count { $0 == 0 }) / 220
    #expect(abs(share - 0.25) < 0.12)
  }

  @Test func everyBackendDropsTheSameInScans() throws {
    for text in [Self.recurrent, Self.recurrent.replacing("f64", with: "f32")] {
      let step = try Self.step(text)
      let arguments = Self.arguments(step, seed: 9, step: 4)
      let expected = try Interpreter().evaluate(step, arguments: arguments)
      for backend in [Backend.tcc, .cc] {
        for fuse in [true, false] {
          let options = ExecutionOptions(backend: backend, threads: 2, fuse: fuse)
          #expect(try Executable(step, options: options).call(arguments) == expected)
        }
      }
    }
  }

  /// A scan in stretches, the last of them shorter, drops what it drops as one.
  @Test func checkpointsDropTheSame() throws {
    let network = try Graph(parsing: Self.recurrent, file: "dropout.graph").lowered().function
    let plain = try network.trainingStep(keepingOutputs: true)
    let cut = try network.checkpointed().trainingStep(keepingOutputs: true)
    let arguments = Self.arguments(plain, seed: 3, step: 1)
    let expected = try Interpreter().evaluate(plain, arguments: arguments)
    let found = try Interpreter().evaluate(cut, arguments: arguments)
    #expect(found[1...] == expected[1...])
    #expect(found[0].normError(to: expected[0]) < 1e-14)
  }

  /// Along a direction, by central differences with the same seed and step.
  @Test func theGradientOfAScanHasTheSameMasks() throws {
    let step = try Self.step(Self.recurrent)
    let arguments = Self.arguments(step, seed: 3, step: 1)
    func loss(_ distance: Double) throws -> Double {
      var moved = arguments
      let w = arguments[0].doubles.enumerated().map { $1 + ($0 % 3 == 0 ? distance : -distance) }
      moved[0] = Tensor([4, 4], w)
      return try #require(try Interpreter().evaluate(step, arguments: moved).last)[flat: 0].double
    }
    let updated = try Interpreter().evaluate(step, arguments: arguments)[0].doubles
    var slope = 0.0
    for (index, (old, new)) in zip(arguments[0].doubles, updated).enumerated() {
      slope += (old - new) / 0.5 * (index % 3 == 0 ? 1 : -1)
    }
    let measured = try (loss(1e-6) - loss(-1e-6)) / 2e-6
    #expect(abs(slope - measured) < 1e-6 * max(1, abs(measured)))
  }

  @Test func scansDropNothingOutsideOfTraining() throws {
    func values(_ text: String) throws -> [Tensor] {
      let network = try Graph(parsing: text, file: "dropout.graph").lowered().function
      let function = try network.gradient(keepingOutputs: true)
      return try Interpreter().evaluate(
        function, arguments: Self.arguments(function, seed: 0, step: 0))
    }
    let without = Self.recurrent.replacing("dropout(x_t, 0.5)", with: "x_t")
      .replacing("dropout(h, 0.25)", with: "h")
    #expect(try values(Self.recurrent) == values(without))
  }
}
