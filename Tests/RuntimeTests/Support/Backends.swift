// The ways in which tests run programs, each to be held against the interpreter.

import Glibc
import NNCodegen
import NNIR

@testable import NNRuntime

extension CompiledProgram {
  /// Tensors in, tensors out; no updates.
  func call(_ arguments: [Tensor]) throws -> [Tensor] {
    try checkArguments(arguments, program.arguments)
    var results = program.results.map { result in
      Tensor(type: result.type) { $0.initializeMemory(as: UInt8.self, repeating: 0xA5) }
    }
    let sources = arguments.map {
      UnsafeMutableRawPointer?(UnsafeMutableRawPointer(mutating: $0.address))
    }
    let targets: [UnsafeMutableRawPointer?] = results.indices.map {
      results[$0].writableAddress(keepingElements: true)
    }
    try withExtendedLifetime((arguments, results)) {
      try call(arguments: sources, results: targets)
    }
    return results
  }
}

/// One compiler at one setting; the same code runs on several numbers of threads.
struct Tier: Sendable, CustomStringConvertible {
  var description: String
  var compiler: CCompiler?
  var level = VectorLevel.best

  /// libtcc at every vector level, and gcc and clang at the optimisation levels given.
  static func all(optimizations: [String]) -> [Tier] {
    var tiers = VectorLevel.available.map { Tier(description: "tcc \($0.name)", level: $0) }
    for name in ["gcc", "clang"] {
      for optimization in optimizations {
        // Without the processor's instructions a fused multiply-add is a call of the slow exact one.
        let flags =
          optimization == "-O0" ? [optimization, "-mfma"] : [optimization, "-march=native"]
        if let compiler = CCompiler(named: name, flags: flags) {
          tiers.append(Tier(description: "\(name) \(optimization)", compiler: compiler))
        }
      }
    }
    return tiers
  }

  func prepare(_ program: Program, threads: [Int]) throws -> [(name: String, CompiledProgram)] {
    let module = emitKernels(program, spelling: compiler == nil ? .strips : .loops)
    let symbols = module.entries.map(\.symbol)
    let code =
      try compiler.map { try $0.load(text: module.text, symbols: symbols) }
      ?? TinyCompiler.load(text: module.text, symbols: symbols, level: level)
    return threads.map { count in
      // Small programs shall be split as well: a grain of one unit.
      let entries = module.entries.map { entry in
        var entry = entry
        if count > 1 { entry.grain = 1 }
        return entry
      }
      return (
        "\(description), \(count) threads",
        CompiledProgram(program: program, entries: entries, code: code, threads: count)
      )
    }
  }
}

/// How many random functions a test takes: `NNCC_FUZZ`, or a few.
func fuzzCount(_ standard: Int) -> Int {
  getenv("NNCC_FUZZ").flatMap { Int(String(cString: $0)) } ?? standard
}

var isFuzzing: Bool { getenv("NNCC_FUZZ") != nil }
