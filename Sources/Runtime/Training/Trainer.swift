// The training loop: stochastic gradient descent over batches of rows. The last, smaller batch of an epoch is trained on by the
// same graph with its batch size rebound; the parameters are shared.

import NNIR

public struct TrainingOptions: Sendable {
  public var epochs = 20
  public var learningRate = 0.1
  /// Whether each epoch visits the rows in a new order, which the seed decides.
  public var shuffle = true
  /// How many of the rows, the last ones, are held out.
  public var heldOutRows = 0
  public var seed: UInt64 = 0
  public var execution = ExecutionOptions()

  public init() {}
}

/// What an epoch achieved. Losses are means over rows; accuracies are fractions of them.
public struct EpochReport: Hashable, Sendable {
  /// From 1 on.
  public var epoch: Int
  public var loss: Double
  public var accuracy: Double?
  public var validationLoss: Double?
  public var validationAccuracy: Double?
  public var seconds: Double
}

public enum TrainingError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The graph has no loss.
  case noLoss
  /// An input has no axis of rows, or inputs disagree about their number.
  case noBatch(input: String, type: TensorType)
  /// A partial batch is needed, but the batch is no `dim` of the graph.
  case batchIsFixed(batch: Int, rows: Int)
  /// There are no rows to train on.
  case noRows

  public var description: String {
    switch self {
    case .noLoss: "the graph has no loss to train"
    case .noBatch(let input, let type):
      "input '\(input)' (\(type)) has no axis of rows like the others"
    case .batchIsFixed(let batch, let rows):
      "\(rows) rows do not divide into batches of \(batch), and the leading size is written as a number: "
        + "make it a dim"
    case .noRows: "there are no rows to train on"
    }
  }
}

/// Trains a network's parameters on rows of data.
public final class Trainer {
  public let network: Network
  public let options: TrainingOptions
  /// In the network's order.
  public private(set) var parameters: [Tensor]
  /// How many of the first rows are trained on; the others are held out.
  public let trainingRows: Int
  public let rowCount: Int
  public let accuracyMeasure: AccuracyMeasure?

  /// A tensor an input, in the network's order.
  private let data: [Tensor]
  private let batch: Int
  private let rebound: ((Int) throws -> Network)?
  /// How many steps have been taken.
  private var stepCount = 0
  private var steps: [Int: BatchFunction] = [:]
  private var evaluations: [Int: BatchFunction] = [:]

  /// - Parameters:
  ///   - data: a tensor an input of the network, in its order, each with as many rows as there are examples.
  ///   - parameters: the values to start from, in the network's order.
  ///   - rebound: the same network with another batch size; nil where the batch is no `dim`.
  public init(
    _ network: Network, data: [Tensor], parameters: [Tensor], options: TrainingOptions,
    rebound: ((Int) throws -> Network)?
  ) throws {
    guard network.function.result(.loss) != nil else { throw TrainingError.noLoss }
    self.network = network
    self.options = options
    self.parameters = parameters
    self.data = data
    self.rebound = rebound
    batch = try Self.batchSize(network)
    rowCount = data.first?.shape[0] ?? 0
    for (input, tensor) in zip(network.inputs, data) where tensor.shape[0] != rowCount {
      throw TrainingError.noBatch(input: input.name, type: tensor.type)
    }
    let heldOut = options.heldOutRows
    trainingRows = rowCount - heldOut
    guard trainingRows > 0, batch > 0 else { throw TrainingError.noRows }
    accuracyMeasure = network.accuracyMeasure
    for count in [trainingRows, heldOut] where count % batch != 0 && rebound == nil {
      throw TrainingError.batchIsFixed(batch: batch, rows: count)
    }
  }

  private static func batchSize(_ network: Network) throws -> Int {
    guard let first = network.inputs.first else { throw TrainingError.noRows }
    for input in network.inputs {
      guard input.type.shape.rank > 0, first.type.shape.rank > 0,
        input.type.shape[0] == first.type.shape[0]
      else { throw TrainingError.noBatch(input: input.name, type: input.type) }
    }
    return first.type.shape[0]
  }

  /// Trains for the epochs asked for. `shouldStop` is asked after every batch; an epoch that it ends early is not reported.
  /// Gives whether training ran to its end.
  @discardableResult
  public func train(
    shouldStop: () -> Bool = { false }, report: (EpochReport) throws -> Void
  ) throws -> Bool {
    for epoch in 1...max(options.epochs, 1) where epoch <= options.epochs {
      let start = monotonicNanoseconds()
      let order =
        options.shuffle
        ? shuffledRows(trainingRows, seed: options.seed, epoch: epoch) : Array(0..<trainingRows)
      guard let training = try run(order, shouldStop: shouldStop, step: true) else { return false }
      let held = try run(Array(trainingRows..<rowCount), shouldStop: shouldStop, step: false)
      let seconds = Double(monotonicNanoseconds() - start) * 1e-9
      try report(
        EpochReport(
          epoch: epoch, loss: training.meanLoss, accuracy: accuracy(training),
          validationLoss: held.flatMap { $0.rows > 0 ? $0.meanLoss : nil },
          validationAccuracy: held.flatMap(accuracy), seconds: seconds))
      if shouldStop() { return false }
    }
    return true
  }

