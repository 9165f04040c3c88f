// The loops spelling of maps and reductions: nests of plain loops with `restrict` pointers that any optimising compiler vectorises.

import NNIR

/// Writes one kernel in the loops spelling.
struct LoopKernel {
  let kernel: Kernel
  let pointers: KernelPointers
  let name: String
  /// None in the standalone file, whose functions always run over all of their space.
  let split: UnitSplit?
  var writer = CWriter()
  var sections: Set<String> = []

  /// `kernel` is tidied.
  init(
    _ kernel: Kernel, name: String, in program: Program, isSplit: Bool, reserved: [String] = []
  ) {
    self.kernel = kernel
    self.name = name
    var names = CNames(taken: [name] + reserved)
    pointers = KernelPointers(kernel, in: program, names: &names)
    split = isSplit && kernel.contraction == nil ? kernel.unitSplit : nil
  }

  mutating func emitted() -> EmittedKernel {
    var parameters = pointers.pointers.map(\.declaration)
    if split != nil { parameters += ["ptrdiff_t begin", "ptrdiff_t end"] }
    writer.openFunction("static \(isSideBySide ? "NN_SIDE_BY_SIDE " : "")void \(name)", parameters)
    if kernel.reductions.isEmpty {
      emitMap()
    } else if kernel.isAccumulatedInBlocks || kernel.shortRowLanes != nil {
      emitBlockReduction()
    } else if let lanes = kernel.foldedLanes {
      emitRowReduction(lanes: lanes)
    } else {
      emitPointReduction()
    }
    writer.close()
    return EmittedKernel(
      name: name, text: writer.text, arguments: pointers.pointers.map(\.buffer),
      scratchByteCount: 0, units: split?.units ?? 1, grain: split?.grain ?? 1, sections: sections)
  }

  /// Whether vectors of points have several long functions, of which gcc would compute one after the other.
  private var isSideBySide: Bool {
    kernel.reductions.isEmpty && kernel.count >= 64 && kernel.body.longOperationCount > 1
  }

  private var spaceIndices: [String?] { kernel.space.indices.map { "i\($0)" } }
  private var reducedIndices: [String?] { kernel.reduced.indices.map { "r\($0)" } }

  // MARK: Maps

  private mutating func emitMap() {
    let axes = kernel.space.count
    let levels = BlockLevels(
      kernel.body, axisLevels: Array(1...axes), accumulators: 0, deepest: axes)
    var block = LoopBlock(
      kernel.body, levels: levels, pointers: pointers, indices: spaceIndices,
      written: kernel.storedBuffers, prefix: "t")
    block.emit(level: 0, into: &writer) { [spaceIndices] in .test($0.cTest(spaceIndices)) }
    let units = openUnits(&block)
    emitInnerLoops(
      &block, units.axes, firstAxis: units.outerCount, firstLevel: units.outerCount + 1
    ) {
      $1.emitStores(into: &$0)
    }
    units.close(&writer)
    sections.formUnion(block.sections)
  }

  /// Opens the loop over units and writes what depends on its indices alone.
  mutating func openUnits(_ block: inout LoopBlock) -> UnitLoop {
    let units = UnitLoop(space: kernel.space, split: split)
    units.open(&writer)
    for level in 0..<units.outerCount { emitOuter(&block, level: level + 1) }
    return units
  }

  func outerForm(_ block: LoopBlock) -> (Access) -> GuardForm {
    let indices = block.indices
    return { .test($0.cTest(indices)) }
  }

  mutating func emitOuter(_ block: inout LoopBlock, level: Int) {
    block.emit(level: level, into: &writer, guardForm: outerForm(block))
  }

  /// All but the innermost axis as plain loops, the innermost one cut where guards begin or cease to hold. `finish` writes what stands
  /// in the innermost loop after the nodes. Axis `firstAxis + n` of the access maps is `axes[n]`, its level `firstLevel + n`.
  mutating func emitInnerLoops(
    _ block: inout LoopBlock, _ axes: [LoopAxis], firstAxis: Int, firstLevel: Int,
    finish: (inout CWriter, LoopBlock) -> Void
  ) {
    for (number, axis) in axes.dropLast().enumerated() {
      writer.openLoop(axis.index, from: axis.lower, to: axis.upper)
      emitOuter(&block, level: firstLevel + number)
    }
    emitInnermost(
      &block, axes[axes.count - 1], position: firstAxis + axes.count - 1,
      level: firstLevel + axes.count - 1, finish: finish)
    for _ in axes.dropLast() { writer.close() }
  }

  mutating func emitInnermost(
    _ block: inout LoopBlock, _ axis: LoopAxis, position: Int, level: Int,
    finish: (inout CWriter, LoopBlock) -> Void
  ) {
    let lists = block.block.guardLists(at: level, block.levels)
    var ranges: [GuardRange] = []
    for (number, list) in lists.enumerated() {
      let suffix = lists.count > 1 ? "\(number)" : ""
      let range = GuardRange(guards: list, low: "from\(suffix)", high: "to\(suffix)")
      range.emit(
        into: &writer, axis: position, indices: block.indices, from: axis.lower, to: axis.upper)
      ranges.append(range)
    }
    func loop(_ lower: String, _ upper: String, _ form: (Access) -> GuardForm) {
      writer.openLoop(axis.index, from: lower, to: upper)
      block.emit(level: level, into: &writer, guardForm: form)
      finish(&writer, block)
      writer.close()
    }
    if ranges.isEmpty {
      loop(axis.lower, axis.upper) { _ in .inside }
    } else if ranges.count == 1 {
      loop(axis.lower, ranges[0].low) { _ in .outside }
      loop(ranges[0].low, ranges[0].high) { _ in .inside }
      loop(ranges[0].high, axis.upper) { _ in .outside }
    } else {
      loop(axis.lower, axis.upper) { access in
        let range = ranges[lists.firstIndex(of: access.guards) ?? 0]
        return .test("(\(axis.index) >= \(range.low) && \(axis.index) < \(range.high))")
      }
    }
  }

  /// Level by level for a block whose guards are tested element by element.
  func testedForm(_ block: LoopBlock) -> (Access) -> GuardForm { outerForm(block) }
}

extension Kernel {
  /// Whether the reductions have one lane each, so that neighbours along the innermost axis of the space are summed side by side.
  var isAccumulatedInBlocks: Bool {
    reductions.allSatisfy { reduction in
      if case .reduce = reduction.kind { return reduction.lanes == 1 }
      return false
    }
  }
}
