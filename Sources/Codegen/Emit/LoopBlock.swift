// The nodes of a block as C expressions and local variables, loop level by loop level.

import NNIR

/// How a guarded load is read where the text now stands.
enum GuardForm {
  /// The guards hold: a plain load.
  case inside
  /// They do not: the padding.
  case outside
  /// They hold where this C expression is true.
  case test(String)
}

/// A block being written in the loops spelling.
struct LoopBlock {
  let block: Block
  let levels: BlockLevels
  let pointers: KernelPointers
  /// C names of the indices, one an axis of the block's access maps.
  let indices: [String?]
  /// C expressions of the finished results, in an epilogue.
  let accumulators: [String]
  /// Letter of this block's locals.
  let prefix: String
  private(set) var sections: Set<String> = []
  private var expressions: [CExpression?]
  private let writtenPointers: Set<Int>

  init(
    _ block: Block, levels: BlockLevels, pointers: KernelPointers, indices: [String?],
    accumulators: [String] = [], written: [Int], prefix: String
  ) {
    self.block = block
    self.levels = levels
    self.pointers = pointers
    self.indices = indices
    self.accumulators = accumulators
    self.prefix = prefix
    writtenPointers = Set(written.map { pointers.index(of: $0) })
    expressions = [CExpression?](repeating: nil, count: block.nodes.count)
  }

  subscript(node: Int) -> CExpression { expressions[node] ?? CExpression("0", isAtomic: true) }

  /// Writes the nodes of one level. `guardForm` says how a guarded load stands to its guards here.
  mutating func emit(
    level: Int, into writer: inout CWriter, guardForm: (Access) -> GuardForm
  ) {
    for index in block.nodes.indices
    where levels.levels[index] == level && levels.uses[index] > 0 {
      let node = block.nodes[index]
      let expression = expression(of: node, guardForm)
      if needsLocal(index, expression, level: level) {
        let name = "\(prefix)\(index)"
        writer.line("const \(node.element.localName) \(name) = \(expression.text);")
        expressions[index] = CExpression(name, isAtomic: true)
      } else {
        expressions[index] = expression
      }
    }
  }

  func emitStores(into writer: inout CWriter) {
    for store in block.stores {
      let value = self[store.node]
      let pointer = pointers[store.access.buffer]
      let cast = pointer.element == .bool ? "(uint8_t)\(value.asOperand)" : value.text
      writer.line("\(element(store.access).text) = \(cast);")
    }
  }

  /// `x[i0 * 10 + i1]`
  private func element(_ access: Access) -> CExpression {
    let index = access.map.cExpression(indices)
    return CExpression("\(pointers[access.buffer].name)[\(index.text)]", isAtomic: true)
  }

  private func needsLocal(_ index: Int, _ expression: CExpression, level: Int) -> Bool {
    switch block.nodes[index].operation {
    case .constant, .accumulator: return false
    case .load(let access):
      // A value that a store may overwrite is read before any store.
      if writtenPointers.contains(pointers.index(of: access.buffer)) { return true }
      return levels.uses[index] > 1 || level < levels.deepest || !expression.isAtomic
    case .index, .apply:
      return levels.uses[index] > 1 || level < levels.deepest || expression.text.count > 60
    }
  }

  private mutating func expression(
    of node: Node, _ guardForm: (Access) -> GuardForm
  ) -> CExpression {
    switch node.operation {
    case .constant(let scalar): return CExpression(scalar.cLiteral, isAtomic: true)
    case .accumulator(let number): return CExpression(accumulators[number], isAtomic: true)
    case .index(let map):
      let index = map.cExpression(indices)
      if node.element == .bool { return CExpression("\(index.asOperand) != 0") }
      return CExpression("(\(node.element.cName))\(index.asOperand)")
    case .load(let access):
      guard !access.guards.isEmpty, let padding = access.padding else { return element(access) }
      switch guardForm(access) {
      case .inside: return element(access)
      case .outside: return CExpression(padding.cLiteral, isAtomic: true)
      case .test(let test):
        return CExpression("\(test) ? \(element(access).text) : \(padding.cLiteral)")
      }
    case .apply(let op, let operands):
      return cExpression(
        op, operands.map { self[$0] }, operand: block.nodes[operands[operands.count - 1]].element,
        result: node.element, sections: &sections)
    }
  }
}

extension Access {
  /// The guards as one C condition.
  func cTest(_ indices: [String?]) -> String {
    let tests = guards.map { bound in
      let index = bound.map.cExpression(indices)
      return "\(index.text) >= 0 && \(index.text) < \(bound.extent)"
    }
    return tests.count == 1 ? "(\(tests[0]))" : "(" + tests.joined(separator: " && ") + ")"
  }
}
