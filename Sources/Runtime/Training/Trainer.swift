// The training loop: steps of an optimiser over batches of rows. The last, smaller batch of an epoch is trained on by the same graph with
// its batch size rebound; parameters and the optimiser's state are shared.

import NNIR

/// Trains a network's parameters on rows of data.
public final class Trainer {
  public let network: Network
  public let options: TrainingOptions
  /// All that training has changed so far.
  public internal(set) var state: TrainingState
  /// How many of the first rows are trained on; the others are held out.
  public let trainingRows: Int
  public let rowCount: Int

  let data: Dataset
  let metrics: MetricPlan
  let batching: Batching
  private var steps: [Int: BatchFunction] = [:]
  /// What applies gradients that have been added up.
  private var application: BatchFunction?
  private var evaluations: [Int: BatchFunction] = [:]
  /// Where the present epoch began, from where a loss that is not finite is traced.
  var epochStart: TrainingState?

  /// Rows of a whole batch.
  public var batchSize: Int { batching.size }
  /// In the network's order.
  public var parameters: [Tensor] { state.parameters }
  public var accuracyMeasure: AccuracyMeasure? { metrics.accuracy }
  public var metricNames: [String] { metrics.metrics.map(\.rawValue) }

  /// - Parameters:
  ///   - data: a source an input of the network, in its order, each with as many rows as there are examples.
  ///   - state: where to begin; an optimiser without a state begins with zeros.
  ///   - rebound: the same network with another batch size; nil where the batch is no `dim`.
  public init(
    _ network: Network, data: Dataset, from state: TrainingState, options: TrainingOptions,
    rebound: ((Int) throws -> Network)?
  ) throws {
    guard network.function.result(.loss) != nil else { throw TrainingError.noLoss }
    self.network = network
    self.options = options
    self.state = state
    self.data = data
    if network.inputs.isEmpty { throw TrainingError.noRows }
    let inputs = network.function.arguments.filter { $0.role == .input }
    batching = try Batching(network, inputs, rebound: rebound)
    rowCount = data.count
    for (input, source) in zip(network.inputs, data.sources) where source.count != data.count {
      throw TrainingError.noBatch(input: input.name, type: source.type)
    }
    let heldOut = options.heldOutRows
    trainingRows = rowCount - heldOut
    guard trainingRows > 0, batching.size > 0 else { throw TrainingError.noRows }
    metrics = try MetricPlan(options.metrics, target: options.target?.name, for: network)
    for count in [trainingRows, heldOut] where count % batching.size != 0 && !batching.canRebind {
      throw TrainingError.batchIsFixed(batch: batching.size, rows: count)
    }
    if state.optimizer.isEmpty, options.accumulation > 1 {
      self.state.optimizer = try application(of: network).initialOptimizerState
    }
    // Errors of the network come before training, and the step knows its states.
    _ = try function(batch: min(batchSize, trainingRows), step: true)
    try take(self.state)
  }

  /// Goes on from where another training, with the same network, data and options, stood.
  public func take(_ state: TrainingState) throws {
    self.state = state
    if state.totals.rows == 0 { self.state.totals.metrics = metrics.emptySums }
    try checkPosition()
  }

  /// With all rows as tensors, from these parameters.
  public convenience init(
    _ network: Network, data: [Tensor], parameters: [Tensor], options: TrainingOptions,
    rebound: ((Int) throws -> Network)?
  ) throws {
    try self.init(
      network, data: Dataset(data), from: TrainingState(parameters: parameters), options: options,
      rebound: rebound)
  }

  public var batchesPerEpoch: Int { (trainingRows + batchSize - 1) / batchSize }

  /// A state that no training can have come to would lead out of the data.
  private func checkPosition() throws {
    let isInside =
      state.epoch >= 1 && state.step >= 0 && state.step < 1 << 48 && state.epochsSinceBest >= 0
      && (0...batchesPerEpoch).contains(state.batchesDone)
      && state.totals.rows == min(state.batchesDone * batchSize, trainingRows)
      && state.totals.metrics.count == metrics.emptySums.count
    if !isInside { throw TrainingError.impossibleState }
  }

  /// The first parameter that is not finite.
  public var parameterNotFinite: String? {
    zip(network.parameters, state.parameters).first { $1.firstNonFinite != nil }?.0.name
  }

  private func checkFinite() throws {
    if let name = parameterNotFinite {
      throw try diverged(name, batching.batches(of: order(ofEpoch: state.epoch)))
    }
  }

  // MARK: Epochs

  /// Trains for the epochs asked for, those of the state included.
  ///
  /// - Parameters:
  ///   - shouldStop: asked after every batch; an epoch that it ends early is not reported, and goes on when the state is trained again.
  ///   - progress: told after every batch.
  ///   - report: told after every epoch, once the state is that of the next.
  @discardableResult
  public func train(
    shouldStop: () -> Bool = { false }, progress: (TrainingProgress) throws -> Void = { _ in },
    report: (EpochReport) throws -> Void
  ) throws -> TrainingEnd {
    let begin = monotonicSeconds()
    var rowsTrained = 0
    if let end = endBeforeNextEpoch() { return end }
    let loader = BatchLoader(data)
    defer { loader.finish() }
    while state.epoch <= options.epochs {
      let start = monotonicSeconds()
      let isStopped = try trainEpoch(loader, shouldStop) { rows in
        rowsTrained += rows
        try progress(
          TrainingProgress(
            epoch: self.state.epoch, epochs: self.options.epochs, rows: self.state.totals.rows,
            rowsOfEpoch: self.trainingRows, seconds: monotonicSeconds() - begin,
            rowsTrained: rowsTrained, loss: self.state.totals.meanLoss))
      }
      try checkFinite()
      if isStopped { return .interrupted }
      let held = try evaluateHeldOut()
      if let loss = held?.meanLoss, !loss.isFinite {
        throw try heldOutNotFinite()
      }
      let finished = EpochReport(
        epoch: state.epoch, loss: state.totals.meanLoss, metrics: metrics.values(state.totals),
        validationLoss: held?.meanLoss, validationMetrics: held.map(metrics.values) ?? [],
        seconds: monotonicSeconds() - start)
      beginNextEpoch(after: finished)
      try report(finished)
      if let end = endBeforeNextEpoch() { return end }
      if shouldStop() { return .interrupted }
    }
    return .finished
  }

