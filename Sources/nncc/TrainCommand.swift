// `nncc train`: trains a graph's parameters on a file of data.

import ArgumentParser
@preconcurrency import Glibc
import NNRuntime

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

  @Option(
    help: ArgumentHelp(
      "Adds up the gradients of so many batches for one step, as if they were one batch.",
      valueName: "BATCHES"))
  var accumulate = 1

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
    let most = 1_000_000_000
    if !(1...most).contains(accumulate) {
      throw ValidationError("--accumulate is at least 1 and at most \(most)")
    }
    if let learningRate, !learningRate.isFinite { throw ValidationError("--lr is a finite number") }
    if split.stratify, split.validate.flatMap({ Double($0) }) == nil {
      throw ValidationError("--stratify needs --validate with a fraction")
    }
    if !(0...most).contains(epochs) {
      throw ValidationError("--epochs is at least 0 and at most \(most)")
    }
    if let patience, patience < 1 { throw ValidationError("--patience is at least 1") }
    if resume != nil, params != nil { throw ValidationError("either --params or --resume") }
    if !(saveEvery > 0) { throw ValidationError("--save-every is above 0") }
  }

  func run() throws {
    let (parsed, network) = try graph.load()
    // Training takes long; that its results cannot be written should be known before.
    for file in [save, saveBest, plot, confusion].compactMap({ $0 }) { try checkWritable(file) }
    let given = try (params ?? resume).map { try SafeTensorsFile(reading: $0) }
    var known = KnownSymbols(isResumed: resume != nil)
    if let given, let name = params ?? resume {
      known.vocabulary = TrainingCheckpoint.vocabulary(in: given)
      known.classes = try TrainingCheckpoint.classNames(in: given, named: name, of: network)
    }
    let rows = try TrainingData(data, for: network, split, seed: graph.seed, known: known)
    if let vocabulary = rows.vocabulary, graph.verbose {
      printError("\(vocabulary.characters.count) different characters")
    }
    let options = try options(parsed, network, rows)
    let start =
      if let params, let given {
        try network.parameters(from: parameters(in: given, named: params, of: network))
      } else {
        network.initialParameters(seed: graph.seed)
      }
    let trainer = try Trainer(
      network, data: rows.rows, from: TrainingState(parameters: start), options: options,
      rebound: try graph.rebinding(of: parsed, network.inputs))
    let isIdentified = resume != nil || save != nil || saveBest != nil
    let identity = isIdentified ? try TrainingIdentity(trainer) : nil
    if let resume, let given, let identity {
      try trainer.take(
        TrainingCheckpoint.state(
          in: given, named: resume, of: network, identity, states: trainer.state.optimizer))
    }
    if !json, graph.verbose {
      printError("\(trainer.trainingRows) rows to train on, \(rows.heldOut) held out")
    }
    if confusion != nil, !trainer.hasClasses {
      throw Failure.data(
        "--confusion: no output gives classes, or accuracy is not among the metrics")
    }
    try train(trainer, rows, identity)
  }

  private func options(
    _ parsed: Graph, _ network: Network, _ rows: TrainingData
  ) throws -> TrainingOptions {
    var options = TrainingOptions()
    let batch = max(1, network.inputs.first?.type.shape.sizes.first ?? 1)
    let trained = rows.rows.count - rows.heldOut
    options.epochs = epochs
    options.optimizer = try optimizer.chosen(
      for: parsed,
      steps: max(1, epochs * ((trained + batch * accumulate - 1) / (batch * accumulate))))
    options.learningRate = learningRate ?? options.optimizer.usualLearningRate
    options.shuffle = shuffle
    options.accumulation = accumulate
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
    guard sides.count == 2, let value = Double(sides[1]), !value.isNaN else {
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

  private func train(
    _ trainer: Trainer, _ rows: TrainingData, _ identity: TrainingIdentity?
  ) throws {
    stopOnInterrupt()
    let classes = ClassReport(rows.recipes)
    if !classes.isEmpty { print(json ? classes.json : classes.text) }
    var bar = ProgressBar(isShown: !json)
    var saved = monotonicSeconds()
    func checkpoint(_ file: String) throws {
      // What is there is better than parameters that are not finite; the next loss says where they come from.
      guard let identity, trainer.parameterNotFinite == nil else { return }
      try TrainingCheckpoint(
        state: trainer.state, recipes: rows.recipes, vocabulary: rows.vocabulary
      ).write(
        trainer.network, identity, producer: "nncc \(Nncc.version)", to: file)
      saved = monotonicSeconds()
    }
    var end = TrainingEnd.finished
    do {
      end = try locatingIndexErrors(in: trainer.network) {
        try trainer.train(shouldStop: { isInterrupted }) { progress in
          bar.show(progress)
          if let save, monotonicSeconds() - saved >= saveEvery { try checkpoint(save) }
        } report: { report in
          bar.clear()
          print(json ? report.json : report.line(of: epochs))
          fflush(stdout)
          if let saveBest, trainer.state.epochsSinceBest == 0 { try checkpoint(saveBest) }
          // Short epochs are not worth a wait for the disk each.
          if let save, monotonicSeconds() - saved >= 1 { try checkpoint(save) }
        }
      }
    } catch {
      bar.clear()
      throw error
    }
    bar.clear()
    if let save { try checkpoint(save) }
    if let plot { try draw(trainer, to: plot) }
    if let confusion {
      let names = rows.classNames(ofInput: trainer.accuracyMeasure?.target)
      try drawConfusion(trainer, names, to: confusion)
    }
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

  private func drawConfusion(
    _ trainer: Trainer, _ names: ClassNames?, to file: String
  ) throws {
    guard let counts = try trainer.confusion() else { return }
    let matrix = ConfusionMatrix(counts, names: names)
    try writeFile(
      matrix.svg(title: lastComponent(graph.displayName) + ": classes found"), to: file)
    if !json { print(matrix.text) }
  }
}

extension Metric: ExpressibleByArgument {}
