// The adjoint of every value of a function, not of its arguments alone, and how much of it each user has passed on: what a hand
// computation writes beside the edges of a graph.

/// What an instruction has passed on to the adjoint of one of its operands.
public struct PassedAdjoint: Hashable, Sendable {
  /// The instruction, and which of its operands.
  public var user: Value
  public var position: Int
  /// The amount, of the operand's type.
  public var value: Value
}

/// A function that computes adjoints of all of its own values as well.
public struct TracedAdjoints: Sendable {
  /// The instructions of the function that was differentiated, under the same numbers, then those of the adjoints. Its arguments are
  /// that function's, then the adjoint of each seeded result.
  public var function: Function
  /// By value of the function that was differentiated: its adjoint, nil where none arrives.
  public var adjoints: [Value?]
  public var passedOn: [PassedAdjoint]
}

extension Function {
  /// The adjoints of all float values that depend on an argument, where the results with these numbers have adjoints that are given.
  ///
  /// A scan may have more yields than it had: the states that its adjoint goes back over.
  public func tracingAdjoints(
    ofResults seeded: [Int]
  ) throws(GradientError) -> TracedAdjoints {
    var depends = instructions.map { instruction in
      if case .argument = instruction.op { instruction.type.element.isFloat } else { false }
    }
    spread(&depends)
    let builder = FunctionBuilder(extending: self)
    let seeds = seeded.map { number in
      let value = results[number].value
      let argument = Argument(
        name: "d \(results[number].name) \(number)", role: .input, type: type(of: value))
      return (value, builder.argument(argument))
    }
    let asked = instructions.indices.filter { depends[$0] && !instructions[$0].op.isScan }
      .map { Value($0) }
    var adjoints = [Value?](repeating: nil, count: instructions.count)
    guard let last = seeds.map(\.0).max() else {
      return TracedAdjoints(function: builder.function, adjoints: adjoints, passedOn: [])
    }
    var sweep = ReverseSweep(builder, last: last, asked)
    sweep.passedOn = []
    for (value, seed) in seeds { sweep.add(seed, to: value) }
    sweep.run()
    if builder.isFull { throw .tooLarge }
    for value in asked where value <= last { adjoints[value.index] = sweep.adjoint(of: value) }
    return TracedAdjoints(
      function: builder.function, adjoints: adjoints, passedOn: sweep.passedOn ?? [])
  }
}
