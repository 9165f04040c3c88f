// Reading ZIP archives, as APPNOTE.TXT 6.3 describes them. What an archive holds is said by the
// central directory at its end; local headers, which may lack the sizes, only say where a
// member's bytes begin.

/// A member as the central directory lists it.
struct ZipMember {
  enum Method { case stored, deflated }

  var name: String
  var method: Method
  var checksum: UInt32
  var compressedSize: Int
  var size: Int
  /// Where its local header stands.
  var offset: Int
}

/// What is wrong with an archive, or with a member of it.
struct ZipProblem: Error {
  var problem: String
  init(_ problem: String) { self.problem = problem }
}

extension ZipMember {
  /// The members of an archive, in the directory's order. None overlap, and all lie within it.
  static func directory(of bytes: ArraySlice<UInt8>) throws(ZipProblem) -> [ZipMember] {
    let end = try EndOfDirectory(of: bytes, at: 0)
    let place = try end.place(inSize: bytes.count)
    return try members(bytes.dropFirst(place.lowerBound).prefix(place.count), end)
  }

  /// - Parameter entries: the directory.
  static func members(
    _ entries: ArraySlice<UInt8>, _ end: EndOfDirectory
  ) throws(ZipProblem) -> [ZipMember] {
    // Each entry takes 46 bytes at least, so that the count cannot ask for more than is there.
    guard end.count <= entries.count / 46 else { throw ZipProblem("its directory is cut short") }
    var cursor = ByteCursor(entries)
    var members: [ZipMember] = []
    for _ in 0..<end.count {
      guard let member = try ZipMember(from: &cursor) else {
        throw ZipProblem("its directory is damaged")
      }
      members.append(member)
    }
    try checkPlaces(members, end: end.offset)
    return members
  }

  /// Overlapping members are how a small file unpacks to an endless one.
  private static func checkPlaces(_ members: [ZipMember], end: Int) throws(ZipProblem) {
    var free = 0
    for member in members.sorted(by: { $0.offset < $1.offset }) {
      let (last, overflow) = member.offset.addingReportingOverflow(member.compressedSize)
      guard !overflow, last <= end else {
        throw ZipProblem("member '\(printable(member.name))' lies outside the file")
      }
      guard member.offset >= free else {
        throw ZipProblem("member '\(printable(member.name))' overlaps another")
      }
      free = last
    }
  }

  private init?(from cursor: inout ByteCursor) throws(ZipProblem) {
    guard cursor.take(UInt32.self) == 0x0201_4B50, cursor.take(4) != nil,
      let flags = cursor.take(UInt16.self), let method = cursor.take(UInt16.self),
      cursor.take(4) != nil, let checksum = cursor.take(UInt32.self),
      let compressedSize = cursor.take(UInt32.self), let size = cursor.take(UInt32.self),
      let nameLength = cursor.take(UInt16.self), let extraLength = cursor.take(UInt16.self),
      let commentLength = cursor.take(UInt16.self), cursor.take(8) != nil,
      let offset = cursor.take(UInt32.self), let name = cursor.take(Int(nameLength)),
      let extra = cursor.take(Int(extraLength)), cursor.take(Int(commentLength)) != nil,
      let wide = WideFields(extra, size: size, compressedSize: compressedSize, offset: offset)
    else { return nil }
    self.name = String(decoding: name, as: UTF8.self)
    guard flags & 0x2041 == 0 else {
      throw ZipProblem("member '\(printable(self.name))' is encrypted")
    }
    switch method {
    case 0: self.method = .stored
    case 8: self.method = .deflated
    case let other:
      throw ZipProblem("member '\(printable(self.name))' uses compression method \(other)")
    }
    self.checksum = checksum
    (self.size, self.compressedSize, self.offset) = (wide.size, wide.compressedSize, wide.offset)
    if self.method == .stored, self.size != self.compressedSize { return nil }
  }
}

/// Sizes and offset of a member: from the ZIP64 extra field where the 32-bit ones are all ones.
private struct WideFields {
  var size: Int
  var compressedSize: Int
  var offset: Int

