// Many programs as one, so that one translation unit, and one start of a C compiler, serves fifty random functions.

import NNCodegen
import NNIR

@testable import NNRuntime

/// Programs that are compiled as one, with their arguments and the results that are right.
struct JoinedPrograms {
  private var programs: [Program] = []
  private var arguments: [Tensor] = []
  private var expected: [[Tensor]] = []

  mutating func add(_ program: Program, _ arguments: [Tensor], expecting results: [Tensor]) {
    programs.append(program)
    self.arguments += arguments
    expected.append(results)
  }

  struct Difference {
    /// The place of the program in the order in which they were added.
    var program: Int
    var tier: String
    var threads: Int
  }

  /// The programs that give other results than are right, on a tier with each number of threads.
  func differences(on tier: Tier, threads: [Int]) throws -> [Difference] {
    var found: [Difference] = []
    for (name, compiled) in try tier.prepare(.joined(programs), threads: threads) {
      var results = try compiled.call(arguments)[...]
      for (number, expected) in expected.enumerated() {
        if Array(results.prefix(expected.count)) != expected {
          found.append(Difference(program: number, tier: name, threads: compiled.threads))
        }
        results = results.dropFirst(expected.count)
      }
    }
    return found
  }
}

extension Program {
  /// The programs one after another; arguments, results, buffers and the workspace stand side by side.
  static func joined(_ programs: [Program]) -> Program {
    var all = Program(name: "joined", arguments: [], results: [])
    for (number, program) in programs.enumerated() { all.append(program, prefix: "p\(number)_") }
    all.forwardKernelCount = all.kernels.count
    return all
  }

  private mutating func append(_ other: Program, prefix: String) {
    let (firstBuffer, firstArgument, firstResult) = (buffers.count, arguments.count, results.count)
    let (firstLoop, firstKernel) = (loops.count, kernels.count)
    for loop in other.loops {
      let range = loop.kernels
      loops.append(
        ProgramLoop(
          kernels: range.lowerBound + firstKernel..<range.upperBound + firstKernel,
          count: loop.count, isReversed: loop.isReversed, isBesideNext: loop.isBesideNext))
    }
    let base = (workspaceByteCount + 63) / 64 * 64
    workspaceByteCount = base + other.workspaceByteCount
    for var argument in other.arguments {
      argument.name = prefix + argument.name
      arguments.append(argument)
    }
    for var result in other.results {
      result.name = prefix + result.name
      if case .update(let argument) = result.role {
        result.role = .update(of: argument + firstArgument)
      }
      results.append(result)
    }
    for var buffer in other.buffers {
      buffer.name = prefix + buffer.name
      switch buffer.storage {
      case .argument(let index): buffer.storage = .argument(index + firstArgument)
      case .result(let index): buffer.storage = .result(index + firstResult)
      case .workspace(let offset): buffer.storage = .workspace(offset: offset + base)
      case .constant: break
      case .step(let base, let loop):
        buffer.storage = .step(of: base + firstBuffer, loop: loop + firstLoop)
      }
      buffers.append(buffer)
    }
    for var kernel in other.kernels {
      kernel.name = prefix + kernel.name
      kernel.shiftBuffers(by: firstBuffer)
      kernels.append(kernel)
    }
    notes += other.notes
  }
}

extension Kernel {
  fileprivate mutating func shiftBuffers(by count: Int) {
    body.shiftBuffers(by: count)
    epilogue.shiftBuffers(by: count)
    contraction?.left.buffer += count
    contraction?.right.buffer += count
    routine = routine?.renumberingBuffers { $0 + count }
  }
}

extension Block {
  fileprivate mutating func shiftBuffers(by count: Int) {
    for index in nodes.indices {
      if case .load(var access) = nodes[index].operation {
        access.buffer += count
        nodes[index].operation = .load(access)
      }
    }
    for index in stores.indices { stores[index].access.buffer += count }
  }
}
