// The training loop: batches, partial batches, held-out rows, accuracy and stopping.

import NNIR
import NNRuntime
import Testing

@Suite struct TrainerTests {
  static let text = """
    dim batch = 8
    input x : f32[batch, 2]
    input y : f32[batch, 2]
    param w : f32[2, 2]
    param b : f32[1, 2] = zeros()
    z = x @ w + b
    p = softmax(z, axis=1)
    output p
    loss cross_entropy(p, y)
    """

  /// Two clouds of points that a line separates.
  static func clouds(_ count: Int) -> [Tensor] {
    var random = SeededGenerator(seed: 11)
    var x: [Float] = []
    var y: [Float] = []
    for row in 0..<count {
      let side: Double = row % 2 == 0 ? 1.5 : -1.5
      x += [Float(side + random.normal() * 0.5), Float(-side + random.normal() * 0.5)]
      y += row % 2 == 0 ? [1, 0] : [0, 1]
    }
    return [Tensor([count, 2], x), Tensor([count, 2], y)]
  }

  static func trainer(
    rows: Int, backend: Backend = .auto, _ change: (inout TrainingOptions) -> Void = { _ in }
  ) throws -> Trainer {
    let graph = try Graph(parsing: text, file: "clouds.graph")
    let network = try graph.lowered()
    var options = TrainingOptions()
    options.execution.backend = backend
    options.epochs = 5
    change(&options)
    return try Trainer(
      network, data: clouds(rows), parameters: network.initialParameters(seed: 3),
      options: options, rebound: { try graph.lowered(dims: ["batch": $0]) })
  }

  @Test func learnsAndReportsAccuracy() throws {
    let trainer = try Self.trainer(rows: 101) { $0.heldOutRows = 20 }
    var reports: [EpochReport] = []
    try trainer.train { reports.append($0) }
    #expect(reports.map(\.epoch) == [1, 2, 3, 4, 5])
    let last = try #require(reports.last)
    #expect(last.loss < reports[0].loss)
    #expect(try #require(last.accuracy) > 0.95)
    #expect(try #require(last.validationAccuracy) > 0.95)
    #expect(try #require(last.validationLoss) < 0.4)
  }

  @Test func everyBackendTrainsToTheSameBits() throws {
    var results: [[Tensor]] = []
    for backend in [Backend.interpreter, .tcc, .cc] {
      let trainer = try Self.trainer(rows: 21, backend: backend)
      try trainer.train { _ in }
      results.append(trainer.parameters)
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }

  /// By hand: one step a batch, the last with three rows, in the order of the file.
  @Test func partialBatchesAreTrainedOn() throws {
    let trainer = try Self.trainer(rows: 11) {
      $0.epochs = 1
      $0.shuffle = false
    }
    var loss = 0.0
    try trainer.train { loss = $0.loss }
    let graph = try Graph(parsing: Self.text, file: "clouds.graph")
    let data = Self.clouds(11)
    var parameters = try graph.lowered().initialParameters(seed: 3)
    var total = 0.0
    for rows in [0..<8, 8..<11] {
      let network = try graph.lowered(dims: ["batch": rows.count])
      let model = try Model(network)
      model["w"] = parameters[0]
      model["b"] = parameters[1]
      model["x"] = data[0].rows(rows)
      model["y"] = data[1].rows(rows)
      total += try model.step(learningRate: 0.1) * Double(rows.count)
      parameters = model.parameters.map(\.tensor)
    }
    #expect(trainer.parameters == parameters)
    #expect(loss == total / 11)
  }

  @Test func aFixedBatchMustDivide() throws {
    let fixed = Self.text.replacing("batch,", with: "8,")
    let network = try Graph(parsing: fixed, file: "fixed.graph").lowered()
    #expect(throws: TrainingError.batchIsFixed(batch: 8, rows: 11)) {
      try Trainer(
        network, data: Self.clouds(11), parameters: network.initialParameters(seed: 0),
        options: TrainingOptions(), rebound: nil)
    }
  }

  @Test func stopsAtTheEndOfABatch() throws {
    let trainer = try Self.trainer(rows: 64)
    var asked = 0
    let stop = {
      asked += 1
      return asked == 3
    }
    let finished = try trainer.train(shouldStop: stop) { _ in Issue.record("no epoch ends") }
    #expect(finished == .interrupted)
    #expect(asked == 3)
  }

  @Test func accuracyKnowsItsTarget() throws {
    let network = try Graph(parsing: Self.text, file: "clouds.graph").lowered()
    #expect(
      network.accuracyMeasure == AccuracyMeasure(kind: .classes, output: "p", target: "y"))
    let sign = """
      input x : f32[4, 3]
      input t : f32[4, 1]
      param w : f32[3, 1]
      h = x @ w
      s = sign(h)
      output s
      loss perceptron_loss(h, t)
      """
    // A loss that this version may lack is written out.
    let text = sign.replacing("perceptron_loss(h, t)", with: "mean(maximum(0, -(t * h)))")
    let perceptron = try Graph(parsing: text, file: "perceptron.graph").lowered()
    #expect(
      perceptron.accuracyMeasure == AccuracyMeasure(kind: .sign, output: "s", target: "t"))
  }
}

