// Walks the bytes of a file that may be cut short: every step is checked against what is there.

/// A place in a file's bytes; each `take` gives nil where too few are left.
struct ByteCursor {
  private(set) var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard count >= 0, count <= rest.count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  /// The next little-endian number.
  mutating func take<Number: FixedWidthInteger & UnsignedInteger>(_: Number.Type) -> Number? {
    guard let bytes = take(MemoryLayout<Number>.size) else { return nil }
    return bytes.reversed().reduce(0) { $0 << 8 | Number($1) }
  }
}

extension [UInt8] {
  /// Appends a number in little-endian order.
  mutating func append<Number: FixedWidthInteger>(littleEndian number: Number) {
    for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
      append(UInt8(truncatingIfNeeded: number >> Number(shift)))
    }
  }
}