  /// Whether what has been achieved ends training, of an epoch now or before a break.
  private func endBeforeNextEpoch() -> TrainingEnd? {
    if let target = options.target, state.reached == target.text { return .reached }
    if let patience = options.patience, state.epochsSinceBest >= patience { return .noProgress }
    return nil
  }

  private func beginNextEpoch(after report: EpochReport) {
    let loss = report.validationLoss ?? report.loss
    if loss < state.bestLoss {
      state.bestLoss = loss
      state.epochsSinceBest = 0
    } else {
      state.epochsSinceBest += 1
    }
    state.history.append(EpochSummary(report))
    if let target = options.target, target.isReached(by: report) { state.reached = target.text }
    state.epoch += 1
    state.batchesDone = 0
    state.totals = EpochTotals(metrics: metrics.emptySums)
  }

  /// The order of an epoch's rows, which the seed and the epoch alone decide.
  private func order(ofEpoch epoch: Int) -> [Int] {
    options.shuffle
      ? shuffledRows(trainingRows, seed: options.seed, epoch: epoch) : Array(0..<trainingRows)
  }

  /// Trains on what the epoch has left; whether it was stopped before its end.
  private func trainEpoch(
    _ loader: BatchLoader, _ shouldStop: () -> Bool, done: (Int) throws -> Void
  ) throws -> Bool {
    let batches = batching.batches(of: order(ofEpoch: state.epoch))
    epochStart = state
    guard state.batchesDone < batches.count else { return false }
    loader.begin(batches[state.batchesDone])
    while state.batchesDone < batches.count {
      let rows = batches[state.batchesDone]
      let inputs = try loader.take(rows)
      if state.batchesDone + 1 < batches.count { loader.begin(batches[state.batchesDone + 1]) }
      let loss = try step(on: inputs, rows: rows.count)
      if !loss.isFinite { throw try notFinite(loss, batches) }
      try done(rows.count)
      if shouldStop(), state.batchesDone < batches.count { return true }
    }
    return false
  }

  func step(on inputs: [Tensor], rows: Int) throws -> Double {
    let function = try function(batch: rows, step: true)
    let (loss, output) = try function.run(&state, inputs, hyperparameters(state))
    state.batchesDone += 1
    add(loss, output, inputs, rows, to: &state.totals)
    let group = options.accumulation
    if group == 1 {
      state.step += 1
    } else if state.batchesDone % group == 0 || state.batchesDone * batchSize >= trainingRows {
      var last = hyperparameters(state)
      last.step = state.step
      _ = try applied().run(&state, [], last)
      state.step += 1
    }
    return loss
  }

  /// Those of the state's next batch.
  func hyperparameters(_ state: TrainingState) -> StepHyperparameters {
    var values = StepHyperparameters(
      learningRate: options.learningRate, seed: options.seed, step: state.step)
    let group = options.accumulation
    if group > 1 {
      let first = state.batchesDone / group * group * batchSize
      let rows = min(group * batchSize, trainingRows - first)
      let own = min(batchSize, trainingRows - state.batchesDone * batchSize)
      values.weight = Double(own) / Double(rows)
      // Every batch draws numbers of its own.
      values.step = (state.epoch - 1) * batchesPerEpoch + state.batchesDone
    }
    return values
  }

  func add(
    _ loss: Double, _ output: Tensor?, _ inputs: [Tensor], _ rows: Int,
    to totals: inout EpochTotals
  ) {
    totals.rows += rows
    totals.loss += loss * Double(rows)
    if let output, let target = target(inputs) {
      metrics.add(output: output, target: target, to: &totals.metrics)
    }
  }

  func target(_ inputs: [Tensor]) -> Tensor? {
    network.inputs.firstIndex { $0.name == metrics.target }.map { inputs[$0] }
  }

  // MARK: Functions

  func function(batch size: Int, step: Bool) throws -> BatchFunction {
    if let made = step ? steps[size] : evaluations[size] { return made }
    let network = try batching.network(ofBatch: size)
    let function =
      step
      ? try network.function.trainingStep(
        optimizer: options.optimizer, part: options.accumulation > 1 ? .gather : .whole,
        keepingOutputs: metrics.output != nil)
      : network.function.evaluation()
    if step, state.optimizer.isEmpty { state.optimizer = function.initialOptimizerState }
    let made = try compiled(function, of: network)
    if step { steps[size] = made } else { evaluations[size] = made }
    return made
  }

  private func compiled(_ function: Function, of network: Network) throws -> BatchFunction {
    BatchFunction(
      try Executable(function, options: options.execution), of: network,
      states: state.optimizer.map(\.name), output: metrics.output)
  }

  /// The optimiser's part of a step whose gradients are added up.
  private func applied() throws -> BatchFunction {
    if let application { return application }
    let made = try compiled(try application(of: network), of: network)
    application = made
    return made
  }

  func application(of network: Network) throws -> Function {
    try network.function.trainingStep(optimizer: options.optimizer, part: .apply)
  }
}