  /// Loss and accuracy on the rows that are held out, with the present parameters; nil where there are none.
  public func validate() throws -> (loss: Double, accuracy: Double?)? {
    guard trainingRows < rowCount else { return nil }
    let totals = try run(Array(trainingRows..<rowCount), shouldStop: { false }, step: false)
    return totals.map { ($0.meanLoss, accuracy($0)) }
  }

  // MARK: Batches

  private struct Totals {
    var rows = 0
    var loss = 0.0
    var correct = 0.0

    var meanLoss: Double { loss / Double(rows) }
  }

  private func accuracy(_ totals: Totals) -> Double? {
    guard accuracyMeasure != nil, totals.rows > 0 else { return nil }
    return totals.correct / Double(totals.rows)
  }

  /// Runs over the rows in batches; nil where it was stopped.
  private func run(_ order: [Int], shouldStop: () -> Bool, step: Bool) throws -> Totals? {
    var totals = Totals()
    for begin in stride(from: 0, to: order.count, by: batch) {
      let rows = order[begin..<min(begin + batch, order.count)]
      let inputs = data.map { $0.rows(rows) }
      let function = try function(batch: rows.count, step: step)
      let hyperparameters = StepHyperparameters(
        learningRate: options.learningRate, seed: options.seed, step: stepCount)
      let (loss, output) = try function.run(&parameters, inputs, hyperparameters)
      if step { stepCount += 1 }
      totals.rows += rows.count
      totals.loss += loss * Double(rows.count)
      if let accuracyMeasure, let output, let target = target(accuracyMeasure, inputs) {
        totals.correct += accuracyMeasure.correctRows(output: output, target: target)
      }
      if step, shouldStop(), begin + batch < order.count { return nil }
    }
    return totals
  }

  private func target(_ measure: AccuracyMeasure, _ inputs: [Tensor]) -> Tensor? {
    network.inputs.firstIndex { $0.name == measure.target }.map { inputs[$0] }
  }

  private func function(batch size: Int, step: Bool) throws -> BatchFunction {
    if let made = step ? steps[size] : evaluations[size] { return made }
    var network = network
    if size != batch {
      guard let rebound else {
        throw TrainingError.batchIsFixed(batch: batch, rows: size)
      }
      network = try rebound(size)
    }
    let function =
      step
      ? try network.function.trainingStep(keepingOutputs: accuracyMeasure != nil)
      : network.function.evaluation()
    let made = BatchFunction(
      try Executable(function, options: options.execution), of: network,
      output: accuracyMeasure?.output)
    if step { steps[size] = made } else { evaluations[size] = made }
    return made
  }
}

/// A step or an evaluation for one batch size.
private final class BatchFunction {
  private let executable: Executable
  /// Where each argument comes from: a parameter, an input, or nil for a hyperparameter.
  private let sources: [(isParameter: Bool, number: Int)?]
  /// The argument that each parameter is.
  private let parameterIndices: [Int]
  private let lossIndex: Int
  private let outputIndex: Int?
  private var results: [Tensor]

  init(_ executable: Executable, of network: Network, output: String?) {
    self.executable = executable
    let function = executable.function
    sources = function.arguments.map { argument in
      switch argument.role {
      case .parameter:
        network.parameters.firstIndex { $0.name == argument.name }.map { (true, $0) }
      case .input: network.inputs.firstIndex { $0.name == argument.name }.map { (false, $0) }
      case .hyperparameter: nil
      }
    }
    parameterIndices = network.parameters.compactMap { parameter in
      function.arguments.firstIndex { $0.name == parameter.name }
    }
    lossIndex = function.results.firstIndex { $0.role == .loss } ?? 0
    outputIndex = function.results.firstIndex { $0.role == .output && $0.name == output }
    results = executable.emptyResults()
  }

  func run(
    _ parameters: inout [Tensor], _ inputs: [Tensor], _ hyperparameters: StepHyperparameters
  ) throws -> (loss: Double, output: Tensor?) {
    var arguments = zip(sources, executable.function.arguments).map { source, argument in
      guard let source else {
        return hyperparameters.value(of: argument.hyperparameter ?? .learningRate, argument.type)
      }
      return source.isParameter ? parameters[source.number] : inputs[source.number]
    }
    // While the step runs, its arguments are the only ones to hold the parameters: they are updated where they are.
    parameters = []
    defer { parameters = parameterIndices.map { arguments[$0] } }
    try executable.run(arguments: &arguments, results: &results)
    return (results[lossIndex][flat: 0].double, outputIndex.map { results[$0] })
  }
}
