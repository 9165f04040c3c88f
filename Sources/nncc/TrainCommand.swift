// `nncc train`: trains a graph's parameters on a table of data.

import ArgumentParser
@preconcurrency import Glibc
import NNRuntime

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains the parameters on a data file.",
    discussion: """
      Example:
        nncc train digits.graph --data digits.csv --column x=p0..p63 --column 'y=onehot(digit)' \\
          --scale x=1/16 --validate 0.2 --save digits.safetensors
      """)

  @OptionGroup var graph: GraphOptions
  @OptionGroup var backend: BackendOptions

  @Option(help: ArgumentHelp("A .csv file with a header.", valueName: "FILE"))
  var data: String

  @Option(
    name: .customLong("column"),
    help: ArgumentHelp(
      "Which columns an input takes: x=p0..p63, x=a,b or y=onehot(digit); repeatable. An input without one takes the column of its own name.",
      valueName: "NAME=COLUMNS"))
  var columns: [String] = []

  @Option(
    name: .customLong("scale"),
    help: ArgumentHelp("Multiplies an input: x=1/16; repeatable.", valueName: "NAME=FACTOR"))
  var scales: [String] = []

  @Option(
    help: ArgumentHelp(
      "Rows that are not trained on but judged by: a fraction of the data, drawn by the seed, or a file of its own.",
      valueName: "FRACTION|FILE"))
  var validate: String?

  @Option(help: "How often to go through the data.")
  var epochs = 20

  @Option(help: "sgd.")
  var optimizer = "sgd"

  @Option(name: .customLong("lr"), help: "The learning rate.")
  var learningRate = 0.1

  @Flag(inversion: .prefixedNo, help: "Visits the rows in a new order each epoch.")
  var shuffle = true

  @Option(help: ArgumentHelp("Parameters to start from.", valueName: "FILE.safetensors"))
  var params: String?

  @Option(help: ArgumentHelp("Where the trained parameters go.", valueName: "FILE.safetensors"))
  var save: String?

  @Option(help: .hidden) var resume: String?
  @Option(help: .hidden) var plot: String?

  @Flag(help: "Prints one JSON object an epoch.")
  var json = false

  func run() throws {
    try refusePlanned()
    let (parsed, network) = try graph.load()
    if let save { try checkFolder(of: save) }
    let (rows, heldOut) = try readRows(for: network)
    var options = TrainingOptions()
    options.epochs = epochs
    options.learningRate = learningRate
    options.shuffle = shuffle
    options.heldOutRows = heldOut
    options.seed = graph.seed
    options.execution = backend.options
    if graph.verbose { options.execution.onTierChange = { printError("\($0)") } }
    let start =
      try params.map { try network.parameters(from: readParameters($0, of: network)) }
      ?? network.initialParameters(seed: graph.seed)
    let trainer = try Trainer(
      network, data: rows, parameters: start, options: options,
      rebound: try rebinding(of: parsed, network))
    if !json, graph.verbose {
      printError("\(trainer.trainingRows) rows to train on, \(heldOut) held out")
    }
    stopOnInterrupt()
    let stop = { isInterrupted }
    let finished = try locatingIndexErrors(in: network) {
      try trainer.train(shouldStop: stop) { report in
        print(json ? report.json : report.line(of: epochs))
        fflush(stdout)
      }
    }
    if let save { try write(trainer.parameters, of: network, to: save) }
    if !finished {
      printError("nncc: stopped" + (save.map { "; parameters saved in \($0)" } ?? ""))
    }
  }

  private func refusePlanned() throws {
    if optimizer != "sgd" { throw unavailableOptimizer(optimizer) }
    if resume != nil { throw Failure.usage("--resume is not available in version \(Nncc.version)") }
    if plot != nil { throw Failure.usage("--plot is not available in version \(Nncc.version)") }
    if epochs < 0 { throw Failure.usage("--epochs is at least 0") }
    for file in [data] where !(file.hasSuffix(".csv") || file == "-") {
      throw Failure.usage(
        "--data \(file): version \(Nncc.version) reads .csv files with a header")
    }
  }

  // MARK: Data

  /// A tensor an input; the last `heldOut` rows are not to be trained on.
  private func readRows(for network: Network) throws -> (rows: [Tensor], heldOut: Int) {
    let inputs = network.function.arguments.filter { $0.role == .input }
    var mappings = try columns.map { try ColumnExpression.parse($0) }
    for input in inputs where !mappings.contains(where: { $0.name == input.name }) {
      let own = ColumnRange(first: input.name, last: input.name)
      mappings.append((input.name, .columns([own])))
    }
    let factors = try scales.map { text in
      guard let scale = parseScale(text) else {
        throw Failure.usage("--scale '\(text)': expected NAME=NUMBER or NAME=NUMBER/NUMBER")
      }
      return scale
    }
    func read(_ file: String) throws -> [Tensor] {
      try Table(reading: file).mapped(to: inputs, by: mappings, scales: factors)
    }
    let all = try read(data)
    guard let validate else { return (all, 0) }
    if let fraction = Double(validate) {
      guard fraction >= 0, fraction < 1 else {
        throw Failure.usage("--validate \(validate): a fraction is at least 0 and less than 1")
      }
      let count = all.first?.shape[0] ?? 0
      let heldOut = Int((Double(count) * fraction).rounded())
      // Files are often sorted: the rows held out are drawn from all of them.
      let order = shuffledRows(count, seed: graph.seed, epoch: 0)
      return (all.map { $0.rows(order[...]) }, heldOut)
    }
    let held = try read(validate)
    return (zip(all, held).map { $0.appendingRows(of: $1) }, held.first?.shape[0] ?? 0)
  }

  /// The network for another batch size; nil where the batch is not one `dim`.
  private func rebinding(of parsed: Graph, _ network: Network) throws -> ((Int) throws -> Network)?
  {
    let names = Set(network.inputs.map(\.leadingDim))
    guard names.count == 1, let only = names.first, let name = only else { return nil }
    let overrides = try graph.overrides()
    return { size in
      graph.checkpointed(
        try parsed.lowered(dims: overrides.merging([name: size]) { _, new in new }))
    }
  }

  // MARK: Saving

  private func write(_ parameters: [Tensor], of network: Network, to file: String) throws {
    let named = zip(network.parameters, parameters).map {
      NamedTensor(name: $0.name, tensor: $1)
    }
    try SafeTensorsFile.write(named, metadata: [("producer", "nncc \(Nncc.version)")], to: file)
  }

  /// Training takes long; that its result cannot be written should be known before.
  private func checkFolder(of file: String) throws {
    let folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? "."
    if access(folder, W_OK) != 0 {
      throw FileError.unwritable(file: file, reason: String(cString: strerror(errno)))
    }
  }
}

