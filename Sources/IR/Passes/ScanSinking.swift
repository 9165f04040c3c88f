// What of a scan's body can wait until after the loop: products that serve yields alone.

struct ScanSinking {
  let dependence: [Function.StepDependence]
  /// The values of the body that are computed after the loop.
  private(set) var isSunk: [Bool]
  /// The body's results with the yields added that sunk values are made of.
  private(set) var results: [Result]
  /// The numbers of the yields that are sunk.
  private(set) var sunkResults: [Int] = []
  /// Of the values that sunk values are made of and only the loop knows, the yields.
  private(set) var sources = SmallTable<Value, Int>()

  /// Nil where there is nothing to sink, or where what must be yielded instead takes more than four times the memory.
  init?(_ scan: Scan, _ body: Function, used: Set<Int>) {
    dependence = body.stepDependence(scan)
    results = body.results
    isSunk = body.sunkProducts(scan, dependence, used: used)
    if !isSunk.contains(true) { return nil }
    sunkResults = (scan.states..<results.count).filter {
      used.contains($0) && isSunk[results[$0].value.index]
    }
    // Values that are yielded under two names are one.
    let former = Set(sunkResults.map { results[$0].value }).reduce(0) {
      $0 + body.type(of: $1).byteCount
    }
    var known = SmallTable<Value, Int>()
    for number in (scan.states..<results.count).reversed() where used.contains(number) {
      known[results[number].value] = number
    }
    var added = 0
    for index in isSunk.indices where isSunk[index] {
      for operand in body.instructions[index].operands
      where !isSunk[operand.index] && dependence[operand.index] == .states {
        if sources[operand] != nil { continue }
        sources[operand] = known[operand] ?? results.count
        if known[operand] != nil { continue }
        let type = body.type(of: operand)
        if !type.stacked(scan.length).isCountable { return nil }
        added += type.byteCount
        let name = body.origins[operand]?.name ?? body[operand].op.name
        results.append(Result(name: name, role: .output, value: operand))
      }
    }
    if added > 4 * former { return nil }
  }
}

extension Function {
  /// For each value of this body whether it is a product that may wait, or is made of one, or moves the elements of what is.
  fileprivate func sunkProducts(
    _ scan: Scan, _ dependence: [StepDependence], used: Set<Int>
  ) -> [Bool] {
    var isLive = [Bool](repeating: false, count: instructions.count)
    var canWait = [Bool](repeating: true, count: instructions.count)
    for (number, result) in results.enumerated() where number < scan.states || used.contains(number)
    {
      isLive[result.value.index] = true
      if number < scan.states { canWait[result.value.index] = false }
    }
    // What waits is used by nothing that does not.
    for (index, instruction) in instructions.enumerated().reversed() where isLive[index] {
      let isBatched = instruction.operands.map { dependence[$0.index] != .nothing }
      if !isBatched.contains(true) || !canBatch(instruction, isBatched, length: scan.length) {
        canWait[index] = false
      }
      for operand in instruction.operands {
        isLive[operand.index] = true
        if !canWait[index] { canWait[operand.index] = false }
      }
    }
    var isSunk = [Bool](repeating: false, count: instructions.count)
    for (index, instruction) in instructions.enumerated() where isLive[index] && canWait[index] {
      isSunk[index] =
        instruction.isMatrixProduct || instruction.operands.contains { isSunk[$0.index] }
    }
    // Windows and repetitions that products alone read need not be yielded.
    var isOnlyForSunk = isSunk.map { _ in true }
    var isForSunk = isSunk.map { _ in false }
    for (index, instruction) in instructions.enumerated().reversed() where isLive[index] {
      if canWait[index], isForSunk[index], isOnlyForSunk[index], instruction.op.isNoSelection {
        isSunk[index] = true
      }
      for operand in instruction.operands {
        if isSunk[index] {
          isForSunk[operand.index] = true
        } else {
          isOnlyForSunk[operand.index] = false
        }
      }
    }
    return isSunk
  }
}

extension Op {
  /// Whether it moves elements, and has at least as many as its operand.
  fileprivate var isNoSelection: Bool {
    switch self {
    case .reshape, .permute, .broadcast, .pad, .windows: true
    case .argument, .constant, .iota, .elementwise, .reduce, .argReduce, .slice, .concat, .fold,
      .contraction, .gather, .scatterAdd, .random, .identity, .stopGradient, .custom, .scan,
      .projection:
      false
    }
  }
}
