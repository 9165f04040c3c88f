// Finds the first value of a function that a backend computes otherwise than the interpreter.

import NNIR

/// A search in one function on one set of arguments.
struct FirstDifference {
  let function: Function
  let arguments: [Tensor]
  let prepare: (Function) throws -> ([Tensor]) throws -> [Tensor]

  init(
    _ function: Function, _ arguments: [Tensor],
    _ prepare: @escaping (Function) throws -> ([Tensor]) throws -> [Tensor]
  ) {
    self.function = function
    self.arguments = arguments
    self.prepare = prepare
  }

  /// The first value that differs, if it differs also where only what it needs is computed.
  ///
  /// The function is cut off after ever fewer values, and the shortest that still differs ends with the culprit. Where a
  /// longer one does not differ, a shorter one is taken not to, which finds some first value if not always the very first.
  func find() throws -> Culprit? {
    var candidates = function.instructions.indices.filter { isComputed(Value($0)) }
    let needed = needed()
    candidates.removeAll { !needed[$0] }
    guard let last = candidates.last, try differs(upTo: last) else { return nil }
    var low = 0
    var high = candidates.count - 1
    while low < high {
      let middle = (low + high) / 2
      if try differs(upTo: candidates[middle]) { high = middle } else { low = middle + 1 }
    }
    return Culprit(Value(candidates[low]), of: function, isAdjoint: isAdjoint(candidates[low]))
  }

  private func isComputed(_ value: Value) -> Bool {
    switch function[value].op {
    case .argument, .constant, .scan: false
    default: true
    }
  }

  private func needed() -> [Bool] {
    var needed = [Bool](repeating: false, count: function.instructions.count)
    for result in function.results { needed[result.value.index] = true }
    for index in needed.indices.reversed() where needed[index] {
      for operand in function.instructions[index].operands { needed[operand.index] = true }
    }
    return needed
  }

  /// Values that no output and no loss needs belong to the adjoint.
  private func isAdjoint(_ index: Int) -> Bool {
    var forward = function
    forward.results.removeAll { $0.role != .output && $0.role != .loss }
    return !FirstDifference(forward, arguments, prepare).needed()[index]
  }

  /// Whether a value up to this one that nothing before needs differs.
  private func differs(upTo last: Int) throws -> Bool {
    var prefix = function
    prefix.instructions = Array(function.instructions[...last])
    prefix.results = ends(of: prefix).map {
      Result(name: "v\($0.index)", role: .output, value: $0)
    }
    prefix.origins = Origins()
    let expected = try Interpreter().evaluate(prefix, arguments: arguments)
    let found = try prepare(prefix)(arguments)
    return zip(expected, found).contains { $0.differences(from: $1).count > 0 }
  }

  /// The needed values of a prefix that none of its instructions use.
  private func ends(of prefix: Function) -> [Value] {
    let needed = needed()
    var isUsed = [Bool](repeating: false, count: prefix.instructions.count)
    for (index, instruction) in prefix.instructions.enumerated() where needed[index] {
      for operand in instruction.operands { isUsed[operand.index] = true }
    }
    return prefix.instructions.indices.map { Value($0) }.filter {
      needed[$0.index] && !isUsed[$0.index] && isComputed($0)
    }
  }
}
