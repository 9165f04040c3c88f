// The bytes of a ZIP archive's members, unpacked by zlib and held against their checksums, and
// the writing of archives.

import CZlib

extension ZipMember {
  /// The member's bytes, unpacked; `archive` is the whole archive.
  func contents(in archive: ArraySlice<UInt8>) throws(ZipProblem) -> ArraySlice<UInt8> {
    let contents: ArraySlice<UInt8>
    let place = try place(header: archive.dropFirst(offset), inSize: archive.count)
    let packed = archive.dropFirst(place.lowerBound).prefix(place.count)
    switch method {
    case .stored: contents = packed
    case .deflated:
      guard let bytes = inflated(packed, size: size) else {
        throw ZipProblem("member '\(printable(name))' cannot be unpacked")
      }
      contents = bytes[...]
    }
    try check(contents.withUnsafeBytes { zipChecksum($0, from: 0) })
    return contents
  }

  func check(_ found: UInt32) throws(ZipProblem) {
    if found != checksum {
      throw ZipProblem("member '\(printable(name))' is damaged: its checksum differs")
    }
  }

  /// A local header without its name and extra fields.
  static let headerSize = 30

  /// Where the packed bytes lie: behind the local header, whose name and extra fields need not be the directory's.
  ///
  /// - Parameters:
  ///   - header: the archive's bytes from the local header on.
  ///   - size: the archive's.
  func place(header: ArraySlice<UInt8>, inSize size: Int) throws(ZipProblem) -> Range<Int> {
    var cursor = ByteCursor(header)
    guard cursor.take(UInt32.self) == 0x0403_4B50, cursor.take(22) != nil,
      let nameLength = cursor.take(UInt16.self), let extraLength = cursor.take(UInt16.self),
      case let start = offset + Self.headerSize + Int(nameLength) + Int(extraLength),
      start <= size, compressedSize <= size - start
    else { throw ZipProblem("member '\(printable(name))' is cut short") }
    return start..<start + compressedSize
  }
}

/// The `size` bytes that `packed` unpacks to, exactly; nil where it gives fewer or more.
///
/// Memory grows with what really comes out: a declared size alone allocates nothing much.
private func inflated(_ packed: ArraySlice<UInt8>, size: Int) -> [UInt8]? {
  // Deflate's greatest ratio is 1032 to 1.
  guard size / 1032 <= packed.count else { return nil }
  var stream = z_stream()
  guard
    inflateInit2_(&stream, -MAX_WBITS, zlibVersion(), Int32(MemoryLayout<z_stream>.size)) == Z_OK
  else { return nil }
  defer { inflateEnd(&stream) }
  return packed.withUnsafeBytes { source in
    var result: [UInt8] = []
    var input = Inflation(rest: source[...])
    while !input.isFinished {
      // One byte more than declared, so that zlib can say that the stream ends there.
      let room = min(size + 1 - result.count, max(result.count, 1 << 20, source.count), 1 << 28)
      guard room > 0 else { return nil }
      let piece = [UInt8](unsafeUninitializedCapacity: room) { target, count in
        count = input.fill(target, from: &stream)
      }
      if piece.isEmpty, !input.isFinished { return nil }
      if result.isEmpty { result = piece } else { result += piece }
    }
    return result.count == size ? result : nil
  }
}

/// What zlib has yet to read, and whether its stream has ended.
struct Inflation {
  var rest: Slice<UnsafeRawBufferPointer>
  var isFinished = false

  /// Unpacks into `target` until it is full or nothing more comes; the number of bytes.
  mutating func fill(
    _ target: UnsafeMutableBufferPointer<UInt8>, from stream: inout z_stream
  ) -> Int {
    var produced = 0
    while produced < target.count, !isFinished {
      let input = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
      // zlib takes its input through a pointer that is not const, and does not write to it.
      stream.next_in = UnsafeMutablePointer(
        mutating: input.baseAddress?.assumingMemoryBound(to: Bytef.self))
      stream.avail_in = UInt32(input.count)
      stream.next_out = target.baseAddress.map { $0 + produced }
      stream.avail_out = UInt32(target.count - produced)
      let status = inflate(&stream, Z_NO_FLUSH)
      let took = input.count - Int(stream.avail_in)
      let gave = target.count - produced - Int(stream.avail_out)
      rest = rest.dropFirst(took)
      produced += gave
      isFinished = status == Z_STREAM_END
      if !isFinished, status != Z_OK || took + gave == 0 { break }
    }
    return produced
  }
}

/// The CRC-32 of `bytes` continued from that of what came before.
func zipChecksum(_ bytes: UnsafeRawBufferPointer, from start: UInt32) -> UInt32 {
  var checksum = uLong(start)
  var rest = bytes[...]
  while !rest.isEmpty {
    let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
    checksum = crc32(
      checksum, part.baseAddress?.assumingMemoryBound(to: Bytef.self), UInt32(part.count))
    rest = rest.dropFirst(part.count)
  }
  return UInt32(truncatingIfNeeded: checksum)
}
