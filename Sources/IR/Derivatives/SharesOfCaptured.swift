// The adjoint of what a scan captures, a weight say, is a sum over the steps. Where a share of it is a contraction of values
// that differ from step to step, one contraction sums over the axis of the steps as well:
//
//   backward:  dw = dw + contraction "bk,bn->kn" x[t], dz[t]
//
// becomes a yield of dz, and after the loop
//
//   dw = contraction "tbk,tbn->kn" x, dz
//
// The steps come before the batch, as they do in memory, so that this is one matrix product with long rows. A sum over axes (a
// bias) of what is there for all steps anyway is done after the loop as well. All else grows step by step in a state.

/// The body of an adjoint scan, and what remains to be done after the loop.
struct AdjointStep {
  var body: Function
  /// Its results that are used.
  var wanted: Set<Int>
  var shares: [ShareOfCaptured]
}

/// A share of the adjoint of a captured value that is summed after the loop.
struct ShareOfCaptured {
  /// What there is of a value for all steps.
  enum Stacked {
    /// An operand of the adjoint scan.
    case sequence(Int)
    /// A result of it.
    case result(Int)
  }
  enum Sum {
    case contraction(Contraction, Stacked, Stacked)
    /// Over these axes of a step and over the steps; then of the shape of one step's.
    case reduction(axes: [Int], Stacked, Shape)
  }

  /// The operands of the adjoint scan that it is made of.
  var sequences: [Int] {
    let all: [Stacked] =
      switch sum {
      case .contraction(_, let left, let right): [left, right]
      case .reduction(_, let stacked, _): [stacked]
      }
    return all.compactMap { if case .sequence(let position) = $0 { position } else { nil } }
  }

  /// The operand of the forward scan whose adjoint it is.
  var target: Int
  var sum: Sum
  /// What comes after the sum: linear, the outermost first, so that it is the same whether it is done in each step or once.
  var movements: [Instruction]
}

/// Splits the adjoints of captured values into shares that are summed after the loop, and the rest.
struct AccumulatorSinking {
  private let builder: FunctionBuilder
  private let step: ScanStep
  private(set) var shares: [ShareOfCaptured] = []
  /// Results that shares are made of.
  private(set) var usedResults: Set<Int> = []
  /// The yields that there are of values of the step, and those that may be made for shares.
  private var yields = SmallTable<Value, Int>()

  init(_ builder: FunctionBuilder, _ step: ScanStep) {
    self.builder = builder
    self.step = step
  }

  /// A term of an adjoint: the movements are still to be applied to the value, the outermost first.
  private struct Term {
    var value: Value
    var movements: [Instruction] = []
  }

  /// Of each adjoint what must be summed in the loop, by its target. The builder's function gets further yields.
  ///
  /// Yields are added where they take at most four times the memory of the sequences that the loop reads, which there are for
  /// all steps already. None are added where the body holds a scan, for the reason that `Scan.residuals` gives.
  mutating func sink(_ adjoints: [(target: Int, adjoint: Value)]) -> [Int: Value] {
    var rests: [Int: Value] = [:]
    if step.body.instructions.contains(where: \.op.isScan) {
      for (target, adjoint) in adjoints { rests[target] = adjoint }
      return rests
    }
    for number in step.stateCount..<builder.function.results.count {
      yields[builder.function.results[number].value] = number
    }
    addYields(for: adjoints.map(\.adjoint))
    for (target, adjoint) in adjoints {
      for term in terms(of: adjoint, isDone: { stacked($0) != nil }) {
        if let sum = sum(term.value) {
          shares.append(ShareOfCaptured(target: target, sum: sum, movements: term.movements))
        } else {
          let value = builder.applying(term.movements, to: term.value)
          rests[target] = rests[target].map { builder.elementwise(.add, $0, value) } ?? value
        }
      }
    }
    return rests
  }

  /// Yields the operands of contractions where there is room.
  private mutating func addYields(for adjoints: [Value]) {
    let isPerStep = builder.function.dependsOnArguments(
      before: step.sequenceCount + step.stateCount)
    var room = 4 * sequenceByteCount(adjoints)
    for adjoint in adjoints {
      for term in terms(of: adjoint, isDone: { _ in false }) {
        let instruction = builder.function[term.value]
        guard case .contraction(let contraction) = instruction.op,
          contraction.freeLabel != nil,
          instruction.operands.allSatisfy({ isPerStep[$0.index] })
        else { continue }
        var missing: [Value] = []
        for operand in instruction.operands
        where stacked(operand) == nil && !missing.contains(operand) { missing.append(operand) }
        let types = missing.map { builder.type(of: $0) }
        let size = types.reduce(0) { $0 + $1.byteCount }
        if size > room || !types.allSatisfy({ $0.stacked(step.scan.length).isCountable }) {
          continue
        }
        room -= size
        for value in missing {
          yields[value] = builder.function.results.count
          let name = builder.function.origins[value]?.name ?? builder.function[value].op.name
          builder.result("\(name)_step", .output, value)
        }
      }
    }
  }

