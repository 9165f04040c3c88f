// The parser of the text form (see `FunctionPrinter`). It checks the form alone; whether the
// function makes sense is the verifier's to say. Safe on any text: errors carry their place,
// nesting is limited, and memory is bounded by the text's length.

extension Function {
  /// Reads what `text` wrote. Comments, and so origins, are not read.
  public init(parsing text: String) throws(TextError) {
    var parser = FunctionParser(reader: TextReader(text))
    self = try parser.function()
    if !parser.reader.isAtEnd { throw parser.reader.error("expected the end of the text") }
  }
}

/// How deep functions may stand in functions.
private let maximumFunctionNesting = 64

struct FunctionParser {
  var reader: TextReader
  private var depth = 0

  init(reader: TextReader) { self.reader = reader }

  mutating func function() throws(TextError) -> Function {
    depth += 1
    if depth > maximumFunctionNesting { throw reader.error("functions are nested too deeply") }
    try reader.expect("func")
    try reader.expect("@")
    let name = try name()
    var (function, heads) = try arguments(name)
    try reader.expect("->")
    try results(&function)
    try reader.expect("{")
    while true {
      let next = Value(function.instructions.count)
      if let number = heads.removeValue(forKey: next) {
        function.instructions.append(
          Instruction(.argument(number), type: function.arguments[number].type))
      } else if reader.accept("}") {
        break
      } else {
        try instruction(next, &function)
      }
    }
    if let missing = heads.keys.min() {
      throw reader.error("no instruction comes before \(missing), an argument")
    }
    depth -= 1
    return function
  }

  private mutating func name() throws(TextError) -> String {
    let plain = reader.word()
    return plain.isEmpty ? try reader.string() : plain
  }

  /// The arguments, and which values they are.
  private mutating func arguments(
    _ name: String
  ) throws(TextError) -> (Function, heads: [Value: Int]) {
    var function = Function(name: name)
    var heads: [Value: Int] = [:]
    try reader.expect("(")
    while !reader.accept(")") {
      if !function.arguments.isEmpty { try reader.expect(",") }
      if !reader.accept("_") {
        let position = reader.nextPosition
        let value = try reader.value()
        if heads.updateValue(function.arguments.count, forKey: value) != nil {
          throw reader.error("\(value) stands for two arguments", at: position)
        }
      }
      let name = try reader.string()
      try reader.expect(":")
      guard let role = ArgumentRole(rawValue: reader.word()) else {
        throw reader.error("expected input, parameter, state or hyperparameter")
      }
      function.arguments.append(Argument(name: name, role: role, type: try reader.type()))
    }
    return (function, heads)
  }

  private mutating func results(_ function: inout Function) throws(TextError) {
    try reader.expect("(")
    while !reader.accept(")") {
      if !function.results.isEmpty { try reader.expect(",") }
      let role = try role()
      let name = try reader.string()
      function.results.append(Result(name: name, role: role, value: try reader.value()))
    }
  }

  private mutating func role() throws(TextError) -> ResultRole {
    let word = reader.word()
    if word == "output" { return .output }
    if word == "loss" { return .loss }
    guard word == "gradient" || word == "update" else {
      throw reader.error("expected output, loss, gradient or update")
    }
    try reader.expect("(")
    let number = try reader.integer()
    try reader.expect(")")
    return word == "gradient" ? .gradient(of: number) : .update(of: number)
  }

  private mutating func instruction(
    _ next: Value, _ function: inout Function
  ) throws(TextError) {
    if reader.isAtEnd { throw reader.error("expected '}'") }
    let position = reader.nextPosition
    let value = try reader.value()
    if value != next { throw reader.error("expected \(next), not \(value)", at: position) }
    try reader.expect(":")
    let type = try reader.type()
    try reader.expect("=")
    var op = try operation(type)
    var operands: [Value] = []
    if !op.isLeaf, reader.isAtOperand {
      repeat { operands.append(try reader.value()) } while reader.accept(",")
    }
    switch op {
    case .custom: op = .custom(NestedFunction(try self.function()))
    case .scan(var scan):
      scan.body = NestedFunction(try self.function())
      op = .scan(scan)
    case _: break
    }
    function.instructions.append(Instruction(op, operands, type: type))
  }

  /// The operation's name and attributes. One with a nested function gets it later: it stands
  /// behind the operands.
  private mutating func operation(_ type: TensorType) throws(TextError) -> Op {
    if reader.isAtEnd { throw reader.error("expected an operation") }
    let position = reader.nextPosition
    let name = reader.word()
    if name == "power" { return .elementwise(.power(try reader.single())) }
    if let op = elementwiseOps[name] { return .elementwise(op) }
    if let reduction = ArgReduction(rawValue: name) {
      return .argReduce(reduction, axis: try reader.single())
    }
    switch Op.Kind(rawValue: name) {
    case .argument: return .argument(try reader.single())
    case .constant: return .constant(try constant(type))
    case .iota: return .iota(axis: try reader.single())
    case .reduce: return try reduction()
    case .reshape: return .reshape
    case .permute: return .permute(try reader.integers())
    case .broadcast: return .broadcast
    case .slice: return .slice(try reader.list(sliceAxis))
    case .pad: return try pad(type)
    case .concat: return .concat(axis: try reader.single())
    case .windows: return .windows(try reader.list(windowAxis))
    case .fold: return .fold(try reader.list(windowAxis))
    case .contraction: return .contraction(try contraction())
    case .gather: return .gather
    case .scatterAdd: return .scatterAdd
    case .random: return .random(try dropout())
    case .identity: return .identity
    case .stopGradient: return .stopGradient
    case .custom: return .custom(NestedFunction(Function(name: "")))
    case .scan: return .scan(try scan())
    case .projection: return .projection(try reader.single())
    case .elementwise, .argReduce, nil:
      throw reader.error("no operation is called '\(name)'", at: position)
    }
  }
}

private let elementwiseOps = Dictionary(
  uniqueKeysWithValues: ElementwiseOp.samples.map { ($0.name, $0) })

extension Op {
  fileprivate var isLeaf: Bool {
    switch self {
    case .argument, .constant, .iota: true
    case _: false
    }
  }
}

extension TextReader {
  /// Whether a value follows, and not the next instruction, `%7: …`.
  fileprivate var isAtOperand: Bool {
    mutating get {
      var probe = self
      return (try? probe.value()) != nil && !probe.accept(":")
    }
  }
}
