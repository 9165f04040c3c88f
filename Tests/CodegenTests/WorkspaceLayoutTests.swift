// Where buffers lie in the workspace: never on each other in time, in memory that was in use shortly before, and small ones as close as
// can be.

import Testing

@testable import NNCodegen

@Suite struct WorkspaceLayoutTests {
  private static let mega = 1_048_576

  /// Of two free gaps of one size the one that was given back last is taken, whichever comes first.
  @Test(arguments: [(3, 5), (5, 3)])
  func whatWasInUseLastIsTaken(_ lasts: (Int, Int)) {
    let size = Self.mega
    let layout = WorkspaceLayout(
      [
        Tenancy(size: size, first: 0, last: lasts.0), Tenancy(size: size, first: 0, last: lasts.1),
        Tenancy(size: size, first: 7, last: 8),
      ], kernelCount: 9)
    #expect(layout.byteCount == 2 * size)
    #expect(layout.offsets[2] == layout.offsets[lasts.0 > lasts.1 ? 0 : 1])
  }

  /// Neighbours given back at two times make room for what is as large as both.
  @Test func neighboursAreOneGap() {
    let size = Self.mega
    let layout = WorkspaceLayout(
      [
        Tenancy(size: size, first: 0, last: 1), Tenancy(size: size, first: 0, last: 2),
        Tenancy(size: 2 * size, first: 3, last: 4),
      ], kernelCount: 5)
    #expect(layout.byteCount == 2 * size)
    #expect(layout.liveByteCount == 2 * size)
  }

  /// What fits into a cache takes the smallest gap, and so the fewest bytes.
  @Test func smallOnesTakeTheSmallestGap() {
    let layout = WorkspaceLayout(
      [
        Tenancy(size: 64, first: 0, last: 1), Tenancy(size: 192, first: 0, last: 5),
        Tenancy(size: 128, first: 0, last: 2), Tenancy(size: 64, first: 3, last: 5),
        Tenancy(size: 128, first: 4, last: 5),
      ], kernelCount: 6)
    #expect(layout.byteCount == 384)
  }

  @Test func noTwoOfOneTimeOverlap() {
    for seed in 0..<200 as Range<UInt64> {
      var random = RandomSource(seed: seed)
      let unit = random.chance(50) ? 64 : 64_000
      let kernels = 1 + random.below(40)
      let tenancies = (0..<1 + random.below(60)).map { _ in
        let first = random.below(kernels)
        return Tenancy(
          size: unit * (1 + random.below(20)), first: first,
          last: first + random.below(kernels - first))
      }.sorted { $0.first < $1.first }
      let layout = WorkspaceLayout(tenancies, kernelCount: kernels)
      #expect(layout.byteCount >= layout.liveByteCount)
      for (i, one) in tenancies.enumerated() {
        #expect(layout.offsets[i] >= 0 && layout.offsets[i] + one.size <= layout.byteCount)
        #expect(layout.offsets[i] % 64 == 0)
        for (j, other) in tenancies.enumerated()
        where j < i && one.first <= other.last && other.first <= one.last {
          let isApart =
            layout.offsets[i] + one.size <= layout.offsets[j]
            || layout.offsets[j] + other.size <= layout.offsets[i]
          #expect(isApart, "\(tenancies) at \(layout.offsets)")
        }
      }
    }
  }
}
