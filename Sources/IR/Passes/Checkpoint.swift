// Checkpointing: a long scan becomes a scan over stretches of about √n steps, each a scan of its own. Its adjoint then saves a state a
// stretch, and computes the states within a stretch again when it gets there: memory for 2√n states in the place of n, for one more
// forward computation (Griewank 1992, "Achieving logarithmic growth of temporal and spatial complexity in reverse automatic
// differentiation"; here with one level).

extension Function {
  /// Every scan of four steps or more cut into stretches. The same values to the bit, and the same derivatives but for the order in
  /// which the shares of captured values are summed. For use before a function is differentiated.
  public func checkpointed() -> Function { hoistingDropouts().stretched() }

  private func stretched() -> Function {
    let builder = FunctionBuilder(name: name)
    builder.function.arguments = arguments
    var map: [Value] = []
    map.reserveCapacity(instructions.count)
    // The results of scans that were cut, by the scan.
    var results: [Value: [Value]] = [:]
    for (index, instruction) in instructions.enumerated() {
      let operands = instruction.operands.map { map[$0.index] }
      builder.currentOrigin = origins[Value(index)]
      switch instruction.op {
      case .scan(let scan) where scan.length >= 4:
        results[Value(index)] = builder.stretched(scan, operands)
        map.append(Value(0))
      case .projection(let number):
        let known = results[instruction.operands[0]]?[number]
        map.append(known ?? builder.append(instruction.op, operands, type: instruction.type))
        if known != nil, let origin = origins[Value(index)] {
          builder.function.origins[map[index]] = origin
        }
      case _: map.append(builder.append(instruction.op, operands, type: instruction.type))
      }
    }
    builder.currentOrigin = nil
    builder.function.results = self.results.map {
      Result(name: $0.name, role: $0.role, value: map[$0.value.index])
    }
    return builder.function
  }
}

extension FunctionBuilder {
  /// The results of a scan, computed stretch by stretch; what is left over comes last, in a scan of its own.
  fileprivate func stretched(_ scan: Scan, _ operands: [Value]) -> [Value] {
    let stretch = Int(Double(scan.length).squareRoot().rounded(.up))
    let count = scan.length / stretch
    let rest = scan.length - count * stretch
    let start = scan.isReversed ? rest : 0
    let sequences = operands[..<scan.sequences]
    let states = Array(operands[scan.sequences..<scan.sequences + scan.states])
    let captured = Array(operands[(scan.sequences + scan.states)...])
    let stretches = sequences.map { value in
      let part = rows(value, from: start, count: count * stretch)
      return reshape(part, to: Shape([count, stretch] + shape(of: value).sizes.dropFirst()))
    }
    let main = append(
      scan.overStretches(of: stretch, count: count), stretches + states + captured)
    let joined = main[scan.states...].map { value in
      let sizes = shape(of: value).sizes
      return reshape(value, to: Shape([count * stretch] + sizes.dropFirst(2)))
    }
    if rest == 0 { return main[..<scan.states] + joined }
    var tail = scan
    tail.length = rest
    let last = append(
      tail,
      sequences.map { rows($0, from: scan.isReversed ? 0 : count * stretch, count: rest) }
        + main[..<scan.states] + captured)
    let yields = zip(joined, last[scan.states...]).map { whole, part in
      concat(scan.isReversed ? [part, whole] : [whole, part], axis: 0)
    }
    return last[..<scan.states] + yields
  }

  /// Positions of the first axis.
  private func rows(_ value: Value, from start: Int, count: Int) -> Value {
    let others = shape(of: value).sizes.dropFirst().map {
      SliceAxis(start: 0, step: 1, count: $0)
    }
    return slice(value, [SliceAxis(start: start, step: 1, count: count)] + others)
  }

  /// A scan and its projections.
  fileprivate func append(_ scan: Scan, _ operands: [Value]) -> [Value] {
    let types = (try? scan.resultTypes(of: operands.map { type(of: $0) })) ?? []
    guard let first = types.first else { return [] }
    let value = append(.scan(scan), operands, type: first)
    return types.enumerated().map { append(.projection($0), [value], type: $1) }
  }
}

extension Scan {
  /// The scan whose step is `stretch` steps of this one.
  fileprivate func overStretches(of stretch: Int, count: Int) -> Scan {
    let body = self.body.function
    let builder = FunctionBuilder(name: "\(body.name)_stretch")
    let operands = body.arguments.enumerated().map { number, argument in
      var argument = argument
      if number < sequences { argument.type.shape.extents.insert(Extent(stretch), at: 0) }
      return builder.argument(argument)
    }
    var inner = self
    inner.length = stretch
    for (result, value) in zip(body.results, builder.append(inner, operands)) {
      builder.result(result.name, .output, value)
    }
    return Scan(
      body: NestedFunction(builder.function), length: count, isReversed: isReversed,
      sequences: sequences, states: states)
  }
}
