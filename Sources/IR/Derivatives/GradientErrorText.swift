// What the errors of taking gradients say to a person.

extension GradientError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .nothingToDifferentiate(let outputs) where outputs.isEmpty:
      "there is no loss and no output to differentiate"
    case .nothingToDifferentiate(let outputs):
      "there is no loss, and not one output of one element to differentiate: "
        + outputs.map { "\($0.name) : \($0.type)" }.joined(separator: ", ")
    case .noLoss: "a training step needs a loss, and the graph has none"
    case .lossIsNotFloat(let name, let type):
      "\(name) : \(type) cannot be trained on: a loss is f32 or f64"
    case .noArgument(let number, let count):
      "argument \(number) of \(count) cannot be differentiated by"
    case .tooLarge:
      "the derivative has more than \(maximumOperationCount) operations"
    }
  }
}
