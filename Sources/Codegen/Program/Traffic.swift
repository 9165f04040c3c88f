// What a kernel must move at least: the elements that it touches, each once. For reports, not for decisions.

import NNIR

extension Kernel {
  /// Bytes of the elements that one run touches, each counted once a buffer.
  public func byteCount(in program: Program) -> Int {
    var most: [Int: Int] = [:]
    func touch(_ access: Access, _ sizes: [Int]) {
      let reached = zip(access.map.strides, sizes).reduce(1) { $1.0 == 0 ? $0 : $0 * $1.1 }
      let buffer = program.buffers[access.buffer]
      most[access.buffer] = max(most[access.buffer] ?? 0, min(reached, buffer.count))
    }
    for (block, sizes) in blocks {
      for access in block.loads + block.stores.map(\.access) { touch(access, sizes) }
    }
    if let contraction {
      let sizes = contraction.digits.flatMap { $0 }
      touch(contraction.left, sizes)
      touch(contraction.right, sizes)
    }
    for buffer in (routine?.reads ?? []) + [routine?.result].compactMap({ $0 }) {
      most[buffer] = program.buffers[buffer].count
    }
    return most.reduce(0) { $0 + $1.value * program.buffers[$1.key].element.byteCount }
  }
}

extension Program {
  /// How often a run of the program runs each kernel.
  public var repetitions: [Int] {
    var repetitions = [Int](repeating: 1, count: kernels.count)
    for loop in loops {
      for kernel in loop.kernels { repetitions[kernel] *= loop.count }
    }
    return repetitions
  }
}