  init?(_ extra: ArraySlice<UInt8>, size: UInt32, compressedSize: UInt32, offset: UInt32) {
    var wide = ByteCursor([])
    var fields = ByteCursor(extra)
    while let id = fields.take(UInt16.self), let length = fields.take(UInt16.self),
      let content = fields.take(Int(length))
    {
      if id == 0x0001 { wide = ByteCursor(content) }
    }
    func value(_ narrow: UInt32) -> Int? {
      guard narrow == .max else { return Int(narrow) }
      return wide.take(UInt64.self).flatMap { Int(exactly: $0) }
    }
    guard let size = value(size), let compressedSize = value(compressedSize),
      let offset = value(offset)
    else { return nil }
    (self.size, self.compressedSize, self.offset) = (size, compressedSize, offset)
  }
}

/// The record at an archive's end that says where its directory stands.
struct EndOfDirectory {
  /// Bytes that it takes at most, with the longest comment and the records of ZIP64.
  static let largest = 22 + 0xFFFF + 20 + 56

  var count: Int
  var size: Int
  var offset: Int

  /// - Parameter start: where the bytes begin in the archive, whose last ones they are.
  init(of bytes: ArraySlice<UInt8>, at start: Int) throws(ZipProblem) {
    guard let place = Self.place(in: bytes) else {
      throw ZipProblem("it is no ZIP archive, or is cut short: the directory's end is missing")
    }
    var cursor = ByteCursor(bytes[place...])
    guard cursor.take(4) != nil, let disk = cursor.take(UInt16.self),
      let directoryDisk = cursor.take(UInt16.self), let countHere = cursor.take(UInt16.self),
      let count = cursor.take(UInt16.self), let size = cursor.take(UInt32.self),
      let offset = cursor.take(UInt32.self)
    else { throw ZipProblem("its directory is damaged") }
    if let wide = try Self.wide(in: bytes, at: start, before: place) {
      self = wide
      return
    }
    guard disk == 0, directoryDisk == 0, countHere == count else {
      throw ZipProblem("archives in several parts are not supported")
    }
    (self.count, self.size, self.offset) = (Int(count), Int(size), Int(offset))
  }

  private init(count: Int, size: Int, offset: Int) {
    (self.count, self.size, self.offset) = (count, size, offset)
  }

  /// Where the directory lies in an archive of so many bytes.
  func place(inSize bytes: Int) throws(ZipProblem) -> Range<Int> {
    guard offset <= bytes, size <= bytes - offset else {
      throw ZipProblem("its directory lies outside the file")
    }
    return offset..<offset + size
  }

  /// The last record with its comment reaching exactly to the end, within the last 64 KiB.
  private static func place(in bytes: ArraySlice<UInt8>) -> Int? {
    guard bytes.count >= 22 else { return nil }
    var place = bytes.endIndex - 22
    let first = max(bytes.startIndex, place - 0xFFFF)
    while place >= first {
      if bytes[place...].starts(with: [0x50, 0x4B, 0x05, 0x06]) {
        let comment = Int(bytes[place + 20]) | Int(bytes[place + 21]) << 8
        if place + 22 + comment == bytes.endIndex { return place }
      }
      place -= 1
    }
    return nil
  }

  /// The ZIP64 record, where a locator before the plain record points to one.
  private static func wide(
    in bytes: ArraySlice<UInt8>, at base: Int, before place: Int
  ) throws(ZipProblem) -> EndOfDirectory? {
    guard place - bytes.startIndex >= 20 else { return nil }
    var locator = ByteCursor(bytes[(place - 20)..<place])
    guard locator.take(UInt32.self) == 0x0706_4B50 else { return nil }
    guard locator.take(4) != nil, let offset = locator.take(UInt64.self),
      let start = Int(exactly: offset), start >= base, start - base <= bytes.count
    else { throw ZipProblem("its ZIP64 directory is damaged") }
    var cursor = ByteCursor(bytes.dropFirst(start - base))
    guard cursor.take(UInt32.self) == 0x0606_4B50, cursor.take(20) != nil,
      cursor.take(UInt64.self) != nil, let count = cursor.take(UInt64.self),
      let size = cursor.take(UInt64.self), let place = cursor.take(UInt64.self),
      let count = Int(exactly: count), let size = Int(exactly: size),
      let place = Int(exactly: place)
    else { throw ZipProblem("its ZIP64 directory is damaged") }
    return EndOfDirectory(count: count, size: size, offset: place)
  }
}
