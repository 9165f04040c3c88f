// SHA-256, which names what the object cache holds and shows that an object is whole. A wrong object would give wrong
// numbers, so the digest must leave no room for two texts under one name. The sixty lines of C beside the runtime do that in
// half a millisecond for 100 kB; a cryptography package would add more than that to the start of every process.

import CSystem

/// A SHA-256 digest.
struct Digest: Hashable, Sendable {
  static let byteCount = 32
  /// As many as `byteCount`.
  let bytes: [UInt8]

  /// In 64 digits.
  var hexadecimal: String {
    var text = ""
    for byte in bytes { text += (byte < 16 ? "0" : "") + String(byte, radix: 16) }
    return text
  }
}

/// Gathers what a digest is of.
struct DigestBuilder {
  private var state = nn_sha256()

  init() { nn_sha256_begin(&state) }

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    nn_sha256_add(&state, bytes.baseAddress, bytes.count)
  }

  /// Adds a text and its length, so that two texts are not one longer text.
  mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      add(bytes.count)
      add(UnsafeRawBufferPointer(bytes))
    }
  }

  mutating func add(_ number: Int) {
    withUnsafeBytes(of: Int64(number).littleEndian) { add($0) }
  }

  consuming func digest() -> Digest {
    var bytes = [UInt8](repeating: 0, count: Digest.byteCount)
    nn_sha256_end(&state, &bytes)
    return Digest(bytes: bytes)
  }
}
