// Text as numbers: windows of characters for a network to learn to continue, and the loss of the table of bigrams that it has to beat.

#if canImport(Glibc)
  import Glibc
#endif

func sine(_ x: Double) -> Double { sin(x) }

public struct CharacterText: Sendable {
  /// The distinct bytes, ascending; a character's number is its place here.
  public let alphabet: [UInt8]
  public let numbers: [Int]

  public init(_ bytes: [UInt8]) {
    alphabet = Set(bytes).sorted()
    var places = [Int](repeating: 0, count: 256)
    for (place, byte) in alphabet.enumerated() { places[Int(byte)] = place }
    numbers = bytes.map { places[Int($0)] }
  }

  /// The first nine tenths, to train on; the rest is held out.
  public var trained: ArraySlice<Int> { numbers[..<(numbers.count * 9 / 10)] }
  public var heldOut: ArraySlice<Int> { numbers[(numbers.count * 9 / 10)...] }

  /// Rows of `c0`…`c(length)`: windows one after the other with one character in common, of `part`; at most `count`, evenly spread.
  public static func table(_ part: ArraySlice<Int>, length: Int, count: Int) -> String {
    let windows = max(0, (part.count - 1) / length)
    let chosen = min(count, windows)
    var lines = [(0...length).map { "c\($0)" }.joined(separator: ",")]
    for index in 0..<chosen {
      let start = part.startIndex + index * windows / chosen * length
      lines.append(part[start...(start + length)].map(String.init).joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The mean of -log p(next | character), in nats, on what is held out, with p from the counts of what is trained on, one added to each.
  public var bigramLoss: Double {
    let size = alphabet.count
    var counts = [Double](repeating: 1, count: size * size)
    for (a, b) in zip(trained, trained.dropFirst()) { counts[a * size + b] += 1 }
    let sums = (0..<size).map { row in counts[row * size..<(row + 1) * size].reduce(0, +) }
    var loss = 0.0
    for (a, b) in zip(heldOut, heldOut.dropFirst()) { loss -= log(counts[a * size + b] / sums[a]) }
    return loss / Double(max(1, heldOut.count - 1))
  }
}
