// What a step of a loop computes, computed for all steps at once: the same instruction with one more axis, the first.

extension Function {
  /// What a value of a scan's body depends on, as far as it may be computed outside of the loop.
  enum StepDependence {
    /// Nothing but captured values and constants: it is the same in each step.
    case nothing
    /// Sequences alone, by instructions that can be batched: it is known before the loop begins.
    case sequences
    /// States, or an instruction that stays where it is.
    case states
  }

  /// For each value of this body of a scan.
  func stepDependence(_ scan: Scan) -> [StepDependence] {
    var found: [StepDependence] = []
    found.reserveCapacity(instructions.count)
    let stateBytes = (scan.sequences..<scan.sequences + scan.states).reduce(0) {
      $0 + arguments[$1].type.byteCount
    }
    for instruction in instructions {
      if case .argument(let number) = instruction.op {
        found.append(
          number < scan.sequences
            ? .sequences : number < scan.sequences + scan.states ? .states : .nothing)
        continue
      }
      let operands = instruction.operands.map { found[$0.index] }
      if !instruction.op.isMovable || operands.contains(.states) {
        found.append(.states)
      } else if operands.contains(.sequences) {
        let isBatched = operands.map { $0 == .sequences }
        let room = 4 * (stateBytes + operandBytes(instruction, isBatched))
        let canMove =
          canBatch(instruction, isBatched, length: scan.length)
          && (!instruction.isMatrixProduct || instruction.type.byteCount <= room)
        found.append(canMove ? .sequences : .states)
      } else {
        found.append(.nothing)
      }
    }
    return found
  }

  private func operandBytes(_ instruction: Instruction, _ isBatched: [Bool]) -> Int {
    zip(instruction.operands, isBatched).reduce(0) { bytes, operand in
      operand.1 ? bytes + type(of: operand.0).byteCount : bytes
    }
  }

  /// Whether the instruction of a step, batched over the operands that differ between steps, gives the same bits: reductions
  /// and contractions must be dealt to as many lanes.
  func canBatch(_ instruction: Instruction, _ isBatched: [Bool], length: Int) -> Bool {
    if !instruction.op.isMovable || !instruction.type.stacked(length).isCountable { return false }
    let shapes = zip(instruction.operands, isBatched).map { operand, isBatched in
      let type = type(of: operand)
      return (isBatched ? type.stacked(length) : type).shape
    }
    switch instruction.op {
    case .reduce(_, let axes):
      let shape = type(of: instruction.operands[0]).shape
      return reductionLanes(shape: shape, axes: axes)
        == reductionLanes(shape: shapes[0], axes: axes.map { $0 + 1 })
    case .contraction(let contraction):
      // One operand is the same in all steps: else there are as many products as before, and nothing is won.
      guard let batched = contraction.batched(isBatched), isBatched[0] != isBatched[1] else {
        return false
      }
      let lanes = contractionLanes(
        contraction, left: type(of: instruction.operands[0]).shape,
        right: type(of: instruction.operands[1]).shape)
      return lanes == contractionLanes(batched, left: shapes[0], right: shapes[1])
    case _: return true
    }
  }
}

extension Instruction {
  /// Whether it is a contraction that sums products.
  var isMatrixProduct: Bool {
    if case .contraction(let c) = op { !c.contracted.isEmpty } else { false }
  }
}

extension Contraction {
  /// Over a further axis, the first in the operands that have it and in the result.
  func batched(_ isBatched: [Bool]) -> Contraction? {
    freeLabel.map { label in
      Contraction(
        left: isBatched[0] ? [label] + left : left, right: isBatched[1] ? [label] + right : right,
        result: [label] + result)
    }
  }
}

extension Op {
  /// Whether the same instruction elsewhere is the same. Look-ups stay: what they report counts the steps.
  var isMovable: Bool {
    switch self {
    case .constant, .iota, .elementwise, .reduce, .argReduce, .reshape, .permute, .broadcast,
      .slice,
      .pad, .concat, .windows, .fold, .contraction:
      true
    case .argument, .gather, .scatterAdd, .random, .identity, .stopGradient, .custom, .scan,
      .projection:
      false
    }
  }

  /// Whether it only moves elements: in a loop it is an index map, and costs nothing.
  var isMovement: Bool {
    switch self {
    case .argument, .constant, .iota, .reshape, .permute, .broadcast, .slice, .pad, .concat,
      .windows:
      true
    case .elementwise, .reduce, .argReduce, .fold, .contraction, .gather, .scatterAdd, .random,
      .identity, .stopGradient, .custom, .scan, .projection:
      false
    }
  }
}

extension FunctionBuilder {
  /// An instruction of a step for all steps; `isBatched` says which operands have the axis of the steps in front.
  func appendBatched(
    _ instruction: Instruction, _ operands: [Value], _ isBatched: [Bool], length: Int
  ) -> Value {
    let type = instruction.type.stacked(length)
    var operands = operands
    var op = instruction.op
    switch instruction.op {
    case .elementwise, .concat:
      for position in operands.indices where !isBatched[position] {
        let stacked = self.type(of: operands[position]).stacked(length)
        operands[position] = broadcast(operands[position], to: stacked.shape)
      }
      if case .concat(let axis) = op { op = .concat(axis: axis + 1) }
    case .reduce(let reduction, let axes): op = .reduce(reduction, axes: axes.map { $0 + 1 })
    case .argReduce(let reduction, let axis): op = .argReduce(reduction, axis: axis + 1)
    case .permute(let order): op = .permute([0] + order.map { $0 + 1 })
    case .slice(let axes): op = .slice([SliceAxis(start: 0, step: 1, count: length)] + axes)
    case .pad(let axes, let value): op = .pad([PadAxis(before: 0, after: 0)] + axes, value: value)
    case .windows(let windows): op = .windows(windows.map(\.afterSteps))
    case .fold(let windows): op = .fold(windows.map(\.afterSteps))
    case .contraction(let contraction):
      op = .contraction(contraction.batched(isBatched) ?? contraction)
    case .reshape, .broadcast: break
    case .argument, .constant, .iota, .gather, .scatterAdd, .random, .identity, .stopGradient,
      .custom,
      .scan, .projection:
      preconditionFailure("\(instruction.op.name) has no operand that differs between steps")
    }
    return append(op, operands, type: type)
  }
}

extension WindowAxis {
  /// The same windows where the steps are a new first axis.
  fileprivate var afterSteps: WindowAxis {
    var window = self
    window.axis += 1
    return window
  }
}
