// Which data, and how its columns become the graph's inputs: the options of `train` and `predict`.

import ArgumentParser
import NNRuntime

struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      A .csv file with a header, a .npz archive, arrays as .npy files (repeat --data), a pair of IDX files (columns images and labels) or a \
      .txt file (columns text and next); gzip is unpacked.
      """, valueName: "FILE"))
  var data: [String]

  @Option(
    name: .customLong("column"),
    help: ArgumentHelp(
      """
      Which columns an input takes: x=p0..p63, x=a,b or y=onehot(digit); repeatable. An input without one takes the column of its own name. \
      Words in the column of onehot, or of an input of integers, are classes.
      """, valueName: "NAME=COLUMNS"))
  var columns: [String] = []

  @Option(
    name: .customLong("scale"),
    help: ArgumentHelp("Multiplies an input: x=1/16; repeatable.", valueName: "NAME=FACTOR"))
  var scales: [String] = []

  @Option(help: "How a .txt file is read: as characters or as bytes.")
  var text: TextReading.Unit = .characters

  @Flag(
    help: """
      Reads rows of any files but text as they are needed, as is done where these would take a quarter of the memory; what is packed, or \
      a .csv file, goes into a temporary file in TMPDIR or /var/tmp.
      """)
  var stream = false

  /// The columns of each input, by its name.
  func expressions(for inputs: [GraphArgument]) throws -> [(
    name: String, expression: ColumnExpression
  )] {
    var mappings = try columns.map { try ColumnExpression.parse($0) }
    for input in inputs where !mappings.contains(where: { $0.name == input.name }) {
      let own = ColumnRange(first: input.name, last: input.name)
      mappings.append((input.name, .columns([own])))
    }
    return mappings
  }

  func factors() throws -> [(name: String, factor: Double)] {
    try scales.map { text in
      guard let scale = parseScale(text), scale.factor.isFinite else {
        throw Failure.usage("--scale '\(text)': expected NAME=NUMBER or NAME=NUMBER/NUMBER")
      }
      return scale
    }
  }

  /// How text is read for these inputs: in rows as long as the first of them says.
  func reading(for inputs: [GraphArgument], vocabulary: Vocabulary? = nil) -> TextReading {
    let sizes = inputs.first?.type.shape.sizes ?? []
    return TextReading(
      unit: text, length: sizes.count > 1 ? max(1, sizes[1]) : 1, vocabulary: vocabulary)
  }
}

extension TextReading.Unit: ExpressibleByArgument {}

/// The part of `NAME=…` after the sign.
func rightSide(_ text: String) -> String {
  String(text[(text.firstIndex(of: "=").map(text.index(after:)) ?? text.startIndex)...])
}
