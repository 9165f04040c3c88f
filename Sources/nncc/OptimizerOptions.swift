// How parameters are changed: the options of `train` and `compile`.

import ArgumentParser
import NNRuntime

struct OptimizerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw or lion, or a def of the graph whose parameters begin with w, g, lr; \
      options in brackets: 'adam(beta1=0.8)'.
      """, valueName: "NAME"))
  var optimizer: String?

  @Option(
    name: .customLong("schedule"),
    help: ArgumentHelp(
      """
      How the learning rate changes: cosine, step(every=1000), or a def of the graph whose parameters begin with lr, t; repeatable, one \
      after the other.
      """, valueName: "NAME"))
  var schedules: [String] = []

  @Option(
    help: ArgumentHelp("Steps in which the learning rate rises to its value.", valueName: "STEPS"))
  var warmup: Int?

  @Option(
    help: ArgumentHelp(
      "Adds the parameter times this to its gradient (adamw, lion: their own decay).",
      valueName: "FACTOR"))
  var weightDecay: Double?

  @Option(help: ArgumentHelp("Clips each element of the gradients to ± this.", valueName: "LIMIT"))
  var clip: Double?

  @Option(
    help: ArgumentHelp(
      "Scales all gradients together down to this Euclidean norm.", valueName: "LIMIT"))
  var clipNorm: Double?

  func validate() throws {
    if clip != nil, clipNorm != nil { throw ValidationError("either --clip or --clip-norm") }
    for (name, value) in [("--clip", clip), ("--clip-norm", clipNorm)] {
      if let value, !(value > 0 && value.isFinite) { throw ValidationError("\(name) is above 0") }
    }
    if let weightDecay, !(weightDecay >= 0 && weightDecay.isFinite) {
      throw ValidationError("--weight-decay is at least 0")
    }
    if let warmup, warmup < 1 { throw ValidationError("--warmup is at least 1") }
  }

  /// Whether anything is said about how parameters change.
  var isGiven: Bool {
    optimizer != nil || !schedules.isEmpty || warmup != nil || weightDecay != nil || clip != nil
      || clipNorm != nil
  }

  /// - Parameter steps: of the whole training, which schedules without a number of their own take; nil where that is not known.
  func chosen(for graph: Graph, steps: Int?) throws -> Optimizer {
    let rule = try call(optimizer ?? "sgd", of: "--optimizer")
    var schedules = try self.schedules.map { text in
      try schedule(try call(text, of: "--schedule"), steps)
    }
    if let warmup {
      schedules.append(
        RuleCall("linear_warmup", [RuleCall.Option(name: "steps", value: Double(warmup))]))
    }
    var clipping: Optimizer.Clipping?
    if let clip { clipping = .value(clip) }
    if let clipNorm { clipping = .norm(clipNorm) }
    return Optimizer(
      rule, schedules: schedules.compactMap { $0 }, clipping: clipping, weightDecay: weightDecay,
      definedIn: graph)
  }

  private func call(_ text: String, of option: String) throws -> RuleCall {
    guard let call = RuleCall(parsing: text) else {
      throw Failure.usage("\(option) '\(text)': expected NAME or NAME(OPTION=NUMBER, …)")
    }
    return call
  }

  /// The short names; nil for the rate as it is.
  private func schedule(_ call: RuleCall, _ steps: Int?) throws -> RuleCall? {
    var call = call
    switch call.name {
    case "constant": return nil
    case "step": call.name = "step_decay"
    case "cosine", "cosine_decay":
      call.name = "cosine_decay"
      if !call.options.contains(where: { $0.name == "steps" }), let steps {
        call.options.append(RuleCall.Option(name: "steps", value: Double(steps)))
      }
    default: break
    }
    return call
  }
}
