// What only training steps have: random numbers. A dropout is lowered to factors that are 1; a step draws them.

extension Function {
  /// With random numbers in the place of dropouts' ones, drawn with the arguments `seed` and `step`,
  /// which come last; unchanged where there is no dropout.
  func drawingRandomNumbers() -> Function {
    func isDropout(_ instruction: Instruction) -> Bool {
      if case .random = instruction.op { instruction.operands.isEmpty } else { false }
    }
    guard instructions.contains(where: isDropout) else { return self }
    let scalar = TensorType(.i64, .scalar)
    let added = [Hyperparameter.seed, .step].map {
      Argument(name: $0.rawValue, role: .hyperparameter, type: scalar)
    }
    var function = Function(name: name, arguments: arguments + added)
    function.instructions.reserveCapacity(instructions.count + 2)
    for number in [arguments.count, arguments.count + 1] {
      function.instructions.append(Instruction(.argument(number), type: scalar))
    }
    func moved(_ value: Value) -> Value { Value(value.index + 2) }
    for instruction in instructions {
      var instruction = instruction
      instruction.operands =
        isDropout(instruction) ? [Value(0), Value(1)] : instruction.operands.map(moved)
      function.instructions.append(instruction)
    }
    function.results = results.map {
      Result(name: $0.name, role: $0.role, value: moved($0.value))
    }
    function.origins = Dictionary(
      uniqueKeysWithValues: origins.map { (moved($0.key), $0.value) })
    return function
  }
}
