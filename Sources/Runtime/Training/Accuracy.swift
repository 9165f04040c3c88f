// Whether a network classifies, and how often it is right: the ending of its function says what an output means.

import NNIR

/// What an output says about a row, and the input that holds the right answer.
public struct AccuracyMeasure: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// A softmax: the class with the greatest probability.
    case classes
    /// A sign: one number a row.
    case sign
    /// A sigmoid: one probability a row, for yes or no.
    case probability
  }

  public var kind: Kind
  /// The names of the output and of the input that it is compared with.
  public var output: String
  public var target: String

  public init(kind: Kind, output: String, target: String) {
    self.kind = kind
    self.output = output
    self.target = target
  }

  /// The share that is right, times the rows of axis 0: a row may hold several answers, one for each symbol of a sequence.
  ///
  /// - Parameter among: an answer is right where so many classes at most are likelier or as likely and come first.
  public func correctRows(output: Tensor, target: Tensor, among: Int = 1) -> Double {
    let rows = output.shape.rank > 0 ? output.shape[0] : 1
    let width =
      kind == .classes ? output.shape.sizes.last ?? 1 : max(1, output.count / max(1, rows))
    let answers = width > 0 ? output.count / width : 0
    if answers == 0 { return 0 }
    let correct = (0..<answers).count { row in
      among == 1
        ? isRight(output, target, row: row, width: width)
        : rank(ofClass: wantedClass(target, output, row, width), output, row, width) < among
    }
    return Double(correct * rows) / Double(answers)
  }

  private func isRight(_ output: Tensor, _ target: Tensor, row: Int, width: Int) -> Bool {
    switch kind {
    case .sign: return output[flat: row].double == target[flat: row].double
    case .probability:
      return (output[flat: row].double > 0.5) == (target[flat: row].double > 0.5)
    case .classes:
      return greatest(output, row: row, width: width) == wantedClass(target, output, row, width)
    }
  }

  /// The right class of an answer: that of the greatest element, or the number itself.
  public func wantedClass(_ target: Tensor, _ output: Tensor, _ row: Int, _ width: Int) -> Int {
    target.count == output.count
      ? greatest(target, row: row, width: width) : Int(exactly: target[flat: row].double) ?? -1
  }

  /// How many classes come before this one.
  private func rank(ofClass wanted: Int, _ output: Tensor, _ row: Int, _ width: Int) -> Int {
    guard (0..<width).contains(wanted) else { return width }
    let own = output[flat: row * width + wanted].double
    return (0..<width).count { index in
      let other = output[flat: row * width + index].double
      return other > own || (other == own && index < wanted)
    }
  }

  /// The index of the first of the greatest elements.
  func greatest(_ tensor: Tensor, row: Int, width: Int) -> Int {
    var best = 0
    for index in 0..<width
    where tensor[flat: row * width + index].double > tensor[flat: row * width + best].double {
      best = index
    }
    return best
  }
}

extension Network {
  /// How to measure accuracy; nil where no output ends in a softmax or a one-element sign, or no input is its target.
  public var accuracyMeasure: AccuracyMeasure? {
    for output in function.results where output.role == .output {
      guard let kind = function.classification(of: output.value) else { continue }
      guard let target = target(of: output) else { continue }
      return AccuracyMeasure(kind: kind, output: output.name, target: target)
    }
    return nil
  }

  /// The one input that the output does not depend on and whose elements, or rows, match the output's.
  private func target(of output: Result) -> String? {
    let type = function.type(of: output.value)
    guard type.shape.rank > 0 else { return nil }
    let needed = function.neededArguments(by: output.value)
    let fitting = function.arguments.indices.filter { index in
      let argument = function.arguments[index]
      return argument.role == .input && !needed.contains(index)
        && (argument.type.shape == type.shape
          || (argument.type.element.isInteger
            && argument.type.count * (type.shape.sizes.last ?? 1) == type.count))
    }
    return fitting.count == 1 ? function.arguments[fitting[0]].name : nil
  }
}

extension Function {
  /// The value itself, without the names that it has been bound to and marks for derivatives.
  private func resolved(_ value: Value) -> Value {
    var value = value
    while true {
      switch self[value].op {
      case .identity, .stopGradient, .custom: value = self[value].operands[0]
      default: return value
      }
    }
  }

  /// The operation that computes a value.
  fileprivate func definition(of value: Value) -> Instruction { self[resolved(value)] }

  /// As `definition`, through shape changes as well.
  private func source(of value: Value) -> Instruction {
    var instruction = definition(of: value)
    while instruction.op == .broadcast || instruction.op == .reshape {
      instruction = definition(of: instruction.operands[0])
    }
    return instruction
  }

  fileprivate func classification(of value: Value) -> AccuracyMeasure.Kind? {
    let type = type(of: value)
    guard type.shape.rank > 0 else { return nil }
    let last = definition(of: value)
    switch last.op {
    case .elementwise(.sign): return type.count == type.shape[0] ? .sign : nil
    case .elementwise(.sigmoid): return type.count == type.shape[0] ? .probability : nil
    case .elementwise(.div):
      let numerator = definition(of: last.operands[0])
      let denominator = source(of: last.operands[1])
      guard numerator.op == .elementwise(.exp), type.shape.rank >= 2,
        denominator.op == .reduce(.sum, axes: [type.shape.rank - 1]),
        definition(of: denominator.operands[0]) == numerator
      else { return nil }
      return .classes
    default:
      return type.shape.rank >= 2 && isShiftedAndExponentiated(value) ? .classes : nil
    }
  }

  /// Whether the loss, or anything else, takes a softmax of the value: exp(z - max z), with z this value.
  private func isShiftedAndExponentiated(_ value: Value) -> Bool {
    let wanted = resolved(value)
    return instructions.contains { instruction in
      guard instruction.op == .elementwise(.exp) else { return false }
      let shifted = definition(of: instruction.operands[0])
      guard shifted.op == .elementwise(.sub), resolved(shifted.operands[0]) == wanted else {
        return false
      }
      let greatest = source(of: shifted.operands[1])
      guard case .reduce(.max, _) = greatest.op else { return false }
      return resolved(greatest.operands[0]) == wanted
    }
  }

  /// The numbers of the arguments that a value depends on.
  func neededArguments(by value: Value) -> Set<Int> {
    var isNeeded = [Bool](repeating: false, count: instructions.count)
    isNeeded[value.index] = true
    var found: Set<Int> = []
    for index in stride(from: value.index, through: 0, by: -1) where isNeeded[index] {
      if case .argument(let number) = instructions[index].op { found.insert(number) }
      for operand in instructions[index].operands { isNeeded[operand.index] = true }
    }
    return found
  }
}
