// A program whose kernels are machine code: the prepared call. Everything is allocated and looked up here once, so that a call
// only fills in the caller's addresses and runs the kernels.

import NNCodegen
import NNIR

/// A program ready to be called. One call at a time: the workspace is its own.
public final class CompiledProgram: @unchecked Sendable {
  public let program: Program
  /// Nil where the code was given.
  public internal(set) var preparation: Preparation?
  /// The number of threads over which kernels are split.
  public var threads: Int { pool.threads }

  /// Where a profile adds the nanoseconds of each kernel.
  private var kernelTimes: UnsafeMutablePointer<UInt64>?
  private let code: LoadedCode
  private let entries: [KernelEntry]
  private let pool: ThreadPool
  private let workspace: TensorStorage
  private let scratch: TensorStorage
  /// Constant data, which the buffers point into.
  private let constants: [Tensor]
  private let buffers: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  /// The numbers of the buffers that the kernels work on, one kernel's after the other's.
  private let arrays: UnsafeMutablePointer<Int32>
  private let calls: [KernelCall]
  private let argumentSlots: [(buffer: Int, argument: Int)]
  private let resultSlots: [(buffer: Int, result: Int)]
  let loops: [LoopPlan]
  /// For each kernel the loop that begins with it and is around all others that do, or -1.
  private let loopsAtKernel: [Int]
  private let scratchStride: Int

  /// - Parameter entries: one a kernel, whose functions `code` has in the same order.
  public init(program: Program, entries: [KernelEntry], code: LoadedCode, threads: Int) {
    precondition(
      entries.count == program.kernels.count && code.functions.count == entries.count,
      "a program has one entry a kernel")
    self.program = program
    self.code = code
    self.entries = entries
    pool = ThreadPool.shared(threads: threads)
    workspace = TensorStorage(workspaceByteCount: program.workspaceByteCount)
    scratchStride = ((entries.map(\.scratchByteCount).max() ?? 0) + 63) / 64 * 64
    scratch = TensorStorage(byteCount: scratchStride * pool.threads)
    buffers = .allocate(capacity: max(program.buffers.count, 1))
    buffers.initialize(repeating: nil, count: program.buffers.count)

    var constants: [Tensor] = []
    var argumentSlots: [(buffer: Int, argument: Int)] = []
    var resultSlots: [(buffer: Int, result: Int)] = []
    for (index, buffer) in program.buffers.enumerated() {
      switch buffer.storage {
      case .argument(let number): argumentSlots.append((index, number))
      case .result(let number): resultSlots.append((index, number))
      case .workspace(let offset): buffers[index] = workspace.base + offset
      case .constant(let constant):
        let tensor = Tensor(constant: constant)
        constants.append(tensor)
        buffers[index] = UnsafeMutableRawPointer(mutating: tensor.address)
      case .step: break
      }
    }
    self.constants = constants
    self.argumentSlots = argumentSlots
    self.resultSlots = resultSlots
    var loops: [LoopPlan]
    (loops, loopsAtKernel) = LoopPlan.all(of: program)
    let most = pool.threads
    arrays = .allocate(capacity: max(entries.reduce(0) { $0 + $1.arguments.count }, 1))
    var next = arrays
    calls = zip(entries, code.functions).map { [buffers, scratch, scratchStride] entry, function in
      let own = next
      for number in entry.arguments {
        next.initialize(to: Int32(number))
        next += 1
      }
      return KernelCall(
        function: function, buffers: UnsafePointer(buffers), arrays: UnsafePointer(own),
        scratch: scratch.base, scratchStride: scratchStride, units: entry.units,
        pieces: entry.units == 0 ? 0 : max(1, min(most, entry.units / max(entry.grain, 1))))
    }
    for number in loops.indices {
      guard let other = loops[number].beside else { continue }
      let (one, two) = (
        Self.times(number, loops, calls, entries), Self.times(other, loops, calls, entries)
      )
      let isQuicker = max(one.whole, two.whole) < one.split + two.split
      if most == 1 || !isQuicker { loops[number].beside = nil }
    }
    self.loops = loops
  }

  deinit {
    buffers.deallocate()
    arrays.deallocate()
  }

  /// The same code on another number of threads, with a workspace of its own.
  public func copy(threads: Int) -> CompiledProgram {
    CompiledProgram(program: program, entries: entries, code: code, threads: threads)
  }

  /// Says where the caller's arrays are: one address an argument and one a result, in the program's order; those of updates
  /// are not looked at. They must stay valid, and aligned to their elements, for the calls of `run` that follow.
  public func bind(
    arguments: UnsafePointer<UnsafeMutableRawPointer?>,
    results: UnsafePointer<UnsafeMutableRawPointer?>
  ) {
    for slot in argumentSlots { buffers[slot.buffer] = arguments[slot.argument] }
    for slot in resultSlots { buffers[slot.buffer] = results[slot.result] }
  }

  /// Runs kernels on the arrays bound; nothing is allocated, hashed or locked. A loop is run whole or not at all.
  ///
  /// Throws `indexOutOfRange` where a check finds an index that is none; no argument has been changed then.
  public func run(kernels: Range<Int>) throws(CallError) {
    var index = kernels.lowerBound
    while index < kernels.upperBound {
      let loop = loopsAtKernel[index]
      if loop >= 0, let other = loops[loop].beside, kernelTimes == nil,
        loops[other].loop.kernels.upperBound <= kernels.upperBound
      {
        run(loop, beside: other)
        index = loops[other].loop.kernels.upperBound
      } else if loop >= 0 {
        try run(loop: loop)
        index = loops[loop].loop.kernels.upperBound
      } else {
        try run(kernel: index)
        index += 1
      }
    }
  }

