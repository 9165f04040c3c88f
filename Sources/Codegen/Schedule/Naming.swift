// Names and notes: buffers and kernels are called what the graph calls the values in them, and a note shows the expressions.

import NNIR

/// C identifiers, each once.
struct NameTable {
  private var taken = SmallTable<String, Void>()
  private var next = SmallTable<String, Int>()

  /// `wanted` with what C does not allow replaced, and a number where it is taken.
  mutating func unique(_ wanted: String) -> String {
    let base = Self.identifier(wanted)
    if take(base) { return base }
    var number = next[base] ?? 2
    while !take("\(base)_\(number)") { number += 1 }
    next[base] = number + 1
    return "\(base)_\(number)"
  }

  /// Whether a name was free; it is not any more.
  private mutating func take(_ name: String) -> Bool { taken.insert(name, ()).isNew }

  private static func identifier(_ wanted: String) -> String {
    // Nearly all are.
    var name = wanted
    let isIdentifier = name.withUTF8 { bytes in
      bytes.first.map { !isDigit($0) } ?? false && bytes.allSatisfy(isNamePart)
    }
    if isIdentifier { return wanted }
    var base: [UInt8] = []
    base.reserveCapacity(wanted.utf8.count + 1)
    for byte in wanted.utf8 where byte & 0xC0 != 0x80 {
      // What goes on from the byte before is of the same character.
      base.append(isNamePart(byte) ? byte : UInt8(ascii: "_"))
    }
    if let first = base.first, isDigit(first) { base.insert(UInt8(ascii: "_"), at: 0) }
    return base.isEmpty ? "value" : String(decoding: base, as: UTF8.self)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  private static func isNamePart(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- UInt8(ascii: "a") < 26 || isDigit(byte) || byte == UInt8(ascii: "_")
  }
}

/// The texts that describe nodes.
struct NodeNames {
  let graph: TensorGraph
  let function: Function
  /// Results' names for the nodes that have no other.
  private var results = SmallTable<Int, String>()
  /// The names of the buffers that hold nodes' values.
  var buffers = SmallTable<Int, String>()

  init(_ graph: TensorGraph, _ function: Function) {
    self.graph = graph
    self.function = function
    for target in graph.targets where results[Int(target.node)] == nil {
      results[Int(target.node)] = function.results[target.result].name
    }
  }

  /// The name that the graph, or else a result, gives to a node.
  func known(_ node: Int) -> String? {
    if case .argument(let number) = graph.nodes[node].kind {
      return function.arguments[number].name
    }
    if case .part(let joined, _) = graph.nodes[node].kind { return known(Int(joined)) }
    return graph.name(of: node) ?? results[node]
  }

  /// A name in any case.
  func name(_ node: Int) -> String { known(node) ?? buffers[node] ?? operation(node) }

  private func operation(_ node: Int) -> String {
    switch graph.nodes[node].kind {
    case .argument: "argument"
    case .constant: "constant"
    case .splat: "splat"
    case .iota: "iota"
    case .elementwise(let op): op.name
    case .copy: "copy"
    case .reduce(let reduction, _): reduction.rawValue
    case .argReduce(let reduction, _): reduction.rawValue
    case .contraction: "dot"
    case .spread: "spread"
    case .loop: "scan"
    case .routine(let routine): routine.name
    case .loopResult(let number):
      graph.loop(ofResult: node).scan.body.function.results[number].name
    case .part(let joined, _): operation(Int(joined))
    // In another order.
    case .joined: graph.nodes[node].operandCount == 1 ? "copy" : "concat"
    }
  }

  // MARK: Expressions

  /// What a node computes, down to named values: `tanh(dot(x, w1) + b1)`.
  func expression(_ node: Int) -> String {
    var budget = 40
    return expression(node, depth: 0, budget: &budget)
  }

  private func text(_ node: Int, depth: Int, budget: inout Int) -> String {
    known(node) ?? buffers[node] ?? expression(node, depth: depth, budget: &budget)
  }

