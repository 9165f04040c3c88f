// A scan while instructions move out of its body: what the loop still computes, and what stands before it and after it.

struct MovedScan {
  /// Where a result of the scan is found.
  enum Found {
    case value(Value)
    case projection(scan: Value, Int, TensorType)
  }

  private let builder: FunctionBuilder
  private var scan: Scan
  private var body: Function
  private var operands: [Value]
  /// The numbers of the scan's results that have projections.
  private let used: Set<Int>
  /// By number: yields that are values there were before the loop.
  private var copies: [Int: Value] = [:]
  private var sinking: ScanSinking?
  /// Of values of the body what they are outside: for all steps at once, but for those that are the same in each.
  private var outside = SmallTable<Value, Value>()

  /// - Parameters:
  ///   - builder: of the function around the loop, where the operands are.
  ///   - used: the numbers of the results that have projections.
  init(_ scan: Scan, _ operands: [Value], _ builder: FunctionBuilder, used: Set<Int>) {
    self.scan = scan
    self.operands = operands
    self.builder = builder
    self.used = used
    body = scan.body.function
  }

  /// The results that are used, after what is left of the loop has been appended.
  mutating func appended() -> [Int: Found] {
    hoistInvariants()
    transposeCaptured()
    // A loop of loops holds only a stretch of what it computes in memory (`Checkpoint.swift`), and shall go on to.
    if !body.instructions.contains(where: \.op.isScan) {
      hoistProducts()
      sinking = ScanSinking(scan, body, used: used)
    }
    findCopies()
    if body == scan.body.function, sinking == nil, copies.isEmpty {
      let value = builder.append(
        .scan(scan), operands, type: builder.resultTypes(of: scan, operands)[0])
      return found(Dictionary(uniqueKeysWithValues: used.map { ($0, $0) }), in: value)
    }
    return appendedLoop()
  }

  // MARK: Before the loop

  /// What is the same in each step is captured. Movements stay in the body, where they cost nothing.
  private mutating func hoistInvariants() {
    let dependence = body.stepDependence(scan)
    let isHoisted = body.instructions.indices.map { index in
      let op = body.instructions[index].op
      return dependence[index] == .nothing && op.isMovable && !op.isMovement
    }
    if !isHoisted.contains(true) { return }
    emit(isHoisted, dependence)
    for index in isHoisted.indices where isHoisted[index] {
      operands.append(outside[Value(index)] ?? Value(0))
      body.arguments.append(body.argument(for: Value(index)))
      body.replace(Value(index), byArgument: body.arguments.count - 1)
    }
  }

  /// A captured matrix that products read along its columns is captured transposed: once, where each step would gather its
  /// rows.
  private mutating func transposeCaptured() {
    if scan.length < 2 { return }
    let dependence = body.stepDependence(scan)
    let products = body.instructions.indices.filter { index in
      guard case .contraction(let contraction) = body.instructions[index].op else { return false }
      let operands = body.instructions[index].operands
      return contraction.orderOfRows != nil && dependence[operands[0].index] != .nothing
        && dependence[operands[1].index] == .nothing
    }
    if products.isEmpty { return }
    var isWanted = [Bool](repeating: false, count: body.instructions.count)
    for index in products { isWanted[body.instructions[index].operands[1].index] = true }
    emit(isWanted, dependence)
    var added = SmallTable<Transposition, Value>()
    var arguments: [Argument] = []
    for index in products {
      guard case .contraction(var contraction) = body.instructions[index].op,
        let order = contraction.orderOfRows
      else { continue }
      let matrix = body.instructions[index].operands[1]
      let transposition = Transposition(matrix: matrix, order: order)
      if added[transposition] == nil {
        let transposed = builder.permute(outside[matrix] ?? Value(0), order)
        var argument = body.argument(for: matrix)
        argument.type = builder.type(of: transposed)
        // These come first; the others move.
        added[transposition] = Value(-1 - arguments.count)
        arguments.append(argument)
        operands.append(transposed)
      }
      contraction.right = order.map { contraction.right[$0] }
      body.instructions[index].op = .contraction(contraction)
      body.instructions[index].operands[1] = added[transposition] ?? matrix
    }
    if arguments.isEmpty { return }
    body.prepend(arguments)
    outside.removeAll()
  }

  private struct Transposition: QuickHashable {
    var matrix: Value
    var order: [Int]

    var quickHash: QuickHash { matrix.quickHash }
  }

  /// Products of sequences become sequences.
  private mutating func hoistProducts() {
    let dependence = body.stepDependence(scan)
    let isHoisted = body.instructions.indices.map { index in
      dependence[index] == .sequences && body.instructions[index].isMatrixProduct
    }
    let hoisted = isHoisted.indices.filter { isHoisted[$0] }.map { Value($0) }
    if hoisted.isEmpty { return }
    emit(isHoisted, dependence)
    let arguments = hoisted.map { body.argument(for: $0) }
    for index in body.instructions.indices {
      if case .argument(let number) = body.instructions[index].op, number >= scan.sequences {
        body.instructions[index].op = .argument(number + hoisted.count)
      }
    }
    body.arguments.insert(contentsOf: arguments, at: scan.sequences)
    operands.insert(contentsOf: hoisted.compactMap { outside[$0] }, at: scan.sequences)
    for (number, value) in hoisted.enumerated() {
      body.replace(value, byArgument: scan.sequences + number)
    }
    scan.sequences += hoisted.count
  }

