// Threads that the runtime owns, started when there is something for them. A kernel's units are split into one piece a thread; a
// piece that its worker has not begun when the caller is done with its own is the caller's, so that threads that are late never
// make a call slower than one thread would be. Idle workers spin for a moment, since the next kernel is usually near, and then sleep.

import CSystem
import Glibc
import Synchronization

/// A kernel call to be split over threads.
struct KernelCall {
  var function: KernelFunction
  var buffers: UnsafePointer<UnsafeMutableRawPointer?>
  /// Which of the buffers the function works on.
  var arrays: UnsafePointer<Int32>
  /// Scratch of the first thread; the others' lie `scratchStride` bytes apart.
  var scratch: UnsafeMutableRawPointer?
  var scratchStride: Int
  var units: Int
  /// The number of ranges, at most one a thread.
  var pieces: Int

  /// What the function gives for a piece of the units.
  func run(piece: Int) -> Int {
    let begin = piece * units / pieces
    let end = (piece + 1) * units / pieces
    return function(buffers, arrays, scratch.map { $0 + piece * scratchStride }, begin, end)
  }
}

/// A fixed number of threads, the caller's among them. One pool of each size serves the whole process.
final class ThreadPool: @unchecked Sendable {
  let threads: Int
  /// Counts the calls in its upper bits; the lower 16 say how many pieces the present one has. A worker reads `call` only if it
  /// has a piece of it, and then the call cannot end before the worker does.
  private let ticket = Atomic<Int>(0)
  private let remaining = Atomic<Int>(0)
  /// The least that a piece of the call gave which was not 0; `Int.max` if all gave 0.
  private let least = Atomic<Int>(Int.max)
  private let isBusy = Atomic<Bool>(false)
  /// Workers are started by the first call that has pieces for them: a small program's have none. Only who has set `isBusy` looks.
  private var areWorkersStarted = false
  private let call: UnsafeMutablePointer<KernelCall>
  /// The worker of piece 1 comes first: piece 0 is the caller's.
  private let workers: [Worker]
  /// Those that the first caller could run on.
  private var cores = nn_cores()
  private let workersDoor = Door()
  private let callersDoor = Door()

  private static let pools = Mutex<[ThreadPool]>([])

  /// The process's pool of that many threads, at most 1024.
  static func shared(threads: Int) -> ThreadPool {
    let threads = min(max(threads, 1), 1024)
    return pools.withLock { pools in
      if let pool = pools.first(where: { $0.threads == threads }) { return pool }
      let pool = ThreadPool(threads: threads)
      pools.append(pool)
      return pool
    }
  }

  private init(threads: Int) {
    self.threads = threads
    call = .allocate(capacity: 1)
    workers = (1..<max(threads, 1)).map { _ in Worker() }
  }

  /// Runs all pieces and returns when they are done. If another caller has the threads, this one's runs the pieces itself.
  ///
  /// Gives the least that a piece gave which was not 0, or 0: what is found first does not depend on the threads.
  func run(_ kernel: KernelCall) -> Int {
    guard kernel.pieces > 1,
      isBusy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
    else {
      for piece in 0..<kernel.pieces {
        let found = kernel.run(piece: piece)
        if found != 0 { return found }
      }
      return 0
    }
    let core = nn_current_core()
    if !areWorkersStarted { startWorkers(from: core) }
    for worker in workers.prefix(kernel.pieces - 1) { move(worker, off: core) }
    least.store(Int.max, ordering: .relaxed)
    call.initialize(to: kernel)
    remaining.store(kernel.pieces - 1, ordering: .relaxed)
    let count = (ticket.load(ordering: .relaxed) >> 16) &+ 1
    ticket.store(count << 16 | kernel.pieces, ordering: .sequentiallyConsistent)
    workersDoor.open()
    note(kernel.run(piece: 0))
    for piece in 1..<kernel.pieces where workers[piece - 1].begin(count) {
      note(kernel.run(piece: piece))
      remaining.subtract(1, ordering: .sequentiallyConsistent)
    }
    callersDoor.wait { self.remaining.load(ordering: .sequentiallyConsistent) == 0 }
    let found = least.load(ordering: .relaxed)
    isBusy.store(false, ordering: .releasing)
    return found == Int.max ? 0 : found
  }

  private func note(_ found: Int) {
    if found != 0 { least.min(found, ordering: .relaxed) }
  }

  // MARK: Workers

  private struct Start {
    var pool: ThreadPool
    var worker: Worker
    var piece: Int
  }

  private func startWorkers(from core: Int32) {
    cores = nn_own_cores()
    for (index, worker) in workers.enumerated() {
      worker.core.store(core, ordering: .relaxed)
      start(worker, piece: index + 1)
    }
    areWorkersStarted = true
  }

