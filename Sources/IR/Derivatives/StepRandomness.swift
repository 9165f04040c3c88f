// What only training steps have: random numbers. A dropout is lowered to factors that are 1; a step draws them.

extension Instruction {
  /// Factors of a dropout that are not drawn yet.
  fileprivate var isDropout: Bool {
    if case .random = op { operands.isEmpty } else { false }
  }
}

extension Function {
  /// With random numbers in the place of dropouts' ones, drawn with the arguments `seed` and `step`, which come last where they are not
  /// there yet; unchanged where there is no dropout.
  func drawingRandomNumbers() -> Function {
    guard instructions.contains(where: \.isDropout) else { return self }
    let scalar = TensorType(.i64, .scalar)
    var function = Function(name: name, arguments: arguments)
    function.instructions.reserveCapacity(instructions.count + 2)
    // Dropouts may stand before all that used the number of the step so far.
    for which in [Hyperparameter.seed, .step] {
      var number = arguments.firstIndex { $0.hyperparameter == which }
      if number == nil {
        number = function.arguments.count
        function.arguments.append(
          Argument(name: which.rawValue, role: .hyperparameter, type: scalar))
      }
      function.instructions.append(Instruction(.argument(number ?? 0), type: scalar))
    }
    let known = arguments.firstIndex { $0.hyperparameter == .step }
    func moved(_ value: Value) -> Value { Value(value.index + 2) }
    for instruction in instructions {
      var instruction = instruction
      instruction.operands =
        instruction.isDropout ? [Value(0), Value(1)] : instruction.operands.map(moved)
      if case .argument(let number) = instruction.op, number == known {
        instruction = Instruction(.identity, [Value(1)], type: scalar)
      }
      function.instructions.append(instruction)
    }
    function.results = results.map {
      Result(name: $0.name, role: $0.role, value: moved($0.value))
    }
    function.origins = origins.renumbered(moved)
    return function
  }

  /// With the factors of dropouts inside scans as sequences from outside: each step has its own, and
  /// a derivative, which goes back over the same steps, finds the same.
  func hoistingDropouts() -> Function {
    guard instructions.contains(where: \.op.hasDropoutInside) else { return self }
    let builder = FunctionBuilder(name: name)
    builder.function.arguments = arguments
    var map: [Value] = []
    map.reserveCapacity(instructions.count)
    for (index, instruction) in instructions.enumerated() {
      var instruction = instruction
      instruction.operands = instruction.operands.map { map[$0.index] }
      builder.currentOrigin = origins[Value(index)]
      if case .scan(let scan) = instruction.op, instruction.op.hasDropoutInside {
        let (hoisted, dropouts) = scan.hoistingDropouts()
        instruction.op = .scan(hoisted)
        let factors = dropouts.map { dropout in
          let shape = Shape([scan.length] + dropout.type.shape.sizes)
          return builder.append(dropout.op, type: dropout.type.with(shape: shape))
        }
        instruction.operands.insert(contentsOf: factors, at: scan.sequences)
      }
      map.append(builder.append(instruction.op, instruction.operands, type: instruction.type))
    }
    builder.function.results = results.map {
      Result(name: $0.name, role: $0.role, value: map[$0.value.index])
    }
    return builder.function
  }
}

extension Op {
  fileprivate var hasDropoutInside: Bool {
    guard case .scan(let scan) = self else { return false }
    return scan.body.function.instructions.contains { $0.isDropout || $0.op.hasDropoutInside }
  }
}

extension Scan {
  /// The scan with its dropouts' factors as further sequences, after the others, and what these were.
  fileprivate func hoistingDropouts() -> (Scan, [Instruction]) {
    var body = self.body.function.hoistingDropouts()
    let dropouts = body.instructions.filter(\.isDropout)
    var next = sequences
    for index in body.instructions.indices {
      if body.instructions[index].isDropout {
        body.instructions[index].op = .argument(next)
        next += 1
      } else if case .argument(let number) = body.instructions[index].op, number >= sequences {
        body.instructions[index].op = .argument(number + dropouts.count)
      }
    }
    body.arguments.insert(
      contentsOf: dropouts.map { Argument(name: "dropout", role: .input, type: $0.type) },
      at: sequences)
    var scan = self
    scan.body = NestedFunction(body)
    scan.sequences += dropouts.count
    return (scan, dropouts)
  }
}
