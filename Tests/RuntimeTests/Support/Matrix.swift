// Matrices of doubles with the operations of a textbook, so that a test can write the equations of backpropagation as they are
// taught, apart from all of nncc's own arithmetic.

import NNIR
import NNRuntime

struct Matrix {
  let rows: Int
  let columns: Int
  private(set) var elements: [Double]

  init(_ rows: Int, _ columns: Int, _ element: (Int, Int) -> Double) {
    self.rows = rows
    self.columns = columns
    elements = []
    elements.reserveCapacity(rows * columns)
    for row in 0..<rows {
      for column in 0..<columns { elements.append(element(row, column)) }
    }
  }

  /// Numbers from -1 to 1.
  static func random(_ rows: Int, _ columns: Int, using generator: inout SeededGenerator) -> Matrix
  {
    Matrix(rows, columns) { _, _ in Double.random(in: -1...1, using: &generator) }
  }

  init(_ tensor: Tensor) {
    let values = tensor.doubles
    let width = tensor.shape[1]
    self.init(tensor.shape[0], width) { values[$0 * width + $1] }
  }

  func tensor(_ element: ElementType) -> Tensor {
    Tensor([rows, columns], elements).converted(to: element)
  }

  /// As a tensor holds it: rounded to the element type.
  func rounded(to element: ElementType) -> Matrix { Matrix(tensor(element)) }

  subscript(row: Int, column: Int) -> Double { elements[row * columns + column] }

  var transposed: Matrix { Matrix(columns, rows) { self[$1, $0] } }
  func column(_ number: Int) -> Matrix { Matrix(rows, 1) { row, _ in self[row, number] } }
  func map(_ change: (Double) -> Double) -> Matrix {
    Matrix(rows, columns) { change(self[$0, $1]) }
  }

  /// The sum over the columns: of the examples.
  var sumOfColumns: Matrix {
    Matrix(rows, 1) { row, _ in (0..<columns).reduce(0) { $0 + self[row, $1] } }
  }

  /// The matrix product.
  static func * (a: Matrix, b: Matrix) -> Matrix {
    precondition(a.columns == b.rows, "matrices that fit")
    var product = [Double](repeating: 0, count: a.rows * b.columns)
    product.withUnsafeMutableBufferPointer { product in
      for row in 0..<a.rows {
        for inner in 0..<a.columns {
          let factor = a.elements[row * a.columns + inner]
          for column in 0..<b.columns {
            product[row * b.columns + column] += factor * b.elements[inner * b.columns + column]
          }
        }
      }
    }
    return Matrix(a.rows, b.columns) { product[$0 * b.columns + $1] }
  }

  static func * (a: Double, b: Matrix) -> Matrix { b.map { a * $0 } }
  static func + (a: Matrix, b: Matrix) -> Matrix { a.joined(b, +) }
  static func - (a: Matrix, b: Matrix) -> Matrix { a.joined(b, -) }
  /// The product of elements, ⊙.
  func times(_ other: Matrix) -> Matrix { joined(other, *) }

  /// Element by element; a single column on the right counts for every column.
  private func joined(_ other: Matrix, _ operation: (Double, Double) -> Double) -> Matrix {
    precondition(rows == other.rows && (columns == other.columns || other.columns == 1))
    return Matrix(rows, columns) {
      operation(self[$0, $1], other[$0, other.columns == 1 ? 0 : $1])
    }
  }

  /// The largest difference from `other`, relative to the greatest element of `other`.
  func error(to other: Matrix) -> Double {
    precondition(rows == other.rows && columns == other.columns, "matrices of one shape")
    let greatest = other.elements.reduce(1e-300) { max($0, abs($1)) }
    return zip(elements, other.elements).reduce(0) {
      let difference = abs($1.0 - $1.1)
      return difference.isNaN ? .infinity : max($0, difference)
    } / greatest
  }
}
