// What a training is, so that another is not taken for it, and where its loss stopped being finite.

import NNIR

extension Trainer {
  /// Where a training differs from another, this does: its step as mathematics, and some of the rows as they come to it.
  func fingerprint() throws -> String {
    var digest = DigestBuilder()
    for var function in try [
      function(batch: min(batchSize, trainingRows), step: true).executable.function,
      application(of: network),
    ] {
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
    var error = TrainingError.notFinite(
      loss: loss, epoch: state.epoch, batch: failed + 1, cause: nil)
    guard let start = epochStart else { return error }
    state = start
    var previous: TrainingState?
    while state.batchesDone < failed {
      previous = state
      _ = try step(
        on: try data.rows(batches[state.batchesDone]), rows: batches[state.batchesDone].count)
    }
    // The parameters may have come out of the step before as they are.
    for candidate in [state, previous].compactMap({ $0 }) {
      let rows = batches[candidate.batchesDone]
      let function = try function(batch: rows.count, step: true)
      let arguments = function.arguments(candidate, try data.rows(rows), hyperparameters(candidate))
      if let found = try NonFinite.first(in: function.executable.function, arguments) {
        error = .notFinite(
          loss: loss, epoch: state.epoch, batch: candidate.batchesDone + 1,
          cause: "\(found)")
        break
      }
      if let name = inputNotFinite(try data.rows(rows)) {
        error = .notFinite(
          loss: loss, epoch: state.epoch, batch: candidate.batchesDone + 1,
          cause: "input '\(name)' holds a value that is not finite")
        break
      }
    }
    return error
  }

  private func inputNotFinite(_ inputs: [Tensor]) -> String? {
    zip(network.inputs, inputs).first { $1.firstNonFinite != nil }?.0.name
  }
}
