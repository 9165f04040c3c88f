// The walk that passes share: instructions in order, operands already rewritten, each offered to a
// list of rules. What a rule emits is offered to the rules again, so that one walk reaches a state
// in which no rule applies. Rules see an instruction and what its operands are made of, never its
// users: the result does not depend on what else a function computes.

/// A rule and the instructions that it is offered.
struct RewriteRule {
  /// Gives the value that an instruction can be replaced by, or nil.
  typealias Body = (inout Rewriter, Op, [Value], TensorType) -> Value?

  private enum Scope { case elementwise, others, all }

  private let scope: Scope
  let body: Body

  /// For elementwise operations, of which there are most; for all other operations; for both.
  static func elementwise(_ body: @escaping Body) -> RewriteRule {
    RewriteRule(scope: .elementwise, body: body)
  }
  static func others(_ body: @escaping Body) -> RewriteRule {
    RewriteRule(scope: .others, body: body)
  }
  static func all(_ body: @escaping Body) -> RewriteRule { RewriteRule(scope: .all, body: body) }

  var isForElementwise: Bool { scope != .others }
  var isForOthers: Bool { scope != .elementwise }
}

struct Rewriter {
  /// What has been emitted so far.
  private(set) var function: Function
  private let rules: [RewriteRule]
  private let elementwiseRules: [RewriteRule]
  private let otherRules: [RewriteRule]
  private var table: InstructionTable?
  /// Bodies of scans that have been rewritten; what is held cannot be mistaken for another.
  private var bodies = SmallTable<NestedIdentity, NestedFunction>()
  /// Given to what is emitted.
  private var origin: Origin?
  /// How many elements constant folding may still write, so that hostile functions cannot make it
  /// run for ever.
  var foldingBudget = 1 << 22

  /// `merging`: an instruction equal to an earlier one becomes that.
  private init(_ source: Function, rules: [RewriteRule], merging: Bool) {
    function = Function(name: source.name, arguments: source.arguments)
    self.rules = rules
    elementwiseRules = rules.filter(\.isForElementwise)
    otherRules = rules.filter(\.isForOthers)
    table = merging ? InstructionTable(capacity: source.instructions.count) : nil
  }

  /// The function after the walk, or unchanged where the result would have too many operations.
  static func rewrite(
    _ source: Function, rules: [RewriteRule], merging: Bool = false
  ) -> Function {
    var rewriter = Rewriter(source, rules: rules, merging: merging)
    return rewriter.run(source) ? rewriter.function : source
  }

  /// Whether the result has few enough operations.
  private mutating func run(_ source: Function) -> Bool {
    function.instructions.reserveCapacity(source.instructions.count)
    var map: [Value] = []
    map.reserveCapacity(source.instructions.count)
    let hasOrigins = !source.origins.isEmpty
    if hasOrigins { function.origins.reserveCapacity(source.instructions.count) }
    for index in source.instructions.indices {
      let instruction = source.instructions[index]
      if function.instructions.count > maximumOperationCount { return false }
      var operands = instruction.operands
      for position in operands.indices where map[operands[position].index] != operands[position] {
        operands[position] = map[operands[position].index]
      }
      if hasOrigins { origin = source.origins[Value(index)] }
      var op = instruction.op
      if case .scan(var scan) = op {
        scan.body = rewritten(scan.body)
        op = .scan(scan)
      }
      let value = emit(op, operands, instruction.type)
      if origin?.name != nil, !function.origins.isNamed(value) {
        function.origins[value] = origin
      }
      map.append(value)
    }
    function.results = source.results.map {
      Result(name: $0.name, role: $0.role, value: map[$0.value.index])
    }
    return function.instructions.count <= maximumOperationCount
  }

  /// The body of a scan after the same walk.
  private mutating func rewritten(_ nested: NestedFunction) -> NestedFunction {
    if let known = bodies[NestedIdentity(nested)] { return known }
    let body = Self.rewrite(nested.function, rules: rules, merging: table != nil)
    let after = body == nested.function ? nested : NestedFunction(body)
    bodies[NestedIdentity(nested)] = after
    return after
  }

