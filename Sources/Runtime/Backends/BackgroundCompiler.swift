// Compiles that nobody waits for: one thread of low priority does one after the other.

import Glibc
import Synchronization

enum BackgroundCompiler {
  /// As with the command `nice`. Where every core computes, the compile has about a quarter of one: 10 would make it take three
  /// times as long, and whatever it takes from computing it takes in the end.
  private static let niceness: Int32 = 5

  private struct Queue {
    var jobs: [@Sendable () -> Void] = []
    var isRunning = false
  }

  private static let queue = Mutex(Queue())

  /// Has `job` run after those before it. An exit of the process does not wait for it.
  static func submit(_ job: @escaping @Sendable () -> Void) {
    let needsThread = queue.withLock { queue in
      queue.jobs.append(job)
      if queue.isRunning { return false }
      queue.isRunning = true
      return true
    }
    if needsThread, !startThread() {
      // Code that is not improved is still right.
      queue.withLock { $0 = Queue() }
    }
  }

  private static func startThread() -> Bool {
    var thread = pthread_t()
    return startDetachedThread(nil, as: &thread) { _ in
      // Linux gives every thread a priority of its own, and what it starts inherits it.
      setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, BackgroundCompiler.niceness)
      while let job = BackgroundCompiler.next() { job() }
      return nil
    } == 0
  }

  /// The next job; nil ends the thread.
  private static func next() -> (@Sendable () -> Void)? {
    queue.withLock { queue in
      if queue.jobs.isEmpty {
        queue.isRunning = false
        return nil
      }
      return queue.jobs.removeFirst()
    }
  }
}
