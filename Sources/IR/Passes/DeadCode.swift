// Dead code: what no result needs goes.

extension Pass {
  /// Removes the instructions that no result depends on, those of arguments among them; the
  /// arguments themselves stay.
  /// ```
  /// func @f(%0 "x": input f32[]) -> (output "y" %2) {
  ///   %1: f32[] = exp %0
  ///   %2: f32[] = tanh %0
  /// }
  /// ```
  /// becomes
  /// ```
  /// func @f(%0 "x": input f32[]) -> (output "y" %1) {
  ///   %1: f32[] = tanh %0
  /// }
  /// ```
  public static let deadCode = Pass(name: "dead-code") { $0.withoutDeadCode() }
}

extension Function {
  fileprivate func withoutDeadCode() -> Function {
    var isLive = [Bool](repeating: false, count: instructions.count)
    for result in results { isLive[result.value.index] = true }
    for index in instructions.indices.reversed() where isLive[index] {
      for operand in instructions[index].operands { isLive[operand.index] = true }
    }
    if isLive.allSatisfy({ $0 }) { return self }
    var function = Function(name: name, arguments: arguments)
    var map: [Value] = []
    map.reserveCapacity(instructions.count)
    function.instructions.reserveCapacity(isLive.count { $0 })
    for (index, instruction) in instructions.enumerated() {
      map.append(Value(function.instructions.count))
      guard isLive[index] else { continue }
      if !origins.isEmpty, let origin = origins[Value(index)] {
        function.origins[map[index]] = origin
      }
      var kept = instruction
      for (position, operand) in instruction.operands.enumerated()
      where map[operand.index] != operand {
        kept.operands[position] = map[operand.index]
      }
      function.instructions.append(kept)
    }
    function.results = results.map {
      Result(name: $0.name, role: $0.role, value: map[$0.value.index])
    }
    return function
  }
}
