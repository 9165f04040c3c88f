// A hash table of instructions that stores only their numbers: a dictionary with instructions as
// keys would hold each of millions a second time.

/// Finds an instruction equal to a given one, up to the order of operands that commute.
struct InstructionTable {
  /// Open addressing with linear probing; -1 is free. The size is a power of 2, at most three
  /// quarters full.
  private var slots: [Int32]
  private var hashes: [UInt32]
  private var count = 0

  /// With room for about this many instructions.
  init(capacity: Int) {
    let needed = max(16, capacity + capacity / 3)
    let size = 1 << (Int.bitWidth - needed.leadingZeroBitCount)
    slots = [Int32](repeating: -1, count: size)
    hashes = [UInt32](repeating: 0, count: size)
  }

  /// The value of an equal instruction, if there is one; else `value` is remembered for this one.
  mutating func merge(
    _ value: Value, _ instruction: Instruction, _ instructions: [Instruction]
  ) -> Value? {
    let hash = instruction.mergingHash
    var slot = Int(hash) & (slots.count - 1)
    while slots[slot] >= 0 {
      if hashes[slot] == hash {
        let candidate = Int(slots[slot])
        if instructions[candidate].computesSame(as: instruction) { return Value(candidate) }
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = value.id
    hashes[slot] = hash
    count += 1
    if 4 * count >= 3 * slots.count { grow() }
    return nil
  }

  private mutating func grow() {
    let (oldSlots, oldHashes) = (slots, hashes)
    slots = [Int32](repeating: -1, count: 2 * oldSlots.count)
    hashes = [UInt32](repeating: 0, count: 2 * oldSlots.count)
    for (id, hash) in zip(oldSlots, oldHashes) where id >= 0 { place(id, hash) }
  }

  private mutating func place(_ id: Int32, _ hash: UInt32) {
    var slot = Int(hash) & (slots.count - 1)
    while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = id
    hashes[slot] = hash
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
  fileprivate var mergingHash: UInt32 {
    guard case .elementwise(let op) = self.op else {
      return UInt32(truncatingIfNeeded: hashValue)
    }
    var bits = UInt64(op.arity)
    func mix(_ operand: Value) {
      bits = (bits ^ UInt64(UInt32(bitPattern: operand.id))) &* 0x2545_F491_4F6C_DD1D
      bits ^= bits >> 32
    }
    if op.isCommutative {
      mix(min(operands[0], operands[1]))
      mix(max(operands[0], operands[1]))
    } else {
      for operand in operands { mix(operand) }
    }
    return UInt32(truncatingIfNeeded: bits)
  }
}
