// The clock by which everything is timed.

import Glibc

/// Nanoseconds of the monotonic clock.
func monotonicNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}

/// The same in seconds.
package func monotonicSeconds() -> Double { Double(monotonicNanoseconds()) * 1e-9 }
