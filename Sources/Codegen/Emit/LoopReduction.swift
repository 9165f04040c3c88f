// Reductions in the loops spelling. Their order is that of Docs/numerics.md, whatever the loops around them.

import NNIR

extension LoopKernel {
  func element(_ reduction: KernelReduction) -> ElementType {
    kernel.body.nodes[reduction.node].element
  }

  /// `a ∘ b` for one reduction.
  mutating func combined(
    _ reduction: Reduction, _ element: ElementType, _ left: String, _ right: CExpression
  ) -> String {
    let expression = cExpression(
      reduction.combining(element), [CExpression(left, isAtomic: true), right], operand: element,
      result: element, sections: &sections)
    return element == .bool ? "(uint8_t)(\(expression.text))" : expression.text
  }

  func bodyBlock(axisLevels: [Int], deepest: Int, indices: [String?]) -> LoopBlock {
    let levels = BlockLevels(
      kernel.body, axisLevels: axisLevels, accumulators: 0, deepest: deepest,
      roots: kernel.reductions.map(\.node))
    return LoopBlock(
      kernel.body, levels: levels, pointers: pointers, indices: indices,
      written: kernel.storedBuffers, prefix: "t")
  }

  func epilogueBlock(
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

  /// Opens the loops of a unit over the axes of the space, but for so many innermost ones, with what the body computes between them.
  mutating func openSpace(_ body: inout LoopBlock, leaving innermost: Int) -> UnitLoop {
    emitOuter(&body, level: 0)
    let units = UnitLoop(space: kernel.space, split: split)
    units.open(&writer)
    for level in 0..<units.outerCount { emitOuter(&body, level: level + 1) }
    for (number, axis) in units.axes.dropLast(innermost).enumerated() {
      writer.openLoop(axis.index, from: axis.lower, to: axis.upper)
      emitOuter(&body, level: units.outerCount + number + 1)
    }
    return units
  }

  mutating func closeSpace(_ units: UnitLoop, leaving innermost: Int) {
    for _ in units.axes.dropLast(innermost) { writer.close() }
    units.close(&writer)
  }

  // MARK: Lanes and extreme indices: a point of the space at a time

  mutating func emitPointReduction() {
    let axes = kernel.space.count
    let depth = axes + kernel.reduced.count
    let indices: [String?] =
      kernel.space.indices.map { "i\($0)" } + kernel.reduced.indices.map { "r\($0)" }
    var body = bodyBlock(
      axisLevels: depth == 0 ? [] : Array(1...depth), deepest: depth, indices: indices)
    let units = openSpace(&body, leaving: 0)
    declareAccumulators()
    emitReducedLoops(&body)
    let results = emitFolds()
    var epilogue = epilogueBlock(
      axisLevels: Array(1...axes), accumulatorLevel: 0, accumulators: results)
    for level in 0...axes { emitOuter(&epilogue, level: level) }
    epilogue.emitStores(into: &writer)
    closeSpace(units, leaving: 0)
    sections.formUnion(body.sections)
    sections.formUnion(epilogue.sections)
  }

  mutating func declareAccumulators() {
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

  mutating func emitReducedLoops(_ body: inout LoopBlock) {
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
        if reduction.lanes > 1 { emitFold(number, kind, to: 1) }
      }
    }
    return results
  }

  /// The lanes of one reduction folded in halves until so many are left.
  mutating func emitFold(_ number: Int, _ kind: Reduction, to last: Int) {
    let reduction = kernel.reductions[number]
    let name = "acc\(number)"
    writer.open("for (int half = \(reduction.lanes / 2); half >= \(last); half /= 2)")
    writer.open("for (int lane = 0; lane < half; lane++)")
    let other = CExpression("\(name)[lane + half]", isAtomic: true)
    writer.line("\(name)[lane] = \(combined(kind, element(reduction), "\(name)[lane]", other));")
    writer.close()
    writer.close()
  }
}
