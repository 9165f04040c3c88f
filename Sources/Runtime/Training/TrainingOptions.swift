// What a user decides about training, and what training says.

import NNIR

public struct TrainingOptions: Sendable {
  public var epochs = 20
  public var optimizer = Optimizer.sgd
  /// Before any schedule.
  public var learningRate = 0.1
  /// Whether each epoch visits the rows in a new order, which the seed decides.
  public var shuffle = true
  /// How many of the rows, the last ones, are held out.
  public var heldOutRows = 0
  /// Ends training after so many epochs in a row without a lower loss on the rows held out, or without any on all.
  public var patience: Int?
  /// Ends training once an epoch's value is reached.
  public var target: TrainingTarget?
  public var metrics: [Metric] = []
  /// Batches whose gradients are added up for one step, weighted by their rows: as if they were one.
  public var accumulation = 1
  public var seed: UInt64 = 0
  public var execution = ExecutionOptions()

  public init() {}
}

/// `accuracy=0.97`, `loss=0.05`: of the rows held out where there are some.
public struct TrainingTarget: Hashable, Sendable {
  public var name: String
  public var value: Double

  public init(name: String, value: Double) {
    self.name = name
    self.value = value
  }

  public var text: String { "\(name)=\(value)" }

  /// Losses are to fall to it, everything else is to rise.
  func isReached(by report: EpochReport) -> Bool {
    guard let found = report.value(of: name) else { return false }
    return Metric.isBetterLower(name) ? found <= value : found >= value
  }
}

/// What an epoch achieved. Losses are means over rows.
public struct EpochReport: Hashable, Sendable {
  /// From 1 on.
  public var epoch: Int
  public var loss: Double
  /// By metric, those that need rows held out last.
  public var metrics: [MetricValue]
  public var validationLoss: Double?
  public var validationMetrics: [MetricValue]
  public var seconds: Double

  public var accuracy: Double? { metrics.first { $0.metric == .accuracy }?.value }
  public var validationAccuracy: Double? {
    validationMetrics.first { $0.metric == .accuracy }?.value
  }

  /// By the name that `--until` has for it.
  func value(of name: String) -> Double? {
    if name == "loss" { return validationLoss ?? loss }
    let values = validationLoss == nil ? metrics : validationMetrics
    return values.first { $0.metric.rawValue == name }?.value
  }
}

public struct MetricValue: Hashable, Sendable {
  public var metric: Metric
  public var value: Double
}

/// Where training is within an epoch.
public struct TrainingProgress: Sendable {
  public var epoch: Int
  public var epochs: Int
  public var rows: Int
  public var rowsOfEpoch: Int
  /// Since this call of `train` began, and how many rows it has trained on.
  public var seconds: Double
  public var rowsTrained: Int
  /// The mean of the epoch so far.
  public var loss: Double

  public var rowsPerSecond: Double { seconds > 0 ? Double(rowsTrained) / seconds : 0 }
  /// Until the last epoch ends, in seconds.
  public var remaining: Double {
    let left = Double(rowsOfEpoch - rows) + Double(epochs - epoch) * Double(rowsOfEpoch)
    return rowsPerSecond > 0 ? left / rowsPerSecond : 0
  }
}

/// Why training ended.
public enum TrainingEnd: Hashable, Sendable {
  /// All epochs are done.
  case finished
  case interrupted
  /// The target is reached.
  case reached
  /// No epoch of so many was better.
  case noProgress
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
  /// A checkpoint that says what cannot be.
  case impossibleState
  /// The loss, and the first value that is not finite.
  case notFinite(loss: Double, epoch: Int, batch: Int, cause: String?)
  /// A parameter that is not finite after a step, or the loss on rows held out.
  case diverged(what: String, epoch: Int, cause: String? = nil)
  /// A metric that this network has no outputs for.
  case metricDoesNotFit(Metric, reason: String)

  public var description: String {
    switch self {
    case .noLoss: "the graph has no loss to train"
    case .noBatch(let input, let type):
      "input '\(input)' (\(type)) has no axis of rows like the others"
    case .batchIsFixed(let batch, let rows):
      "\(rows) rows do not divide into batches of \(batch), and the leading size is written as a number: "
        + "make it a dim"
    case .noRows: "there are no rows to train on"
    case .impossibleState:
      "the checkpoint says that training stands where it cannot: it is damaged"
    case .notFinite(let loss, let epoch, let batch, let cause):
      "the loss became \(loss.isNaN ? "nan" : "\(loss)") in epoch \(epoch), batch \(batch)"
        + (cause.map { ": \($0)" } ?? "")
    case .diverged(let what, let epoch, let cause):
      "\(what) is not finite in epoch \(epoch)" + (cause.map { ": \($0)" } ?? "")
    case .metricDoesNotFit(let metric, let reason): "--metric \(metric.rawValue): \(reason)"
    }
  }
}
