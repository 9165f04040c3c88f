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
    if keys.count > Self.mostCompared { positions = HashSlots() }
    keys.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
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
      let (position, isNew) = insert(key, newValue)
      if !isNew { values[position] = newValue }
    }
  }

  /// Where a key stands, which gets this value if it was not there.
  @inlinable @discardableResult
  package mutating func insert(_ key: Key, _ value: Value) -> (position: Int, isNew: Bool) {
    let count = keys.count
    if count > Self.mostCompared {
      let hash = key.quickHash
      if let known = positions.number(hash, where: { keys[$0] == key }) { return (known, false) }
      positions.append(hash)
    } else {
      for position in 0..<count where keys[position] == key { return (position, false) }
    }
    if count == 0 {
      keys.reserveCapacity(8)
      values.reserveCapacity(8)
    }
    keys.append(key)
    values.append(value)
    if count == Self.mostCompared {
      positions.reserveCapacity(2 * Self.mostCompared)
      for key in keys { positions.append(key.quickHash) }
    }
    return (count, true)
  }
}

extension SmallTable: Sendable where Key: Sendable, Value: Sendable {}
