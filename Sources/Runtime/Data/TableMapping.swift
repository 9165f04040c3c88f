// A table of numbers with named columns, and its way into the inputs of a graph: one row of the table is one index of axis 0.

import NNIR

extension Table {
  /// The inputs that `mappings` name, each with `rowCount` as its axis 0 and the rest of the input's own shape.
  ///
  /// - Parameters:
  ///   - inputs: the graph's inputs; each needs a mapping.
  ///   - scales: a factor an input, applied in f64 before rounding to the input's type.
  public func mapped(
    to inputs: [Argument], by mappings: [(name: String, expression: ColumnExpression)],
    scales: [(name: String, factor: Double)] = []
  ) throws(ColumnError) -> [Tensor] {
    for (name, _) in mappings where !inputs.contains(where: { $0.name == name }) {
      throw .unknownInput(name, suggestion: nearest(to: name, among: inputs.map(\.name)))
    }
    for (name, _) in scales where !inputs.contains(where: { $0.name == name }) {
      throw .unknownInput(name, suggestion: nearest(to: name, among: inputs.map(\.name)))
    }
    var tensors: [Tensor] = []
    for input in inputs {
      guard let mapping = mappings.last(where: { $0.name == input.name }) else {
        throw .missingInput(input.name, input.type)
      }
      let factor = scales.last { $0.name == input.name }?.factor ?? 1
      tensors.append(try tensor(for: input, from: mapping.expression, factor: factor))
    }
    return tensors
  }

  private func tensor(
    for input: Argument, from expression: ColumnExpression, factor: Double
  ) throws(ColumnError) -> Tensor {
    guard input.type.shape.rank > 0 else { throw .scalarInput(input.name) }
    let rest = Array(input.type.shape.sizes.dropFirst())
    let width = rest.reduce(1, *)
    let shape = Shape([rowCount] + rest)
    switch expression {
    case .columns(let ranges):
      var chosen: [Int] = []
      for range in ranges { chosen += try indices(of: range) }
      guard chosen.count == width else {
        throw .wrongWidth(
          input: input.name, type: input.type, expected: width, found: chosen.count)
      }
      if !input.type.element.isFloat { try requireIntegers(in: chosen, input: input.name) }
      let values = chosen.map { self.values(ofColumn: $0) }
      return fill(TensorType(input.type.element, shape)) { row, place in
        values[place][row] * factor
      }
    case .oneHot(let name):
      let classes = self.values(ofColumn: try index(of: name))
      for (row, value) in classes.enumerated()
      where !(value >= 0 && value < Double(width) && value == value.rounded()) {
        throw .notAClass(column: name, row: row + 1, value: value, classes: width)
      }
      return fill(TensorType(input.type.element, shape)) { row, place in
        classes[row] == Double(place) ? factor : 0
      }
    }
  }

  private func fill(_ type: TensorType, _ value: (Int, Int) -> Double) -> Tensor {
    let width = type.shape.sizes.dropFirst().reduce(1, *)
    func write<Element>(_ bytes: UnsafeMutableRawBufferPointer, _ make: (Double) -> Element) {
      let elements = bytes.bindMemory(to: Element.self)
      for row in 0..<rowCount {
        for place in 0..<width { elements[row * width + place] = make(value(row, place)) }
      }
    }
    return Tensor(type: type) { bytes in
      switch type.element {
      case .f32: write(bytes) { Float($0) }
      case .f64: write(bytes) { $0 }
      case .i32: write(bytes) { Int32(truncatingIfNeeded: Scalar($0, as: .i32).int64) }
      case .i64: write(bytes) { Scalar($0, as: .i64).int64 }
      case .bool: write(bytes) { $0 != 0 ? UInt8(1) : 0 }
      }
    }
  }

  private func requireIntegers(in chosen: [Int], input: String) throws(ColumnError) {
    for column in chosen {
      for (row, value) in values(ofColumn: column).enumerated() where value != value.rounded() {
        throw .notAnInteger(input: input, column: names[column], row: row + 1, value: value)
      }
    }
  }

  private func indices(of range: ColumnRange) throws(ColumnError) -> [Int] {
    let first = try index(of: range.first)
    let last = try index(of: range.last)
    if last < first { throw .backwards(first: range.first, last: range.last) }
    return Array(first...last)
  }

  private func index(of name: String) throws(ColumnError) -> Int {
    guard let index = columnIndex(named: name) else {
      throw .unknownColumn(name, suggestion: nearest(to: name, among: names))
    }
    return index
  }
}