// MARK: Reports

extension EpochReport {
  fileprivate var json: String {
    var fields = ["\"epoch\": \(epoch)", "\"loss\": \(JSONText.number(loss))"]
    if let accuracy { fields.append("\"accuracy\": \(JSONText.number(accuracy))") }
    if let validationLoss {
      fields.append("\"validation_loss\": \(JSONText.number(validationLoss))")
    }
    if let validationAccuracy {
      fields.append("\"validation_accuracy\": \(JSONText.number(validationAccuracy))")
    }
    fields.append("\"seconds\": \(JSONText.number((seconds * 1e6).rounded() / 1e6))")
    return "{" + fields.joined(separator: ", ") + "}"
  }

  fileprivate func line(of epochs: Int) -> String {
    let width = String(epochs).count
    let number = String(repeating: " ", count: max(0, width - String(epoch).count)) + "\(epoch)"
    var text = "epoch \(number)  loss \(fixed(loss, 4))"
    if let accuracy { text += "  accuracy \(percent(accuracy))" }
    if let validationLoss { text += "  held out: loss \(fixed(validationLoss, 4))" }
    if let validationAccuracy { text += "  accuracy \(percent(validationAccuracy))" }
    return text + "  \(fixed(seconds, 3)) s"
  }

  private func percent(_ share: Double) -> String { fixed(share * 100, 1) + " %" }
}

// MARK: Ctrl-C

/// Set by the signal handler, which may do no more than that.
nonisolated(unsafe) private var interruptFlag: sig_atomic_t = 0

private var isInterrupted: Bool { interruptFlag != 0 }

private func stopOnInterrupt() {
  // A second Ctrl-C ends the process at once.
  signal(SIGINT) { number in
    interruptFlag = 1
    signal(number, SIG_DFL)
  }
}
