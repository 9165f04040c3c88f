// The object cache: what goes in comes out, and nothing else does, whatever happened to the folder.

import Foundation
import Testing

@testable import NNRuntime

/// A cache in a folder of its own, removed with it.
final class TestCache {
  let home: String
  let cache: ObjectCache

  init(bound: Int = ObjectCache.standardBound) throws {
    home = NSTemporaryDirectory() + "/cache-" + UUID().uuidString
    cache = ObjectCache(folder: home + "/deep/nncc", bound: bound)
  }

  deinit { try? FileManager.default.removeItem(atPath: home) }

  var files: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: cache.folder).sorted()) ?? []
  }

  func path(_ key: Digest, _ standing: ObjectCache.Standing = .compiled) -> String {
    "\(cache.folder)/\(key.hexadecimal).\(standing)"
  }

  func bytes(_ key: Digest) throws -> [UInt8] { try readBytes(of: path(key)) }

  func overwrite(_ key: Digest, _ bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path(key)))
  }
}

/// The digest of a text alone.
func digest(_ text: String) -> Digest {
  var builder = DigestBuilder()
  var text = text
  text.withUTF8 { builder.add(UnsafeRawBufferPointer($0)) }
  return builder.digest()
}

@Suite struct ObjectCacheTests {
  static let object = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 3) }

  /// FIPS 180-4's own examples, and lengths around a block's end.
  @Test func digestsAreSHA256() {
    #expect(
      digest("abc").hexadecimal
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").hexadecimal
        == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    #expect(
      digest("").hexadecimal == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(
      digest(String(repeating: "a", count: 1_000_000)).hexadecimal
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func whatGoesInComesOut() throws {
    let test = try TestCache()
    let key = digest("key")
    #expect(test.cache.object(for: key) == nil)
    #expect(test.cache.usage == (0, 0))
    test.cache.store(Self.object, for: key)
    #expect(test.cache.object(for: key) == Self.object)
    #expect(test.cache.object(for: digest("other")) == nil)
    #expect(test.files.count == 1)
    #expect(test.cache.usage.objects == 1)
    for (path, mode) in [(test.cache.folder, 0o700), (test.path(key), 0o600)] {
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      #expect(attributes[.posixPermissions] as? Int == mode)
    }
  }

  @Test func theStandingOfAnObject() throws {
    let test = try TestCache()
    let key = digest("key")
    test.cache.store(Self.object, for: key)
    #expect(test.cache.object(for: key, standing: [.compared]) == nil)
    #expect(test.cache.isEmpty(of: .compared))
    test.cache.accept(key)
    #expect(test.cache.object(for: key, standing: [.compared]) == Self.object)
    #expect(test.cache.object(for: key) == Self.object)
    test.cache.remove(key)
    #expect(test.cache.object(for: key) == nil)
    test.cache.accept(key)
    #expect(test.files == [])
  }

  /// Every kind of damage is found, and the file that has it goes away.
  @Test func damagedFilesAreRemoved() throws {
    let test = try TestCache()
    let key = digest("key")
    test.cache.store(Self.object, for: key)
    let good = try test.bytes(key)
    var damaged: [(String, [UInt8])] = [
      ("empty", []), ("zeros", [UInt8](repeating: 0, count: good.count)),
      ("an ELF file", Array("\u{7F}ELF".utf8) + Self.object), ("longer", good + [0]),
      ("the header alone", Array(good[..<ObjectFile.headerByteCount])),
      ("another key's", ObjectFile.encoded(Self.object, key: digest("other"))),
    ]
    for count in stride(from: 1, to: good.count, by: 97) {
      damaged.append(("cut to \(count) bytes", Array(good[..<count])))
    }
    for index in stride(from: 0, to: good.count, by: 97) {
      var bytes = good
      bytes[index] ^= 1 << UInt8(index % 8)
      damaged.append(("another byte \(index)", bytes))
    }
    for index in 0..<ObjectFile.headerByteCount {
      var bytes = good
      bytes[index] = ~bytes[index]
      damaged.append(("another byte \(index) of the header", bytes))
    }
    for (what, bytes) in damaged {
      try test.overwrite(key, bytes)
      #expect(test.cache.object(for: key) == nil, "\(what)")
      #expect(test.files == [], "\(what)")
    }
    test.cache.store(Self.object, for: key)
    #expect(test.cache.object(for: key) == Self.object)
  }

  @Test func whatIsNoFileIsNoObject() throws {
    let test = try TestCache()
    let key = digest("key")
    test.cache.store(Self.object, for: key)
    let manager = FileManager.default
    let elsewhere = test.home + "/elsewhere"
    try manager.moveItem(atPath: test.path(key), toPath: elsewhere)
    try manager.createSymbolicLink(atPath: test.path(key), withDestinationPath: elsewhere)
    #expect(test.cache.object(for: key) == nil)
    #expect(test.files == [])
    try manager.createDirectory(atPath: test.path(key), withIntermediateDirectories: false)
    #expect(test.cache.object(for: key) == nil)
    #expect(mkfifo(test.path(key), 0o600) == 0)
    #expect(test.cache.object(for: key) == nil)
    test.cache.store(Self.object, for: key)
    #expect(test.cache.object(for: key) == Self.object)
  }

  /// A good object that cannot be loaded is compiled again as well.
  @Test func anObjectThatCannotBeLoadedIsRemoved() throws {
    let test = try TestCache()
    let key = digest("key")
    test.cache.store(Self.object, for: key)
    #expect(test.cache.code(for: key, symbols: ["f"]) == nil)
    #expect(test.files == [])
  }

  @Test func theLongestUnusedGoFirst() throws {
    let size = Self.object.count + ObjectFile.headerByteCount
    let test = try TestCache(bound: 3 * size)
    let keys = (0..<5).map { digest("\($0)") }
    for (index, key) in keys[..<3].enumerated() {
      test.cache.store(Self.object, for: key)
      let date = Date(timeIntervalSinceNow: Double(index - 10))
      try FileManager.default.setAttributes(
        [.modificationDate: date], ofItemAtPath: test.path(key))
    }
    // Its use makes the oldest the youngest.
    #expect(test.cache.object(for: keys[0]) == Self.object)
    test.cache.store(Self.object, for: keys[3])
    #expect(test.cache.object(for: keys[1]) == nil)
    for index in [0, 2, 3] { #expect(test.cache.object(for: keys[index]) == Self.object) }
    #expect(test.cache.usage == (3, 3 * size))
    // What is larger than the whole cache is not kept, and costs nothing that is.
    test.cache.store([UInt8](repeating: 1, count: 4 * size), for: keys[4])
    #expect(test.cache.usage == (3, 3 * size))
  }

  @Test func temporaryFilesOfTheDeadAreSwept() throws {
    let test = try TestCache()
    test.cache.store(Self.object, for: digest("key"))
    let dead = "\(test.cache.folder)/.\(digest("a").hexadecimal)-999999999-1.tmp"
    let own = "\(test.cache.folder)/.\(digest("b").hexadecimal)-\(getpid())-1.tmp"
    for path in [dead, own] { try Data([1]).write(to: URL(fileURLWithPath: path)) }
    test.cache.sweepTemporaries()
    #expect(test.files.count == 3)
    for path in [dead, own] {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -90)], ofItemAtPath: path)
    }
    test.cache.store(Self.object, for: digest("other"))
    #expect(access(dead, F_OK) != 0)
    #expect(access(own, F_OK) == 0)
  }

  /// No folder to be had is no error; neither is one that others can write to.
  @Test func foldersThatCannotBeUsed() throws {
    let test = try TestCache()
    let key = digest("key")
    for folder in ["/proc/nncc", "/dev/null/nncc", "/proc/self/nncc"] {
      let cache = ObjectCache(folder: folder)
      cache.store(Self.object, for: key)
      #expect(cache.object(for: key) == nil)
    }
    #expect(!ObjectCache(folder: "/dev/null/nncc").isUsable)
    #expect(test.cache.isUsable)
    test.cache.store(Self.object, for: key)
    chmod(test.cache.folder, 0o777)
    #expect(test.cache.object(for: key) == nil)
    #expect(!test.cache.isUsable)
    test.cache.store(Self.object, for: digest("other"))
    chmod(test.cache.folder, 0o700)
    // Only the superuser can give a folder away.
    if chown(test.cache.folder, 12345, 12345) == 0 {
      #expect(test.cache.object(for: key) == nil)
      test.cache.store(Self.object, for: digest("other"))
      chown(test.cache.folder, geteuid(), getegid())
    }
    #expect(test.cache.object(for: key) == Self.object)
    #expect(test.files.count == 1)
  }

  /// Readers and writers of one key at once, and a bound that throws it out again and again.
  @Test func manyThreadsAtOnce() throws {
    let size = Self.object.count + ObjectFile.headerByteCount
    let test = try TestCache(bound: 2 * size)
    let cache = test.cache
    DispatchQueue.concurrentPerform(iterations: 8) { worker in
      for round in 0..<50 {
        let key = digest("\((worker + round) % 3)")
        if let found = cache.object(for: key) {
          #expect(found == Self.object)
        } else {
          cache.store(Self.object, for: key)
        }
        if round % 7 == worker % 7 { cache.accept(key) }
        if round % 11 == worker { cache.remove(key) }
      }
    }
    #expect(!test.files.contains { $0.hasSuffix(".tmp") })
    #expect(cache.usage.byteCount <= 2 * size)
  }
}
