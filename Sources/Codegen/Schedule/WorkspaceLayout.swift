// Offsets for tenancies, so that no two of one time overlap. What a kernel writes goes where memory was in use shortly before, as far as
// that costs few bytes: the lines that it replaces are in the cache still. Memory that has gone out of it is read to be written.

struct WorkspaceLayout {
  private(set) var offsets: [Int]
  private(set) var byteCount = 0
  /// The most bytes that live at one time: there is no smaller layout.
  private(set) var liveByteCount = 0

  /// Up to so many tenancies are laid out in ways that take time with the square of their number.
  private static let fewTenancies = 512
  /// What fits well into a second-level cache is laid out as small as can be.
  private static let leastWarm = 262_144

  init(_ tenancies: [Tenancy], kernelCount: Int) {
    offsets = [Int](repeating: 0, count: tenancies.count)
    liveByteCount = Self.mostLive(tenancies, kernelCount)
    let areFew = tenancies.count <= Self.fewTenancies
    if areFew, liveByteCount > Self.leastWarm {
      layOutInTime(tenancies, kernelCount, isWarm: true)
      if byteCount <= liveByteCount / 20 * 21 { return }
    }
    layOutInTime(tenancies, kernelCount, isWarm: false)
    if areFew, byteCount > liveByteCount { layOutBySize(tenancies) }
  }

  private static func mostLive(_ tenancies: [Tenancy], _ kernelCount: Int) -> Int {
    var changes = [Int](repeating: 0, count: kernelCount + 1)
    for tenancy in tenancies {
      changes[tenancy.first] += tenancy.size
      changes[tenancy.last + 1] -= tenancy.size
    }
    var (live, most) = (0, 0)
    for change in changes {
      live += change
      most = max(most, live)
    }
    return most
  }

  private mutating func layOutInTime(_ tenancies: [Tenancy], _ kernelCount: Int, isWarm: Bool) {
    var arena = Arena(isWarm: isWarm)
    var ending = [[Int]](repeating: [], count: kernelCount)
    var next = 0
    for kernel in 0..<kernelCount {
      while next < tenancies.count, tenancies[next].first == kernel {
        offsets[next] = arena.take(tenancies[next].size)
        ending[tenancies[next].last].append(next)
        next += 1
      }
      for tenancy in ending[kernel] {
        arena.give(offsets[tenancy], tenancies[tenancy].size, at: kernel)
      }
    }
    byteCount = arena.byteCount
  }

  /// The largest first, each into the smallest gap between those of its time.
  private mutating func layOutBySize(_ tenancies: [Tenancy]) {
    let order = tenancies.indices.sorted {
      (tenancies[$1].size, tenancies[$0].first) < (tenancies[$0].size, tenancies[$1].first)
    }
    var places = [Int](repeating: 0, count: tenancies.count)
    var total = 0
    // By offset.
    var placed: [Int] = []
    for tenancy in order {
      let one = tenancies[tenancy]
      var best: (offset: Int, gap: Int)?
      var end = 0
      for other in placed {
        let neighbour = tenancies[other]
        if neighbour.last < one.first || neighbour.first > one.last { continue }
        let gap = places[other] - end
        if gap >= one.size, best.map({ gap < $0.gap }) ?? true { best = (end, gap) }
        end = max(end, places[other] + neighbour.size)
      }
      places[tenancy] = best?.offset ?? end
      total = max(total, places[tenancy] + one.size)
      if total >= byteCount { return }
      let position = placed.firstIndex { places[$0] > places[tenancy] } ?? placed.count
      placed.insert(tenancy, at: position)
    }
    offsets = places
    byteCount = total
  }
}

/// Bytes of a workspace that can be taken and given back; offsets and sizes are multiples of 64.
private struct Arena {
  /// Free bytes that were given back together.
  private struct Piece {
    var offset: Int
    var size: Int
    /// When; 0 where it does not matter.
    var time: Int
    var end: Int { offset + size }
  }

  /// Whether the gap whose bytes were given back last is taken, instead of the smallest.
  let isWarm: Bool
  private(set) var byteCount = 0
  /// By offset. Neighbours are of different times.
  private var free: [Piece] = []

  init(isWarm: Bool) { self.isWarm = isWarm }

  mutating func take(_ size: Int) -> Int {
    let pieces = isWarm ? warmest(size) : smallest(size)
    if let pieces { return take(size, from: pieces) }
    // A gap at the end grows.
    let start = gapAtEnd()
    let offset = start.map { free[$0].offset } ?? byteCount
    if let start { free.removeSubrange(start...) }
    byteCount = offset + size
    return offset
  }

  mutating func give(_ offset: Int, _ size: Int, at time: Int) {
    var low = 0
    var high = free.count
    while low < high {
      let middle = (low + high) / 2
      if free[middle].offset < offset { low = middle + 1 } else { high = middle }
    }
    var piece = Piece(offset: offset, size: size, time: isWarm ? time : 0)
    if low < free.count, piece.end == free[low].offset, free[low].time == piece.time {
      piece.size += free[low].size
      free.remove(at: low)
    }
    if low > 0, free[low - 1].end == offset, free[low - 1].time == piece.time {
      free[low - 1].size += piece.size
    } else {
      free.insert(piece, at: low)
    }
  }

  /// The smallest gap; without times a gap is a piece.
  private func smallest(_ size: Int) -> Range<Int>? {
    var best: Int?
    for index in free.indices where free[index].size >= size {
      if best.map({ free[index].size < free[$0].size }) ?? true { best = index }
      if free[index].size == size { break }
    }
    return best.map { $0..<$0 + 1 }
  }

  /// The pieces, one after the other, from the first of which on the bytes are the most recent on average.
  private func warmest(_ size: Int) -> Range<Int>? {
    var best: (pieces: Range<Int>, warmth: Int)?
    for start in free.indices {
      var (end, left, warmth) = (start, size, 0)
      while left > 0, end < free.count, end == start || free[end - 1].end == free[end].offset {
        let used = min(left, free[end].size)
        warmth += used / 64 * free[end].time
        left -= used
        end += 1
      }
      if left == 0, best.map({ warmth > $0.warmth }) ?? true { best = (start..<end, warmth) }
    }
    return best?.pieces
  }

  private mutating func take(_ size: Int, from pieces: Range<Int>) -> Int {
    let offset = free[pieces.lowerBound].offset
    let rest = free[pieces.upperBound - 1].end - (offset + size)
    if rest > 0 {
      free[pieces.upperBound - 1].offset += free[pieces.upperBound - 1].size - rest
      free[pieces.upperBound - 1].size = rest
      free.removeSubrange(pieces.dropLast())
    } else {
      free.removeSubrange(pieces)
    }
    return offset
  }

  /// The first piece of the gap that ends where the workspace does.
  private func gapAtEnd() -> Int? {
    guard var start = free.indices.last, free[start].end == byteCount else { return nil }
    while start > 0, free[start - 1].end == free[start].offset { start -= 1 }
    return start
  }
}
