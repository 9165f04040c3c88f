// Pieces of a kernel on the threads of a pool: each is run once wherever the threads sleep, and a thread keeps off a core.

import CSystem
import Glibc
import Synchronization
import Testing

@testable import NNRuntime

@Suite struct ThreadPoolTests {
  private static let units = 30

  /// Adds one to each of its units.
  private static let counting: KernelFunction = { buffers, _, _, begin, end in
    guard let counts = buffers[0]?.assumingMemoryBound(to: Int32.self) else { return 1 }
    for unit in begin..<end { counts[unit] += 1 }
    return 0
  }

  private func cores() -> [Int32] {
    let own = nn_own_cores()
    return withUnsafeBytes(of: own) { bytes in
      (0..<Int32(bytes.count * 8)).filter { bytes[Int($0) / 8] >> UInt8($0 % 8) & 1 == 1 }
    }
  }

  /// The caller hops from core to core, also to where a worker has just gone to sleep.
  @Test(arguments: [2, 3, 5]) func eachPieceRunsOnceWhereverTheCallerIs(threads: Int) {
    let counts = UnsafeMutablePointer<Int32>.allocate(capacity: Self.units)
    counts.initialize(repeating: 0, count: Self.units)
    let buffers = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: 1)
    buffers.initialize(to: counts)
    let arrays = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
    arrays.initialize(to: 0)
    defer {
      counts.deallocate()
      buffers.deallocate()
      arrays.deallocate()
    }
    let call = KernelCall(
      function: Self.counting, buffers: UnsafePointer(buffers), arrays: UnsafePointer(arrays),
      scratch: nil, scratchStride: 0, units: Self.units, pieces: threads)
    let pool = ThreadPool.shared(threads: threads)
    // Before the caller is narrowed: the workers may be where it could be when they were started.
    #expect(pool.run(call) == 0)
    let cores = cores()
    var own = nn_own_cores()
    // Its affinity is put back below; no other test runs on this thread meanwhile, since nothing here waits for a task.
    let rounds = 200
    for round in 0..<rounds {
      nn_keep_off_core(pthread_self(), &own, cores[round % cores.count])
      #expect(pool.run(call) == 0)
      // Longer than a worker spins.
      if round % 4 == 0 { usleep(200) }
    }
    nn_keep_off_core(pthread_self(), &own, -1)
    #expect((0..<Self.units).allSatisfy { counts[$0] == rounds + 1 })
  }

  @Test func aThreadIsKeptOffACore() {
    var own = nn_own_cores()
    let all = cores()
    defer { nn_keep_off_core(pthread_self(), &own, -1) }
    for core in all {
      nn_keep_off_core(pthread_self(), &own, core)
      if all.count > 1 {
        #expect(cores() == all.filter { $0 != core })
        #expect(nn_current_core() != core)
      } else {
        #expect(cores() == all)
      }
    }
  }
}
