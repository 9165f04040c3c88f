// The kernels that compute what is drawn: which belongs to which node, and their texts.

import NNCodegen
import NNIR

struct ShownKernels {
  struct Kernel {
    var name: String
    var expressions: [String]
    var lines: [Int]
    var text: String
    var code: String
  }

  var kernels: [Kernel] = []
  /// What the kernels are of: `gradient` or `evaluation`.
  var functionName = ""

  /// Longer texts are cut.
  private static let mostText = 6_000

  /// Schedules the network's gradient, or where it has none its evaluation, and notes in the graph what computes each node.
  init(_ network: Network, _ graph: inout ShownGraph) throws {
    var numbers: [TracedValue: Int32] = [:]
    let numbered = Self.numbered(network.function, 0, graph, &numbers)
    let function =
      (try? numbered.gradient(keepingOutputs: true)) ?? numbered.evaluation()
    functionName = function.name
    let program = try schedule(function)
    var forwards: [Int32: [Int]] = [:]
    for (index, note) in program.notes.enumerated() {
      for source in note.sources { forwards[source, default: []].append(index) }
    }
    for (value, node) in graph.nodeOf {
      guard let number = numbers[value] else { continue }
      let kind = graph.nodes[node].kind
      let isComputed = kind != .input && kind != .parameter && kind != .enters
      graph.nodes[node].kernels = isComputed ? forwards[number] ?? [] : []
      graph.nodes[node].adjointKernels = forwards[-number] ?? []
    }
    for index in program.kernels.indices {
      let note = program.notes[index]
      kernels.append(
        Kernel(
          name: program.kernels[index].name, expressions: note.expressions, lines: note.lines,
          text: Self.cut(program.text(ofKernel: index)),
          code: Self.cut(emitKernel(index, of: program))))
    }
    Self.gatherInComposites(&graph)
  }

  /// The same function where the origin of every value, those in bodies of scans among them, has a number.
  private static func numbered(
    _ function: Function, _ number: Int, _ graph: ShownGraph, _ numbers: inout [TracedValue: Int32]
  ) -> Function {
    var function = function
    for index in function.instructions.indices {
      let value = TracedValue(function: number, value: Value(index))
      var source = Int32(truncatingIfNeeded: numbers.count + 1)
      if case .identity = function.instructions[index].op {
        // A binding gives its place to the value that it names.
        let operand = TracedValue(function: number, value: function.instructions[index].operands[0])
        source = numbers[operand] ?? source
      }
      numbers[value] = source
      var origin = function.origins[value.value] ?? Origin()
      origin.source = source
      function.origins[value.value] = origin
      guard case .scan(var scan) = function.instructions[index].op,
        let inner = graph.scans.first(where: { $0.value == value })?.key
      else { continue }
      scan.body = NestedFunction(numbered(scan.body.function, inner, graph, &numbers))
      function.instructions[index].op = .scan(scan)
    }
    return function
  }

  /// A composite is computed by the kernels of its parts.
  private static func gatherInComposites(_ graph: inout ShownGraph) {
    for level in graph.levelsInsideFirst {
      guard let owner = graph.levels[level].owner else { continue }
      let parts = graph.levels[level].nodes.map { graph.nodes[$0] }
      graph.nodes[owner].kernels = Set(
        graph.nodes[owner].kernels + parts.flatMap(\.kernels)
      ).sorted()
      graph.nodes[owner].adjointKernels = Set(
        graph.nodes[owner].adjointKernels + parts.flatMap(\.adjointKernels)
      ).sorted()
    }
  }

  private static func cut(_ text: String) -> String {
    if text.utf8.count <= mostText { return text }
    let kept = text.utf8.prefix(mostText)
    let end = kept.lastIndex(of: UInt8(ascii: "\n")) ?? kept.endIndex
    return String(decoding: kept[..<end], as: UTF8.self) + "\n…\n"
  }
}
