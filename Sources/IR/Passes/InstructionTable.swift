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
    let key = instruction.withOrderedOperands
    let hash = UInt32(truncatingIfNeeded: key.hashValue)
    var slot = Int(hash) & (slots.count - 1)
    while slots[slot] >= 0 {
      if hashes[slot] == hash {
        let candidate = Int(slots[slot])
        if instructions[candidate].withOrderedOperands == key { return Value(candidate) }
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
  /// The same instruction with commutative operands in ascending order.
  var withOrderedOperands: Instruction {
    guard case .elementwise(let op) = self.op, op.isCommutative, operands[0] > operands[1] else {
      return self
    }
    return Instruction(self.op, [operands[1], operands[0]], type: type)
  }
}
