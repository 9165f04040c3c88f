// "did you mean …?": the name that a misspelt one is nearest to, by the Damerau-Levenshtein distance (insert, delete, exchange,
// and swap two neighbours; F. J. Damerau, "A technique for computer detection and correction of spelling errors", 1964).

/// The nearest of `candidates`, if one is near enough to be meant; of equally near ones the first of the wanted length, as two letters
/// are sooner swapped than one left out.
public func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
  let wanted = Array(name.utf8)
  var limit = max(1, wanted.count / 3)
  var best: String?
  var bestIsAsLong = false
  for candidate in candidates {
    let other = Array(candidate.utf8)
    if abs(other.count - wanted.count) > limit || candidate == name { continue }
    guard let distance = distance(wanted, other, atMost: limit) else { continue }
    // A name of one or two letters is near to every other: it must at least share one.
    if wanted.count <= 2, !wanted.contains(where: other.contains) { continue }
    let isAsLong = other.count == wanted.count
    if best != nil, distance == limit, bestIsAsLong || !isAsLong { continue }
    (best, bestIsAsLong, limit) = (candidate, isAsLong, distance)
  }
  return best
}

/// Nil where it is more than `limit`.
private func distance(_ a: [UInt8], _ b: [UInt8], atMost limit: Int) -> Int? {
  var beforePrevious = [Int](repeating: 0, count: b.count + 1)
  var previous = Array(0...b.count)
  for i in 0..<a.count {
    var row = [i + 1]
    row.reserveCapacity(b.count + 1)
    for j in 0..<b.count {
      var best = min(row[j] + 1, previous[j + 1] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        best = min(best, beforePrevious[j - 1] + 1)
      }
      row.append(best)
    }
    if (row.min() ?? 0) > limit { return nil }
    (beforePrevious, previous) = (previous, row)
  }
  return previous[b.count] <= limit ? previous[b.count] : nil
}
