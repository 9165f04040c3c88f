// A dictionary for a handful of entries. Kernels have few of everything, and there may be tens of thousands of kernels: a comparison or
// two costs less than a hash, and an array less than a dictionary.

/// Values by key, in the order in which the keys were first set.
struct SmallTable<Key: Hashable, Value> {
  private(set) var keys: [Key] = []
  private(set) var values: [Value] = []
  /// The positions of the keys, once there are so many that looking at each would take longer.
  private var positions: [Key: Int] = [:]

  private static var mostCompared: Int { 64 }

  private func position(of key: Key) -> Int? {
    if !positions.isEmpty { return positions[key] }
    return keys.firstIndex(of: key)
  }

  subscript(key: Key) -> Value? {
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
      if !positions.isEmpty {
        positions[key] = keys.count - 1
      } else if keys.count > Self.mostCompared {
        for (position, key) in keys.enumerated() { positions[key] = position }
      }
    }
  }
}
