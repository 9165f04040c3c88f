// The functions of the language that are not written in it: their names and parameters. All others are in the prelude. Names that
// begin with an underscore are the prelude's own.

enum Primitive: Sendable {
  case unary(ElementwiseOp)
  case binary(ElementwiseOp)
  case select, cast, stopGradient
  case matmul
  case transpose, reshape, flatten, broadcast, squeeze, expand
  case concat, stack, split, pad, reverse, tile
  case size, count
  case zeros, ones, full, iota, eye
  case like(Int)
  case reduce(Reduction)
  /// `any` is the maximum of truth values, `all` the minimum.
  case quantifier(Reduction)
  case argReduce(ArgReduction)
  /// What convolution, pooling, normalisation and attention are written with.
  case windows, patches, contract, along, scores, masked
  case gather, dropout
}

struct Signature: Sendable {
  let primitive: Primitive
  let parameters: [String]
  /// How many parameters, the last ones, may be left out; they are `none` then.
  let optional: Int
  /// Whether it takes any number of values by position; `parameters` are then given by name alone, and come before the values.
  let isVariadic: Bool

  init(
    _ primitive: Primitive, _ parameters: [String], optional: Int = 0, isVariadic: Bool = false
  ) {
    self.primitive = primitive
    self.parameters = parameters
    self.optional = optional
    self.isVariadic = isVariadic
  }

  static let all: SmallTable<String, Signature> = {
    let named: [(String, Signature)] = [
      ("pow", Signature(.binary(.pow), ["a", "b"])),
      ("maximum", Signature(.binary(.max), ["a", "b"])),
      ("minimum", Signature(.binary(.min), ["a", "b"])),
      ("mod", Signature(.binary(.mod), ["a", "b"])),
      ("atan2", Signature(.binary(.atan2), ["a", "b"])),
      ("where", Signature(.select, ["condition", "a", "b"])),
      ("cast", Signature(.cast, ["x", "type", "like"], optional: 2)),
      ("stop_gradient", Signature(.stopGradient, ["x"])),
      ("matmul", Signature(.matmul, ["a", "b"])),
      ("dot", Signature(.matmul, ["a", "b"])),
      ("transpose", Signature(.transpose, ["x", "axes"], optional: 1)),
      ("reshape", Signature(.reshape, ["x", "shape"])),
      ("flatten", Signature(.flatten, ["x", "axis"], optional: 1)),
      ("broadcast", Signature(.broadcast, ["x", "shape"])),
      ("squeeze", Signature(.squeeze, ["x", "axis"], optional: 1)),
      ("expand", Signature(.expand, ["x", "axis"])),
      ("concat", Signature(.concat, ["axis"], optional: 1, isVariadic: true)),
      ("stack", Signature(.stack, ["axis"], optional: 1, isVariadic: true)),
      ("split", Signature(.split, ["x", "parts", "axis"], optional: 1)),
      ("pad", Signature(.pad, ["x", "before", "after", "value"], optional: 1)),
      ("reverse", Signature(.reverse, ["x", "axis"])),
      ("tile", Signature(.tile, ["x", "repeats"])),
      ("size", Signature(.size, ["x", "axis"])),
      ("_count", Signature(.count, ["x", "axis"])),
      ("zeros", Signature(.zeros, ["shape"])),
      ("ones", Signature(.ones, ["shape"])),
      ("full", Signature(.full, ["shape", "value"])),
      ("iota", Signature(.iota, ["n"])),
      ("eye", Signature(.eye, ["n"])),
      ("zeros_like", Signature(.like(0), ["x"])),
      ("ones_like", Signature(.like(1), ["x"])),
      (
        "_windows",
        Signature(
          .windows, ["x", "axes", "size", "stride", "padding", "value"])
      ),
      (
        "_patches",
        Signature(
          .patches, ["x", "w", "axes", "stride", "padding", "dilation", "groups"])
      ),
      ("_contract", Signature(.contract, ["a", "a_axes", "b", "b_axes", "axes"])),
      ("_along", Signature(.along, ["p", "x", "axis"])),
      ("_scores", Signature(.scores, ["q", "k"])),
      ("_masked", Signature(.masked, ["x", "mask"])),
      ("gather", Signature(.gather, ["x", "indices", "axis"], optional: 1)),
      ("dropout", Signature(.dropout, ["x", "rate"])),
      ("_erfc", Signature(.unary(.erfc), ["x"])),
      ("all", Signature(.quantifier(.min), ["x", "axis"], optional: 1)),
      ("any", Signature(.quantifier(.max), ["x", "axis"], optional: 1)),
    ]
    var table = SmallTable<String, Signature>()
    for (name, signature) in named { table[name] = signature }
    let unary: [ElementwiseOp] = [
      .neg, .abs, .sign, .exp, .expm1, .log, .log1p, .sqrt, .sin, .cos, .tan, .asin, .acos, .atan,
      .sinh, .cosh, .tanh, .erf, .floor, .ceil, .round, .sigmoid,
    ]
    for op in unary { table[op.name] = Signature(.unary(op), ["x"]) }
    for reduction in Reduction.allCases {
      table[reduction.rawValue] = Signature(.reduce(reduction), ["x", "axis"], optional: 1)
    }
    for reduction in ArgReduction.allCases {
      table[reduction.rawValue] = Signature(.argReduce(reduction), ["x", "axis"])
    }
    return table
  }()
}
