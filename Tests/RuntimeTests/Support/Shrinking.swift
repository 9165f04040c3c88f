// Makes a failing function smaller, so that what is printed is the defect and little else.

import NNIR

extension Function {
  /// A smaller function for which `fails` still holds: fewer results, then instructions replaced by arguments or left out.
  func shrunken(while fails: (Function) -> Bool) -> Function {
    var best = self
    for result in results {
      var single = best
      single.results = [result]
      let candidate = single.withoutDeadInstructions()
      if candidate.instructions.count < best.instructions.count || best.results.count > 1,
        fails(candidate)
      {
        best = candidate
        break
      }
    }
    var index = 0
    while index < best.instructions.count {
      if let candidate = best.withArgument(at: index), fails(candidate) {
        best = candidate
        index = 0
      } else {
        index += 1
      }
    }
    return best
  }

  /// The function with an argument in the place of a computed value; nil where there is none, or for a loop, whose results go first.
  private func withArgument(at index: Int) -> Function? {
    if case .argument = instructions[index].op { return nil }
    if instructions[index].op.isScan { return nil }
    var function = self
    let type = instructions[index].type
    function.instructions[index] = Instruction(.argument(arguments.count), type: type)
    function.arguments.append(
      Argument(name: "c\(index)_\(arguments.count)", role: .input, type: type))
    return function.withoutDeadInstructions()
  }

  /// Without what no result needs, arguments too, numbered anew.
  func withoutDeadInstructions() -> Function {
    var isNeeded = [Bool](repeating: false, count: instructions.count)
    for result in results { isNeeded[result.value.index] = true }
    for index in instructions.indices.reversed() where isNeeded[index] {
      for operand in instructions[index].operands { isNeeded[operand.index] = true }
    }
    var function = Function(name: name)
    var numbers: [Value: Value] = [:]
    for (index, instruction) in instructions.enumerated() where isNeeded[index] {
      var copy = instruction
      copy.operands = instruction.operands.map { numbers[$0] ?? $0 }
      if case .argument(let number) = instruction.op {
        copy.op = .argument(function.arguments.count)
        function.arguments.append(arguments[number])
      }
      numbers[Value(index)] = Value(function.instructions.count)
      function.instructions.append(copy)
    }
    function.results = results.map {
      Result(name: $0.name, role: $0.role, value: numbers[$0.value] ?? $0.value)
    }
    return function
  }
}
