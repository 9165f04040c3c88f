// The names of a scope and what they are worth. Most scopes have few, which are found by looking; the statements of a graph may bind a
// hundred thousand, which are found by a table.

struct Scope {
  /// In the order in which they were bound.
  private(set) var names: [Symbol] = []
  private var values: [Datum] = []
  /// Empty while there are few.
  private var places: [Symbol: Int32] = [:]

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
    places.isEmpty ? names.firstIndex(of: symbol) : places[symbol].map(Int.init)
  }

  private mutating func enter() {
    for index in places.count..<names.count {
      places[names[index]] = Int32(truncatingIfNeeded: index)
    }
  }
}