  /// The value of this instruction after all rules.
  mutating func emit(_ op: Op, _ operands: [Value], _ type: TensorType) -> Value {
    let rules = if case .elementwise = op { elementwiseRules } else { otherRules }
    for rule in rules {
      if let value = rule.body(&self, op, operands, type) { return value }
    }
    let instruction = Instruction(op, operands, type: type)
    let value = Value(function.instructions.count)
    if let found = table?.merge(instruction, function.instructions) { return found }
    function.instructions.append(instruction)
    if let origin { function.origins[value] = origin }
    return value
  }

  /// What `body` emits has no name: it is a part of the value at hand, whose name is not meant for it.
  mutating func unnamed<Result>(_ body: (inout Rewriter) -> Result) -> Result {
    let own = origin
    origin?.name = nil
    defer { origin = own }
    return body(&self)
  }

  // MARK: What rules match on

  func op(_ value: Value) -> Op { function.instructions[value.index].op }
  func operands(_ value: Value) -> [Value] { function.instructions[value.index].operands }
  func operand(_ value: Value) -> Value { operands(value)[0] }
  func type(_ value: Value) -> TensorType { function.instructions[value.index].type }

  func isElementwise(_ value: Value, _ op: ElementwiseOp) -> Bool {
    if case .elementwise(op) = self.op(value) { return true }
    return false
  }

  /// What the value repeats, where it is a broadcast.
  func unbroadcasted(_ value: Value) -> Value? {
    if case .broadcast = op(value) { return operand(value) }
    return nil
  }

  func isConstant(_ value: Value) -> Bool {
    if case .constant = op(value) { return true }
    return false
  }

  func constant(_ value: Value) -> Constant? {
    if case .constant(let constant) = op(value) { return constant }
    return nil
  }

  /// The scalar that a constant has in every element.
  func splat(_ value: Value) -> Scalar? { constant(value)?.splat }

  /// Whether the value is this number, to the bit, in every element; `-0.0` and `0` differ for
  /// floats.
  func isSplat(_ value: Value, _ number: Double) -> Bool {
    guard let splat = splat(value) else { return false }
    return splat == Scalar(number, as: splat.element)
  }

  // MARK: What rules emit

  mutating func elementwise(_ op: ElementwiseOp, _ operands: Value...) -> Value {
    let last = type(operands[operands.count - 1])
    return emit(
      .elementwise(op), operands, last.with(element: op.result(of: last.element) ?? last.element))
  }

  mutating func splat(_ number: Double, _ type: TensorType) -> Value {
    splat(Scalar(number, as: type.element), type.shape)
  }

  mutating func splat(_ scalar: Scalar, _ shape: Shape) -> Value {
    constant(Constant(splat: scalar, shape: shape))
  }

  mutating func constant(_ constant: Constant) -> Value {
    emit(.constant(constant), [], constant.type)
  }

  mutating func reshape(_ value: Value, to shape: Shape) -> Value {
    emit(.reshape, [value], type(value).with(shape: shape))
  }

  /// To a shape of the same rank.
  mutating func broadcast(_ value: Value, to shape: Shape) -> Value {
    emit(.broadcast, [value], type(value).with(shape: shape))
  }

  mutating func permute(_ value: Value, _ order: [Int]) -> Value {
    let type = type(value)
    return emit(
      .permute(order), [value], type.with(shape: Shape(order.map { type.shape[$0] })))
  }

  mutating func reduce(_ reduction: Reduction, _ value: Value, axes: [Int]) -> Value {
    let type = type(value)
    return emit(
      .reduce(reduction, axes: axes), [value],
      type.with(shape: type.shape.reduced(along: axes)))
  }

  mutating func contract(_ left: Value, _ right: Value, _ contraction: Contraction) -> Value {
    let shape = contraction.resultShape(type(left).shape, type(right).shape)
    return emit(.contraction(contraction), [left, right], type(left).with(shape: shape))
  }
}
