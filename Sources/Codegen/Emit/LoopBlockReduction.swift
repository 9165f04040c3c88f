// Reductions in the loops spelling, a block of neighbours along the innermost axis of the space at once: one lane each, or the few lanes of
// a short row, which are folded side by side.

import NNIR

extension Kernel {
  /// How many lanes of a row are folded side by side with those of its neighbours along the innermost axis of the space; nil where the
  /// neighbours are too few or the reductions of other kinds.
  var foldedLanes: Int? {
    // Fewer rows fill no vector.
    let fewestRows = 4
    guard let extent = reduced.last, let rows = space.last, rows >= fewestRows,
      let dealt = reductions.first?.lanes, dealt > 1,
      reductions.allSatisfy({ $0.isReduce && $0.lanes == dealt })
    else { return nil }
    let lanes = min(16, extent)
    return 16 * lanes * accumulatorByteCount <= Self.mostAccumulatorBytes ? lanes : nil
  }

  /// How many lanes rows use that have fewer elements than there are lanes: one an element. Such rows are reduced side by side, for within
  /// one there are no whole vectors to add. Nil for other reductions.
  var shortRowLanes: Int? {
    guard let lanes = foldedLanes, let extent = reduced.last, extent < 16 else { return nil }
    return lanes
  }

  /// Bytes of one lane of every reduction.
  private var accumulatorByteCount: Int {
    reductions.reduce(0) { $0 + body.nodes[$1.node].element.byteCount }
  }

  /// What of the stack the accumulators of a block may take.
  private static let mostAccumulatorBytes = 8192

  /// How many neighbours are reduced at once, with so many lanes each.
  func blockWidth(lanes: Int) -> Int {
    let fitting = Self.mostAccumulatorBytes / (lanes * accumulatorByteCount) / 16 * 16
    // Rows beyond these gain nothing, and may fall into one set of the cache.
    let most = lanes == 1 ? 256 : 64
    return min(space[space.count - 1], max(16, min(most, fitting)))
  }
}

extension KernelReduction {
  fileprivate var isReduce: Bool {
    if case .reduce = kind { true } else { false }
  }
}

extension LoopKernel {
  mutating func emitBlockReduction() {
    let last = kernel.space.count - 1
    let width = kernel.blockWidth(lanes: kernel.shortRowLanes ?? 1)
    // Levels: space axes but the last, reduced axes, then the last axis of the space inside.
    let depth = last + kernel.reduced.count + 1
    let axisLevels =
      Array(1...max(1, last)).prefix(last) + [depth] + kernel.reduced.indices.map { last + 1 + $0 }
    var body = bodyBlock(
      axisLevels: Array(axisLevels), deepest: depth,
      indices: (0..<kernel.space.count).map { "i\($0)" } + kernel.reduced.indices.map { "r\($0)" })
    let units = openSpace(&body, leaving: 1)
    let axis = units.axes[units.axes.count - 1]
    let inner = openBlock(axis, width: width)
    emitBlockAccumulation(&body, inner, width: width)
    if let lanes = kernel.shortRowLanes {
      emitBlockFolds(inner, lanes: lanes) { "acc\($0)[\($1)][row]" }
    }
    let place = (kernel.shortRowLanes == nil ? "" : "[0]") + "[\(offset(inner))]"
    emitBlockEpilogue(inner, kernel.reductions.indices.map { "acc\($0)\(place)" })
    if inner.lower != axis.lower { writer.close() }
    closeSpace(units, leaving: 1)
    sections.formUnion(body.sections)
  }

  /// The part of the innermost axis whose accumulators are live at once: all of it where it is short. `start` is the name of its lower bound.
  mutating func openBlock(_ axis: LoopAxis, width: Int, start: String = "block") -> LoopAxis {
    if kernel.space[kernel.space.count - 1] <= width { return axis }
    writer.openLoop(start, from: axis.lower, to: axis.upper, by: width)
    let end = "\(start) + \(width)"
    writer.line("const ptrdiff_t last = \(end) < \(axis.upper) ? \(end) : \(axis.upper);")
    return LoopAxis(axis.index, start, "last")
  }