  private func start(_ worker: Worker, piece: Int) {
    let start = UnsafeMutablePointer<Start>.allocate(capacity: 1)
    start.initialize(to: Start(pool: self, worker: worker, piece: piece))
    let failure = startDetachedThread(start, as: &worker.thread) { argument in
      guard let argument else { return nil }
      let start = argument.assumingMemoryBound(to: Start.self).move()
      argument.deallocate()
      start.pool.work(as: start.worker, piece: start.piece)
    }
    precondition(failure == 0, "no thread can be started: \(failure)")
  }

  /// The system wakes a thread where it slept, or where it is woken from, and would leave it on the core on which the caller
  /// computes until its next tick, some milliseconds later. To move one that sleeps takes a microsecond.
  private func move(_ worker: Worker, off core: Int32) {
    if worker.core.load(ordering: .relaxed) != core { return }
    nn_keep_off_core(worker.thread, &cores, core)
    worker.core.store(-1, ordering: .relaxed)
  }

  /// A pool stays for the life of the process, and so do its workers.
  private func work(as worker: Worker, piece: Int) -> Never {
    var seen = 0
    while true {
      workersDoor.wait { self.ticket.load(ordering: .sequentiallyConsistent) != seen }
      seen = ticket.load(ordering: .sequentiallyConsistent)
      worker.core.store(nn_current_core(), ordering: .relaxed)
      // Only who begins a piece may look at the call, which cannot end before the piece does.
      guard piece < seen & 0xFFFF, worker.begin(seen >> 16) else { continue }
      note(call.pointee.run(piece: piece))
      if remaining.subtract(1, ordering: .sequentiallyConsistent).newValue == 0 {
        callersDoor.open()
      }
    }
  }
}

/// A thread of a pool, and the piece of each call that is meant for it.
private final class Worker: @unchecked Sendable {
  /// Only who has set the pool's `isBusy` looks.
  var thread = pthread_t()
  /// Where it last woke, and so sleeps now; -1 where it has been moved since.
  let core = Atomic<Int32>(-1)
  /// The last call whose piece has been begun, by whichever thread.
  private let begun = Atomic<Int>(0)

  /// Takes the call's piece; false where it has been begun, or a later one's.
  func begin(_ call: Int) -> Bool {
    var current = begun.load(ordering: .relaxed)
    while current < call {
      let (exchanged, original) = begun.compareExchange(
        expected: current, desired: call, ordering: .acquiringAndReleasing)
      if exchanged { return true }
      current = original
    }
    return false
  }
}

/// Where threads wait for a condition that another makes true: spinning first, then asleep.
private final class Door: @unchecked Sendable {
  /// A kernel follows within this time or not soon.
  private static let spinNanoseconds: UInt64 = 50_000

  private let sleepers = Atomic<Int>(0)
  private let mutex: UnsafeMutablePointer<pthread_mutex_t> = .allocate(capacity: 1)
  private let condition: UnsafeMutablePointer<pthread_cond_t> = .allocate(capacity: 1)

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  /// Returns when `isTrue`. Who makes it true calls `open` after that.
  func wait(until isTrue: () -> Bool) {
    if isTrue() { return }
    let end = now() &+ Self.spinNanoseconds
    while now() < end {
      for _ in 0..<32 where isTrue() { return }
    }
    pthread_mutex_lock(mutex)
    sleepers.add(1, ordering: .sequentiallyConsistent)
    while !isTrue() { pthread_cond_wait(condition, mutex) }
    sleepers.subtract(1, ordering: .sequentiallyConsistent)
    pthread_mutex_unlock(mutex)
  }

  /// Wakes the sleepers, if there are any: a sleeper counts itself before it looks at the condition a last time.
  func open() {
    if sleepers.load(ordering: .sequentiallyConsistent) == 0 { return }
    pthread_mutex_lock(mutex)
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }

  private func now() -> UInt64 { monotonicNanoseconds() }
}

/// Starts a thread that nobody waits for. Gives 0, or an error's number.
///
/// Signals are the main thread's business: the thread inherits a mask that blocks all.
func startDetachedThread(
  _ argument: UnsafeMutableRawPointer?, as thread: inout pthread_t,
  _ body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?
) -> Int32 {
  var all = sigset_t()
  var before = sigset_t()
  sigfillset(&all)
  pthread_sigmask(SIG_SETMASK, &all, &before)
  defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
  let failure = pthread_create(&thread, nil, body, argument)
  if failure == 0 { pthread_detach(thread) }
  return failure
}
