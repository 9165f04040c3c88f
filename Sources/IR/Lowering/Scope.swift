// The names of a scope and what they are worth. Most scopes have few; the statements of a graph may bind a hundred thousand.

struct Scope {
  private var table = SmallTable<Symbol, Datum>()

  /// In the order in which they were bound.
  var names: [Symbol] { table.keys }

  subscript(symbol: Symbol) -> Datum? {
    get { table[symbol] }
    set { if let newValue { table[symbol] = newValue } }
  }
}