  /// A step's bytes of the sequences that these adjoints and the results need.
  private func sequenceByteCount(_ adjoints: [Value]) -> Int {
    let function = builder.function
    var isLive = [Bool](repeating: false, count: function.instructions.count)
    for value in adjoints + function.results.map(\.value) { isLive[value.index] = true }
    var bytes = 0
    for (index, instruction) in function.instructions.enumerated().reversed() where isLive[index] {
      for operand in instruction.operands { isLive[operand.index] = true }
      if case .argument(let number) = instruction.op, number < step.sequenceCount {
        bytes += instruction.type.byteCount
      }
    }
    return bytes
  }

  /// The terms that a value is a sum of, movements taken off; the values for which `isDone` holds are not looked into.
  private func terms(of value: Value, isDone: (Value) -> Bool) -> [Term] {
    var found: [Term] = []
    var open = [Term(value: value)]
    // A sum of a value and itself, of which there is a sum again, has more terms than instructions.
    var budget = 256
    while let term = open.popLast() {
      let instruction = builder.function[term.value]
      budget -= 1
      if budget > 0, !isDone(term.value) {
        if instruction.op == .elementwise(.add) {
          open += instruction.operands.reversed().map {
            Term(value: $0, movements: term.movements)
          }
          continue
        }
        if instruction.isLinearMovement {
          open.append(
            Term(value: instruction.operands[0], movements: term.movements + [instruction]))
          continue
        }
      }
      found.append(term)
    }
    return found
  }

  private func stacked(_ value: Value) -> ShareOfCaptured.Stacked? {
    if case .argument(let number) = builder.function[value].op, number < step.sequenceCount {
      return .sequence(number)
    }
    return yields[value].map { .result($0) }
  }

  /// How a term is summed after the loop, if it can be.
  private mutating func sum(_ value: Value) -> ShareOfCaptured.Sum? {
    let instruction = builder.function[value]
    if let whole = stacked(value) {
      return .reduction(axes: [], use(whole), instruction.type.shape)
    }
    switch instruction.op {
    case .reduce(.sum, let axes):
      return stacked(instruction.operands[0]).map {
        .reduction(axes: axes, use($0), instruction.type.shape)
      }
    case .contraction(let contraction):
      guard let left = stacked(instruction.operands[0]),
        let right = stacked(instruction.operands[1]), let label = contraction.freeLabel
      else { return nil }
      let summed = Contraction(
        left: [label] + contraction.left, right: [label] + contraction.right,
        result: contraction.result)
      // The left operand says in which order the products are summed. A sequence may be a transposed array, whose order would
      // not be that of the yields; these lie in memory as they are.
      if case .sequence = left, case .result = right {
        return .contraction(summed.swapped, use(right), use(left))
      }
      return .contraction(summed, use(left), use(right))
    case _: return nil
    }
  }

  private mutating func use(_ operand: ShareOfCaptured.Stacked) -> ShareOfCaptured.Stacked {
    if case .result(let number) = operand { usedResults.insert(number) }
    return operand
  }
}

extension Contraction {
  /// The same products, summed in the order of the right operand's labels.
  fileprivate var swapped: Contraction { Contraction(left: right, right: left, result: result) }

  /// A letter that is no label yet.
  var freeLabel: UInt8? {
    let letters = Array("tabcdefghijklmnopqrsuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
    return letters.first { !left.contains($0) && !right.contains($0) }
  }
}

extension Instruction {
  /// Whether it moves the elements of its one operand, or negates them.
  fileprivate var isLinearMovement: Bool {
    switch op {
    case .reshape, .permute, .broadcast, .slice, .elementwise(.neg): true
    case .pad(_, let value): value == Scalar(0, as: type.element)
    case _: false
    }
  }
}

extension FunctionBuilder {
  /// The value after these movements, of which the last is applied first.
  fileprivate func applying(_ movements: [Instruction], to value: Value) -> Value {
    movements.reversed().reduce(value) { append($1.op, [$0], type: $1.type) }
  }

  /// A share of the adjoint of a captured value, for all steps.
  func sum(
    of share: ShareOfCaptured, length: Int, _ operand: (ShareOfCaptured.Stacked) -> Value
  ) -> Value {
    let sum: Value
    switch share.sum {
    case .contraction(let contraction, let left, let right):
      sum = contract(operand(left), operand(right), contraction)
    case .reduction(let axes, let stacked, let shape):
      let total = reduce(.sum, operand(stacked), axes: [0] + axes.map { $0 + 1 })
      sum = reshape(total, to: shape)
    }
    return applying(share.movements, to: sum)
  }
}
