// A dictionary of which there may be tens of thousands: kernels have few of everything, and scopes and files few names as a rule. A
// handful of keys is compared one by one, which costs less than a hash; more are found by one.

/// Values by key, in the order in which the keys were first set.
@usableFromInline package struct SmallTable<Key: QuickHashable, Value> {
  @usableFromInline package internal(set) var keys: [Key] = []
  @usableFromInline package internal(set) var values: [Value] = []
  /// The positions of the keys, once there are so many that looking at each would take longer.
  @usableFromInline var positions = HashSlots()

  @usableFromInline static var mostCompared: Int { 8 }

  @inlinable package init() {}

  /// Leaves the table empty, with its memory.
  @inlinable package mutating func removeAll() {
    keys.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
    positions = HashSlots()
  }

  /// Where a key stands among all.
  @inlinable package func position(of key: Key) -> Int? {
    if keys.count <= Self.mostCompared {
      for position in keys.indices where keys[position] == key { return position }
      return nil
    }
    return positions.number(key.quickHash) { keys[$0] == key }
  }

  @inlinable package subscript(key: Key) -> Value? {
    get { position(of: key).map { values[$0] } }
    set {
      guard let newValue else { preconditionFailure("nothing is taken out of a small table") }
      if let position = position(of: key) {
        values[position] = newValue
        return
      }
      if keys.isEmpty {
        keys.reserveCapacity(8)
        values.reserveCapacity(8)
      }
      keys.append(key)
      values.append(newValue)
      if keys.count == Self.mostCompared + 1 {
        for key in keys { positions.append(key.quickHash) }
      } else if keys.count > Self.mostCompared {
        positions.append(key.quickHash)
      }
    }
  }
}

extension SmallTable: Sendable where Key: Sendable, Value: Sendable {}
