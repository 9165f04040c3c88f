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
      forEachRow(index, &frame) { frame, row in
        frame.copy(
          element, Self.offset(value.pointer, element, "\(row) * \(shape.columns)"),
          "\(pointer) + \(row) * \(stride)", shape.columns)
      }
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
    let row = stride(map, shape.rowAxis)
    let column = stride(map, shape.columnAxis)
    if element == .bool {
      emitPointwise(index, value, &frame) { row, column in
        "(\(Self.shifted(map, self, row, column))) != 0"
      }
    } else if dims == .rows {
      add(frame.iota(element, value.pointer, first, row, shape.rows), index, &frame)
    } else if dims == .columns || row == column * (shape.columnCount ?? 0) {
      add(frame.iota(element, value.pointer, first, column, shape.count(dims)), index, &frame)
    } else {
      forEachRow(index, &frame) { frame, number in
        frame.iota(
          element, Self.offset(value.pointer, element, "\(number) * \(shape.columns)"),
          "\(first) + \(number) * \(row)", column, shape.columns)
      }
    }
  }

  mutating func emitLoad(_ index: Int, _ access: Access, _ frame: inout StripFrame) {
    if !access.guards.isEmpty { return emitGuardedLoad(index, access, &frame) }
    let element = element(index)
    let dims = dims(access.map)
    let isStored = block.stores.contains { $0.node == index }
    let isWritten = written.contains(pointers.index(of: access.buffer))
    let isDirect =
      dims.isEmpty || (dims == shape.full && isFlat(access.map))
      || (dims == .columns && stride(access.map, shape.columnAxis) == 1)
      || (dims == .rows && stride(access.map, shape.rowAxis) == 1)
    if isDirect && !(isStored && isWritten) && !(dims.isEmpty && isWritten) {
      values[index] = StripValue(pointer: pointer(access), dims: dims, slot: nil)
      return
    }
    let value = place(index, dims, &frame)
    values[index] = value
    let from = pointer(access)
    let row = stride(access.map, shape.rowAxis)
    let column = stride(access.map, shape.columnAxis)
    if dims.isEmpty {
      add("\(value.pointer.dropFirst()) = *(\(from));", index, &frame)
    } else if dims == .rows {
      add(frame.load(element, value.pointer, from, row, shape.rows), index, &frame)
    } else if dims == .columns || shape.rowAxis == nil {
      add(frame.load(element, value.pointer, from, column, shape.columns), index, &frame)
    } else if row == column * (shape.columnCount ?? 0) {
      add(frame.load(element, value.pointer, from, column, shape.count), index, &frame)
    } else {
      forEachRow(index, &frame) { frame, number in
        frame.load(
          element, Self.offset(value.pointer, element, "\(number) * \(shape.columns)"),
          "\(from) + \(number) * \(row)", column, shape.columns)
      }
    }
  }
}
