// Scheduling is linear, whatever the shape of the graph: long chains, many readers, deep movement.

import NNCodegen
import NNIR
import Testing

private let type = TensorType(.f32, [16])

@Suite struct ScheduleScaleTests {
  /// Generous: the point is that nothing is quadratic, and debug builds are slow.
  private let limit = Duration.seconds(60)

  private func program(_ build: (FunctionBuilder, Value) -> Value) throws -> Program {
    let builder = FunctionBuilder(name: "f")
    let x = builder.argument(Argument(name: "x", role: .input, type: type))
    builder.result("y", .output, build(builder, x))
    let start = ContinuousClock.now
    let program = try schedule(builder.function)
    #expect(ContinuousClock.now - start < limit)
    #expect(program.problems() == [])
    return program
  }

  @Test func longChain() throws {
    let program = try program { builder, x in
      var value = x
      for _ in 0..<100_000 { value = builder.elementwise(.sin, value) }
      return value
    }
    #expect(program.kernels.allSatisfy { $0.body.nodes.count <= 80 })
    #expect(program.kernels.count < 100_000 / 20)
    #expect(program.workspaceByteCount == 64)
  }

  /// Every value is used twice: by the next one and at the very end.
  @Test func allValuesLiveOn() throws {
    let program = try program { builder, x in
      var values = [x]
      for _ in 0..<10_000 { values.append(builder.elementwise(.sin, values[values.count - 1])) }
      return values.reversed().reduce(x) { builder.elementwise(.add, $0, $1) }
    }
    #expect(program.kernels.count < 20_000)
  }

  /// Were uses through different views computed where they stand, this would double at every step.
  @Test func transposedTwins() throws {
    let builder = FunctionBuilder(name: "f")
    let square = TensorType(.f32, [4, 4])
    var value = builder.argument(Argument(name: "x", role: .input, type: square))
    for _ in 0..<200 { value = builder.elementwise(.add, value, builder.permute(value, [1, 0])) }
    builder.result("y", .output, value)
    let program = try schedule(builder.function)
    #expect(program.problems() == [])
    #expect(program.kernels.count <= 200)
  }

  @Test func deepMovement() throws {
    let builder = FunctionBuilder(name: "f")
    var value = builder.argument(
      Argument(name: "x", role: .input, type: TensorType(.f32, [2, 3, 4])))
    for step in 0..<50_000 {
      value = builder.permute(value, step % 2 == 0 ? [2, 0, 1] : [0, 2, 1])
    }
    builder.result("y", .output, value)
    #expect(try schedule(builder.function).kernels.count == 1)
  }
}
