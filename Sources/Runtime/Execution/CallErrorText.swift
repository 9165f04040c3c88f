// What a call's errors say to a person.

import NNIR

extension CallError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .argumentCount(let expected, let found):
      "\(found) arguments were given where \(expected) are taken"
    case .argumentType(let name, let expected, let found):
      "\(name) : \(expected) was given a value of type \(found)"
    case .unknownName(let name): "there is nothing called '\(name)'"
    case .missingInput(let name, let type): "\(name) : \(type) is not given"
    case .indexOutOfRange(let fault):
      fault.description(of: "gather") + (fault.line > 0 ? ", line \(fault.line)" : "")
    }
  }
}

extension IndexFault {
  /// What is said of it; `operation` is what the graph calls the look-up.
  public func description(of operation: String) -> String {
    let place = position.isEmpty ? "" : " at position \(position)"
    let owner = name.map { position.isEmpty ? ", \($0)," : " of \($0)" } ?? ""
    return "\(operation): index \(index)\(place)\(owner) is out of range: "
      + "the table has \(rows) row\(rows == 1 ? "" : "s")"
  }
}

extension IndexFault {
  /// The error as those of graph files are shown: at its place, with the line, and in the file's word for the look-up.
  public func diagnostic(in source: SourceText) -> Diagnostic {
    let value = line > 0 ? Place(line: line, column: column) : nil
    // A value with a name has the name's place; what was called stands behind it.
    let call = value.flatMap { source.call(of: ["gather", "embedding"], from: $0) }
    let place = call?.place ?? value
    return Diagnostic(
      file: source.file, place: place, message: description(of: call?.name ?? "gather"),
      excerpt: place.flatMap { source.excerpt(at: $0) })
  }
}
