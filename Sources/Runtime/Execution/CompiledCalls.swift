// Tensors in, tensors out, on a prepared program: where the arguments and results of a function lie, and which kernels a part
// is.

import NNCodegen
import NNIR

extension Function {
  /// Tensors for a call to write results into; those of updates are empty.
  func emptyResults() -> [Tensor] {
    results.map { result in
      if case .update = result.role { return Tensor(zeros: TensorType(.f32, [0])) }
      return Tensor(zeros: type(of: result.value))
    }
  }

  /// Runs a part of this function's program in place; see `Executable.run`.
  func run(
    _ compiled: CompiledProgram, arguments: inout [Tensor], results: inout [Tensor],
    part: Executable.Part = .all
  ) throws {
    try checkArguments(arguments, self.arguments)
    let sources = argumentAddresses(&arguments)
    let targets = resultAddresses(&results, part)
    compiled.bind(arguments: sources, results: targets)
    let count = compiled.program.kernels.count
    let half = compiled.program.forwardKernelCount
    try withExtendedLifetime((arguments, results)) {
      switch part {
      case .all: try compiled.run(kernels: 0..<count)
      case .forward: try compiled.run(kernels: 0..<half)
      case .backward: try compiled.run(kernels: half..<count)
      }
    }
  }

  private func argumentAddresses(_ arguments: inout [Tensor]) -> [UnsafeMutableRawPointer?] {
    var addresses = arguments.map {
      UnsafeMutableRawPointer?(UnsafeMutableRawPointer(mutating: $0.address))
    }
    for result in results {
      if case .update(let argument) = result.role {
        addresses[argument] = arguments[argument].writableAddress(keepingElements: true)
      }
    }
    return addresses
  }

  private func resultAddresses(
    _ tensors: inout [Tensor], _ part: Executable.Part
  ) -> [UnsafeMutableRawPointer?] {
    tensors.indices.map { index in
      switch results[index].role {
      case .update: nil
      case .gradient: tensors[index].writableAddress(keepingElements: false)
      case .output, .loss:
        // The other half reads what the first one wrote.
        part == .backward
          ? UnsafeMutableRawPointer(mutating: tensors[index].address)
          : tensors[index].writableAddress(keepingElements: false)
      }
    }
  }
}
