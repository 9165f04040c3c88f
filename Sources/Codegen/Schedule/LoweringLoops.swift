// Scans: the body becomes a program of its own, whose kernels are repeated by a loop. What the loop reads and writes are whole arrays;
// each state has one array, in which every step finds the old value and leaves the new one.

import NNIR

extension Lowering {
  /// The loop's node; its results' nodes are found by projections.
  mutating func loop(_ scan: Scan, _ value: Value) throws -> Use {
    if scan.length == 0 { return splat(Scalar(Int32(0)), value) }
    let operands = function[value].operands
    let types = (try? scan.resultTypes(of: operands.map { function.type(of: $0) })) ?? []
    var entry = TensorLoop(
      scan: scan, step: try step(of: scan), operands: [],
      results: [Int](repeating: -1, count: types.count))
    var uses: [Use] = []
    for (number, operand) in operands.enumerated() {
      guard function.type(of: operand).count > 0 else {
        entry.operands.append(-1)
        continue
      }
      let isState = (scan.sequences..<scan.sequences + scan.states).contains(number)
      let use = isState ? initialState(operand) : array(operand)
      entry.operands.append(Int(use.node))
      uses.append(use)
    }
    let loop = graph.append(
      .loop(graph.loops.count), .f32, domain: [], space: [], operands: uses, value: value.index)
    graph.isForced[loop] = true
    for (number, type) in types.enumerated() where type.count > 0 {
      let domain = type.count == 1 ? [] : [type.count]
      let node = graph.append(
        .loopResult(number), type.element, domain: domain, space: domain,
        operands: [use(loop, View(rank: 0, forms: []))], value: value.index)
      graph.isForced[node] = true
      entry.results[number] = node
    }
    graph.loops.append(entry)
    return use(loop, View(rank: 0, forms: []))
  }

  /// A scan of no steps gives its initial states.
  mutating func projection(_ result: Int, _ value: Value) -> Use {
    let source = function[value].operands[0]
    if case .scan(let scan) = function[source].op, scan.length == 0 {
      return uses[function[source].operands[scan.sequences + result].index]
    }
    let loop = graph.loops[graph.loopNumber(of: Int(uses[source.index].node))]
    return whole(loop.results[result], sizes: sizes(of: value))
  }

  /// The body as a program; a next state is an update of the state.
  private func step(of scan: Scan) throws -> Program {
    var body = scan.body.function
    for state in 0..<scan.states { body.results[state].role = .update(of: scan.sequences + state) }
    return try scheduled(body, fuse: fuse, explains: explains)
  }

  /// An operand as a whole array.
  mutating func array(_ operand: Value) -> Use {
    let sizes = sizes(of: operand)
    let source = stored(uses[operand.index], sizes: sizes, operand)
    return graph.isWhole(source, sizes: sizes) ? source : copied(source, sizes: sizes, operand)
  }

  /// An array of its own that holds the initial state until the loop changes it.
  private mutating func initialState(_ operand: Value) -> Use {
    let sizes = sizes(of: operand)
    let node = graph.append(
      .copy, function.type(of: operand).element,
      domain: sizes.isEmpty ? [] : [sizes.reduce(1, *)], space: sizes,
      operands: [uses[operand.index]], value: operand.index)
    graph.isForced[node] = true
    return whole(node, sizes: sizes)
  }
}

extension TensorGraph {
  func loopNumber(of node: Int) -> Int {
    if case .loop(let number) = nodes[node].kind { number } else { -1 }
  }

  /// The loop that a `loopResult` is a result of.
  func loop(ofResult node: Int) -> TensorLoop {
    let operand = operands(of: node).first.map { Int($0.node) } ?? node
    return loops[loopNumber(of: operand)]
  }
}
