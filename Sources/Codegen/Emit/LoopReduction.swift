// Reductions in the loops spelling. Their order is that of Docs/numerics.md, whatever the loops around them.

import NNIR

extension LoopKernel {
  private func element(_ reduction: KernelReduction) -> ElementType {
    kernel.body.nodes[reduction.node].element
  }

  /// `a ∘ b` for one reduction.
  private mutating func combined(
    _ reduction: Reduction, _ element: ElementType, _ left: String, _ right: CExpression
  ) -> String {
    let expression = cExpression(
      reduction.combining(element), [CExpression(left, isAtomic: true), right], operand: element,
      result: element, sections: &sections)
    return element == .bool ? "(uint8_t)(\(expression.text))" : expression.text
  }

  private func bodyBlock(axisLevels: [Int], deepest: Int, indices: [String?]) -> LoopBlock {
    let levels = BlockLevels(
      kernel.body, axisLevels: axisLevels, accumulators: 0, deepest: deepest,
      roots: kernel.reductions.map(\.node))
    return LoopBlock(
      kernel.body, levels: levels, pointers: pointers, indices: indices,
      written: kernel.storedBuffers, prefix: "t")
  }

  private func epilogueBlock(
    axisLevels: [Int], accumulatorLevel: Int, accumulators: [String]
  ) -> LoopBlock {
    let levels = BlockLevels(
      kernel.epilogue, axisLevels: axisLevels, accumulators: accumulatorLevel,
      deepest: kernel.space.count)
    return LoopBlock(
      kernel.epilogue, levels: levels, pointers: pointers,
      indices: kernel.space.indices.map { "i\($0)" }, accumulators: accumulators,
      written: kernel.storedBuffers, prefix: "u")
  }

  // MARK: One lane: a block of neighbours at once

  mutating func emitBlockReduction() {
    let last = kernel.space.count - 1
    let bytes = kernel.reductions.reduce(0) { $0 + element($1).byteCount }
    let width = min(kernel.space[last], max(16, min(256, 8192 / max(1, bytes))))
    // Levels: space axes but the last, reduced axes, then the last axis of the space inside.
    let depth = last + kernel.reduced.count + 1
    let axisLevels =
      Array(1...max(1, last)).prefix(last) + [depth] + kernel.reduced.indices.map { last + 1 + $0 }
    var body = bodyBlock(
      axisLevels: Array(axisLevels), deepest: depth,
      indices: (0..<kernel.space.count).map { "i\($0)" } + kernel.reduced.indices.map { "r\($0)" })
    emitOuter(&body, level: 0)
    let units = UnitLoop(space: kernel.space, split: split)
    units.open(&writer)
    for level in 0..<units.outerCount where level < last { emitOuter(&body, level: level + 1) }
    for (number, axis) in units.axes.dropLast().enumerated() {
      writer.openLoop(axis.index, from: axis.lower, to: axis.upper)
      emitOuter(&body, level: units.outerCount + number + 1)
    }
    let inner = openBlock(units.axes[units.axes.count - 1], width: width)
    emitBlockAccumulation(&body, inner, width: width)
    emitBlockEpilogue(inner)
    if inner.lower != units.axes[units.axes.count - 1].lower { writer.close() }
    for _ in units.axes.dropLast() { writer.close() }
    units.close(&writer)
    sections.formUnion(body.sections)
  }

  /// The part of the innermost axis whose accumulators are live at once: all of it where it is short.
  private mutating func openBlock(_ axis: LoopAxis, width: Int) -> LoopAxis {
    if kernel.space[kernel.space.count - 1] <= width { return axis }
    writer.openLoop("block", from: axis.lower, to: axis.upper, by: width)
    writer.line(
      "const ptrdiff_t last = block + \(width) < \(axis.upper) ? block + \(width) : \(axis.upper);")
    return LoopAxis(axis.index, "block", "last")
  }

