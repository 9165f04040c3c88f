// Sets of names.

/// Names, most often few.
struct SymbolSet: Sendable {
  private var members = SmallTable<Symbol, Void>()

  var isEmpty: Bool { members.keys.isEmpty }
  func contains(_ symbol: Symbol) -> Bool { members.position(of: symbol) != nil }

  /// Whether it was not there before.
  @discardableResult
  mutating func insert(_ symbol: Symbol) -> Bool { members.insert(symbol, ()).isNew }
}
