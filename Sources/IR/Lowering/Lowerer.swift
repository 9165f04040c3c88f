// Turns a syntax tree into a function: evaluates every statement once, with tensors as instructions instead of numbers. Sizes,
// types and the bodies of functions are decided on the way. Expressions are postfix code and run on a stack of values; only
// a call of a function recurses.

/// A syntax tree by reference: that of the graph, or that of a function of the prelude.
final class Code: Sendable {
  let tree: SyntaxTree
  /// 0 for the graph, else 1 + the number of the function.
  let number: Int

  var isPrelude: Bool { number > 0 }

  init(_ tree: SyntaxTree, number: Int = 0) {
    self.tree = tree
    self.number = number
  }
}

/// A scope: the statements of the graph, or a call of a function.
struct Frame {
  let code: Code
  /// The number of the function's definition, -1 for the statements of the graph.
  let definition: Int
  var bindings = Scope()
  /// The scopes around the body of a scan that is at work.
  var enclosing: [EnclosingScope] = []
  /// The states of that scan.
  var states = SmallTable<Symbol, ScanHeader.State>()
  /// The expression at work. In all frames but the last this is the call that leads to the next.
  var current = 0
  /// Which operand of the call gave each parameter, -1 for a default.
  var arguments: [Int] = []
  /// The same for the primitive at work; nil where parameters and operands are the same.
  var order: [Int]?
  var differentiated = SymbolSet()
  /// Set while something is evaluated that has to be known when compiling: what that is.
  var constantPurpose: String?
  var file: Int32 = 0
  /// The call that it is, from 1 on; 0 for the statements of the graph.
  var call: Int32 = 0

  /// The names of the function or the statements, whatever bodies of scans are at work in it.
  var outermost: Scope { enclosing.first?.bindings ?? bindings }
}

/// What a name of the graph's statements stands for.
enum GlobalKind {
  case dim
  /// With the number of its statement.
  case constant(Int)
  case value

  var isKnownWhenCompiling: Bool {
    switch self {
    case .dim, .constant: true
    case .value: false
    }
  }
}

/// Makes a function of a graph, expression by expression. What every expression touches is not checked as it runs, as in
/// `FunctionBuilder`.
final class Lowerer {
  let code: Code
  let overrides: [String: Int]
  /// Appends to the function at work.
  @exclusivity(unchecked) var builder: FunctionBuilder
  /// The function of the graph's statements.
  let statementBuilder: FunctionBuilder
  /// Operations count as well that stand in functions around that at work, and in functions inside operations.
  @exclusivity(unchecked) var outerCount = 0
  @exclusivity(unchecked) var finishedCount = 0
  /// How many have been lowered in such functions, of use or not.
  var loweredCount = 0
  var diagnostics = DiagnosticList()
  /// How often something has been reported, the same or not.
  var reportCount = 0
  /// The scope at work, and those that called it, the graph's first.
  @exclusivity(unchecked) var frame: Frame
  var callers: [Frame] = []
  @exclusivity(unchecked) var stack: [Datum] = []
  /// A limit has been passed: everything ends at once.
  @exclusivity(unchecked) var isStopped = false

  /// What each name of the graph stands for once its statement has been reached, by the number of the name.
  @exclusivity(unchecked) var globals: [(kind: GlobalKind, place: Place)?]
  /// Where each name of the graph's statements is bound, whether that has been reached or not.
  @exclusivity(unchecked) var laterPlaces: [Place?]
  /// What each name stands for in front of parentheses, by the number of the code and that of the name; empty where there is no call yet.
  @exclusivity(unchecked) var callees: [[Callee?]]
  var preludeCodes = SmallTable<Int, Code>()
  var functions: [Symbol: Int] = [:]
  var isBroken: [Bool]
  /// Constants with tensors in them, again for the nested function at work.
  var nestedConstants: [Symbol: Datum] = [:]
  /// The functions inside operations that are at work: a loop each, nil where nothing around is seen.
  @exclusivity(unchecked) var loops: [Loop?] = []
  /// Whether a body is lowered only to find the types of its states, and how many operations that has taken.
  var isTrial = false
  var trialCount = 0
  var callCount = 0
  var calls: [Network.Call] = []
  var emptyCallCount = 0
  var listCount = 0
  /// How many dropouts there are so far: the key of the next.
  var dropoutCount = 0

