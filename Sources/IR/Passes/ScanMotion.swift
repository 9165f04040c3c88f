// Motion of code out of loops, which keeps every bit. A recurrent network multiplies each step of its sequence with a weight,
// and where nothing of that depends on the state, one large product before the loop does the work of many small ones: batching
// a contraction leaves each element the chain that it was. In an adjoint it is products after the loop: the sequence's own
// derivative.

extension Pass {
  /// Moves out of each scan's body what is the same in each step, products that depend on sequences alone (they become
  /// sequences), and products that serve yields alone (they are applied to stacked yields); inner loops first.
  /// ```
  /// %5: f32[2, 4] = scan [length 6, sequences 1, states 1] %0, %1, %2 func @body(
  ///     %0 "x": input f32[2, 3], %1 "h": input f32[2, 4], %2 "w": input f32[3, 4]) -> (output "h" %4) {
  ///   %3: f32[2, 4] = contraction "mk,kn->mn" %0, %2
  ///   %4: f32[2, 4] = add %1, %3
  /// }
  /// ```
  /// becomes
  /// ```
  /// %5: f32[6, 2, 4] = contraction "tmk,kn->tmn" %0, %2
  /// %6: f32[2, 4] = scan [length 6, sequences 1, states 1] %5, %1 func @body(
  ///     %0 "contraction": input f32[2, 4], %1 "h": input f32[2, 4]) -> (output "h" %2) {
  ///   %2: f32[2, 4] = add %1, %0
  /// }
  /// ```
  public static let scanMotion = Pass(name: "scan-motion") { function in
    var motion = ScanMotion()
    let moved = motion.moved(function)
    if moved == function { return function }
    // Reshapes of reshapes become one, and two loops over one sequence may have had the same product.
    return Pass.commonSubexpressions.run(Pass.simplify.run(moved)).withoutDeadCode()
  }
}

private struct ScanMotion {
  /// Bodies that have been looked at; what is held cannot be mistaken for another.
  private var bodies = SmallTable<NestedIdentity, NestedFunction>()

  mutating func moved(_ function: Function) -> Function {
    if !function.instructions.contains(where: \.op.isScan) { return function }
    let builder = FunctionBuilder(name: function.name)
    builder.function.arguments = function.arguments
    var used = SmallTable<Value, Set<Int>>()
    for instruction in function.instructions {
      if case .projection(let number) = instruction.op {
        used[instruction.operands[0]] = (used[instruction.operands[0]] ?? []).union([number])
      }
    }
    var results = SmallTable<Value, [Int: MovedScan.Found]>()
    var map: [Value] = []
    map.reserveCapacity(function.instructions.count)
    for (index, instruction) in function.instructions.enumerated() {
      let operands = instruction.operands.map { map[$0.index] }
      builder.currentOrigin = function.origins[Value(index)]
      switch instruction.op {
      case .scan(var scan):
        scan.body = moved(scan.body)
        if !builder.hasRoom(for: scan.body.function) { return function }
        var motion = MovedScan(scan, operands, builder, used: used[Value(index)] ?? [])
        results[Value(index)] = motion.appended()
        map.append(Value(0))
      case .projection(let number):
        map.append(builder.value(of: results[instruction.operands[0]]?[number]))
      case _: map.append(builder.append(instruction.op, operands, type: instruction.type))
      }
      if builder.isFull { return function }
    }
    builder.currentOrigin = nil
    builder.function.results = function.results.map {
      Result(name: $0.name, role: $0.role, value: map[$0.value.index])
    }
    return builder.function
  }

  private mutating func moved(_ nested: NestedFunction) -> NestedFunction {
    if let known = bodies[NestedIdentity(nested)] { return known }
    let body = moved(nested.function)
    let after = body == nested.function ? nested : NestedFunction(body)
    bodies[NestedIdentity(nested)] = after
    return after
  }
}

extension FunctionBuilder {
  /// Whether the body of a loop could move here as a whole, with a reshape and a broadcast of each operand.
  fileprivate func hasRoom(for body: Function) -> Bool {
    let needed = body.instructions.reduce(0) { $0 + 1 + 2 * $1.operands.count }
    return count + nestedCount + 2 * needed + body.nestedOperationCount + 1024
      <= maximumOperationCount
  }

  fileprivate func value(of result: MovedScan.Found?) -> Value {
    switch result {
    case .projection(let scan, let number, let type):
      return append(.projection(number), [scan], type: type)
    case .value(let value):
      if let currentOrigin, currentOrigin.name != nil, function.origins[value]?.name == nil {
        function.origins[value] = currentOrigin
      }
      return value
    case nil: return Value(0)
    }
  }
}
