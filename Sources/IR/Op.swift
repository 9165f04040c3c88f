// The whole of the tensor language on one page: every operation that a `Function` can hold.

/// What a reduction combines elements with.
public enum Reduction: String, Hashable, Sendable, CaseIterable {
  case sum, prod, max, min
}

public enum ArgReduction: String, Hashable, Sendable, CaseIterable {
  case argmax, argmin
}

/// One axis of a slice: `count` elements from `start` on, `step` apart (negative: backwards, never 0).
public struct SliceAxis: Hashable, Sendable {
  public var start: Int
  public var step: Int
  public var count: Int

  public init(start: Int, step: Int, count: Int) {
    self.start = start
    self.step = step
    self.count = count
  }
}

/// One axis of a padding: elements before, after, and between any two neighbours; none is negative.
public struct PadAxis: Hashable, Sendable {
  public var before: Int
  public var after: Int
  public var interior: Int

  public init(before: Int, after: Int, interior: Int = 0) {
    self.before = before
    self.after = after
    self.interior = interior
  }
}

/// Windows that slide along one axis: of `size` elements `dilation` apart, each beginning `stride` after the last.
public struct WindowAxis: Hashable, Sendable {
  public var axis: Int
  public var size: Int
  public var stride: Int
  public var dilation: Int

  public init(axis: Int, size: Int, stride: Int = 1, dilation: Int = 1) {
    self.axis = axis
    self.size = size
    self.stride = stride
    self.dilation = dilation
  }

  /// From the first element of a window to its last, both included.
  public var span: Int { (size - 1) * dilation + 1 }

  /// How many windows fit an axis of this extent, which is at least `span`.
  public func count(in extent: Int) -> Int { (extent - span) / stride + 1 }
}

/// A batched matrix product over named axes, as in `einsum`: `bmk,bkn->bmn`.
///
/// A label stands at most once in each list. One in both operands and the result is a batch axis; one in both operands alone is
/// contracted, in the order of the left operand; one in the result must be in an operand, and one in a single operand must be
/// in the result.
public struct Contraction: Hashable, Sendable {
  public var left: [UInt8]
  public var right: [UInt8]
  public var result: [UInt8]

  public init(left: [UInt8], right: [UInt8], result: [UInt8]) {
    self.left = left
    self.right = right
    self.result = result
  }

  /// The contracted labels, in the order in which their product runs.
  public var contracted: [UInt8] { left.filter { right.contains($0) && !result.contains($0) } }

  /// How many products each element of the result sums, `left` being the left operand's shape.
  func chain(_ left: Shape) -> Int {
    zip(self.left, left.sizes).reduce(1) { chain, axis in
      right.contains(axis.0) && !result.contains(axis.0) ? chain * axis.1 : chain
    }
  }

  /// The shape of the result for operands of these shapes.
  func resultShape(_ left: Shape, _ right: Shape) -> Shape {
    Shape(
      result.map { label in
        if let axis = self.right.firstIndex(of: label) { return right[axis] }
        return self.left.firstIndex(of: label).map { left[$0] } ?? 1
      })
  }
}

/// A loop of `length` steps over the first axis of its sequences with a body, as `scan` in the graph language.
///
/// Operands: `sequences` sequences, then `states` initial states, then the values captured. The body's arguments are a step of each
/// sequence (that axis dropped), the states, the captured values; its results are the next states, then the yields.
/// The results (`projection`) are each state's final value, then each yield stacked along a new first axis: in the same order, so that
/// a derivative can have a scan yield more than its users know of.
public struct Scan: Hashable, Sendable {
  public var body: NestedFunction
  public var length: Int
  /// Whether the last step comes first. A yield stands at the position that its step read from.
  public var isReversed: Bool
  public var sequences: Int
  public var states: Int

  public init(body: NestedFunction, length: Int, isReversed: Bool, sequences: Int, states: Int) {
    self.body = body
    self.length = length
    self.isReversed = isReversed
    self.sequences = sequences
    self.states = states
  }
}

/// What a dropout multiplies with: for each element 0 with probability `rate`, else 1 / (1 - `rate`).
public struct Dropout: Hashable, Sendable {
  /// The number of the dropout in its graph: no two draw the same, and none are merged.
  public var key: Int
  /// At least 0 and less than 1.
  public var rate: Double

  public init(key: Int, rate: Double) {
    self.key = key
    self.rate = rate
  }

  /// Of the 2^32 values of a random word those below this drop their element.
  public var threshold: UInt64 { UInt64((rate * 0x1p32).rounded(.up)) }

  /// What an element that stays is multiplied with.
  public func scale(_ element: ElementType) -> Scalar { Scalar(1 / (1 - rate), as: element) }
}

/// A function inside an operation, shared and not copied.
public final class NestedFunction: Hashable, Sendable {
  public let function: Function
  /// With those of functions inside it.
  public let operationCount: Int

  public init(_ function: Function) {
    self.function = function
    operationCount = function.instructions.count + function.nestedOperationCount
  }
  public static func == (a: NestedFunction, b: NestedFunction) -> Bool {
    a === b || a.function == b.function
  }
  public func hash(into hasher: inout Hasher) { hasher.combine(function) }
}

/// A primitive operation on tensors. Typing, evaluation, adjoint and scheduling each have one exhaustive switch over it.
public enum Op: Hashable, Sendable {
  /// The function's argument with this number.
  case argument(Int)
  case constant(Constant)
  /// 0, 1, 2, … along `axis`; the type says the shape.
  case iota(axis: Int)
  /// All operands have one shape.
  case elementwise(ElementwiseOp)
  /// The axes, ascending, stay with extent 1. `max` and `min` of `bool` are any and all.
  case reduce(Reduction, axes: [Int])
  /// The index of the first extreme along the axis, which stays with extent 1; i32.
  case argReduce(ArgReduction, axis: Int)
  /// The same elements in row-major order, in the shape of the type.
  case reshape
  /// Axis i of the result is axis `order[i]` of the operand.
  case permute([Int])
  /// Repeats axes of extent 1 to the extents of the type, which has the operand's rank.
  case broadcast
  case slice([SliceAxis])
  case pad([PadAxis], value: Scalar)
  /// The operands one after the other along the axis; there is at least one.
  case concat(axis: Int)
  /// Sliding windows: each axis listed, in ascending order, becomes that of the windows, and their elements are new axes at the end, in
  /// the same order. Element j of window i is the operand's element `i * stride + j * dilation`.
  case windows([WindowAxis])
  /// The adjoint of `windows` of a value of the declared shape: the sum of what every window holds of each element.
  case fold([WindowAxis])
  case contraction(Contraction)
  /// Of a table and indices (i32 or i64, of any shape): for each index the row of the table, its part along axis 0.
  case gather
  /// Of indices and updates, a row for each index: a table, as the type says, of the sums of the rows given for each index.
  case scatterAdd
  /// The factors of a dropout, a float an element of the type. Of nothing: 1 everywhere, as outside of training; of a seed and the number
  /// of a step (i64 scalars): random numbers.
  case random(Dropout)
  /// The operand, as a value of its own: a binding with a name, until derivatives have been taken.
  case identity
  /// The operand, through which no derivative passes.
  case stopGradient
  /// The first operand, whose derivative with respect to the others is the nested function's: its arguments are the adjoint, the
  /// value and the others, its results an adjoint for each of the others.
  case custom(NestedFunction)
  /// A loop; its value is the tuple of its results and may only be projected. The instruction's type is that of result 0.
  case scan(Scan)
  /// One result of a `scan`.
  case projection(Int)

  public var isScan: Bool {
    if case .scan = self { true } else { false }
  }
}
