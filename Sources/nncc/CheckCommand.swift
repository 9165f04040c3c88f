// `nncc check`: proves on random inputs that every backend agrees and that the gradients are right.

import ArgumentParser
@preconcurrency import Glibc
import NNRuntime

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Proves on random inputs that every backend agrees and the gradients are right.",
    discussion: """
      One row a comparison: outputs, loss and every gradient, on every backend, fused and unfused, on one thread and on all, \
      against the interpreter for equal bits; f32 against f64, and gradients against central differences, within a bound. \
      Exits 1 if any fails, and names the first value that differs with its line.

      With --syntax, looks at the graph alone and runs nothing; for editors, which give what is being typed on standard input.

      Examples:
        nncc check mlp.graph --dim batch=8
        nncc check --syntax --json - --file mlp.graph < mlp.graph
      """)

  @OptionGroup var graph: GraphOptions

  @Option(help: "Threads for the runs on several (default: the cores).")
  var threads: Int?

  @Option(help: "How many random inputs to try.")
  var trials = 1

  @Flag(help: "Checks syntax, shapes and types only.")
  var syntax = false

  @Option(
    help: ArgumentHelp(
      "With --syntax: what messages call the graph, instead of its path.", valueName: "NAME"))
  var file: String?

  @Flag(help: "Prints one JSON object a comparison, or with --syntax one with every error.")
  var json = false

  func validate() throws {
    if syntax, threads != nil || trials != 1 {
      throw ValidationError("--syntax runs nothing: leave out --threads and --trials")
    }
    if file != nil, !syntax { throw ValidationError("--file NAME goes with --syntax") }
    if trials < 1 { throw ValidationError("--trials is at least 1") }
    if let threads, threads < 1 { throw ValidationError("--threads is at least 1") }
  }

  func run() throws {
    if syntax { return try checkSyntax() }
    let network = try graph.load().network
    var options = CheckOptions()
    options.trials = trials
    options.seed = graph.seed
    options.threads = threads ?? 0
    if !TinyCompiler.isAvailable { printError("nncc: libtcc does not work here: not checked") }
    if options.compilers.isEmpty { printError("nncc: there is no C compiler: cc is not checked") }
    var rows = 0
    var failures = 0
    let passed = try locatingIndexErrors(in: network) {
      try Checker(network, options: options).run { row in
        rows += 1
        if !row.passed { failures += 1 }
        print(json ? row.json : row.line)
        fflush(stdout)
      }
    }
    if !json { print("\(rows) comparisons, \(failures) failed") }
    if !passed { throw Failure(.checkFailed, "") }
  }

  private func checkSyntax() throws {
    let report = SyntaxReport(
      of: try readBytes(of: graph.graph), file: file ?? graph.displayName,
      dims: try graph.overrides())
    if json { print(report.json) }
    guard report.diagnostics.all.isEmpty else {
      if json { throw Failure(.badData, "") }
      throw report.diagnostics
    }
  }
}

extension CheckRow {
  fileprivate var line: String {
    var text = (passed ? "ok    " : "FAIL  ") + "\(what)  \(against)  "
    switch measure {
    case .differingElements(let count): text += count == 0 ? "equal" : "\(count) elements differ"
    case .relativeError(let error, let bound):
      text += "error \(ResultText.brief(error)) (bound \(ResultText.brief(bound)))"
    }
    if !passed, let culprit { text += "\n      first wrong: \(culprit.text)" }
    return text
  }

  fileprivate var json: String {
    var fields = [
      "\"what\": \(JSONText.quoted(what))", "\"against\": \(JSONText.quoted(against))",
    ]
    switch measure {
    case .differingElements(let count): fields.append("\"differing\": \(count)")
    case .relativeError(let error, let bound):
      fields.append("\"error\": \(JSONText.number(error))")
      fields.append("\"bound\": \(JSONText.number(bound))")
    }
    fields.append("\"passed\": \(passed)")
    if let culprit {
      fields.append("\"value\": \(JSONText.quoted(culprit.name))")
      fields.append("\"adjoint\": \(culprit.isAdjoint)")
      fields.append("\"line\": \(culprit.line)")
    }
    return "{" + fields.joined(separator: ", ") + "}"
  }
}

extension Culprit {
  fileprivate var text: String {
    (isAdjoint ? "the adjoint of \(name)" : name) + (line > 0 ? ", line \(line)" : "")
  }
}
