// Compiles emitted C with the compilers of this machine and calls it.

import Foundation
import NNCodegen
import NNIR
import Testing

/// A C compiler, its flags, and whether it is here.
struct CCompiler: Sendable, CustomTestStringConvertible {
  var command: String
  var flags: [String]

  static let warnings = [
    "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wdouble-promotion",
    "-Wstrict-prototypes", "-Wvla",
    // gcc supposes that the first unit may be one of the last that a ptrdiff_t can number.
    "-Wno-aggressive-loop-optimizations", "-Wno-unknown-warning-option", "-Werror",
  ]
  var testDescription: String {
    ([command] + flags.filter { !$0.hasPrefix("-W") }).joined(separator: " ")
  }

  func run(_ arguments: [String]) throws -> (status: Int32, errors: String) {
    try runProcess("/usr/bin/env", [command] + flags + arguments)
  }
}

func runProcess(_ path: String, _ arguments: [String]) throws -> (status: Int32, errors: String) {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: path)
  process.arguments = arguments
  let errors = Pipe()
  process.standardError = errors
  process.standardOutput = errors
  try process.run()
  let data = errors.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return (process.terminationStatus, String(decoding: data, as: UTF8.self))
}

/// A folder that is gone when the test is over.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "emit-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ text: String) throws -> String {
    let file = path + "/" + name
    try text.write(toFile: file, atomically: false, encoding: .utf8)
    return file
  }
}

typealias KernelFunction =
  @convention(c) (
    UnsafePointer<UnsafeMutableRawPointer?>, UnsafePointer<Int32>, UnsafeMutableRawPointer, Int, Int
  ) -> Void

/// A module as a shared library in this process.
struct LoadedModule {
  let handle: UnsafeMutableRawPointer
  let module: KernelModule

  init(_ module: KernelModule, text: String, _ compiler: CCompiler, in folder: TemporaryFolder)
    throws
  {
    let name = "module\(UInt32.random(in: 0...UInt32.max))"
    let source = try folder.write(name + ".c", text)
    let library = folder.path + "/\(name).so"
    let result = try compiler.run(["-shared", "-fPIC", source, "-o", library])
    try #require(result.status == 0, "\(result.errors)\n\(source)")
    handle = try #require(dlopen(library, RTLD_NOW | RTLD_LOCAL), "\(String(cString: dlerror()))")
    self.module = module
  }

  func function(_ symbol: String) throws -> KernelFunction {
    unsafeBitCast(try #require(dlsym(handle, symbol)), to: KernelFunction.self)
  }

  /// Calls kernel `number` on a copy of the memory, its units in pieces of `step`.
  func run(_ number: Int, _ program: Program, _ memory: Memory, step: Int) throws -> Memory {
    let entry = module.entries[number]
    var pointers: [UnsafeMutableRawPointer?] = []
    let used = Set(program.kernels[number].buffers)
    for (index, (buffer, bits)) in zip(program.buffers, memory.buffers).enumerated() {
      if !used.contains(index) {
        pointers.append(nil)
        continue
      }
      let size = max(1, buffer.byteCount)
      let place = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 8)
      for (element, value) in bits.enumerated() {
        write(value, buffer.element, to: place + element * buffer.element.byteCount)
      }
      pointers.append(place)
    }
    defer { for pointer in pointers { pointer?.deallocate() } }
    let scratch = UnsafeMutableRawPointer.allocate(
      byteCount: max(64, entry.scratchByteCount), alignment: 64)
    defer { scratch.deallocate() }
    let function = try function(entry.symbol)
    let arrays = entry.arguments.map { Int32($0) }
    for begin in stride(from: 0, to: entry.units, by: step) {
      function(pointers, arrays, scratch, begin, min(entry.units, begin + step))
    }
    var result = memory
    for (index, buffer) in program.buffers.enumerated() {
      guard let place = pointers[index] else { continue }
      for element in memory.buffers[index].indices {
        result.buffers[index][element] = read(
          place + element * buffer.element.byteCount, buffer.element)
      }
    }
    return result
  }
}

/// Equal to the bit; NaNs are equal to each other.
func differences(_ a: Memory, _ b: Memory, _ program: Program) -> [String] {
  var found: [String] = []
  for (number, buffer) in program.buffers.enumerated() {
    for index in a.buffers[number].indices
    where a.buffers[number][index] != b.buffers[number][index] {
      let x = Scalar(element: buffer.element, bits: a.buffers[number][index])
      let y = Scalar(element: buffer.element, bits: b.buffers[number][index])
      if buffer.element.isFloat && x.double.isNaN && y.double.isNaN { continue }
      found.append("\(buffer.name)[\(index)]: \(x.double) expected, \(y.double) found")
      break
    }
  }
  return found
}

extension Kernel {
  /// Every buffer that the kernel touches.
  var buffers: [Int] {
    var all: [Int] = []
    for node in body.nodes + epilogue.nodes {
      if case .load(let access) = node.operation { all.append(access.buffer) }
    }
    all += (body.stores + epilogue.stores).map(\.access.buffer)
    return all + [contraction?.left.buffer, contraction?.right.buffer].compactMap { $0 }
  }
}
