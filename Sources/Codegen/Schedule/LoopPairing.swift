// Loops that may run at the same time: the two directions of a bidirectional network, forward and in the gradient.

import NNIR

extension Program {
  /// Brings outermost loops that do not depend on each other together, two and two, before the workspace is laid out.
  ///
  /// What stands between the two goes before both where it depends on nothing of the first, else behind both. Orders only change
  /// where nobody can tell: no bit depends on it.
  mutating func pairLoops() {
    let outer = outerLoops
    let outermost = loops.indices.filter { outer[$0] < 0 }
    if outermost.count < 2 { return }
    let effects = kernels.map { Effects(of: $0, in: self) }
    // Kernels keep their numbers until all pairs are known.
    var order = Array(kernels.indices)
    var next = 0
    while next + 1 < outermost.count {
      let (first, second) = (outermost[next], outermost[next + 1])
      if let arranged = arrangement(first, second, effects) {
        order.replaceSubrange(arranged.range, with: arranged.kernels)
        loops[first].isBesideNext = true
        next += 2
      } else {
        next += 1
      }
    }
    reorder(order)
  }

  /// The kernels from the first loop to the end of the second in an order in which the loops are neighbours; nil where they
  /// cannot be, or may not run at the same time.
  private func arrangement(
    _ first: Int, _ second: Int, _ effects: [Effects]
  ) -> (range: Range<Int>, kernels: [Int])? {
    let (one, other) = (loops[first].kernels, loops[second].kernels)
    let range = one.lowerBound..<other.upperBound
    // Outputs and the loss are there after the first kernels.
    if range.contains(forwardKernelCount), forwardKernelCount > range.lowerBound { return nil }
    // What a check finds first must not depend on the order; neither must the arrays of the caller.
    if range.contains(where: { effects[$0].isCheck }) { return nil }
    let ofOne = effects[one].reduce(into: Effects()) { $0.add($1) }
    let ofOther = effects[other].reduce(into: Effects()) { $0.add($1) }
    if ofOne.conflicts(with: ofOther) || ofOne.writesArguments || ofOther.writesArguments {
      return nil
    }
    var (before, behind): ([Int], [Int]) = ([], [])
    var late = ofOne
    var ofBehind = Effects()
    for kernel in one.upperBound..<other.lowerBound {
      if effects[kernel].conflicts(with: late) {
        behind.append(kernel)
        late.add(effects[kernel])
        ofBehind.add(effects[kernel])
      } else {
        before.append(kernel)
      }
    }
    if ofOther.conflicts(with: ofBehind) { return nil }
    return (range, before + Array(one) + Array(other) + behind)
  }

  /// Puts the kernel with number `order[i]` at place i.
  private mutating func reorder(_ order: [Int]) {
    var place = [Int](repeating: 0, count: order.count)
    for (new, old) in order.enumerated() { place[old] = new }
    kernels = order.map { kernels[$0] }
    notes = order.map { notes[$0] }
    for number in loops.indices {
      let start = place[loops[number].kernels.lowerBound]
      loops[number].kernels = start..<start + loops[number].kernels.count
    }
  }
}

/// What kernels read and write: arrays, a step counting as the whole.
private struct Effects {
  private var touched: Set<Int> = []
  private var written: Set<Int> = []
  private(set) var isCheck = false
  private(set) var writesArguments = false

  init() {}

  init(of kernel: Kernel, in program: Program) {
    touched = Set(kernel.touchedBuffers.map(program.base))
    written = Set(kernel.writtenBuffers.map(program.base))
    if case .check = kernel.routine { isCheck = true }
    writesArguments = written.contains {
      if case .argument = program.buffers[$0].storage { true } else { false }
    }
  }

  mutating func add(_ other: Effects) {
    touched.formUnion(other.touched)
    written.formUnion(other.written)
    isCheck = isCheck || other.isCheck
    writesArguments = writesArguments || other.writesArguments
  }

  /// Whether one writes what the other touches.
  func conflicts(with other: Effects) -> Bool {
    !written.isDisjoint(with: other.touched) || !other.written.isDisjoint(with: touched)
  }
}
