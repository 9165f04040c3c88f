// Options that several commands share, and how their texts become values.

import ArgumentParser
import NNRuntime

/// Options of every command that reads a graph.
struct GraphOptions: ParsableArguments {
  @ArgumentParser.Argument(help: "The graph file; '-' reads standard input.")
  var graph: String

  @Option(
    name: .customLong("dim"),
    help: ArgumentHelp("Overrides a dim of the graph; repeatable.", valueName: "NAME=N"))
  var dims: [String] = []

  @Option(help: "Seeds the initial parameters and every random choice.")
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "How derivatives of a scan remember its states: all of them, or one in √n and the rest computed again.",
      valueName: "none|sqrt"))
  var checkpoint: Checkpoint = .none

  @Flag(name: .short, help: "Says more on standard error.")
  var verbose = false

  /// The graph and its lowered form.
  func load() throws -> (graph: Graph, network: Network) {
    let parsed = try Graph(parsing: readBytes(of: graph), file: displayName)
    return (parsed, checkpointed(try parsed.lowered(dims: overrides())))
  }

  /// The network as `--checkpoint` wants it.
  func checkpointed(_ network: Network) -> Network {
    var network = network
    switch checkpoint {
    case .none: break
    case .sqrt: network.function = network.function.checkpointed()
    }
    return network
  }

  /// The file's name in messages.
  var displayName: String { graph == "-" ? "<stdin>" : graph }

  func overrides() throws -> [String: Int] {
    var result: [String: Int] = [:]
    for text in dims {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, let size = Int(parts[1]) else {
        throw Failure.usage("--dim '\(text)': expected NAME=N")
      }
      guard size >= 0 else { throw Failure.data("--dim '\(text)': a dim is at least 0") }
      result[String(parts[0])] = size
    }
    return result
  }
}

extension GraphOptions {
  /// The network for another batch size; nil where the leading size of these inputs is not one `dim`.
  func rebinding(
    of parsed: Graph, _ inputs: [Network.Input]
  ) throws -> ((Int) throws -> Network)? {
    let names = Set(inputs.map(\.leadingDim))
    guard names.count == 1, let only = names.first, let name = only else { return nil }
    let overrides = try overrides()
    return { size in
      checkpointed(
        try parsed.lowered(dims: overrides.merging([name: size]) { _, new in new }))
    }
  }
}

/// Options of the commands that compute on inputs given one by one.
struct ValueOptions: ParsableArguments {
  @Option(
    name: .customLong("input"),
    help: ArgumentHelp(
      "NAME=VALUE (a number, a list such as '[[1,2],[3,4]]', or a .npy, .npz or .csv file), or a .npz file with inputs by name; repeatable.",
      valueName: "input"))
  var inputs: [String] = []

  @Option(help: ArgumentHelp("Trained parameters.", valueName: "FILE.safetensors"))
  var params: String?

  func given(for network: Network) throws -> GivenInputs {
    try GivenInputs(inputs, for: network.function.arguments.filter { $0.role == .input })
  }

  /// Nil where none are given.
  func parameters(of network: Network) throws -> [NamedTensor]? {
    try params.map { try readParameters($0, of: network) }
  }
}

enum Checkpoint: String, ExpressibleByArgument, CaseIterable {
  case none, sqrt
}

/// Options of the commands that compute.
struct BackendOptions: ParsableArguments {
  @Option(
    help: """
      auto, tcc, cc or interpreter; auto starts on tcc and goes on with cc's code, which gives the \
      same bits, once that is compiled, or begins with it where it is cached.
      """)
  var backend: Backend = .auto

  /// What the runtime is told.
  var options: ExecutionOptions { ExecutionOptions(backend: backend, threads: threads ?? 0) }

  @Option(help: "Threads to use (default: the cores).")
  var threads: Int?

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads is at least 1") }
  }
}

extension Backend: ExpressibleByArgument {}
