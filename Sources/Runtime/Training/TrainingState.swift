// All that training changes, and so all that a checkpoint has to hold: with it, and the same data and options, training goes on to the
// same bits as if it had never stopped.

import NNIR

/// Sums over the rows of an epoch so far.
public struct EpochTotals: Hashable, Sendable {
  public var rows = 0
  public var loss = 0.0
  /// By metric, in the trainer's order.
  public var metrics: [Double] = []

  /// The mean over rows.
  public var meanLoss: Double { loss / Double(rows) }
}

/// What an epoch achieved, for curves; NaN for what there is not.
public struct EpochSummary: Hashable, Sendable {
  public var loss: Double
  public var validationLoss: Double
  /// The first metric, on the rows trained on and on those held out.
  public var metric: Double
  public var validationMetric: Double

  static let width = 4
  var values: [Double] { [loss, validationLoss, metric, validationMetric] }

  init(_ report: EpochReport) {
    loss = report.loss
    validationLoss = report.validationLoss ?? .nan
    metric = report.metrics.first?.value ?? .nan
    validationMetric = report.validationMetrics.first?.value ?? .nan
  }

  /// - Parameter values: as many as `width`.
  init(_ values: ArraySlice<Double>) {
    let first = values.startIndex
    loss = values[first]
    validationLoss = values[first + 1]
    metric = values[first + 2]
    validationMetric = values[first + 3]
  }
}

public struct TrainingState: Sendable {
  /// In the network's order.
  public var parameters: [Tensor]
  /// The optimiser's, `m.w1`, in the order of the step's arguments.
  public var optimizer: [NamedTensor]
  /// How many steps have been taken.
  public var step = 0
  /// The epoch at work, from 1 on, and how many of its batches are done.
  public var epoch = 1
  public var batchesDone = 0
  public var totals = EpochTotals()
  /// The least loss so far on the rows held out, or without any on all, and how many epochs ago that was.
  public var bestLoss = Double.infinity
  public var epochsSinceBest = 0

  /// What each epoch achieved.
  public var history: [EpochSummary] = []
  /// The target that has been reached, `accuracy=0.97`; empty before.
  public var reached = ""

  public init(parameters: [Tensor], optimizer: [NamedTensor] = []) {
    self.parameters = parameters
    self.optimizer = optimizer
  }
}
