// Where in its files a value stands, so that what is wrong with data can be looked up there.

import NNIR

/// An element of a row.
public struct DataPlace: Hashable, Sendable, CustomStringConvertible {
  /// Nil where the table is of no file.
  public var file: String?
  /// From 1.
  public var row: Int
  public var column: String
  /// Within the row, where the column has several elements there.
  public var indices: [Int] = []

  /// `images.npy: row 7, column 'images' at [1, 0]`
  public var description: String {
    let file = file.map { display($0) + ": " } ?? ""
    let position = indices.isEmpty ? "" : " at \(indices)"
    return "\(file)row \(row), column '\(printable(column))'\(position)"
  }
}

/// The columns whose elements are an input's, one after the other.
public struct InputColumns: Sendable {
  /// A column's name and file, and the shape of its rows.
  struct Outline: Sendable {
    var name: String
    var file: String?
    var shape: Shape
  }

  private let columns: [Outline]

  /// Nil for classes, which are no elements of a column.
  init?(_ expression: ColumnExpression, among all: [Outline]) {
    guard case .columns(let ranges) = expression else { return nil }
    func place(_ name: String) -> Int? { all.firstIndex { $0.name == name } }
    columns = ranges.flatMap { range -> ArraySlice<Outline> in
      guard let first = place(range.first), let last = place(range.last), first <= last else {
        return []
      }
      return all[first...last]
    }
  }

  /// Where an element of the input's row stands.
  ///
  /// - Parameter row: from 0, in the file.
  public func place(row: Int, element: Int) -> DataPlace? {
    var element = element
    for column in columns {
      if element < column.shape.count {
        return DataPlace(
          file: column.file, row: row + 1, column: column.name,
          indices: column.shape.indices(ofElement: element))
      }
      element -= column.shape.count
    }
    return nil
  }

  /// That no element of some rows is NaN or infinite: one would leave no statistics.
  ///
  /// - Parameter numbers: of the rows, from 0, in the file.
  public func checkFinite(
    _ rows: Tensor, _ numbers: some RandomAccessCollection<Int>, input: String
  ) throws(ColumnError) {
    guard let index = rows.firstNonFinite else { return }
    let (row, element) = index.quotientAndRemainder(dividingBy: rows.count / numbers.count)
    let number = numbers[numbers.index(numbers.startIndex, offsetBy: row)]
    guard let place = place(row: number, element: element) else { return }
    throw .notFinite(input: input, place, value: rows[flat: index].double)
  }
}
