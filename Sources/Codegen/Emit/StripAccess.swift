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
    emitSegments(index, access, value, fill, hasRows: dims.contains(.rows), &frame)
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
      let row = stride(map, shape.rowAxis)
      let column = stride(map, shape.columnAxis)
      if shape.rowAxis == nil {
        append(frame.store(element, to, column, value.pointer, shape.columns), &frame)
      } else if row == column * (shape.columnCount ?? 0) {
        append(frame.store(element, to, column, value.pointer, shape.count), &frame)
      } else {
        let from = Self.offset(value.pointer, element, "q * \(shape.columns)")
        let line = frame.store(element, "\(to) + q * \(row)", column, from, shape.columns)
        append("for (ptrdiff_t q = 0; q < \(shape.rows); q++) \(line)", &frame)
      }
    }
  }

  func append(_ line: String, _ frame: inout StripFrame) {
    frame.lines[levels.deepest].append(line)
  }
}
