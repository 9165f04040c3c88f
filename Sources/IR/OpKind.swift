// What an operation is, without its attributes.

extension Op {
  /// The operations; raw values are their words in the text form, but for those with words of their own.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    case argument, constant, iota, elementwise, reduce
    case argReduce = "arg_reduce"
    case reshape, permute, broadcast, slice, pad, concat, windows, fold, contraction, gather
    case scatterAdd = "scatter_add"
    case random, identity
    case stopGradient = "stop_gradient"
    case custom, scan, projection
  }

  public var kind: Kind {
    switch self {
    case .argument: .argument
    case .constant: .constant
    case .iota: .iota
    case .elementwise: .elementwise
    case .reduce: .reduce
    case .argReduce: .argReduce
    case .reshape: .reshape
    case .permute: .permute
    case .broadcast: .broadcast
    case .slice: .slice
    case .pad: .pad
    case .concat: .concat
    case .windows: .windows
    case .fold: .fold
    case .contraction: .contraction
    case .gather: .gather
    case .scatterAdd: .scatterAdd
    case .random: .random
    case .identity: .identity
    case .stopGradient: .stopGradient
    case .custom: .custom
    case .scan: .scan
    case .projection: .projection
    }
  }

  /// The word that stands for the operation in the text form.
  public var name: String {
    switch self {
    case .elementwise(let op): op.name
    case .argReduce(let reduction, _): reduction.rawValue
    case _: kind.rawValue
    }
  }
}
