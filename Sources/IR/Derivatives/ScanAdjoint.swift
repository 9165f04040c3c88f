// The derivative of a scan: a scan the other way. Its body computes the step once more, from the
// state that the step began with, and sweeps back over it; its states are the adjoints of the
// forward states and, growing step by step, those of the captured values.
//
// With s the states, c what is captured, and a step (s', y) = body(x, s, c):
//
//   forward:   s[t+1], y[t] = body(x[t], s[t], c)        yields s[t] as well, where it is needed
//   backward:  gx[t], gs[t], dc = adjoint of body at (x[t], s[t], c) for (gs[t+1], gy[t])
//              gc[t] = gc[t+1] + dc
//
// Only states that the adjoint reads are saved.

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
    guard let body = step.adjointBody(at: currentOrigin, room: room) else {
      fill()
      return isActive.map { _ in nil }
    }
    // Whose adjoint is wanted in the end: final adjoints of states first, then stacked ones.
    let resultOperands = step.resultOperands
    let wanted = resultOperands.indices.filter { isActive[resultOperands[$0]] }
    let adjoint = Scan(
      body: NestedFunction(body), length: scan.length, isReversed: !scan.isReversed,
      sequences: step.sequenceCount, states: step.stateCount)
    let pruned = PrunedScan(adjoint, needed: Set(wanted))
    let operands = pruned.operands.map { position in
      operand(step.source(of: position), of: value, instruction, results)
    }
    let types = (try? pruned.scan.resultTypes(of: operands.map { type(of: $0) })) ?? []
    guard let first = types.first else { return isActive.map { _ in nil } }
    let reversed = append(.scan(pruned.scan), operands, type: first)
    var passed = [Value?](repeating: nil, count: isActive.count)
    for former in wanted {
      guard let number = pruned.results[former] else { continue }
      passed[resultOperands[former]] = append(
        .projection(number), [reversed], type: types[number])
    }
    return passed
  }

  /// An operand of the adjoint scan.
  private func operand(
    _ source: ScanStep.Source, of scan: Value, _ instruction: Instruction, _ results: [Int: Value]
  ) -> Value {
    switch source {
    case .operand(let number): instruction.operands[number]
    case .saved(let state): saved(state, of: scan)
    case .adjoint(let result, let type): results[result] ?? zeros(type)
    case .zeros(let number): zeros(type(of: instruction.operands[number]))
    }
  }

  /// The values that a state had before each step: a yield of the scan, added where it has none such.
  private func saved(_ state: Int, of value: Value) -> Value {
    guard case .scan(var scan) = function[value].op else { return value }
    var body = scan.body.function
    let argument = Op.argument(scan.sequences + state)
    guard let before = body.instructions.firstIndex(where: { $0.op == argument }) else {
      return value
    }
    var number = body.results.indices.first {
      $0 >= scan.states && body.results[$0].value == Value(before)
    }
    if number == nil {
      let name = body.arguments[scan.sequences + state].name
      body.results.append(Result(name: "\(name)_before", role: .output, value: Value(before)))
      number = body.results.count - 1
      scan.body = NestedFunction(body)
      function.instructions[value.index].op = .scan(scan)
    }
    let type = body.type(of: Value(before))
    return append(
      .projection(number ?? 0), [value],
      type: type.with(shape: Shape([scan.length] + type.shape.sizes)))
  }
}

/// One step of a scan and what its adjoint reads and gives.
private struct ScanStep {
  /// Where an operand of the adjoint scan is from.
  enum Source {
    case operand(Int)
    /// The values of a state before each step.
    case saved(Int)
    /// The adjoint of a result of the scan.
    case adjoint(result: Int, TensorType)
    /// Zeros like an operand of the scan.
    case zeros(Int)
  }

  let scan: Scan
  let body: Function
  /// States through which the adjoint flows, captured values that it reaches, sequences likewise.
  private let states: [Int]
  private let captured: [Int]
  private let sequences: [Int]
  /// Results of the scan that are yields and have an adjoint.
  private let yields: [Int]
  private(set) var sources: [Source] = []

