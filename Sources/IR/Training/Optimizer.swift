// How a training step changes the parameters. Optimisers and learning-rate schedules are functions of the graph language: those of the
// prelude, or a `def` of the user's own.
//
//     def momentum(w, g, lr, v, beta=0.9) {
//       next = beta * v + g
//       return w - lr * next, next
//     }
//
// `w`, `g` and `lr` come first; then the state, arrays like `w` that begin as zeros, and, under the name `t`, the number of the step from 1
// on; options have defaults. The results are the new `w` and the new state, in this order. A schedule is a function of `lr` and `t`.

/// A function by name, with values for some of its options.
public struct RuleCall: Hashable, Sendable {
  public struct Option: Hashable, Sendable {
    public var name: String
    public var value: Double

    public init(name: String, value: Double) {
      self.name = name
      self.value = value
    }
  }

  public var name: String
  public var options: [Option]

  public init(_ name: String, _ options: [Option] = []) {
    self.name = name
    self.options = options
  }

  /// Reads `adam` or `adam(beta1=0.8, epsilon=1e-7)`; nil for anything else.
  public init?(parsing text: String) {
    guard let open = text.firstIndex(of: "(") else {
      if text.isEmpty || !text.utf8.allSatisfy(isNamePart) { return nil }
      self.init(text)
      return
    }
    guard text.hasSuffix(")"), let head = RuleCall(parsing: String(text[..<open])) else {
      return nil
    }
    self = head
    let inside = text[text.index(after: open)...].dropLast()
    if inside.allSatisfy({ $0 == " " }) { return }
    for part in inside.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", omittingEmptySubsequences: false)
      guard sides.count == 2 else { return nil }
      let (name, number) = (sides[0].filter { $0 != " " }, sides[1].filter { $0 != " " })
      guard !name.isEmpty, name.utf8.allSatisfy(isNamePart), let value = Double(number) else {
        return nil
      }
      options.append(Option(name: name, value: value))
    }
  }

  /// As `init(parsing:)` reads it.
  public var text: String {
    if options.isEmpty { return name }
    return name + "(" + options.map { "\($0.name)=\($0.value)" }.joined(separator: ", ") + ")"
  }
}

public struct Optimizer: Sendable {
  /// What is done to all gradients before they are used.
  public enum Clipping: Hashable, Sendable {
    /// Each element to ±limit.
    case value(Double)
    /// All together to this Euclidean norm where theirs is greater.
    case norm(Double)
  }

  public var rule: RuleCall
  /// How the learning rate changes with the steps, one after the other.
  public var schedules: [RuleCall]
  public var clipping: Clipping?
  /// Times the parameter added to its gradient; where the rule has an option `weight_decay` it is that.
  public var weightDecay: Double?
  /// Where functions are looked for before the prelude: the user's graph.
  var definitions: SyntaxTree?

  /// - Parameter graph: its functions come before those of the prelude.
  public init(
    _ rule: RuleCall, schedules: [RuleCall] = [], clipping: Clipping? = nil,
    weightDecay: Double? = nil, definedIn graph: Graph? = nil
  ) {
    self.rule = rule
    self.schedules = schedules
    self.clipping = clipping
    self.weightDecay = weightDecay
    definitions = graph?.tree
  }

  /// One of the prelude with its own options.
  public init(_ name: String) { self.init(RuleCall(name)) }

  /// w - lr · g
  public static let sgd = Optimizer("sgd")
  public static let momentum = Optimizer("momentum")
  public static let nesterov = Optimizer("nesterov")
  public static let adagrad = Optimizer("adagrad")
  public static let rmsprop = Optimizer("rmsprop")
  public static let adam = Optimizer("adam")
  public static let adamw = Optimizer("adamw")
  public static let lion = Optimizer("lion")

  /// The names of the prelude's.
  public static let builtIn = [
    "sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "lion",
  ]

  /// A rate to begin with: those that divide by a gradient's size take steps of about the rate itself, whatever the loss.
  public var usualLearningRate: Double {
    ["adagrad", "rmsprop", "adam", "adamw", "lion"].contains(rule.name) ? 0.001 : 0.1
  }

  /// All of it in one line, the same for equal optimisers.
  public var text: String {
    var parts = [rule.text] + schedules.map(\.text)
    switch clipping {
    case .value(let limit): parts.append("clip \(limit)")
    case .norm(let limit): parts.append("clip norm \(limit)")
    case nil: break
    }
    if let weightDecay { parts.append("weight decay \(weightDecay)") }
    return parts.joined(separator: " ")
  }
}

/// Why there is no training step with an optimiser.
public enum OptimizerError: Error, Hashable, Sendable, CustomStringConvertible {
  case unknown(String, suggestion: String?)
  case unknownOption(String, of: String, known: [String])
  /// An option without a default that was not given.
  case missingOption(String, of: String)
  /// A function that is no optimiser or no schedule; the text says what one looks like.
  case wrongSignature(String, expected: String)
  case wrongResults(String, expected: Int, found: Int)

  public var description: String {
    switch self {
    case .unknown(let name, let suggestion):
      "there is no optimizer or schedule '\(name)'"
        + (suggestion.map { "; did you mean '\($0)'?" } ?? "")
    case .unknownOption(let option, let rule, let known):
      "\(rule) has no option '\(option)'"
        + (known.isEmpty ? "" : "; it has " + known.joined(separator: ", "))
    case .missingOption(let option, let rule): "\(rule) needs \(option)=NUMBER"
    case .wrongSignature(let name, let expected): "\(name) is no \(expected)"
    case .wrongResults(let name, let expected, let found):
      "\(name) gives \(found) values, expected \(expected): the new w and each of its states"
    }
  }
}
