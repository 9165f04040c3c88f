// What is wrong with a graph, for an editor: `nncc check --syntax` reads, sizes and types it, and runs nothing.

import NNRuntime

/// Every error of a graph, and where each stands in its text.
struct SyntaxReport {
  let diagnostics: Diagnostics
  private let source: SourceText

  init(of bytes: [UInt8], file: String, dims: [String: Int]) {
    source = SourceText(file: file, bytes: bytes)
    do throws(Diagnostics) {
      _ = try Graph(parsing: bytes, file: file).lowered(dims: dims)
      diagnostics = Diagnostics([])
    } catch {
      diagnostics = error
    }
  }

  /// One object. Lines and columns count from 1, columns in bytes of UTF-8 as in every message; `end_column` is the one after
  /// the name, number or sign that begins there. All three are null in an error of the whole file.
  var json: String {
    let items = diagnostics.all.map { diagnostic in
      let notes = diagnostic.notes.map { note in
        object([
          ("file", JSONText.quoted(note.file)), ("line", "\(note.place.line)"),
          ("column", "\(note.place.column)"), ("message", JSONText.quoted(note.message)),
        ])
      }
      return object([
        ("file", JSONText.quoted(diagnostic.file)),
        ("line", number(diagnostic.place.map { Int($0.line) })),
        ("column", number(diagnostic.place.map { Int($0.column) })),
        ("end_column", number(endColumn(of: diagnostic))),
        ("severity", "\"error\""), ("message", JSONText.quoted(diagnostic.message)),
        ("notes", list(notes)),
      ])
    }
    return object([("file", JSONText.quoted(source.file)), ("diagnostics", list(items))])
  }

  private func endColumn(of diagnostic: Diagnostic) -> Int? {
    guard let place = diagnostic.place else { return nil }
    let end = diagnostic.file == source.file ? source.endColumn(of: place) : nil
    return end ?? Int(place.column) + 1
  }

  private func number(_ value: Int?) -> String { value.map(String.init) ?? "null" }
  private func list(_ items: [String]) -> String { "[" + items.joined(separator: ", ") + "]" }
  private func object(_ fields: [(String, String)]) -> String {
    "{" + fields.map { "\(JSONText.quoted($0)): \($1)" }.joined(separator: ", ") + "}"
  }
}
