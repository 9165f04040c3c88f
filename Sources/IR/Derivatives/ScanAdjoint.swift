// The derivative of a scan: a scan the other way. Its body computes the step once more, from the state that the step began
// with, and sweeps back over it; its states are the adjoints of the forward states.
//
// With s the states, c what is captured, and a step (s', y) = body(x, s, c):
//
//   forward:   s[t+1], y[t] = body(x[t], s[t], c)        yields s[t] and residuals r[t] as well, where they are needed
//   backward:  gx[t], gs[t], gc[t] = adjoint of body at (x[t], s[t], r[t], c) for (gs[t+1], gy[t])
//   adjoint of c = the sum of all gc[t]
//
// Residuals (`ScanResiduals.swift`) are the results of contractions, which are too much work to do twice. Only states and
// residuals that the adjoint reads are saved. A share of gc[t] that is a product of what differs from step to step is summed
// by one contraction over all steps (`SharesOfCaptured.swift`); the rest grows step by step in a state of the backward scan.

extension FunctionBuilder {
  /// The adjoint of each operand of a scan, nil where none passes.
  ///
  /// - Parameters:
  ///   - value: the scan, which may get further yields.
  ///   - results: the adjoints of its results, by number; those missing are zero.
  ///   - isActive: for each operand, whether its adjoint is wanted.
  func adjoints(
    ofScan value: Value, results: [Int: Value], isActive: [Bool]
  ) -> [Value?] {
    let instruction = function[value]
    guard case .scan(let scan) = instruction.op else { return [] }
    let step = ScanStep(scan, isActive: isActive, yields: results)
    let room = maximumOperationCount - count - nestedCount
    guard let adjointStep = step.adjoint(at: currentOrigin, room: room) else {
      fill()
      return isActive.map { _ in nil }
    }
    let adjoint = Scan(
      body: NestedFunction(adjointStep.body), length: scan.length, isReversed: !scan.isReversed,
      sequences: step.sequenceCount, states: step.stateCount)
    let pruned = PrunedScan(adjoint, needed: adjointStep.wanted)
    let read = pruned.operands + adjointStep.shares.flatMap(\.sequences)
    let yields = yields(of: value, for: read.map { step.sources[$0] })
    func source(_ position: Int) -> Value {
      operand(step.sources[position], of: value, yields, results)
    }
    let operands = pruned.operands.map(source)
    var found: [Int: Value] = [:]
    // Of shares that need nothing but sequences there is no loop.
    if !pruned.results.isEmpty {
      let types = (try? pruned.scan.resultTypes(of: operands.map { type(of: $0) })) ?? []
      guard let first = types.first else { return isActive.map { _ in nil } }
      let reversed = append(.scan(pruned.scan), operands, type: first)
      for former in adjointStep.wanted.sorted() {
        guard let number = pruned.results[former] else { continue }
        found[former] = append(.projection(number), [reversed], type: types[number])
      }
    }
    var passed = [Value?](repeating: nil, count: isActive.count)
    for (former, target) in step.resultOperands.enumerated() where isActive[target] {
      passed[target] = found[former]
    }
    for share in adjointStep.shares {
      let sum = self.sum(of: share, length: scan.length) { operand in
        switch operand {
        case .sequence(let position): source(position)
        case .result(let former): found[former] ?? Value(0)
        }
      }
      passed[share.target] = passed[share.target].map { elementwise(.add, $0, sum) } ?? sum
    }
    return passed
  }

  /// An operand of the adjoint scan.
  private func operand(
    _ source: ScanStep.Source, of scan: Value, _ yields: SmallTable<Value, Int>,
    _ results: [Int: Value]
  ) -> Value {
    switch source {
    case .operand(let number): function[scan].operands[number]
    case .saved(let inBody, _, let type):
      append(.projection(yields[inBody] ?? 0), [scan], type: type)
    case .adjoint(let result, let type): results[result] ?? zeros(type)
    case .zeros(let number): zeros(type(of: function[scan].operands[number]))
    }
  }

  /// The numbers of the yields of the values of the body that are to be saved; the scan gets further yields where it has none.
  private func yields(of value: Value, for sources: [ScanStep.Source]) -> SmallTable<Value, Int> {
    guard case .scan(var scan) = function[value].op else { return SmallTable() }
    var body = scan.body.function
    var numbers = SmallTable<Value, Int>()
    for number in (scan.states..<body.results.count).reversed() {
      numbers[body.results[number].value] = number
    }
    let former = body.results.count
    for case .saved(let inBody, let name, _) in sources where numbers[inBody] == nil {
      numbers[inBody] = body.results.count
      body.results.append(Result(name: name, role: .output, value: inBody))
    }
    if body.results.count > former {
      scan.body = NestedFunction(body)
      function.instructions[value.index].op = .scan(scan)
    }
    return numbers
  }
}
