// Inputs from rows that stay in files: each batch is mapped when it is read.

import NNIR

/// What a streamed table becomes for the inputs of a graph.
public struct StreamedInputs: Sendable {
  private let table: StreamedTable
  private let inputs: [Argument]
  private let mappings: [(name: String, expression: ColumnExpression)]
  private let scales: [(name: String, factor: Double)]
  /// Rows at a time, where all are looked at: some thousands, but of wide ones no more than take some megabytes.
  private let piece: Int

  public init(
    _ table: StreamedTable, for inputs: [Argument],
    by mappings: [(name: String, expression: ColumnExpression)],
    scales: [(name: String, factor: Double)]
  ) throws(ColumnError) {
    // Only what inputs take is read.
    self.table = try table.selected(
      by: inputs.compactMap { input in
        mappings.last { $0.name == input.name }?.expression
      })
    self.inputs = inputs
    self.mappings = mappings
    self.scales = scales
    let rowSize = inputs.reduce(0) {
      $0 + $1.type.byteCount / max(1, $1.type.shape.sizes.first ?? 1)
    }
    piece = min(4096, max(1, (16 << 20) / max(1, rowSize)))
  }

  public var rowCount: Int { table.rowCount }

  /// All inputs of some rows.
  public func rows(_ numbers: ArraySlice<Int>) throws -> [Tensor] {
    let gathered = try table.rows(numbers)
    do throws(ColumnError) {
      return try gathered.mapped(to: inputs, by: mappings, scales: scales)
    } catch {
      throw error.movedRow { numbers[numbers.startIndex + $0 - 1] + 1 }
    }
  }

  /// Looks at every row in the order given, so that what is wrong with the data is said before it is trained on.
  public func forEachPiece(
    _ order: [Int], _ body: (ArraySlice<Int>, [Tensor]) throws -> Void
  ) throws {
    for start in stride(from: 0, to: order.count, by: piece) {
      let numbers = order[start..<min(start + piece, order.count)]
      try body(numbers, try rows(numbers))
    }
  }

  /// The columns that an input's elements come from; nil where it takes classes.
  public func columns(of input: Argument) -> InputColumns? {
    mappings.last { $0.name == input.name }
      .flatMap { InputColumns($0.expression, among: table.columns.map(\.outline)) }
  }

  /// Rows in this order, the inputs that have a normalisation normalised.
  public func dataset(_ order: [Int], _ normalizations: [Normalization?]) throws -> Dataset {
    Dataset(
      try inputs.enumerated().map { number, input in
        let type = input.type.with(
          shape: Shape([order.count] + input.type.shape.sizes.dropFirst()))
        let own = try StreamedInputs(
          table, for: [input], by: mappings.filter { $0.name == input.name },
          scales: scales.filter { $0.name == input.name })
        let columns = columns(of: input)
        return RowSource(type) { number, element in
          columns?.place(row: order[number], element: element)
        } gather: { numbers in
          let rows = try own.rows(numbers.map { order[$0] }[...])[0]
          return normalizations[number]?.applied(to: rows) ?? rows
        }
      })
  }
}
