// Contractions in the loops spelling: the tiled matrix product of nn_contract.h, a block of rows at a time, and the epilogue over each
// block while it is in the cache.

import NNIR

/// Writes one contraction in the loops spelling.
struct LoopContraction {
  let name: String
  private var loop: LoopKernel
  private let shape: ContractionShape
  private let isSplit: Bool

  /// Nil where the kernel is none.
  init?(_ loop: LoopKernel, isSplit: Bool) {
    name = loop.name
    self.isSplit = isSplit
    self.loop = loop
    guard let shape = ContractionShape(loop.kernel, loop.pointers) else { return nil }
    self.shape = shape
  }

  mutating func emitted() -> EmittedKernel {
    let kernel = loop.kernel
    let split = isSplit ? shape.unitSplit : nil
    var parameters = loop.pointers.pointers.map(\.declaration) + ["void *scratch"]
    if let split, split.units > 1 { parameters += ["ptrdiff_t begin", "ptrdiff_t end"] }
    loop.writer.openFunction("static void \(name)", parameters)
    let function = "nn_" + shape.function
    if let view = shape.viewDeclaration { loop.writer.line(view) }
    var nest = ContractionNest(shape, space: kernel.space, split: split)
    if shape.target == nil {
      let type = shape.contraction.element.cName
      loop.writer.line("\(type) *const \(nest.sums) = (\(type) *)scratch;")
      loop.writer.line("void *const packing = (char *)scratch + \(shape.tileByteCount);")
    }
    nest.open(&loop.writer)
    if let target = shape.target {
      let rowStride = shape.rowAxis.map { target.map.strides[$0] } ?? shape.columns
      nest.emitCall(
        function, loop.pointers, nest.all,
        target: nest.first(loop.pointers, target, nest.all), stride: "\(rowStride)",
        packing: "scratch", into: &loop.writer)
    } else {
      emitBlocks(nest, function)
    }
    nest.close(&loop.writer)
    loop.writer.close()
    loop.sections.insert(shape.function)
    return EmittedKernel(
      name: name, text: loop.writer.text, arguments: loop.pointers.pointers.map(\.buffer),
      scratchByteCount: shape.scratchByteCount, units: split?.units ?? 1, grain: split?.grain ?? 1,
      sections: loop.sections)
  }

  private mutating func emitBlocks(_ nest: ContractionNest, _ function: String) {
    nest.openBlocks(&loop.writer)
    nest.emitCall(
      function, loop.pointers, nest.tile, target: nest.sums, stride: "\(shape.blocks.columns)",
      packing: "packing", into: &loop.writer)
    nest.openImages(&loop.writer)
    emitEpilogue(nest.tile)
    nest.closeImages(&loop.writer)
    nest.closeBlocks(&loop.writer)
  }

  private mutating func emitEpilogue(_ tile: ContractionTile) {
    let kernel = loop.kernel
    let tileStride = shape.blocks.columns
    let row = shape.rowAxis.map { LoopAxis("i\($0)", tile.rows.first, tile.rows.stop) }
    let column = shape.columnAxis.map { LoopAxis("i\($0)", tile.columns.first, tile.columns.stop) }
    let rowPlace = row.map { tile.rows.place(of: $0.index) }
    let columnPlace = column.map { tile.columns.place(of: $0.index) }
    let place = [
      rowPlace.map { tileStride == 1 ? $0.text : "\($0.asOperand) * \(tileStride)" },
      columnPlace?.text,
    ].compactMap { $0 }
    // Levels: the batch axes are known outside.
    var axisLevels = [Int](repeating: 0, count: kernel.space.count)
    let loops = [row, column].compactMap { $0 }
    let positions = [shape.rowAxis, shape.columnAxis].compactMap { $0 }
    for (number, position) in positions.enumerated() { axisLevels[position] = number + 1 }
    let accumulator = "tile[\(place.isEmpty ? "0" : place.joined(separator: " + "))]"
    func block(_ block: Block, accumulators: [String], roots: [Int], prefix: String) -> LoopBlock {
      LoopBlock(
        block,
        levels: BlockLevels(
          block, axisLevels: axisLevels, accumulators: loops.count, deepest: loops.count,
          roots: roots),
        pointers: loop.pointers, indices: kernel.space.indices.map { "i\($0)" },
        accumulators: accumulators, written: kernel.storedBuffers, prefix: prefix)
    }
    // Columns are the last axis.
    let position = kernel.space.count - 1
    guard let column, let argument = kernel.longArgument(along: position) else {
      let whole = block(kernel.epilogue, accumulators: [accumulator], roots: [], prefix: "u")
      emitLoops([whole], loops) { loop, blocks in
        guard let inner = loops.last, let position = positions.last else {
          blocks[0].emitStores(into: &loop.writer)
          return
        }
        loop.emitInnermost(&blocks[0], inner, position: position, level: loops.count) {
          $1.emitStores(into: &$0)
        }
      }
      return
    }
    // In two stages, some vectors at a time: what the long function is of, which is kept, and all else.
    let first = block(
      Block(nodes: kernel.epilogue.nodes), accumulators: [accumulator], roots: [argument],
      prefix: "t")
    var rest = kernel.epilogue
    rest.nodes[argument].operation = .accumulator(1)
    let kept = "acc0[\(column.index) - low1]"
    let second = block(rest, accumulators: [accumulator, kept], roots: [], prefix: "u")
    emitLoops([first, second], loops) { loop, blocks in
      let stage = loop.openStages(column, rest.nodes[argument].element)
      loop.emitInnermost(&blocks[0], stage, position: position, level: loops.count) {
        $0.line("\(kept) = \($1[argument].text);")
      }
      loop.emitInnermost(&blocks[1], stage, position: position, level: loops.count) {
        $1.emitStores(into: &$0)
      }
      loop.writer.close()
    }
  }

