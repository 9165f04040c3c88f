// Keys of tables that are numbers or objects by another name.

extension Symbol: QuickHashable {
  var quickHash: QuickHash { QuickHash(Int(id)) }
}

extension Value: QuickHashable {
  @inlinable package var quickHash: QuickHash { QuickHash(Int(id)) }
}

/// A nested function as itself and not as what it says. It is held, so that no other can have its place in memory.
struct NestedIdentity: QuickHashable {
  private let nested: NestedFunction

  init(_ nested: NestedFunction) { self.nested = nested }

  var quickHash: QuickHash { QuickHash(ObjectIdentifier(nested).hashValue) }
  static func == (a: NestedIdentity, b: NestedIdentity) -> Bool { a.nested === b.nested }
}