  private mutating func emitBlockAccumulation(
    _ body: inout LoopBlock, _ inner: LoopAxis, width: Int
  ) {
    let last = kernel.space.count - 1
    for (number, reduction) in kernel.reductions.enumerated() {
      let element = element(reduction)
      writer.line("\(element.cName) acc\(number)[\(width)];")
      writer.openLoop("lane", to: "\(width)")
      writer.line("acc\(number)[lane] = \(reduction.kind.identity(element).cLiteral);")
      writer.close()
    }
    for (number, extent) in kernel.reduced.enumerated() {
      writer.openLoop("r\(number)", to: "\(extent)")
      emitOuter(&body, level: last + 1 + number)
    }
    let offset = inner.lower == "0" ? inner.index : "\(inner.index) - \(inner.lower)"
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
        let target = "acc\(number)[\(offset)]"
        let value = cExpression(
          kind.combining(element),
          [CExpression(target, isAtomic: true), block[reductions[number].node]], operand: element,
          result: element, sections: &needed)
        let cast = element == .bool ? "(uint8_t)(\(value.text))" : value.text
        writer.line("\(target) = \(cast);")
      }
      block.emitStores(into: &writer)
    }
    sections.formUnion(needed)
    for _ in kernel.reduced { writer.close() }
  }

  private mutating func emitBlockEpilogue(_ inner: LoopAxis) {
    let last = kernel.space.count - 1
    let offset = inner.lower == "0" ? inner.index : "\(inner.index) - \(inner.lower)"
    var epilogue = epilogueBlock(
      axisLevels: Array(1...(last + 1)), accumulatorLevel: last + 1,
      accumulators: kernel.reductions.indices.map { "acc\($0)[\(offset)]" })
    for level in 0...last { emitOuter(&epilogue, level: level) }
    emitInnermost(&epilogue, inner, position: last, level: last + 1) { $1.emitStores(into: &$0) }
    sections.formUnion(epilogue.sections)
  }

  // MARK: Lanes and extreme indices: a point of the space at a time

  mutating func emitPointReduction() {
    let axes = kernel.space.count
    let depth = axes + kernel.reduced.count
    let indices: [String?] =
      kernel.space.indices.map { "i\($0)" } + kernel.reduced.indices.map { "r\($0)" }
    var body = bodyBlock(
      axisLevels: depth == 0 ? [] : Array(1...depth), deepest: depth, indices: indices)
    emitOuter(&body, level: 0)
    let units = UnitLoop(space: kernel.space, split: split)
    units.open(&writer)
    for level in 0..<units.outerCount { emitOuter(&body, level: level + 1) }
    for (number, axis) in units.axes.enumerated() {
      writer.openLoop(axis.index, from: axis.lower, to: axis.upper)
      emitOuter(&body, level: units.outerCount + number + 1)
    }
    declareAccumulators()
    emitReducedLoops(&body)
    let results = emitFolds()
    var epilogue = epilogueBlock(
      axisLevels: Array(1...axes), accumulatorLevel: 0, accumulators: results)
    for level in 0...axes { emitOuter(&epilogue, level: level) }
    epilogue.emitStores(into: &writer)
    for _ in units.axes { writer.close() }
    units.close(&writer)
    sections.formUnion(body.sections)
    sections.formUnion(epilogue.sections)
  }

  private mutating func declareAccumulators() {
    for (number, reduction) in kernel.reductions.enumerated() {
      let element = element(reduction)
      let identity = reduction.kind.identity(element).cLiteral
      if case .argument = reduction.kind {
        writer.line("\(element.localName) acc\(number) = \(identity);")
        writer.line("int32_t index\(number) = 0;")
      } else if reduction.lanes == 1 {
        writer.line("\(element.cName) acc\(number) = \(identity);")
      } else {
        writer.line("\(element.cName) acc\(number)[\(reduction.lanes)];")
        writer.openLoop("lane", to: "\(reduction.lanes)")
        writer.line("acc\(number)[lane] = \(identity);")
        writer.close()
      }
    }
  }

  private mutating func emitReducedLoops(_ body: inout LoopBlock) {
    let axes = kernel.space.count
    let count = kernel.reduced.count
    for number in 0..<(count - 1) {
      writer.openLoop("r\(number)", to: "\(kernel.reduced[number])")
      emitOuter(&body, level: axes + number + 1)
    }
    let lanes = kernel.reductions[0].lanes
    if lanes > 1 && kernel.reductions.allSatisfy({ $0.lanes == lanes }) {
      emitLaneLoops(&body, lanes: lanes)
    } else {
      writer.openLoop("r\(count - 1)", to: "\(kernel.reduced[count - 1])")
      emitOuter(&body, level: axes + count)
      emitUpdates(body, lane: nil)
      writer.close()
    }
    for _ in 0..<(count - 1) { writer.close() }
  }

  /// Whole blocks of lanes, then the rest: the inner loops have constant bounds and no conditions.
  private mutating func emitLaneLoops(_ body: inout LoopBlock, lanes: Int) {
    let count = kernel.reduced.count
    let extent = kernel.reduced[count - 1]
    let level = kernel.space.count + count
    let whole = extent / lanes * lanes
    // An extreme's position is counted in the reduced indices, whatever its value is.
    let hasPositions = kernel.reductions.contains { reduction in
      if case .argument = reduction.kind { return true }
      return false
    }
    let isUsed = hasPositions || body.block.uses(axis: kernel.space.count + count - 1)
    if whole > 0 {
      writer.openLoop("block", to: "\(whole)", by: lanes)
      writer.openLoop("lane", to: "\(lanes)")
      if isUsed { writer.line("const ptrdiff_t r\(count - 1) = block + lane;") }
      emitOuter(&body, level: level)
      emitUpdates(body, lane: "lane")
      writer.close()
      writer.close()
    }
    if whole < extent {
      writer.openLoop("lane", to: "\(extent - whole)")
      let index = whole == 0 ? "lane" : "\(whole) + lane"
      if isUsed { writer.line("const ptrdiff_t r\(count - 1) = \(index);") }
      emitOuter(&body, level: level)
      emitUpdates(body, lane: "lane")
      writer.close()
    }
  }

  /// Takes the body's values into the accumulators, and stores what the body stores; `lane` nil: the lane follows from the index.
  private mutating func emitUpdates(_ body: LoopBlock, lane: String?) {
    for (number, reduction) in kernel.reductions.enumerated() {
      let element = element(reduction)
      let value = body[reduction.node]
      switch reduction.kind {
      case .reduce(let kind):
        let index = lane ?? "r\(kernel.reduced.count - 1) % \(reduction.lanes)"
        let target = reduction.lanes == 1 ? "acc\(number)" : "acc\(number)[\(index)]"
        writer.line("\(target) = \(combined(kind, element, target, value));")
      case .argument(let kind):
        emitExtreme(number, kind, value, element)
      }
    }
    body.emitStores(into: &writer)
  }

  /// The first of equal extremes; a NaN wins over numbers.
  private mutating func emitExtreme(
    _ number: Int, _ kind: ArgReduction, _ value: CExpression, _ element: ElementType
  ) {
    let comparison = kind == .argmax ? ">" : "<"
    var position = "r0"
    for axis in kernel.reduced.indices.dropFirst() {
      position = "\(axis == 1 ? position : "(\(position))") * \(kernel.reduced[axis]) + r\(axis)"
    }
    writer.open("")
    writer.line("const \(element.localName) candidate = \(value.text);")
    let better = "candidate \(comparison) acc\(number)"
    let isNaN = "(candidate != candidate && acc\(number) == acc\(number))"
    writer.open("if (\(better)\(element.isFloat ? " || \(isNaN)" : ""))")
    writer.line("acc\(number) = candidate;")
    writer.line("index\(number) = (int32_t)(\(position));")
    writer.close()
    writer.close()
  }

  /// Lanes folded in halves; gives the C expression of each result.
  private mutating func emitFolds() -> [String] {
    var results: [String] = []
    for (number, reduction) in kernel.reductions.enumerated() {
      let name = "acc\(number)"
      switch reduction.kind {
      case .argument: results.append("index\(number)")
      case .reduce(let kind):
        results.append(reduction.lanes == 1 ? name : "\(name)[0]")
        if reduction.lanes == 1 { continue }
        writer.open("for (int half = \(reduction.lanes / 2); half >= 1; half /= 2)")
        writer.open("for (int lane = 0; lane < half; lane++)")
        let other = CExpression("\(name)[lane + half]", isAtomic: true)
        writer.line(
          "\(name)[lane] = \(combined(kind, element(reduction), "\(name)[lane]", other));")
        writer.close()
        writer.close()
      }
    }
    return results
  }
}
