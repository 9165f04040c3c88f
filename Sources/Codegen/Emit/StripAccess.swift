// Guarded loads and stores of strips.

import NNIR

extension StripBlock {
  /// Fill, data, fill: the part of each row in which the guards hold is copied, the rest is padding.
  mutating func emitGuardedLoad(_ index: Int, _ access: Access, _ frame: inout StripFrame) {
    let element = element(index)
    var dims = dims(access.map)
    for bound in access.guards { dims.formUnion(self.dims(bound.map)) }
    let padding = access.padding ?? Scalar(0, as: element)
    let value = place(index, dims, &frame)
    values[index] = value
    guard dims.contains(.columns) else {
      emitPointwise(index, value, &frame) { row, column in
        let tests = access.guards.map { bound in
          let at = Self.shifted(bound.map, self, row, column)
          return "\(at) >= 0 && \(at) < \(bound.extent)"
        }
        let from = "\(pointers[access.buffer].name)[\(Self.shifted(access.map, self, row, column))]"
        return "\(tests.joined(separator: " && ")) ? \(from) : \(padding.cLiteral)"
      }
      return
    }
    let fill = "&" + frame.local(element, padding)
    if dims == shape.full, emitPadding(index, access, value, fill, &frame) { return }
    emitSegments(index, access, value, fill, hasRows: dims.contains(.rows), &frame)
  }

  /// One call for all rows of the strip, where each guard looks at the row or at the column alone; whether that is so.
  private mutating func emitPadding(
    _ index: Int, _ access: Access, _ value: StripValue, _ fill: String, _ frame: inout StripFrame
  ) -> Bool {
    guard let rowAxis = shape.rowAxis, let columnAxis = shape.columnAxis, let row = indices[rowAxis]
    else { return false }
    let ofColumns = access.guards.filter { $0.map.strides[columnAxis] != 0 }
    let others = access.guards.filter { $0.map.strides[columnAxis] == 0 }
    if ofColumns.contains(where: { $0.map.strides[rowAxis] != 0 }) { return false }
    var writer = CWriter()
    writer.open("")
    GuardRange(guards: others, low: "top", high: "bottom").emit(
      into: &writer, axis: rowAxis, indices: indices, from: row, to: "\(row) + \(shape.rows)")
    GuardRange(guards: ofColumns, low: "from", high: "to").emit(
      into: &writer, axis: columnAxis, indices: indices, from: "0", to: shape.columns)
    let place = access.map.cExpression(indices).text
    writer.line(
      frame.padRows(
        element(index), value.pointer, pointers[access.buffer].name,
        [
          place, "\(access.map.strides[rowAxis])", "\(access.map.strides[columnAxis])",
          "top - \(row)",
          "bottom - \(row)", "from", "to", shape.rows, shape.columns, fill,
        ]))
    writer.close()
    for line in writer.text.split(separator: "\n") { add(String(line), index, &frame) }
    return true
  }

  private mutating func emitSegments(
    _ index: Int, _ access: Access, _ value: StripValue, _ fill: String, hasRows: Bool,
    _ frame: inout StripFrame
  ) {
    guard let columnAxis = shape.columnAxis else { return }
    let element = element(index)
    var writer = CWriter()
    let isLooped = hasRows && shape.rowAxis != nil
    if isLooped { writer.openLoop("q", to: shape.rows) } else { writer.open("") }
    var place = indices
    if isLooped, let row = shape.rowAxis { place[row] = "(\(indices[row] ?? "0") + q)" }
    let first = indices[columnAxis] ?? "0"
    let range = GuardRange(guards: access.guards, low: "from", high: "to")
    range.emit(
      into: &writer, axis: columnAxis, indices: place, from: first,
      to: "\(first) + \(shape.columns)")
    let start = isLooped ? "q * \(shape.columns)" : "0"
    let rowStart = Self.offset(value.pointer, element, start)
    writer.line(frame.fill(element, rowStart, fill, "from - \(first)"))
    place[columnAxis] = "from"
    let offset = access.map.cExpression(place)
    let from = "\(pointers[access.buffer].name) + \(offset.asOperand)"
    let to = Self.offset(
      value.pointer, element, "\(start == "0" ? "" : start + " + ")from - \(first)")
    writer.line(frame.load(element, to, from, access.map.strides[columnAxis], "to - from"))
    let rest = Self.offset(
      value.pointer, element, "\(start == "0" ? "" : start + " + ")to - \(first)")
    writer.line(frame.fill(element, rest, fill, "\(first) + \(shape.columns) - to"))
    writer.close()
    for line in writer.text.split(separator: "\n") { add(String(line), index, &frame) }
  }

  /// Copies to their places what has not been computed there.
  mutating func emitStores(_ frame: inout StripFrame) {
    for store in block.stores {
      guard var value = values[store.node] else { continue }
      let to = pointer(store.access)
      if value.pointer == to { continue }
      let element = element(store.node)
      let map = store.access.map
      if isFlat(map) {
        if value.dims.isEmpty {
          append(frame.fill(element, to, value.pointer, shape.count), &frame)
          continue
        }
        value = expanded(store.node, to: shape.full, &frame)
        append(frame.copy(element, to, value.pointer, shape.count), &frame)
        continue
      }
      value = expanded(store.node, to: shape.full, &frame)
      let row = shape.rowStride(map)
      let column = shape.columnStride(map) ?? 0
      if shape.rowAxis == nil {
        append(frame.store(element, to, column, value.pointer, shape.columns), &frame)
      } else if row == column * (shape.columnCount ?? 0) {
        append(frame.store(element, to, column, value.pointer, shape.count), &frame)
      } else {
        append(
          frame.storeRows(element, to, row, column, value.pointer, shape.rows, shape.columns),
          &frame)
      }
    }
  }

  func append(_ line: String, _ frame: inout StripFrame) {
    frame.lines[levels.deepest].append(line)
  }
}
