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
  public static let deadCode = Pass(name: "dead-code") {
    (function: consuming Function) in function.withoutDeadCode()
  }
}

extension Function {
  /// What is kept moves to its place in the array: to copy each instruction and its operands would take longer than all else.
  consuming func withoutDeadCode() -> Function {
    let (isLive, scans) = liveInstructions()
    if scans.isEmpty, isLive.allSatisfy({ $0 }) { return self }
    var function = self
    if !function.origins.isEmpty { function.origins.keep { isLive[$0.index] } }
    var map: [Value] = []
    map.reserveCapacity(isLive.count)
    var count = 0
    for index in isLive.indices {
      map.append(Value(count))
      guard isLive[index] else { continue }
      if count != index {
        // A buffer's elements are exchanged without a copy.
        function.instructions.withUnsafeMutableBufferPointer { $0.swapAt(count, index) }
      }
      function.prune(count, scans[index], scans, map)
      count += 1
    }
    function.instructions.removeLast(function.instructions.count - count)
    for index in function.results.indices {
      function.results[index].value = map[function.results[index].value.index]
    }
    return function
  }

  /// Which instructions results depend on, and what is left of the scans among them.
  private func liveInstructions() -> (isLive: [Bool], scans: [Int: PrunedScan]) {
    var isLive = [Bool](repeating: false, count: instructions.count)
    var needed: [Int: Set<Int>] = [:]
    var scans: [Int: PrunedScan] = [:]
    for result in results { isLive[result.value.index] = true }
    for index in instructions.indices.reversed() where isLive[index] {
      switch instructions[index].op {
      case .projection(let result):
        needed[instructions[index].operands[0].index, default: []].insert(result)
      case .scan(let scan):
        let kept = PrunedScan(scan, needed: needed[index] ?? [])
        scans[index] = kept
        for number in kept.operands { isLive[instructions[index].operands[number].index] = true }
        continue
      case _: break
      }
      for operand in instructions[index].operands { isLive[operand.index] = true }
    }
    return (isLive, scans)
  }

  /// Gives an instruction its operands' new numbers, `scan` being what is left of it; those before it have been given theirs.
  private mutating func prune(
    _ index: Int, _ scan: PrunedScan?, _ scans: [Int: PrunedScan], _ map: [Value]
  ) {
    if let scan {
      instructions[index].op = .scan(scan.scan)
      instructions[index].operands = scan.operands.map { instructions[index].operands[$0] }
    } else if case .projection(let result) = instructions[index].op {
      let number = scans[instructions[index].operands[0].index]?.results[result]
      instructions[index].op = .projection(number ?? result)
    }
    for position in instructions[index].operands.indices {
      let operand = instructions[index].operands[position]
      if map[operand.index] != operand {
        instructions[index].operands[position] = map[operand.index]
      }
    }
    if let scan, let type = scan.firstType(of: instructions[index].operands.map(type(of:))) {
      instructions[index].type = type
    }
  }
}
