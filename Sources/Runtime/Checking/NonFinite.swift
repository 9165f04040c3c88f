// Finds where NaNs and infinities come from: the first value of a function that is not finite although all that it is made of is.

import NNIR

/// A value that became NaN or infinite.
public struct NonFinite: Hashable, Sendable {
  /// The value, or that of which it is the adjoint, with its line.
  public var culprit: Culprit
  /// The graph's name for what it is an operation of, where it has no name itself: `log of p`.
  public var operation: String
  /// Indices of the first such element.
  public var position: [Int]
  /// NaN or an infinity.
  public var value: Double
  /// The steps of the scans it is in, outermost first.
  public var steps: [Int]

  /// The first value of `function` that is not finite while its operands are; without one, nil.
  ///
  /// What an argument or a constant brings along is no news; nor is what follows from it.
  public static func first(in function: Function, _ arguments: [Tensor]) throws -> NonFinite? {
    try first(in: function, arguments, steps: [])
  }

  private static func first(
    in function: Function, _ arguments: [Tensor], steps: [Int]
  ) throws -> NonFinite? {
    var values: [Value: Tensor] = [:]
    var culprit: Value?
    _ = try Interpreter().evaluate(function, arguments: arguments) { value, tensor in
      values[value] = tensor
      if culprit == nil, tensor.firstNonFinite != nil,
        function.becomes(value, given: { values[$0]?.firstNonFinite == nil })
      {
        culprit = value
      }
    }
    guard let culprit, let tensor = values[culprit], let index = tensor.firstNonFinite else {
      return nil
    }
    if case .projection = function[culprit].op {
      let scan = function[culprit].operands[0]
      let operands = function[scan].operands.compactMap { values[$0] }
      if case .scan(let scan) = function[scan].op,
        let found = try first(in: scan, operands, steps: steps)
      {
        return found
      }
    }
    let isAdjoint = function.origins[culprit]?.name?.hasPrefix("d ") ?? false
    let operands = function[culprit].operands.compactMap { function.origins[$0]?.name }
    return NonFinite(
      culprit: Culprit(culprit, of: function, isAdjoint: isAdjoint),
      operation: ([function[culprit].op.name] + operands).joined(separator: " "),
      position: tensor.shape.indices(ofElement: index), value: tensor[flat: index].double,
      steps: steps)
  }

  /// Within a scan: step by step.
  private static func first(in scan: Scan, _ operands: [Tensor], steps: [Int]) throws -> NonFinite?
  {
    let body = scan.body.function
    var states = Array(operands[scan.sequences..<scan.sequences + scan.states])
    for step in 0..<scan.length {
      let position = scan.isReversed ? scan.length - 1 - step : step
      let slices = operands[..<scan.sequences].map { Movement.step($0, at: position) }
      let arguments = slices + states + operands[(scan.sequences + scan.states)...]
      if let found = try first(in: body, arguments, steps: steps + [position]) { return found }
      states = Array(try Interpreter().evaluate(body, arguments: arguments)[..<scan.states])
    }
    return nil
  }
}

extension NonFinite: CustomStringConvertible {
  /// `l1 became nan at [3, 1] (log p), line 12`
  public var description: String {
    let place = position.isEmpty ? "" : " at \(position)"
    let loops = steps.map { " in step \($0)" }.joined()
    let origin = culprit.name == operation ? "" : " (\(operation))"
    let line = culprit.line > 0 ? ", line \(culprit.line)" : ""
    return "\(culprit.name) became \(value)\(place)\(loops)\(origin)\(line)"
  }
}

extension Function {
  /// Whether a value that is not finite owes that to its own operation.
  fileprivate func becomes(_ value: Value, given isFinite: (Value) -> Bool) -> Bool {
    let instruction = self[value]
    switch instruction.op {
    case .argument, .constant: return false
    case .projection: return self[instruction.operands[0]].operands.allSatisfy(isFinite)
    case _: return instruction.operands.allSatisfy(isFinite)
    }
  }
}

extension Tensor {
  /// The row-major index of the first element that is NaN or infinite.
  var firstNonFinite: Int? {
    guard element.isFloat else { return nil }
    return doubles.firstIndex { !$0.isFinite }
  }
}
