// One step of a scan and the sweep back over it: the body of the adjoint scan.

/// What the adjoint of a scan's step reads and gives.
struct ScanStep {
  /// Where an operand of the adjoint scan is from.
  enum Source {
    case operand(Int)
    /// What a value of the body was in each step; the name is that of the yield, the type that of all steps.
    case saved(Value, name: String, TensorType)
    /// The adjoint of a result of the scan.
    case adjoint(result: Int, TensorType)
    /// Zeros like an operand of the scan.
    case zeros(Int)
  }

  let scan: Scan
  let body: Function
  /// For each operand of the scan whether its adjoint is wanted.
  let isActive: [Bool]
  /// States through which the adjoint flows, captured values that it reaches, sequences likewise.
  private let states: [Int]
  private let captured: [Int]
  private let sequences: [Int]
  /// Results of the scan that are yields and have an adjoint.
  private let yields: [Int]
  /// Values of the body that are saved and not computed again.
  private let residuals: [Value]
  let sources: [Source]

  init(_ scan: Scan, isActive: [Bool], yields results: [Int: Value]) {
    self.scan = scan
    self.isActive = isActive
    let body = scan.body.function
    self.body = body
    let firstCaptured = scan.sequences + scan.states
    yields = (scan.states..<body.results.count).filter { results[$0] != nil }
    let reached = Self.reachedStates(scan, isActive)
    states = (0..<scan.states).filter { reached[$0] }
    captured = (firstCaptured..<isActive.count).filter { isActive[$0] }
    sequences = (0..<scan.sequences).filter { isActive[$0] }
    residuals = scan.residuals()
    var sources: [Source] = (0..<scan.sequences).map { .operand($0) }
    // A state without an instruction is read by nothing, and its source never asked for.
    var instructions = [Value](repeating: Value(0), count: body.arguments.count)
    for (index, instruction) in body.instructions.enumerated() {
      if case .argument(let number) = instruction.op { instructions[number] = Value(index) }
    }
    sources += (scan.sequences..<firstCaptured).map { number in
      let argument = body.arguments[number]
      return .saved(
        instructions[number], name: "\(argument.name)_before", argument.type.stacked(scan.length))
    }
    sources += yields.map { result in
      .adjoint(
        result: result, body.type(of: body.results[result].value).stacked(scan.length))
    }
    sources += residuals.map {
      .saved($0, name: body.residualName($0), body.type(of: $0).stacked(scan.length))
    }
    sources += states.map { state in
      .adjoint(result: state, body.type(of: body.results[state].value))
    }
    sources += captured.map { .zeros($0) }
    sources += (firstCaptured..<isActive.count).map { .operand($0) }
    self.sources = sources
  }

  var sequenceCount: Int { scan.sequences + scan.states + yields.count + residuals.count }
  var stateCount: Int { states.count + captured.count }

  /// For each of the first results of the adjoint scan the operand of the forward scan whose adjoint it is: final adjoints of
  /// states, what has grown in states for captured values, then stacked adjoints.
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
  func adjoint(at origin: Origin?, room: Int) -> AdjointStep? {
    let builder = FunctionBuilder(name: "\(body.name)_adjoint")
    builder.currentOrigin = origin
    func argument(_ name: String, _ type: TensorType) -> Value {
      builder.argument(Argument(name: name, role: .input, type: type))
    }
    func argument(_ number: Int) -> Value {
      argument(body.arguments[number].name, body.arguments[number].type)
    }
    func adjointArgument(_ result: Int) -> Value {
      argument("d_\(body.results[result].name)", body.type(of: body.results[result].value))
    }
    let steps = (0..<scan.sequences + scan.states).map(argument)
    let yieldAdjoints = yields.map(adjointArgument)
    // The arguments of residuals get their instructions when the sweep has passed these values.
    let firstResidual = builder.function.arguments.count
    builder.function.arguments += residuals.map {
      Argument(name: body.residualName($0), role: .input, type: body.type(of: $0))
    }
    let stateAdjoints = states.map(adjointArgument)
    let sums = captured.map {
      argument("d_\(body.arguments[$0].name)", body.arguments[$0].type)
    }
    let arguments = steps + (scan.sequences + scan.states..<body.arguments.count).map(argument)
    let results = builder.inline(body.yielding(residuals), arguments, keepsOrigins: true)
    let seeds =
      zip(states, stateAdjoints).map { (value: results[$0], adjoint: Optional($1)) }
      + zip(yields, yieldAdjoints).map { (value: results[$0], adjoint: Optional($1)) }
    let passed = builder.adjoints(
      seeds: seeds, withRespectTo: resultOperands.map { arguments[$0] })
    if builder.isFull || builder.count + builder.nestedCount > room { return nil }
    for (number, value) in results.suffix(residuals.count).enumerated() {
      builder.function.instructions[value.index].op = .argument(firstResidual + number)
      builder.function.instructions[value.index].operands = []
    }
    return AdjointStep(self, builder, passed, sums: sums)
  }
}

extension AdjointStep {
  /// - Parameters:
  ///   - passed: the adjoints of the step's `resultOperands` in the builder's function.
  ///   - sums: the arguments in which those of captured values grow.
  fileprivate init(
    _ step: ScanStep, _ builder: FunctionBuilder, _ passed: [Value?], sums: [Value]
  ) {
    let targets = step.resultOperands
    let firstSum = step.stateCount - sums.count
    var sinking = AccumulatorSinking(builder, step)
    for (number, value) in passed.enumerated() {
      let type = step.body.arguments[targets[number]].type
      let isSum = (firstSum..<step.stateCount).contains(number)
      let adjoint = isSum ? sums[number - firstSum] : value ?? builder.zeros(type)
      let name = "d_\(step.body.arguments[targets[number]].name)"
      builder.result(name, .output, adjoint)
    }
    let captured = (firstSum..<step.stateCount).compactMap { number in
      passed[number].map { (target: targets[number], adjoint: $0) }
    }
    let rests = sinking.sink(captured)
    wanted = Set(targets.indices.filter { step.isActive[targets[$0]] })
    for number in firstSum..<step.stateCount {
      if let rest = rests[targets[number]] {
        builder.function.results[number].value = builder.elementwise(
          .add, sums[number - firstSum], rest)
      } else {
        wanted.remove(number)
      }
    }
    shares = sinking.shares
    wanted.formUnion(sinking.usedResults)
    body = builder.function
  }
}
