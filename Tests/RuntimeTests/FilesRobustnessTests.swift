// Files that are cut short or damaged, and files that cannot be written: an error each time, never
// a crash, and whatever stood there before still stands.

import Foundation
import NNIR
import Testing

@testable import NNRuntime

/// Reads all that the bytes hold, as the format that `name` says.
private func readAll(_ bytes: ArraySlice<UInt8>, as name: String) throws {
  if name.hasSuffix(".npy") {
    _ = try NumPyFile.decode(bytes, file: name)
  } else if name.hasSuffix(".npz") {
    let archive = try NumPyArchive(bytes, file: name)
    for name in archive.names { _ = try archive.tensor(named: name) }
  } else if name.hasSuffix(".csv") {
    _ = try Table(bytes, file: name, header: .whereNotNumeric).tensor
  } else {
    let file = try SafeTensorsFile(bytes, file: name)
    for name in file.names { _ = try file.tensor(named: name) }
  }
}

private let robustnessFixtures = [
  "f4.npy", "fortran.npy", "version3.npy", "record.npy", "stored.npz", "deflated.npz", "mixed.npz",
  "all.safetensors",
]

@Suite struct FilesRobustnessTests {
  @Test(arguments: robustnessFixtures)
  func everyTruncationIsAnError(_ name: String) throws {
    let bytes = try fixtureBytes(name)
    for count in bytes.indices {
      #expect(throws: FileError.self, "\(count) bytes of \(name)") {
        try readAll(bytes[..<count], as: name)
      }
    }
  }

  @Test(arguments: robustnessFixtures)
  func damageNeverCrashes(_ name: String) throws {
    let original = try fixtureBytes(name)
    let rounds = ProcessInfo.processInfo.environment["NNCC_FUZZ"].flatMap { Int($0) } ?? 2_000
    var random = FixedRandom(state: 1)
    var refused = 0
    for _ in 0..<rounds {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes[place] = 0xFF
        default: bytes.remove(at: place)
        }
      }
      do {
        try readAll(bytes[...], as: name)
      } catch let error as FileError {
        refused += 1
        #expect(error.exitStatus == 65)
        #expect(!error.description.contains("\n"))
      }
    }
    #expect(refused > 0)
  }

  @Test func damagedMembersAreNoticed() throws {
    var bytes = try fixtureBytes("stored.npz")
    let place = bytes.count / 6
    bytes[place] ^= 1
    #expect(throws: FileError.self) { try readAll(bytes[...], as: "a.npz") }
  }

  @Test func tablesOfAnythingNeverCrash() {
    var random = FixedRandom(state: 2)
    let alphabet = Array("0123456789.,,,\n\n\r\"-+einfa \u{0}".utf8) + [0xFF, 0xC3]
    for _ in 0..<5_000 {
      let count = Int.random(in: 0..<60, using: &random)
      let bytes = (0..<count).map { _ in alphabet.randomElement(using: &random) ?? 0 }
      #expect(throws: Never.self) {
        do { try readAll(bytes[...], as: "a.csv") } catch is FileError {}
      }
    }
  }

  @Test func endlessArchivesAreRefused() throws {
    // A directory whose two members are the same bytes, and one that claims to unpack to 2^40.
    let archive = joined(NumPyArchive.encode(Array(sampleTensors.prefix(1))))
    let directory = try #require(
      archive.indices.first { archive[$0...].starts(with: [0x50, 0x4B, 0x01, 0x02]) })
    let record = Array(archive[directory..<(archive.count - 22)])
    var twice = Array(archive[..<directory]) + record + record
    twice += [0x50, 0x4B, 0x05, 0x06, 0, 0, 0, 0, 2, 0, 2, 0]
    twice.append(littleEndian: UInt32(2 * record.count))
    twice.append(littleEndian: UInt32(directory))
    twice += [0, 0]
    #expect(throws: FileError.self) { try NumPyArchive(twice[...], file: "f") }

    var large = archive
    large[directory + 10] = 8
    for byte in 24..<28 { large[directory + byte] = 0xF0 }
    let opened = try NumPyArchive(large[...], file: "f")
    #expect(throws: FileError.self) { try opened.tensor(named: "w") }
  }
}

@Suite struct FilesWritingTests {
  private func mode(_ path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return try #require(attributes[.posixPermissions] as? Int)
  }

  @Test func replacesWholeFilesAndKeepsLinksAndModes() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a.txt"
      try writeFile("old", to: path)
      #expect(chmod(path, 0o640) == 0)
      #expect(symlink("a.txt", folder + "/link") == 0)
      try writeFile("new", to: folder + "/link")
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
      #expect(try mode(path) == 0o640)
      let link = try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/link")
      #expect(link == "a.txt")
      #expect(symlink("b.txt", folder + "/dangling") == 0)
      try writeFile("b", to: folder + "/dangling")
      #expect(try String(contentsOfFile: folder + "/b.txt", encoding: .utf8) == "b")
      // Nothing is left lying about.
      let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      #expect(names == ["a.txt", "b.txt", "dangling", "link"])
    }
  }

  @Test func devicesAreWrittenInPlace() throws {
    try writeFile("nothing", to: "/dev/null")
    do {
      try writeFile("x", to: "/dev/full")
      Issue.record("a full device takes nothing")
    } catch let error {
      #expect(error.description == "cannot write /dev/full: No space left on device")
      #expect(error.exitStatus == 73)
    }
  }

  @Test func errorsSayWhatIsWrong() throws {
    try withTemporaryFolder { folder in
      for (path, reason) in [
        (folder + "/absent/a", "No such file or directory"), (folder, "Is a directory"),
        (folder + "/", "it names no file"), ("", "it names no file"),
      ] {
        #expect(throws: FileError.unwritable(file: path, reason: reason)) {
          try writeFile("x", to: path)
        }
      }
      #expect(symlink("loop", folder + "/loop") == 0)
      #expect(throws: FileError.self) { try writeFile("x", to: folder + "/loop") }
      #expect(throws: FileError.unreadable(file: folder, reason: "Is a directory")) {
        try NumPyFile.read(folder)
      }
    }
  }
}
