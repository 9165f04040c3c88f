// A scan's step, scheduled as a program of its own, becomes part of the program around it: its arguments are steps of the sequences,
// states and captured arrays, its results steps of the yields.

import NNIR

extension ProgramAssembly {
  /// Appends the kernels of a loop.
  mutating func embed(_ loop: TensorLoop) {
    if loop.step.kernels.isEmpty { return }
    let number = program.loops.count
    let start = program.kernels.count
    let inner = loop.step.loops.map { inner in
      ProgramLoop(
        kernels: inner.kernels.lowerBound + start..<inner.kernels.upperBound + start,
        count: inner.count, isReversed: inner.isReversed)
    }
    program.loops.append(
      ProgramLoop(
        kernels: start..<start + loop.step.kernels.count, count: loop.scan.length,
        isReversed: loop.scan.isReversed))
    program.loops += inner
    var map: [Int] = []
    for buffer in loop.step.buffers {
      map.append(embedded(buffer, of: loop, number: number, map))
    }
    for var kernel in loop.step.kernels {
      kernel.name = kernelNames.unique(kernel.name)
      kernel.renumberBuffers { map[$0] }
      program.kernels.append(kernel)
    }
    program.notes += loop.step.notes
  }

  /// The program's buffer for one of the step's.
  private mutating func embedded(
    _ inner: Buffer, of loop: TensorLoop, number: Int, _ map: [Int]
  ) -> Int {
    func step(of node: Int) -> Int {
      if node < 0 { return buffer(inner.name, inner.element, 0, .workspace(offset: 0)) }
      let base = Int(bufferOf[node])
      return buffer(inner.name, inner.element, inner.count, .step(of: base, loop: number))
    }
    switch inner.storage {
    case .argument(let argument):
      let node = loop.operands[argument]
      if argument < loop.scan.sequences || node < 0 { return step(of: node) }
      return Int(bufferOf[node])
    case .result(let result): return step(of: loop.results[result])
    case .workspace, .constant: return buffer(inner.name, inner.element, inner.count, inner.storage)
    case .step(let base, let innerLoop):
      return buffer(
        inner.name, inner.element, inner.count,
        .step(of: map[base], loop: number + 1 + innerLoop))
    }
  }
}

extension Kernel {
  /// The same kernel where buffer i is buffer `number(i)`.
  mutating func renumberBuffers(_ number: (Int) -> Int) {
    body.renumberBuffers(number)
    epilogue.renumberBuffers(number)
    if let product = contraction {
      contraction?.left.buffer = number(product.left.buffer)
      contraction?.right.buffer = number(product.right.buffer)
    }
    routine = routine?.renumberingBuffers(number)
  }
}

extension Block {
  fileprivate mutating func renumberBuffers(_ number: (Int) -> Int) {
    for index in nodes.indices {
      if case .load(var access) = nodes[index].operation {
        access.buffer = number(access.buffer)
        nodes[index].operation = .load(access)
      }
    }
    for index in stores.indices {
      stores[index].access.buffer = number(stores[index].access.buffer)
    }
  }
}
