// gzip (RFC 1952), unpacked by zlib, which holds each member against its checksum.

import CZlib

/// A file's name without what says that gzip has packed it.
func unpackedName(_ file: String) -> String {
  file.hasSuffix(".gz") ? String(file.dropLast(3)) : file
}

/// The bytes of a file, unpacked where they are gzip's.
func unpacked(_ bytes: ArraySlice<UInt8>, file: String) throws(FileError) -> ArraySlice<UInt8> {
  guard bytes.starts(with: [0x1F, 0x8B]) else { return bytes }
  var rest = bytes
  var result: [UInt8] = []
  // Several members may follow one another, as `cat a.gz b.gz` makes them.
  while rest.starts(with: [0x1F, 0x8B]) {
    guard let (taken, complete) = unpack(rest, into: &result), complete else {
      throw .malformed(file: file, problem: "its gzip data is damaged or cut short")
    }
    rest = rest.dropFirst(taken)
  }
  if !rest.allSatisfy({ $0 == 0 }) {
    throw .malformed(file: file, problem: "something other than gzip data follows its end")
  }
  return result[...]
}

/// Appends what the first member unpacks to; gives its length, and whether it is whole.
private func unpack(
  _ packed: ArraySlice<UInt8>, into result: inout [UInt8]
) -> (taken: Int, complete: Bool)? {
  var stream = z_stream()
  // 16 more than the largest window: a gzip header, and its checksum is held against the contents.
  let size = Int32(MemoryLayout<z_stream>.size)
  guard inflateInit2_(&stream, MAX_WBITS + 16, zlibVersion(), size) == Z_OK else { return nil }
  defer { inflateEnd(&stream) }
  return packed.withUnsafeBytes { source in
    var input = Inflation(rest: source[...])
    while !input.isFinished {
      let room = min(max(result.count, 1 << 20), 1 << 28)
      let piece = [UInt8](unsafeUninitializedCapacity: room) { target, count in
        count = input.fill(target, from: &stream)
      }
      result += piece
      if piece.isEmpty, !input.isFinished { return (0, false) }
    }
    return (source.count - input.rest.count, true)
  }
}
