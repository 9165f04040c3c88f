// Reverse-mode differentiation: one sweep over the instructions, backwards, that turns the adjoint
// of each result into adjoints of its operands by the rule table. The result is ordinary IR in the
// same builder, so it can be differentiated again.

extension FunctionBuilder {
  /// The derivatives of `f` with respect to each of `wrt`, of their types; appended to the
  /// function.
  ///
  /// Where `f` has several elements it is their sum that is differentiated, or with a `seed` of its
  /// type the sum of their products. Zeros with respect to what `f` does not depend on, and through
  /// integers and `bool`. Once the builder `isFull` the result is of no use. A scan on the way may
  /// get more yields than it had: the states that its adjoint goes back over.
  public func gradients(
    of f: Value, withRespectTo wrt: [Value], seed: Value? = nil
  ) -> [Value] {
    let adjoints = adjoints(seeds: [(f, seed)], withRespectTo: wrt)
    return zip(wrt, adjoints).map { value, adjoint in adjoint ?? zeros(type(of: value)) }
  }

  /// The adjoints of each of `wrt`, nil for zeros, where each value of `seeds` has the adjoint given
  /// (nil: ones).
  func adjoints(
    seeds: [(value: Value, adjoint: Value?)], withRespectTo wrt: [Value]
  ) -> [Value?] {
    guard let last = seeds.map(\.value).max() else { return wrt.map { _ in nil } }
    let outer = currentOrigin
    defer { currentOrigin = outer }
    var sweep = ReverseSweep(self, last: last, wrt)
    sweep.call = outer?.call ?? 0
    for (value, adjoint) in seeds where sweep.depends(value) {
      sweep.add(adjoint ?? splat(1, type(of: value)), to: value)
    }
    sweep.run()
    return wrt.map { sweep.adjoint(of: $0) }
  }
}

extension Function {
  /// Marks every value that may change with one that is marked. The first mark is that of the value
  /// `first`; no change goes through integers and `bool`.
  func spread(_ depends: inout [Bool], from first: Int = 0) {
    for index in first..<first + depends.count where !depends[index - first] {
      let instruction = instructions[index]
      // The type of a scan is that of one of its results alone.
      if !instruction.op.isScan,
        !instruction.type.element.isFloat || instruction.op == .stopGradient
      {
        continue
      }
      depends[index - first] = instruction.operands.contains {
        $0.index >= first && depends[$0.index - first]
      }
    }
  }
}

/// The adjoints of the values from `first` to `last` while they are worked out.
struct ReverseSweep {
  private let builder: FunctionBuilder
  private let first: Int
  private let last: Int
  /// For each value: is it one of those asked about, or may its change through them change what is
  /// differentiated?
  private var dependence: [Bool]
  private var adjoints: [Value?]
  /// By scan: the adjoints of its results.
  private var scans: [Int: [Int: Value]] = [:]
  private let firstAdjoint: Value
  /// The call in the graph file, a `grad`, that the adjoints are part of; 0 is none.
  var call: Int32 = 0
  /// What each instruction has passed on to each of its operands; nil where nobody wants to know.
  var passedOn: [PassedAdjoint]?

  init(_ builder: FunctionBuilder, last: Value, _ wrt: [Value]) {
    self.builder = builder
    self.last = last.index
    first = min(last, wrt.min() ?? last).index
    firstAdjoint = Value(builder.count)
    dependence = builder.dependence(on: wrt, from: first, to: last.index)
    adjoints = [Value?](repeating: nil, count: dependence.count)
    // An adjoint has some three instructions for one. Room for them at once, where they are many:
    // growing by doubling would hold old and new for a moment.
    if 3 * dependence.count > builder.count {
      let count = builder.count + 3 * dependence.count
      builder.function.instructions.reserveCapacity(count)
      if !builder.function.origins.isEmpty { builder.function.origins.reserveCapacity(count) }
    }
  }

