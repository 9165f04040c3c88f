// Sequences whose tags need both directions: symbol 0 is a marker, and a symbol's tag says whether a marker stands anywhere before it and
// whether one stands anywhere after it.

public enum MarkedSequences {
  /// 2·(a marker before) + (a marker after).
  public static func tags(of symbols: [Int]) -> [Int] {
    symbols.indices.map { index in
      let before = symbols[..<index].contains(0) ? 2 : 0
      return before + (symbols[(index + 1)...].contains(0) ? 1 : 0)
    }
  }

  /// Rows of `s0`…, symbols below `vocabulary`, and `t0`…, their tags. A marker is as likely as two in a sequence.
  public static func table(count: Int, length: Int, vocabulary: Int, seed: UInt64) -> String {
    var random = SplitMix(state: seed)
    let names = (0..<length).map { "s\($0)" } + (0..<length).map { "t\($0)" }
    var lines = [names.joined(separator: ",")]
    for _ in 0..<count {
      let symbols = (0..<length).map { _ in
        random.below(length) < 2 ? 0 : 1 + random.below(vocabulary - 1)
      }
      lines.append((symbols + tags(of: symbols)).map(String.init).joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

/// A noisy wave for a network with a single output neuron.
public enum Waves {
  /// Rows of `x` in [-3, 3] and `y` = sin(2x) + x/3, disturbed by up to `noise`.
  public static func table(count: Int, noise: Double, seed: UInt64) -> String {
    var random = SplitMix(state: seed)
    var lines = ["x,y"]
    for _ in 0..<count {
      let x = 6 * random.unit() - 3
      lines.append("\(x),\(sine(2 * x) + x / 3 + noise * (2 * random.unit() - 1))")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
