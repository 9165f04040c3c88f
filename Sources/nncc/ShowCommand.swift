// `nncc show`: draws the graph as one HTML page, and as a picture.

import ArgumentParser
import NNRuntime

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Draws the graph: one HTML page, which needs nothing else.",
    discussion: """
      Writes STEM.html in the current folder: composites that unfold, one colour a kernel, and behind every node its \
      formula, derivative rule, line, IR and C. With every input given each edge has its value and its adjoint, step by step. \
      Graphs are laid out by graphviz's program dot.

      Examples:
        nncc show scalar.graph --input x1=2 --input x2=5
        nncc show mlp.graph --params mlp.safetensors -o mlp.html
        nncc show mlp.graph --svg mlp.svg
      """)

  @OptionGroup var graph: GraphOptions

  @OptionGroup var values: ValueOptions

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The page; '-' writes standard output.", valueName: "FILE.html"))
  var output: String?

  @Option(help: ArgumentHelp("Also writes a picture, composites folded.", valueName: "FILE.svg"))
  var svg: String?

  func run() throws {
    let network = try graph.load().network
    let given = try values.given(for: network)
    let parameters =
      try values.parameters(of: network).map { try network.parameters(from: $0) }
      ?? network.initialParameters(seed: graph.seed)
    let page = try locatingIndexErrors(in: network) {
      try GraphPage(network, parameters: parameters, inputs: given.all)
    }
    if let svg { try writeFile(page.svg, to: svg) }
    try writeFile(page.html, to: output ?? graphStem(graph.graph) + ".html")
  }
}

/// The graph file's name without folder and ending.
func graphStem(_ path: String) -> String {
  let own = lastComponent(path == "-" ? "model" : path)
  return own.hasSuffix(".graph") ? String(own.dropLast(".graph".count)) : own
}
