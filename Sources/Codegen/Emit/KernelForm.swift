// Kernels of a network repeat: the same layer again, the same stretch of a long chain. What decides their code is all but which
// arrays they work on, so that one function serves all that are alike.

import NNIR

/// What decides a kernel's code. Equal forms can share a function, which is told its arrays by their numbers in the program.
struct KernelForm: Hashable {
  /// Nameless, its buffers numbered in the order of first use.
  private let kernel: Kernel
  private let buffers: [BufferForm]
  /// The program's buffer behind each number: what sets kernels of one form apart.
  let numbers: [Int]
  /// And back: the number of each of those.
  let positions: [Int: Int]

  private struct BufferForm: Hashable {
    var element: ElementType
    var count: Int
    /// The array parameter that it is reached by, and what that parameter promises.
    var pointer: Int
    var isRestrict: Bool
  }

  init(_ kernel: Kernel, in program: Program) {
    let pointers = KernelPointers(kernel, in: program) { _ in "" }
    var numbers: [Int] = []
    var positions: [Int: Int] = [:]
    for buffer in kernel.loadedBuffers + kernel.storedBuffers where positions[buffer] == nil {
      positions[buffer] = numbers.count
      numbers.append(buffer)
    }
    var plain = kernel
    plain.name = ""
    plain.renumberBuffers { positions[$0] ?? 0 }
    self.kernel = plain
    self.numbers = numbers
    self.positions = positions
    buffers = numbers.map { number in
      BufferForm(
        element: program.buffers[number].element, count: program.buffers[number].count,
        pointer: pointers.index(of: number), isRestrict: pointers[number].isRestrict)
    }
  }

  // Which buffers they are is no part of the form.

  static func == (a: KernelForm, b: KernelForm) -> Bool {
    a.buffers == b.buffers && a.kernel == b.kernel
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(buffers.count)
    hasher.combine(kernel)
  }
}

/// The functions of a program's kernels as they are written, each form once.
struct KernelFunctions {
  private(set) var entries: [KernelEntry] = []
  private var written: [KernelForm: Written] = [:]

  private struct Written {
    var entry: KernelEntry
    /// For each of the function's arrays its number in the form.
    var positions: [Int]
  }

  /// - Parameters:
  ///   - symbol: names the function of a kernel whose number is given.
  ///   - write: writes it, the last argument being its name.
  init(
    of program: Program, into writer: inout CWriter, symbol: (Kernel, Int) -> String,
    write: (Kernel, inout CWriter, String) -> EmittedKernel
  ) {
    for (number, kernel) in program.kernels.enumerated() {
      if kernel.count == 0 {
        let symbol = symbol(kernel, number)
        emitEmptyEntry(symbol, into: &writer)
        entries.append(
          KernelEntry(symbol: symbol, units: 0, scratchByteCount: 0, grain: 1, arguments: []))
        continue
      }
      let form = KernelForm(kernel, in: program)
      if let known = written[form] {
        var entry = known.entry
        entry.arguments = known.positions.map { form.numbers[$0] }
        entries.append(entry)
        continue
      }
      let symbol = symbol(kernel, number)
      let emitted = write(kernel, &writer, symbol)
      let entry = KernelEntry(
        symbol: symbol, units: emitted.units, scratchByteCount: emitted.scratchByteCount,
        grain: emitted.grain, arguments: emitted.arguments)
      entries.append(entry)
      written[form] = Written(
        entry: entry, positions: emitted.arguments.map { form.positions[$0] ?? 0 })
    }
  }
}
