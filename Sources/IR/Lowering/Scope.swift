// The names of a scope and what they are worth. A function has few, which are found by looking; the statements of a graph may bind a
// hundred thousand, which are found by the numbers of their names.

struct Scope {
  private var names: [Symbol] = []
  private var values: [Datum] = []
  /// By the number of the name; empty while there are few.
  private var places: [Int32] = []

  subscript(symbol: Symbol) -> Datum? {
    get { place(of: symbol).map { values[$0] } }
    set {
      guard let newValue else { return }
      if let place = place(of: symbol) {
        values[place] = newValue
        return
      }
      names.append(symbol)
      values.append(newValue)
      if !places.isEmpty || names.count > 12 { enter() }
    }
  }

  private func place(of symbol: Symbol) -> Int? {
    if places.isEmpty { return names.firstIndex(of: symbol) }
    let index = Int(symbol.id)
    return index < places.count && places[index] >= 0 ? Int(places[index]) : nil
  }

  private mutating func enter() {
    let first = places.isEmpty ? 0 : names.count - 1
    for index in first..<names.count {
      let number = Int(names[index].id)
      if number >= places.count {
        let missing = max(number + 1, 2 * places.count) - places.count
        places += [Int32](repeating: -1, count: missing)
      }
      places[number] = Int32(truncatingIfNeeded: index)
    }
  }
}
