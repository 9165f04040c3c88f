// Reductions in the strips spelling, in the order of Docs/numerics.md.

import NNIR

extension StripKernel {
  func element(_ reduction: KernelReduction) -> ElementType {
    kernel.body.nodes[reduction.node].element
  }

  var last: Int { kernel.space.count - 1 }
  func bodyBlock(_ axisLevels: [Int], deepest: Int, _ shape: StripShape) -> StripBlock {
    StripBlock(
      kernel.body,
      levels: BlockLevels(
        kernel.body, axisLevels: axisLevels, accumulators: 0, deepest: deepest,
        roots: kernel.reductions.map(\.node)),
      pointers: pointers, shape: shape,
      indices: kernel.space.indices.map { "i\($0)" } + kernel.reduced.indices.map { "r\($0)" })
  }

  /// The epilogue on a strip along the last axis of the space, `count` long, all in one level.
  mutating func emitEpilogue(
    level: Int, count: String, _ results: [String], index: String? = nil
  ) {
    var shape = StripShape()
    shape.columnAxis = last
    (shape.columns, shape.count) = (count, count)
    shape.mostElements = length
    var indices: [String?] = kernel.space.indices.map { "i\($0)" }
    if let index { indices[last] = index }
    emitEpilogue(level: level, shape, results, indices: indices)
  }

  /// The epilogue on a strip, all in one level.
  private mutating func emitEpilogue(
    level: Int, _ shape: StripShape, _ results: [String], indices: [String?]
  ) {
    var block = StripBlock(
      kernel.epilogue,
      levels: BlockLevels(
        kernel.epilogue, axisLevels: kernel.space.map { _ in level }, accumulators: level,
        deepest: level),
      pointers: pointers, shape: shape, indices: indices,
      accumulators: results.map { .columns(pointer: $0) })
    block.emitNodes(&frame)
    block.emitStores(&frame)
  }

  mutating func accumulator(_ element: ElementType, elements: Int) -> String {
    frame.noteSlot(element, elements: elements)
    return "s\(frame.slots.takeFresh())"
  }

  // MARK: One lane: a strip of neighbours at once

  mutating func emitBlockReduction() {
    let nest = nest(
      rowAxis: last > 0 ? last - 1 : nil, columnAxis: last, outer: Array(0..<max(0, last - 1)),
      columnExtent: kernel.space[last], axisCount: kernel.space.count, base: 0)
    let (shape, blockLevel) = (nest.shape, nest.deepest)
    if emitWindows(nest) { return }
    let deepest = blockLevel + kernel.reduced.count
    let axisLevels = nest.axisLevels + kernel.reduced.indices.map { blockLevel + 1 + $0 }
    var results: [String] = []
    for reduction in kernel.reductions {
      let element = element(reduction)
      let result = accumulator(element, elements: length)
      let identity = frame.local(element, reduction.kind.identity(element))
      frame.lines[blockLevel].append(frame.fill(element, result, "&" + identity, "n"))
      results.append(result)
    }
    var body = bodyBlock(axisLevels, deepest: deepest, shape)
    body.emitNodes(&frame)
    for (reduction, result) in zip(kernel.reductions, results) {
      guard case .reduce(let kind) = reduction.kind, var value = body.values[reduction.node] else {
        continue
      }
      if !value.dims.isEmpty { value = body.expanded(reduction.node, to: shape.full, &frame) }
      let element = element(reduction)
      body.append(
        frame.apply(
          kind.combining(element), operand: element, result: element, result,
          [result, value.pointer], uniform: value.dims.isEmpty ? .second : [], "n"), &frame)
    }
    body.emitStores(&frame)
    emitBlocks(nest, results, reduced: kernel.reduced)
  }

  /// The loops of a reduction in blocks, the reduced axes that are not done within a call among them, and its epilogue.
  private mutating func emitBlocks(_ nest: Nest, _ results: [String], reduced: [Int]) {
    let (shape, blockLevel) = (nest.shape, nest.deepest)
    let epilogueLevel = blockLevel + reduced.count + 1
    emitEpilogue(
      level: epilogueLevel, shape, results, indices: kernel.space.indices.map { "i\($0)" })

    let split = openUnits(excluding: shape.rowAxis == nil ? 0 : 1)
    openOuter(split)
    if let axis = nest.stripAxis { openStrips(split.axes[axis - split.outerCount], shape) }
    flush(level: blockLevel)
    for (number, extent) in reduced.enumerated() {
      writer.openLoop("r\(number)", to: "\(extent)")
      flush(level: blockLevel + 1 + number)
    }
    for _ in reduced { writer.close() }
    flush(level: epilogueLevel)
    writer.close()
    closeOuter(split)
  }