  /// The loop over rows, where it is not the innermost, and what the blocks compute outside of the innermost one.
  private mutating func emitLoops(
    _ given: [LoopBlock], _ loops: [LoopAxis],
    innermost: (inout LoopKernel, inout [LoopBlock]) -> Void
  ) {
    var blocks = given
    for index in blocks.indices { loop.emitOuter(&blocks[index], level: 0) }
    if loops.count == 2 {
      loop.writer.openLoop(loops[0].index, from: loops[0].lower, to: loops[0].upper)
      for index in blocks.indices { loop.emitOuter(&blocks[index], level: 1) }
    }
    innermost(&loop, &blocks)
    if loops.count == 2 { loop.writer.close() }
    for block in blocks { loop.sections.formUnion(block.sections) }
  }
}

extension LoopKernel {
  /// Opens the loop over an axis's stages, with room for one value an element; gives the axis within a stage.
  fileprivate mutating func openStages(_ axis: LoopAxis, _ element: ElementType) -> LoopAxis {
    let (size, upper) = (Kernel.stageSize, axis.upper)
    writer.openLoop("low1", from: axis.lower, to: upper, by: size)
    let isWhole = axis.lower == "0" && Int(upper).map { $0 % size == 0 } ?? false
    let end = isWhole ? "" : " < \(upper) ? low1 + \(size) : \(upper)"
    writer.line("const ptrdiff_t high1 = low1 + \(size)\(end);")
    writer.line("\(element.cName) acc0[\(size)];")
    return LoopAxis(axis.index, "low1", "high1")
  }
}

extension Kernel {
  /// Elements of a stage.
  fileprivate static let stageSize = 64

  /// In an epilogue with one long function, of floats: the node that it is of, where that takes several operations. Processors look ahead
  /// less far than both chains of operations are long together, and compute the next vector's sooner where they are apart. Nil where an
  /// axis is short or guards are to be looked at.
  fileprivate func longArgument(along axis: Int) -> Int? {
    guard space[axis] >= 2 * Self.stageSize, epilogue.longOperationCount == 1,
      epilogue.loads.allSatisfy(\.guards.isEmpty)
    else { return nil }
    for node in epilogue.nodes {
      guard case .apply(let op, let operands) = node.operation, op.isLong, operands.count == 1,
        node.element.isFloat, epilogue.nodes[operands[0]].element == node.element
      else { continue }
      let isMade = epilogue.operationCount(of: operands[0]) >= 4
      return isMade ? operands[0] : nil
    }
    return nil
  }
}

extension Block {
  /// How many operations a node is made of.
  fileprivate func operationCount(of root: Int) -> Int {
    var isNeeded = [Bool](repeating: false, count: nodes.count)
    isNeeded[root] = true
    var count = 0
    for index in (0...root).reversed() where isNeeded[index] {
      guard case .apply(_, let operands) = nodes[index].operation else { continue }
      count += 1
      for operand in operands { isNeeded[operand] = true }
    }
    return count
  }
}