  /// A point's place among the accumulators of its block.
  func offset(_ inner: LoopAxis) -> String {
    inner.lower == "0" ? inner.index : "\(inner.index) - \(inner.lower)"
  }

  /// How many points a block has.
  func count(_ inner: LoopAxis) -> String {
    inner.lower == "0" ? inner.upper : "\(inner.upper) - \(inner.lower)"
  }

  private mutating func emitBlockAccumulation(
    _ body: inout LoopBlock, _ inner: LoopAxis, width: Int
  ) {
    let last = kernel.space.count - 1
    // The only element of a lane replaces its identity: combining the two would give that element again, to the bit.
    let isAssigned = kernel.shortRowLanes != nil && kernel.reduced.count == 1
    for (number, reduction) in kernel.reductions.enumerated() {
      let element = element(reduction)
      let identity = reduction.kind.identity(element).cLiteral
      if let lanes = kernel.shortRowLanes {
        writer.line("\(element.cName) acc\(number)[\(lanes)][\(width)];")
        if isAssigned { continue }
        writer.openLoop("lane", to: "\(lanes)")
        writer.openLoop("row", to: "\(width)")
        writer.line("acc\(number)[lane][row] = \(identity);")
        writer.close()
      } else {
        writer.line("\(element.cName) acc\(number)[\(width)];")
        writer.openLoop("lane", to: "\(width)")
        writer.line("acc\(number)[lane] = \(identity);")
      }
      writer.close()
    }
    for (number, extent) in kernel.reduced.enumerated() {
      writer.openLoop("r\(number)", to: "\(extent)")
      emitOuter(&body, level: last + 1 + number)
    }
    let lane = kernel.shortRowLanes == nil ? "" : "[r\(kernel.reduced.count - 1)]"
    let place = "\(lane)[\(offset(inner))]"
    var updates: [(Int, Reduction, ElementType)] = []
    for (number, reduction) in kernel.reductions.enumerated() {
      if case .reduce(let kind) = reduction.kind {
        updates.append((number, kind, element(reduction)))
      }
    }
    let reductions = kernel.reductions
    var needed: Set<String> = []
    emitInnermost(&body, inner, position: last, level: last + kernel.reduced.count + 1) {
      writer, block in
      for (number, kind, element) in updates {
        let target = "acc\(number)\(place)"
        var value = block[reductions[number].node]
        if !isAssigned {
          value = cExpression(
            kind.combining(element), [CExpression(target, isAtomic: true), value],
            operand: element, result: element, sections: &needed)
        }
        let cast = element == .bool ? "(uint8_t)\(value.asOperand)" : value.text
        writer.line("\(target) = \(cast);")
      }
      block.emitStores(into: &writer)
    }
    sections.formUnion(needed)
    for _ in kernel.reduced { writer.close() }
  }

  /// Lanes folded in halves, those left out that no element fell to: they are identities. `place` gives a reduction's lane of a row.
  mutating func emitBlockFolds(
    _ inner: LoopAxis, lanes: Int, place: (_ reduction: Int, _ lane: Int) -> String
  ) {
    if lanes == 1 { return }
    writer.openLoop("row", to: count(inner))
    for (number, reduction) in kernel.reductions.enumerated() {
      guard case .reduce(let kind) = reduction.kind else { continue }
      var used = lanes
      var half = 8
      while half >= 1 {
        for lane in 0..<max(0, used - half) {
          let target = place(number, lane)
          let other = CExpression(place(number, lane + half), isAtomic: true)
          writer.line("\(target) = \(combined(kind, element(reduction), target, other));")
        }
        used = min(used, half)
        half /= 2
      }
    }
    writer.close()
  }

  /// The epilogue for a block of points, whose results are `accumulators`.
  mutating func emitBlockEpilogue(_ inner: LoopAxis, _ accumulators: [String]) {
    let last = kernel.space.count - 1
    var epilogue = epilogueBlock(
      axisLevels: Array(1...(last + 1)), accumulatorLevel: last + 1,
      accumulators: accumulators)
    for level in 0...last { emitOuter(&epilogue, level: level) }
    emitInnermost(&epilogue, inner, position: last, level: last + 1) { $1.emitStores(into: &$0) }
    sections.formUnion(epilogue.sections)
  }
}
