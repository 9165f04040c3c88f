// The emitted kernels compute what the program means, bit for bit, in both spellings, under every compiler, however they are split.

import Foundation
import NNCodegen
import NNIR
import Testing

@Suite struct EmitKernelTests {
  /// Kernels of a translation unit.
  static let kernelsPerProgram = 32
  /// NNCC_FUZZ gives the number of programs.
  static let programCount =
    Int(ProcessInfo.processInfo.environment["NNCC_FUZZ"] ?? "").map { $0 / kernelsPerProgram + 1 }
    ?? 2

  static let loopCompilers = [
    CCompiler(command: "gcc", flags: ["-std=c99", "-O3", "-march=native"] + CCompiler.warnings),
    CCompiler(command: "clang", flags: ["-std=c99", "-O1"] + CCompiler.warnings),
  ]
  static let stripCompilers = [CCompiler(command: "tcc", flags: ["-Wall", "-Werror"])]

  static func randomProgram(seed: Int) -> (Program, Memory) {
    var generator = KernelGenerator(seed: seed)
    for number in 0..<kernelsPerProgram {
      switch number % 4 {
      case 0, 1: generator.addMap()
      case 2: generator.addReduction()
      default: generator.addContraction()
      }
    }
    return (generator.program, generator.memory())
  }

  @Test(arguments: 0..<programCount) func bits(seed: Int) throws {
    let (program, memory) = Self.randomProgram(seed: seed)
    try check(program, memory, seed: seed)
  }

  /// Rows of 1 to 17 elements, few and many of them, a quarter of the elements NaNs, infinities, zeros of both signs and the like.
  @Test(arguments: 0..<programCount) func bitsOfShortRows(seed: Int) throws {
    var generator = KernelGenerator(seed: 1000 + seed)
    generator.specialPercent = 25
    for number in 0..<34 {
      let rows = [9, 15, 16, 32].contains(number) ? 150 : 1 + (number * 7 + seed * 13) % 40
      let outer = [[], [3], [2, 2], [2]][number % 4]
      let reduced = (number % 5 == 4 ? [3] : []) + [1 + number % 17]
      generator.addReduction(outer + [rows], reduced, lanes: 16)
    }
    let loops = emitKernels(generator.program, spelling: .loops)
    #expect(loops.text.contains("acc0[0][row] = "))
    try check(generator.program, generator.memory(), seed: seed)
  }

  /// Compares what every compiler makes of both spellings with the meaning of each kernel.
  private func check(_ program: Program, _ memory: Memory, seed: Int) throws {
    let folder = try TemporaryFolder()
    var libraries: [(String, LoadedModule)] = []
    let loops = emitKernels(program, spelling: .loops)
    for compiler in Self.loopCompilers {
      let library = try LoadedModule(loops, text: loops.text, compiler, in: folder)
      libraries.append((compiler.testDescription, library))
    }
    let strips = emitKernels(program, spelling: .strips)
    for compiler in Self.stripCompilers {
      let library = try LoadedModule(strips, text: linkable(strips.text), compiler, in: folder)
      try library.linkStrips(strips.text)
      libraries.append((compiler.testDescription, library))
    }
    for (number, kernel) in program.kernels.enumerated() {
      var expected = memory
      evaluate(kernel, program, &expected)
      for (name, library) in libraries {
        for step in [1, 3, 1_000_000] {
          let found = try library.run(number, program, memory, step: step)
          let wrong = differences(expected, found, program)
          #expect(wrong.isEmpty, "seed \(seed) \(kernel.name) \(name) step \(step)\n\(kernel)")
        }
      }
    }
  }

  /// In strips the pointers of many arrays are moved at once where all are read and written alike.
  @Test(arguments: [true, false]) func manyArrays(areAlike: Bool) throws {
    let map = AffineMap(offset: 5, strides: [1300, 1])
    let ofFourth = areAlike ? map : AffineMap(offset: 5, strides: [0, 1])
    var nodes = (0..<9).map { number in
      Node(.load(Access(buffer: number, map: number == 4 ? ofFourth : map)), .f32)
    }
    for number in 1..<9 {
      nodes.append(Node(.apply(.add, [number == 1 ? 0 : nodes.count - 1, number]), .f32))
    }
    let store = Store(access: Access(buffer: 9, map: map), node: nodes.count - 1)
    let kernel = Kernel(
      name: "k", space: [3, 1200], body: Block(nodes: nodes, stores: [store]))
    let buffers = (0..<10).map { number in
      Buffer(
        name: "w\(number)", element: .f32, count: 3900, storage: .workspace(offset: 15616 * number))
    }
    let program = Program(
      name: "f", arguments: [], results: [], buffers: buffers, kernels: [kernel],
      notes: [KernelNote()], workspaceByteCount: 156_160)
    let memory = Memory(
      buffers: buffers.indices.map { number in
        (0..<3900).map { Scalar(Float($0 * (number + 1) % 251) / 8).bits }
      })
    let strips = emitKernels(program, spelling: .strips)
    #expect(strips.text.contains("buffers[arrays[j]] + (") == areAlike)
    let library = try LoadedModule(
      strips, text: linkable(strips.text), Self.stripCompilers[0], in: try TemporaryFolder())
    try library.linkStrips(strips.text)
    var expected = memory
    evaluate(kernel, program, &expected)
    for step in [1, 1_000_000] {
      let found = try library.run(0, program, memory, step: step)
      #expect(differences(expected, found, program).isEmpty, "\(strips.text)")
    }
  }

  /// The same module, however often it is asked for, in any process.
  @Test func textIsReproducible() {
    for spelling in [Spelling.loops, .strips] {
      let first = emitKernels(Self.randomProgram(seed: 1).0, spelling: spelling)
      #expect(first == emitKernels(Self.randomProgram(seed: 1).0, spelling: spelling))
    }
  }
}
