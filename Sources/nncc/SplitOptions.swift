// Which rows are held out, and what is done to inputs by the others: options of `train`.

import ArgumentParser
import NNRuntime

/// Which rows are held out, and what is done to inputs by the rows that are not.
struct SplitOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Rows that are not trained on but judged by: a fraction of the data, drawn by the seed, or a file of its own.",
      valueName: "FRACTION|FILE"))
  var validate: String?

  @Flag(help: "Holds out the same fraction of every class.")
  var stratify = false

  @Option(
    help: ArgumentHelp(
      "Brings each element of an input's rows to mean 0 and deviation 1 over the rows trained on; repeatable.",
      valueName: "NAME"))
  var normalize: [String] = []

  /// The file of its own.
  var validateFile: String? { validate.flatMap { Double($0) == nil ? $0 : nil } }

  /// Nil where no fraction is held out.
  func fraction() throws -> Double? {
    guard let validate, let fraction = Double(validate) else { return nil }
    guard fraction >= 0, fraction < 1 else {
      throw Failure.usage("--validate \(validate): a fraction is at least 0 and less than 1")
    }
    return fraction
  }
}
