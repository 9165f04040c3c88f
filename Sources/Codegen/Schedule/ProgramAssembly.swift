// The last step of scheduling: buffers for what crosses from one kernel to another, then the kernels themselves with names and notes.

import NNIR

struct ProgramAssembly {
  var program: Program
  private let function: Function
  private var graph: TensorGraph
  private let placed: PlacedKernels
  private var names: NodeNames
  private var bufferNames = NameTable()
  var kernelNames = NameTable()
  /// The buffer to read a node's elements from, or -1.
  private(set) var bufferOf: [Int32]
  /// The buffers that a node's value is written to.
  private var stores = SmallTable<Int, [Int]>()
  private var resultBuffers: [Int] = []
  /// Updates that go by way of a temporary array: its buffer and the argument's.
  private var lateCopies: [(source: Int, argument: Int, name: String)] = []

  init(_ function: Function, _ graph: TensorGraph, _ placed: PlacedKernels) {
    self.function = function
    self.graph = graph
    self.placed = placed
    names = NodeNames(graph, function)
    bufferOf = [Int32](repeating: -1, count: graph.nodes.count)
    program = Program(
      name: function.name, arguments: function.arguments,
      results: function.results.map {
        ProgramResult(name: $0.name, role: $0.role, type: function.type(of: $0.value))
      })
  }

  // MARK: Buffers

  mutating func buffer(
    _ name: String, _ element: ElementType, _ count: Int, _ storage: Storage
  ) -> Int {
    program.buffers.append(
      Buffer(name: bufferNames.unique(name), element: element, count: count, storage: storage))
    return program.buffers.count - 1
  }

  mutating func assignBuffers() {
    for (number, argument) in function.arguments.enumerated() {
      _ = buffer(argument.name, argument.type.element, argument.type.count, .argument(number))
    }
    for (number, result) in function.results.enumerated() {
      if result.role.isUpdate {
        resultBuffers.append(-1)
        continue
      }
      let type = function.type(of: result.value)
      resultBuffers.append(buffer(result.name, type.element, type.count, .result(number)))
    }
    for index in graph.nodes.indices {
      if case .argument(let number) = graph.nodes[index].kind { bufferOf[index] = Int32(number) }
    }
    for target in graph.targets where !function.results[target.result].role.isUpdate {
      store(Int(target.node), in: resultBuffers[target.result])
    }
    for target in graph.targets { assignUpdate(target) }
    for loop in graph.loops { assignLoop(loop) }
    for plan in placed.kernels {
      for (root, _) in plan.members { assignOperands(of: root) }
    }
    for index in graph.nodes.indices where graph.nodes[index].isJoined {
      guard let places = stores[index] else { continue }
      for part in graph.operands(of: index) { stores[Int(part.node)] = places }
    }
  }

  private mutating func store(_ node: Int, in buffer: Int) {
    stores[node] = stores[node].map { $0 + [buffer] } ?? [buffer]
    if bufferOf[node] < 0 { bufferOf[node] = Int32(buffer) }
  }

  /// An update is written into its argument's array where nobody reads the old value later or elsewhere and no check of indices follows, else copied there at the end.
  private mutating func assignUpdate(_ target: Target) {
    let result = function.results[target.result]
    guard case .update(let argument) = result.role else { return }
    let node = Int(target.node)
    let kernel = placed.kernelOf[node]
    let read = placed.kernels[Int(kernel)].argumentReads[argument]
    let isInPlace = read == nil || read == .inPlace(placed.levelOf[node])
    if placed.lastReader[argument] <= kernel, isInPlace, placed.lastCheck < Int(kernel) {
      store(node, in: argument)
      return
    }
    if bufferOf[node] < 0 { store(node, in: workspaceBuffer(node)) }
    lateCopies.append((Int(bufferOf[node]), argument, result.name))
  }

  private mutating func workspaceBuffer(_ node: Int) -> Int {
    let count = graph.domain(of: node).reduce(1, *)
    let number = buffer(names.name(node), graph.nodes[node].element, count, .workspace(offset: 0))
    names.buffers[node] = program.buffers[number].name
    return number
  }

  /// Arrays for what a loop changes: its states, which stay where they begin, and its yields.
  private mutating func assignLoop(_ loop: TensorLoop) {
    let states = loop.operands[loop.scan.sequences...].prefix(loop.scan.states)
    for (number, node) in loop.results.enumerated() where node >= 0 {
      if number < loop.scan.states {
        let state = states[states.startIndex + number]
        if bufferOf[state] < 0 { store(state, in: workspaceBuffer(state)) }
        bufferOf[node] = bufferOf[state]
      } else if bufferOf[node] < 0 {
        store(node, in: workspaceBuffer(node))
      }
    }
  }

