// The verifier of programs: memory that nobody shares by mistake, reads within bounds and after writes, kernels that may run their points
// in any order. It is safe on anything that a `Program` can hold, and takes time in proportion to the program.

import NNIR

extension Program {
  /// Throws at the first thing that is wrong.
  public func verify() throws(ProgramError) {
    if let problem = problems().first { throw problem }
  }

  /// All that is wrong, as far as one fault does not hide another.
  public func problems() -> [ProgramError] {
    var verifier = ProgramVerifier(program: self)
    for type in arguments.map(\.type) + results.map(\.type) where !areExtents(type.shape.sizes) {
      return [ProgramError(.extents(type.shape.sizes))]
    }
    verifier.checkLoops()
    if verifier.problems.isEmpty { verifier.checkBuffers() }
    if !verifier.problems.isEmpty { return verifier.problems }
    var names: Set<String> = []
    for kernel in kernels {
      if !kernel.name.isIdentifier || !names.insert(kernel.name).inserted {
        verifier.problems.append(ProgramError(kernel: kernel.name, .name(kernel.name)))
      }
      verifier.check(kernel)
    }
    if !(0...kernels.count).contains(forwardKernelCount) || notes.count != kernels.count {
      verifier.problems.append(ProgramError(.kernelCounts))
    }
    if !verifier.problems.isEmpty { return verifier.problems }
    verifier.checkOrder()
    verifier.checkLookups()
    verifier.checkWorkspace()
    verifier.checkLoopsBeside()
    return verifier.problems
  }
}

struct ProgramVerifier {
  let program: Program
  var problems: [ProgramError] = []

  init(program: Program) { self.program = program }

  // MARK: Loops

  /// Loops are nested or apart, in order, and have kernels and steps.
  mutating func checkLoops() {
    var open: [Range<Int>] = []
    var start = 0
    for loop in program.loops {
      let range = loop.kernels
      while let last = open.last, last.upperBound <= range.lowerBound { open.removeLast() }
      let isInside = open.last.map { $0.upperBound >= range.upperBound } ?? true
      if range.isEmpty || range.lowerBound < start || range.upperBound > program.kernels.count
        || !isInside || loop.count < 1 || loop.count > maximumElementCount
      {
        problems.append(ProgramError(.loop(range, count: loop.count)))
      }
      open.append(range)
      start = range.lowerBound
    }
  }

  // MARK: Buffers

  mutating func checkBuffers() {
    var names: Set<String> = []
    for (index, buffer) in program.buffers.enumerated() where !isStep(index) {
      problems.append(ProgramError(buffer: buffer.name, .storage(buffer.storage)))
    }
    if !problems.isEmpty { return }
    for buffer in program.buffers {
      if !buffer.name.isIdentifier || !names.insert(buffer.name).inserted {
        problems.append(ProgramError(buffer: buffer.name, .name(buffer.name)))
      }
      if !isValid(buffer) {
        problems.append(ProgramError(buffer: buffer.name, .storage(buffer.storage)))
      }
      if case .workspace(let offset) = buffer.storage {
        let (end, isTooLarge) = offset.addingReportingOverflow(max(0, buffer.byteCount))
        if offset < 0 || offset % 64 != 0 || isTooLarge || end > program.workspaceByteCount {
          problems.append(
            ProgramError(
              buffer: buffer.name,
              .byteRange(offset..<max(offset, end), workspace: program.workspaceByteCount)))
        }
      }
    }
  }

  private func isValid(_ buffer: Buffer) -> Bool {
    guard (0...maximumElementCount).contains(buffer.count) else { return false }
    switch buffer.storage {
    case .argument(let number):
      return program.arguments.indices.contains(number)
        && matches(buffer, program.arguments[number].type)
    case .result(let number):
      return program.results.indices.contains(number) && !program.results[number].role.isUpdate
        && matches(buffer, program.results[number].type)
    case .workspace, .step: return true
    case .constant(let constant): return matches(buffer, constant.type)
    }
  }

  /// Of a step: whether it is one, of an earlier buffer, and as many of it make the whole.
  private func isStep(_ index: Int) -> Bool {
    guard case .step(let base, let loop) = program.buffers[index].storage else { return true }
    guard (0..<index).contains(base), program.loops.indices.contains(loop),
      program.buffers[base].element == program.buffers[index].element
    else { return false }
    let (whole, isTooLarge) = program.buffers[index].count
      .multipliedReportingOverflow(by: program.loops[loop].count)
    return !isTooLarge && whole == program.buffers[base].count
  }

  private func matches(_ buffer: Buffer, _ type: TensorType) -> Bool {
    buffer.element == type.element && buffer.count == type.count
  }

  // MARK: Order

