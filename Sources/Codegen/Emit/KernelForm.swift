// Kernels of a network repeat: the same layer again, the same stretch of a long chain. What decides their code is all but which
// arrays they work on, so that one function serves all that are alike.

import NNIR

/// What decides a kernel's code. Equal forms can share a function, which is told its arrays by their numbers in the program.
struct KernelForm: Equatable {
  private let kernel: Kernel
  private let buffers: [BufferForm]
  /// The positions of the program's buffers in the order of first use. What they are sets kernels of one form apart.
  private let pointers: KernelPointers

  private struct BufferForm: Equatable {
    var element: ElementType
    var count: Int
    /// The array parameter that it is reached by, and what that parameter promises.
    var pointer: Int
    var isRestrict: Bool
  }

  init(_ kernel: Kernel, in program: Program) {
    let pointers = KernelPointers(kernel, in: program) { _ in "" }
    self.kernel = kernel
    self.pointers = pointers
    buffers = pointers.buffers.map { number in
      let pointer = pointers.index(of: number)
      return BufferForm(
        element: program.buffers[number].element, count: program.buffers[number].count,
        pointer: pointer, isRestrict: pointers.pointers[pointer].isRestrict)
    }
  }

  /// The program's buffers by their position.
  var numbers: [Int] { pointers.buffers }
  func position(of buffer: Int) -> Int { pointers.position(of: buffer) }

  static func == (a: KernelForm, b: KernelForm) -> Bool {
    a.buffers == b.buffers
      && a.kernel.isLike(b.kernel) { a.position(of: $0) == b.position(of: $1) }
  }

  /// Of what is at hand, so that a kernel is hashed in less time than it takes to compare.
  var quickHash: QuickHash {
    var hash = QuickHash(kernel.space.product, kernel.reduced.product, buffers.count)
    for block in [kernel.body, kernel.epilogue] {
      hash.mix(block.stores.count)
      for node in block.nodes {
        if case .apply(_, let operands) = node.operation {
          for operand in operands { hash.mix(operand) }
        }
      }
    }
    return hash
  }
}

extension Kernel {
  /// Whether it is another one by another name and with other buffers: `same` says which correspond.
  fileprivate func isLike(_ other: Kernel, _ same: (Int, Int) -> Bool) -> Bool {
    guard space == other.space, reduced == other.reduced, reductions == other.reductions,
      body.isLike(other.body, same), epilogue.isLike(other.epilogue, same)
    else { return false }
    switch (contraction, other.contraction) {
    case (nil, nil): break
    case (let a?, let b?): if !a.isLike(b, same) { return false }
    case (nil, _?), (_?, nil): return false
    }
    switch (routine, other.routine) {
    case (nil, nil): return true
    case (let a?, let b?): return a.isLike(b, same)
    case (nil, _?), (_?, nil): return false
    }
  }
}

extension Block {
  fileprivate func isLike(_ other: Block, _ same: (Int, Int) -> Bool) -> Bool {
    nodes.count == other.nodes.count && stores.count == other.stores.count
      // By number: as a sequence of pairs each would be copied.
      && nodes.indices.allSatisfy { nodes[$0].isLike(other.nodes[$0], same) }
      && stores.indices.allSatisfy {
        stores[$0].node == other.stores[$0].node
          && stores[$0].access.isLike(other.stores[$0].access, same)
      }
  }
}

extension Node {
  fileprivate func isLike(_ other: Node, _ same: (Int, Int) -> Bool) -> Bool {
    guard case .load(let a) = operation, case .load(let b) = other.operation else {
      return self == other
    }
    return element == other.element && a.isLike(b, same)
  }
}

extension Access {
  fileprivate func isLike(_ other: Access, _ same: (Int, Int) -> Bool) -> Bool {
    same(buffer, other.buffer) && map == other.map && guards == other.guards
      && padding == other.padding
  }
}

extension KernelContraction {
  fileprivate func isLike(_ other: KernelContraction, _ same: (Int, Int) -> Bool) -> Bool {
    guard left.isLike(other.left, same), right.isLike(other.right, same) else { return false }
    var renumbered = other
    renumbered.left = left
    renumbered.right = right
    return self == renumbered
  }
}

extension Routine {
  fileprivate func isLike(_ other: Routine, _ same: (Int, Int) -> Bool) -> Bool {
    let (own, others) = (
      reads + [result].compactMap { $0 }, other.reads + [other.result].compactMap { $0 }
    )
    return own.count == others.count && zip(own, others).allSatisfy(same)
      && renumberingBuffers { _ in 0 } == other.renumberingBuffers { _ in 0 }
  }
}

/// The functions of a program's kernels as they are written, each form once.
struct KernelFunctions {
  private(set) var entries: [KernelEntry] = []
  private var written: [Written] = []
  /// What has been written, by the hashes of the forms: to compare two takes long.
  private var slots = HashSlots()

  private struct Written {
    var form: KernelForm
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
      let hash = form.quickHash
      if let known = slots.number(hash, where: { written[$0].form == form }) {
        var entry = written[known].entry
        entry.arguments = written[known].positions.map { form.numbers[$0] }
        entries.append(entry)
        continue
      }
      let symbol = symbol(kernel, number)
      let emitted = write(kernel, &writer, symbol)
      let entry = KernelEntry(
        symbol: symbol, units: emitted.units, scratchByteCount: emitted.scratchByteCount,
        grain: emitted.grain, arguments: emitted.arguments)
      entries.append(entry)
      slots.append(hash)
      written.append(
        Written(
          form: form, entry: entry, positions: emitted.arguments.map(form.position(of:))))
    }
  }
}
