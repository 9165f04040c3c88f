// From data files to rows of the graph's inputs: mapped, split, normalised.

import NNRuntime

/// Rows for training, those held out last, and how they came about.
struct TrainingData {
  var inputs: [Tensor]
  var heldOut: Int
  var recipes: [InputRecipe]
  var vocabulary: Vocabulary?

  init(_ options: DataOptions, for network: Network, _ split: SplitOptions, seed: UInt64) throws {
    let arguments = network.function.arguments.filter { $0.role == .input }
    let mappings = try options.expressions(for: arguments)
    let factors = try options.factors()
    let reading = options.reading(for: arguments)
    let table = try DataTable(reading: options.data, text: reading)
    inputs = try table.mapped(to: arguments, by: mappings, scales: factors)
    heldOut = 0
    vocabulary = table.vocabulary
    recipes = arguments.map { input in
      let column = options.columns.last { $0.hasPrefix(input.name + "=") }.map(rightSide)
      return InputRecipe(
        name: input.name, column: column ?? input.name,
        factor: factors.last { $0.name == input.name }?.factor ?? 1)
    }
    if let fraction = try split.fraction() {
      let classes = split.stratify ? try self.classes(of: network) : nil
      let (order, count) = splitRows(
        inputs.first?.shape[0] ?? 0, holdingOut: fraction, seed: seed, classes: classes)
      heldOut = count
      inputs = inputs.map { $0.rows(order[...]) }
    } else if let file = split.validate {
      var held = reading
      held.vocabulary = table.vocabulary
      let rows = try DataTable(reading: [file], text: held)
        .mapped(to: arguments, by: mappings, scales: factors)
      heldOut = rows.first?.shape[0] ?? 0
      inputs = zip(inputs, rows).map { $0.appendingRows(of: $1) }
    }
    try normalize(split.normalize, arguments)
  }

  /// What each row is, where the network classifies.
  private func classes(of network: Network) throws -> [Int] {
    guard let measure = network.accuracyMeasure,
      let number = network.inputs.firstIndex(where: { $0.name == measure.target })
    else {
      throw Failure.usage(
        "--stratify: the network does not end in a softmax or a sign whose classes an input gives")
    }
    return inputs[number].classesOfRows(isSign: measure.kind == .sign)
  }

  private mutating func normalize(_ names: [String], _ arguments: [Argument]) throws {
    for name in names {
      guard let number = arguments.firstIndex(where: { $0.name == name }) else {
        throw unknownInput(name, among: arguments)
      }
      guard arguments[number].type.element.isFloat else {
        throw Failure.data(
          "--normalize \(name): the input is \(arguments[number].type), not of floats")
      }
      let rows = (inputs[number].shape[0]) - heldOut
      let normalization = Normalization(of: inputs[number], rows: rows)
      inputs[number] = normalization.applied(to: inputs[number])
      recipes[number].normalization = normalization
    }
  }
}
