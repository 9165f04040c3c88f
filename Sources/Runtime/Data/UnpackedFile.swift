// Packed data whose rows are wanted one by one: unpacked by zlib into a temporary file, a piece at a time, so that memory holds no more of
// it than a piece.

import CZlib

extension RowFile {
  /// Bytes that are read, or unpacked, at a time.
  static let pieceSize = 1 << 20

  /// The contents of a gzip file, of all its members one after the other.
  func unpackedGzip() throws(FileError) -> RowFile {
    try RowFile(temporaryFor: name) { descriptor throws(FileError) in
      var written = 0
      var position = 0
      while try bytes(at: position, count: 2) == [0x1F, 0x8B] {
        // 16 more than the largest window: a gzip header, and its checksum is held against the contents.
        let end = try inflate(from: position, to: size, windowBits: MAX_WBITS + 16) {
          piece throws(FileError) in
          try RowFile.spill(piece, into: descriptor, for: name)
          written += piece.count
        }
        guard let end else {
          throw .malformed(file: name, problem: "its gzip data is damaged or cut short")
        }
        position = end
      }
      try forEachPiece(of: position..<size) { piece throws(FileError) in
        if !piece.allSatisfy({ $0 == 0 }) {
          throw .malformed(file: name, problem: "something other than gzip data follows its end")
        }
      }
      return written
    }
  }

  /// The members of this archive; only its end is read.
  func zipDirectory() throws(FileError) -> [ZipMember] {
    let start = max(0, size - EndOfDirectory.largest)
    let tail = try bytes(at: start, count: size - start)
    let end = try checked { () throws(ZipProblem) in try EndOfDirectory(of: tail[...], at: start) }
    let place = try checked { () throws(ZipProblem) in try end.place(inSize: size) }
    let entries = try bytes(at: place.lowerBound, count: place.count)
    return try checked { () throws(ZipProblem) in try ZipMember.members(entries[...], end) }
  }

  /// Where a member of this archive lies: here, if it is stored as it is, or else unpacked in a file of its own.
  func contents(of member: ZipMember) throws(FileError) -> (file: RowFile, part: Range<Int>) {
    let header = try bytes(at: member.offset, count: ZipMember.headerSize)
    let part = try checked { () throws(ZipProblem) in
      try member.place(header: header[...], inSize: size)
    }
    var checksum: UInt32 = 0
    func add(_ piece: UnsafeRawBufferPointer) { checksum = zipChecksum(piece, from: checksum) }
    let contents: (file: RowFile, part: Range<Int>)
    switch member.method {
    case .stored:
      try forEachPiece(of: part) { piece throws(FileError) in add(piece) }
      contents = (self, part)
    case .deflated:
      let file = try unpacked(member, part, add)
      contents = (file, 0..<file.size)
    }
    try checked { () throws(ZipProblem) in try member.check(checksum) }
    return contents
  }

  private func unpacked(
    _ member: ZipMember, _ part: Range<Int>, _ add: (UnsafeRawBufferPointer) -> Void
  ) throws(FileError) -> RowFile {
    try RowFile(temporaryFor: name) { descriptor throws(FileError) in
      var written = 0
      let damage = FileError.malformed(
        file: name, problem: "member '\(printable(member.name))' cannot be unpacked")
      let end = try inflate(from: part.lowerBound, to: part.upperBound, windowBits: -MAX_WBITS) {
        piece throws(FileError) in
        written += piece.count
        // What is larger than it says may be endless.
        if written > member.size { throw damage }
        try RowFile.spill(piece, into: descriptor, for: name)
        add(piece)
      }
      if end == nil || written != member.size { throw damage }
      return written
    }
  }

  private func checked<Value>(
    _ body: () throws(ZipProblem) -> Value
  ) throws(FileError) -> Value {
    do throws(ZipProblem) {
      return try body()
    } catch {
      throw .malformed(file: name, problem: error.problem)
    }
  }

  /// Reads a part of the file piece by piece.
  func forEachPiece(
    of part: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(FileError) -> Void
  ) throws(FileError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceSize, alignment: 1)
    defer { buffer.deallocate() }
    for start in stride(from: part.lowerBound, to: part.upperBound, by: buffer.count) {
      let count = min(buffer.count, part.upperBound - start)
      let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
      try read(at: start, into: piece)
      try body(UnsafeRawBufferPointer(piece))
    }
  }

  /// Unpacks the stream that begins at `start`, piece by piece; where it ends, nil if it is damaged or does not end.
  func inflate(
    from start: Int, to end: Int, windowBits: Int32,
    _ body: (UnsafeRawBufferPointer) throws(FileError) -> Void
  ) throws(FileError) -> Int? {
    var stream = z_stream()
    let size = Int32(MemoryLayout<z_stream>.size)
    guard inflateInit2_(&stream, windowBits, zlibVersion(), size) == Z_OK else { return nil }
    defer { inflateEnd(&stream) }
    let packed = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceSize, alignment: 1)
    let unpacked = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: Self.pieceSize)
    defer {
      packed.deallocate()
      unpacked.deallocate()
    }
    var position = start
    var input = Inflation(rest: UnsafeRawBufferPointer(packed)[..<0])
    while !input.isFinished {
      let count = input.fill(unpacked, from: &stream)
      try body(UnsafeRawBufferPointer(UnsafeMutableBufferPointer(rebasing: unpacked[..<count])))
      // Room is left: it has ended, wants more, or cannot go on.
      guard !input.isFinished, count < unpacked.count else { continue }
      guard input.rest.isEmpty, position < end else { return nil }
      let next = UnsafeMutableRawBufferPointer(
        rebasing: packed[..<min(packed.count, end - position)])
      try read(at: position, into: next)
      position += next.count
      input.rest = UnsafeRawBufferPointer(next)[...]
    }
    return position - input.rest.count
  }
}
