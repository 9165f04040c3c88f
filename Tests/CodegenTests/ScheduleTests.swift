// The properties of schedules that golden files do not show by themselves.

import NNCodegen
import NNIR
import Testing

@Suite struct ScheduleTests {
  private func dense() -> Function {
    let builder = FunctionBuilder(name: "dense")
    func argument(_ name: String, _ role: ArgumentRole, _ shape: Shape) -> Value {
      builder.argument(Argument(name: name, role: role, type: TensorType(.f32, shape)))
    }
    let x = argument("x", .input, [8, 5])
    let w = argument("w", .parameter, [5, 7])
    let b = argument("b", .parameter, [1, 7])
    builder.currentOrigin = Origin(line: 4, column: 10)
    let product = builder.contract(
      x, w, Contraction(left: [0, 1], right: [1, 2], result: [0, 2]))
    let sum = builder.elementwise(.add, product, builder.broadcast(b, to: [8, 7]))
    builder.currentOrigin = Origin(name: "l1", line: 5, column: 1)
    builder.result("y", .output, builder.elementwise(.tanh, sum))
    return builder.function
  }

  @Test func kernelsAreNamedAfterTheGraph() throws {
    let program = try schedule(dense())
    #expect(program.kernels.map(\.name) == ["l1"])
    #expect(program.notes[0].lines == [4, 5])
    #expect(program.notes[0].expressions.last == "l1 = tanh(dot(x, w) + b)")
    #expect(program.buffers.map(\.name) == ["x", "w", "b", "y"])
  }

  @Test func statisticsCountFloatingPointOperations() throws {
    let program = try schedule(dense())
    #expect(program.workspaceByteCount == 0)
    #expect(program.floatingPointOperationCount == 8 * 7 * (2 * 5 + 2))
    #expect(try schedule(dense(), fuse: false).kernels.count == 4)
  }

  @Test func aFunctionHasOneSchedule() throws {
    for seed in 0..<20 as Range<UInt64> {
      let function = RandomFunction.make(seed: seed).function
      #expect(try schedule(function).text == schedule(function).text)
    }
  }

  /// Forward, gradient and update of two layers: nothing elementwise is left on its own.
  @Test func trainingStepOfTwoLayersIsTenKernels() throws {
    let builder = FunctionBuilder(name: "mlp")
    func argument(_ name: String, _ role: ArgumentRole, _ shape: Shape) -> Value {
      builder.argument(Argument(name: name, role: role, type: TensorType(.f32, shape)))
    }
    let x = argument("x", .input, [500, 784])
    let y = argument("y", .input, [500, 10])
    let w1 = argument("w1", .parameter, [784, 100])
    let b1 = argument("b1", .parameter, [1, 100])
    let w2 = argument("w2", .parameter, [100, 10])
    let b2 = argument("b2", .parameter, [1, 10])
    let product = Contraction(left: [0, 1], right: [1, 2], result: [0, 2])
    let first = builder.elementwise(
      .tanh,
      builder.elementwise(
        .add, builder.contract(x, w1, product), builder.broadcast(b1, to: [500, 100])))
    let second = builder.elementwise(
      .add, builder.contract(first, w2, product), builder.broadcast(b2, to: [500, 10]))
    let error = builder.elementwise(.sub, second, y)
    let squares = builder.elementwise(.mul, error, error)
    builder.result("loss", .loss, builder.reduce(.sum, squares, axes: [0, 1]))
    let step = try builder.function.trainingStep(optimizer: .sgd)
    let program = try schedule(step)
    #expect(program.problems() == [])
    #expect(program.kernels.count { $0.contraction != nil } == 5)
    #expect(program.kernels.count <= 10, "\(program.text)")
    #expect(!program.kernels.contains { $0.name.hasSuffix("_copy") })
  }
}
