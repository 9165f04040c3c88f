// What every value of a network is on given inputs, and its adjoint: the numbers of a hand computation. Tensors are summarised as soon as
// they are computed, so that a large network's are not all in memory.

import NNIR

/// The values of a drawing, as text.
struct GraphTrace {
  /// A value, or at each step of the scan that it is in.
  private(set) var values: [TracedValue: [ValueSummary]] = [:]
  private(set) var adjoints: [TracedValue: [ValueSummary]] = [:]
  /// By the uses of an edge: what they pass on together.
  private(set) var passedOn: [[ShownEdge.Use]: [ValueSummary]] = [:]
  /// The number of the result that is differentiated; nil where none is.
  private(set) var target: Int?
  /// Of scans inside: more steps than this are left out.
  static let mostSteps = 64

  private let graph: ShownGraph
  /// By function: the uses of its edges.
  private var uses: [[[ShownEdge.Use]]]
  private let interpreter = Interpreter()

  /// - Parameter arguments: of the network's function.
  init(_ graph: ShownGraph, arguments: [Tensor]) throws {
    self.graph = graph
    uses = graph.functions.map { _ in [] }
    for list in Set(graph.levels.flatMap { $0.edges.map(\.uses) }) {
      if let first = list.first { uses[first.function].append(list) }
    }
    let function = graph.functions[0]
    let target = try? function.differentiatedResult()
    self.target = target.flatMap { target in function.results.firstIndex { $0 == target } }
    var seeds: [(result: Int, adjoint: Tensor)] = []
    if let number = self.target {
      let type = function.type(of: function.results[number].value)
      if type.element.isFloat {
        seeds = [(number, Tensor(type.shape, filledWith: 1, element: type.element))]
      }
    }
    _ = try trace(0, arguments, seeds, step: 0)
  }

  /// Evaluates a function and its adjoints; gives the adjoints of its arguments, nil where none arrives.
  private mutating func trace(
    _ number: Int, _ arguments: [Tensor], _ seeds: [(result: Int, adjoint: Tensor)], step: Int
  ) throws -> [Tensor?] {
    let function = graph.functions[number]
    let traced = try function.tracingAdjoints(ofResults: seeds.map(\.result))
    let meanings = Meanings(traced)
    var kept: [Value: Tensor] = [:]
    let passed = Dictionary(
      traced.passedOn.map {
        (ShownEdge.Use(function: number, user: $0.user, position: $0.position), $0.value)
      },
      uniquingKeysWith: { first, _ in first })
    let shared = uses[number].filter { $0.count > 1 }
    let needed = scanValues(of: function, number, traced)
      .union(shared.joined().compactMap { passed[$0] })
    var found: [(Meaning, ValueSummary)] = []
    _ = try interpreter.evaluate(
      traced.function, arguments: arguments + seeds.map(\.adjoint)
    ) { value, tensor in
      if needed.contains(value) { kept[value] = tensor }
      let meant = meanings.of(value)
      if meant.isEmpty { return }
      let summary = ValueSummary(tensor)
      for meaning in meant { found.append((meaning, summary)) }
    }
    if step < Self.mostSteps {
      for (meaning, summary) in found { note(meaning, summary, number, step) }
      for list in shared {
        let parts = list.compactMap { passed[$0] }.compactMap { kept[$0] }
        guard let first = parts.first else { continue }
        let all = parts.dropFirst().reduce(first, sum)
        Self.put(ValueSummary(all), in: &passedOn[list, default: []], step)
      }
    }
    if step < Self.mostSteps { try traceScans(of: function, number, traced, kept) }
    return function.arguments.indices.map { argument in
      let value = function.instructions.firstIndex { $0.op == .argument(argument) }
      return value.flatMap { traced.adjoints[$0] }.flatMap { kept[$0] }
    }
  }

  private mutating func note(
    _ meaning: Meaning, _ summary: ValueSummary, _ number: Int, _ step: Int
  ) {
    switch meaning {
    case .value(let value):
      Self.put(summary, in: &values[TracedValue(function: number, value: value), default: []], step)
    case .adjoint(let value):
      Self.put(
        summary, in: &adjoints[TracedValue(function: number, value: value), default: []], step)
    case .passedOn(let user, let position):
      let use = ShownEdge.Use(function: number, user: user, position: position)
      Self.put(summary, in: &passedOn[[use], default: []], step)
    }
  }

