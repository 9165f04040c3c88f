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
      if let found = inputNotFinite(inputs, batches[number]) {
        return error(in: number, found)
      }
    }
    return error(in: failed, nil)
  }

  /// The error of a parameter that is not finite after the last step: any earlier one would have shown in the loss.
  func diverged(_ parameter: String, _ batches: [ArraySlice<Int>]) throws -> TrainingError {
    let first = max(0, state.batchesDone - 1) / options.accumulation * options.accumulation
    return .diverged(
      what: "parameter '\(parameter)'", epoch: state.epoch,
      cause: try firstNotFinite(in: batches[first..<max(first, state.batchesDone)]))
  }

  /// The same of the loss on the rows held out.
  func heldOutNotFinite() throws -> TrainingError {
    let batches = batching.batches(of: Array(trainingRows..<rowCount))
    return .diverged(
      what: "the loss on the rows held out", epoch: state.epoch,
      cause: try firstNotFinite(in: batches[...]))
  }

  private func firstNotFinite(in batches: ArraySlice<ArraySlice<Int>>) throws -> String? {
    for numbers in batches {
      if let found = inputNotFinite(try data.rows(numbers), numbers) { return found }
    }
    return nil
  }

  /// What came out of the data as it is, and where it stands there.
  private func inputNotFinite(_ inputs: [Tensor], _ numbers: ArraySlice<Int>) -> String? {
    for (number, input) in network.inputs.enumerated() {
      guard let index = inputs[number].firstNonFinite else { continue }
      let width = inputs[number].count / numbers.count
      let place = data.sources[number].place(
        numbers[numbers.startIndex + index / width], index % width)
      return "input '\(input.name)' holds \(inputs[number][flat: index].double)"
        + (place.map { ", read from \($0)" } ?? "")
    }
    return nil
  }
}
