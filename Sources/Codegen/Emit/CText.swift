// The bytes of C text. A string would be looked at as characters, or as a string of unknown make, at each piece that it is put together from:
// that took a third of the time to emit.

struct CText {
  private var bytes: [UInt8] = []

  var string: String { String(decoding: bytes, as: UTF8.self) }

  mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { bytes.append(contentsOf: $0) }
  }

  mutating func append(_ other: CText) { bytes.append(contentsOf: other.bytes) }
  mutating func append(_ byte: UInt8) { bytes.append(byte) }

  /// One ASCII character or two: as a string they would take as long as a name.
  mutating func punctuate(_ first: Unicode.Scalar, _ second: Unicode.Scalar? = nil) {
    bytes.append(UInt8(ascii: first))
    if let second { bytes.append(UInt8(ascii: second)) }
  }

  /// In decimal.
  mutating func append(_ number: Int) {
    if number < 0 { bytes.append(UInt8(ascii: "-")) }
    var rest = number.magnitude
    let start = bytes.count
    repeat {
      bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    bytes[start...].reverse()
  }

  /// Leaves no text, with its memory.
  mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }
}
