// From data files to rows of the graph's inputs: mapped, split, normalised; in memory, or row by row out of files that are too large for it.

import NNRuntime

/// What parameters that are given have been trained on.
struct KnownSymbols {
  var vocabulary: Vocabulary?
  /// By input, of those that took words.
  var classes: [String: ClassNames] = [:]
  /// Whether an input whose classes were numbers has to stay so.
  var isResumed = false
}

/// Rows for training, those held out last, and how they came about.
struct TrainingData {
  private(set) var rows: Dataset
  private(set) var heldOut = 0
  private(set) var recipes: [InputRecipe]
  private(set) var vocabulary: Vocabulary?

  init(
    _ options: DataOptions, for network: Network, _ split: SplitOptions, seed: UInt64,
    known: KnownSymbols
  ) throws {
    let plan = try TrainingDataPlan(options, network, split, seed: seed, known)
    recipes = plan.recipes
    let isBetter = split.validateFile == nil && StreamedTable.isBetter(for: options.data)
    if options.stream || isBetter {
      (rows, heldOut) = try plan.streamed(&recipes)
    } else {
      (rows, heldOut, vocabulary) = try plan.inMemory(&recipes)
    }
    try plan.checkClasses(recipes)
  }

  /// What the classes of an input are called; nil where they are numbers.
  func classNames(ofInput name: String?) -> ClassNames? {
    recipes.first { $0.name == name }?.classes
  }
}

/// What the options say, whichever way the rows come.
private struct TrainingDataPlan {
  let options: DataOptions
  let split: SplitOptions
  let seed: UInt64
  let network: Network
  let inputs: [GraphArgument]
  let mappings: [(name: String, expression: ColumnExpression)]
  let factors: [(name: String, factor: Double)]
  let recipes: [InputRecipe]
  /// The numbers of the inputs that are normalised.
  let normalized: [Int]
  let vocabulary: Vocabulary?
  /// The columns whose words are classes.
  let classColumns: [ClassColumn]

  init(
    _ options: DataOptions, _ network: Network, _ split: SplitOptions, seed: UInt64,
    _ known: KnownSymbols
  ) throws {
    self.options = options
    self.network = network
    self.split = split
    self.seed = seed
    let inputs = network.function.arguments.filter { $0.role == .input }
    self.inputs = inputs
    mappings = try options.expressions(for: inputs)
    vocabulary = known.vocabulary
    let columns = try ClassColumn.columns(of: inputs, by: mappings, known: known.classes)
    classColumns = known.isResumed ? columns.filter { $0.known != nil } : columns
    let factors = try options.factors()
    self.factors = factors
    recipes = inputs.map { input in
      let column = options.columns.last { $0.hasPrefix(input.name + "=") }.map(rightSide)
      return InputRecipe(
        name: input.name, column: column ?? input.name,
        factor: factors.last { $0.name == input.name }?.factor ?? 1)
    }
    normalized = try split.normalize.map { name in
      guard let number = inputs.firstIndex(where: { $0.name == name }) else {
        throw unknownInput(name, among: inputs)
      }
      guard inputs[number].type.element.isFloat else {
        throw Failure.data(
          "--normalize \(name): the input is \(inputs[number].type), not of floats")
      }
      return number
    }
  }

  /// What says which class a row is of: the number of an input; nil where that does not count.
  private func classes() throws -> (input: Int, isSingle: Bool)? {
    guard split.stratify else { return nil }
    guard let measure = network.accuracyMeasure,
      let number = inputs.firstIndex(where: { $0.name == measure.target })
    else {
      throw Failure.usage(
        "--stratify: the network does not end in a softmax or a sign whose classes an input gives")
    }
    return (number, measure.kind != .classes)
  }

  /// Notes what the classes are called, by the columns that were read as words.
  private func name(_ recipes: inout [InputRecipe], _ names: (String) -> ClassNames?) {
    for (number, input) in inputs.enumerated() {
      let mapping = mappings.last { $0.name == input.name }
      recipes[number].classes = mapping?.expression.classColumn(of: input.type).flatMap(names)
    }
  }

