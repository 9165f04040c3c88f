// Questions that every reader of a program asks: which buffers share memory, what is inside which loop, and how long a buffer lives.

import NNIR

extension Program {
  /// The buffer whose memory this one is in: itself, unless it is a step of another.
  public func base(of buffer: Int) -> Int {
    var base = buffer
    while case .step(let outer, _) = buffers[base].storage { base = outer }
    return base
  }

  /// Whether two buffers share bytes: an update that replaces an argument, or a result that takes over a dying input's storage. Steps
  /// count as the whole of what they are steps of.
  ///
  /// Within a kernel such a pair is only ever accessed at the same element at the same point, and a block loads before it stores.
  public func overlaps(_ first: Int, _ second: Int) -> Bool {
    let (first, second) = (base(of: first), base(of: second))
    return first == second || extent(of: first).overlaps(extent(of: second))
  }

  /// The memory of a buffer, which is no step.
  func extent(of buffer: Int) -> MemoryExtent {
    switch buffers[buffer].storage {
    case .argument(let number): MemoryExtent(kind: 0, number: number)
    case .result(let number): MemoryExtent(kind: 1, number: number)
    case .workspace(let offset):
      MemoryExtent(kind: 2, number: 0, bytes: offset..<offset + buffers[buffer].byteCount)
    case .constant, .step: MemoryExtent(kind: 3, number: buffer)
    }
  }

  /// For each kernel the innermost loop that it is in, or -1.
  var innermostLoops: [Int] {
    var innermost = [Int](repeating: -1, count: kernels.count)
    // Inner loops stand later and overwrite.
    for (number, loop) in loops.enumerated() {
      for kernel in loop.kernels { innermost[kernel] = number }
    }
    return innermost
  }

  /// For each loop the one around it, or -1.
  var outerLoops: [Int] {
    var open: [Int] = []
    return loops.indices.map { number in
      while let last = open.last,
        loops[last].kernels.upperBound <= loops[number].kernels.lowerBound
      {
        open.removeLast()
      }
      defer { open.append(number) }
      return open.last ?? -1
    }
  }

  /// The loop that a loop may run beside: the outermost one whose kernels follow on its own.
  public func loopBeside(_ number: Int) -> Int? {
    guard loops[number].isBesideNext else { return nil }
    return loops.indices.dropFirst(number + 1).first {
      loops[$0].kernels.lowerBound >= loops[number].kernels.upperBound
    }
  }

  /// For each loop the buffers that move along with it.
  public var steps: [[Int]] {
    var steps = [[Int]](repeating: [], count: loops.count)
    for (index, buffer) in buffers.enumerated() {
      if case .step(_, let loop) = buffer.storage { steps[loop].append(index) }
    }
    return steps
  }

  /// When each buffer holds something; that of a step is its base's business.
  func lifetimes() -> [Lifetime] {
    var lives = [Lifetime](repeating: Lifetime(), count: buffers.count)
    let (innermost, outer) = (innermostLoops, outerLoops)
    let depths = outer.reduce(into: [Int]()) { depths, loop in
      depths.append(loop < 0 ? 0 : depths[loop] + 1)
    }
    let touches = kernels.map { kernel in kernel.touchedBuffers.map(base) }
    // The innermost loop around all that touch a buffer.
    var home = [Int?](repeating: nil, count: buffers.count)
    for (index, touched) in touches.enumerated() {
      for buffer in touched {
        var (a, b) = (home[buffer] ?? innermost[index], innermost[index])
        while a != b {
          let climbsA = b < 0 || (a >= 0 && depths[a] >= depths[b])
          if climbsA { a = outer[a] } else { b = outer[b] }
        }
        home[buffer] = a
      }
    }
    for (index, touched) in touches.enumerated() {
      for buffer in touched {
        let home = home[buffer] ?? -1
        lives[buffer].loop = home
        // What an inner loop touches must hold from its first step to its last.
        var inner = innermost[index]
        if inner == home {
          lives[buffer].extend(to: index)
          continue
        }
        while outer[inner] != home { inner = outer[inner] }
        lives[buffer].extend(to: loops[inner].kernels.lowerBound)
        lives[buffer].extend(to: loops[inner].kernels.upperBound - 1)
      }
    }
    extendBesideLoops(&lives)
    return lives
  }

  /// What holds something during one of two loops that may run at the same time does so during both.
  private func extendBesideLoops(_ lives: inout [Lifetime]) {
    guard loops.contains(where: \.isBesideNext) else { return }
    var both = [Range<Int>?](repeating: nil, count: kernels.count)
    for number in loops.indices {
      guard let other = loopBeside(number) else { continue }
      let range = loops[number].kernels.lowerBound..<loops[other].kernels.upperBound
      for kernel in range { both[kernel] = range }
    }
    for buffer in lives.indices where lives[buffer].isUsed {
      if let range = both[lives[buffer].first] { lives[buffer].extend(to: range.lowerBound) }
      if let range = both[lives[buffer].last] { lives[buffer].extend(to: range.upperBound - 1) }
    }
  }
}

/// The kernels between which a buffer holds something.
struct Lifetime {
  var first = Int.max
  var last = -1
  /// The innermost loop around them, or -1. A buffer inside a loop is written anew in each step.
  var loop = -1
  var isUsed: Bool { last >= 0 }

  mutating func extend(to kernel: Int) {
    first = min(first, kernel)
    last = max(last, kernel)
  }
}

/// Bytes within the workspace, or an array of its own.
struct MemoryExtent {
  /// What the array is, and which of these; the workspace is one.
  var kind: Int
  var number: Int
  var bytes = 0..<1

  func isWithinSameArray(as other: MemoryExtent) -> Bool {
    kind == other.kind && number == other.number
  }

  /// An empty one overlaps what it lies inside of.
  func overlaps(_ other: MemoryExtent) -> Bool {
    isWithinSameArray(as: other) && bytes.lowerBound < other.bytes.upperBound
      && other.bytes.lowerBound < bytes.upperBound
  }
}
