// Where values come from, for messages and comments.

/// Where a value comes from; no part of a function's identity.
public struct Origin: Sendable {
  /// The name the graph gives it, if any.
  public var name: String?
  /// Its place in the graph file, if it has one: 1-based; line 0 is none.
  public var line: Int32
  public var column: Int32
  /// The call of a function that it is part of, from 1 on in `Network.calls`; 0 is none.
  public var call: Int32
  /// A number that whoever looks for what became of an instruction gives it; 0 is none. What the derivative rule of an instruction
  /// appends has the same number, negative.
  public var source: Int32

  public init(
    name: String? = nil, line: Int = 0, column: Int = 0, call: Int32 = 0, source: Int32 = 0
  ) {
    self.name = name
    self.line = Int32(line)
    self.column = Int32(column)
    self.call = call
    self.source = source
  }
}

/// The origins of a function's values, those of the graph file at least. By number: every pass makes them anew.
public struct Origins: Sendable {
  private var places: [Origin?] = []

  public init() {}

  public var isEmpty: Bool { places.isEmpty }

  public mutating func reserveCapacity(_ count: Int) { places.reserveCapacity(count) }

  func isNamed(_ value: Value) -> Bool {
    value.index < places.count && places[value.index]?.name != nil
  }

  public subscript(value: Value) -> Origin? {
    get { value.index < places.count ? places[value.index] : nil }
    set {
      if value.index >= places.count {
        if newValue == nil { return }
        while places.count < value.index { places.append(nil) }
        places.append(newValue)
      } else {
        places[value.index] = newValue
      }
    }
  }

  /// Takes out the origins of some values; those of the others follow one another.
  mutating func keep(where isKept: (Value) -> Bool) {
    var count = 0
    for index in places.indices where isKept(Value(index)) {
      if count != index { places.withUnsafeMutableBufferPointer { $0.swapAt(count, index) } }
      count += 1
    }
    places.removeLast(places.count - count)
  }

  /// The origins where each value is another.
  func renumbered(_ number: (Value) -> Value) -> Origins {
    var moved = Origins()
    for (index, origin) in places.enumerated() where origin != nil {
      moved[number(Value(index))] = origin
    }
    return moved
  }
}
