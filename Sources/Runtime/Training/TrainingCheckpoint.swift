// A checkpoint is a `.safetensors` file: the parameters under their own names, so that it is a file of weights for everything else; the
// optimiser's state and the statistics of inputs under names with dots, which no parameter has; and where training stands in the strings.

import NNIR

/// What has to be the same for training to go on as it began.
public struct TrainingIdentity: Hashable, Sendable {
  /// Of the step as mathematics and of the data.
  public var fingerprint: String
  public var optimizer: String
  public var metrics: String
  public var learningRate: Double
  public var seed: UInt64
  public var shuffle: Bool
  public var batch: Int
  public var accumulation: Int
  public var trainingRows: Int
  public var heldOutRows: Int

  public init(_ trainer: Trainer) throws {
    fingerprint = try trainer.fingerprint()
    metrics = trainer.metricNames.joined(separator: " ")
    optimizer = trainer.options.optimizer.text
    learningRate = trainer.options.learningRate
    seed = trainer.options.seed
    shuffle = trainer.options.shuffle
    batch = trainer.batchSize
    accumulation = trainer.options.accumulation
    trainingRows = trainer.trainingRows
    heldOutRows = trainer.rowCount - trainer.trainingRows
  }

  /// In words, under the names that files have for them.
  fileprivate var items: [(key: String, value: String)] {
    [
      ("optimizer", optimizer), ("metrics", metrics), ("learning_rate", "\(learningRate)"),
      ("seed", "\(seed)"),
      ("shuffle", "\(shuffle)"), ("batch", "\(batch)"), ("accumulation", "\(accumulation)"),
      ("training_rows", "\(trainingRows)"),
      ("held_out_rows", "\(heldOutRows)"), ("fingerprint", fingerprint),
    ]
  }
}

public enum CheckpointError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Weights, but not where training stood.
  case noTraining(file: String)
  /// Something that is needed is missing or cannot be read.
  case damaged(file: String, item: String)
  case different(file: String, item: String, there: String, here: String)

  public var description: String {
    switch self {
    case .noTraining(let file):
      "\(file) holds parameters, but no state of a training: begin with --params \(file)"
    case .damaged(let file, let item): "\(file): '\(item)' is missing or cannot be read"
    case .different(let file, "fingerprint", _, _):
      "\(file) was trained with another graph, other data or other columns, or these were scaled, normalised or split otherwise: "
        + "training would not go on as it began (--params \(file) begins anew from its weights)"
    case .different(let file, let item, let there, let here):
      "\(file) was trained with \(item) \(there), here it is \(here): training would not go on as it began "
        + "(--params \(file) begins anew from its weights)"
    }
  }
}

/// How an input came out of its column: what a prediction has to do again.
public struct InputRecipe: Sendable {
  public var name: String
  /// `p0..p63`, as `--column` has it.
  public var column: String
  public var factor: Double
  public var normalization: Normalization?
  /// What its classes are called, where the column held words.
  public var classes: ClassNames?

  public init(
    name: String, column: String, factor: Double = 1, normalization: Normalization? = nil,
    classes: ClassNames? = nil
  ) {
    self.name = name
    self.column = column
    self.factor = factor
    self.normalization = normalization
    self.classes = classes
  }
}

/// What is in a checkpoint besides the parameters.
public struct TrainingCheckpoint: Sendable {
  public var state: TrainingState
  public var recipes: [InputRecipe]
  public var vocabulary: Vocabulary?

  public init(state: TrainingState, recipes: [InputRecipe] = [], vocabulary: Vocabulary? = nil) {
    self.state = state
    self.recipes = recipes
    self.vocabulary = vocabulary
  }

  private static let prefix = "nncc."

  // MARK: Writing

  public func write(
    _ network: Network, _ identity: TrainingIdentity, producer: String, to file: String
  ) throws(FileError) {
    var tensors = zip(network.parameters, state.parameters).map {
      NamedTensor(name: $0.name, tensor: $1)
    }
    tensors += state.optimizer.map {
      NamedTensor(name: "optimizer.\($0.name)", tensor: $0.tensor)
    }
    tensors.append(
      NamedTensor(
        name: "training.totals", tensor: Tensor([state.totals.loss] + state.totals.metrics)))
    tensors.append(NamedTensor(name: "training.best", tensor: Tensor([state.bestLoss])))
    tensors.append(
      NamedTensor(
        name: "training.history",
        tensor: Tensor(
          [state.history.count, EpochSummary.width], state.history.flatMap(\.values))))
    var strings = [("producer", producer)]
    func add(_ key: String, _ value: String) { strings.append((Self.prefix + key, value)) }
    for (key, value) in identity.items { add(key, value) }
    add("step", "\(state.step)")
    add("epoch", "\(state.epoch)")
    add("batches", "\(state.batchesDone)")
    add("rows", "\(state.totals.rows)")
    if !state.reached.isEmpty { add("reached", state.reached) }
    add("epochs_since_best", "\(state.epochsSinceBest)")
    for recipe in recipes {
      add("column.\(recipe.name)", recipe.column)
      add("scale.\(recipe.name)", "\(recipe.factor)")
      if let classes = recipe.classes {
        add("classes.\(recipe.name)", JSONText.list(classes.words))
      }
      if let normalization = recipe.normalization {
        tensors.append(NamedTensor(name: "mean.\(recipe.name)", tensor: normalization.mean))
        tensors.append(
          NamedTensor(name: "deviation.\(recipe.name)", tensor: normalization.deviation))
      }
    }
    if let vocabulary { add("vocabulary", vocabulary.text) }
    try SafeTensorsFile.write(tensors, metadata: strings, to: file)
  }

