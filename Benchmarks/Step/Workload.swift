// A graph compiled, with its arrays bound: what a program that holds on to its model calls again and again.

import NNCodegen
import NNIR
import NNRuntime

/// A file that holds more or fewer bytes than its argument.
struct WrongSize: Error, CustomStringConvertible {
  var file: String
  var expected: Int
  var found: Int

  var description: String { "\(file) has \(found) bytes, not \(expected)" }
}

/// A workload ready to be called.
final class Workload {
  /// Seconds from the graph's text to functions that can be called.
  let preparation: Double
  private let program: CompiledProgram
  private var arguments: [Tensor]
  private var results: [Tensor]
  private var argumentAddresses: [UnsafeMutableRawPointer?] = []
  private var resultAddresses: [UnsafeMutableRawPointer?] = []
  /// The result that is the loss of a training step; nil where all results are looked at.
  private let loss: Int?
  /// The number of the step, for an optimiser that counts.
  private var stepNumber: UnsafeMutablePointer<Int64>?

  /// - Parameters:
  ///   - prefix: what stands before the name of an argument in the path of its file.
  ///   - rate: of the descent, where `part` is a step.
  init(
    graph: String, prefix: String, part: BenchPart, rate: Double, optimizer: Optimizer,
    options: ExecutionOptions
  ) throws {
    let text = String(decoding: try readBytes(of: graph), as: UTF8.self)
    let start = monotonicSeconds()
    let function = try Graph(parsing: text, file: graph).lowered().function
    let derived =
      switch part {
      case .forward: function.evaluation()
      case .gradient: try function.gradient()
      case .step: try function.trainingStep(optimizer: optimizer)
      }
    var options = options
    // What compiling takes is measured as well.
    options.cache = nil
    guard let compiled = try Executable(derived, options: options).compiled else {
      throw BackendError.missing("there is nothing that compiles here")
    }
    program = compiled
    preparation = monotonicSeconds() - start
    arguments = try program.program.arguments.map { argument in
      switch argument.hyperparameter {
      case .learningRate, .weight: return Tensor(scalar: Float(rate))
      case .step, .seed: return Tensor(scalar: Int64(0))
      case nil: break
      }
      if argument.role == .state { return Tensor(zeros: argument.type) }
      return try Self.values(of: argument, prefix: prefix)
    }
    results = program.program.results.map { result in
      // What replaces a parameter has no array of its own.
      if case .update = result.role { return Tensor(zeros: TensorType(.f32, [0])) }
      return Tensor(zeros: result.type)
    }
    loss = part == .step ? program.program.results.firstIndex { $0.role == .loss } : nil
    // Parameters are updated where they lie; the addresses stay while the tensors do.
    argumentAddresses = arguments.indices.map { index in
      arguments[index].withUnsafeMutableBytes(\.baseAddress)
    }
    if let index = program.program.arguments.firstIndex(where: { $0.hyperparameter == .step }) {
      stepNumber = argumentAddresses[index]?.assumingMemoryBound(to: Int64.self)
    }
    resultAddresses = results.indices.map { index in
      results[index].withUnsafeMutableBytes(\.baseAddress)
    }
  }

  private static func values(of argument: Argument, prefix: String) throws -> Tensor {
    let file = prefix + argument.name + ".bin"
    let bytes = try readBytes(of: file)
    guard bytes.count == argument.type.byteCount else {
      throw WrongSize(file: file, expected: argument.type.byteCount, found: bytes.count)
    }
    return Tensor(type: argument.type) { $0.copyBytes(from: bytes) }
  }

  /// One call, as a Swift program makes it: the addresses of its arrays in, results in place.
  func call() throws {
    try program.call(arguments: argumentAddresses, results: resultAddresses)
    stepNumber?.pointee += 1
  }

  /// What the last call computed, as one number that all peers must agree on: the loss of a training step, else the sum of
  /// squares over the first thousand elements of each result.
  var check: Double {
    if let loss { return results[loss][flat: 0].double }
    return results.reduce(0) { sum, result in
      (0..<min(result.count, 1000)).reduce(sum) { sum, index in
        let value = result[flat: index].double
        return sum + value * value
      }
    }
  }

  /// A hash of the bits of all parameters and results (FNV-1a over 32-bit words).
  var bits: UInt64 {
    let arguments = zip(program.program.arguments, arguments)
    let parameters = arguments.filter { $0.0.role == .parameter }.map(\.1)
    return (parameters + results).reduce(0xCBF2_9CE4_8422_2325) { hash, tensor in
      tensor.withUnsafeBytes { bytes in
        bytes.bindMemory(to: UInt32.self).reduce(hash) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
      }
    }
  }
}
