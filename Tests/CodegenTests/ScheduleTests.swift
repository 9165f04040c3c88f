// The properties of schedules that golden files do not show by themselves.

import NNIR
import Testing

@testable import NNCodegen

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

  /// C compilers may take arrays of two types to be different memory, and exchange a write of one with a read of the other.
  @Test func noBufferTakesThePlaceOfOneOfAnotherType() throws {
    let function = try Function(
      parsing: """
        func @typed(%0 "a": input f32[4], %1 "c": input f32[]) -> (output "r" %4, output "s" %6) {
          %2: f32[] = scan [length 4, sequences 1, states 1] %0, %1 func @body(%0 "x": input f32[], %1 "s": input f32[]) -> (output "s" %2, output "y" %2) {
            %2: f32[] = mul %0, %1
          }
          %3: f32[4] = projection [1] %2
          %4: f32[4] = mod %3, %0
          %5: i32[4] = cast %0
          %6: f32[9] = scatter_add %5, %0
        }
        """)
    let program = try schedule(function)
    #expect(program.problems().isEmpty)
    for kernel in program.kernels {
      for a in kernel.touchedBuffers {
        for b in kernel.touchedBuffers
        where program.buffers[a].element != program.buffers[b].element {
          #expect(!program.overlaps(a, b))
        }
      }
    }
  }

  /// The derivative of slices, and functions of slices, are one kernel each.
  @Test func slicesOfOneArrayShareAKernel() throws {
    let function = try Function(
      parsing: """
        func @gates(%0 "x": input f32[4, 6]) -> (output "y" %7, output "d" %10) {
          %1: f32[4, 3] = slice [4 from 0, 3 from 0] %0
          %2: f32[4, 3] = slice [4 from 0, 3 from 3] %0
          %3: f32[4, 3] = sigmoid %1
          %4: f32[4, 3] = tanh %2
          %5: f32[4, 3] = exp %3
          %6: f32[4, 3] = mul %3, %4
          %7: f32[4, 3] = add %5, %6
          %8: f32[4, 6] = pad [0:0, 3:0] with 0.0 %6
          %9: f32[4, 6] = pad [0:0, 0:3] with 0.0 %7
          %10: f32[4, 6] = add %8, %9
        }
        """
    ).optimized()
    let program = try schedule(function)
    #expect(program.problems() == [])
    #expect(program.kernels.count == 1, "\(program.text)")
  }

  /// The way back wants each t and each t + a: with t stored, t + a is computed again. What each link adds to the gradients of a and b
  /// is added there, not kept for sums at the end.
  @Test func aLinkOfAChainStoresOneArray() throws {
    let (links, size) = (30, 64)
    let builder = FunctionBuilder(name: "chain")
    let type = TensorType(.f32, [size])
    var last = builder.argument(Argument(name: "x", role: .input, type: type))
    let a = builder.argument(Argument(name: "a", role: .parameter, type: type))
    let b = builder.argument(Argument(name: "b", role: .parameter, type: type))
    for _ in 0..<links {
      last = builder.elementwise(.add, last, a)
      last = builder.elementwise(.mul, last, b)
      last = builder.elementwise(.tanh, last)
    }
    builder.result("loss", .loss, builder.reduce(.sum, last, axes: [0]))
    let program = try schedule(builder.function.gradient())
    let arrays = program.workspaceByteCount / (4 * size)
    #expect(links / 2...links ~= arrays, "\(arrays) arrays for \(links) links")
  }

  /// A product that is stored for one reader is read by those of its multiple too, which is not stored. Nothing but such readers has what
  /// is gathered.
  @Test func whatIsStoredAnywayTakesThePlaceOfItsFunctions() throws {
    let function = try Function(
      parsing: """
        func @scaled(%0 "a": input f32[8, 4], %1 "b": input f32[4, 6], %2 "g": input f32[6], %3 "i": input i32[8], %4 "t": input f32[9, 6]) -> (output "s" %10, output "d" %12, output "m" %16, output "n" %18) {
          %5: f32[8, 6] = contraction "mk,kn->mn" %0, %1
          %6: f32[1, 6] = reduce sum [0] %5
          %7: f32[1, 6] = reshape %2
          %8: f32[8, 6] = broadcast %7
          %9: f32[8, 6] = mul %5, %8
          %10: f32[8, 1] = reduce sum [1] %9
          %11: f32[8, 6] = broadcast %10
          %12: f32[8, 6] = sub %9, %11
          %13: f32[8, 6] = gather %4, %3
          %14: f32[8, 6] = mul %13, %13
          %15: f32[8, 6] = add %14, %13
          %16: f32[8, 1] = reduce max [1] %15
          %17: f32[1, 6] = reduce max [0] %14
          %18: f32[1, 6] = add %17, %6
        }
        """)
    let program = try schedule(function)
    #expect(program.problems() == [])
    // Besides the product and the gathered rows nothing is stored that has their size.
    let arrays = program.buffers.filter { $0.isInWorkspace && $0.byteCount == 4 * 48 }
    #expect(arrays.count == 2, "\(program.text)")
    expectBits(of: function, from: program)
  }

  /// An array and its sums are stored side by side, the one within a reduction and the others behind it: in two kernels.
  @Test func partsOfDifferentLevelsAreApart() throws {
    let function = try Function(
      parsing: """
        func @sums(%0 "x": input f32[4, 6]) -> (output "y" %2) {
          %1: f32[4, 1] = reduce sum [1] %0
          %2: f32[4, 7] = concat [1] %0, %1
        }
        """)
    #expect(try schedule(function).problems() == [])
  }

  /// A product whose axes are put in another order, and others that are joined so, are stored where they will be read.
  @Test func productsAreStoredInTheOrderWanted() throws {
    let function = try Function(
      parsing: """
        func @heads(%0 "p": input f32[2, 4, 8, 8], %1 "v": input f32[2, 4, 8, 16], %2 "w": input f32[64, 16]) -> (output "h" %6, output "both" %10) {
          %3: f32[2, 4, 8, 16] = contraction "abmk,abkn->abmn" %0, %1
          %4: f32[2, 8, 4, 16] = permute [0, 2, 1, 3] %3
          %5: f32[2, 8, 64] = reshape %4
          %6: f32[2, 8, 16] = contraction "amk,kn->amn" %5, %2
          %7: f32[2, 4, 8, 16] = contraction "abkm,abkn->abmn" %0, %1
          %8: f32[2, 4, 8, 16] = tanh %7
          %9: f32[2, 8, 4, 16] = permute [0, 2, 1, 3] %8
          %10: f32[2, 8, 8, 16] = concat [2] %4, %9
        }
        """)
    let program = try schedule(function)
    #expect(program.problems() == [])
    #expect(program.kernels.count { $0.contraction == nil } <= 1, "\(program.text)")
    #expect(program.kernels.count <= 4, "\(program.text)")
    expectBits(of: function, from: program)
  }

  /// The program's results on arguments in f32, and of integers on each element's place, are the function's.
  private func expectBits(of function: Function, from program: Program) {
    let arguments = function.arguments.map { argument in
      (0..<argument.type.count).map { place in
        argument.type.element == .i32
          ? Scalar(Double(place), as: .i32) : Scalar(Double(place * 37 % 101 - 50) / 64, as: .f32)
      }
    }
    let expected = FunctionEvaluator.results(of: function, arguments: arguments)
    let results = ProgramEvaluator.results(of: program, arguments: arguments, isReversed: false)
    #expect(areEqual(results, expected))
  }

  @Test func aFunctionHasOneSchedule() throws {
    for seed in 0..<20 as Range<UInt64> {
      let function = RandomFunction.make(seed: seed).function
      #expect(try schedule(function).text == schedule(function).text)
    }
  }

  /// Forward, gradient and update of two layers: nothing elementwise is left on its own.
  @Test func trainingStepOfTwoLayersIsTenKernels() throws {
    let program = try twoLayerStep(.sgd)
    #expect(program.kernels.count { $0.contraction != nil } == 5)
    #expect(program.kernels.count <= 10, "\(program.text)")
    #expect(!program.kernels.contains { $0.name.hasSuffix("_copy") })
  }

  /// Adam's corrections, single numbers, are at hand when a gradient is computed: moments and parameter are updated in its kernel.
  @Test func adamsUpdateIsTheGradientsEpilogue() throws {
    let program = try twoLayerStep(.adam)
    for name in ["w1", "w2"] {
      let argument = try #require(program.arguments.firstIndex { $0.name == name })
      let writers = program.kernels.filter { kernel in
        kernel.writtenBuffers.contains { program.buffers[$0].storage == .argument(argument) }
      }
      #expect(writers.count == 1 && writers[0].contraction != nil, "\(program.text)")
      #expect(writers[0].epilogue.stores.count == 3)
    }
  }

  private func twoLayerStep(_ optimizer: Optimizer) throws -> Program {
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
    let program = try schedule(builder.function.trainingStep(optimizer: optimizer))
    #expect(program.problems() == [])
    return program
  }
}
