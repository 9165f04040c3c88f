// Strips of what a block reads: finished results, indices and buffers.

import NNIR

extension StripBlock {
  mutating func emitAccumulator(
    _ index: Int, _ accumulator: StripAccumulator, _ frame: inout StripFrame
  ) {
    switch accumulator {
    case .columns(let pointer):
      values[index] = StripValue(pointer: pointer, dims: shape.full, slot: nil)
    case .tile(let pointer, let stride):
      if shape.rowAxis == nil || stride == shape.columnCount {
        values[index] = StripValue(pointer: pointer, dims: shape.full, slot: nil)
        return
      }
      let value = place(index, shape.full, &frame)
      let element = element(index)
      add(
        frame.loadRows(element, value.pointer, pointer, stride, 1, shape.rows, shape.columns),
        index,
        &frame)
      values[index] = value
    }
  }

  mutating func emitIndex(_ index: Int, _ map: AffineMap, _ frame: inout StripFrame) {
    let element = element(index)
    let dims = dims(map)
    let value = place(index, dims, &frame)
    values[index] = value
    let first = map.cExpression(indices).text
    if dims.isEmpty {
      let converted = element == .bool ? "(\(first)) != 0" : "(\(element.cName))(\(first))"
      add("\(value.pointer.dropFirst()) = \(converted);", index, &frame)
      return
    }
    let row = shape.rowStride(map)
    let column = shape.columnStride(map) ?? 0
    if element == .bool {
      emitPointwise(index, value, &frame) { row, column in
        "(\(Self.shifted(map, self, row, column))) != 0"
      }
    } else if dims == .rows {
      add(frame.iota(element, value.pointer, first, row, shape.rows), index, &frame)
    } else if dims == .columns || row == column * (shape.columnCount ?? 0) {
      add(frame.iota(element, value.pointer, first, column, shape.count(dims)), index, &frame)
    } else {
      let line = frame.iota(
        element, Self.offset(value.pointer, element, "q * \(shape.columns)"),
        "\(first) + q * \(row)", column, shape.columns)
      add("for (ptrdiff_t q = 0; q < \(shape.rows); q++) \(line)", index, &frame)
    }
  }

  mutating func emitLoad(_ index: Int, _ access: Access, _ frame: inout StripFrame) {
    if !access.guards.isEmpty { return emitGuardedLoad(index, access, &frame) }
    let element = element(index)
    let dims = dims(access.map)
    let isStored = block.stores.contains { $0.node == index }
    let isWritten = self.isWritten[pointers.index(of: access.buffer)]
    let isDirect =
      dims.isEmpty || (dims == shape.full && isFlat(access.map))
      || (dims == .columns && shape.columnStride(access.map) == 1)
      || (dims == .rows && shape.rowStride(access.map) == 1)
    if isDirect && !(isStored && isWritten) && !(dims.isEmpty && isWritten) {
      values[index] = StripValue(pointer: pointer(access), dims: dims, slot: nil)
      return
    }
    let value = place(index, dims, &frame)
    values[index] = value
    let from = pointer(access)
    let row = shape.rowStride(access.map)
    guard let column = shape.columnStride(access.map) else {
      let view = frame.view(shape.columnGroup.map { ($0.extent, access.map.strides[$0.axis]) })
      let rows = dims.contains(.rows) ? shape.rows : "1"
      add(frame.loadView(element, value.pointer, from, view, row, rows), index, &frame)
      return
    }
    if dims.isEmpty {
      add("\(value.pointer.dropFirst()) = *(\(from));", index, &frame)
    } else if dims == .rows {
      add(frame.load(element, value.pointer, from, row, shape.rows), index, &frame)
    } else if dims == .columns || shape.rowAxis == nil {
      add(frame.load(element, value.pointer, from, column, shape.columns), index, &frame)
    } else if row == column * (shape.columnCount ?? 0) {
      add(frame.load(element, value.pointer, from, column, shape.count), index, &frame)
    } else {
      add(
        frame.loadRows(element, value.pointer, from, row, column, shape.rows, shape.columns), index,
        &frame)
    }
  }
}
