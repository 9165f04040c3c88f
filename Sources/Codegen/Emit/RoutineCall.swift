// Routines in both spellings: the call of one function of nn_lookup.h or nn_math.h, or of its precompiled form, for a part of the space.

import NNIR

/// A routine as C.
struct RoutineCall {
  /// `gather_f32_i32`: a section of its header, a function in it, and a strip primitive.
  let function: String
  /// The function's parameter types, for a prototype.
  let parameters: String
  /// Its arguments up to the bounds of the part.
  let arguments: [String]
  let isCheck: Bool
  let split: UnitSplit

  init(_ routine: Routine, of kernel: Kernel, in program: Program, _ pointers: KernelPointers) {
    func element(_ buffer: Int) -> ElementType { program.buffers[buffer].element }
    func name(_ buffer: Int) -> String { pointers[buffer].name }
    func pointer(_ buffer: Int, isConst: Bool = true) -> String {
      (isConst ? "const " : "") + element(buffer).cName + " *"
    }
    let space = kernel.space
    // Roughly nanoseconds for a point of the first axis.
    let cost: Double
    switch routine {
    case .gather(let table, let indices, let result):
      function = "gather_\(element(table).name)_\(element(indices).name)"
      parameters =
        "\(pointer(result, isConst: false)), \(pointer(table)), \(pointer(indices)), ptrdiff_t"
      arguments = [name(result), name(table), name(indices), "\(space[1])"]
      cost = 2 + 0.3 * Double(space[1])
    case .scatterAdd(let indices, let updates, let result):
      function = "scatter_add_\(element(result).name)_\(element(indices).name)"
      parameters =
        "\(pointer(result, isConst: false)), \(pointer(indices)), \(pointer(updates)), ptrdiff_t, "
        + "ptrdiff_t"
      let count = program.buffers[indices].count
      arguments = [name(result), name(indices), name(updates), "\(count)", "\(space[1])"]
      let updatesOfRow = Double(count) / Double(max(1, space[0]))
      cost = (0.1 + 0.3 * updatesOfRow) * Double(space[1]) + updatesOfRow
    case .check(let indices, let rows):
      function = "check_\(element(indices).name)"
      parameters = "\(pointer(indices)), ptrdiff_t"
      arguments = [name(indices), "\(rows)"]
      cost = 0.5
    case .random(let seed, let step, let result, let dropout):
      let type = element(result)
      function = "dropout_\(type.name)"
      parameters =
        "\(pointer(result, isConst: false)), \(pointer(seed)), \(pointer(step)), int64_t, int64_t, "
        + type.cName
      arguments = [
        name(result), name(seed), name(step), "\(dropout.key)",
        Scalar(Int(dropout.threshold), as: .i64).cLiteral, dropout.scale(type).cLiteral,
      ]
      cost = 3
    }
    isCheck = routine.isCheck
    // Random numbers come in blocks of four.
    split = UnitSplit(space: [space[0]], pointCost: cost, vector: space.count == 1 ? 512 : 1)
  }

  /// The call for the part from `low` to `high`; of a check its value.
  func text(_ prefix: String, from low: String, to high: String) -> String {
    "\(prefix)\(function)(\((arguments + [low, high]).joined(separator: ", ")))"
  }
}

/// A routine in the loops spelling.
func emitLoops(
  _ routine: Routine, of kernel: Kernel, name: String, in program: Program, isSplit: Bool,
  reserved: [String]
) -> EmittedKernel {
  var names = CNames(taken: [name] + reserved)
  let pointers = KernelPointers(kernel, in: program, names: &names)
  let call = RoutineCall(routine, of: kernel, in: program, pointers)
  var parameters = pointers.pointers.map(\.declaration)
  if isSplit { parameters += ["ptrdiff_t begin", "ptrdiff_t end"] }
  var writer = CWriter()
  writer.openFunction("static \(call.isCheck ? "ptrdiff_t" : "void") \(name)", parameters)
  let units = UnitLoop(space: [kernel.space[0]], split: isSplit ? call.split : nil)
  units.open(&writer)
  let text = call.text("nn_", from: units.axes[0].lower, to: units.axes[0].upper)
  writer.line((call.isCheck ? "return " : "") + text + ";")
  units.close(&writer)
  writer.close()
  return EmittedKernel(
    name: name, text: writer.text, arguments: pointers.pointers.map(\.buffer),
    scratchByteCount: 0, units: isSplit ? call.split.units : 1, grain: call.split.grain,
    isCheck: call.isCheck, sections: [call.function])
}

extension StripKernel {
  mutating func emitRoutine(_ routine: Routine) {
    let call = RoutineCall(routine, of: kernel, in: program, pointers)
    (units, grain) = (call.split.units, call.split.grain)
    _ = frame.function(
      call.function, call.parameters + ", ptrdiff_t, ptrdiff_t",
      returning: call.isCheck ? "ptrdiff_t" : "void")
    UnitLoop(space: [kernel.space[0]], split: call.split).open(&writer)
    writer.line((call.isCheck ? "return " : "") + call.text("nns_", from: "low", to: "high") + ";")
  }
}
