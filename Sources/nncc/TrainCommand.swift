// `nncc train`: trains a graph's parameters on a file of data.

import ArgumentParser
@preconcurrency import Glibc
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

  /// Nil where no fraction is held out.
  func fraction() throws -> Double? {
    guard let validate, let fraction = Double(validate) else { return nil }
    guard fraction >= 0, fraction < 1 else {
      throw Failure.usage("--validate \(validate): a fraction is at least 0 and less than 1")
    }
    return fraction
  }
}

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains the parameters on a data file.",
    discussion: """
      Examples:
        nncc train digits.graph --data digits.csv --column x=p0..p63 --column 'y=onehot(digit)' \\
          --scale x=1/16 --validate 0.2 --save digits.safetensors
        nncc train mnist.graph --data images.gz --data labels.gz --column x=images \\
          --column 'y=onehot(labels)' --scale x=1/255 --optimizer adam --until accuracy=0.97
        nncc train digits.graph … --save digits.safetensors --resume digits.safetensors
      """)

  @OptionGroup var graph: GraphOptions
  @OptionGroup var backend: BackendOptions
  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Data held out") var split: SplitOptions
  @OptionGroup(title: "Optimiser") var optimizer: OptimizerOptions

  @Option(help: "How often to go through the data.")
  var epochs = 20

  @Option(
    name: .customLong("lr"),
    help: "The learning rate (default: 0.1, for adagrad, rmsprop, adam, adamw and lion 0.001).")
  var learningRate: Double?

  @Flag(inversion: .prefixedNo, help: "Visits the rows in a new order each epoch.")
  var shuffle = true

  @Option(
    name: .customLong("metric"),
    help: ArgumentHelp(
      "accuracy, top5, r2 or perplexity; repeatable (default: what fits the network).",
      valueName: "NAME"))
  var metrics: [Metric] = []

  @Option(
    help: ArgumentHelp(
      "Ends once it is reached: accuracy=0.97, loss=0.05.", valueName: "NAME=VALUE"))
  var until: String?

  @Option(
    help: ArgumentHelp(
      "Ends after so many epochs in a row that were no better.", valueName: "EPOCHS"))
  var patience: Int?

  @Option(help: ArgumentHelp("Parameters to start from.", valueName: "FILE.safetensors"))
  var params: String?

  @Option(
    help: ArgumentHelp(
      "Where the trained parameters go, with all that is needed to go on; written after epochs and on Ctrl-C.",
      valueName: "FILE.safetensors"))
  var save: String?

  @Option(
    help: ArgumentHelp("Where those of the best epoch so far go.", valueName: "FILE.safetensors"))
  var saveBest: String?

  @Option(
    help: ArgumentHelp("Also saves within an epoch, so often.", valueName: "SECONDS"))
  var saveEvery = 30.0

  @Option(
    help: ArgumentHelp(
      "Goes on where a file of --save stands, to the same bits as without the break.",
      valueName: "FILE.safetensors"))
  var resume: String?

  @Option(help: ArgumentHelp("Draws the learning curves.", valueName: "FILE.svg"))
  var plot: String?

  @Option(
    help: ArgumentHelp("Draws how often each class was taken for which.", valueName: "FILE.svg"))
  var confusion: String?

  @Flag(help: "Prints one JSON object an epoch.")
  var json = false

  func validate() throws {
    if epochs < 0 { throw ValidationError("--epochs is at least 0") }
    if let patience, patience < 1 { throw ValidationError("--patience is at least 1") }
    if resume != nil, params != nil { throw ValidationError("either --params or --resume") }
    if !(saveEvery > 0) { throw ValidationError("--save-every is above 0") }
  }

  func run() throws {
    let (parsed, network) = try graph.load()
    for file in [save, saveBest, plot, confusion].compactMap({ $0 }) { try checkFolder(of: file) }
    let rows = try TrainingData(data, for: network, split, seed: graph.seed)
    if let vocabulary = rows.vocabulary, graph.verbose || !json {
      printError("\(vocabulary.characters.count) different characters")
    }
    let options = try options(parsed, network, rows)
    let start =
      try params.map { try network.parameters(from: readParameters($0, of: network)) }
      ?? network.initialParameters(seed: graph.seed)
    let data = Dataset(rows.inputs)
    let rebound = try rebinding(of: parsed, network)
    var trainer = try Trainer(
      network, data: data, from: TrainingState(parameters: start), options: options,
      rebound: rebound)
    if let resume {
      let file = try SafeTensorsFile(reading: resume)
      let state = try TrainingCheckpoint.state(
        in: file, named: resume, of: network, TrainingIdentity(trainer),
        states: trainer.state.optimizer)
      trainer = try Trainer(network, data: data, from: state, options: options, rebound: rebound)
    }
    if !json, graph.verbose {
      printError("\(trainer.trainingRows) rows to train on, \(rows.heldOut) held out")
    }
    try train(trainer, rows)
  }

  private func options(
    _ parsed: Graph, _ network: Network, _ rows: TrainingData
  ) throws -> TrainingOptions {
    var options = TrainingOptions()
    let batch = max(1, network.inputs.first?.type.shape.sizes.first ?? 1)
    let trained = (rows.inputs.first?.shape[0] ?? 0) - rows.heldOut
    options.epochs = epochs
    options.optimizer = try optimizer.chosen(
      for: parsed, steps: max(1, epochs * ((trained + batch - 1) / batch)))
    options.learningRate = learningRate ?? options.optimizer.usualLearningRate
    options.shuffle = shuffle
    options.heldOutRows = rows.heldOut
    options.patience = patience
    options.target = try target()
    options.metrics = metrics
    options.seed = graph.seed
    options.execution = backend.options
    if graph.verbose { options.execution.onTierChange = { printError("\($0)") } }
    return options
  }

  private func target() throws -> TrainingTarget? {
    guard let until else { return nil }
    let sides = until.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
    guard sides.count == 2, let value = Double(sides[1]) else {
      throw Failure.usage("--until '\(until)': expected NAME=VALUE")
    }
    guard sides[0] == "loss" || Metric(rawValue: sides[0]) != nil else {
      throw Failure.usage(
        "--until \(sides[0]): expected loss, "
          + Metric.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return TrainingTarget(name: sides[0], value: value)
  }

  // MARK: Training

  private func train(_ trainer: Trainer, _ rows: TrainingData) throws {
    stopOnInterrupt()
    var bar = ProgressBar(isShown: !json)
    var saved = clockSeconds()
    func checkpoint(_ file: String) throws {
      try TrainingCheckpoint(
        state: trainer.state, recipes: rows.recipes, vocabulary: rows.vocabulary
      ).write(
        trainer.network, TrainingIdentity(trainer), producer: "nncc \(Nncc.version)", to: file)
      saved = clockSeconds()
    }
    var end = TrainingEnd.finished
    do {
      end = try locatingIndexErrors(in: trainer.network) {
        try trainer.train(shouldStop: { isInterrupted }) { progress in
          bar.show(progress)
          if let save, clockSeconds() - saved >= saveEvery { try checkpoint(save) }
        } report: { report in
          bar.clear()
          print(json ? report.json : report.line(of: epochs))
          fflush(stdout)
          if let saveBest, trainer.state.epochsSinceBest == 0 { try checkpoint(saveBest) }
          // Short epochs are not worth a wait for the disk each.
          if let save, clockSeconds() - saved >= 1 { try checkpoint(save) }
        }
      }
    } catch {
      bar.clear()
      throw error
    }
    bar.clear()
    if let save { try checkpoint(save) }
    if let plot { try draw(trainer, to: plot) }
    if let confusion { try drawConfusion(trainer, to: confusion) }
    tell(end)
  }

  private func tell(_ end: TrainingEnd) {
    switch end {
    case .finished: break
    case .interrupted:
      printError("nncc: stopped" + (save.map { "; parameters saved in \($0)" } ?? ""))
    case .reached: if let until { printError("\(until) is reached") }
    case .noProgress: if let patience { printError("no better epoch in \(patience)") }
    }
  }

  private func draw(_ trainer: Trainer, to file: String) throws {
    let metric = trainer.metricNames.first
    let curve = LearningCurve(
      trainer.state.history, metric: metric,
      title: "\(lastComponent(graph.displayName)), \(trainer.options.optimizer.text)")
    try writeFile(curve.svg, to: file)
  }

  private func drawConfusion(_ trainer: Trainer, to file: String) throws {
    guard let counts = try trainer.confusion() else {
      throw Failure.data("--confusion: no output ends in a softmax whose classes an input gives")
    }
    let matrix = ConfusionMatrix(counts)
    try writeFile(
      matrix.svg(title: lastComponent(graph.displayName) + ": classes found"), to: file)
    if !json { print(matrix.text) }
  }

  /// The network for another batch size; nil where the batch is not one `dim`.
  private func rebinding(of parsed: Graph, _ network: Network) throws -> ((Int) throws -> Network)?
  {
    try graph.rebinding(of: parsed, network.inputs)
  }

  /// Training takes long; that its result cannot be written should be known before.
  private func checkFolder(of file: String) throws {
    let folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? "."
    if access(folder, W_OK) != 0 {
      throw FileError.unwritable(file: file, reason: String(cString: strerror(errno)))
    }
  }
}

extension GraphOptions {
  /// The network for another batch size; nil where the leading size of these inputs is not one `dim`.
  func rebinding(
    of parsed: Graph, _ inputs: [Network.Input]
  ) throws -> ((Int) throws -> Network)? {
    let names = Set(inputs.map(\.leadingDim))
    guard names.count == 1, let only = names.first, let name = only else { return nil }
    let overrides = try overrides()
    return { size in
      checkpointed(
        try parsed.lowered(dims: overrides.merging([name: size]) { _, new in new }))
    }
  }
}

extension Metric: ExpressibleByArgument {}

private func clockSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
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
