// How long each kernel of a program takes, beside the least that it could.

import NNCodegen
import NNIR

/// The times of a program, whole and kernel by kernel, in seconds: medians over runs.
public struct KernelProfile: Sendable {
  public struct Row: Sendable {
    /// The kernel's name in the C.
    public var name: String
    /// The bindings of the graph that it computes.
    public var expressions: [String]
    public var lines: [Int]
    /// Of one run of the program, in which a kernel of a loop runs once a step.
    public var seconds: Double
    public var repetitions: Int
    /// Floating-point operations, and bytes of the elements touched, in as many runs.
    public var operations: Double
    public var bytes: Double
  }

  public var rows: [Row]
  /// Of a run in which no kernel is timed.
  public var seconds: Double
  public var runs: Int

  /// Runs the program on these arguments, at least three times and for `duration` seconds.
  ///
  /// - Throws: what a call throws.
  public init(
    _ compiled: CompiledProgram, arguments: [Tensor], duration: Double = 0.5
  ) throws {
    var arguments = arguments
    let program = compiled.program
    try checkArguments(arguments, program.arguments)
    var results = program.results.map { Tensor(zeros: $0.type) }
    compiled.bind(
      arguments: arguments.indices.map { arguments[$0].writableAddress(keepingElements: true) },
      results: results.indices.map { results[$0].writableAddress(keepingElements: true) })
    let all = 0..<program.kernels.count
    var whole: [Double] = []
    var kernels = program.kernels.map { _ in [Double]() }
    let end = monotonicNanoseconds() + UInt64(duration * 1e9)
    for _ in 0..<2 { try compiled.run(kernels: all) }
    repeat {
      let start = monotonicNanoseconds()
      try compiled.run(kernels: all)
      whole.append(Double(monotonicNanoseconds() - start) * 1e-9)
      for (index, time) in try compiled.timedRun().enumerated() {
        kernels[index].append(Double(time) * 1e-9)
      }
    } while whole.count < 3 || (monotonicNanoseconds() < end && whole.count < 10_000)
    withExtendedLifetime((arguments, results)) {}
    seconds = whole.median
    runs = whole.count
    rows = zip(program.kernels, program.repetitions).enumerated().map { index, pair in
      let (kernel, repetitions) = pair
      let note = index < program.notes.count ? program.notes[index] : KernelNote()
      return Row(
        name: kernel.name, expressions: note.expressions, lines: note.lines,
        seconds: kernels[index].median, repetitions: repetitions,
        operations: Double(kernel.floatingPointOperationCount * repetitions),
        bytes: Double(kernel.byteCount(in: program) * repetitions))
    }
  }
}

extension [Double] {
  /// The middle value, or the mean of the two in the middle; NaN of nothing.
  fileprivate var median: Double {
    if isEmpty { return .nan }
    let sorted = sorted()
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
  }
}
