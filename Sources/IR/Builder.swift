// Builds a function instruction by instruction. The helpers compute result types; operands must already fit (front ends report
// misfits in the user's words before they get here, and the verifier checks every function after every pass).

/// The greatest number of operations that a graph may have once its functions are expanded, derivatives included.
public let maximumOperationCount = 4_000_000

/// Every instruction of every graph goes through it. Whether two accesses to what it holds overlap is checked where the compiler can see
/// it, and not as it runs: that took longer than the accesses.
public final class FunctionBuilder {
  @exclusivity(unchecked) public var function: Function
  /// Given to every instruction appended from now on that gets none of its own.
  @exclusivity(unchecked) public var currentOrigin: Origin?

  public init(name: String) { function = Function(name: name) }

  /// Goes on with a function that is already there.
  public init(extending function: Function) {
    self.function = function
    nestedCount = function.nestedOperationCount
  }

  public var count: Int { function.instructions.count }
  /// The operations inside scans, which count as well.
  @exclusivity(unchecked) public private(set) var nestedCount = 0
  /// Whether the graph has outgrown `maximumOperationCount`. From then on nothing is appended: whoever loops over appends checks this.
  @exclusivity(unchecked) public private(set) var isFull = false

  public func type(of value: Value) -> TensorType { function.type(of: value) }
  public func element(of value: Value) -> ElementType { type(of: value).element }
  public func shape(of value: Value) -> Shape { type(of: value).shape }

  @discardableResult
  public func append(_ op: Op, _ operands: [Value] = [], type: TensorType) -> Value {
    if case .scan(let scan) = op { nestedCount += scan.body.operationCount }
    if !isFull,
      let value = function.append(
        Instruction(op, operands, type: type), currentOrigin,
        below: maximumOperationCount - nestedCount)
    {
      return value
    }
    // A stand-in of the right type is not needed: the function is thrown away.
    isFull = true
    return Value(0)
  }

  /// Leaves no room, as if too much had been appended.
  func fill() { isFull = true }

  public func argument(_ argument: Argument) -> Value {
    function.arguments.append(argument)
    return append(.argument(function.arguments.count - 1), type: argument.type)
  }

  public func result(_ name: String, _ role: ResultRole, _ value: Value) {
    function.results.append(Result(name: name, role: role, value: value))
  }

  // MARK: Constants

  public func constant(_ constant: Constant) -> Value {
    append(.constant(constant), type: constant.type)
  }

  /// `number`, rounded to the element type, in every element.
  public func splat(_ number: Double, _ type: TensorType) -> Value {
    constant(Constant(splat: Scalar(number, as: type.element), shape: type.shape))
  }

  public func zeros(_ type: TensorType) -> Value { splat(0, type) }

  // MARK: Elementwise

  /// Operands of one shape.
  public func elementwise(_ op: ElementwiseOp, _ operands: Value...) -> Value {
    let last = type(of: operands[operands.count - 1])
    return append(
      .elementwise(op), operands,
      type: last.with(element: op.result(of: last.element) ?? last.element))
  }

  /// The operand itself where it already has the element type.
  public func cast(_ value: Value, to element: ElementType) -> Value {
    let type = type(of: value)
    if type.element == element { return value }
    return append(.elementwise(.cast), [value], type: type.with(element: element))
  }

  // MARK: Reductions

  /// The reduced axes stay with extent 1. The operand itself where there is nothing to reduce over.
  public func reduce(_ reduction: Reduction, _ value: Value, axes: [Int]) -> Value {
    let type = type(of: value)
    if axes.isEmpty { return value }
    let sorted = axes.sorted()
    return append(
      .reduce(reduction, axes: sorted), [value],
      type: type.with(shape: type.shape.reduced(along: sorted)))
  }

  // MARK: Movement; each gives the operand itself where it would change nothing

  public func reshape(_ value: Value, to shape: Shape) -> Value {
    let type = type(of: value)
    if type.shape == shape { return value }
    return append(.reshape, [value], type: type.with(shape: shape))
  }

  public func permute(_ value: Value, _ order: [Int]) -> Value {
    let type = type(of: value)
    if order == Array(0..<type.shape.rank) { return value }
    return append(
      .permute(order), [value], type: type.with(shape: Shape(order.map { type.shape[$0] })))
  }

  /// NumPy's rule: axes are aligned at the right, missing ones are added, extents of 1 repeated.
  public func broadcast(_ value: Value, to shape: Shape) -> Value {
    let type = type(of: value)
    if type.shape == shape { return value }
    let padded = Shape([Int](repeating: 1, count: shape.rank - type.shape.rank) + type.shape.sizes)
    let aligned = reshape(value, to: padded)
    if padded == shape { return aligned }
    return append(.broadcast, [aligned], type: type.with(shape: shape))
  }

  public func slice(_ value: Value, _ axes: [SliceAxis]) -> Value {
    let type = type(of: value)
    let whole = type.shape.sizes.map { SliceAxis(start: 0, step: 1, count: $0) }
    if axes == whole { return value }
    return append(
      .slice(axes), [value], type: type.with(shape: Shape(axes.map(\.count))))
  }

  public func pad(_ value: Value, _ axes: [PadAxis], with scalar: Scalar) -> Value {
    let type = type(of: value)
    if axes.allSatisfy({ $0 == PadAxis(before: 0, after: 0) }) { return value }
    let sizes = zip(type.shape.sizes, axes).map { size, axis in
      axis.before + size + max(0, size - 1) * axis.interior + axis.after
    }
    return append(.pad(axes, value: scalar), [value], type: type.with(shape: Shape(sizes)))
  }

  /// The values one after the other along the axis.
  public func concat(_ values: [Value], axis: Int) -> Value {
    if values.count == 1 { return values[0] }
    var type = type(of: values[0])
    type.shape.extents[axis] = Extent(values.reduce(0) { $0 + shape(of: $1)[axis] })
    return append(.concat(axis: axis), values, type: type)
  }

  public func windows(_ value: Value, _ windows: [WindowAxis]) -> Value {
    let type = type(of: value)
    if windows.isEmpty { return value }
    return append(.windows(windows), [value], type: type.with(shape: windows.shape(of: type.shape)))
  }

  /// What `windows` of a value of this shape hold, summed back.
  public func fold(_ value: Value, _ windows: [WindowAxis], to shape: Shape) -> Value {
    if windows.isEmpty { return value }
    return append(.fold(windows), [value], type: type(of: value).with(shape: shape))
  }

  // MARK: Contraction

  public func contract(_ left: Value, _ right: Value, _ contraction: Contraction) -> Value {
    append(
      .contraction(contraction), [left, right],
      type: TensorType(
        element(of: left), contraction.resultShape(shape(of: left), shape(of: right))))
  }

  // MARK: Look-ups

  /// The rows of a table, its parts along axis 0, that the indices name.
  public func gather(_ table: Value, _ indices: Value) -> Value {
    let row = shape(of: table).sizes.dropFirst()
    return append(
      .gather, [table, indices],
      type: TensorType(element(of: table), Shape(shape(of: indices).sizes + row)))
  }

  /// A table of so many rows, each the sum of the updates whose index names it.
  public func scatterAdd(_ indices: Value, _ updates: Value, rows: Int) -> Value {
    let row = shape(of: updates).sizes.dropFirst(shape(of: indices).rank)
    return append(
      .scatterAdd, [indices, updates],
      type: TensorType(element(of: updates), Shape([rows] + row)))
  }
}
