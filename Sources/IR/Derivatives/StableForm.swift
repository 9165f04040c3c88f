// What a derivative in the language is taken of. The loss of a network is brought to stable forms before it is differentiated as a whole;
// what `grad` and `jvp` differentiate while the graph is lowered has to be brought to them by itself.

extension FunctionBuilder {
  /// A value equal to `f` in mathematics whose derivatives by `values` are finite where those of `f` in floats are not: logarithms without
  /// the exponentials in them. `f` itself where it has no logarithm, or where one of `values` is made of another.
  func stableForm(of f: Value, withRespectTo values: [Value]) -> Value {
    guard let cone = Cone(from: values, to: f, in: function),
      cone.members.contains(where: { function.instructions[$0].op.isLogarithm })
    else { return f }
    var (nested, captured) = cone.function(in: function)
    nested = Pass.stableLogarithms.run(nested)
    return inline(nested, captured)[0]
  }
}

extension Op {
  fileprivate var isLogarithm: Bool {
    self == .elementwise(.log) || self == .elementwise(.log1p)
  }
}

/// The instructions between some values and a value that is made of them.
private struct Cone {
  let values: [Value]
  let target: Value
  /// Their indices, ascending; the last is the target's.
  let members: [Int]

  /// Nil where the target is not made of the values, is one of them, or where one of them is made of another.
  init?(from values: [Value], to target: Value, in function: Function) {
    let count = target.index + 1
    var isMade = [Bool](repeating: false, count: count)
    var isValue = isMade
    for value in values where value.index < count { isValue[value.index] = true }
    for index in 0..<count {
      let operands = function.instructions[index].operands
      let dependsOnValues = operands.contains { isMade[$0.index] || isValue[$0.index] }
      if isValue[index], dependsOnValues { return nil }
      isMade[index] = dependsOnValues
    }
    guard isMade[target.index] else { return nil }
    var isNeeded = [Bool](repeating: false, count: count)
    isNeeded[target.index] = true
    for index in stride(from: target.index, through: 0, by: -1) where isNeeded[index] {
      for operand in function.instructions[index].operands where isMade[operand.index] {
        isNeeded[operand.index] = true
      }
    }
    self.values = values
    self.target = target
    members = isNeeded.indices.filter { isNeeded[$0] }
  }

  /// A function that computes the target, and the values that its arguments have in `outer`.
  func function(in outer: Function) -> (Function, captured: [Value]) {
    let builder = FunctionBuilder(name: "stable")
    var map: [Value: Value] = [:]
    var captured: [Value] = []
    func argument(_ value: Value) -> Value {
      if let known = map[value] { return known }
      let own: Value
      if case .constant = outer[value].op {
        // What rules look at.
        own = builder.append(outer[value].op, type: outer.type(of: value))
      } else {
        own = builder.argument(
          Argument(name: "\(captured.count)", role: .input, type: outer.type(of: value)))
        captured.append(value)
      }
      map[value] = own
      return own
    }
    for value in values { _ = argument(value) }
    for index in members {
      let instruction = outer.instructions[index]
      let operands = instruction.operands.map { map[$0] ?? argument($0) }
      map[Value(index)] = builder.append(instruction.op, operands, type: instruction.type)
    }
    builder.result("stable", .output, map[target] ?? Value(0))
    return (builder.function, captured)
  }
}
