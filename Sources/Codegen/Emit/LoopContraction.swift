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
    let levels = BlockLevels(
      kernel.epilogue, axisLevels: axisLevels, accumulators: loops.count, deepest: loops.count)
    var block = LoopBlock(
      kernel.epilogue, levels: levels, pointers: loop.pointers,
      indices: kernel.space.indices.map { "i\($0)" },
      accumulators: ["tile[\(place.isEmpty ? "0" : place.joined(separator: " + "))]"],
      written: kernel.storedBuffers, prefix: "u")
    loop.emitOuter(&block, level: 0)
    if loops.isEmpty {
      block.emitStores(into: &loop.writer)
    } else {
      emitLoops(&block, loops, positions)
    }
    loop.sections.formUnion(block.sections)
  }

  private mutating func emitLoops(
    _ block: inout LoopBlock, _ loops: [LoopAxis], _ positions: [Int]
  ) {
    if loops.count == 2 {
      loop.writer.openLoop(loops[0].index, from: loops[0].lower, to: loops[0].upper)
      loop.emitOuter(&block, level: 1)
    }
    let inner = loops.count - 1
    loop.emitInnermost(&block, loops[inner], position: positions[inner], level: loops.count) {
      $1.emitStores(into: &$0)
    }
    if loops.count == 2 { loop.writer.close() }
  }
}