  private func expression(_ node: Int, depth: Int, budget: inout Int) -> String {
    budget -= 1
    if budget < 0 || depth > 12 { return "…" }
    switch graph.nodes[node].kind {
    case .argument, .iota, .loop, .loopResult: return name(node)
    case .constant: return graph.name(of: node) ?? "constant"
    case .splat(let scalar):
      return scalar.element == .bool ? "\(scalar.bool)" : "\(scalar.shortText)"
    case .copy: return texts(node, depth, &budget)[0]
    case .joined where graph.nodes[node].operandCount == 1: return texts(node, depth, &budget)[0]
    case .spread: return "spread(\(texts(node, depth, &budget)[0]))"
    case .part(let joined, _): return expression(Int(joined), depth: depth, budget: &budget)
    case .routine(.check(let rows)): return "0 <= \(texts(node, depth, &budget)[0]) < \(rows)"
    case .reduce, .argReduce, .contraction, .joined, .routine:
      return "\(operation(node))(\(texts(node, depth, &budget).joined(separator: ", ")))"
    case .elementwise(let op):
      let operands = texts(node, depth, &budget)
      if let symbol = op.symbol {
        let inner =
          operands.count == 1 ? symbol + operands[0] : "\(operands[0]) \(symbol) \(operands[1])"
        return depth == 0 ? inner : "(\(inner))"
      }
      if case .power(let exponent) = op { return "\(operands[0])^\(exponent)" }
      return "\(op.name)(\(operands.joined(separator: ", ")))"
    }
  }

  private func texts(_ node: Int, _ depth: Int, _ budget: inout Int) -> [String] {
    let isCall =
      if case .elementwise(let op) = graph.nodes[node].kind { op.symbol == nil } else { true }
    let inner = isCall && depth < 11 ? (depth + 1, true) : (depth + 1, false)
    var result: [String] = []
    for use in graph.operands(of: node) where graph.checks[Int(use.node)] == nil {
      // A part stands for what it is made of.
      let shown = graph.nodes[node].isJoined ? graph.operands(of: Int(use.node)).first ?? use : use
      var operand = text(Int(shown.node), depth: inner.0, budget: &budget)
      // An argument of a call needs no parentheses of its own.
      if inner.1, operand.hasPrefix("("), operand.isOneGroup {
        operand = String(operand.dropFirst().dropLast())
      }
      result.append(operand)
    }
    return result
  }
}

extension String {
  /// Whether the parenthesis at the start is closed by the one at the end.
  fileprivate var isOneGroup: Bool {
    var depth = 0
    for (offset, byte) in utf8.enumerated() {
      if byte == UInt8(ascii: "(") { depth += 1 }
      if byte == UInt8(ascii: ")") { depth -= 1 }
      if depth == 0 { return offset == utf8.count - 1 }
    }
    return false
  }
}

extension Scalar {
  /// The number for a reader: `0.002`, not its bits.
  fileprivate var shortText: String {
    switch element {
    case .f32: "\(float)"
    case .f64: "\(double)"
    case .i32, .i64, .bool: "\(int64)"
    }
  }
}

extension ElementwiseOp {
  /// The operator that the graph language writes it as, if any.
  fileprivate var symbol: String? {
    switch self {
    case .neg: "-"
    case .add: "+"
    case .sub: "-"
    case .mul: "*"
    case .div: "/"
    case .less: "<"
    case .lessEqual: "<="
    case .equal: "=="
    case .notEqual: "!="
    case .and: "and"
    case .or: "or"
    case .abs, .sign, .sqrt, .exp, .expm1, .log, .log1p, .sin, .cos, .tan, .asin, .acos, .atan,
      .sinh, .cosh, .tanh, .erf, .erfc, .sigmoid, .floor, .ceil, .round, .power, .not, .cast, .pow,
      .max, .min, .mod, .atan2, .select:
      nil
    }
  }
}
