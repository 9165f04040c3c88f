// Reverse-mode differentiation: one sweep over the instructions, backwards, that turns the adjoint
// of each result into adjoints of its operands by the rule table. The result is ordinary IR in the
// same builder, so it can be differentiated again.

extension FunctionBuilder {
  /// The derivatives of `f` with respect to each of `wrt`, of their types; appended to the
  /// function.
  ///
  /// Where `f` has several elements it is their sum that is differentiated, or with a `seed` of its
  /// type the sum of their products. Zeros with respect to what `f` does not depend on, and through
  /// integers and `bool`. Where an operation has no derivative yet, `undifferentiable` names it and
  /// the result is of no use; likewise once the builder `isFull`.
  public func gradients(
    of f: Value, withRespectTo wrt: [Value], seed: Value? = nil
  ) -> [Value] {
    let outer = currentOrigin
    defer { currentOrigin = outer }
    let first = min(f, wrt.min() ?? f).index
    let depends = dependence(of: f, on: wrt, from: first)
    var adjoints = [Value?](repeating: nil, count: depends.count)
    if depends[f.index - first] {
      adjoints[f.index - first] = seed ?? splat(1, type(of: f))
    }
    let firstAdjoint = Value(count)
    // An adjoint has some three instructions for one. Room for them at once, where they are many:
    // growing by doubling would hold old and new for a moment.
    if 3 * depends.count > count {
      function.instructions.reserveCapacity(count + 3 * depends.count)
    }
    for index in stride(from: f.index, through: first, by: -1) where depends[index - first] {
      let instruction = function.instructions[index]
      guard let g = adjoints[index - first],
        instruction.operands.contains(where: { $0.index >= first && depends[$0.index - first] })
      else { continue }
      if !hasRoom() { break }
      name(g, asAdjointOf: Value(index), from: firstAdjoint)
      let terms = instruction.operands.map { Term(value: $0, builder: self) }
      let passed = AdjointRules.adjoints(
        of: instruction.op, terms, y: Term(value: Value(index), builder: self),
        g: Term(value: g, builder: self))
      guard let passed else {
        undifferentiable = undifferentiable ?? Value(index)
        continue
      }
      if isFull { break }
      for (operand, contribution) in zip(instruction.operands, passed) {
        let slot = operand.index - first
        guard let contribution, slot >= 0, depends[slot] else { continue }
        adjoints[slot] =
          adjoints[slot].map { elementwise(.add, $0, contribution.value) } ?? contribution.value
      }
    }
    return wrt.map { value in
      let adjoint = value <= f ? adjoints[value.index - first] : nil
      return adjoint ?? zeros(type(of: value))
    }
  }

  /// For each value from `first` to `f`: is it one of `wrt`, or may its change through them change
  /// `f`?
  private func dependence(of f: Value, on wrt: [Value], from first: Int) -> [Bool] {
    var depends = [Bool](repeating: false, count: f.index - first + 1)
    for value in wrt where value <= f && element(of: value).isFloat {
      depends[value.index - first] = true
    }
    for index in first...f.index where !depends[index - first] {
      let instruction = function.instructions[index]
      if !instruction.type.element.isFloat || instruction.op == .stopGradient { continue }
      depends[index - first] = instruction.operands.contains {
        $0.index >= first && depends[$0.index - first]
      }
    }
    return depends
  }

  /// Whether the instructions of any one rule still fit. Where they do not, the builder is filled
  /// up, so that no rule sees a stand-in of another type.
  private func hasRoom() -> Bool {
    if count + 1024 <= maximumOperationCount { return true }
    while !isFull {
      append(.constant(Constant(splat: Scalar(false))), type: TensorType(.bool, .scalar))
    }
    return false
  }

  /// Gives the adjoint of a named value the name `d NAME`, and what its rule appends the value's
  /// place in the file.
  private func name(_ g: Value, asAdjointOf value: Value, from firstAdjoint: Value) {
    let origin = function.origins[value]
    currentOrigin = origin.map { Origin(line: Int($0.line), column: Int($0.column)) }
    if let origin, let name = origin.name, g >= firstAdjoint,
      function.origins[g]?.name == nil
    {
      function.origins[g] = Origin(
        name: "d \(name)", line: Int(origin.line), column: Int(origin.column))
    }
  }
}
