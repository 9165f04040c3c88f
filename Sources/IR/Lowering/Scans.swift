// `scan(x_t in x, axis=1, h = zeros([n])) { … }`: its header is evaluated like the operands of a call, its body once, in a function of its
// own. The operation walks first axes: others are brought to the front, and those of the yields back.

/// The header of a scan.
struct ScanHeader {
  struct Sequence {
    var name: BoundName
    /// With the axis that is walked in front; nil where there is an error.
    var value: Value?
    /// What its numbers are where nothing fixes their type, if they came without one.
    var fallback: ElementType?
  }

  struct State {
    var name: BoundName
    var initial: Datum
    /// The number of its operand.
    var operand: Int
    /// As it is outside; where numbers alone are known of it, their own type.
    var type: TensorType
    /// Whether the element type is for good, and what it is where nothing fixes it.
    var isSettled: Bool
    var fallback: ElementType
  }

  var axis = 0
  var isReversed = false
  /// The number of steps, once a sequence has said it.
  var length: Int?
  var sequences: [Sequence] = []
  var states: [State] = []
  /// An error has been reported: the body is looked at for others, and that is all.
  var isBroken = false
}

extension Lowerer {
  func scan(_ number: Int, _ operands: [Datum]) throws(LoweringFailure) -> Datum {
    try makeRoom()
    if callers.count + loops.count >= maximumCallDepth {
      throw stop("scans and calls are nested more than \(maximumCallDepth) deep")
    }
    let (id, origin) = (frame.current, builder.currentOrigin)
    let syntax = frame.code.tree.scans[number]
    var header = self.header(syntax, operands)
    if !isTrial { try settle(&header, syntax) }
    var initial: [Value] = []
    for state in header.states where !isTrial && !header.isBroken {
      let operand = try? adapted(
        state.initial, to: state.type.element, parameter: state.operand)
      if let operand { initial.append(value(operand)) } else { header.isBroken = true }
    }
    let body = try lowerBody(of: syntax, header)
    (frame.current, frame.order, builder.currentOrigin) = (id, nil, origin)
    if header.isBroken || body.isBroken { return .failed }
    if body.yields.isEmpty, header.states.isEmpty {
      throw fail("it has no yield and no state, and so no result")
    }
    let results = isTrial ? tried(header, body) : try built(header, body, initial)
    return results.count == 1 ? results[0] : .tuple(results)
  }

  private func built(
    _ header: ScanHeader, _ body: ScanBody, _ initial: [Value]
  ) throws(LoweringFailure) -> [Datum] {
    let states = initial.map { builder.type(of: $0) }
    let function = body.loop.body.function
    let length = header.length ?? 0
    let yields = function.results.dropFirst(states.count).map {
      let type = function.type(of: $0.value)
      return type.with(shape: Shape([length] + type.shape.sizes))
    }
    let types = states + yields
    let op = Op.scan(
      Scan(
        body: NestedFunction(function), length: length, isReversed: header.isReversed,
        sequences: header.sequences.count, states: states.count))
    let operands = header.sequences.compactMap(\.value) + initial + body.loop.captured
    try makeRoom(for: 64 + 2 * types.count)
    let scan = builder.append(op, operands, type: types[0])
    func result(_ index: Int) -> Value {
      builder.append(.projection(index), [scan], type: types[index])
    }
    // In the language the yields come first.
    let stacked = yields.indices.map { back(result(states.count + $0), body.yields[$0].axis) }
    return (stacked + states.indices.map(result)).map { .tensor($0) }
  }

  /// With the first axis as axis number `axis`.
  private func back(_ value: Value, _ axis: Int) -> Value {
    var order = Array(1..<max(1, builder.shape(of: value).rank))
    order.insert(0, at: axis)
    return builder.permute(value, order)
  }

  // MARK: The header

  private func header(_ syntax: ScanSyntax, _ operands: [Datum]) -> ScanHeader {
    var header = ScanHeader()
    frame.order = nil
    for (item, operand) in zip(syntax.items, operands) {
      do throws(LoweringFailure) {
        switch item {
        case .axis: header.axis = try integer(operand, "axis")
        case .reverse: header.isReversed = try truth(operand)
        case .sequence, .state: break
        }
      } catch { header.isBroken = true }
    }
    var first = 0
    for (index, (item, operand)) in zip(syntax.items, operands).enumerated() {
      switch item {
      case .axis, .reverse: break
      case .sequence(let name):
        var sequence = ScanHeader.Sequence(name: name)
        if !header.isBroken {
          (sequence.value, sequence.fallback) =
            (try? self.sequence(operand, index, &header, &first)) ?? (nil, nil)
        }
        if sequence.value == nil { header.isBroken = true }
        header.sequences.append(sequence)
      case .state(let name):
        let state = try? state(name, operand, index)
        header.states.append(
          state
            ?? .init(
              name: name, initial: .failed, operand: index, type: TensorType(.f32, .scalar),
              isSettled: true, fallback: .f32))
        if state == nil { header.isBroken = true }
      }
    }
    return header
  }

  private func state(
    _ name: BoundName, _ initial: Datum, _ operand: Int
  ) throws(LoweringFailure) -> ScanHeader.State {
    let element = try elementType(initial, operand)
    let type = TensorType(
      element ?? (hasFraction(initial) ? .f64 : .i64), try shape(of: initial))
    var fallback = ElementType.f32
    if case .untyped(_, let own) = initial { fallback = own }
    return ScanHeader.State(
      name: name, initial: initial, operand: operand, type: type, isSettled: element != nil,
      fallback: fallback)
  }

  private func truth(_ datum: Datum) throws(LoweringFailure) -> Bool {
    switch datum {
    case .boolean(let value): return value
    case .failed: throw LoweringFailure()
    case .tensor, .untyped, .integer, .number, .list, .none, .type, .tuple:
      throw fail("reverse is true or false, found \(words(for: datum))")
    }
  }

  /// A sequence with the axis that is walked in front. `first` is the operand that said how long they all are.
  private func sequence(
    _ operand: Datum, _ index: Int, _ header: inout ScanHeader, _ first: inout Int
  ) throws(LoweringFailure) -> (Value?, ElementType?) {
    let (value, fallback) = try isTrial ? tensor(operand, index) : (typed(operand), nil)
    let shape = builder.shape(of: value)
    if shape.rank == 0 {
      throw fail("\(words(index)) is a scalar: a scan walks along an axis")
    }
    let axis = try axis(header.axis, rank: shape.rank, of: index)
    if let length = header.length, length != shape[axis] {
      throw fail(
        "\(words(first)) has \(length) steps along axis \(header.axis), but \(words(index)) has "
          + "\(shape[axis])")
    }
    if header.length == nil { (header.length, first) = (shape[axis], index) }
    var order = Array(0..<shape.rank)
    order.remove(at: axis)
    return (builder.permute(value, [axis] + order), fallback)
  }
}
