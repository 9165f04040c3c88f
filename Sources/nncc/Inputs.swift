// What `--input` says: `NAME=VALUE` with a number, a nested list or a file, or a `.npz` file with all inputs by name.

import NNRuntime

/// An input or a parameter of a graph, where `Argument` would be one of the command line.
typealias GraphArgument = Argument

/// Values for inputs, by name.
struct GivenInputs {
  private(set) var tensors: [String: Tensor] = [:]

  /// Reads every `--input`; later ones win over earlier ones.
  init(_ texts: [String], for inputs: [Argument]) throws {
    for text in texts {
      if let equals = text.firstIndex(of: "="), isName(text[..<equals]) {
        let name = String(text[..<equals])
        guard let input = inputs.first(where: { $0.name == name }) else {
          throw unknownInput(name, among: inputs)
        }
        tensors[name] = try InputValue.tensor(
          String(text[text.index(after: equals)...]), for: name, of: input.type)
      } else {
        guard text.hasSuffix(".npz") || text == "-" else {
          throw Failure.usage("--input '\(text)': expected NAME=VALUE or a .npz file")
        }
        let archive = try NumPyArchive(reading: text)
        for input in inputs {
          if let tensor = try archive.tensor(named: input.name) {
            tensors[input.name] = try InputValue.fitted(tensor, for: input.name, to: input.type)
          }
        }
      }
    }
  }

  /// All that were given, sorted by name.
  var all: [NamedTensor] {
    tensors.sorted { $0.key < $1.key }.map { NamedTensor(name: $0.key, tensor: $0.value) }
  }
}

func unknownInput(_ name: String, among inputs: [Argument]) -> Failure {
  let known = inputs.map { "\($0.name) : \($0.type)" }.joined(separator: ", ")
  let hint = nearest(to: name, among: inputs.map(\.name)).map { "; did you mean '\($0)'?" }
  return .data(
    "the graph has no input '\(name)'" + (hint ?? "")
      + (inputs.isEmpty ? "" : " (it has \(known))"))
}

private func isName(_ text: Substring) -> Bool {
  guard let first = text.utf8.first else { return false }
  func isLetter(_ byte: UInt8) -> Bool {
    (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
  }
  return isLetter(first) && text.utf8.allSatisfy { isLetter($0) || (48...57).contains($0) }
}