  /// Class numbers are looked up by the network itself; that words get too high ones should not be said as an index of one of its values.
  func checkClasses(_ recipes: [InputRecipe]) throws {
    guard let measure = network.accuracyMeasure, measure.kind == .classes,
      let recipe = recipes.first(where: { $0.name == measure.target }),
      let words = recipe.classes?.words.count,
      let output = network.function.results.first(where: { $0.name == measure.output }),
      let width = network.function.type(of: output.value).shape.sizes.last, words > width
    else { return }
    throw ColumnError.tooManyWords(
      column: recipe.column, words: words, input: recipe.name, classes: width)
  }

  // MARK: In memory

  func inMemory(
    _ recipes: inout [InputRecipe]
  ) throws -> (Dataset, heldOut: Int, Vocabulary?) {
    var reading = options.reading(for: inputs, vocabulary: vocabulary)
    let table = try DataTable(reading: options.data, text: reading, classes: classColumns)
    name(&recipes) { table.classNames(ofColumn: $0) }
    var tensors = try table.mapped(to: inputs, by: mappings, scales: factors)
    var heldOut = 0
    if let fraction = try split.fraction() {
      let kinds = try classes().map { tensors[$0.input].classesOfRows(isSingle: $0.isSingle) }
      let (order, count) = splitRows(
        tensors.first?.shape[0] ?? 0, holdingOut: fraction, seed: seed, classes: kinds)
      heldOut = count
      tensors = tensors.map { $0.rows(order[...]) }
    } else if let file = split.validateFile {
      reading.vocabulary = table.vocabulary
      // Words that do not occur in training cannot be learnt.
      let known = classColumns.compactMap { column in
        table.classNames(ofColumn: column.name).map { ClassColumn(name: column.name, known: $0) }
      }
      let held = try DataTable(reading: [file], text: reading, classes: known)
        .mapped(to: inputs, by: mappings, scales: factors)
      heldOut = held.first?.shape[0] ?? 0
      tensors = zip(tensors, held).map { $0.appendingRows(of: $1) }
    }
    for number in normalized {
      let normalization = Normalization(
        of: tensors[number], rows: tensors[number].shape[0] - heldOut)
      tensors[number] = normalization.applied(to: tensors[number])
      recipes[number].normalization = normalization
    }
    return (Dataset(tensors), heldOut, table.vocabulary)
  }

  // MARK: Row by row

  func streamed(_ recipes: inout [InputRecipe]) throws -> (Dataset, heldOut: Int) {
    if let file = split.validateFile {
      throw Failure.usage(
        "--validate \(file): of rows that stay in their files, a fraction can be held out")
    }
    let table = try StreamedTable(opening: options.data, classes: classColumns)
    name(&recipes) { table.classNames(ofColumn: $0) }
    let source = StreamedInputs(table, for: inputs, by: mappings, scales: factors)
    let kind = try classes()
    var kinds: [Int] = []
    // All are looked at once, so that bad ones are known before training.
    try source.forEachPiece(Array(0..<source.rowCount)) { tensors in
      if let kind { kinds += tensors[kind.input].classesOfRows(isSingle: kind.isSingle) }
    }
    var order = Array(0..<source.rowCount)
    var heldOut = 0
    if let fraction = try split.fraction() {
      (order, heldOut) = splitRows(
        source.rowCount, holdingOut: fraction, seed: seed, classes: kind == nil ? nil : kinds)
    }
    if !normalized.isEmpty {
      let shapes = inputs.map { Shape(Array($0.type.shape.sizes.dropFirst())) }
      var statistics = shapes.map { RowStatistics(width: $0.count) }
      try source.forEachPiece(Array(order.dropLast(heldOut))) { tensors in
        for number in normalized {
          statistics[number].add(tensors[number], rows: tensors[number].shape[0])
        }
      }
      for number in normalized {
        recipes[number].normalization = Normalization(statistics[number], shape: shapes[number])
      }
    }
    return (source.dataset(order, recipes.map(\.normalization)), heldOut)
  }
}
