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
