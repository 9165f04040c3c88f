// A function: flat SSA over tensors. The text form (Text/) shows all of it but the debug information.

/// The number of an instruction, and so of its value, within its function.
public struct Value: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let id: Int32

  public init(_ index: Int) { id = Int32(truncatingIfNeeded: index) }
  public var index: Int { Int(id) }
  public static func < (a: Value, b: Value) -> Bool { a.id < b.id }
  public var description: String { "%\(id)" }
}

public struct Instruction: Hashable, Sendable {
  public var op: Op
  public var operands: [Value]
  public var type: TensorType

  public init(_ op: Op, _ operands: [Value] = [], type: TensorType) {
    self.op = op
    self.operands = operands
    self.type = type
  }
}

/// What an argument is to the network.
public enum ArgumentRole: String, Hashable, Sendable {
  case input, parameter
  /// What the optimiser remembers of a parameter, `m.w1` of `w1`: zeros at first, updated by every step.
  case state
  /// Given by the training loop: see `Hyperparameter`.
  case hyperparameter
}

/// What a training loop gives to a step besides parameters and inputs: the names of arguments with this role.
public enum Hyperparameter: String, Hashable, Sendable, CaseIterable {
  case learningRate = "learning_rate"
  /// Of dropouts, an i64 scalar; only where there are some.
  case seed
  /// The number of the step, from 0 on, an i64 scalar; only where there are dropouts or the optimiser counts.
  case step
  /// Of a batch whose gradients are added to those of others: its share of all rows, a scalar of the loss's element type.
  case weight
}

public struct Argument: Hashable, Sendable {
  public var name: String
  public var role: ArgumentRole
  public var type: TensorType

  /// Of a state: its own name and that of its parameter.
  public var stateNames: (state: String, parameter: String)? {
    guard role == .state, let dot = name.firstIndex(of: ".") else { return nil }
    return (String(name[..<dot]), String(name[name.index(after: dot)...]))
  }

  public var hyperparameter: Hyperparameter? {
    role == .hyperparameter ? Hyperparameter(rawValue: name) : nil
  }

  public init(name: String, role: ArgumentRole, type: TensorType) {
    self.name = name
    self.role = role
    self.type = type
  }
}

/// What a result is to the network; a result of a nested function is a plain `output`.
public enum ResultRole: Hashable, Sendable {
  case output
  case loss
  /// The gradient of the loss with respect to the argument with this number.
  case gradient(of: Int)
  /// The new value of the argument with this number, which it replaces in place.
  case update(of: Int)
}

public struct Result: Hashable, Sendable {
  public var name: String
  public var role: ResultRole
  public var value: Value

  public init(name: String, role: ResultRole, value: Value) {
    self.name = name
    self.role = role
    self.value = value
  }
}

/// A list of instructions, each after its operands, with named arguments and results.
///
/// Argument i is the instruction whose op is `.argument(i)`; each argument has at most one.
public struct Function: Hashable, Sendable {
  public var name: String
  public var arguments: [Argument]
  public var instructions: [Instruction]
  public var results: [Result]
  public var origins: Origins

  public init(
    name: String, arguments: [Argument] = [], instructions: [Instruction] = [],
    results: [Result] = [], origins: Origins = Origins()
  ) {
    self.name = name
    self.arguments = arguments
    self.instructions = instructions
    self.results = results
    self.origins = origins
  }

  /// Appends an instruction; nil where there are as many as `limit`.
  mutating func append(_ instruction: Instruction, _ origin: Origin?, below limit: Int) -> Value? {
    if instructions.count >= limit { return nil }
    let value = Value(instructions.count)
    instructions.append(instruction)
    if let origin { origins[value] = origin }
    return value
  }

  public subscript(value: Value) -> Instruction { instructions[value.index] }
  public func type(of value: Value) -> TensorType { instructions[value.index].type }
  /// The operations inside its scans.
  var nestedOperationCount: Int {
    instructions.reduce(0) { count, instruction in
      if case .scan(let scan) = instruction.op { count + scan.body.operationCount } else { count }
    }
  }
  public func result(_ role: ResultRole) -> Result? { results.first { $0.role == role } }

  public static func == (a: Function, b: Function) -> Bool {
    a.name == b.name && a.arguments == b.arguments && a.instructions == b.instructions
      && a.results == b.results
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(arguments)
    hasher.combine(instructions)
    hasher.combine(results)
  }
}
