// Routines of a program, over whole buffers.

import NNCodegen
import NNIR

/// One kernel that is a routine.
struct RoutineEvaluation {
  let kernel: Kernel
  let routine: Routine
  let note: CheckNote?

  func run(_ memory: inout ProgramMemory) throws(CallError) {
    func array(_ buffer: Int, _ shape: [Int]? = nil) -> Tensor {
      let count = memory.buffers[buffer].count
      let tensor = memory.load(
        Access(buffer: buffer, map: AffineMap(strides: [1])), Array(0..<count))
      return tensor.reshaped(to: Shape(shape ?? [count]))
    }
    let result: Tensor
    switch routine {
    case .check(let indices, let rows):
      let tensor = array(indices)
      guard let position = LookupEvaluation.firstFault(in: tensor, rows: rows) else { return }
      throw .indexOutOfRange(
        IndexFault(Int(tensor[flat: position].int64), at: position, rows: rows, note))
    case .gather(let table, let indices, let target):
      let rows = memory.buffers[table].count / kernel.space[1]
      result = LookupEvaluation.gather(
        array(table, [rows, kernel.space[1]]), array(indices), type: type(target, memory))
    case .scatterAdd(let indices, let updates, let target):
      result = LookupEvaluation.scatterAdd(
        array(indices), array(updates), type: type(target, memory))
    case .random(let seed, let step, let target, let dropout):
      result = LookupEvaluation.random(
        dropout, [array(seed), array(step)], type: type(target, memory))
    }
    guard let target = routine.result else { return }
    memory.store(
      result, Access(buffer: target, map: AffineMap(strides: [1])), Array(0..<result.count))
  }

  private func type(_ buffer: Int, _ memory: ProgramMemory) -> TensorType {
    TensorType(memory.buffers[buffer].element, Shape([memory.buffers[buffer].count]))
  }
}

extension IndexFault {
  /// What a check found at a row-major position.
  init(_ index: Int, at position: Int, rows: Int, _ note: CheckNote?) {
    self.init(
      index: index, position: note?.shape.indices(ofElement: position) ?? [position],
      name: note?.name, rows: rows, line: note?.line ?? 0, column: note?.column ?? 0)
  }
}
