// Text as numbers: its characters, or its bytes, in windows of the length that the network reads.

import NNIR

/// The characters that a text consists of; each is its place in the list.
public struct Vocabulary: Hashable, Sendable {
  public let characters: [Unicode.Scalar]
  private let places: [Unicode.Scalar: Int32]

  /// In the order of their code points.
  init(of text: String.UnicodeScalarView) {
    self.init(Set(text).sorted())
  }

  init(_ characters: [Unicode.Scalar]) {
    self.characters = characters
    // From a file they may be anything.
    places = Dictionary(
      characters.enumerated().map { ($1, Int32($0)) }, uniquingKeysWith: { first, _ in first })
  }

  func place(of character: Unicode.Scalar) -> Int32? { places[character] }

  /// All of them, one after the other.
  public var text: String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: characters)
    return String(text)
  }
}

/// How a file of text becomes rows: windows that follow one another, under `text`, and the same a place further, under `next`.
public struct TextReading: Sendable {
  public enum Unit: String, CaseIterable, Sendable {
    case characters, bytes
  }

  public var unit: Unit
  /// Symbols a row; 1 where no input says otherwise.
  public var length: Int
  /// That of the text that the network was trained on.
  public var vocabulary: Vocabulary?

  public init(unit: Unit = .characters, length: Int = 1, vocabulary: Vocabulary? = nil) {
    self.unit = unit
    self.length = length
    self.vocabulary = vocabulary
  }

  /// Whether a file is text by its name.
  static func isText(_ file: String) -> Bool {
    let plain = unpackedName(file)
    return plain.hasSuffix(".txt") || plain.hasSuffix(".text")
  }

  func table(_ bytes: ArraySlice<UInt8>, file: String) throws(FileError) -> DataTable {
    let (symbols, vocabulary) = try symbols(bytes, file)
    let rows = max(0, symbols.count - 1) / length
    if rows == 0 {
      throw .malformed(
        file: file,
        problem: "its \(symbols.count) symbols are too few for a row of \(length) and the next one")
    }
    func windows(from start: Int) -> Tensor {
      Tensor([rows, length], Array(symbols[start..<start + rows * length]))
    }
    return DataTable(
      [
        DataColumn(name: "text", tensor: windows(from: 0)),
        DataColumn(name: "next", tensor: windows(from: 1)),
      ], vocabulary: vocabulary)
  }

  private func symbols(
    _ bytes: ArraySlice<UInt8>, _ file: String
  ) throws(FileError) -> ([Int32], Vocabulary?) {
    if unit == .bytes { return (bytes.map { Int32($0) }, nil) }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .malformed(file: file, problem: "it is no UTF-8 text; --text bytes reads any file")
    }
    let vocabulary = vocabulary ?? Vocabulary(of: text.unicodeScalars)
    var symbols: [Int32] = []
    symbols.reserveCapacity(bytes.count)
    for scalar in text.unicodeScalars {
      guard let place = vocabulary.place(of: scalar) else {
        throw .malformed(
          file: file,
          problem:
            "the character '\(printable(String(scalar)))' is none of the \(vocabulary.characters.count) "
            + "that the network was trained on")
      }
      symbols.append(place)
    }
    return (symbols, vocabulary)
  }
}
