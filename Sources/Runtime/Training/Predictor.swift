// A trained network applied to rows, batch by batch.

import NNIR

public final class Predictor {
  public let network: Network
  /// The inputs that the outputs need, in the graph's order.
  public let inputs: [Argument]
  private let parameters: [Tensor]
  private let options: ExecutionOptions
  private let batching: Batching
  private var functions: [Int: Executable] = [:]

  /// - Parameter rebound: the same network with another batch size; nil where the batch is no `dim`.
  public init(
    _ network: Network, parameters: [Tensor], options: ExecutionOptions,
    rebound: ((Int) throws -> Network)?
  ) throws {
    self.network = network
    self.parameters = parameters
    self.options = options
    inputs = network.function.forward().arguments.filter { $0.role == .input }
    guard let first = inputs.first else { throw PredictionError.noInputs }
    batching = try Batching(network, inputs, rebound: rebound)
    if batching.size == 0 { throw TrainingError.noBatch(input: first.name, type: first.type) }
  }

  /// The outputs for all rows, one after the other along axis 0.
  ///
  /// - Parameter data: a source an input of `inputs`.
  public func predict(_ data: Dataset) throws -> [NamedTensor] {
    var pieces: [[Tensor]] = []
    var names: [String] = []
    for numbers in batching.batches(of: Array(0..<data.count)) {
      let executable = try function(batch: numbers.count)
      let given = try data.rows(numbers)
      let arguments = executable.function.arguments.map { argument in
        if let number = inputs.firstIndex(where: { $0.name == argument.name }) {
          return given[number]
        }
        return parameters[network.parameters.firstIndex { $0.name == argument.name } ?? 0]
      }
      let results = try executable.call(arguments)
      names = executable.function.results.map(\.name)
      for (name, result) in zip(names, results) where result.shape.sizes.first != numbers.count {
        throw PredictionError.noRows(output: name, type: result.type)
      }
      pieces.append(results)
    }
    return names.enumerated().map { number, name in
      NamedTensor(name: name, tensor: Tensor(joiningRows: pieces.map { $0[number] }))
    }
  }

  private func function(batch size: Int) throws -> Executable {
    if let made = functions[size] { return made }
    let network = try batching.network(ofBatch: size)
    let made = try Executable(network.function.forward(), options: options)
    functions[size] = made
    return made
  }
}

public enum PredictionError: Error, Hashable, Sendable, CustomStringConvertible {
  case noRows(output: String, type: TensorType)
  case noInputs

  public var description: String {
    switch self {
    case .noRows(let output, let type):
      "output '\(output)' (\(type)) has no axis of rows: it says nothing of single rows"
    case .noInputs: "the outputs need no input: `nncc run` gives them"
    }
  }
}

/// Predictions as a table: for what classifies the class first, then every element of each output.
public struct PredictionTable: Sendable {
  private let outputs: [NamedTensor]
  private let classes: AccuracyMeasure?
  private let classNames: ClassNames?

  /// - Parameter names: what the classes are called; without them they are numbers.
  public init(_ outputs: [NamedTensor], classes: AccuracyMeasure?, names: ClassNames? = nil) {
    self.outputs = outputs
    self.classes = classes
    classNames = names
  }

  public var csv: String {
    var names: [String] = []
    var columns: [(tensor: Tensor, width: Int, isClass: Bool)] = []
    for output in outputs {
      let rows = output.tensor.shape[0]
      let width = rows > 0 ? output.tensor.count / rows : 0
      if output.name == classes?.output, classes?.kind == .classes, output.tensor.shape.rank == 2 {
        names.append("\(output.name)_class")
        columns.append((output.tensor, width, true))
      }
      names += width == 1 ? [output.name] : (0..<width).map { "\(output.name)_\($0)" }
      columns.append((output.tensor, width, false))
    }
    var text = names.joined(separator: ",") + "\n"
    for row in 0..<(outputs.first?.tensor.shape[0] ?? 0) {
      var cells: [String] = []
      for (tensor, width, isClass) in columns {
        if isClass {
          let number = classes?.greatest(tensor, row: row, width: width) ?? 0
          cells.append(
            classNames.map { quotedCell($0.label(ofClass: number)) } ?? "\(number)")
          continue
        }
        for place in 0..<width { cells.append(tensor[flat: row * width + place].cell) }
      }
      text += cells.joined(separator: ",") + "\n"
    }
    return text
  }
}

/// A cell of a CSV file, quoted where RFC 4180 wants that, or where blanks at its ends would be lost.
private func quotedCell(_ text: String) -> String {
  let scalars = text.unicodeScalars
  let isPlain = !scalars.contains { ["\"", ",", "\n", "\r"].contains($0) }
  let hasBlankEnd = [" ", "\t"].contains { text.hasPrefix($0) || text.hasSuffix($0) }
  return isPlain && !hasBlankEnd ? text : "\"" + text.replacing("\"", with: "\"\"") + "\""
}

extension Scalar {
  /// The shortest text that reads back to the same bits.
  fileprivate var cell: String {
    switch element {
    case .f32: "\(Float(double))"
    case .f64: "\(double)"
    case .i32, .i64: "\(int64)"
    case .bool: double != 0 ? "1" : "0"
    }
  }
}
