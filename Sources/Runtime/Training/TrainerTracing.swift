// What a training is, so that another is not taken for it, and where its loss stopped being finite.

import NNIR

extension Trainer {
  /// Where a training differs from another, this does: its step as mathematics, and some of the rows as they come to it.
  func fingerprint() throws -> String {
    var digest = DigestBuilder()
    // The step holds the optimiser's mathematics as well, but where gradients are added up first.
    var functions = [
      try function(batch: min(batchSize, trainingRows), step: true).executable.function
    ]
    if options.accumulation > 1 { functions.append(try application(of: network)) }
    for var function in functions {
      // Where something stands in its file says nothing about what it is.
      function.origins = Origins()
      digest.add(function.text)
    }
    let count = min(rowCount, 64)
    for number in 0..<count {
      let row = number * rowCount / count
      for tensor in try data.rows([row]) { tensor.withUnsafeBytes { digest.add($0) } }
    }
    return String(digest.digest().hexadecimal.prefix(16))
  }

  /// The error that ends training: takes the epoch's steps once more, which gives the same bits, up to the parameters that the loss came
  /// of, and looks for the first value that is not finite.
  func notFinite(_ loss: Double, _ batches: [ArraySlice<Int>]) throws -> TrainingError {
    let failed = state.batchesDone - 1
    func error(in batch: Int, _ cause: String?) -> TrainingError {
      .notFinite(loss: loss, epoch: state.epoch, batch: batch + 1, cause: cause)
    }
    guard let start = epochStart else { return error(in: failed, nil) }
    state = start
    var previous: TrainingState?
    while state.batchesDone < failed {
      previous = state
      let rows = batches[state.batchesDone]
      _ = try step(on: try data.rows(rows), rows: rows.count)
    }
    // The parameters may have come out of the step before as they are.
    for candidate in [state, previous].compactMap({ $0 }) {
      let number = candidate.batchesDone
      let inputs = try data.rows(batches[number])
      let function = try function(batch: batches[number].count, step: true)
      let arguments = function.arguments(candidate, inputs, hyperparameters(candidate))
      if let found = try NonFinite.first(in: function.executable.function, arguments) {
        return error(in: number, "\(found)")
      }
      if let name = inputNotFinite(inputs) {
        return error(in: number, "input '\(name)' holds a value that is not finite")
      }
    }
    return error(in: failed, nil)
  }

  private func inputNotFinite(_ inputs: [Tensor]) -> String? {
    zip(network.inputs, inputs).first { $1.firstNonFinite != nil }?.0.name
  }
}
