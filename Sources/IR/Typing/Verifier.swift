// The verifier: whether a function is well formed. It runs after every pass in debug builds and on
// every text that is read, so it must be safe on anything that the types of `Function` can hold.
// Linear time.

extension Function {
  /// Throws at the first instruction that is wrong.
  public func verify() throws(VerificationError) {
    var verified: Set<ObjectIdentifier> = []
    try verify(&verified)
  }

  /// `verified`: the nested functions seen already; many instructions may share one.
  private func verify(_ verified: inout Set<ObjectIdentifier>) throws(VerificationError) {
    for argument in arguments { try check(shapeOf: argument.type, at: nil) }
    var hasInstruction = [Bool](repeating: false, count: arguments.count)
    // A scan may have as many projections as results: their types are worked out once.
    var scanTypes: [Value: [TensorType]] = [:]
    for (index, instruction) in instructions.enumerated() {
      let value = Value(index)
      try check(shapeOf: instruction.type, at: value)
      var types: [TensorType] = []
      types.reserveCapacity(instruction.operands.count)
      for operand in instruction.operands {
        if operand.index < 0 || operand >= value { throw error(.operandOrder(operand), value) }
        types.append(type(of: operand))
      }
      try checkScans(instruction, value, &scanTypes)
      try checkNested(instruction.op, value, &verified)
      let type: TensorType
      do throws(TypingError) {
        type = try instruction.op.resultType(of: types, declared: instruction.type)
      } catch { throw self.error(.typing(error), value) }
      if type != instruction.type {
        throw error(.declaredType(expected: type, found: instruction.type), value)
      }
      if case .argument(let number) = instruction.op {
        try checkArgument(number, value, &hasInstruction)
      }
    }
    for result in results { try check(result) }
  }

  private func error(
    _ problem: VerificationError.Problem, _ value: Value? = nil
  ) -> VerificationError {
    VerificationError(function: name, value: value, problem: problem)
  }

  private func check(
    shapeOf type: TensorType, at value: Value?
  ) throws(VerificationError) {
    do throws(TypingError) { try type.shape.check() } catch {
      throw self.error(.typing(error), value)
    }
  }

  /// A scan is a tuple: projections may use it, nothing else, and they use nothing else.
  private func checkScans(
    _ instruction: Instruction, _ value: Value, _ scanTypes: inout [Value: [TensorType]]
  ) throws(VerificationError) {
    for operand in instruction.operands {
      switch (instruction.op, self[operand].op) {
      case (.projection(let index), .scan(let scan)):
        let types =
          scanTypes[operand]
          ?? (try? scan.resultTypes(of: self[operand].operands.map { type(of: $0) })) ?? []
        scanTypes[operand] = types
        guard types.indices.contains(index) else {
          throw error(.projectionIndex(index, count: types.count), value)
        }
        if types[index] != instruction.type {
          throw error(.declaredType(expected: types[index], found: instruction.type), value)
        }
      case (.projection, _), (_, .scan): throw error(.projection(operand), value)
      case _: break
      }
    }
  }

  private func checkNested(
    _ op: Op, _ value: Value, _ verified: inout Set<ObjectIdentifier>
  ) throws(VerificationError) {
    let nested: NestedFunction
    switch op {
    case .custom(let derivative): nested = derivative
    case .scan(let scan): nested = scan.body
    case _: return
    }
    if !verified.insert(ObjectIdentifier(nested)).inserted { return }
    for result in nested.function.results where result.role != .output {
      throw error(.nestedRole(name: result.name), value)
    }
    do throws(VerificationError) { try nested.function.verify(&verified) } catch {
      throw self.error(.typing(.nested(op: op.name, error)), value)
    }
  }

  private func checkArgument(
    _ number: Int, _ value: Value, _ hasInstruction: inout [Bool]
  ) throws(VerificationError) {
    guard arguments.indices.contains(number) else {
      throw error(.argumentIndex(number, count: arguments.count), value)
    }
    if hasInstruction[number] { throw error(.repeatedArgument(number), value) }
    hasInstruction[number] = true
    let (expected, found) = (arguments[number].type, type(of: value))
    if expected != found { throw error(.declaredType(expected: expected, found: found), value) }
  }

  private func check(_ result: Result) throws(VerificationError) {
    guard instructions.indices.contains(result.value.index) else {
      throw error(.resultValue(name: result.name))
    }
    if case .scan = self[result.value].op { throw error(.projection(result.value)) }
    switch result.role {
    case .output: break
    case .loss:
      if type(of: result.value).count != 1 {
        let found = type(of: result.value)
        throw error(
          .resultType(name: result.name, expected: found.with(shape: .scalar), found: found))
      }
    case .gradient(let number), .update(let number):
      guard arguments.indices.contains(number) else {
        throw error(.resultArgument(name: result.name, number))
      }
      let (expected, found) = (arguments[number].type, type(of: result.value))
      if expected != found {
        throw error(.resultType(name: result.name, expected: expected, found: found))
      }
    }
  }
}
