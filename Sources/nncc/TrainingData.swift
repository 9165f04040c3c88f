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
    let files = options.data + (split.validateFile.map { [$0] } ?? [])
    if options.stream || StreamedTable.isBetter(for: files) {
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
