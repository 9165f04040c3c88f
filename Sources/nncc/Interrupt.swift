// A wish to stop, from the keyboard or from whoever runs the machine.

@preconcurrency import Glibc

/// Set by the signal handler, which may do no more than that.
nonisolated(unsafe) private var interruptFlag: sig_atomic_t = 0

var isInterrupted: Bool { interruptFlag != 0 }

/// Ctrl-C, or what ends a batch job, stops at the end of the batch.
func stopOnInterrupt() {
  // A second Ctrl-C ends the process at once.
  for number in [SIGINT, SIGTERM] {
    signal(number) { number in
      interruptFlag = 1
      signal(number, SIG_DFL)
    }
  }
}
