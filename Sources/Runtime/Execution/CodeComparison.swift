// New code against old, on a real call: the same arguments in, and the same bits out, or it is not taken.

import NNIR

/// Two codes for one function, compared on one call.
struct CodeComparison {
  let function: Function
  let old: CompiledProgram
  let new: CompiledProgram

  enum Outcome {
    case equal
    /// The first difference, in words.
    case different(String)
  }

  /// Carries a whole call out on the old code, and the same on the new with results and updated arguments of its own.
  ///
  /// Throws what the old code throws; then there is nothing to compare.
  func run(arguments: inout [Tensor], results: inout [Tensor]) throws -> Outcome {
    // First the new code, on copies: those that it updates are parted from the caller's when it starts, so that the old code
    // finds the caller's unshared and updates them in place.
    var ownArguments = arguments
    var ownResults = function.emptyResults()
    var failure: (any Error)?
    do {
      try function.run(new, arguments: &ownArguments, results: &ownResults)
    } catch {
      failure = error
    }
    try function.run(old, arguments: &arguments, results: &results)
    if let failure { return .different("it says: \(failure)") }
    for (index, result) in function.results.enumerated() {
      let differences: TensorDifferences
      if case .update(let argument) = result.role {
        differences = arguments[argument].differences(from: ownArguments[argument])
      } else {
        differences = results[index].differences(from: ownResults[index])
      }
      if let first = differences.first {
        let count = function.type(of: result.value).count
        return .different(
          "\(result.name) differs in \(differences.count) of \(count) elements, first in number \(first)"
        )
      }
    }
    return .equal
  }
}
