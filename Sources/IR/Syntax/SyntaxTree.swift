// What a graph says, before anything is known about types: statements, and expressions as postfix code. Text and Swift build the
// same tree. Expressions of the whole graph lie in one array, operands before operators, so that nothing that reads
// them needs recursion and a sum of 100,000 terms is as good as any other.

/// A name, as its number in `SyntaxTree.names`.
struct Symbol: Hashable, Sendable {
  var id: Int32
}

enum UnaryOperator: UInt8, Sendable, CaseIterable {
  case minus, not

  var spelling: String { self == .minus ? "-" : "not" }
}

enum BinaryOperator: UInt8, Sendable, CaseIterable {
  case or, and
  case less, lessEqual, greater, greaterEqual, equal, notEqual
  case add, subtract, multiply, divide, matmul, power

  var spelling: String {
    switch self {
    case .or: "or"
    case .and: "and"
    case .less: "<"
    case .lessEqual: "<="
    case .greater: ">"
    case .greaterEqual: ">="
    case .equal: "=="
    case .notEqual: "!="
    case .add: "+"
    case .subtract: "-"
    case .multiply: "*"
    case .divide: "/"
    case .matmul: "@"
    case .power: "^"
    }
  }

  /// From loosest to tightest; `not` stands at 3 and unary minus at 7.
  var level: Int {
    switch self {
    case .or: 1
    case .and: 2
    case .less, .lessEqual, .greater, .greaterEqual, .equal, .notEqual: 4
    case .add, .subtract: 5
    case .multiply, .divide, .matmul: 6
    case .power: 8
    }
  }

  var isComparison: Bool { level == 4 }
}

/// The calls that differentiate: by names, which must be values of their own.
enum Derivation {
  case gradient, forward

  init?(name: some Sequence<UInt8>) {
    if name.elementsEqual("grad".utf8) {
      self = .gradient
    } else if name.elementsEqual("jvp".utf8) {
      self = .forward
    } else {
      return nil
    }
  }

  /// Whether the argument at this position is a name by which something is differentiated.
  func names(_ position: Int) -> Bool {
    switch self {
    case .gradient: position > 0
    case .forward: position == 1
    }
  }
}

/// One operation of the postfix code; it takes its operands from those just before it.
struct Expression: Sendable {
  enum Kind: Sendable {
    case integer(Int)
    case number(Double)
    case boolean(Bool)
    case none
    case name(Symbol)
    case unary(UnaryOperator)
    case binary(BinaryOperator)
    /// `names` is where the arguments' names start in `SyntaxTree.argumentNames`, -1 if none has one.
    case call(Symbol, count: Int32, names: Int32)
    /// The base, then the expressions of the subscripts that start at `first` in `SyntaxTree.subscripts`.
    case index(first: Int32, count: Int32, operands: Int32)
    case list(count: Int32)
    /// A scan by its number in `SyntaxTree.scans`: the values of its header, each evaluated outside. Only the root of a binding is one.
    case scan(Int32, count: Int32)
  }

  var kind: Kind
  var place: Place

  /// The number of operands.
  var arity: Int {
    switch kind {
    case .integer, .number, .boolean, .none, .name: 0
    case .unary: 1
    case .binary: 2
    case .call(_, let count, _): Int(count)
    case .index(_, _, let operands): 1 + Int(operands)
    case .list(let count), .scan(_, let count): Int(count)
    }
  }
}

enum Subscript: Sendable {
  case at
  /// Which of `start : stop : step` are there.
  case range(start: Bool, stop: Bool, step: Bool)
  case ellipsis
}

/// An expression: its postfix code lies in `SyntaxTree.expressions[first...root]`.
struct ExpressionRange: Hashable, Sendable {
  var first: Int
  var root: Int
}

struct BoundName: Sendable {
  var symbol: Symbol
  var place: Place
}

struct TypeSyntax: Sendable {
  var element: ElementType
  var sizes: [ExpressionRange]
  var place: Place
}

/// `A, B = EXPR`, or `A, B = scan(…) { … }`.
struct Binding: Sendable {
  var names: [BoundName]
  var value: ExpressionRange
}

/// `scan(x_t in x, axis=1, reverse=true, h = zeros([n])) { … }`.
struct ScanSyntax: Sendable {
  /// What the header says, each with one operand of the expression.
  enum Item: Sendable {
    case sequence(BoundName)
    case axis, reverse
    case state(BoundName)
  }

  enum Statement: Sendable {
    case bind(Binding)
    case yield([ExpressionRange])
    /// It could not be read.
    case failed([BoundName])
  }

