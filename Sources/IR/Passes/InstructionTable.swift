// A hash table of instructions that stores only their numbers: a dictionary with instructions as
// keys would hold each of millions a second time.

/// Finds an instruction equal to a given one, up to the order of operands that commute.
struct InstructionTable {
  private var slots = HashSlots()

  /// With room for about this many instructions.
  init(capacity: Int) { slots.reserveCapacity(capacity) }

  /// The value of an equal instruction, if there is one; else this one is remembered as the next of `instructions`.
  mutating func merge(_ instruction: Instruction, _ instructions: [Instruction]) -> Value? {
    let hash = instruction.mergingHash
    if let number = slots.number(hash, where: { instructions[$0].computesSame(as: instruction) }) {
      return Value(number)
    }
    slots.append(hash)
    return nil
  }
}

extension Instruction {
  /// Whether it is equal, up to the order of operands that commute.
  fileprivate func computesSame(as other: Instruction) -> Bool {
    guard type == other.type, op == other.op else { return false }
    if operands == other.operands { return true }
    guard case .elementwise(let op) = self.op, op.isCommutative else { return false }
    return operands[0] == other.operands[1] && operands[1] == other.operands[0]
  }

  /// Equal where `computesSame` says so. Elementwise operations, of which there are most, are told apart by their operands, and then by
  /// looking: a value has few users that are functions of it alone.
  fileprivate var mergingHash: QuickHash {
    guard case .elementwise(let op) = self.op else { return QuickHash(hashValue) }
    var hash = QuickHash(op.arity)
    if op.isCommutative {
      hash.mix(Int(min(operands[0], operands[1]).id))
      hash.mix(Int(max(operands[0], operands[1]).id))
    } else {
      for operand in operands { hash.mix(Int(operand.id)) }
    }
    return hash
  }
}
