// The part of the verifier that looks at routines: buffers of fitting types and sizes, and checks before what relies on them.

import NNIR

extension ProgramVerifier {
  mutating func check(_ routine: Routine, of kernel: Kernel) {
    if !kernel.body.isEmpty || !kernel.epilogue.isEmpty || !kernel.reduced.isEmpty
      || !kernel.reductions.isEmpty || kernel.contraction != nil
    {
      return report(kernel, nil, .parts)
    }
    let buffers = routine.reads + [routine.result].compactMap { $0 }
    if let missing = buffers.first(where: { !program.buffers.indices.contains($0) }) {
      return report(kernel, nil, .noSuchBuffer(missing))
    }
    let space = kernel.space
    switch routine {
    case .gather(let table, let indices, let result):
      guard expectRank(2, kernel) else { return }
      expectIndices(indices, count: space[0], kernel)
      expectTable(table, width: space[1], kernel)
      expect(result, program.buffers[table].element, count: space[0] * space[1], kernel)
    case .scatterAdd(let indices, let updates, let result):
      guard expectRank(2, kernel) else { return }
      let count = program.buffers[indices].count
      expectIndices(indices, count: count, kernel)
      let element = program.buffers[result].element
      if element == .bool { report(kernel, nil, .elementType(expected: nil, found: .bool)) }
      let (total, isTooLarge) = count.multipliedReportingOverflow(by: space[1])
      expect(updates, element, count: isTooLarge ? -1 : total, kernel)
      expect(result, element, count: space[0] * space[1], kernel)
    case .check(let indices, let rows):
      guard expectRank(1, kernel) else { return }
      expectIndices(indices, count: space[0], kernel)
      if !(0...maximumElementCount).contains(rows) { report(kernel, nil, .extents([rows])) }
    case .random(let seed, let step, let result, let dropout):
      guard expectRank(1, kernel) else { return }
      for scalar in [seed, step] { expect(scalar, .i64, count: 1, kernel) }
      let element = program.buffers[result].element
      if !element.isFloat { report(kernel, nil, .elementType(expected: nil, found: element)) }
      expect(result, element, count: space[0], kernel)
      if dropout.key < 0 || !(dropout.rate >= 0 && dropout.rate < 1) {
        report(kernel, nil, .dropout(dropout))
      }
    }
    guard let result = routine.result else { return }
    checkIsWritable(result, kernel, nil)
    if routine.reads.contains(where: { program.overlaps($0, result) }) {
      report(kernel, Access(buffer: result, map: AffineMap(strides: [])), .notInjective)
    }
  }

  private mutating func expectRank(_ rank: Int, _ kernel: Kernel) -> Bool {
    if kernel.space.count == rank { return true }
    report(kernel, nil, .rank(expected: rank, found: kernel.space.count))
    return false
  }

  private mutating func expectIndices(_ buffer: Int, count: Int, _ kernel: Kernel) {
    let element = program.buffers[buffer].element
    if !element.isInteger { report(kernel, nil, .elementType(expected: nil, found: element)) }
    expect(buffer, element, count: count, kernel)
  }

  /// Whole rows.
  private mutating func expectTable(_ buffer: Int, width: Int, _ kernel: Kernel) {
    let count = program.buffers[buffer].count
    if width > 0 ? count % width != 0 : count != 0 {
      report(kernel, nil, .elementCount(expected: width, found: count))
    }
  }

  private mutating func expect(
    _ buffer: Int, _ element: ElementType, count: Int, _ kernel: Kernel
  ) {
    let found = program.buffers[buffer]
    if found.element != element {
      report(kernel, nil, .elementType(expected: element, found: found.element))
    }
    if found.count != count {
      report(kernel, nil, .elementCount(expected: count, found: found.count))
    }
  }

  // MARK: Checks

  /// Indices are checked, against no more rows than the table has, before they are used, and every check comes before the first
  /// update of an argument.
  mutating func checkLookups() {
    var checked: [Int: Int] = [:]
    var hasUpdated = false
    for kernel in program.kernels where kernel.count > 0 {
      if hasUpdated, kernel.isCheck { report(kernel, nil, .checkAfterUpdate) }
      for buffer in kernel.storedBuffers {
        if case .argument = program.buffers[buffer].storage { hasUpdated = true }
        checked = checked.filter { !program.overlaps($0.key, buffer) }
      }
      switch kernel.routine {
      case .check(let indices, let rows): checked[indices] = min(checked[indices] ?? rows, rows)
      case .gather(let table, let indices, _):
        let rows = program.buffers[table].count / kernel.space[1]
        if (checked[indices] ?? rows + 1) > rows { report(kernel, nil, .notChecked) }
      case .scatterAdd(let indices, let updates, _) where program.buffers[updates].count > 0:
        if (checked[indices] ?? kernel.space[0] + 1) > kernel.space[0] {
          report(kernel, nil, .notChecked)
        }
      case .scatterAdd, .random, nil: break
      }
    }
  }
}