  /// Steps of a scan come last first: empty places are filled later.
  private static func put(_ summary: ValueSummary, in list: inout [ValueSummary], _ step: Int) {
    while list.count <= step { list.append(ValueSummary.none) }
    list[step] = summary
  }

  // MARK: Scans

  /// What has to be kept to go through scans step by step: operands of scans, adjoints of their results and of the function's arguments.
  private func scanValues(
    of function: Function, _ number: Int, _ traced: TracedAdjoints
  ) -> Set<Value> {
    var needed: Set<Value> = []
    for (index, instruction) in function.instructions.enumerated() {
      if instruction.op.isScan { needed.formUnion(instruction.operands) }
      switch instruction.op {
      case .projection: if let adjoint = traced.adjoints[index] { needed.insert(adjoint) }
      case .argument where number > 0:
        if let adjoint = traced.adjoints[index] { needed.insert(adjoint) }
      case _: break
      }
    }
    return needed
  }

  private mutating func traceScans(
    of function: Function, _ number: Int, _ traced: TracedAdjoints, _ kept: [Value: Tensor]
  ) throws {
    for (inner, owner) in graph.scans.sorted(by: { $0.key < $1.key }) where owner.function == number
    {
      guard case .scan(let scan) = function[owner.value].op, scan.length > 0 else { continue }
      let operands = function[owner.value].operands.compactMap { kept[$0] }
      guard operands.count == function[owner.value].operands.count else { continue }
      var adjoints: [Int: Tensor] = [:]
      for (index, instruction) in function.instructions.enumerated() {
        guard case .projection(let result) = instruction.op,
          instruction.operands[0] == owner.value,
          let adjoint = traced.adjoints[index].flatMap({ kept[$0] })
        else { continue }
        // Two projections of one result are two parts of its adjoint.
        adjoints[result] = adjoints[result].map { sum($0, adjoint) } ?? adjoint
      }
      try traceSteps(of: scan, inner, operands, adjoints)
    }
  }

  /// Every step forwards, then every step backwards with the adjoints of the states after it.
  private mutating func traceSteps(
    of scan: Scan, _ number: Int, _ operands: [Tensor], _ adjoints: [Int: Tensor]
  ) throws {
    let body = scan.body.function
    var states = Array(operands[scan.sequences..<scan.sequences + scan.states])
    let captured = operands[(scan.sequences + scan.states)...]
    var arguments: [[Tensor]] = []
    for step in 0..<scan.length {
      let position = scan.isReversed ? scan.length - 1 - step : step
      let slices = operands[..<scan.sequences].map { Movement.step($0, at: position) }
      arguments.append(slices + states + captured)
      states = Array(
        try interpreter.evaluate(body, arguments: arguments[step])[..<scan.states])
    }
    var stateAdjoints: [Tensor?] = (0..<scan.states).map { adjoints[$0] }
    for step in (0..<scan.length).reversed() {
      let position = scan.isReversed ? scan.length - 1 - step : step
      var seeds: [(result: Int, adjoint: Tensor)] = []
      for (state, adjoint) in stateAdjoints.enumerated() {
        if let adjoint { seeds.append((state, adjoint)) }
      }
      for result in body.results.indices.dropFirst(scan.states) {
        if let adjoint = adjoints[result] {
          seeds.append((result, Movement.step(adjoint, at: position)))
        }
      }
      let passed = try trace(number, arguments[step], seeds, step: step)
      stateAdjoints = Array(passed[scan.sequences..<scan.sequences + scan.states])
    }
  }

  private func sum(_ a: Tensor, _ b: Tensor) -> Tensor {
    ElementwiseEvaluation.apply(.add, [a, b], type: a.type)
  }
}

/// What a value of a traced function says about the function that was traced.
private enum Meaning {
  case value(Value)
  case adjoint(Value)
  case passedOn(Value, Int)
}

/// The meanings of values, some of which have several.
private struct Meanings {
  private var lists: [[Meaning]]

  init(_ traced: TracedAdjoints) {
    lists = [[Meaning]](repeating: [], count: traced.function.instructions.count)
    for (index, adjoint) in traced.adjoints.enumerated() {
      if !traced.function.instructions[index].op.isScan {
        lists[index].append(.value(Value(index)))
      }
      if let adjoint { lists[adjoint.index].append(.adjoint(Value(index))) }
    }
    for part in traced.passedOn {
      lists[part.value.index].append(.passedOn(part.user, part.position))
    }
  }

  func of(_ value: Value) -> [Meaning] {
    value.index < lists.count ? lists[value.index] : []
  }
}
