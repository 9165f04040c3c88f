// What can go wrong between a file and a tensor, as facts; the command line turns each into one
// line on standard error and an exit status.

import NNIR

/// An error of reading, understanding or writing a file of tensors.
public enum FileError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file cannot be opened or read; `reason` is the system's word for it.
  case unreadable(file: String, reason: String)
  /// The file was read, but is not what it should be.
  case malformed(file: String, problem: String)
  /// One cell of a table is wrong: `row` counts data rows from 1, `line` the lines of the file.
  case cell(file: String, row: Int, line: Int, column: String, problem: String)
  /// A value, from a file or the command line, does not suit what it is given for.
  case unsuitable(name: String, expected: TensorType, problem: String)
  /// The file cannot be written; whatever stood there before still does.
  case unwritable(file: String, reason: String)

  /// The status of sysexits.h that a command ends with.
  public var exitStatus: Int32 {
    switch self {
    case .unreadable: 66
    case .malformed, .cell, .unsuitable: 65
    case .unwritable: 73
    }
  }

  /// The error in one line, without a trailing full stop.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason): "cannot read \(display(file)): \(reason)"
    case .malformed(let file, let problem): "\(display(file)): \(problem)"
    case .cell(let file, let row, let line, let column, let problem):
      "\(display(file)): row \(row) (line \(line)), column \(column): \(problem)"
    case .unsuitable(let name, let expected, let problem): "\(name) : \(expected): \(problem)"
    case .unwritable(let file, let reason):
      "cannot write \(file == "-" ? "standard output" : printable(file)): \(reason)"
    }
  }
}

/// A file's name as messages show it: `-` by what it stands for, control characters made visible.
func display(_ file: String) -> String {
  file == "-" ? "standard input" : printable(file)
}

/// `text` from a file, cut short and free of control characters, so that a message stays one line.
func printable(_ text: some StringProtocol) -> String {
  var result = ""
  for (index, scalar) in text.unicodeScalars.enumerated() {
    guard index < 200 else { return result + "…" }
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator, .format:
      result += "\\u{" + String(scalar.value, radix: 16) + "}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}