  /// Small windows of what is stored, in one call a strip; whether the kernel is of that kind.
  private mutating func emitWindows(_ nest: Nest) -> Bool {
    // More are long columns, of which strips go through memory in its order.
    let mostElements = 64
    let window = [1, 1] + kernel.reduced
    guard kernel.reductions.count == 1, kernel.body.nodes.count == 1, kernel.body.stores.isEmpty,
      kernel.reduced.count <= 2, kernel.reduced.product <= mostElements,
      case .reduce(let kind) = kernel.reductions[0].kind,
      case .load(let access) = kernel.body.nodes[0].operation, access.guards.isEmpty,
      kernel.body.nodes[0].element != .bool,
      let step = nest.shape.columnStride(access.map), (1...2).contains(step)
    else { return false }
    let element = kernel.body.nodes[0].element
    let strides = [0, 0] + access.map.strides.suffix(kernel.reduced.count)
    // Where the first element of the strip's first window is.
    var first = access.map
    for axis in kernel.reduced.indices { first.strides[kernel.space.count + axis] = 0 }
    let body = bodyBlock(
      nest.axisLevels + kernel.reduced.map { _ in nest.deepest }, deepest: nest.deepest, nest.shape)
    let result = accumulator(element, elements: length)
    frame.lines[nest.deepest].append(
      frame.windows(
        kind, element, result, body.pointer(Access(buffer: access.buffer, map: first)),
        [
          "\(nest.shape.rowStride(access.map))", "\(step)", nest.shape.rows, nest.shape.columns,
        ] + zip(window, strides).suffix(2).flatMap { ["\($0)", "\($1)"] }))
    emitBlocks(nest, [result], reduced: [])
    return true
  }

  mutating func openOuter(_ split: UnitLoop) {
    for (number, axis) in split.axes.dropLast().enumerated() {
      writer.openLoop(axis.index, from: axis.lower, to: axis.upper)
      flush(level: split.outerCount + number + 1)
    }
  }

  mutating func closeOuter(_ split: UnitLoop) {
    for _ in split.axes.dropLast() { writer.close() }
    split.close(&writer)
  }

  // MARK: Lanes over short or stored rows: several rows a call

  /// How a reduction over one axis goes row by row in `nns_OP_rows`; nil where it cannot.
  struct RowReduction {
    /// Reduced nodes that are rows in memory already.
    var stored: Set<Int>
    var rows: Int
  }

  var rowReduction: RowReduction? {
    guard kernel.reduced.count == 1 else { return nil }
    let extent = kernel.reduced[0]
    let axis = kernel.space.count
    var stored: Set<Int> = []
    for reduction in kernel.reductions {
      guard case .reduce = reduction.kind, reduction.lanes == (extent >= 512 ? 64 : 16) else {
        return nil
      }
      if case .load(let access) = kernel.body.nodes[reduction.node].operation,
        access.guards.isEmpty, access.map.strides[axis] == 1,
        !kernel.body.nodes.contains(where: { $0.uses(reduction.node) }),
        !kernel.body.stores.contains(where: { $0.node == reduction.node })
      {
        stored.insert(reduction.node)
      }
    }
    let isAllStored = stored.count == kernel.body.nodes.count
    if extent > length && !isAllStored { return nil }
    return RowReduction(stored: stored, rows: isAllStored ? length : max(1, length / extent))
  }

  mutating func emitRowReduction(_ reduction: RowReduction) {
    let extent = kernel.reduced[0]
    let level = last + 1
    var shape = StripShape()
    shape.rowAxis = last
    shape.columnAxis = last + 1
    shape.columnCount = extent
    shape.mostRows = reduction.rows
    shape.mostElements = extent <= length ? reduction.rows * extent : length
    (shape.rows, shape.columns, shape.count) = ("rows", "\(extent)", "n")
    var body = bodyBlock((0..<kernel.space.count).map { $0 + 1 } + [0], deepest: level, shape)
    body.skipped = reduction.stored
    var results: [String] = []
    for item in kernel.reductions {
      results.append(accumulator(element(item), elements: reduction.rows))
    }
    body.emitNodes(&frame)
    for (item, result) in zip(kernel.reductions, results) {
      guard case .reduce(let kind) = item.kind else { continue }
      let type = element(item).cName
      let function = frame.function(
        "\(kind.rawValue)_rows_\(element(item).name)",
        "\(type) *, ptrdiff_t, const \(type) *, ptrdiff_t, ptrdiff_t, ptrdiff_t")
      let (from, stride) = rowsOf(item.node, reduction, &body, extent)
      body.append("\(function)(\(result), 1, \(from), \(stride), rows, \(extent));", &frame)
    }
    body.emitStores(&frame)
    emitEpilogue(level: level, count: "rows", results)

    let split = openUnits(excluding: 0)
    openOuter(split)
    shape.columnCount = frame.lines[level].contains { $0.hasSuffix(", n);") } ? extent : nil
    openStrips(split.axes[last - split.outerCount], shape)
    flush(level: level)
    writer.close()
    closeOuter(split)
  }

  /// A pointer to the first of the rows to be reduced, and their distance.
  private mutating func rowsOf(
    _ node: Int, _ reduction: RowReduction, _ body: inout StripBlock, _ extent: Int
  ) -> (String, Int) {
    if reduction.stored.contains(node), case .load(let access) = body.block.nodes[node].operation {
      return (body.pointer(access), access.map.strides[last])
    }
    if let value = body.values[node], value.dims == .columns {
      // The same row for all.
      return (value.pointer, 0)
    }
    return (body.expanded(node, to: body.shape.full, &frame).pointer, extent)
  }
}

extension Node {
  func uses(_ node: Int) -> Bool {
    if case .apply(_, let operands) = operation { return operands.contains(node) }
    return false
  }
}