  // MARK: Reading

  /// The training that a file holds, to be gone on with by `trainer`'s network and options.
  public static func state(
    in file: SafeTensorsFile, named name: String, of network: Network, _ identity: TrainingIdentity,
    states: [NamedTensor]
  ) throws -> TrainingState {
    let items = Items(file, name)
    if items.text("step") == nil { throw CheckpointError.noTraining(file: name) }
    for (key, value) in identity.items {
      guard let there = items.text(key) else {
        throw CheckpointError.damaged(file: name, item: key)
      }
      if there != value {
        throw CheckpointError.different(
          file: name, item: key.replacing("_", with: " "), there: there, here: value)
      }
    }
    var state = TrainingState(
      parameters: try network.parameters.map { try items.tensor($0.name, $0.type) })
    state.optimizer = try states.map { known in
      NamedTensor(
        name: known.name, tensor: try items.tensor("optimizer.\(known.name)", known.tensor.type))
    }
    state.step = try items.number("step")
    state.epoch = try items.number("epoch")
    state.batchesDone = try items.number("batches")
    state.totals.rows = try items.number("rows")
    state.epochsSinceBest = try items.number("epochs_since_best")
    let totals = try items.doubles("training.totals")
    guard let loss = totals.first, let best = try items.doubles("training.best").first else {
      throw CheckpointError.damaged(file: name, item: "training.totals")
    }
    state.totals.loss = loss
    state.totals.metrics = Array(totals.dropFirst())
    state.bestLoss = best
    state.reached = items.text("reached") ?? ""
    let history = try items.doubles("training.history")
    guard history.count % EpochSummary.width == 0 else {
      throw CheckpointError.damaged(file: name, item: "training.history")
    }
    state.history = stride(from: 0, to: history.count, by: EpochSummary.width).map {
      EpochSummary(history[$0..<$0 + EpochSummary.width])
    }
    return state
  }

  /// How the inputs came about that the parameters were trained on; those that the file says something of.
  public static func recipes(
    in file: SafeTensorsFile, named name: String, of network: Network
  ) throws -> [InputRecipe] {
    let items = Items(file, name)
    let classes = try classNames(in: file, named: name, of: network)
    var recipes: [InputRecipe] = []
    for input in network.inputs {
      guard let column = items.text("column.\(input.name)") else { continue }
      guard let factor = items.text("scale.\(input.name)").flatMap({ Double($0) }) else {
        throw CheckpointError.damaged(file: name, item: "scale.\(input.name)")
      }
      var recipe = InputRecipe(
        name: input.name, column: column, factor: factor, classes: classes[input.name])
      if let mean = try file.tensor(named: "mean.\(input.name)") {
        let type = TensorType(.f64, Shape(Array(input.type.shape.sizes.dropFirst())))
        recipe.normalization = Normalization(
          mean: try items.checked(mean, "mean.\(input.name)", type),
          deviation: try items.tensor("deviation.\(input.name)", type))
      }
      recipes.append(recipe)
    }
    return recipes
  }

  /// What the classes of inputs are called that were words, by input.
  public static func classNames(
    in file: SafeTensorsFile, named name: String, of network: Network
  ) throws -> [String: ClassNames] {
    let items = Items(file, name)
    var classes: [String: ClassNames] = [:]
    for input in network.inputs {
      guard let text = items.text("classes.\(input.name)") else { continue }
      guard let words = JSONText.words(inList: text), !words.isEmpty else {
        throw CheckpointError.damaged(file: name, item: "classes.\(input.name)")
      }
      classes[input.name] = ClassNames(words)
    }
    return classes
  }

  public static func vocabulary(in file: SafeTensorsFile) -> Vocabulary? {
    Items(file, "").text("vocabulary").map { Vocabulary(Array($0.unicodeScalars)) }
  }

  private struct Items {
    let file: SafeTensorsFile
    let name: String

    init(_ file: SafeTensorsFile, _ name: String) {
      self.file = file
      self.name = name
    }

    func text(_ key: String) -> String? {
      file.metadata.first { $0.key == TrainingCheckpoint.prefix + key }?.value
    }

    func number(_ key: String) throws -> Int {
      guard let number = text(key).flatMap({ Int($0) }), number >= 0 else {
        throw CheckpointError.damaged(file: name, item: key)
      }
      return number
    }

    func checked(_ tensor: Tensor, _ key: String, _ type: TensorType) throws -> Tensor {
      guard tensor.type == type else { throw CheckpointError.damaged(file: name, item: key) }
      return tensor
    }

    func tensor(_ key: String, _ type: TensorType) throws -> Tensor {
      guard let tensor = try file.tensor(named: key) else {
        throw CheckpointError.damaged(file: name, item: key)
      }
      return try checked(tensor, key, type)
    }

    func doubles(_ key: String) throws -> [Double] {
      guard let tensor = try file.tensor(named: key), tensor.element == .f64 else {
        throw CheckpointError.damaged(file: name, item: key)
      }
      return tensor.doubles
    }
  }
}
