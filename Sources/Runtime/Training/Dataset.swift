// The rows that a network is trained on, wherever they lie: an input's rows are gathered when a batch needs them.

import Glibc
import NNIR
import Synchronization

/// Rows of one input. Axis 0 of what is gathered counts them.
public struct RowSource: Sendable {
  /// Of all rows.
  public let type: TensorType
  let place: Place
  let gather: @Sendable (ArraySlice<Int>) throws -> Tensor

  public var count: Int { type.shape[0] }

  /// Where an element of a row comes from, by the numbers of the row and of the element in it; nil where that is not known.
  public typealias Place = @Sendable (_ row: Int, _ element: Int) -> DataPlace?

  public init(
    _ type: TensorType, place: @escaping Place = { _, _ in nil },
    gather: @escaping @Sendable (ArraySlice<Int>) throws -> Tensor
  ) {
    self.type = type
    self.place = place
    self.gather = gather
  }

  public init(_ tensor: Tensor) {
    self.init(tensor.type) { tensor.rows($0) }
  }

  /// The rows of a table's tensor, all of them, in another order.
  public init(_ tensor: Tensor, order: [Int], from columns: InputColumns?) {
    self.init(tensor.type) { row, element in
      columns?.place(row: order[row], element: element)
    } gather: { numbers in
      tensor.rows(numbers.map { order[$0] })
    }
  }

  /// The rows of sources of one input, one after the other.
  init(joining parts: [RowSource]) {
    var type = parts[0].type
    type = type.with(
      shape: Shape([parts.reduce(0) { $0 + $1.count }] + type.shape.sizes.dropFirst()))
    self.init(type) { row, element in
      parts.part(of: row).flatMap { parts[$0.part].place(row - $0.start, element) }
    } gather: { numbers in
      var pieces: [Tensor] = []
      var rest = numbers
      while let first = rest.first, let (part, start) = parts.part(of: first) {
        let run = rest.prefix { start..<start + parts[part].count ~= $0 }
        pieces.append(try parts[part].gather(run.map { $0 - start }[...]))
        rest = rest.dropFirst(run.count)
      }
      // Of no rows, and mostly of those of one part.
      if pieces.isEmpty { return try parts[0].gather(numbers) }
      return pieces.count == 1 ? pieces[0] : Tensor(joiningRows: pieces)
    }
  }
}

extension [RowSource] {
  /// Which of them a row is in, and the number of that one's first row.
  fileprivate func part(of row: Int) -> (part: Int, start: Int)? {
    var start = 0
    for part in indices {
      if row < start + self[part].count { return (part, start) }
      start += self[part].count
    }
    return nil
  }
}

/// A source an input, in the network's order, all of as many rows.
public struct Dataset: Sendable {
  public let sources: [RowSource]

  public init(_ sources: [RowSource]) { self.sources = sources }
  public init(_ tensors: [Tensor]) { sources = tensors.map { RowSource($0) } }

  /// The rows of data for the same inputs, one after the other.
  public init(joining parts: [Dataset]) {
    sources = parts[0].sources.indices.map { number in
      RowSource(joining: parts.map { $0.sources[number] })
    }
  }

  public var count: Int { sources.first?.count ?? 0 }

  public func rows(_ numbers: ArraySlice<Int>) throws -> [Tensor] {
    try sources.map { try $0.gather(numbers) }
  }
}

/// Gathers the next batch on a thread of its own while the present one is computed.
final class BatchLoader: Sendable {
  private struct Work {
    var wanted: ArraySlice<Int>?
    var batch: Swift.Result<[Tensor], any Error>?
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
  func take(_ rows: ArraySlice<Int>) throws -> [Tensor] {
    if work.withLock({ $0.isFinished }) { return try data.rows(rows) }
    answer.wait()
    let batch = work.withLock { work in
      defer { work.batch = nil }
      return work.batch
    }
    return try batch?.get() ?? data.rows(rows)
  }

  private func serve() {
    while true {
      request.wait()
      let (rows, isFinished) = work.withLock { ($0.wanted, $0.isFinished) }
      if isFinished { return }
      guard let rows else { continue }
      let batch = Swift.Result { try data.rows(rows) }
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