/// Batches whose gradients are added up.
@Suite struct AccumulationTests {
  private static func trained(
    batch: Int, accumulation: Int, rows: Int = 22, optimizer: Optimizer = .adam
  ) throws -> TrainingState {
    let graph = try Graph(
      parsing: TrainerTests.text.replacing("f32", with: "f64"), file: "clouds.graph")
    var options = TrainingOptions()
    options.epochs = 3
    options.optimizer = optimizer
    options.learningRate = 0.01
    options.accumulation = accumulation
    let network = try graph.lowered(dims: ["batch": batch])
    let trainer = try Trainer(
      network, data: TrainerTests.clouds(rows).map { $0.converted(to: .f64) },
      parameters: network.initialParameters(seed: 3), options: options,
      rebound: { try graph.lowered(dims: ["batch": $0]) })
    try trainer.train { _ in }
    return trainer.state
  }

  /// The last group has two batches of its three, and the last of these fewer rows.
  @Test(arguments: [Optimizer.sgd, .adam, Optimizer(RuleCall("sgd"), clipping: .norm(0.1))])
  func smallBatchesAreAsOneLarge(_ optimizer: Optimizer) throws {
    let whole = try Self.trained(batch: 12, accumulation: 1, optimizer: optimizer)
    let parts = try Self.trained(batch: 4, accumulation: 3, optimizer: optimizer)
    #expect(whole.step == 6)
    #expect(parts.step == 6)
    for (a, b) in zip(whole.parameters, parts.parameters) {
      #expect(a.largestRelativeError(to: b) < 1e-11)
    }
    let sums = parts.optimizer.filter { $0.name.hasPrefix("gradient sum.") }
    #expect(sums.count == 2)
    for sum in sums { #expect(sum.tensor.doubles.allSatisfy { $0 == 0 }) }
  }
}

/// Metrics against numbers worked out by hand.
@Suite struct MetricTests {
  @Test func top5AndConfusion() throws {
    let graph = try Graph(
      parsing: """
        dim batch = 3
        input x : f64[batch, 6]
        input y : i32[batch]
        param w : f64[6, 6] = [[1,0,0,0,0,0],[0,1,0,0,0,0],[0,0,1,0,0,0],[0,0,0,1,0,0],[0,0,0,0,1,0],[0,0,0,0,0,1]]
        p = softmax(x @ w)
        output p
        loss mean(-sum(cast(one_hot(y, 6), f64) * log(p), -1))
        """, file: "six.graph")
    let network = try graph.lowered()
    var options = TrainingOptions()
    options.metrics = [.top5, .accuracy, .perplexity]
    options.learningRate = 0
    options.epochs = 1
    // The right class is first, fifth and last of six.
    let x = Tensor([3, 6], [5.0, 4, 3, 2, 1, 0, 5, 4, 3, 2, 1, 0, 5, 4, 3, 2, 1, 0])
    let trainer = try Trainer(
      network, data: [x, Tensor([Int32(0), 4, 5])],
      parameters: network.initialParameters(seed: 0), options: options, rebound: nil)
    var report: EpochReport?
    try trainer.train { report = $0 }
    let values = try #require(report).metrics
    #expect(values.map(\.metric) == [.top5, .accuracy, .perplexity])
    #expect(abs(values[0].value - 2.0 / 3) < 1e-12)
    #expect(abs(values[1].value - 1.0 / 3) < 1e-12)
    // The mean of -log p is log Σe^k + (5 + 1 + 0) / 3 less than the logits.
    let normaliser = 148.413159 + 54.598150 + 20.085537 + 7.389056 + 2.718282 + 1
    let perplexity = normaliser / 7.389056
    #expect(abs(values[2].value - perplexity) < 1e-4 * perplexity)
    let counts = try #require(try trainer.confusion())
    #expect(counts[0][0] == 1 && counts[4][0] == 1 && counts[5][0] == 1)
    #expect(counts.joined().reduce(0, +) == 3)
  }

  @Test func explainedVariance() throws {
    let graph = try Graph(
      parsing: """
        dim batch = 2
        input x : f64[batch, 1]
        input y : f64[batch, 1]
        param w : f64[1, 1] = ones()
        h = x * w
        output h
        loss mse(h, y)
        """, file: "line.graph")
    let network = try graph.lowered()
    var options = TrainingOptions()
    options.learningRate = 0
    options.epochs = 1
    let trainer = try Trainer(
      network, data: [Tensor([4, 1], [1.0, 2, 3, 4]), Tensor([4, 1], [1.0, 2, 4, 5])],
      parameters: network.initialParameters(seed: 0), options: options, rebound: nil)
    var report: EpochReport?
    try trainer.train { report = $0 }
    // Errors 0, 0, 1, 1; y has mean 3 and squared deviations 4, 1, 1, 4.
    let r2 = try #require(report?.metrics.first)
    #expect(r2.metric == .r2)
    #expect(abs(r2.value - 0.8) < 1e-12)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let graph = try Graph(
      parsing: "input x : f32[2, 1]\nparam w : f32[1, 1]\nloss sum(x @ w)\n", file: "sum.graph")
    let network = try graph.lowered()
    var options = TrainingOptions()
    for metric in [Metric.accuracy, .top5, .r2] {
      options.metrics = [metric]
      #expect(throws: TrainingError.self) {
        try Trainer(
          network, data: [Tensor([2, 1], [Float(1), 2])],
          parameters: network.initialParameters(seed: 0), options: options, rebound: nil)
      }
    }
  }
}
