// A file of the object cache: a header that says what it is and holds, and a shared object's bytes.

/// The format of the cache's files.
///
/// | bytes | |
/// | --- | --- |
/// | 8 | `NNCCOBJ` and a line feed |
/// | 4, 4 | the format's number, and zeros |
/// | 32 | the key |
/// | 8 | the number of the object's bytes |
/// | 32 | SHA-256 of everything before and of the object |
/// | the rest | the object |
///
/// Numbers are little-endian.
enum ObjectFile {
  /// To be raised when the format changes, or the meaning of an object: its functions' signature, say.
  static let formatNumber: UInt32 = 1
  private static let magic = Array("NNCCOBJ\n".utf8)
  static let headerByteCount = 88

  static func encoded(_ object: [UInt8], key: Digest) -> [UInt8] {
    let start = opening(key: key, byteCount: object.count)
    return start + checksum(start, object[...]).bytes + object
  }

  /// The object in a file's bytes; nil unless every byte is as `encoded` writes it for this key.
  static func decoded(_ bytes: [UInt8], key: Digest) -> [UInt8]? {
    guard bytes.count > headerByteCount else { return nil }
    let object = bytes[headerByteCount...]
    let start = opening(key: key, byteCount: object.count)
    guard bytes.starts(with: start),
      bytes[start.count..<headerByteCount].elementsEqual(checksum(start, object).bytes)
    else { return nil }
    return Array(object)
  }

  /// The header up to its checksum.
  private static func opening(key: Digest, byteCount: Int) -> [UInt8] {
    var bytes = magic
    withUnsafeBytes(of: formatNumber.littleEndian) { bytes += $0 }
    bytes += [0, 0, 0, 0]
    bytes += key.bytes
    withUnsafeBytes(of: UInt64(byteCount).littleEndian) { bytes += $0 }
    return bytes
  }

  private static func checksum(_ start: [UInt8], _ object: ArraySlice<UInt8>) -> Digest {
    var builder = DigestBuilder()
    start.withUnsafeBytes { builder.add($0) }
    object.withUnsafeBytes { builder.add($0) }
    return builder.digest()
  }
}