  /// Runs the whole program on the arrays bound, and gives the nanoseconds that each kernel took in all.
  func timedRun() throws(CallError) -> [UInt64] {
    let count = program.kernels.count
    let times = UnsafeMutablePointer<UInt64>.allocate(capacity: max(count, 1))
    times.initialize(repeating: 0, count: count)
    kernelTimes = times
    defer {
      kernelTimes = nil
      times.deallocate()
    }
    try run(kernels: 0..<count)
    return Array(UnsafeBufferPointer(start: times, count: count))
  }

  private func run(kernel: Int) throws(CallError) {
    if calls[kernel].pieces == 0 { return }
    let start = kernelTimes == nil ? 0 : monotonicNanoseconds()
    let found = pool.run(calls[kernel])
    if let kernelTimes { kernelTimes[kernel] += monotonicNanoseconds() - start }
    if found != 0 { throw .indexOutOfRange(fault(of: kernel, at: found - 1)) }
  }

  private func fault(of kernel: Int, at position: Int) -> IndexFault {
    let note = kernel < program.notes.count ? program.notes[kernel].check : nil
    guard case .check(let buffer, let rows) = program.kernels[kernel].routine,
      let indices = buffers[buffer]
    else { return IndexFault(-1, at: position, rows: 0, note) }
    let index =
      program.buffers[buffer].element == .i32
      ? Int(indices.load(fromByteOffset: 4 * position, as: Int32.self))
      : Int(indices.load(fromByteOffset: 8 * position, as: Int64.self))
    return IndexFault(index, at: position, rows: rows, note)
  }

  private func run(loop number: Int) throws(CallError) {
    try forEachKernel(ofLoop: number) { index throws(CallError) in try run(kernel: index) }
  }

  /// Calls `body` for each kernel of each step, whose arrays are in place then.
  private func forEachKernel<Failure>(
    ofLoop number: Int, _ body: (Int) throws(Failure) -> Void
  ) throws(Failure) {
    let plan = loops[number]
    for step in 0..<plan.loop.count {
      let position = plan.loop.position(step)
      for move in plan.moves {
        buffers[move.buffer] = buffers[move.base].map { $0 + position * move.byteCount }
      }
      for item in plan.items {
        switch item {
        case .kernel(let index): try body(index)
        case .loop(let inner): try forEachKernel(ofLoop: inner, body)
        }
      }
    }
  }

  // MARK: Two loops at the same time

  /// Runs two loops, each whole on a thread of its own.
  private func run(_ loop: Int, beside other: Int) {
    withUnsafePointer(to: UnsafeMutableRawPointer?(Unmanaged.passUnretained(self).toOpaque())) {
      program in
      withUnsafeTemporaryAllocation(of: Int32.self, capacity: 2) { numbers in
        numbers.initializeElement(at: 0, to: Int32(loop))
        numbers.initializeElement(at: 1, to: Int32(other))
        guard let first = numbers.baseAddress else { return }
        _ = pool.run(
          KernelCall(
            function: Self.runLoops, buffers: program, arrays: UnsafePointer(first),
            scratch: scratch.base, scratchStride: scratchStride, units: 2, pieces: 2))
      }
    }
  }

  /// In a kernel's form: its one buffer is the program, its arrays are loops.
  private static let runLoops: KernelFunction = { program, loops, scratch, begin, end in
    guard let program = program.pointee else { return 0 }
    let compiled = Unmanaged<CompiledProgram>.fromOpaque(program).takeUnretainedValue()
    for index in begin..<end { compiled.run(loop: Int(loops[index]), with: scratch) }
    return 0
  }

  /// Runs a loop without checks, and its kernels each in one piece.
  private func run(loop number: Int, with scratch: UnsafeMutableRawPointer?) {
    forEachKernel(ofLoop: number) { index in
      let call = calls[index]
      _ = call.function(call.buffers, call.arrays, scratch, 0, call.units)
    }
  }

  /// How long a loop takes if its kernels are run whole, and if they are split over the threads, in units of a thread's least
  /// share of a kernel.
  private static func times(
    _ number: Int, _ loops: [LoopPlan], _ calls: [KernelCall], _ entries: [KernelEntry]
  ) -> (whole: Double, split: Double) {
    var (whole, split) = (0.0, 0.0)
    for item in loops[number].items {
      switch item {
      case .kernel(let index):
        let time = Double(entries[index].units) / Double(max(entries[index].grain, 1))
        let pieces = max(calls[index].pieces, 1)
        whole += time
        // To hand pieces over and to wait for them takes a microsecond or two.
        split += time / Double(pieces) + (pieces > 1 ? 0.25 : 0)
      case .loop(let inner):
        let time = times(inner, loops, calls, entries)
        whole += time.whole
        split += time.split
      }
    }
    let count = Double(loops[number].loop.count)
    return (count * whole, count * split)
  }

  /// Runs the whole program on the caller's arrays.
  public func call(
    arguments: UnsafePointer<UnsafeMutableRawPointer?>,
    results: UnsafePointer<UnsafeMutableRawPointer?>
  ) throws(CallError) {
    bind(arguments: arguments, results: results)
    try run(kernels: 0..<calls.count)
  }
}

/// Throws where the tensors are not what the arguments say.
func checkArguments(_ tensors: [Tensor], _ arguments: [Argument]) throws(CallError) {
  guard tensors.count == arguments.count else {
    throw .argumentCount(expected: arguments.count, found: tensors.count)
  }
  for (tensor, argument) in zip(tensors, arguments) where tensor.type != argument.type {
    throw .argumentType(name: argument.name, expected: argument.type, found: tensor.type)
  }
}