  /// A yield of a sequence is that sequence.
  private mutating func findCopies() {
    for number in used where number >= scan.states {
      if case .argument(let argument) = body[body.results[number].value].op,
        argument < scan.sequences
      {
        copies[number] = operands[argument]
      }
    }
  }

  // MARK: The loop, and what comes after it

  private mutating func appendedLoop() -> [Int: Found] {
    var results = copies.mapValues { Found.value($0) }
    var needed = used.subtracting(copies.keys)
    if let sinking {
      body.results = sinking.results
      needed.subtract(sinking.sunkResults)
      needed.formUnion(sinking.sources.values)
    }
    scan.body = NestedFunction(body)
    let pruned = PrunedScan(scan, needed: needed)
    if !pruned.results.isEmpty {
      let kept = pruned.operands.map { operands[$0] }
      let types = builder.resultTypes(of: pruned.scan, kept)
      let value = builder.append(.scan(pruned.scan), kept, type: types[0])
      let numbers = pruned.results.filter { needed.contains($0.key) }
      results.merge(found(numbers, in: value)) { copy, _ in copy }
    }
    guard let sinking else { return results }
    let sources = zip(sinking.sources.keys, sinking.sources.values)
    for (value, number) in sources.sorted(by: { $0.0 < $1.0 }) {
      guard case .projection(let scan, let index, let type)? = results[number] else { continue }
      outside[value] = builder.append(.projection(index), [scan], type: type)
    }
    emit(sinking.isSunk, sinking.dependence)
    for number in sinking.sunkResults {
      results[number] = outside[body.results[number].value].map { .value($0) }
    }
    return results
  }

  private func found(_ numbers: [Int: Int], in value: Value) -> [Int: Found] {
    guard case .scan(let scan) = builder.function[value].op else { return [:] }
    let types = builder.resultTypes(of: scan, builder.function[value].operands)
    return numbers.mapValues { .projection(scan: value, $0, types[$0]) }
  }

  /// Appends outside of the loop what these values are, and what they are made of.
  private mutating func emit(_ isWanted: [Bool], _ dependence: [Function.StepDependence]) {
    let outer = builder.currentOrigin
    defer { builder.currentOrigin = outer }
    var isNeeded = isWanted
    for index in isNeeded.indices.reversed() where isNeeded[index] {
      if outside[Value(index)] != nil { continue }
      for operand in body.instructions[index].operands { isNeeded[operand.index] = true }
    }
    for index in isNeeded.indices where isNeeded[index] && outside[Value(index)] == nil {
      let instruction = body.instructions[index]
      if case .argument(let number) = instruction.op {
        outside[Value(index)] = operands[number]
        continue
      }
      builder.currentOrigin = body.origins[Value(index)] ?? outer
      let values = instruction.operands.map { outside[$0] ?? Value(0) }
      outside[Value(index)] =
        if dependence[index] == .nothing {
          builder.append(instruction.op, values, type: instruction.type)
        } else {
          builder.appendBatched(
            instruction, values, instruction.operands.map { dependence[$0.index] != .nothing },
            length: scan.length)
        }
    }
  }
}

extension Function {
  /// An argument for what a value is.
  fileprivate func argument(for value: Value) -> Argument {
    let name =
      if case .argument(let number) = self[value].op { arguments[number].name } else {
        origins[value]?.name ?? self[value].op.name
      }
    return Argument(name: name, role: .input, type: type(of: value))
  }

  fileprivate mutating func replace(_ value: Value, byArgument number: Int) {
    instructions[value.index].op = .argument(number)
    instructions[value.index].operands = []
  }
}

extension Function {
  /// Puts instructions for further arguments first: of the number -1 - n the n-th.
  fileprivate mutating func prepend(_ added: [Argument]) {
    let first = arguments.count
    func moved(_ value: Value) -> Value {
      value.id < 0 ? Value(-1 - value.index) : Value(value.index + added.count)
    }
    arguments += added
    instructions =
      added.enumerated().map { Instruction(.argument(first + $0), type: $1.type) }
      + instructions.map { Instruction($0.op, $0.operands.map(moved), type: $0.type) }
    for number in results.indices { results[number].value = moved(results[number].value) }
    origins = origins.renumbered(moved)
  }
}

extension Contraction {
  /// The order of the right operand's axes in which its own come last, where a contracted one does.
  fileprivate var orderOfRows: [Int]? {
    let isShared = right.map { left.contains($0) }
    guard isShared.last == true, isShared.contains(false), let last = right.last,
      !result.contains(last)
    else { return nil }
    return right.indices.filter { isShared[$0] } + right.indices.filter { !isShared[$0] }
  }
}

extension FunctionBuilder {
  fileprivate func resultTypes(of scan: Scan, _ operands: [Value]) -> [TensorType] {
    do throws(TypingError) {
      return try scan.resultTypes(of: operands.map { type(of: $0) })
    } catch {
      preconditionFailure("a loop whose code has moved: \(error)")
    }
  }
}
