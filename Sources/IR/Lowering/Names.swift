// What a name means where it is used.

extension Lowerer {
  func lookup(_ symbol: Symbol) -> Datum {
    let isMain = callers.isEmpty
    if let datum = frame.bindings[symbol] {
      if isMain, let purpose = frame.constantPurpose, let global = global(symbol),
        !global.kind.isKnownWhenCompiling, !datum.isFailed
      {
        report(
          "\(name(symbol)) is a value of the network, but \(purpose) must be known when compiling")
        return .failed
      }
      return datum
    }
    if let datum = enclosed(symbol) { return datum }
    if !isMain, !frame.code.isPrelude, let global = global(symbol),
      let datum = callers[0].outermost[symbol]
    {
      switch global.kind {
      case .dim: return datum
      case .constant(let statement): return constant(symbol, datum, statement)
      case .value: break
      }
    }
    if let known = known(name(symbol)) { return known }
    if frame.code.isPrelude { return .failed }
    report(unknownName(symbol, isMain: isMain))
    return .failed
  }

  func name(_ symbol: Symbol) -> String { frame.code.tree.name(symbol) }

  /// Of names of the graph, not of the prelude.
  func global(_ symbol: Symbol) -> (kind: GlobalKind, place: Place)? { globals[Int(symbol.id)] }

  /// Names that every graph has; bindings may hide them.
  func known(_ name: String) -> Datum? {
    switch name {
    case "pi": return .number(.pi)
    case "inf": return .number(.infinity)
    case "nan": return .number(.nan)
    default: return ElementType(name: name).map { .type($0) }
    }
  }

  private func unknownName(_ symbol: Symbol, isMain: Bool) -> String {
    let name = name(symbol)
    if let place = laterPlaces[Int(symbol.id)], isMain || global(symbol) == nil {
      return "\(name) is used before it is bound, in line \(place.line)"
    }
    if !isMain, global(symbol) != nil {
      return "\(name) is a value of the graph, which a def does not see: give it as an argument"
    }
    if isFunction(symbol) { return "\(name) is a function: call it, \(name)(…)" }
    let tree = frame.code.tree
    let around = frame.enclosing.reversed().map(\.bindings)
    var candidates = ([frame.bindings] + around).flatMap(\.names).map(tree.name)
    if !isMain {
      candidates += tree.names.indices.lazy.filter {
        self.global(Symbol(id: Int32(truncatingIfNeeded: $0)))?.kind.isKnownWhenCompiling == true
      }.map { tree.names[$0] }
    }
    return unknown("value", name, among: candidates)
  }

  func unknown(_ what: String, _ name: String, among candidates: some Sequence<String>) -> String {
    let hint = nearest(to: name, among: candidates).map { "; did you mean \($0)?" } ?? ""
    return "there is no \(what) \(name)\(hint)"
  }

  /// Operations of another function cannot be used inside a nested one: there a constant is made anew.
  func constant(_ symbol: Symbol, _ datum: Datum, _ statement: Int) -> Datum {
    switch datum {
    case .tensor(let value) where code.tree.differentiated.contains(symbol):
      if let carried = carriedFromStatements(value, symbol) { return .tensor(carried) }
    case .tensor, .untyped: break
    case .integer, .number, .boolean, .list, .none, .type, .tuple, .failed: return datum
    }
    if loops.isEmpty { return datum }
    if let known = nestedConstants[symbol] { return known }
    guard case .constant(let bound, let type, let value) = code.tree.statements[statement].kind
    else { return .failed }
    callers.append(frame)
    frame = Frame(code: code, definition: -1)
    let made = constantValue(bound, type, value)
    frame = callers.removeLast()
    nestedConstants[symbol] = made
    return made
  }
}
