// What is wrong with a graph, and how it is shown: `FILE:LINE:COLUMN: error: message`, the line, and a caret beneath.

/// One error, or one note below it.
public struct Diagnostic: Hashable, Sendable, CustomStringConvertible {
  public var file: String
  /// Where the mistake is; nil where it is the whole file's.
  public var place: Place?
  public var message: String
  /// The line with a caret beneath; nil where the text is not at hand.
  public var excerpt: String?
  /// The chain of calls that led here, innermost first.
  public var notes: [Note]

  public struct Note: Hashable, Sendable {
    public var file: String
    public var place: Place
    public var message: String
    public var excerpt: String?
  }

  public init(
    file: String, place: Place?, message: String, excerpt: String? = nil, notes: [Note] = []
  ) {
    self.file = file
    self.place = place
    self.message = message
    self.excerpt = excerpt
    self.notes = notes
  }

  /// The error and its notes as they are shown, without a last line end.
  public var rendered: String {
    var lines = [position(file, place) + "error: " + message]
    if let excerpt { lines.append(excerpt) }
    for note in notes {
      lines.append(position(note.file, note.place) + "note: " + note.message)
      if let excerpt = note.excerpt { lines.append(excerpt) }
    }
    return lines.joined(separator: "\n")
  }

  public var description: String { rendered }

  private func position(_ file: String, _ place: Place?) -> String {
    guard let place else { return "\(file): " }
    return "\(file):\(place.line):\(place.column): "
  }
}

/// Every error of a graph, at most 20, in the order of the file.
public struct Diagnostics: Error, Hashable, Sendable, CustomStringConvertible {
  public var all: [Diagnostic]

  public init(_ all: [Diagnostic]) { self.all = all }

  /// All errors as they are shown, each ended by a line end.
  public var rendered: String { all.map { $0.rendered + "\n" }.joined() }
  public var description: String { rendered }

  /// The greatest number of errors that are shown.
  public static let limit = 20
}

extension SourceText {
  /// A line with a caret beneath, of a long line the part around the caret; nil where there is no such line.
  package func excerpt(at place: Place) -> String? {
    guard let line = lineBytes(Int(place.line)) else { return nil }
    let column = min(max(0, Int(place.column) - 1), line.count)
    let first = column > 90 ? column - 60 : 0
    let last = min(line.count, max(column + 40, first + 100))
    let before = line[line.startIndex + first..<line.startIndex + column]
    let after = line[line.startIndex + column..<line.startIndex + last]
    let head = first > 0 ? "…" : ""
    let tail = last < line.count ? "…" : ""
    let shownBefore = head + printable(before)
    let end = after.lastIndex { !isSpace($0) } ?? after.startIndex - 1
    let shown = shownBefore + printable(after.prefix(through: end)) + tail
    let padding = String(shownBefore.map { $0 == "\t" ? "\t" : " " })
    return "  \(shown)\n  \(padding)^"
  }
}

/// Collects errors: drops repeated ones, and stops whoever makes them when there are plenty.
struct DiagnosticList {
  private(set) var all: [Diagnostic] = []
  private var seen: Set<Key> = []

  private struct Key: Hashable {
    var file: String
    var place: Place?
    var message: String
  }

  var isEmpty: Bool { all.isEmpty }
  /// More than are shown, with a margin, because they are found in another order than the file's.
  var isPlenty: Bool { all.count >= 10 * Diagnostics.limit }

  mutating func add(_ diagnostic: Diagnostic) {
    let key = Key(file: diagnostic.file, place: diagnostic.place, message: diagnostic.message)
    if seen.insert(key).inserted { all.append(diagnostic) }
  }

  /// In the order of the file, those of the whole file last, at most as many as are shown.
  func sorted() -> Diagnostics {
    let last = Place(line: Int(Int32.max), column: 0)
    let order = all.indices.sorted { i, j in
      let (a, b) = (all[i].place ?? last, all[j].place ?? last)
      return a != b ? a < b : i < j
    }
    return Diagnostics(order.prefix(Diagnostics.limit).map { all[$0] })
  }
}