  func depends(_ value: Value) -> Bool {
    value.index >= first && value.index <= last && dependence[value.index - first]
  }

  func adjoint(of value: Value) -> Value? { depends(value) ? adjoints[value.index - first] : nil }

  mutating func add(_ contribution: Value, to value: Value) {
    guard depends(value) else { return }
    let slot = value.index - first
    adjoints[slot] =
      adjoints[slot].map { builder.elementwise(.add, $0, contribution) } ?? contribution
  }

  mutating func run() {
    for index in stride(from: last, through: first, by: -1) where dependence[index - first] {
      let instruction = builder.function.instructions[index]
      guard instruction.operands.contains(where: depends) else { continue }
      if !builder.hasRoom() { return }
      if case .scan(let scan) = instruction.op {
        passOn(scan, Value(index), instruction.operands)
      } else if let g = adjoints[index - first] {
        builder.name(g, asAdjointOf: Value(index), from: firstAdjoint, call)
        passOn(g, instruction, Value(index))
      }
      if builder.isFull { return }
    }
  }

  private mutating func passOn(_ g: Value, _ instruction: Instruction, _ value: Value) {
    if case .projection(let result) = instruction.op {
      let scan = instruction.operands[0].index
      let known = scans[scan]?[result]
      scans[scan, default: [:]][result] = known.map { builder.elementwise(.add, $0, g) } ?? g
      return
    }
    let terms = instruction.operands.map { Term(value: $0, builder: builder) }
    let passed = AdjointRules.adjoints(
      of: instruction.op, terms, y: Term(value: value, builder: builder),
      g: Term(value: g, builder: builder))
    if builder.isFull { return }
    for (position, operand) in instruction.operands.enumerated() where position < passed.count {
      guard let contribution = passed[position]?.value else { continue }
      passedOn?.append(PassedAdjoint(user: value, position: position, value: contribution))
      add(contribution, to: operand)
    }
  }

  private mutating func passOn(_ scan: Scan, _ value: Value, _ operands: [Value]) {
    guard let results = scans[value.index] else { return }
    builder.name(value, asAdjointOf: value, from: firstAdjoint, call)
    let passed = builder.adjoints(
      ofScan: value, results: results, isActive: operands.map(depends))
    if builder.isFull { return }
    for (position, operand) in operands.enumerated() where position < passed.count {
      guard let contribution = passed[position] else { continue }
      passedOn?.append(PassedAdjoint(user: value, position: position, value: contribution))
      add(contribution, to: operand)
    }
  }
}

extension FunctionBuilder {
  /// Whether each value from `first` to `last` may change with one of `wrt`.
  fileprivate func dependence(on wrt: [Value], from first: Int, to last: Int) -> [Bool] {
    var depends = [Bool](repeating: false, count: last - first + 1)
    for value in wrt where value.index <= last && element(of: value).isFloat {
      depends[value.index - first] = true
    }
    function.spread(&depends, from: first)
    return depends
  }

  /// Whether the instructions of any one rule still fit. Where they do not, the builder is filled
  /// up, so that no rule sees a stand-in of another type.
  func hasRoom() -> Bool {
    if count + nestedCount + 1024 <= maximumOperationCount { return true }
    fill()
    return false
  }

  /// Gives the adjoint of a named value the name `d NAME`, and what its rule appends the value's
  /// place in the file.
  fileprivate func name(
    _ g: Value, asAdjointOf value: Value, from firstAdjoint: Value, _ call: Int32
  ) {
    let origin = function.origins[value]
    currentOrigin = origin.map {
      Origin(line: Int($0.line), column: Int($0.column), call: call, source: -$0.source)
    }
    if let origin, let name = origin.name, g >= firstAdjoint,
      function.origins[g]?.name == nil
    {
      function.origins[g] = Origin(
        name: "d \(name)", line: Int(origin.line), column: Int(origin.column), call: call,
        source: function.origins[g]?.source ?? -origin.source)
    }
  }
}
