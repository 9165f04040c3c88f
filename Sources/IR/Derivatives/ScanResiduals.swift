// What of a step the adjoint of a scan does not compute again: contractions. Elementwise work is cheaper to repeat than to
// store.

extension Scan {
  /// The values of the body that its adjoint takes from the forward loop, where it reads them.
  ///
  /// They are the results of contractions, or sums and functions that are made of one and of which the adjoint reads the
  /// result alone: of `tanh(dot(x, w) + dot(h, u) + b)` that is one value and not two, and of the gates of an LSTM, cut from
  /// one sum, the gates and not the sum. Outer products are elementwise work. A contraction of captured values alone is the
  /// same in each step and not for saving.
  ///
  /// None where the body holds a scan itself: that is how a long loop trades work for memory (`Checkpoint.swift`), and what its
  /// stretches yield is as long as the loop.
  func residuals() -> [Value] {
    let body = self.body.function
    if body.instructions.contains(where: \.op.isScan) { return [] }
    let isPerStep = body.dependsOnArguments(before: sequences + states)
    let users = body.users()
    var isResidual = [Bool](repeating: false, count: body.instructions.count)
    for (index, instruction) in body.instructions.enumerated() {
      guard case .contraction(let contraction) = instruction.op, isPerStep[index],
        instruction.type.element.isFloat,
        contraction.chain(body.type(of: instruction.operands[0]).shape) > 1,
        instruction.type.stacked(length).isCountable
      else { continue }
      for value in body.results(madeOf: index, users) { isResidual[value] = true }
    }
    return isResidual.indices.filter { isResidual[$0] }.map { Value($0) }
  }
}

extension Instruction {
  /// Whether its derivative rule reads no operand.
  fileprivate var hasAdjointOfResultAlone: Bool {
    switch op {
    case .identity: true
    case .elementwise(let op):
      switch op {
      case .add, .sub, .neg, .exp, .expm1, .sqrt, .tan, .tanh, .sigmoid: true
      case _: false
      }
    case _: false
    }
  }
}

extension Op {
  fileprivate var isSlice: Bool {
    if case .slice = self { true } else { false }
  }
}

extension TensorType {
  /// The type of as many values of this one, stacked along a new first axis.
  func stacked(_ length: Int) -> TensorType { with(shape: Shape([length] + shape.sizes)) }

  /// Whether a tensor may have so many elements.
  var isCountable: Bool { (try? shape.check()) != nil }
}

extension Function {
  /// For each value whether it depends on one of the first arguments.
  func dependsOnArguments(before end: Int) -> [Bool] {
    var depends: [Bool] = []
    depends.reserveCapacity(instructions.count)
    for instruction in instructions {
      if case .argument(let number) = instruction.op {
        depends.append(number < end)
      } else {
        depends.append(instruction.operands.contains { depends[$0.index] })
      }
    }
    return depends
  }

  /// For each value the instructions that use it, each as often as it does; none where it is a result.
  fileprivate func users() -> [[Int]] {
    var users = [[Int]](repeating: [], count: instructions.count)
    for (index, instruction) in instructions.enumerated() {
      for operand in instruction.operands { users[operand.index].append(index) }
    }
    for result in results { users[result.value.index] = [] }
    return users
  }

  /// The values that the adjoint reads in place of one, and which take no more room: the end of what is made of it alone by
  /// operations whose adjoint reads their result; where that is cut into parts, the end of each of them.
  fileprivate func results(madeOf value: Int, _ users: [[Int]]) -> [Int] {
    func end(of value: Int) -> Int {
      var value = value
      while users[value].count == 1, instructions[users[value][0]].hasAdjointOfResultAlone {
        value = users[value][0]
      }
      return value
    }
    let whole = end(of: value)
    let parts = users[whole]
    guard !parts.isEmpty, parts.allSatisfy({ instructions[$0].op.isSlice }) else { return [whole] }
    let ends = parts.map(end)
    var room = instructions[whole].type.count
    for end in ends where room >= 0 { room -= instructions[end].type.count }
    // Parts that are read as they are would be stored a second time.
    return ends != parts && room >= 0 ? ends : [whole]
  }

  /// The name of the yield of a residual.
  func residualName(_ value: Value) -> String {
    origins[value]?.name ?? "\(self[value].op.name)_saved"
  }

  /// With these values as further results.
  func yielding(_ values: [Value]) -> Function {
    var function = self
    function.results += values.map { Result(name: "", role: .output, value: $0) }
    return function
  }
}