  init(_ scan: Scan, isActive: [Bool], yields results: [Int: Value]) {
    self.scan = scan
    body = scan.body.function
    let firstCaptured = scan.sequences + scan.states
    yields = (scan.states..<body.results.count).filter { results[$0] != nil }
    let reached = Self.reachedStates(scan, isActive)
    states = (0..<scan.states).filter { reached[$0] }
    captured = (firstCaptured..<isActive.count).filter { isActive[$0] }
    sequences = (0..<scan.sequences).filter { isActive[$0] }
    sources = (0..<scan.sequences).map { .operand($0) }
    sources += (0..<scan.states).map { .saved($0) }
    sources += yields.map { [body, scan] result in
      let type = body.type(of: body.results[result].value)
      return .adjoint(
        result: result, type.with(shape: Shape([scan.length] + type.shape.sizes)))
    }
    sources += states.map { [body] state in
      .adjoint(result: state, body.type(of: body.results[state].value))
    }
    sources += captured.map { .zeros($0) }
    sources += (firstCaptured..<isActive.count).map { .operand($0) }
  }

  var sequenceCount: Int { scan.sequences + scan.states + yields.count }
  var stateCount: Int { states.count + captured.count }
  func source(of position: Int) -> Source { sources[position] }

  /// For each result of the adjoint scan the operand of the forward scan whose adjoint it is.
  var resultOperands: [Int] { states.map { scan.sequences + $0 } + captured + sequences }

  /// Whether each state changes with what is active: itself, or through the loop.
  private static func reachedStates(_ scan: Scan, _ isActive: [Bool]) -> [Bool] {
    let body = scan.body.function
    var active = isActive
    for (number, argument) in body.arguments.enumerated() where !argument.type.element.isFloat {
      active[number] = false
    }
    var isSettled = false
    while !isSettled {
      isSettled = true
      var depends = [Bool](repeating: false, count: body.instructions.count)
      for (index, instruction) in body.instructions.enumerated() {
        if case .argument(let number) = instruction.op { depends[index] = active[number] }
      }
      body.spread(&depends)
      for state in 0..<scan.states where !active[scan.sequences + state] {
        if depends[body.results[state].value.index] {
          active[scan.sequences + state] = true
          isSettled = false
        }
      }
    }
    return (0..<scan.states).map { active[scan.sequences + $0] }
  }

  /// The step and the sweep back over it; nil where it has more operations than there is room for.
  func adjointBody(at origin: Origin?, room: Int) -> Function? {
    let builder = FunctionBuilder(name: "\(body.name)_adjoint")
    builder.currentOrigin = origin
    func argument(_ name: String, _ type: TensorType) -> Value {
      builder.argument(Argument(name: name, role: .input, type: type))
    }
    let steps = (0..<scan.sequences + scan.states).map {
      argument(body.arguments[$0].name, body.arguments[$0].type)
    }
    let yieldAdjoints = yields.map { result in
      argument("d_\(body.results[result].name)", body.type(of: body.results[result].value))
    }
    let stateAdjoints = states.map { state in
      argument("d_\(body.results[state].name)", body.type(of: body.results[state].value))
    }
    let sums = captured.map {
      argument("d_\(body.arguments[$0].name)", body.arguments[$0].type)
    }
    let values = (scan.sequences + scan.states..<body.arguments.count).map {
      argument(body.arguments[$0].name, body.arguments[$0].type)
    }
    let arguments = steps + values
    let results = builder.inline(body, arguments, keepsOrigins: true)
    let seeds =
      zip(states, stateAdjoints).map { (value: results[$0], adjoint: Optional($1)) }
      + zip(yields, yieldAdjoints).map { (value: results[$0], adjoint: Optional($1)) }
    let targets = states.map { scan.sequences + $0 } + captured + sequences
    let passed = builder.adjoints(
      seeds: seeds, withRespectTo: targets.map { arguments[$0] })
    if builder.isFull || builder.count + builder.nestedCount > room { return nil }
    for (position, target) in targets.enumerated() {
      var adjoint = passed[position] ?? builder.zeros(body.arguments[target].type)
      if position >= states.count, position < states.count + captured.count {
        adjoint = builder.elementwise(.add, sums[position - states.count], adjoint)
      }
      builder.result("d_\(body.arguments[target].name)", .output, adjoint)
    }
    return builder.function
  }
}
