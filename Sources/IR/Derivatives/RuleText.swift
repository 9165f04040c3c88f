// The derivative rule of an instruction as formulas: what it adds to the adjoint of each of its operands. The texts are those of the
// instructions that the rule itself appends, so they say what is computed.

extension Function {
  /// For each operand of an instruction what is added to its adjoint: `d f * cos(x1)`; nil where no derivative passes.
  ///
  /// `name` says what each value is called; broadcasts and changes of shape are not written. A scan has no formula.
  public func ruleTexts(of value: Value, name: (Value) -> Formula) -> [String?] {
    let instruction = self[value]
    if instruction.op.isScan { return instruction.operands.map { _ in nil } }
    if case .projection = instruction.op { return [nil] }
    let builder = FunctionBuilder(name: "rule")
    var names: [Value: Formula] = [:]
    let operands = instruction.operands.map { operand in
      let type = type(of: operand)
      let argument = builder.argument(Argument(name: "", role: .input, type: type))
      names[argument] = name(operand)
      return argument
    }
    let result = builder.append(instruction.op, operands, type: instruction.type)
    names[result] = name(value)
    guard instruction.type.element.isFloat else { return operands.map { _ in nil } }
    let adjoint = builder.argument(Argument(name: "", role: .input, type: instruction.type))
    names[adjoint] = Formula("d \(name(value).text)", precedence: 5)
    let terms = operands.map { Term(value: $0, builder: builder) }
    let rules = AdjointRules.adjoints(
      of: instruction.op, terms, y: Term(value: result, builder: builder),
      g: Term(value: adjoint, builder: builder))
    return operands.indices.map { position in
      guard position < rules.count, let rule = rules[position],
        builder.element(of: operands[position]).isFloat
      else { return nil }
      var budget = 60
      return builder.function.formula(of: rule.value, names, &budget).text
    }
  }

  /// A value as an expression of those that have names.
  private func formula(
    of value: Value, _ names: [Value: Formula], _ budget: inout Int
  ) -> Formula {
    if let known = names[value] { return known }
    budget -= 1
    if budget < 0 { return Formula("…") }
    let instruction = self[value]
    var operands: [Formula] = []
    for operand in instruction.operands { operands.append(formula(of: operand, names, &budget)) }
    switch instruction.op {
    case .broadcast, .reshape, .identity: return operands[0]
    case _:
      return instruction.op.formula(
        operands, types: instruction.operands.map { type(of: $0) }, type: instruction.type)
    }
  }
}
