// The rows that a network is trained on, wherever they lie: an input's rows are gathered when a batch needs them.

import Glibc
import NNIR
import Synchronization

/// Rows of one input. Axis 0 of what is gathered counts them.
public struct RowSource: Sendable {
  /// Of all rows.
  public let type: TensorType
  let gather: @Sendable (ArraySlice<Int>) -> Tensor

  public var count: Int { type.shape[0] }

  public init(_ type: TensorType, gather: @escaping @Sendable (ArraySlice<Int>) -> Tensor) {
    self.type = type
    self.gather = gather
  }

  public init(_ tensor: Tensor) {
    self.init(tensor.type) { tensor.rows($0) }
  }
}

/// A source an input, in the network's order, all of as many rows.
public struct Dataset: Sendable {
  public let sources: [RowSource]

  public init(_ sources: [RowSource]) { self.sources = sources }
  public init(_ tensors: [Tensor]) { sources = tensors.map { RowSource($0) } }

  public var count: Int { sources.first?.count ?? 0 }

  public func rows(_ numbers: ArraySlice<Int>) -> [Tensor] {
    sources.map { $0.gather(numbers) }
  }
}

/// Gathers the next batch on a thread of its own while the present one is computed.
final class BatchLoader: Sendable {
  private struct Work {
    var wanted: ArraySlice<Int>?
    var batch: [Tensor]?
    var isFinished = false
  }

  private let data: Dataset
  private let work = Mutex(Work())
  private let request = Gate()
  private let answer = Gate()

  init(_ data: Dataset) {
    self.data = data
    var thread = pthread_t()
    let loader = Unmanaged.passRetained(self)
    let isStarted = pthread_create(
      &thread, nil,
      { pointer in
        if let pointer { Unmanaged<BatchLoader>.fromOpaque(pointer).takeRetainedValue().serve() }
        return nil
      }, loader.toOpaque())
    if isStarted == 0 {
      pthread_detach(thread)
    } else {
      loader.release()
      work.withLock { $0.isFinished = true }
    }
  }

  /// Ends the thread.
  func finish() {
    work.withLock { $0.isFinished = true }
    request.open()
  }

  /// Begins to gather these rows, for `take`.
  func begin(_ rows: ArraySlice<Int>) {
    work.withLock { $0.wanted = rows }
    request.open()
  }

  /// The rows that `begin` was given last.
  func take(_ rows: ArraySlice<Int>) -> [Tensor] {
    if work.withLock({ $0.isFinished }) { return data.rows(rows) }
    answer.wait()
    return work.withLock { work in
      defer { work.batch = nil }
      return work.batch ?? []
    }
  }

  private func serve() {
    while true {
      request.wait()
      let (rows, isFinished) = work.withLock { ($0.wanted, $0.isFinished) }
      if isFinished { return }
      guard let rows else { continue }
      let batch = data.rows(rows)
      work.withLock { work in
        work.batch = batch
        work.wanted = nil
      }
      answer.open()
    }
  }
}

/// A semaphore.
private final class Gate: @unchecked Sendable {
  // A semaphore must not move, and is of no use to anyone else.
  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

  init() { sem_init(semaphore, 0, 0) }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  func open() { sem_post(semaphore) }

  func wait() {
    while sem_wait(semaphore) != 0, errno == EINTR {}
  }
}
