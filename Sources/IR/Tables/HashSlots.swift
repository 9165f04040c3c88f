// The hash table under all tables of the compiler: it holds numbers alone, and what they are the numbers of lies in an array beside it. A
// compile makes thousands of small tables; the standard dictionary takes some hundred instructions to hash one number, and each type of keys
// a hundred thousand to be looked up in the runtime when it is first used.

/// What can be a key.
@usableFromInline package protocol QuickHashable: Equatable {
  /// Equal values have equal hashes.
  var quickHash: QuickHash { get }
}

/// A hash under construction, of a multiplication and a shift a number.
@usableFromInline package struct QuickHash: Sendable {
  @usableFromInline var bits: UInt = 0

  /// Another one in each process, as that of the standard dictionaries.
  @usableFromInline static let seed = 0.hashValue

  @inlinable package init(_ first: Int) { mix(first) }

  @inlinable package init(_ first: Int, _ second: Int) {
    mix(first)
    mix(second)
  }

  @inlinable package init(_ first: Int, _ second: Int, _ third: Int) {
    self.init(first, second)
    mix(third)
  }

  @inlinable package mutating func mix(_ number: Int) {
    bits = (bits ^ UInt(bitPattern: number)) &* 0x2545_F491_4F6C_DD1D
    bits ^= bits >> 32
  }
}

extension Int: QuickHashable {
  @inlinable package var quickHash: QuickHash { QuickHash(self) }
}

extension String: QuickHashable {
  @inlinable package var quickHash: QuickHash {
    // Names are the user's: no file is to know which of them collide.
    var hash = QuickHash(QuickHash.seed, utf8.count)
    for byte in utf8 { hash.mix(Int(byte)) }
    return hash
  }
}

extension [Int]: QuickHashable {
  @inlinable package var quickHash: QuickHash {
    var hash = QuickHash(count)
    for number in self { hash.mix(number) }
    return hash
  }
}

/// Numbers from 0 on by the hashes of what they stand for; open addressing with linear probing.
@usableFromInline package struct HashSlots: Sendable {
  /// -1 is free; the size is a power of 2, at most half full.
  @usableFromInline var slots: [Int32] = []
  @usableFromInline var hashes: [UInt] = []

  @inlinable package init() {}

  /// Makes room for this many numbers.
  @usableFromInline package mutating func reserveCapacity(_ count: Int) {
    hashes.reserveCapacity(count)
    var size = max(32, slots.count)
    while size < 2 * count { size *= 2 }
    grow(to: size)
  }

  /// The number with this hash that `isEqual` accepts.
  @inlinable package func number(_ hash: QuickHash, where isEqual: (Int) -> Bool) -> Int? {
    if slots.isEmpty { return nil }
    var slot = Int(truncatingIfNeeded: hash.bits) & (slots.count - 1)
    while slots[slot] >= 0 {
      let number = Int(slots[slot])
      if hashes[number] == hash.bits, isEqual(number) { return number }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// Adds the next number.
  @inlinable package mutating func append(_ hash: QuickHash) {
    hashes.append(hash.bits)
    if 2 * hashes.count > slots.count {
      grow(to: max(32, 2 * slots.count))
    } else {
      place(hashes.count - 1)
    }
  }

  @usableFromInline mutating func grow(to size: Int) {
    slots = [Int32](repeating: -1, count: size)
    for number in hashes.indices { place(number) }
  }

  @usableFromInline mutating func place(_ number: Int) {
    var slot = Int(truncatingIfNeeded: hashes[number]) & (slots.count - 1)
    while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = Int32(truncatingIfNeeded: number)
  }
}
