// What a scan does in vain: results that nobody takes, states that serve only themselves, operands
// that its body does not read.

/// A scan without what nobody needs, and where the rest has gone.
struct PrunedScan {
  var scan: Scan
  /// The operands that stay, by their former positions.
  var operands: [Int]
  /// The new number of each former result that stays.
  var results: [Int: Int]

  /// - Parameter needed: the numbers of the results that are used.
  init(_ scan: Scan, needed: Set<Int>) {
    let body = scan.body.function
    var isLive = [Bool](repeating: false, count: body.instructions.count)
    var keepsState = (0..<scan.states).map { needed.contains($0) }
    let keptResults = { (keepsState: [Bool]) in
      body.results.indices.filter { $0 < scan.states ? keepsState[$0] : needed.contains($0) }
    }
    // A state that is read by what stays stays, and so does what it is made of.
    var isSettled = false
    while !isSettled {
      isSettled = true
      isLive = body.liveness(of: keptResults(keepsState))
      for index in body.instructions.indices where isLive[index] {
        guard case .argument(let number) = body.instructions[index].op else { continue }
        let state = number - scan.sequences
        if state >= 0, state < scan.states, !keepsState[state] {
          keepsState[state] = true
          isSettled = false
        }
      }
    }
    var isRead = [Bool](repeating: false, count: body.arguments.count)
    for index in body.instructions.indices where isLive[index] {
      if case .argument(let number) = body.instructions[index].op { isRead[number] = true }
    }
    for state in 0..<scan.states { isRead[scan.sequences + state] = keepsState[state] }
    let kept = keptResults(keepsState)
    operands = isRead.indices.filter { isRead[$0] }
    results = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
    self.scan = scan
    self.scan.sequences = operands.count { $0 < scan.sequences }
    self.scan.states = keepsState.count { $0 }
    self.scan.body = NestedFunction(
      body.keeping(arguments: operands, results: kept).withoutDeadCode())
  }
}

extension PrunedScan {
  /// The type of the scan's first result, which is that of its instruction.
  func firstType(of operands: [TensorType]) -> TensorType? {
    (try? scan.resultTypes(of: operands))?.first
  }
}

extension Function {
  /// Which instructions these results need.
  fileprivate func liveness(of kept: [Int]) -> [Bool] {
    var isLive = [Bool](repeating: false, count: instructions.count)
    for result in kept { isLive[results[result].value.index] = true }
    for index in instructions.indices.reversed() where isLive[index] {
      for operand in instructions[index].operands { isLive[operand.index] = true }
    }
    return isLive
  }

  /// With these arguments and results alone; the instructions of other arguments stay as constants,
  /// to be removed as dead code.
  fileprivate func keeping(arguments kept: [Int], results keptResults: [Int]) -> Function {
    var function = self
    function.arguments = kept.map { arguments[$0] }
    function.results = keptResults.map { results[$0] }
    var renumbered = [Int?](repeating: nil, count: arguments.count)
    for (new, old) in kept.enumerated() { renumbered[old] = new }
    for index in instructions.indices {
      guard case .argument(let number) = instructions[index].op else { continue }
      let type = instructions[index].type
      function.instructions[index].op =
        renumbered[number].map { .argument($0) }
        ?? .constant(Constant(splat: Scalar(0, as: type.element), shape: type.shape))
    }
    return function
  }
}
