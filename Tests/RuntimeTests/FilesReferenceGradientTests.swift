// The gradients of the 784-100-10 network at batch 500 against those that NumPy found with the
// chain rule written out by hand, in every backend.

import Foundation
import NNIR
import Testing

@testable import NNRuntime

@Suite struct FilesReferenceGradientTests {
  @Test(arguments: [Backend.tcc, .cc])
  func compiledCodeAgreesWithNumPy(backend: Backend) throws {
    let function = try gradientFunction()
    let executable = try Executable(function, options: ExecutionOptions(backend: backend))
    try compare(function, executable.call(arguments(of: function)))
  }

  /// The interpreter takes seconds for the whole batch in a debug build; its bits are those of `tcc`, which other tests show.
  @Test func theInterpreterAgreesWithNumPy() throws {
    let function = try gradientFunction()
    try compare(function, Interpreter().evaluate(function, arguments: arguments(of: function)))
  }

  private func gradientFunction() throws -> Function {
    let text = try String(contentsOfFile: exampleFile("mnist.graph"), encoding: .utf8)
    let network = try Graph(parsing: text, file: "mnist.graph").lowered()
    return try network.function.gradient()
  }

  private func arguments(of function: Function) throws -> [Tensor] {
    try function.arguments.map { try ReferenceRecipe.tensor($0.name) }
  }

  private func compare(_ function: Function, _ results: [Tensor]) throws {
    let reference = try ReferenceGradients()
    var compared = 0
    for (result, tensor) in zip(function.results, results) {
      switch result.role {
      case .loss:
        let expected = try reference.number("loss")
        #expect(abs(tensor[flat: 0].double - expected) <= 1e-5 * expected)
      case .gradient(let argument):
        let name = function.arguments[argument].name
        #expect(try reference.largestError(of: tensor, for: name) <= 1e-5, "gradient of \(name)")
        compared += 1
      case .output, .update: break
      }
    }
    #expect(compared == 4)
  }
}
