// The interpreter: the meaning of a function, one instruction at a time. It is the judge of every other backend, so it is
// written to be plainly right; it computes the bits that `Docs/numerics.md` defines.

import NNIR

/// The arithmetic in which the interpreter computes f32.
public enum Precision: String, Sendable, CaseIterable {
  /// The function's own types, to the bit.
  case native
  /// f64 in the place of f32: an oracle for rounding errors.
  case f64
}

/// Why a call could not be carried out.
public enum CallError: Error, Equatable, Sendable {
  case argumentCount(expected: Int, found: Int)
  case argumentType(name: String, expected: TensorType, found: TensorType)
  /// A model's value, gradient or parameter was asked for that it does not have.
  case unknownName(String)
  /// An input was not given before a call.
  case missingInput(name: String, type: TensorType)
  /// A look-up met an index that names nothing.
  case indexOutOfRange(IndexFault)
}

/// Evaluates functions.
public struct Interpreter: Sendable {
  public var precision: Precision

  public init(precision: Precision = .native) { self.precision = precision }

  /// The function's results, in its order.
  ///
  /// With `.f64`, f32 arguments may be given as f32 or f64, and f32 results are f64. `observing` is called with every value in
  /// the order of the instructions (a `scan` alone, which is a tuple, is left out); without it, values that no result needs
  /// are not computed.
  public func evaluate(
    _ function: Function, arguments: [Tensor], observing: ((Value, Tensor) -> Void)? = nil
  ) throws(CallError) -> [Tensor] {
    let function = precision == .f64 ? function.widened() : function
    guard arguments.count == function.arguments.count else {
      throw .argumentCount(expected: function.arguments.count, found: arguments.count)
    }
    var given: [Tensor] = []
    for (argument, tensor) in zip(function.arguments, arguments) {
      let tensor = precision == .f64 && tensor.element == .f32 ? tensor.converted(to: .f64) : tensor
      guard tensor.type == argument.type else {
        throw .argumentType(name: argument.name, expected: argument.type, found: tensor.type)
      }
      given.append(tensor)
    }
    return try Evaluation(function, given).run(observing: observing)
  }
}

/// One evaluation of a function. Values are dropped after their last use.
private struct Evaluation {
  let function: Function
  let arguments: [Tensor]
  /// Each value's last user; `instructions.count` for results, -1 for values that are not needed.
  var lastUse: [Int]
  var values: [Tensor?]
  /// The results of scans.
  var tuples: [Int: [Tensor]] = [:]

  init(_ function: Function, _ arguments: [Tensor]) {
    self.function = function
    self.arguments = arguments
    values = [Tensor?](repeating: nil, count: function.instructions.count)
    lastUse = [Int](repeating: -1, count: function.instructions.count)
  }

  consuming func run(observing: ((Value, Tensor) -> Void)?) throws(CallError) -> [Tensor] {
    findLastUses(all: observing != nil)
    for (index, instruction) in function.instructions.enumerated() where lastUse[index] >= 0 {
      if case .scan(let scan) = instruction.op {
        tuples[index] = try ScanEvaluation(scan, instruction.operands.map(value)).run()
      } else {
        try checkIndices(instruction, Value(index))
        let result = evaluate(instruction)
        observing?(Value(index), result)
        values[index] = result
        if lastUse[index] == index { values[index] = nil }
      }
      for operand in instruction.operands where lastUse[operand.index] == index {
        values[operand.index] = nil
        tuples[operand.index] = nil
      }
    }
    return function.results.map { value($0.value) }
  }

  /// With `all`, values that nothing needs count as used by themselves.
  private mutating func findLastUses(all: Bool) {
    for result in function.results { lastUse[result.value.index] = function.instructions.count }
    for index in function.instructions.indices.reversed() {
      if lastUse[index] < 0 {
        guard all else { continue }
        lastUse[index] = index
      }
      for operand in function.instructions[index].operands {
        lastUse[operand.index] = max(lastUse[operand.index], index)
      }
    }
  }

  private func value(_ value: Value) -> Tensor {
    guard let tensor = values[value.index] else {
      preconditionFailure("\(value) of \(function.name) is used before it is defined")
    }
    return tensor
  }

