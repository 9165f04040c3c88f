// Kernels that differ in their arrays alone share a function; any other difference gives another one.

import NNCodegen
import NNIR
import Testing

@Suite struct KernelFormTests {
  /// `a[i] = op(b[i]) + 1` for each pair of buffers, all of the workspace, 64 bytes apart.
  private func program(
    _ kernels: [(from: Int, to: Int, op: ElementwiseOp)], offsets: [Int] = [0, 64, 128, 192]
  ) -> Program {
    let buffers = offsets.enumerated().map { number, offset in
      Buffer(name: "w\(number)", element: .f32, count: 16, storage: .workspace(offset: offset))
    }
    let all = kernels.enumerated().map { number, kernel in
      let body = Block(
        nodes: [
          Node(.load(Access(buffer: kernel.from, map: AffineMap(strides: [1]))), .f32),
          Node(.apply(kernel.op, [0]), .f32),
          Node(.constant(Scalar(Float(1))), .f32),
          Node(.apply(.add, [1, 2]), .f32),
        ],
        stores: [Store(access: Access(buffer: kernel.to, map: AffineMap(strides: [1])), node: 3)])
      return Kernel(name: "k\(number)", space: [16], body: body)
    }
    return Program(
      name: "f", arguments: [], results: [], buffers: buffers, kernels: all,
      notes: all.map { _ in KernelNote() }, workspaceByteCount: 256)
  }

  private func symbols(_ program: Program) -> [[String]] {
    [Spelling.strips, .loops].map { emitKernels(program, spelling: $0).entries.map(\.symbol) }
  }

  @Test func twinsShareAFunction() {
    let twins = program([(0, 1, .sin), (1, 2, .sin), (2, 3, .sin)])
    for spelling in [Spelling.strips, .loops] {
      let module = emitKernels(twins, spelling: spelling)
      #expect(module.entries.map(\.symbol) == ["k0", "k0", "k0"])
      #expect(module.entries.map(\.arguments) == [[0, 1], [1, 2], [2, 3]])
      #expect(module.text.matches(of: /ptrdiff_t k0\([^;]*\) \{/).count == 1)
    }
  }

  @Test func anotherOperationIsAnotherFunction() {
    for symbols in symbols(program([(0, 1, .sin), (1, 2, .cos)])) {
      #expect(symbols == ["k0", "k1"])
    }
  }

  /// In place there is one array where otherwise there are two.
  @Test func inPlaceIsAnotherFunction() {
    for symbols in symbols(program([(0, 1, .sin), (2, 2, .sin)])) {
      #expect(symbols == ["k0", "k1"])
    }
  }

  /// What overlaps without being the same may not be told `restrict`.
  @Test func overlapIsAnotherFunction() {
    let overlapping = program([(0, 1, .sin), (2, 3, .sin)], offsets: [0, 64, 128, 160])
    for symbols in symbols(overlapping) { #expect(symbols == ["k0", "k1"]) }
  }

  /// A long chain is a few forms, however long.
  @Test func aChainIsAFewForms() throws {
    func count(_ length: Int) throws -> Int {
      let builder = FunctionBuilder(name: "f")
      let type = TensorType(.f32, [64])
      let x = builder.argument(Argument(name: "x", role: .input, type: type))
      let a = builder.argument(Argument(name: "a", role: .input, type: type))
      var value = x
      for _ in 0..<length {
        value = builder.elementwise(.tanh, builder.elementwise(.add, value, a))
      }
      builder.result("y", .output, value)
      let program = try schedule(builder.function)
      return Set(emitKernels(program, spelling: .strips).entries.map(\.symbol)).count
    }
    #expect(try count(2000) == count(1000))
  }
}
