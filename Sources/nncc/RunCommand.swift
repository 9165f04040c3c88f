// `nncc run`: evaluates outputs, loss and gradients on given inputs.

import ArgumentParser
import NNRuntime

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Evaluates outputs, loss and gradients on given inputs.",
    discussion: """
      Examples:
        nncc run scalar.graph --input x1=2 --input x2=5 --grad
        nncc run mlp.graph --input batch.npz --params mlp.safetensors --json
        nncc run mlp.graph --input x=rows.csv --dim batch=3 -o results.npz
      """)

  @OptionGroup var graph: GraphOptions
  @OptionGroup var backend: BackendOptions

  @OptionGroup var values: ValueOptions

  @Flag(name: .customLong("grad"), help: "Adds the gradients.")
  var wantsGradients = false

  @Option(
    name: .customLong("wrt"),
    help: ArgumentHelp(
      "Differentiates with respect to this name alone; repeatable.", valueName: "NAME"))
  var withRespectTo: [String] = []

  @Option(help: "native, or f64: f32 graphs in f64, by the interpreter.")
  var precision: Precision = .native

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Writes every result.", valueName: "FILE.npz"))
  var output: String?

  @Flag(
    help:
      "Names the first value that becomes NaN or infinite, with its line; exits 1 if there is one.")
  var debugNan = false

  @Flag(help: "Prints one JSON object.")
  var json = false

  func run() throws {
    if precision == .f64, backend.backend == .tcc || backend.backend == .cc {
      throw Failure.usage("--precision f64 is the interpreter's: leave out --backend")
    }
    let network = try graph.load().network
    for name in withRespectTo { try checkIsArgument(name, of: network) }
    let given = try values.given(for: network)
    let session = try NetworkSession(
      network, options: backend.options, precision: precision, seed: graph.seed,
      parameters: try values.parameters(of: network))
    let isDifferentiated = wantsGradients || !withRespectTo.isEmpty
    let names = withRespectTo.isEmpty ? nil : withRespectTo
    let results = try locatingIndexErrors(in: network) {
      isDifferentiated
        ? try session.gradients(given.all, withRespectTo: names) : try session.evaluate(given.all)
    }
    if graph.verbose { printError(session.summary) }
    if let output { try NumPyArchive.write(results.named, to: output) }
    if json {
      print(
        ResultsJSON(
          outputs: results.outputs, loss: results.loss, gradients: results.gradients))
    } else if output == nil || graph.verbose {
      for result in results.named { print(ResultText.describe(result.name, result.tensor)) }
    }
    if debugNan,
      let found = try session.firstNonFinite(
        given.all, gradients: isDifferentiated, withRespectTo: names)
    {
      throw Failure(.checkFailed, "\(graph.displayName): \(found)")
    }
  }

  private func checkIsArgument(_ name: String, of network: Network) throws {
    let arguments = network.function.arguments
    if arguments.contains(where: { $0.name == name }) { return }
    let hint = nearest(to: name, among: arguments.map(\.name)).map { "; did you mean '\($0)'?" }
    let known = arguments.map { "\($0.name) : \($0.type)" }.joined(separator: ", ")
    throw Failure.data(
      "--wrt \(name): the graph has no input or parameter of that name"
        + (hint ?? " (it has \(known))"))
  }
}

extension Precision: ExpressibleByArgument {}

extension NetworkSession {
  /// `tcc: 9 kernels, 12345 bytes of C in 0.51 ms, compiled in 1.2 ms`
  fileprivate var summary: String {
    guard let backend else { return "" }
    guard let preparation else { return backend.rawValue }
    return
      "\(backend.rawValue): \(preparation.kernels) kernels, \(preparation.textByteCount) bytes of C in "
      + "\(milliseconds(preparation.emission)), \(preparation.origin)"
  }
}

extension NetworkResults {
  /// Every result under the name that it has in a file.
  var named: [NamedTensor] {
    var all = outputs
    if let loss { all.append(NamedTensor(name: "loss", tensor: loss)) }
    for gradient in gradients ?? [] {
      all.append(NamedTensor(name: "gradient:\(gradient.name)", tensor: gradient.tensor))
    }
    return all
  }
}

/// All parameters of the network from a `.safetensors` file; what the file has besides is ignored.
func readParameters(_ file: String, of network: Network) throws -> [NamedTensor] {
  try parameters(in: SafeTensorsFile(reading: file), named: file, of: network)
}

/// The parameters of a network in a file that has been read.
func parameters(
  in archive: SafeTensorsFile, named file: String, of network: Network
) throws -> [NamedTensor] {
  try network.parameters.map { parameter in
    guard let tensor = try archive.tensor(named: parameter.name) else {
      throw Failure.data("\(file) has no parameter \(parameter.name) : \(parameter.type)")
    }
    guard tensor.type == parameter.type else {
      throw Failure.data(
        "\(file): parameter \(parameter.name) is \(tensor.type), but the graph has \(parameter.name) : \(parameter.type)"
      )
    }
    return NamedTensor(name: parameter.name, tensor: tensor)
  }
}
