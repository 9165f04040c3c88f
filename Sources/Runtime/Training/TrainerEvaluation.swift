// What a trained network is worth: loss and metrics on rows that are held out, and which classes it takes for which.

import NNIR

extension Trainer {
  /// Loss and metrics on the rows that are held out, with the present parameters; nil where there are none.
  public func validate() throws -> (loss: Double, metrics: [MetricValue])? {
    try evaluateHeldOut().map { ($0.meanLoss, metrics.values($0)) }
  }

  func evaluateHeldOut() throws -> EpochTotals? {
    if trainingRows == rowCount { return nil }
    var totals = EpochTotals(metrics: metrics.emptySums)
    try evaluate(Array(trainingRows..<rowCount)) { loss, output, inputs, rows in
      self.add(loss, output, inputs, rows, to: &totals)
    }
    return totals
  }

  /// Runs over rows in batches, without a step.
  private func evaluate(
    _ rows: [Int], _ body: (Double, Tensor?, [Tensor], Int) -> Void
  ) throws {
    for numbers in batching.batches(of: rows) {
      let inputs = try data.rows(numbers)
      let function = try function(batch: numbers.count, step: false)
      let (loss, output) = try function.run(&state, inputs, hyperparameters(state))
      body(loss, output, inputs, numbers.count)
    }
  }

  /// Whether `confusion` has something to count.
  public var hasClasses: Bool {
    metrics.accuracy?.kind == .classes && metrics.output == metrics.accuracy?.output
  }

  /// How often each class was taken for which, on the rows held out, or without any on all: `counts[right][found]`. Nil for what
  /// classifies nothing.
  public func confusion() throws -> [[Int]]? {
    guard hasClasses, let measure = metrics.accuracy,
      let input = network.inputs.firstIndex(where: { $0.name == measure.target })
    else { return nil }
    var counts: [[Int]] = []
    let rows = trainingRows < rowCount ? Array(trainingRows..<rowCount) : Array(0..<rowCount)
    try evaluate(rows) { _, output, inputs, _ in
      guard let output, let width = output.shape.sizes.last, width > 0 else { return }
      if counts.isEmpty {
        counts = [[Int]](repeating: [Int](repeating: 0, count: width), count: width)
      }
      for row in 0..<output.count / width {
        let wanted = measure.wantedClass(inputs[input], output, row, width)
        if counts.indices.contains(wanted) {
          counts[wanted][measure.greatest(output, row: row, width: width)] += 1
        }
      }
    }
    return counts
  }
}
