// `nncc bench`: where the time of a network goes, kernel by kernel, beside what the machine could do.

import ArgumentParser
@preconcurrency import Glibc
import NNRuntime

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Times each kernel and the whole, against the machine's own limits.",
    discussion: """
      Runs on random inputs, as `check` draws them. The share says how near a kernel is to the shortest time in which the \
      machine could do its arithmetic and move its data through memory; data in a cache moves faster, so that small kernels \
      may have shares above 100 %.

      Example:
        nncc bench mlp.graph --backend cc --threads 1
      """)

  @OptionGroup var graph: GraphOptions
  @OptionGroup var backend: BackendOptions

  @Option(help: "What is timed: forward, gradient or step (default: the most that the graph has).")
  var part: BenchPart?

  @Option(help: ArgumentHelp("How long to measure.", valueName: "SECONDS"))
  var duration = 1.0

  @Option(
    help: ArgumentHelp("Draws the kernels under the machine's roofline.", valueName: "FILE.svg"))
  var plot: String?

  @Flag(help: "Prints one JSON object.")
  var json = false

  func validate() throws {
    if !(duration > 0 && duration <= 3600) {
      throw ValidationError("--duration is above 0 and at most 3600 seconds")
    }
  }

  func run() throws {
    let network = try graph.load().network
    var options = backend.options
    if options.backend == .interpreter {
      throw Failure.usage("--backend interpreter has no kernels to time: tcc or cc")
    }
    // A tier, so that what is timed stays the same.
    if options.backend == .auto { options.backend = TinyCompiler.isAvailable ? .tcc : .cc }
    let bench = try locatingIndexErrors(in: network) {
      try Bench(network, part: part, options: options, seed: graph.seed, duration: duration)
    }
    if let plot { try writeFile(Roofline(bench).svg, to: plot) }
    print(json ? bench.json : bench.text)
  }
}

extension BenchPart: ExpressibleByArgument {}