  /// Buffers for constants, and for roots of other kernels, that a root reads.
  private mutating func assignOperands(of root: Int) {
    if graph.nodes[root].isJoined { return }
    for load in placed.roots.loads(of: root) {
      let node = Int(load.node)
      guard bufferOf[node] < 0, placed.kernelOf[node] != placed.kernelOf[root],
        graph.checks[node] == nil
      else { continue }
      if case .constant(let constant) = graph.nodes[node].kind {
        bufferOf[node] = Int32(
          buffer(
            names.known(node) ?? "constant", constant.type.element, constant.type.count,
            .constant(constant.flattened)))
      } else {
        store(node, in: workspaceBuffer(node))
      }
    }
  }

  // MARK: Kernels

  mutating func buildKernels(isForward: [Bool], explains: Bool) {
    let builder = KernelBuilder(placed: placed, bufferOf: bufferOf, stores: stores)
    let lines = explains ? linesOfKernels() : []
    let sources = explains ? sourcesOfKernels() : [:]
    for index in placed.kernels.indices {
      let plan = placed.kernels[index]
      let note = KernelNote(
        expressions: explains ? expressions(plan) : [], lines: explains ? lines[index] : [],
        sources: sources[index] ?? [], check: graph.checks[plan.members[0].root])
      if plan.kind == .loop {
        embed(graph.loops[graph.loopNumber(of: plan.members[0].root)])
      }
      let name = kernelName(plan)
      for var kernel in builder.kernels(index, &graph) {
        kernel.name = kernelNames.unique(name)
        program.kernels.append(kernel)
        program.notes.append(note)
      }
      if plan.members.contains(where: { isForward[$0.root] }) {
        program.forwardKernelCount = program.kernels.count
      }
    }
    for copy in lateCopies { append(copy) }
  }

  private mutating func append(_ copy: (source: Int, argument: Int, name: String)) {
    let buffer = program.buffers[copy.source]
    program.kernels.append(
      Kernel(
        copying: copy.source, to: copy.argument, buffer.element, count: buffer.count,
        name: kernelNames.unique(copy.name + "_copy")))
    program.notes.append(KernelNote(expressions: ["\(copy.name) = \(buffer.name)"]))
  }

  /// After the last value that has a name, or the first operation.
  private func kernelName(_ plan: KernelPlan) -> String {
    for (root, _) in plan.members.reversed() {
      if let name = names.known(root) { return name }
    }
    return names.name(plan.members[0].root)
  }

  private func expressions(_ plan: KernelPlan) -> [String] {
    var result: [String] = []
    let read = Set(plan.members.flatMap { placed.roots.loads(of: $0.root).map(\.node) })
    for (root, _) in plan.members {
      let isInner = read.contains(Int32(root)) && stores[root] == nil
      if names.known(root) == nil && isInner { continue }
      let expression =
        graph.checks[root] != nil
        ? names.expression(root) : "\(names.name(root)) = \(names.expression(root))"
      // Parts of one array are told together.
      if !result.contains(expression) { result.append(expression) }
    }
    return result
  }

  /// The lines of the graph file that each kernel has something to do with.
  private func linesOfKernels() -> [[Int]] {
    var found = [Set<Int>](repeating: [], count: placed.kernels.count)
    for (index, node) in graph.nodes.enumerated() {
      let root = placed.roots.rootOf[index]
      guard root >= 0, let origin = function.origins[Value(Int(node.value))], origin.line > 0
      else { continue }
      found[Int(placed.kernelOf[Int(root)])].insert(Int(origin.line))
    }
    return found.map { $0.sorted() }
  }

  /// The `source` numbers of the values that each kernel has something to do with, by kernel.
  private func sourcesOfKernels() -> [Int: [Int32]] {
    let indices = function.instructions.indices
    guard indices.contains(where: { (function.origins[Value($0)]?.source ?? 0) != 0 }) else {
      return [:]
    }
    var found: [Int: Set<Int32>] = [:]
    // Trivial nodes are computed by every kernel that uses them.
    var kernels = [Set<Int>](repeating: [], count: graph.nodes.count)
    for index in graph.nodes.indices.reversed() {
      let root = placed.roots.rootOf[index]
      if root >= 0 { kernels[index] = [Int(placed.kernelOf[Int(root)])] }
      for use in graph.operands(of: index) where placed.roots.isTrivial[Int(use.node)] {
        kernels[Int(use.node)].formUnion(kernels[index])
      }
      let origin = function.origins[Value(Int(graph.nodes[index].value))]
      guard let source = origin?.source, source != 0 else { continue }
      for kernel in kernels[index] { found[kernel, default: []].insert(source) }
    }
    return found.mapValues { $0.sorted() }
  }
}

extension Constant {
  /// The same elements along one axis.
  fileprivate var flattened: Constant {
    switch elements {
    case .splat(let bits):
      Constant(splat: Scalar(element: type.element, bits: bits), shape: Shape([type.count]))
    case .dense(let bits): Constant(type: type.with(shape: Shape([type.count])), bits: bits)
    }
  }
}