  private func evaluate(_ instruction: Instruction) -> Tensor {
    let type = instruction.type
    func operand(_ index: Int) -> Tensor { value(instruction.operands[index]) }
    switch instruction.op {
    case .argument(let index): return arguments[index]
    case .constant(let constant): return Tensor(constant: constant)
    case .iota(let axis): return Movement.iota(axis: axis, type: type)
    case .elementwise(let op):
      return ElementwiseEvaluation.apply(op, instruction.operands.map(value), type: type)
    case .reduce(let reduction, let axes):
      return ReductionEvaluation.reduce(reduction, operand(0), axes: axes, type: type)
    case .argReduce(let reduction, let axis):
      return ReductionEvaluation.argReduce(reduction, operand(0), axis: axis, type: type)
    case .reshape: return operand(0).reshaped(to: type.shape)
    case .permute(let order): return Movement.permute(operand(0), order, type: type)
    case .broadcast: return Movement.broadcast(operand(0), type: type)
    case .slice(let axes): return Movement.slice(operand(0), axes, type: type)
    case .pad(let axes, let scalar):
      return Movement.pad(operand(0), axes, value: scalar, type: type)
    case .concat(let axis):
      return Movement.concat(instruction.operands.map(value), axis: axis, type: type)
    case .windows(let windows): return Movement.windows(operand(0), windows, type: type)
    case .fold(let windows): return ReductionEvaluation.fold(operand(0), windows, type: type)
    case .contraction(let contraction):
      return ContractionEvaluation.contract(operand(0), operand(1), contraction, type: type)
    case .gather: return LookupEvaluation.gather(operand(0), operand(1), type: type)
    case .scatterAdd: return LookupEvaluation.scatterAdd(operand(0), operand(1), type: type)
    case .random(let dropout):
      return LookupEvaluation.random(dropout, instruction.operands.map(value), type: type)
    case .identity, .stopGradient, .custom: return operand(0)
    case .projection(let index): return projected(instruction.operands[0], index)
    case .scan: preconditionFailure("a scan is a tuple")
    }
  }

  /// The indices of a look-up that looks anything up.
  private func checkIndices(_ instruction: Instruction, _ value: Value) throws(CallError) {
    let indices: Value
    let rows: Int
    switch instruction.op {
    case .gather:
      indices = instruction.operands[1]
      rows = function.type(of: instruction.operands[0]).shape[0]
    case .scatterAdd:
      indices = instruction.operands[0]
      rows = instruction.type.shape[0]
    case _: return
    }
    let tensor = self.value(indices)
    guard instruction.type.count > 0,
      let position = LookupEvaluation.firstFault(in: tensor, rows: rows)
    else { return }
    throw .indexOutOfRange(function.fault(at: position, of: indices, tensor, rows: rows, in: value))
  }

  private func projected(_ scan: Value, _ index: Int) -> Tensor {
    guard let results = tuples[scan.index] else {
      preconditionFailure("\(scan) of \(function.name) is not a scan before this")
    }
    return results[index]
  }
}

/// The steps of a scan: slices of the sequences and the states go in, the next states and the yields come out.
private struct ScanEvaluation {
  let scan: Scan
  let operands: [Tensor]

  init(_ scan: Scan, _ operands: [Tensor]) {
    self.scan = scan
    self.operands = operands
  }

  func run() throws(CallError) -> [Tensor] {
    let body = scan.body.function
    var states = Array(operands[scan.sequences..<scan.sequences + scan.states])
    let captured = Array(operands[(scan.sequences + scan.states)...])
    var yields = body.results[scan.states...].map { result in
      Tensor(zeros: stacked(body.type(of: result.value)))
    }
    for step in 0..<scan.length {
      let position = scan.isReversed ? scan.length - 1 - step : step
      let slices = operands[..<scan.sequences].map { Movement.step($0, at: position) }
      let results = try Evaluation(body, slices + states + captured).run(observing: nil)
      states = Array(results[..<scan.states])
      for (index, value) in results[scan.states...].enumerated() {
        place(value, into: &yields[index], at: position)
      }
    }
    return states + yields
  }

  private func stacked(_ type: TensorType) -> TensorType {
    type.with(shape: Shape([scan.length] + type.shape.sizes))
  }

  private func place(_ value: Tensor, into result: inout Tensor, at position: Int) {
    var strides = result.shape.rowMajorStrides
    let step = strides.removeFirst()
    Movement.scatter(value, into: &result, Walk(offset: position * step, strides: strides))
  }
}
