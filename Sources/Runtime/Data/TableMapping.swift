// Columns and their way into the inputs of a graph: one row of the data is one index of axis 0.

import NNIR

extension Table {
  /// The inputs that `mappings` name; see `DataTable.mapped`.
  public func mapped(
    to inputs: [Argument], by mappings: [(name: String, expression: ColumnExpression)],
    scales: [(name: String, factor: Double)] = []
  ) throws(ColumnError) -> [Tensor] {
    try DataTable(self).mapped(to: inputs, by: mappings, scales: scales)
  }
}

extension DataTable {
  /// The inputs that `mappings` name, each with `rowCount` as its axis 0 and the rest of the input's own shape.
  ///
  /// - Parameters:
  ///   - inputs: the graph's inputs; each needs a mapping.
  ///   - scales: a factor an input, applied in f64 before rounding to the input's type.
  public func mapped(
    to inputs: [Argument], by mappings: [(name: String, expression: ColumnExpression)],
    scales: [(name: String, factor: Double)] = []
  ) throws(ColumnError) -> [Tensor] {
    for name in mappings.map(\.name) + scales.map(\.name)
    where !inputs.contains(where: { $0.name == name }) {
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
    let rows = tensors.first?.shape[0] ?? 0
    for (input, tensor) in zip(inputs, tensors) where tensor.shape[0] != rows {
      throw .differentRows(input: input.name, found: tensor.shape[0], expected: rows)
    }
    return tensors
  }

  private func tensor(
    for input: Argument, from expression: ColumnExpression, factor: Double
  ) throws(ColumnError) -> Tensor {
    guard input.type.shape.rank > 0 else { throw .scalarInput(input.name) }
    let width = input.type.shape.sizes.dropFirst().reduce(1, *)
    switch expression {
    case .columns(let ranges):
      var chosen: [DataColumn] = []
      for range in ranges { chosen += columns[try range.indices(among: names)] }
      if expression.classColumn(of: input.type) != nil { chosen = chosen.map(\.classified) }
      for column in chosen { try check(column) }
      let found = chosen.reduce(0) { $0 + $1.width }
      guard found == width else {
        throw .wrongWidth(input: input.name, type: input.type, expected: width, found: found)
      }
      if !input.type.element.isFloat { try requireIntegers(in: chosen, of: input) }
      return joined(chosen, as: input, factor)
    case .oneHot(let name):
      let column = columns[try columnIndex(of: name, among: names)].classified
      try check(column)
      return try oneHot(column, as: input, factor)
    }
  }

  /// Columns beside one another.
  private func joined(_ chosen: [DataColumn], as input: Argument, _ factor: Double) -> Tensor {
    let rows = chosen.first?.tensor.shape[0] ?? rowCount
    let rest = Array(input.type.shape.sizes.dropFirst())
    let type = TensorType(input.type.element, Shape([rows] + rest))
    if chosen.count == 1, factor == 1 {
      return chosen[0].tensor.converted(to: type.element).reshaped(to: type.shape)
    }
    let width = rest.reduce(1, *)
    return Tensor(type: type) { bytes in
      var start = 0
      for column in chosen {
        let values = column.tensor.doubles
        write(into: bytes, type.element, count: values.count) { index in
          let (row, place) = index.quotientAndRemainder(dividingBy: column.width)
          return (row * width + start + place, values[index] * factor)
        }
        start += column.width
      }
    }
  }

  /// As many numbers for each of the column's as the input's last axis has: 0, and `factor` at the class.
  private func oneHot(
    _ column: DataColumn, as input: Argument, _ factor: Double
  ) throws(ColumnError) -> Tensor {
    let sizes = input.type.shape.sizes.dropFirst()
    let classes = column.width == 1 ? sizes.reduce(1, *) : sizes.last ?? 1
    guard column.width * classes == sizes.reduce(1, *) else {
      throw .wrongWidth(
        input: input.name, type: input.type, expected: sizes.reduce(1, *),
        found: column.width * classes)
    }
    if let words = column.classes?.names.words.count, words > classes {
      throw .tooManyWords(column: column.name, words: words, input: input.name, classes: classes)
    }
    let values = column.tensor.doubles
    for (index, value) in values.enumerated()
    where !(value >= 0 && value < Double(classes) && value == value.rounded()) {
      throw .notAClass(column.place(ofElement: index), value: value, classes: classes)
    }
    let shape = Shape([column.tensor.shape[0]] + sizes)
    var tensor = Tensor(zeros: TensorType(input.type.element, shape))
    tensor.withUnsafeMutableBytes { bytes in
      write(into: bytes, input.type.element, count: values.count) { index in
        (index * classes + Int(values[index]), factor)
      }
    }
    return tensor
  }

  /// Stores values where they belong, rounded to the type.
  private func write(
    into bytes: UnsafeMutableRawBufferPointer, _ element: ElementType, count: Int,
    _ value: (Int) -> (place: Int, value: Double)
  ) {
    func store<Element>(_ convert: (Double) -> Element) {
      let elements = bytes.bindMemory(to: Element.self)
      for index in 0..<count {
        let (place, value) = value(index)
        elements[place] = convert(value)
      }
    }
    switch element {
    case .f32: store { Float($0) }
    case .f64: store { $0 }
    case .i32: store { Int32(truncatingIfNeeded: Scalar($0, as: .i32).int64) }
    case .i64: store { Scalar($0, as: .i64).int64 }
    case .bool: store { $0 != 0 ? UInt8(1) : 0 }
    }
  }

  private func check(_ column: DataColumn) throws(ColumnError) {
    if let problem = column.problem { throw .unusable(problem) }
    if column.tensor.shape.rank == 0 { throw .noRows(column: column.name) }
  }

  /// Integers that the input's type has.
  private func requireIntegers(
    in chosen: [DataColumn], of input: Argument
  ) throws(ColumnError) {
    let element = input.type.element
    for column in chosen where column.tensor.element != element {
      for (index, value) in column.tensor.doubles.enumerated() {
        if value != value.rounded() {
          throw .notAnInteger(
            input: input.name, column.place(ofElement: index), value: value)
        }
        // 2^53 and beyond: not every integer is a double there.
        let isInside =
          switch element {
          case .i32: Int32(exactly: value) != nil
          case .i64: value.magnitude <= 0x1p53 || column.tensor.element == .i64
          case .bool: value == 0 || value == 1
          case .f32, .f64: true
          }
        if !isInside {
          throw .outOfRange(
            input: input.name, type: element, column.place(ofElement: index), value: value)
        }
      }
    }
  }
}
