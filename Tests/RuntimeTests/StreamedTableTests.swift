// Rows that stay in files, archives and packed ones too: equal to those of the whole arrays, and never more than a piece unpacked in memory.

import Foundation
import NNIR
import Testing

@testable import NNRuntime

@Suite struct StreamedTableTests {
  /// Two columns of the same stride, which must not be taken for parts of the same rows.
  private static let arrays = [
    NamedTensor(name: "x", tensor: Tensor([500, 3], (0..<1500).map { Float($0) / 4 })),
    NamedTensor(name: "i", tensor: Tensor((0..<500).map { Int64($0) << 40 })),
    NamedTensor(name: "j", tensor: Tensor((0..<500).map { Int64($0) * -3 })),
  ]

  private func expectRows(
    of table: StreamedTable, _ expected: [NamedTensor] = arrays, at place: SourceLocation
  ) throws {
    let numbers = [499, 0, 17, 18, 17]
    let rows = try table.rows(numbers[...])
    #expect(rows.names == expected.map(\.name), sourceLocation: place)
    for (column, named) in zip(rows.columns, expected) {
      #expect(column.tensor == named.tensor.rows(numbers), sourceLocation: place)
    }
  }

  private func gzip(_ bytes: [UInt8], to file: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: file + ".plain"))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "gzip -n < \"$0.plain\" > \"$0\"", file]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }

  @Test func storedArraysAreReadWhereTheyAre() throws {
    try withTemporaryFolder { folder in
      let file = folder + "/a.npz"
      // An array that no input takes may have other rows, or none.
      let others = [
        NamedTensor(name: "names", tensor: Tensor([1, 2, 3] as [Float])),
        NamedTensor(name: "scalar", tensor: Tensor(scalar: 1.5)),
      ]
      try NumPyArchive.write(Self.arrays + others, to: file)
      let table = try StreamedTable(opening: [file], classes: [])
      #expect(table.columns.map(\.name) == ["x", "i", "j", "names", "scalar"])
      let size = try Data(contentsOf: URL(fileURLWithPath: file)).count
      for column in table.columns.dropLast() {
        #expect(column.file === table.columns[0].file)
        #expect(column.file.size == size)
      }
      let taken = ["x", "i", "j"].map {
        ColumnExpression.columns([ColumnRange(first: $0, last: $0)])
      }
      try expectRows(of: try table.selected(by: taken), at: #_sourceLocation)
      #expect(throws: ColumnError.self) { try table.selected(by: [.oneHot("scalar")]) }
      #expect(throws: ColumnError.self) { try table.selected(by: taken + [.oneHot("names")]) }
      #expect(throws: ColumnError.unknownColumn("xx", suggestion: "x")) {
        try table.selected(by: [.oneHot("xx")])
      }
    }
  }

  @Test(arguments: ["stored.npz", "deflated.npz", "mixed.npz"])
  func numPysArchives(_ name: String) throws {
    let whole = try NumPyArchive(reading: fixture(name))
    let table = try StreamedTable(opening: [fixture(name)], classes: [])
    #expect(table.columns.map(\.name) == whole.names)
    var compared = 0
    for column in table.columns where column.problem == nil && column.count > 0 {
      let own = try table.selected(by: [.oneHot(column.name)])
      let tensor = try #require(try whole.tensor(named: column.name))
      #expect(
        try own.rows(Array(0..<column.count)[...]).columns[0].tensor == tensor, "\(column.name)")
      compared += 1
    }
    #expect(compared > 0)
  }

  @Test func packedFilesAreUnpackedIntoTemporaryOnes() throws {
    try withTemporaryFolder { folder in
      try gzip(joined(NumPyArchive.encode(Self.arrays)), to: folder + "/a.npz.gz")
      let archive = try StreamedTable(opening: [folder + "/a.npz.gz"], classes: [])
      try expectRows(of: archive, at: #_sourceLocation)
      try gzip(joined(NumPyFile.encode(Self.arrays[0].tensor)), to: folder + "/x.npy.gz")
      let array = try StreamedTable(opening: [folder + "/x.npy.gz"], classes: [])
      try expectRows(of: array, Array(Self.arrays[..<1]), at: #_sourceLocation)
      // What messages name is the file itself.
      #expect(array.columns[0].file.name == folder + "/x.npy.gz")
    }
  }

  /// More than a piece, of what packs badly and what packs well; twice, as `cat` makes it.
  @Test func unpackingHoldsAPieceAtATime() throws {
    try withTemporaryFolder { folder in
      var random = FixedRandom(state: 5)
      let noise = (0..<(3 << 17)).flatMap { _ in
        withUnsafeBytes(of: random.next()) { Array($0) }
      }
      let bytes = noise + [UInt8](repeating: 7, count: 5 << 20)
      let name = folder + "/a.gz"
      try gzip(bytes, to: name)
      let packed = try [UInt8](Data(contentsOf: URL(fileURLWithPath: name)))
      var pieces: [Int] = []
      var found: [UInt8] = []
      let end = try RowFile(name).inflate(
        from: 0, to: packed.count, windowBits: 31
      ) { piece in
        pieces.append(piece.count)
        found += piece
      }
      #expect(end == packed.count)
      #expect(found == bytes)
      #expect(pieces.max() == RowFile.pieceSize)
      let twice = folder + "/b.gz"
      try Data(packed + packed + [0, 0, 0]).write(to: URL(fileURLWithPath: twice))
      let file = try RowFile(twice).unpackedGzip()
      #expect(file.size == 2 * bytes.count)
      #expect(try file.bytes(at: 0, count: file.size) == bytes + bytes)
      var wrong = packed
      wrong[packed.count - 8] ^= 1
      let cases: [(bytes: [UInt8], word: String)] = [
        (packed + [1], "something other than gzip data"),
        (packed + Array(packed.dropLast()), "cut short"),
        (Array(packed.dropLast(9)), "cut short"), (Array(packed[..<(1 << 20)]), "cut short"),
        (wrong, "damaged"),
      ]
      for (damaged, word) in cases {
        try Data(damaged).write(to: URL(fileURLWithPath: twice))
        let error = #expect(throws: FileError.self) { try RowFile(twice).unpackedGzip() }
        #expect(error?.exitStatus == 65)
        #expect(error.map { "\($0)".contains(word) } == true, "\(error.map { "\($0)" } ?? "")")
      }
    }
  }

  /// An archive of one deflated member, out of what gzip makes of it.
  private func archive(
    _ name: String, _ gzipped: [UInt8], size: UInt32, checksum: [UInt8]
  ) -> [UInt8] {
    let deflated = gzipped[10...].dropLast(8)
    func sizes(_ bytes: inout [UInt8]) {
      bytes += checksum
      bytes.append(littleEndian: UInt32(deflated.count))
      bytes.append(littleEndian: size)
      bytes.append(littleEndian: UInt16(name.utf8.count))
      bytes.append(littleEndian: UInt16(0))
    }
    var local: [UInt8] = [0x50, 0x4B, 3, 4, 20, 0, 0, 0, 8, 0, 0, 0, 0, 0]
    sizes(&local)
    local += Array(name.utf8) + deflated
    var entry: [UInt8] = [0x50, 0x4B, 1, 2, 20, 0, 20, 0, 0, 0, 8, 0, 0, 0, 0, 0]
    sizes(&entry)
    entry += [UInt8](repeating: 0, count: 14) + Array(name.utf8)
    var end: [UInt8] = [0x50, 0x4B, 5, 6, 0, 0, 0, 0, 1, 0, 1, 0]
    end.append(littleEndian: UInt32(entry.count))
    end.append(littleEndian: UInt32(local.count))
    return local + entry + end + [0, 0]
  }

  @Test func deflatedMembersAreChecked() throws {
    try withTemporaryFolder { folder in
      let tensor = Tensor([700_000], (0..<700_000).map { Float($0 % 1000) })
      let array = joined(NumPyFile.encode(tensor))
      try gzip(array, to: folder + "/x.gz")
      let gzipped = try [UInt8](Data(contentsOf: URL(fileURLWithPath: folder + "/x.gz")))
      let checksum = Array(gzipped.suffix(8).prefix(4))
      let file = folder + "/a.npz"
      func open(_ size: Int, _ checksum: [UInt8]) throws -> StreamedTable {
        let bytes = archive("x.npy", gzipped, size: UInt32(size), checksum: checksum)
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return try StreamedTable(opening: [file], classes: [])
      }
      let table = try open(array.count, checksum)
      #expect(
        try table.rows([699_999, 1]).columns[0].tensor == Tensor([999, 1] as [Float]))
      for (size, checksum, word) in [
        (array.count, checksum.map { $0 ^ 1 }, "checksum"), (array.count - 1, checksum, "unpacked"),
        (array.count + 1, checksum, "unpacked"),
      ] {
        let table = try open(size, checksum)
        let error = #expect(throws: ColumnError.self) { try table.selected(by: [.oneHot("x")]) }
        #expect(error.map { "\($0)".contains(word) } == true)
      }
    }
  }

  @Test func damagedArchivesAreRefused() throws {
    try withTemporaryFolder { folder in
      let bytes = joined(NumPyArchive.encode(Self.arrays))
      let file = folder + "/a.npz"
      func open(_ bytes: [UInt8]) throws -> StreamedTable {
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return try StreamedTable(opening: [file], classes: [])
      }
      // Wherever it is cut, an error that says so.
      for count in stride(from: 4, to: bytes.count, by: 97) {
        let error = #expect(throws: FileError.self) { try open(Array(bytes[..<count])) }
        #expect(error?.exitStatus == 65)
      }
      // An element changed: an error of who takes that column alone.
      var changed = bytes
      changed[300] ^= 1
      let table = try open(changed)
      let error = #expect(throws: ColumnError.self) { try table.selected(by: [.oneHot("x")]) }
      #expect(error.map { "\($0)".contains("checksum") } == true)
      #expect(
        try table.selected(by: [.oneHot("i")]).rows([3]).columns[0].tensor
          == Tensor([Int64(3) << 40]))
    }
  }
}
