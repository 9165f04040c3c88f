// Dead code: what no result needs goes.

extension Pass {
  /// Removes the instructions that no result depends on, those of arguments among them; the
  /// arguments themselves stay. A scan loses the results that nobody takes, and what they alone
  /// need.
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
  func withoutDeadCode() -> Function {
    var isLive = [Bool](repeating: false, count: instructions.count)
    var needed: [Int: Set<Int>] = [:]
    var pruned: [Int: PrunedScan] = [:]
    for result in results { isLive[result.value.index] = true }
    for index in instructions.indices.reversed() where isLive[index] {
      switch instructions[index].op {
      case .projection(let result):
        needed[instructions[index].operands[0].index, default: []].insert(result)
      case .scan(let scan):
        let kept = PrunedScan(scan, needed: needed[index] ?? [])
        pruned[index] = kept
        for number in kept.operands { isLive[instructions[index].operands[number].index] = true }
        continue
      case _: break
      }
      for operand in instructions[index].operands { isLive[operand.index] = true }
    }
    if pruned.isEmpty, isLive.allSatisfy({ $0 }) { return self }
    var function = Function(name: name, arguments: arguments)
    var map: [Value] = []
    map.reserveCapacity(instructions.count)
    let liveCount = isLive.count { $0 }
    function.instructions.reserveCapacity(liveCount)
    if !origins.isEmpty { function.origins.reserveCapacity(liveCount) }
    for index in instructions.indices {
      map.append(Value(function.instructions.count))
      guard isLive[index] else { continue }
      if !origins.isEmpty, let origin = origins[Value(index)] {
        function.origins[map[index]] = origin
      }
      var kept = instructions[index]
      if case .scan = kept.op, let scan = pruned[index] {
        kept.op = .scan(scan.scan)
        kept.operands = scan.operands.map { instructions[index].operands[$0] }
        kept.type = scan.firstType(of: kept.operands.map { type(of: $0) }) ?? kept.type
      } else if case .projection(let result) = kept.op {
        let number = pruned[kept.operands[0].index]?.results[result]
        kept.op = .projection(number ?? result)
      }
      for position in kept.operands.indices {
        let operand = kept.operands[position]
        if map[operand.index] != operand { kept.operands[position] = map[operand.index] }
      }
      function.instructions.append(kept)
    }
    function.results = results.map {
      Result(name: $0.name, role: $0.role, value: map[$0.value.index])
    }
    return function
  }
}
