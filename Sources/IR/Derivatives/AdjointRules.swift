// The derivative of every operation: one line a rule. `a`, `b` are the operands, `y` the result,
// `g` the adjoint of the result; one entry an operand, nil where no derivative passes. Rules may be
// naive: the passes clean up. The corner rules are those of the language: relu'(0) = abs'(0) =
// sign' = floor' = step' = 0, and extremes share equally among ties.

enum AdjointRules {
  /// The adjoints that an instruction passes on to its operands.
  static func adjoints(
    of op: Op, _ operands: [Term], y: Term, g: Term
  ) -> [Term?] {
    guard let a = operands.first else { return [] }
    return switch op {
    case .argument, .constant, .iota: []
    case .elementwise(let op): elementwise(op, operands, y, g)
    case .reduce(.sum, _): [g.broadcast(like: a)]
    case .reduce(.prod, let axes): [g.broadcast(like: a) * productOfOthers(a, axes)]
    case .reduce(.max, let axes), .reduce(.min, let axes): [sharedAmongTies(a, y, g, axes)]
    case .argReduce: [nil]
    case .reshape: [g.reshape(like: a)]
    case .permute(let order): [g.permute(inverse(order))]
    case .broadcast: [g.sum(like: a)]
    case .slice(let axes): [spread(g, axes, like: a)]
    case .pad(let axes, _): [g.slice(gathering(axes, like: a))]
    case .concat(let axis): parts(g, along: axis, like: operands)
    case .windows(let windows): [g.fold(windows, like: a)]
    case .fold(let windows): [g.windows(windows)]
    case .contraction(let c):
      [
        g.contract(operands[1], Contraction(left: c.result, right: c.right, result: c.left)),
        a.contract(g, Contraction(left: c.left, right: c.result, result: c.right)),
      ]
    case .gather: [g.scatter(operands[1], like: a), nil]
    case .scatterAdd: [nil, g.gather(a)]
    case .random: [nil, nil]
    case .identity: [g]
    case .stopGradient: [nil]
    case .custom(let rule): [nil] + inlined(rule.function, [g, y] + operands.dropFirst())
    // The sweep itself passes on what flows through scans.
    case .scan, .projection: []
    }
  }

  private static func elementwise(
    _ op: ElementwiseOp, _ operands: [Term], _ y: Term, _ g: Term
  ) -> [Term?] {
    let a = operands[0]
    let b = operands[operands.count - 1]
    return switch op {
    case .neg: [-g]
    case .abs: [g * sign(a)]
    case .sign, .floor, .ceil, .round: [nil]
    case .sqrt: [g / (2 * y)]
    case .exp: [g * y]
    case .expm1: [g * (1 + y)]
    case .log: [g / a]
    case .log1p: [g / (1 + a)]
    case .sin: [g * cos(a)]
    case .cos: [-(g * sin(a))]
    case .tan: [g * (1 + y * y)]
    case .asin: [g / sqrt((1 - a) * (1 + a))]
    case .acos: [-(g / sqrt((1 - a) * (1 + a)))]
    case .atan: [g / (1 + a * a)]
    case .sinh: [g * cosh(a)]
    case .cosh: [g * sinh(a)]
    case .tanh: [g * (1 - y * y)]
    case .erf: [g * (twoByRootPi * exp(-(a * a)))]
    case .erfc: [-(g * (twoByRootPi * exp(-(a * a))))]
    case .sigmoid: [g * (y * (1 - y))]
    case .power(0): [nil]
    case .power(let n): [g * (Double(n) * power(a, n - 1))]
    case .not, .and, .or, .less, .lessEqual, .equal, .notEqual: operands.map { _ in nil }
    case .cast: [a.isFloat ? g.cast(like: a) : nil]
    case .add: [g, g]
    case .sub: [g, -g]
    case .mul: [g * b, g * a]
    case .div: [g / b, -(g * y / b)]
    case .pow: [g * powByBase(a, b), g * powByExponent(a, b, y)]
    case .max: [winner(a > b, a == b, g), winner(b > a, a == b, g)]
    case .min: [winner(b > a, a == b, g), winner(a > b, a == b, g)]
    case .mod: [g, -(g * floor(a / b))]
    case .atan2: [g * (b / (a * a + b * b)), -(g * (a / (a * a + b * b)))]
    case .select: [nil, a.select(g, 0), a.select(0, g)]
    }
  }

  /// 2/√π
  private static let twoByRootPi = 1.1283791670955126

  private static func sign(_ a: Term) -> Term { a.apply(.sign) }
  private static func sqrt(_ a: Term) -> Term { a.apply(.sqrt) }
  private static func exp(_ a: Term) -> Term { a.apply(.exp) }
  private static func log(_ a: Term) -> Term { a.apply(.log) }
  private static func sin(_ a: Term) -> Term { a.apply(.sin) }
  private static func cos(_ a: Term) -> Term { a.apply(.cos) }
  private static func sinh(_ a: Term) -> Term { a.apply(.sinh) }
  private static func cosh(_ a: Term) -> Term { a.apply(.cosh) }
  private static func floor(_ a: Term) -> Term { a.apply(.floor) }
  private static func power(_ a: Term, _ n: Int) -> Term { a.apply(.power(n)) }
  private static func pow(_ a: Term, _ b: Term) -> Term { a.apply(.pow, b) }

  /// b·a^(b-1). Where both are 0 the base counts as 1, so that the product is 0 and not 0·∞.
  private static func powByBase(_ a: Term, _ b: Term) -> Term {
    b * pow((a == 0 && b == 0).select(1, a), b - b.constant(1))
  }

  /// y·log a where a > 0, else 0. The inner select keeps second derivatives free of NaN.
  private static func powByExponent(_ a: Term, _ b: Term, _ y: Term) -> Term {
    (a > 0).select(y * log((a > 0).select(a, 1)), 0)
  }

  /// g where the operand alone is the extreme, half of it in a tie.
  private static func winner(_ alone: Term, _ tied: Term, _ g: Term) -> Term {
    alone.select(g, tied.select(0.5 * g, 0))
  }
}
