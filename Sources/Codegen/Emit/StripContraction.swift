// Contractions in the strips spelling: the precompiled matrix product, a block of rows at a time, and the epilogue over each block.

import NNIR

extension StripKernel {
  mutating func emitContraction(_ shape: ContractionShape) {
    let split = shape.unitSplit
    units = max(1, split.units)
    grain = split.grain
    var nest = ContractionNest(shape, space: kernel.space, split: split)
    let type = shape.contraction.element.cName
    let function = frame.function(shape.function, shape.parameterTypes)
    if let view = shape.viewDeclaration { declarations.append(view) }
    otherScratch = shape.scratchByteCount
    if let target = shape.target {
      nest.open(&writer)
      nest.emitCall(
        function, pointers, nest.all, target: nest.first(pointers, target, nest.all),
        stride: "\(shape.rowAxis.map { target.map.strides[$0] } ?? shape.columns)",
        packing: "scratch", into: &writer)
      nest.close(&writer)
      return
    }
    let epilogue = prepareEpilogue(shape, nest.tile)
    let slots = frame.scratchByteCount
    declarations.append("\(type) *\(nest.sums) = (\(type) *)((char *)scratch + \(slots));")
    declarations.append("void *packing = (char *)scratch + \(slots + shape.tileByteCount);")
    flush(level: 0)
    nest.open(&writer)
    // What an image loads of its own comes where images are taken one by one.
    if shape.images == nil { flush(level: 1) }
    nest.openBlocks(&writer)
    nest.emitCall(
      function, pointers, nest.tile, target: nest.sums, stride: "\(shape.blocks.columns)",
      packing: "packing", into: &writer)
    nest.openImages(&writer)
    if shape.images != nil { flush(level: 1) }
    writeEpilogue(epilogue, shape, nest.tile)
    nest.closeImages(&writer)
    nest.closeBlocks(&writer)
    nest.close(&writer)
  }

  /// Fills the levels: 0 the function's top, 1 a place of the batch, then the loops over the tile.
  private mutating func prepareEpilogue(_ shape: ContractionShape, _ range: ContractionTile) -> Nest
  {
    let column = shape.columnAxis ?? shape.rowAxis
    let row = shape.columnAxis == nil ? nil : shape.rowAxis
    let isWhole = shape.columnAxis == nil || range.columns.offset == nil
    let nest = nest(
      rowAxis: row, columnAxis: column, outer: [], columnExtent: isWhole ? shape.columns : nil,
      axisCount: kernel.space.count, base: 1)
    let stride = shape.columnAxis == nil ? 1 : shape.blocks.columns
    var place: [String] = []
    if let row {
      let index = range.rows.place(of: "i\(row)")
      place.append(stride == 1 ? index.text : "\(index.asOperand) * \(stride)")
    }
    if let column, nest.shape.rowAxis == nil {
      let part = shape.columnAxis == nil ? range.rows : range.columns
      place.append(part.place(of: "i\(column)").text)
    }
    let tile = place.isEmpty ? "tile" : "tile + (\(place.joined(separator: " + ")))"
    var block = StripBlock(
      kernel.epilogue,
      levels: BlockLevels(
        kernel.epilogue, axisLevels: nest.axisLevels, accumulators: nest.deepest,
        deepest: nest.deepest),
      pointers: pointers, shape: nest.shape, indices: kernel.space.indices.map { "i\($0)" },
      accumulators: [.tile(pointer: tile, stride: stride)])
    block.emitNodes(&frame)
    block.emitStores(&frame)
    return nest
  }

  private mutating func writeEpilogue(
    _ nest: Nest, _ shape: ContractionShape, _ tile: ContractionTile
  ) {
    func loop(_ axis: Int) -> LoopAxis {
      let range = axis == shape.rowAxis ? tile.rows : tile.columns
      return LoopAxis("i\(axis)", range.first, range.stop)
    }
    for (number, axis) in nest.outer.enumerated() {
      let loop = loop(axis)
      writer.openLoop(loop.index, from: loop.lower, to: loop.upper)
      flush(level: 2 + number)
    }
    if let axis = nest.stripAxis { openStrips(loop(axis), nest.shape) }
    flush(level: nest.deepest)
    if nest.stripAxis != nil { writer.close() }
    for _ in nest.outer { writer.close() }
  }
}
