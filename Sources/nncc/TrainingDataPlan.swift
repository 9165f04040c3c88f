// How the options of `train` make rows of the graph's inputs out of files: once in memory, once row by row.

import NNRuntime

/// What the options say, whichever way the rows come.
struct TrainingDataPlan {
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

  /// What the columns are in a file of rows held out, whose words nobody learns.
  private func learnt(_ names: (String) -> ClassNames?) -> [ClassColumn] {
    classColumns.compactMap { column in
      names(column.name).map { ClassColumn(name: column.name, known: $0) }
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

  /// Which rows are held out by a fraction: those at the end of the order.
  private func splitting(
    _ count: Int, _ kinds: [Int]?
  ) throws -> (order: [Int], heldOut: Int) {
    guard let fraction = try split.fraction() else { return (Array(0..<count), 0) }
    return splitRows(count, holdingOut: fraction, seed: seed, classes: kinds)
  }

  // MARK: In memory

  func inMemory(
    _ recipes: inout [InputRecipe]
  ) throws -> (Dataset, heldOut: Int, Vocabulary?) {
    var reading = options.reading(for: inputs, vocabulary: vocabulary)
    let table = try DataTable(reading: options.data, text: reading, classes: classColumns)
    name(&recipes) { table.classNames(ofColumn: $0) }
    let tensors = try mapped(table)
    let kinds = try classes().map { tensors[$0.input].classesOfRows(isSingle: $0.isSingle) }
    var (order, heldOut) = try splitting(tensors.first?.shape[0] ?? 0, kinds)
    let trained = order.dropLast(heldOut)
    for number in normalized {
      recipes[number].normalization = Normalization(
        of: tensors[number].rows(trained), rows: trained.count)
    }
    var parts = [dataset(tensors, of: table, order, recipes)]
    if let file = split.validateFile {
      reading.vocabulary = table.vocabulary
      let held = try DataTable(
        reading: [file], text: reading, classes: learnt { table.classNames(ofColumn: $0) })
      let tensors = try mapped(held)
      heldOut = tensors.first?.shape[0] ?? 0
      parts.append(dataset(tensors, of: held, Array(0..<heldOut), recipes))
    }
    return (Dataset(joining: parts), heldOut, table.vocabulary)
  }

  private func mapped(_ table: DataTable) throws -> [Tensor] {
    let tensors = try table.mapped(to: inputs, by: mappings, scales: factors)
    for number in normalized {
      try columns(ofInput: number, in: table)?.checkFinite(
        tensors[number], 0..<tensors[number].shape[0], input: inputs[number].name)
    }
    return tensors
  }

  private func columns(ofInput number: Int, in table: DataTable) -> InputColumns? {
    mappings.last { $0.name == inputs[number].name }.flatMap { table.columns(of: $0.expression) }
  }

  /// Rows in this order, normalised.
  private func dataset(
    _ tensors: [Tensor], of table: DataTable, _ order: [Int], _ recipes: [InputRecipe]
  ) -> Dataset {
    Dataset(
      tensors.enumerated().map { number, tensor in
        RowSource(
          recipes[number].normalization?.applied(to: tensor) ?? tensor, order: order,
          from: columns(ofInput: number, in: table))
      })
  }

  // MARK: Row by row

  func streamed(_ recipes: inout [InputRecipe]) throws -> (Dataset, heldOut: Int) {
    let table = try StreamedTable(opening: options.data, classes: classColumns)
    name(&recipes) { table.classNames(ofColumn: $0) }
    let source = try StreamedInputs(table, for: inputs, by: mappings, scales: factors)
    let kind = try classes()
    var kinds: [Int] = []
    try checkRows(source) { tensors in
      if let kind { kinds += tensors[kind.input].classesOfRows(isSingle: kind.isSingle) }
    }
    var (order, heldOut) = try splitting(source.rowCount, kind == nil ? nil : kinds)
    let held = try split.validateFile.map { file in
      try StreamedInputs(
        StreamedTable(
          opening: [file], classes: learnt { table.classNames(ofColumn: $0) }),
        for: inputs, by: mappings, scales: factors)
    }
    if let held { try checkRows(held) { _ in } }
    if !normalized.isEmpty {
      let shapes = inputs.map { Shape(Array($0.type.shape.sizes.dropFirst())) }
      var statistics = shapes.map { RowStatistics(width: $0.count) }
      try source.forEachPiece(Array(order.dropLast(heldOut))) { _, tensors in
        for number in normalized {
          statistics[number].add(tensors[number], rows: tensors[number].shape[0])
        }
      }
      for number in normalized {
        recipes[number].normalization = Normalization(statistics[number], shape: shapes[number])
      }
    }
    let normalizations = recipes.map(\.normalization)
    var parts = [try source.dataset(order, normalizations)]
    if let held {
      heldOut = held.rowCount
      parts.append(try held.dataset(Array(0..<heldOut), normalizations))
    }
    return (Dataset(joining: parts), heldOut)
  }

  /// Looks at all rows once, so that bad ones are known before training.
  private func checkRows(_ source: StreamedInputs, _ body: ([Tensor]) -> Void) throws {
    let columns = inputs.map { source.columns(of: $0) }
    try source.forEachPiece(Array(0..<source.rowCount)) { numbers, tensors in
      for number in normalized {
        try columns[number]?.checkFinite(
          tensors[number], numbers, input: inputs[number].name)
      }
      body(tensors)
    }
  }
}
