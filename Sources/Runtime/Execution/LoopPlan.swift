// A program's loop, looked up once: what a step does and which addresses move along.

import NNCodegen

struct LoopPlan {
  enum Item {
    case kernel(Int)
    case loop(Int)
  }

  /// A buffer that is a step of another.
  struct Move {
    var buffer: Int
    var base: Int
    /// Of a step.
    var byteCount: Int
  }

  var loop: ProgramLoop
  /// The number of the loop that runs at the same time, if one does.
  var beside: Int?
  var items: [Item]
  var moves: [Move]

  /// The plans of all loops, and for each kernel the outermost loop that begins with it, or -1.
  static func all(of program: Program) -> (plans: [LoopPlan], atKernel: [Int]) {
    var atKernel = [Int](repeating: -1, count: program.kernels.count)
    let steps = program.steps
    var plans: [LoopPlan] = []
    for (number, loop) in program.loops.enumerated() {
      if atKernel[loop.kernels.lowerBound] < 0 { atKernel[loop.kernels.lowerBound] = number }
      let moves = steps[number].compactMap { buffer -> Move? in
        guard case .step(let base, _) = program.buffers[buffer].storage else { return nil }
        return Move(buffer: buffer, base: base, byteCount: program.buffers[buffer].byteCount)
      }
      plans.append(
        LoopPlan(
          loop: loop, beside: program.loopBeside(number),
          items: items(of: number, in: program.loops),
          moves: moves))
    }
    return (plans, atKernel)
  }

  /// The kernels and inner loops of a loop, in order.
  private static func items(of number: Int, in loops: [ProgramLoop]) -> [Item] {
    var items: [Item] = []
    var kernel = loops[number].kernels.lowerBound
    let end = loops[number].kernels.upperBound
    var inner = number + 1
    while kernel < end {
      while inner < loops.count, loops[inner].kernels.lowerBound < kernel { inner += 1 }
      if inner < loops.count, loops[inner].kernels.lowerBound == kernel {
        items.append(.loop(inner))
        kernel = loops[inner].kernels.upperBound
      } else {
        items.append(.kernel(kernel))
        kernel += 1
      }
    }
    return items
  }
}
