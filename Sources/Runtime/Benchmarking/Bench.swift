// A network measured: its profile and the limits of the machine that it ran on.

import NNCodegen
import NNIR

/// What of a network is run.
public enum BenchPart: String, Sendable, CaseIterable {
  /// Outputs and the loss.
  case forward
  /// These and the gradients.
  case gradient
  /// A step of gradient descent.
  case step
}

/// A network's profile on random inputs.
public struct Bench: Sendable {
  public var part: BenchPart
  public var backend: Backend
  public var limits: MachineLimits
  public var profile: KernelProfile
  /// Of the compilation.
  public var preparation: Preparation?

  /// - Parameter part: nil is the most that the network has.
  /// - Throws: `GradientError` for a part that it does not have, and what compiling and calling throw.
  public init(
    _ network: Network, part: BenchPart?, options: ExecutionOptions, seed: UInt64 = 0,
    duration: Double = 1
  ) throws {
    let hasLoss = network.function.results.contains { $0.role == .loss }
    let most: BenchPart =
      !hasLoss ? .forward : network.parameters.isEmpty ? .gradient : .step
    self.part = part ?? most
    let function =
      switch self.part {
      case .forward: network.function.evaluation()
      case .gradient: try network.function.gradient(keepingOutputs: true)
      case .step: try network.function.trainingStep()
      }
    var options = options
    options.explainsKernels = true
    let executable = try Executable(function, options: options)
    guard let compiled = executable.compiled else {
      throw BackendError.missing("there is neither libtcc nor a C compiler to time")
    }
    backend = executable.backend
    preparation = compiled.preparation
    let values = CheckInputs(seed: seed).values(for: network)
    // A rate of 0 keeps the parameters where they are, whatever the number of steps.
    let hyperparameters = StepHyperparameters(learningRate: 0, seed: seed, step: 0)
    let arguments = try function.arguments.map { argument in
      if let hyperparameter = argument.hyperparameter {
        return hyperparameters.value(of: hyperparameter, argument.type)
      }
      guard let value = values.tensors.first(where: { $0.name == argument.name }) else {
        throw CallError.missingInput(name: argument.name, type: argument.type)
      }
      return value.tensor
    }
    profile = try KernelProfile(compiled, arguments: arguments, duration: duration)
    limits = MachineLimits.measured(threads: options.threadCount)
  }
}

// MARK: Reports

extension Bench {
  /// A table for people.
  public var text: String {
    var lines = [
      "\(part.rawValue) on \(backend.rawValue), \(limits.threads) thread\(limits.threads == 1 ? "" : "s"): "
        + "\(Self.time(profile.seconds)) a run, median of \(profile.runs)",
      "this machine: \(fixed(limits.operationsPerSecond / 1e9, 1)) GFLOP/s, "
        + "\(fixed(limits.bytesPerSecond / 1e9, 1)) GB/s", "",
      "      time      %  GFLOP/s     GB/s  share  kernel",
    ]
    let total = profile.rows.reduce(0) { $0 + $1.seconds }
    for row in profile.rows.sorted(by: { $0.seconds > $1.seconds }) {
      let cells = [
        Self.padded(Self.time(row.seconds), 10),
        Self.cell(100 * row.seconds / total, 1, 7),
        Self.cell(row.operations / row.seconds / 1e9, 1, 9),
        Self.cell(row.bytes / row.seconds / 1e9, 1, 9),
        Self.cell(100 * share(row), 0, 5) + " %",
      ]
      let times = row.repetitions == 1 ? "" : " ×\(row.repetitions)"
      lines.append("\(cells.joined())  \(row.name)\(times)")
      lines += row.expressions.map { String(repeating: " ", count: 44) + $0 }
    }
    return lines.joined(separator: "\n")
  }

  public var json: String {
    let rows = profile.rows.map { row in
      """
      {"kernel": \(JSONText.quoted(row.name)), "seconds": \(JSONText.number(row.seconds)), \
      "repetitions": \(row.repetitions), "operations": \(JSONText.number(row.operations)), \
      "bytes": \(JSONText.number(row.bytes)), "share": \(JSONText.number(share(row))), \
      "fused": \(JSONText.list(row.expressions)), \
      "lines": [\(row.lines.map { "\($0)" }.joined(separator: ", "))]}
      """
    }
    return """
      {"part": \(JSONText.quoted(part.rawValue)), "backend": \(JSONText.quoted(backend.rawValue)), \
      "threads": \(limits.threads), "seconds": \(JSONText.number(profile.seconds)), "runs": \(profile.runs), \
      "machine": {"operations_per_second": \(JSONText.number(limits.operationsPerSecond)), \
      "bytes_per_second": \(JSONText.number(limits.bytesPerSecond))}, \
      "kernels": [\(rows.joined(separator: ", "))]}
      """
  }

  /// How near to its floor a kernel is: 1 at it.
  func share(_ row: KernelProfile.Row) -> Double {
    limits.floor(operations: row.operations, bytes: row.bytes) / row.seconds
  }

  /// `1.23 ms`
  static func time(_ seconds: Double) -> String {
    let units = [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs")]
    let (scale, unit) = units.first { seconds >= $0.0 } ?? (1e-9, "ns")
    return "\(fixed(seconds / scale, 2)) \(unit)"
  }

  /// Of a kernel that has nothing to do, a dash.
  private static func cell(_ value: Double, _ places: Int, _ width: Int) -> String {
    padded(value.isFinite ? fixed(value, places) : "-", width)
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}
