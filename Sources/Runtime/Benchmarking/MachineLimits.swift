// What this machine can do at best, measured: the roof over every kernel's time.

import CKernels
import Glibc
import NNIR

/// The most that one thread, or several at once, can compute and move.
public struct MachineLimits: Hashable, Sendable {
  public var threads: Int
  /// Floating-point operations a second in f32, of fused multiply-adds in registers, which count as two.
  public var operationsPerSecond: Double
  /// Bytes a second through memory, read and written, in a triad over arrays far larger than the caches.
  public var bytesPerSecond: Double

  public init(threads: Int, operationsPerSecond: Double, bytesPerSecond: Double) {
    self.threads = threads
    self.operationsPerSecond = operationsPerSecond
    self.bytesPerSecond = bytesPerSecond
  }

  /// The shortest time in which so much can be done, in seconds.
  public func floor(operations: Double, bytes: Double) -> Double {
    max(operations / operationsPerSecond, bytes / bytesPerSecond)
  }

  /// Measures for a fifth of a second.
  public static func measured(threads: Int, level: VectorLevel = .best) -> MachineLimits {
    let pool = ThreadPool.shared(threads: threads)
    let rounds = TensorStorage(byteCount: 64 * pool.threads)
    let operations = best(pool, scratch: rounds, stride: 64) { _, _, scratch, _, _ in
      guard let sum = scratch?.assumingMemoryBound(to: Float.self) else { return 0 }
      _ = nn_limit_fma_f32(VectorLevel.best.rawValue, roundCount, sum)
      return 0
    }
    let stride = 3 * triadCount * 4
    let arrays = TensorStorage(byteCount: stride * pool.threads)
    arrays.base.initializeMemory(as: UInt8.self, repeating: 0, count: arrays.byteCount)
    let triads = best(pool, scratch: arrays, stride: stride) { _, _, scratch, _, _ in
      guard let a = scratch?.assumingMemoryBound(to: Float.self) else { return 0 }
      _ = nn_limit_triad_f32(
        a, a + triadCount, a + 2 * triadCount, 0.5, Int64(triadCount))
      return 0
    }
    var sum: Float = 0
    let once = Double(nn_limit_fma_f32(level.rawValue, roundCount, &sum))
    return MachineLimits(
      threads: pool.threads, operationsPerSecond: once * operations,
      bytesPerSecond: Double(stride) * triads)
  }

  /// How often a second all threads together run the function at best, of repetitions for a tenth of a second.
  private static func best(
    _ pool: ThreadPool, scratch: TensorStorage, stride: Int, _ function: @escaping KernelFunction
  ) -> Double {
    let none = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: 1)
    none.initialize(to: nil)
    let noArrays = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
    noArrays.initialize(to: 0)
    defer {
      none.deallocate()
      noArrays.deallocate()
    }
    let call = KernelCall(
      function: function, buffers: UnsafePointer(none), arrays: UnsafePointer(noArrays),
      scratch: scratch.base, scratchStride: stride, units: pool.threads, pieces: pool.threads)
    var shortest = UInt64.max
    let end = monotonicNanoseconds() + 100_000_000
    repeat {
      let start = monotonicNanoseconds()
      _ = pool.run(call)
      shortest = min(shortest, monotonicNanoseconds() - start)
    } while monotonicNanoseconds() < end
    return Double(pool.threads) / (Double(shortest) * 1e-9)
  }
}

private let roundCount: Int64 = 100_000
/// 48 MiB a thread, in three arrays.
private let triadCount = 4 << 20
