// The same function with f64 in the place of f32: what the f64 oracle evaluates.

import NNIR

extension Function {
  /// Every f32 is f64; constants keep their values. Names, results and the numbers of values stay.
  func widened() -> Function {
    var wide = self
    for index in wide.arguments.indices { wide.arguments[index].type.widen() }
    for index in wide.instructions.indices {
      wide.instructions[index].type.widen()
      wide.instructions[index].op.widen()
    }
    return wide
  }
}

extension TensorType {
  fileprivate mutating func widen() {
    if element == .f32 { element = .f64 }
  }
}

extension Scalar {
  fileprivate var widened: Scalar { element == .f32 ? Scalar(double) : self }
}

extension Constant {
  fileprivate var widened: Constant {
    if type.element != .f32 { return self }
    switch elements {
    case .splat(let bits):
      return Constant(splat: Scalar(element: .f32, bits: bits).widened, shape: type.shape)
    case .dense(let all):
      return Constant(
        type: type.with(element: .f64),
        bits: all.map { Scalar(element: .f32, bits: $0).widened.bits })
    }
  }
}

extension Op {
  fileprivate mutating func widen() {
    switch self {
    case .constant(let constant): self = .constant(constant.widened)
    case .pad(let axes, let value): self = .pad(axes, value: value.widened)
    case .custom(let nested): self = .custom(NestedFunction(nested.function.widened()))
    case .scan(var scan):
      scan.body = NestedFunction(scan.body.function.widened())
      self = .scan(scan)
    case .argument, .iota, .elementwise, .reduce, .argReduce, .reshape, .permute, .broadcast,
      .slice, .concat, .windows, .fold, .contraction, .identity, .stopGradient, .projection,
      .gather, .scatterAdd, .random:
      break
    }
  }
}
