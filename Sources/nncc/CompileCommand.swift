// `nncc compile`: writes a network as C, or shows what it becomes on the way there.

import ArgumentParser
import NNCodegen
import NNRuntime

struct CompileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compile",
    abstract: "Emits C99: inference, gradient and training step.",
    discussion: """
      Writes STEM.c and STEM.h (with --params also STEM_params.c) in the current folder. `so` and `obj` have the C compiled for \
      this processor, by the compiler that CC names, and write STEM.so, or STEM.o (and STEM_params.o), with STEM.h; CFLAGS is \
      added to `-O3 -march=native`.

      Examples:
        nncc compile mlp.graph --optimizer sgd
        nncc compile mlp.graph --params mlp.safetensors -o build/mlp
        nncc compile mlp.graph --emit ir,kernels
        nncc compile mlp.graph --emit so,obj
      """)

  @OptionGroup var graph: GraphOptions
  @OptionGroup(title: "Training step") var optimizer: OptimizerOptions

  @Option(
    help: ArgumentHelp(
      "c, so (a shared library), obj (an object file), ir (the lowered function), adjoint (the gradient function), kernels (the fused loops) or dot (for graphviz); several with commas.",
      valueName: "KINDS"))
  var emit = "c"

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
    case c, so, obj, ir, adjoint, kernels, dot

    /// What is written of the network's C; nil for a text that is shown.
    var product: ModelProduct? {
      switch self {
      case .c: .source
      case .so: .compiled(.sharedLibrary)
      case .obj: .compiled(.object)
      case .ir, .adjoint, .kernels, .dot: nil
      }
    }
  }

  func run() throws {
    let kinds = try parseKinds()
    let (parsed, network) = try graph.load()
    let products = Set(kinds.compactMap(\.product))
    if !products.isEmpty { try emit(products, of: network, try step(of: parsed)) }
    for kind in kinds {
      switch kind {
      case .c, .so, .obj: break
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
      throw Failure.usage("--emit '\(text)': expected c, so, obj, ir, adjoint, kernels or dot")
    }
  }

  /// The optimiser of the step; nil where none is asked for.
  private func step(of parsed: Graph) throws -> Optimizer? {
    if optimizer.optimizer == nil, optimizer.isGiven {
      throw Failure.usage("a schedule, decay or clipping needs --optimizer")
    }
    return try optimizer.optimizer.map { _ in try optimizer.chosen(for: parsed, steps: nil) }
  }

  private func emit(
    _ products: Set<ModelProduct>, of network: Network, _ optimizer: Optimizer?
  ) throws {
    let stem = graphStem(graph.graph)
    let path = output ?? name ?? stem
    let weights = try params.map { file in
      let archive = try SafeTensorsFile(reading: file)
      return (
        tensors: try parameters(in: archive, named: file, of: network),
        recipes: try TrainingCheckpoint.recipes(in: archive, named: file, of: network)
      )
    }
    let emission = ModelEmission(
      network: network, stem: name ?? lastComponent(path), path: path, products: products,
      optimizer: optimizer, fuse: !noFuse, debugLines: debugLines,
      trained: weights?.tensors, recipes: weights?.recipes ?? [])
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
