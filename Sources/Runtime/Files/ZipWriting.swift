// Writing ZIP archives: members as they are, unpacked, all with the same date, so that equal
// contents give equal files. Sizes beyond 32 bits go into ZIP64 fields, where there are any.

/// An archive being put together, piece by piece.
struct ZipWriter {
  private var pieces: [FilePiece] = []
  private var directory: [UInt8] = []
  private var count = 0
  private var offset = 0

  /// Adds a member; `contents` go into the archive as they are.
  mutating func add(_ name: String, _ contents: [FilePiece]) {
    var size = 0
    var checksum: UInt32 = 0
    for piece in contents {
      piece.withUnsafeBytes {
        size += $0.count
        checksum = zipChecksum($0, from: checksum)
      }
    }
    let entry = Entry(name: Array(name.utf8), size: size, checksum: checksum, offset: offset)
    let header = entry.localHeader
    pieces.append(.bytes(header))
    pieces += contents
    directory += entry.directoryRecord
    count += 1
    offset += header.count + size
  }

  /// The whole archive.
  func finished() -> [FilePiece] {
    var end: [UInt8] = []
    let isWide = count >= 0xFFFF || offset >= limit || directory.count >= limit
    if isWide {
      end.append(littleEndian: UInt32(0x0606_4B50))
      end.append(littleEndian: UInt64(44))
      end.append(littleEndian: UInt16(45))
      end.append(littleEndian: UInt16(45))
      end.append(littleEndian: UInt64(0))
      end.append(littleEndian: UInt64(count))
      end.append(littleEndian: UInt64(count))
      end.append(littleEndian: UInt64(directory.count))
      end.append(littleEndian: UInt64(offset))
      end.append(littleEndian: UInt32(0x0706_4B50))
      end.append(littleEndian: UInt32(0))
      end.append(littleEndian: UInt64(offset + directory.count))
      end.append(littleEndian: UInt32(1))
    }
    end.append(littleEndian: UInt32(0x0605_4B50))
    end.append(littleEndian: UInt32(0))
    end.append(littleEndian: UInt16(isWide ? 0xFFFF : count))
    end.append(littleEndian: UInt16(isWide ? 0xFFFF : count))
    end.append(littleEndian: isWide ? UInt32.max : UInt32(directory.count))
    end.append(littleEndian: isWide ? UInt32.max : UInt32(offset))
    end.append(littleEndian: UInt16(0))
    return pieces + [.bytes(directory), .bytes(end)]
  }
}

/// From here on a 32-bit field is all ones and the value stands in a ZIP64 field.
private let limit = 0xFFFF_FFFF

private struct Entry {
  var name: [UInt8]
  var size: Int
  var checksum: UInt32
  var offset: Int

  private var isWide: Bool { size >= limit || offset >= limit }

  var localHeader: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: UInt32(0x0403_4B50))
    appendCommon(to: &bytes)
    let extra = isWide ? wideField(withOffset: false) : []
    bytes.append(littleEndian: UInt16(name.count))
    bytes.append(littleEndian: UInt16(extra.count))
    return bytes + name + extra
  }

  var directoryRecord: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: UInt32(0x0201_4B50))
    // Made on a system with Unix permissions, version 4.5 of the format.
    bytes.append(littleEndian: UInt16(3 << 8 | 45))
    appendCommon(to: &bytes)
    let extra = isWide ? wideField(withOffset: true) : []
    bytes.append(littleEndian: UInt16(name.count))
    bytes.append(littleEndian: UInt16(extra.count))
    bytes.append(littleEndian: UInt16(0))
    bytes.append(littleEndian: UInt32(0))
    // An ordinary file, readable by all and writable by its owner.
    bytes.append(littleEndian: UInt32(0o100644) << 16)
    bytes.append(littleEndian: isWide ? UInt32.max : UInt32(offset))
    return bytes + name + extra
  }

  /// From the version needed to the sizes: the same in both headers.
  private func appendCommon(to bytes: inout [UInt8]) {
    bytes.append(littleEndian: UInt16(isWide ? 45 : 20))
    // Names are UTF-8.
    bytes.append(littleEndian: UInt16(name.allSatisfy { $0 < 0x80 } ? 0 : 0x0800))
    bytes.append(littleEndian: UInt16(0))
    // 1 January 1980, midnight: the first date of the format.
    bytes.append(littleEndian: UInt16(0))
    bytes.append(littleEndian: UInt16(0x0021))
    bytes.append(littleEndian: checksum)
    bytes.append(littleEndian: isWide ? UInt32.max : UInt32(size))
    bytes.append(littleEndian: isWide ? UInt32.max : UInt32(size))
  }

  private func wideField(withOffset: Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: UInt16(1))
    bytes.append(littleEndian: UInt16(withOffset ? 24 : 16))
    bytes.append(littleEndian: UInt64(size))
    bytes.append(littleEndian: UInt64(size))
    if withOffset { bytes.append(littleEndian: UInt64(offset)) }
    return bytes
  }
}
