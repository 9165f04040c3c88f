// What the tests of tensor files share: the fixtures that `Tests/Reference/make_files.py` wrote,
// folders that go away again, and Python where the machine has one with NumPy.

import Foundation
import NNIR
import Testing

@testable import NNRuntime

/// The path of a file that NumPy wrote.
func fixture(_ name: String) -> String {
  let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  return folder.appendingPathComponent("Fixtures").appendingPathComponent(name).path
}

func fixtureBytes(_ name: String) throws -> [UInt8] {
  try [UInt8](Data(contentsOf: URL(fileURLWithPath: fixture(name))))
}

/// Calls `body` with the path of a new folder, and removes that afterwards.
func withTemporaryFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("nncc-files-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.path)
}

/// All bytes of a file that is to be written.
func joined(_ pieces: [FilePiece]) -> [UInt8] {
  pieces.flatMap { $0.withUnsafeBytes { Array($0) } }
}

/// One tensor of each element type, and of the shapes that formats get wrong.
let sampleTensors = [
  NamedTensor(name: "w", tensor: Tensor([2, 3], [-1, 0, 1, 2.5, .infinity, -0.0] as [Float])),
  NamedTensor(name: "flags", tensor: Tensor([3], [true, false, true])),
  NamedTensor(name: "scalar", tensor: Tensor(scalar: 2.0 / 3)),
  NamedTensor(name: "gradient:w", tensor: Tensor([2, 1], [1, .nan] as [Float])),
  NamedTensor(name: "ints", tensor: Tensor([1, 2], [Int32.min, .max])),
  NamedTensor(name: "größe \"x\"\n", tensor: Tensor([2], [Int64.min, .max])),
  NamedTensor(name: "empty", tensor: Tensor(zeros: TensorType(.f64, [0, 4]))),
]

/// A small generator with a fixed seed, so that a failure happens again.
struct FixedRandom: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

/// Runs a Python program on `arguments`; its output, or nil where there is no Python with NumPy.
func python(_ program: String, _ arguments: [String]) throws -> String? {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = ["python3", "-c", "import numpy as np, sys\n" + program] + arguments
  let output = Pipe()
  let errors = Pipe()
  process.standardOutput = output
  process.standardError = errors
  try process.run()
  let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  if process.terminationStatus == 0 { return text }
  let isMissing = complaint.contains("No module named 'numpy'") || complaint.contains("env:")
  if !isMissing { Issue.record("python3 failed: \(complaint)") }
  return nil
}
