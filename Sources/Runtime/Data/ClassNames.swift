// Words as classes: what they are called, and which columns they come from.

import NNIR

/// The words of a column's classes; each class is the place of its word in the list.
public struct ClassNames: Equatable, Sendable {
  public let words: [String]
  /// By bytes: strings of Swift are equal where they only look alike.
  private let places: [ArraySlice<UInt8>: Int32]

  public init(_ words: [String]) {
    self.words = words
    // From a file they may be anything.
    places = Dictionary(
      words.enumerated().map { (Array($1.utf8)[...], Int32($0)) },
      uniquingKeysWith: { first, _ in first })
  }

  func place(of word: ArraySlice<UInt8>) -> Int32? { places[word] }

  /// The word of a class; its number where no word has it.
  func label(ofClass number: Int) -> String {
    words.indices.contains(number) ? words[number] : "\(number)"
  }

  /// `0 setosa, 1 versicolor, 2 virginica`, and of a long list the beginning.
  public var summary: String {
    let shown = words.prefix(20).enumerated().map { "\($0) \(printable($1))" }
    let rest = words.count - shown.count
    return shown.joined(separator: ", ") + (rest > 0 ? ", and \(rest) more" : "")
  }

  public static func == (one: ClassNames, other: ClassNames) -> Bool {
    one.words.count == other.words.count && one.places == other.places
  }
}

/// A column that gives classes where it holds words.
public struct ClassColumn: Sendable {
  public var name: String
  /// Of the words that the network was trained on; nil where the column's own are the classes.
  public var known: ClassNames?

  public init(name: String, known: ClassNames? = nil) {
    self.name = name
    self.known = known
  }

  /// The columns from which inputs take classes, each once.
  ///
  /// - Parameter known: the names that inputs have for their classes, by input.
  public static func columns(
    of inputs: [Argument], by mappings: [(name: String, expression: ColumnExpression)],
    known: [String: ClassNames]
  ) throws(ColumnError) -> [ClassColumn] {
    var columns: [ClassColumn] = []
    for input in inputs {
      guard let mapping = mappings.last(where: { $0.name == input.name }),
        let name = mapping.expression.classColumn(of: input.type)
      else { continue }
      let names = known[input.name]
      guard let place = columns.firstIndex(where: { $0.name == name }) else {
        columns.append(ClassColumn(name: name, known: names))
        continue
      }
      if let names, let other = columns[place].known, names != other {
        throw .differentClasses(column: name)
      }
      columns[place].known = columns[place].known ?? names
    }
    return columns
  }
}

extension ColumnExpression {
  /// The column that an input of this type takes classes from: that of `onehot`, or the only one of an input of integers.
  public func classColumn(of type: TensorType) -> String? {
    switch self {
    case .oneHot(let name): return name
    case .columns(let ranges):
      guard ranges.count == 1, ranges[0].first == ranges[0].last else { return nil }
      return type.element == .i32 || type.element == .i64 ? ranges[0].first : nil
    }
  }
}