  /// Everything is written before it is read, and all results are. Several kernels may write parts of a buffer.
  mutating func checkOrder() {
    var written = [Int](repeating: 0, count: program.buffers.count)
    var isWritten = program.buffers.map { buffer in
      switch buffer.storage {
      case .argument, .constant: true
      case .result, .workspace, .step: buffer.count == 0
      }
    }
    let steps = program.steps
    var ending = [[Int]](repeating: [], count: program.kernels.count + 1)
    for (number, loop) in program.loops.enumerated().reversed() {
      ending[loop.kernels.upperBound].append(number)
    }
    for (index, kernel) in program.kernels.enumerated() {
      for loop in ending[index] { finish(steps[loop], &isWritten) }
      if kernel.count == 0 { continue }
      var reads = kernel.body.loads + kernel.epilogue.loads
      if let contraction = kernel.contraction { reads += [contraction.left, contraction.right] }
      reads += (kernel.routine?.reads ?? []).map { Access(buffer: $0, map: AffineMap(strides: [])) }
      for read in reads {
        checkIsInside(kernel, index, read)
        if isWritten[read.buffer] || isWritten[program.base(of: read.buffer)] { continue }
        report(kernel, read, .readBeforeWritten)
        isWritten[read.buffer] = true
      }
      for (block, sizes) in kernel.blocks {
        let count = sizes.reduce(1, *)
        for store in block.stores {
          checkIsInside(kernel, index, store.access)
          // No store writes an element twice.
          written[store.access.buffer] += count
          if written[store.access.buffer] >= program.buffers[store.access.buffer].count {
            isWritten[store.access.buffer] = true
          }
        }
      }
      if let result = kernel.routine?.result {
        checkIsInside(kernel, index, Access(buffer: result, map: AffineMap(strides: [])))
        isWritten[result] = true
      }
    }
    for loop in ending[program.kernels.count] { finish(steps[loop], &isWritten) }
    for (index, buffer) in program.buffers.enumerated() where !isWritten[index] {
      if case .result = buffer.storage {
        problems.append(ProgramError(buffer: buffer.name, .neverWritten))
      }
    }
  }

  /// A buffer all of whose steps were written is written once the loop is over.
  private func finish(_ steps: [Int], _ isWritten: inout [Bool]) {
    for step in steps where isWritten[step] {
      if case .step(let base, _) = program.buffers[step].storage { isWritten[base] = true }
    }
  }

  /// Whether a step is touched within its loop.
  private mutating func checkIsInside(_ kernel: Kernel, _ index: Int, _ access: Access) {
    var buffer = access.buffer
    while case .step(let base, let loop) = program.buffers[buffer].storage {
      if !program.loops[loop].kernels.contains(index) {
        report(kernel, access, .outsideLoop(loop))
      }
      buffer = base
    }
  }

  /// No two buffers of the workspace share bytes while both live, but where one takes the other's place element by element.
  mutating func checkWorkspace() {
    let lives = program.lifetimes()
    let loops = program.innermostLoops
    var born = [[Int]](repeating: [], count: program.kernels.count)
    var dying = born
    for buffer in program.buffers.indices
    where lives[buffer].isUsed && program.buffers[buffer].isInWorkspace {
      born[lives[buffer].first].append(buffer)
      dying[lives[buffer].last].append(buffer)
    }
    var living = LivingBuffers()
    for (index, kernel) in program.kernels.enumerated() {
      for buffer in born[index] {
        for other in living.insert(buffer, program.buffers[buffer]) {
          let isHandedOn =
            lives[other].last == index && lives[other].loop == loops[index]
            && lives[buffer].loop == loops[index] && isInPlace(buffer, of: other)
            && kernel.replaces(other, by: buffer)
          if !isHandedOn {
            problems.append(
              ProgramError(
                kernel: kernel.name, buffer: program.buffers[buffer].name,
                .overlap(with: program.buffers[other].name)))
          }
        }
      }
      for buffer in dying[index] {
        living.remove(buffer, program.buffers[buffer])
      }
    }
  }

  /// Whether equal indices are equal elements, of a type that a C compiler sees to be the same memory.
  private func isInPlace(_ buffer: Int, of other: Int) -> Bool {
    let a = program.buffers[buffer]
    let b = program.buffers[other]
    return a.storage == b.storage && a.element == b.element
  }

  /// Of two loops that may run at the same time neither touches what the other writes, and there is no other around them.
  mutating func checkLoopsBeside() {
    let outer = program.outerLoops
    for (number, loop) in program.loops.enumerated() where loop.isBesideNext {
      let next = program.loopBeside(number).map { program.loops[$0].kernels }
      guard let next, outer[number] < 0, next.lowerBound == loop.kernels.upperBound,
        !conflict(loop.kernels, next), !conflict(next, loop.kernels)
      else {
        problems.append(ProgramError(.besideLoop(loop.kernels)))
        continue
      }
    }
  }

  private func conflict(_ writers: Range<Int>, _ others: Range<Int>) -> Bool {
    let written = Set(program.kernels[writers].flatMap(\.writtenBuffers).map(program.base))
    let touched = Set(program.kernels[others].flatMap(\.touchedBuffers).map(program.base))
    return written.contains { one in touched.contains { program.overlaps(one, $0) } }
  }

  mutating func report(_ kernel: Kernel, _ access: Access?, _ problem: ProgramError.Problem) {
    let buffer = access.flatMap {
      program.buffers.indices.contains($0.buffer) ? program.buffers[$0.buffer].name : nil
    }
    problems.append(ProgramError(kernel: kernel.name, buffer: buffer, problem))
  }
}

extension Kernel {
  /// Its blocks and the extents of the points at which they run.
  var blocks: [(block: Block, sizes: [Int])] { [(body, space + reduced), (epilogue, space)] }

  /// Whether every read of `old` is of the element that `new`, of elements of the same type, is written to at that point and in that block.
  func replaces(_ old: Int, by new: Int) -> Bool {
    for block in [body, epilogue] {
      let reads = block.loads.filter { $0.buffer == old }
      if reads.isEmpty { continue }
      let stores = block.stores.filter { $0.access.buffer == new }
      guard let map = stores.first?.access.map, stores.allSatisfy({ $0.access.map == map }),
        reads.allSatisfy({ $0.map == map && $0.guards.isEmpty })
      else { return false }
      let others = touchedBuffers.count { $0 == old } - reads.count
      return old == new ? others == stores.count : others == 0
    }
    return false
  }
}

extension String {
  var isIdentifier: Bool {
    guard let first = utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= first) else {
      return false
    }
    return utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
        true
      case _: false
      }
    }
  }
}
