// The half of the parser of programs that reads kernels.

import NNIR

extension ProgramParser {
  mutating func kernel(_ buffers: [Buffer]) throws(TextError) -> Kernel {
    var kernel = Kernel(name: reader.word(), space: try reader.integers())
    if reader.acceptWord("reduce") { kernel.reduced = try reader.integers() }
    try reader.expect("{")
    while !reader.accept("}") {
      if reader.isAtEnd { throw reader.error("expected '}'") }
      let position = reader.position
      switch reader.word() {
      case "contraction": kernel.contraction = try contraction(buffers, space: kernel.space)
      case "gather":
        kernel.routine = .gather(table: try name(), indices: try name(), result: try target())
      case "scatter_add":
        kernel.routine = .scatterAdd(
          indices: try name(), updates: try name(), result: try target())
      case "check": kernel.routine = try check()
      case "random": kernel.routine = try random()
      case "body": kernel.body = try block(buffers)
      case "reduction": kernel.reductions.append(try reduction())
      case "epilogue": kernel.epilogue = try block(buffers)
      case _:
        throw reader.error(
          "expected contraction, body, reduction, epilogue or a routine", at: position)
      }
    }
    return kernel
  }

  private mutating func contraction(
    _ buffers: [Buffer], space: [Int]
  ) throws(TextError) -> KernelContraction {
    let element = try element()
    try reader.expect("k")
    let extent = try reader.integer()
    let rows = reader.acceptWord("rows") ? try reader.integer() : nil
    let columns = reader.acceptWord("columns") ? try reader.integer() : nil
    try reader.expect("lanes")
    let lanes = try reader.integer()
    let digits =
      reader.acceptWord("split")
      ? try reader.list { reader throws(TextError) in try reader.integers() }
      : (space + [extent]).map { [$0] }
    return KernelContraction(
      left: try access(buffers), right: try access(buffers), digits: digits, rowAxis: rows,
      columnAxis: columns, lanes: lanes, element: element)
  }

  private mutating func check() throws(TextError) -> Routine {
    let indices = try name()
    try reader.expect("<")
    return .check(indices: indices, rows: try reader.integer())
  }

  private mutating func random() throws(TextError) -> Routine {
    try reader.expect("key")
    let key = try reader.integer()
    try reader.expect("rate")
    let rate = try reader.scalar(.f64).double
    return .random(
      seed: try name(), step: try name(), result: try target(), Dropout(key: key, rate: rate))
  }

  private mutating func target() throws(TextError) -> Int {
    try reader.expect("to")
    return try name()
  }

  private mutating func reduction() throws(TextError) -> KernelReduction {
    let name = reader.word()
    let kind: KernelReduction.Kind
    if let reduction = Reduction(rawValue: name) {
      kind = .reduce(reduction)
    } else if let reduction = ArgReduction(rawValue: name) {
      kind = .argument(reduction)
    } else {
      throw reader.error("expected a reduction")
    }
    let node = try reader.value().index
    try reader.expect("lanes")
    return KernelReduction(kind: kind, node: node, lanes: try reader.integer())
  }

  private mutating func block(_ buffers: [Buffer]) throws(TextError) -> Block {
    var block = Block()
    try reader.expect("{")
    while !reader.accept("}") {
      if reader.isAtEnd { throw reader.error("expected '}'") }
      if reader.acceptWord("store") {
        let access = try access(buffers)
        block.stores.append(Store(access: access, node: try reader.value().index))
        continue
      }
      let number = try reader.value().index
      if number != block.nodes.count { throw reader.error("expected %\(block.nodes.count)") }
      try reader.expect(":")
      let element = try element()
      try reader.expect("=")
      block.nodes.append(Node(try operation(element, buffers), element))
    }
    return block
  }

  private mutating func operation(
    _ element: ElementType, _ buffers: [Buffer]
  ) throws(TextError) -> Node.Operation {
    let name = reader.word()
    switch name {
    case "load": return .load(try access(buffers))
    case "constant": return .constant(try reader.scalar(element))
    case "index": return .index(try map())
    case "accumulator": return .accumulator(try reader.integer())
    case "power":
      let exponent = try reader.single()
      return .apply(.power(exponent), try operands())
    case _:
      guard let op = elementwiseOps[name] else {
        throw reader.error("no operation is called '\(name)'")
      }
      return .apply(op, try operands())
    }
  }

  private mutating func operands() throws(TextError) -> [Int] {
    var result: [Int] = []
    repeat { result.append(try reader.value().index) } while reader.accept(",")
    return result
  }

  private mutating func map() throws(TextError) -> AffineMap {
    let strides = try reader.integers()
    return AffineMap(offset: reader.acceptWord("at") ? try reader.integer() : 0, strides: strides)
  }

  /// A buffer.
  private mutating func name() throws(TextError) -> Int {
    let position = reader.position
    let name = reader.word()
    guard let number = buffers[name] else {
      throw reader.error("no buffer is called '\(name)'", at: position)
    }
    return number
  }

  private mutating func access(_ known: [Buffer]) throws(TextError) -> Access {
    let number = try name()
    var access = Access(buffer: number, map: try map())
    if reader.acceptWord("if") {
      repeat {
        let map = try map()
        try reader.expect("<")
        access.guards.append(Guard(map: map, extent: try reader.integer()))
      } while reader.acceptWord("and")
    }
    if reader.acceptWord("else") { access.padding = try reader.scalar(known[number].element) }
    return access
  }
}

private let elementwiseOps = Dictionary(
  uniqueKeysWithValues: ElementwiseOp.samples.map { ($0.name, $0) })

extension TextReader {
  /// Steps over a word where exactly that one stands next: a name may begin like it.
  mutating func acceptWord(_ word: String) -> Bool {
    var probe = self
    guard probe.word() == word else { return false }
    self = probe
    return true
  }
}
