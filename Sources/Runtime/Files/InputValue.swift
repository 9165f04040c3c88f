// What `--input NAME=VALUE` gives: a number, a nested list or a file, as the tensor that the graph
// asks for.

import Glibc
import NNIR

/// The values of inputs from the command line and from files.
public enum InputValue {
  /// The tensor that `text`, the VALUE of `--input NAME=VALUE`, gives for an input of `type`.
  ///
  /// A number or a list is taken as such; anything else is a file's name, `-` is standard input.
  public static func tensor(
    _ text: String, for name: String, of type: TensorType
  ) throws(FileError) -> Tensor {
    if isLiteral(text) { return try literal(text, for: name, of: type) }
    return try fitted(read(text, name: name, type: type), for: name, to: type)
  }

  private static func isLiteral(_ text: String) -> Bool {
    let trimmed = text.drop { $0.isWhitespace }
    guard let first = trimmed.first else { return true }
    if first == "[" || first == "\"" || LiteralNumber(trimmed) != nil { return true }
    // What begins like a number and names no file is a number with a slip in it.
    guard text != "-", "+-.0123456789".contains(first) else { return false }
    return !formats.contains { text.hasSuffix($0) } && access(text, F_OK) != 0
  }

  private static let formats = [".npy", ".npz", ".csv", ".safetensors"]

  private static func literal(
    _ text: String, for name: String, of type: TensorType
  ) throws(FileError) -> Tensor {
    let list: NestedList
    do throws(JSONProblem) {
      list = try NestedList(parsing: text, as: type.element)
    } catch {
      throw .unsuitable(
        name: name, expected: type,
        problem: "at character \(error.position) of '\(printable(text))': \(error.problem)")
    }
    guard let tensor = list.tensor else {
      throw .unsuitable(name: name, expected: type, problem: "the list is too large")
    }
    return try fitted(tensor, for: name, to: type)
  }

  /// The tensor of a file, told apart by its first bytes, so that standard input works too.
  private static func read(
    _ file: String, name: String, type: TensorType
  ) throws(FileError) -> Tensor {
    let bytes = try readBytes(of: file)
    if bytes.starts(with: NumPyFile.magic) || file.hasSuffix(".npy") {
      return try NumPyFile.decode(bytes[...], file: file)
    }
    if bytes.starts(with: [0x50, 0x4B]) || file.hasSuffix(".npz") {
      return try onlyTensor(of: NumPyArchive(bytes[...], file: file), for: name, file: file)
    }
    if file.hasSuffix(".safetensors") {
      let archive = try SafeTensorsFile(bytes[...], file: file)
      if let tensor = try archive.tensor(named: name) { return tensor }
      throw .malformed(file: file, problem: "it has no tensor '\(printable(name))'")
    }
    let table = try Table(bytes[...], file: file, header: .whereNotNumeric)
    return shaped(table.tensor, for: type)
  }

  /// The array called `name`, or the only one.
  private static func onlyTensor(
    of archive: NumPyArchive, for name: String, file: String
  ) throws(FileError) -> Tensor {
    if let tensor = try archive.tensor(named: name) { return tensor }
    if archive.names.count == 1, let tensor = try archive.tensor(named: archive.names[0]) {
      return tensor
    }
    let names = archive.names.prefix(10).map { printable($0) }.joined(separator: ", ")
    throw .malformed(
      file: file, problem: "it has no array '\(printable(name))', only \(names)")
  }

  /// A table has two axes; for a scalar or a vector of as many elements, or where each row is one
  /// part of an input with more axes, it takes the input's shape.
  private static func shaped(_ table: Tensor, for type: TensorType) -> Tensor {
    let (rows, columns) = (table.shape[0], table.shape[1])
    guard table.count == type.count else { return table }
    let isVector = type.shape.rank < 2 && (rows == 1 || columns == 1)
    let isRowwise = type.shape.rank > 2 && rows == type.shape[0]
    return isVector || isRowwise ? table.reshaped(to: type.shape) : table
  }

  /// `tensor` as a value of `type`: of the same shape, its elements converted where that is
  /// allowed.
  ///
  /// Between widths of floats and from integers to floats, rounding; between widths of integers
  /// where each value fits. Nothing else: no float becomes an integer, and `bool` stays `bool`.
  public static func fitted(
    _ tensor: Tensor, for name: String, to type: TensorType
  ) throws(FileError) -> Tensor {
    guard tensor.shape == type.shape else {
      throw .unsuitable(
        name: name, expected: type, problem: "the value given has the shape \(tensor.shape)")
    }
    let (from, to) = (tensor.element, type.element)
    if from == to { return tensor }
    guard (from != .bool && to.isFloat) || (from.isInteger && to.isInteger) else {
      throw .unsuitable(
        name: name, expected: type,
        problem: "the value given is \(from.name), which does not convert to \(to.name)")
    }
    if to == .i32,
      let value = tensor.elements(as: Int64.self).first(where: { Int32(exactly: $0) == nil })
    {
      throw .unsuitable(name: name, expected: type, problem: "\(value) is no i32")
    }
    return tensor.converted(to: to)
  }
}