  var arguments: [(argument: Argument, place: Int)] = []
  var initializers: [Initializer] = []
  var dims: [Network.Dim] = []
  var inputs: [Network.Input] = []
  var parameterCount = 0
  var nextParameter = 0
  var lossPlace: Place?
  var lossResult: Result?

  init(_ tree: SyntaxTree, dims: [String: Int]) {
    code = Code(tree)
    builder = FunctionBuilder(name: "graph")
    statementBuilder = builder
    overrides = dims
    frame = Frame(code: code, definition: -1)
    frame.differentiated = tree.differentiated
    callees = Array(repeating: [], count: 1 + Prelude.names.count)
    globals = Array(repeating: nil, count: tree.names.count)
    laterPlaces = Array(repeating: nil, count: tree.names.count)
    builder.function.instructions.reserveCapacity(tree.expressions.count)
    builder.function.origins.reserveCapacity(tree.expressions.count)
    isBroken = tree.definitions.map(\.isBroken)
  }

  // MARK: Expressions

  func evaluate(_ range: ExpressionRange) -> Datum {
    let code = frame.code
    let base = stack.count
    for id in range.first...range.root {
      if isStopped {
        stack.removeSubrange(base...)
        return .failed
      }
      step(code.tree.expressions[id], id)
    }
    return stack.removeLast()
  }

  /// Evaluates something that has to be known when compiling; `purpose` says what, for the message.
  func evaluate(_ range: ExpressionRange, for purpose: String) -> Datum {
    let outer = frame.constantPurpose
    frame.constantPurpose = purpose
    defer { frame.constantPurpose = outer }
    return evaluate(range)
  }

  private func step(_ expression: Expression, _ id: Int) {
    frame.current = id
    switch expression.kind {
    case .integer(let value): stack.append(.integer(value))
    case .number(let value): stack.append(.number(value))
    case .boolean(let value): stack.append(.boolean(value))
    case .none: stack.append(.none)
    case .name(let symbol): stack.append(lookup(symbol))
    case .unary, .binary, .call, .index, .list, .scan:
      let operands = Array(stack.suffix(expression.arity))
      stack.removeLast(operands.count)
      if !frame.code.isPrelude {
        builder.currentOrigin = Origin(
          line: Int(expression.place.line), column: Int(expression.place.column),
          call: frame.call)
      }
      stack.append(result(expression, operands))
    }
  }

  private func result(_ expression: Expression, _ operands: [Datum]) -> Datum {
    frame.order = nil
    do throws(LoweringFailure) {
      if case .call(let symbol, _, _) = expression.kind {
        return try call(symbol, expression, operands)
      }
      if case .scan(let number, _) = expression.kind { return try scan(Int(number), operands) }
      if operands.contains(where: \.isFailed) { return .failed }
      try makeRoom()
      switch expression.kind {
      case .unary(let op): return try unary(op, operands[0])
      case .binary(let op): return try binary(op, operands[0], operands[1])
      case .index(let first, let count, _):
        let subscripts = frame.code.tree.subscripts[Int(first)..<Int(first + count)]
        return try index(operands, subscripts)
      case .list: return try list(operands)
      case .call, .scan, .integer, .number, .boolean, .none, .name: return .failed
      }
    } catch {
      return .failed
    }
  }

  /// Checks that there is room for another operation of the language, which is at most a few dozen instructions.
  func makeRoom(for count: Int = 64) throws(LoweringFailure) {
    let total = builder.count + builder.nestedCount + outerCount + finishedCount + count
    if builder.isFull || total > maximumOperationCount {
      throw stop("the graph has more than \(maximumOperationCount) operations")
    }
  }

  /// A limit has been passed. This one is reported with the chain of calls, and nothing after it.
  func stop(_ message: String) -> LoweringFailure {
    if !isStopped { report(message) }
    isStopped = true
    return LoweringFailure()
  }
}
