// Places within strips, and loops over their elements in plain C for what has no primitive.

import NNIR

extension StripBlock {
  /// Element by element in plain C. `value` gives the expression at row and column.
  func emitPointwise(
    _ index: Int, _ place: StripValue, _ frame: inout StripFrame,
    _ value: (String, String) -> String
  ) {
    let element = element(index)
    let name = "((\(element.cName) *)(\(place.pointer)))"
    let columns = place.dims.contains(.columns)
    let rows = place.dims.contains(.rows)
    let at =
      columns && rows ? "q * \(shape.columns) + p" : columns ? "p" : rows ? "q" : "0"
    var line = "\(name)[\(at)] = \(value(rows ? "q" : "0", columns ? "p" : "0"));"
    if columns { line = "for (ptrdiff_t p = 0; p < \(shape.columns); p++) " + line }
    if rows { line = "for (ptrdiff_t q = 0; q < \(shape.rows); q++) " + line }
    add(line, index, &frame)
  }

  /// A slot, local or array, `elements` further on.
  static func offset(_ pointer: String, _ element: ElementType, _ elements: String) -> String {
    if elements.hasPrefix("0 *") || elements == "0" { return pointer }
    return "(\(element.cName) *)(\(pointer)) + \(elements)"
  }

  /// The map's value at a row and column of the strip.
  static func shifted(_ map: AffineMap, _ block: StripBlock, _ row: String, _ column: String)
    -> String
  {
    var text = map.cExpression(block.indices).text
    let rowStride = block.shape.rowStride(map)
    let columnStride = block.shape.columnStride(map) ?? 0
    if rowStride != 0 && row != "0" { text += " + \(row) * (\(rowStride))" }
    if columnStride != 0 && column != "0" { text += " + \(column) * (\(columnStride))" }
    return text
  }
}
