// Reductions over rows of whole vectors in the loops spelling: lanes within a row, which are then folded side by side for a block of rows.

import NNIR

extension LoopKernel {
  mutating func emitRowReduction(lanes: Int) {
    let last = kernel.space.count - 1
    let width = kernel.blockWidth(lanes: lanes)
    let depth = kernel.space.count + kernel.reduced.count
    var body = bodyBlock(
      axisLevels: Array(1...depth), deepest: depth,
      indices: kernel.space.indices.map { "i\($0)" } + kernel.reduced.indices.map { "r\($0)" })
    let units = openSpace(&body, leaving: 1)
    let axis = units.axes[units.axes.count - 1]
    // Within a row a block is one of lanes.
    let inner = openBlock(axis, width: width, start: "base")
    for (number, reduction) in kernel.reductions.enumerated() {
      writer.line("\(element(reduction).cName) rows\(number)[\(width)][\(lanes)];")
    }
    writer.openLoop(inner.index, from: inner.lower, to: inner.upper)
    emitOuter(&body, level: last + 1)
    declareAccumulators()
    emitReducedLoops(&body)
    emitLanes(inner, lanes: lanes)
    writer.close()
    emitHalves(inner, half: lanes / 2)
    emitBlockFolds(inner, lanes: lanes / 2) { "rows\($0)[row][\($1)]" }
    emitBlockEpilogue(inner, kernel.reductions.indices.map { "rows\($0)[\(offset(inner))][0]" })
    if inner.lower != axis.lower { writer.close() }
    closeSpace(units, leaving: 1)
    sections.formUnion(body.sections)
  }

  /// Leaves a row's lanes in its place of the block; where there are more of them, folded to so many.
  private mutating func emitLanes(_ inner: LoopAxis, lanes: Int) {
    for (number, reduction) in kernel.reductions.enumerated() where reduction.lanes > lanes {
      if case .reduce(let kind) = reduction.kind { emitFold(number, kind, to: lanes) }
    }
    writer.openLoop("lane", to: "\(lanes)")
    for number in kernel.reductions.indices {
      writer.line("rows\(number)[\(offset(inner))][lane] = acc\(number)[lane];")
    }
    writer.close()
  }

  /// Folds the lanes of each row once: halves are still whole vectors.
  private mutating func emitHalves(_ inner: LoopAxis, half: Int) {
    writer.openLoop("row", to: count(inner))
    writer.openLoop("lane", to: "\(half)")
    for (number, reduction) in kernel.reductions.enumerated() {
      guard case .reduce(let kind) = reduction.kind else { continue }
      let target = "rows\(number)[row][lane]"
      let other = CExpression("rows\(number)[row][lane + \(half)]", isAtomic: true)
      writer.line("\(target) = \(combined(kind, element(reduction), target, other));")
    }
    writer.close()
    writer.close()
  }
}
