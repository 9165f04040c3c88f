// What names an object, and compiled code through the cache.

import Foundation
import Testing

@testable import NNRuntime

@Suite struct ObjectKeyTests {
  static let text =
    "long f(void *const *b, const int *a, void *s, long i, long n) { return i + n; }\n"

  @Test func everythingThatTheObjectDependsOnIsInTheKey() throws {
    let folder = try TestCache().home
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let path = folder + "/compiler"
    try Data("one".utf8).write(to: URL(fileURLWithPath: path))
    let compiler = CCompiler(path: path)
    let key = try #require(compiler.key(of: Self.text))
    #expect(compiler.key(of: Self.text) == key)
    #expect(compiler.key(of: Self.text + " ") != key)
    #expect(CCompiler(path: path, flags: ["-O2", "-march=native"]).key(of: Self.text) != key)
    #expect(CCompiler(path: path, flags: ["-O3 -march=native"]).key(of: Self.text) != key)
    // Another program in the compiler's place.
    try Data("another".utf8).write(to: URL(fileURLWithPath: path))
    #expect(compiler.key(of: Self.text) != key)
    try FileManager.default.removeItem(atPath: folder)
    #expect(compiler.key(of: Self.text) == nil)
  }

  @Test func theProcessorIsKnownByWhatItCanDo() throws {
    func text(_ flags: String, hertz: String) -> String {
      """
      processor\t: 0
      vendor_id\t: AuthenticAMD
      model\t\t: 17
      cpu MHz\t\t: \(hertz)
      flags\t\t: \(flags)

      processor\t: 1
      flags\t\t: none

      """
    }
    let one = try #require(CCompiler.processorFeatures(text("fma avx2", hertz: "2600.0")))
    #expect(one == CCompiler.processorFeatures(text("fma avx2", hertz: "3100.5")))
    #expect(one != CCompiler.processorFeatures(text("fma avx2 avx512f", hertz: "2600.0")))
    #expect(!one.contains("none"))
    let arm = "processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd\nCPU part\t: 0xd0c\n"
    #expect(CCompiler.processorFeatures(arm) == "Features\t: fp asimd\nCPU part\t: 0xd0c")
    #expect(CCompiler.processorFeatures("") == nil)
    #expect(CCompiler.processorFeatures("processor\t: 0\nmodel name\t: unknown\n") == nil)
  }

  @Test func theSecondTimeNothingIsCompiled() throws {
    guard let compiler = CCompiler(named: "cc") else { return }
    let test = try TestCache()
    for expected in [false, true] {
      let (code, isCached, _) = try compiler.object(
        text: Self.text, symbols: ["f"], cache: test.cache)
      #expect(isCached == expected)
      var buffer: UnsafeMutableRawPointer?
      var array: Int32 = 0
      #expect(code.functions[0](&buffer, &array, nil, 3, 4) == 7)
    }
    // A damaged one is compiled again, and is good after that.
    let key = try #require(compiler.key(of: Self.text))
    var bytes = try test.bytes(key)
    bytes[bytes.count / 2] ^= 4
    try test.overwrite(key, bytes)
    for expected in [false, true] {
      let found = try compiler.object(text: Self.text, symbols: ["f"], cache: test.cache)
      #expect(found.isCached == expected)
    }
  }

  /// Two objects at once are two objects, though both are memory files.
  @Test func loadedObjectsAreToldApart() throws {
    guard let compiler = CCompiler(named: "cc") else { return }
    var all: [(LoadedCode, Int)] = []
    for number in 0..<3 {
      let text = Self.text.replacingOccurrences(of: "i + n", with: "\(number)")
      let object = try compiler.compile(text)
      for _ in 0..<3 { all.append((try LoadedCode(object: object, symbols: ["f"]), number)) }
      var buffer: UnsafeMutableRawPointer?
      var array: Int32 = 0
      for (code, number) in all { #expect(code.functions[0](&buffer, &array, nil, 0, 0) == number) }
      all.removeFirst()
    }
  }

  @Test func compilersLeaveNoFiles() throws {
    guard let compiler = CCompiler(named: "cc") else { return }
    #expect(throws: CompilerDefect.self) { try compiler.compile("not C") }
    _ = try compiler.compile(Self.text)
    let folder = try TemporaryFolder()
    try folder.write("text", name: "kernels.c")
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -90)], ofItemAtPath: folder.path)
    TemporaryFolder.sweep()
    #expect(folder.read("kernels.c") == Array("text".utf8), "a folder in use stays")
    folder.remove()
    #expect(access(folder.path, F_OK) != 0)
    // As a killed process leaves it: nobody holds the lock.
    let left = NSTemporaryDirectory() + "/nncc-cc-1-left"
    try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: false)
    try Data("x".utf8).write(to: URL(fileURLWithPath: left + "/kernels.c"))
    TemporaryFolder.sweep()
    #expect(access(left, F_OK) == 0, "it may have been made this moment")
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -90)], ofItemAtPath: left)
    TemporaryFolder.sweep()
    #expect(access(left, F_OK) != 0)
  }
}
