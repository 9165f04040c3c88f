// The loops of a program as C around the calls of its kernels.

import NNIR

/// A kernel of a model's function: its number in the program, and the C function that it became.
struct ModelCall {
  var number: Int
  var name: String
  var kernel: EmittedKernel
}

/// Opens and closes loops on the way from kernel to kernel.
struct LoopNest {
  private let loops: [ProgramLoop]
  private var next = 0
  /// The ends of the loops that are open.
  private var open: [Int] = []

  init(_ program: Program) { loops = program.loops }

  /// The variable that holds the position of a loop.
  static func index(_ loop: Int) -> String { "step\(loop)" }

  /// Every name that `index` gives for a program.
  static func names(_ program: Program) -> [String] { program.loops.indices.map(index) }

  /// Closes the loops that end before this kernel, and opens those that begin with it or before.
  mutating func enter(_ kernel: Int, _ writer: inout CWriter) {
    close(before: kernel, &writer)
    while next < loops.count, loops[next].kernels.lowerBound <= kernel {
      let loop = loops[next]
      if loop.kernels.contains(kernel) {
        close(before: loop.kernels.lowerBound, &writer)
        let name = Self.index(next)
        writer.open(
          loop.isReversed
            ? "for (ptrdiff_t \(name) = \(loop.count - 1); \(name) >= 0; \(name)--)"
            : "for (ptrdiff_t \(name) = 0; \(name) < \(loop.count); \(name)++)")
        open.append(loop.kernels.upperBound)
      }
      next += 1
    }
  }

  private mutating func close(before kernel: Int, _ writer: inout CWriter) {
    while let end = open.last, end <= kernel {
      writer.close()
      open.removeLast()
    }
  }
}
