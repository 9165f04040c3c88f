// `nncc compile`: writes a network as C, or shows what it becomes on the way there.

import ArgumentParser
import NNCodegen
import NNRuntime

struct CompileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compile",
    abstract: "Emits C99: inference, gradient and training step.",
    discussion: """
      Writes STEM.c and STEM.h (with --params also STEM_params.c) in the current folder.

      Examples:
        nncc compile mlp.graph --optimizer sgd
        nncc compile mlp.graph --params mlp.safetensors -o build/mlp
        nncc compile mlp.graph --emit ir,kernels
      """)

  @OptionGroup var graph: GraphOptions

  @Option(
    help: ArgumentHelp(
      "c, ir (the lowered function), adjoint (the gradient function), kernels (the fused loops) or dot (for graphviz); several with commas.",
      valueName: "KINDS"))
  var emit = "c"

  @Option(help: "Adds a training step to the C: sgd.")
  var optimizer: String?

  @Option(
    help: ArgumentHelp("The prefix of all names, instead of the file's stem.", valueName: "STEM"))
  var name: String?

  @Option(help: ArgumentHelp("Also writes these as constant data.", valueName: "FILE.safetensors"))
  var params: String?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Where to write, without the ending.", valueName: "DIR/STEM"))
  var output: String?

  @Flag(help: "Leaves every operation a kernel of its own.")
  var noFuse = false

  @Flag(name: .customShort("g"), help: "Adds #line directives that name lines of the graph file.")
  var debugLines = false

  private enum Kind: String, CaseIterable {
    case c, ir, adjoint, kernels, dot
  }

  func run() throws {
    let kinds = try parseKinds()
    if let optimizer, optimizer != "sgd" { throw unavailableOptimizer(optimizer) }
    let network = try graph.load().network
    for kind in kinds {
      switch kind {
      case .c: try emitC(network)
      case .ir: try show(network.function.evaluation().text, ending: "ir")
      case .adjoint:
        try show(network.function.gradient(keepingOutputs: true).text, ending: "adjoint.ir")
      case .kernels:
        let function =
          (try? network.function.gradient(keepingOutputs: true)) ?? network.function.evaluation()
        try show(schedule(function, fuse: !noFuse).text, ending: "kernels")
      case .dot: try show(GraphDot(network).text, ending: "dot")
      }
    }
  }

  private func parseKinds() throws -> [Kind] {
    try emit.split(separator: ",", omittingEmptySubsequences: false).map { text in
      if let kind = Kind(rawValue: String(text)) { return kind }
      if ["so", "obj"].contains(text) {
        throw Failure.usage("--emit \(text) is not available in version \(Nncc.version)")
      }
      throw Failure.usage("--emit '\(text)': expected c, ir, adjoint, kernels or dot")
    }
  }

  private func emitC(_ network: Network) throws {
    let stem = graphStem(graph.graph)
    let path = output ?? name ?? stem
    let emission = ModelEmission(
      network: network, stem: name ?? lastComponent(path), path: path,
      withStep: optimizer != nil, fuse: !noFuse, debugLines: debugLines,
      trained: try params.map { try readParameters($0, of: network) })
    for line in try emission.write() { printError(line) }
  }

  /// Text goes to standard output unless `-o` names a file.
  private func show(_ text: String, ending: String) throws {
    if let output {
      try writeFile(text, to: "\(output).\(ending)")
    } else {
      print(text, terminator: text.hasSuffix("\n") ? "" : "\n")
    }
  }
}

func unavailableOptimizer(_ name: String) -> Failure {
  let known = ["momentum", "rmsprop", "adam", "adamw"].contains(name)
  return .usage(
    known
      ? "--optimizer \(name) is not available in version \(Nncc.version); sgd is"
      : "--optimizer '\(name)': there is no such optimizer; sgd is")
}
