// Convolutions of few filters on small images, whose products take several images at once: the interpreter's bits on every tier.

import NNCodegen
import NNIR
import Testing

@testable import NNRuntime

@Suite struct ImageProductTests {
  /// A convolution with or without a nonlinear function after it, and, from its gradient, one over padded images.
  private func network(_ type: String, images: Int, side: Int, act: String) throws -> Function {
    let text = """
      input x : \(type)[\(images), 3, \(side), \(side)]
      param w : \(type)[5, 3, 3, 3]
      param v : \(type)[4, 5, 3, 3]
      param b : \(type)[4, 1, 1]
      h = conv2d(x, w)
      y = \(act)(conv2d(tanh(h), v) + b)
      output h
      loss mean(y ^ 2)
      """
    return try Graph(parsing: text, file: "images.graph").lowered().function
      .gradient(keepingOutputs: true)
  }

  /// Fewer images than a vector has places, whole vectors, and a rest; in f64 two vectors a call.
  @Test(arguments: [("f32", 8, 9, "tanh"), ("f32", 37, 8, "abs"), ("f64", 21, 9, "exp")])
  func tiersAgree(_ type: String, _ images: Int, _ side: Int, _ act: String) throws {
    let function = try network(type, images: images, side: side, act: act)
    var random = SeededGenerator(seed: UInt64(images))
    let arguments = function.arguments.map { random.tensor($0.type, special: false) }
    let expected = try Interpreter().evaluate(function, arguments: arguments)
    let program = try schedule(function)
    for spelling in [Spelling.strips, .loops] {
      let text = emitKernels(program, spelling: spelling).text
      let calls = text.ranges(of: "contract_images_\(type)(").count
      // Forward twice, one of them with an epilogue, and back to the images in between.
      #expect(calls >= 3, "\(calls) calls:\n\(text)")
    }
    for tier in Tier.all(optimizations: ["-O2"]) {
      for (name, compiled) in try tier.prepare(program, threads: [1, 2, 3]) {
        #expect(try compiled.call(arguments) == expected, "\(name)")
      }
    }
  }
}
