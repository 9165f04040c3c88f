// Where the buffers of a program lie in its workspace: each from the kernel that first writes it to the last that touches it, in a gap
// that is free, or in the place of an input that the kernel reads for the last time.

import NNIR

/// Buffers that follow one another in the same place.
struct Tenancy {
  /// Bytes, a multiple of 64.
  var size: Int
  /// The kernels from the first write to the last access.
  var first: Int
  var last: Int
}

extension Program {
  /// The program with an offset for every workspace buffer, and the bytes that this takes.
  func planningMemory() -> Program {
    var program = self
    let (tenancies, tenancyOf) = tenancies()
    let plan = WorkspaceLayout(tenancies, kernelCount: kernels.count)
    for buffer in buffers.indices where tenancyOf[buffer] >= 0 {
      program.buffers[buffer].storage = .workspace(offset: plan.offsets[tenancyOf[buffer]])
    }
    program.workspaceByteCount = plan.byteCount
    program.liveByteCount = plan.liveByteCount
    return program
  }

  /// Who lives when, and for each buffer its tenancy, or -1.
  private func tenancies() -> ([Tenancy], [Int]) {
    let lives = lifetimes()
    let loops = innermostLoops
    var born = [[Int]](repeating: [], count: kernels.count)
    var dying = [[Int]](repeating: [], count: kernels.count)
    for buffer in buffers.indices where buffers[buffer].isInWorkspace && lives[buffer].isUsed {
      born[lives[buffer].first].append(buffer)
      dying[lives[buffer].last].append(buffer)
    }
    var tenancies: [Tenancy] = []
    var tenancyOf = [Int](repeating: -1, count: buffers.count)
    var isHandedOn = [Bool](repeating: false, count: buffers.count)
    for (index, kernel) in kernels.enumerated() {
      let reads = dying[index].isEmpty ? PointwiseReads() : PointwiseReads(kernel)
      for buffer in born[index] {
        let heir = kernel.takesOver(
          buffer,
          from: dying[index].filter {
            // Of a loop's steps none but the last is the end of what is from outside.
            !isHandedOn[$0] && $0 != buffer && lives[$0].loop == loops[index]
              && lives[buffer].loop == loops[index]
          }, reads, buffers)
        if let heir, tenancyOf[heir] >= 0 {
          isHandedOn[heir] = true
          tenancyOf[buffer] = tenancyOf[heir]
          tenancies[tenancyOf[heir]].last = lives[buffer].last
        } else {
          tenancyOf[buffer] = tenancies.count
          let size = (buffers[buffer].byteCount + 63) / 64 * 64
          tenancies.append(Tenancy(size: size, first: index, last: lives[buffer].last))
        }
      }
    }
    return (tenancies, tenancyOf)
  }
}

extension Buffer {
  var isInWorkspace: Bool {
    switch storage {
    case .workspace: true
    case .argument, .result, .constant, .step: false
    }
  }
}

extension Block {
  var loads: [Access] {
    nodes.compactMap { node in
      if case .load(let access) = node.operation { access } else { nil }
    }
  }
}

extension Kernel {
  /// Every buffer that is read, some more than once.
  func forEachLoad(_ body: (Int) -> Void) {
    if let contraction {
      body(contraction.left.buffer)
      body(contraction.right.buffer)
    }
    for block in [self.body, epilogue] {
      for node in block.nodes {
        if case .load(let access) = node.operation { body(access.buffer) }
      }
    }
    for buffer in routine?.reads ?? [] { body(buffer) }
  }

  /// Every buffer that is written, some more than once.
  func forEachStore(_ body: (Int) -> Void) {
    for block in [self.body, epilogue] {
      for store in block.stores { body(store.access.buffer) }
    }
    if let result = routine?.result { body(result) }
  }

  /// Every buffer that is read or written, some more than once.
  var touchedBuffers: [Int] {
    var result: [Int] = []
    forEachLoad { result.append($0) }
    forEachStore { result.append($0) }
    return result
  }

  /// Every buffer that is written.
  var writtenBuffers: [Int] {
    var result: [Int] = []
    forEachStore { result.append($0) }
    return result
  }

  /// A dying buffer whose bytes `buffer`, first written here, may replace: every element is read, in the block that writes it, at the
  /// point where it is written, and of the same type: to a C compiler, arrays of two types are never the same memory.
  fileprivate func takesOver(
    _ buffer: Int, from dying: [Int], _ reads: PointwiseReads, _ buffers: [Buffer]
  ) -> Int? {
    if dying.isEmpty { return nil }
    var storeCount = 0
    forEachStore { storeCount += $0 == buffer ? 1 : 0 }
    // Another part that is stored could lie where something is still to be read.
    if storeCount != 1 { return nil }
    for (number, block) in [body, epilogue].enumerated() {
      guard let store = block.stores.first(where: { $0.access.buffer == buffer }) else { continue }
      return dying.first { candidate in
        buffers[candidate].isInWorkspace
          && buffers[candidate].byteCount == buffers[buffer].byteCount
          && buffers[candidate].element == buffers[buffer].element
          && reads.isRead(candidate, onlyIn: number, as: store.access.map)
      }
    }
    return nil
  }
}

/// Where a kernel reads each buffer that it reads the same way wherever it touches it.
private struct PointwiseReads {
  /// The block and the map of all loads; nil where something else touches the buffer as well.
  private var reads = SmallTable<Int, (block: Int, map: AffineMap)?>()

  init() {}

  init(_ kernel: Kernel) {
    for (number, block) in [kernel.body, kernel.epilogue].enumerated() {
      for node in block.nodes {
        guard case .load(let access) = node.operation else { continue }
        let read = access.guards.isEmpty ? (number, access.map) : nil
        let (position, isNew) = reads.insert(access.buffer, read)
        if !isNew, let known = reads.values[position], read.map({ $0 != known }) ?? true {
          reads[access.buffer] = .some(nil)
        }
      }
    }
    kernel.forEachStore { reads[$0] = .some(nil) }
    for buffer in [kernel.contraction?.left.buffer, kernel.contraction?.right.buffer] {
      if let buffer { reads[buffer] = .some(nil) }
    }
    for buffer in kernel.routine?.reads ?? [] { reads[buffer] = .some(nil) }
  }

  func isRead(_ buffer: Int, onlyIn block: Int, as map: AffineMap) -> Bool {
    guard let read = reads[buffer], let read else { return false }
    return read.block == block && read.map == map
  }
}
