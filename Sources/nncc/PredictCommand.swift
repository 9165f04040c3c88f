// `nncc predict`: the outputs of a trained network for the rows of a file.

import ArgumentParser
import NNRuntime

struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Applies trained parameters to the rows of a data file.",
    discussion: """
      A file of `nncc train --save` says which columns the inputs took, how they were scaled and normalised; options say otherwise. \
      Prints a table with a row for each of the data, or writes it as .csv or .npz. Classes that were words are words again.

      Example:
        nncc predict digits.graph --params digits.safetensors --data new.csv -o found.csv
      """)

  @OptionGroup var graph: GraphOptions
  @OptionGroup var backend: BackendOptions
  @OptionGroup(title: "Data") var data: DataOptions

  @Option(help: ArgumentHelp("The trained parameters.", valueName: "FILE.safetensors"))
  var params: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Where the outputs go (default: standard output).", valueName: "FILE.csv|FILE.npz"))
  var output: String?

  func validate() throws {
    let endings = [".npz", ".csv"]
    if let output, output != "-", !endings.contains(where: output.hasSuffix) {
      throw ValidationError("-o \(output): expected a name that ends in .csv or .npz")
    }
  }

  func run() throws {
    let (parsed, network) = try graph.load()
    let archive = try SafeTensorsFile(reading: params)
    let parameters = try network.parameters(
      from: parameters(in: archive, named: params, of: network))
    let recipes = try TrainingCheckpoint.recipes(in: archive, named: params, of: network)
    let predictor = try Predictor(
      network, parameters: parameters, options: backend.options,
      rebound: try graph.rebinding(of: parsed, network.inputs))
    let inputs = try rows(
      of: predictor.inputs, all: network, recipes,
      vocabulary: TrainingCheckpoint.vocabulary(in: archive))
    let outputs = try locatingIndexErrors(in: network) {
      try predictor.predict(Dataset(inputs))
    }
    if let output, output.hasSuffix(".npz") {
      try NumPyArchive.write(outputs, to: output)
    } else {
      let measure = network.accuracyMeasure
      let names = recipes.first { $0.name == measure?.target }?.classes
      try writeFile(
        PredictionTable(outputs, classes: measure, names: names).csv, to: output ?? "-")
    }
  }

  /// The inputs as they were made for training, unless options say otherwise.
  private func rows(
    of inputs: [GraphArgument], all network: Network, _ recipes: [InputRecipe],
    vocabulary: Vocabulary?
  ) throws -> [Tensor] {
    // What only the loss needs may be named, and is not read.
    func isUnneeded(_ name: String) -> Bool {
      !inputs.contains { $0.name == name } && network.inputs.contains { $0.name == name }
    }
    var mappings = try data.expressions(for: inputs).filter { !isUnneeded($0.name) }
    var factors = try data.factors().filter { !isUnneeded($0.name) }
    for recipe in recipes where inputs.contains(where: { $0.name == recipe.name }) {
      if !data.columns.contains(where: { $0.hasPrefix(recipe.name + "=") }) {
        mappings.append(try ColumnExpression.parse(recipe.name + "=" + recipe.column))
      }
      if !factors.contains(where: { $0.name == recipe.name }) {
        factors.append((recipe.name, recipe.factor))
      }
    }
    let known = recipes.compactMap { recipe in recipe.classes.map { (recipe.name, $0) } }
    // Words that the network has not learnt have no class.
    let classes = try ClassColumn.columns(
      of: inputs, by: mappings, known: Dictionary(known, uniquingKeysWith: { _, last in last })
    ).filter { $0.known != nil }
    let table = try DataTable(
      reading: data.data, text: data.reading(for: inputs, vocabulary: vocabulary),
      classes: classes)
    let tensors = try table.mapped(to: inputs, by: mappings, scales: factors)
    if tensors.first?.shape[0] == 0 { throw Failure.data("the data has no rows") }
    return zip(inputs, tensors).map { input, tensor in
      let recipe = recipes.last { $0.name == input.name }
      return recipe?.normalization?.applied(to: tensor) ?? tensor
    }
  }
}