  var items: [Item]
  var body: [Statement] = []
  /// The names with respect to which something is differentiated in the body.
  var differentiated = SymbolSet()
  /// The body's expressions, those of the scans in it included, stand right after the scan's own, up to this one.
  var lastExpression: Int
}

/// What stands between the braces of a `def`.
struct Body: Sendable {
  var bindings: [Binding] = []
  var results: [ExpressionRange] = []
  var returnPlace = Place(line: 0, column: 0)
  /// The names with respect to which something is differentiated here.
  var differentiated = SymbolSet()
}

/// By reference: calls hold on to it.
final class Definition: Sendable {
  struct Parameter: Sendable {
    var name: BoundName
    var fallback: ExpressionRange?
  }

  struct Derivative: Sendable {
    var adjoint: BoundName
    var value: BoundName
    var body: Body
  }

  let name: BoundName
  let parameters: [Parameter]
  let body: Body
  let derivative: Derivative?
  /// An error in it has been reported: calls of it are errors without further words.
  let isBroken: Bool

  init(
    name: BoundName, parameters: [Parameter], body: Body, derivative: Derivative? = nil,
    isBroken: Bool
  ) {
    self.name = name
    self.parameters = parameters
    self.body = body
    self.derivative = derivative
    self.isBroken = isBroken
  }
}

struct Statement: Sendable {
  enum Kind: Sendable {
    case dim(BoundName, ExpressionRange)
    case input(BoundName, TypeSyntax)
    case parameter(BoundName, TypeSyntax, ExpressionRange?)
    case constant(BoundName, TypeSyntax?, ExpressionRange)
    case bind(Binding)
    /// The number of a definition.
    case define(Int)
    case output(ExpressionRange, BoundName)
    case loss(ExpressionRange)
    /// It could not be read; what it would have bound is known, so that uses of it are no further errors.
    case failed([BoundName])
  }

  var kind: Kind
  var place: Place
  /// The number of its file in `SyntaxTree.files`.
  var file: Int32 = 0
}

struct SyntaxTree: Sendable {
  var names: [String] = []
  private var symbols = HashSlots()
  var expressions: [Expression] = []
  /// Names of arguments, nil for those given by position.
  var argumentNames: [Symbol?] = []
  var subscripts: [Subscript] = []
  var statements: [Statement] = []
  var definitions: [Definition] = []
  var scans: [ScanSyntax] = []
  /// The names with respect to which the statements differentiate.
  var differentiated = SymbolSet()
  /// The text, or, of a graph built in Swift, the files whose lines build it.
  var files: [SourceText] = []
  /// What Swift built without a name of the user's own: messages show its expression instead.
  var temporaries: [Symbol: ExpressionRange] = [:]

  mutating func symbol(_ name: String) -> Symbol {
    let hash = name.quickHash
    if let found = number(name, hash) { return found }
    let symbol = Symbol(id: Int32(truncatingIfNeeded: names.count))
    names.append(name)
    symbols.append(hash)
    return symbol
  }

  /// The symbol of a name that stands somewhere in the graph.
  func existing(_ name: String) -> Symbol? { number(name, name.quickHash) }

  private func number(_ name: String, _ hash: QuickHash) -> Symbol? {
    symbols.number(hash) { names[$0] == name }.map { Symbol(id: Int32(truncatingIfNeeded: $0)) }
  }

  func name(_ symbol: Symbol) -> String { names[Int(symbol.id)] }

  /// The whole expression of which `root` is the last operation.
  func range(endingAt root: Int) -> ExpressionRange {
    var needed = 1
    var first = root + 1
    while needed > 0 {
      first -= 1
      needed += expressions[first].arity - 1
    }
    return ExpressionRange(first: first, root: root)
  }

  /// The expressions of a binding's right side, those in the body of a scan included.
  func extent(of range: ExpressionRange) -> ClosedRange<Int> {
    if case .scan(let scan, _) = expressions[range.root].kind {
      return range.first...scans[Int(scan)].lastExpression
    }
    return range.first...range.root
  }

  /// The operands of an operation, in order.
  func operands(of root: Int) -> [ExpressionRange] {
    var ranges: [ExpressionRange] = []
    var last = root - 1
    for _ in 0..<expressions[root].arity {
      let range = range(endingAt: last)
      ranges.append(range)
      last = range.first - 1
    }
    return ranges.reversed()
  }

  func names(of call: Expression) -> [Symbol?] {
    guard case .call(_, let count, let names) = call.kind else { return [] }
    if names < 0 { return [Symbol?](repeating: nil, count: Int(count)) }
    return Array(argumentNames[Int(names)..<Int(names + count)])
  }
}
