// The standalone C of a network: what goes in, what comes out, and the names that all its files share.

import NNIR

/// A network to be written as C, scheduled function by function.
public struct ModelRequest: Sendable {
  /// What the prefix of all names is made of: the file's stem or `--name`.
  public var stem: String
  /// The header's file name, as the source includes it.
  public var headerName: String
  /// The graph file's name without folders, for comments and `#line`.
  public var graphName: String
  public var dims: [Network.Dim]
  /// In the graph's order, with an initialiser each.
  public var parameters: [Argument]
  public var initializers: [Initializer]
  /// `forward()`, `gradient()` and `trainingStep()` of the network; each function is left out where there is none.
  public var forward: Program?
  public var gradient: Program?
  public var step: Program?
  /// Whether `#line` directives name lines of the graph file.
  public var hasDebugLines: Bool
  /// The parameters' trained values as bits (see `Scalar`), row-major, for `NAME_params.c`.
  public var trained: [[UInt64]]?
  /// What a caller has to know of the numbers on which these were trained, a sentence each, for the header.
  public var trainedOn: [String]

  public init(
    stem: String, headerName: String, graphName: String, dims: [Network.Dim] = [],
    parameters: [Argument] = [], initializers: [Initializer] = [], forward: Program? = nil,
    gradient: Program? = nil, step: Program? = nil, hasDebugLines: Bool = false,
    trained: [[UInt64]]? = nil, trainedOn: [String] = []
  ) {
    self.stem = stem
    self.headerName = headerName
    self.graphName = graphName
    self.dims = dims
    self.parameters = parameters
    self.initializers = initializers
    self.forward = forward
    self.gradient = gradient
    self.step = step
    self.hasDebugLines = hasDebugLines
    self.trained = trained
    self.trainedOn = trainedOn
  }
}

/// The text of each file.
public struct ModelFiles: Hashable, Sendable {
  public var header: String
  public var source: String
  /// `NAME_params.c`, if there are trained values.
  public var trained: String?
  /// Bytes of each function's workspace, by its name without the prefix, as the header's macros say.
  public var workspaces: [String: Int]
}

public enum ModelError: Error, Hashable, Sendable {
  /// Trained values that do not fit the parameters.
  case wrongElementCount(parameter: String, expected: Int, found: Int)
}

/// The files of a network as C; the same request gives the same bytes.
public func emitModel(_ request: ModelRequest) throws -> ModelFiles {
  if let trained = request.trained {
    for (number, parameter) in request.parameters.enumerated() {
      let found = number < trained.count ? trained[number].count : 0
      if found != parameter.type.count {
        throw ModelError.wrongElementCount(
          parameter: parameter.name, expected: parameter.type.count, found: found)
      }
    }
  }
  let names = ModelNames(request)
  var source = ModelSource(request, names)
  let text = source.text()
  return ModelFiles(
    header: modelHeader(request, names, workspaces: source.workspaces), source: text,
    trained: request.trained.map { trainedValues($0, request, names) },
    workspaces: Dictionary(
      uniqueKeysWithValues: source.workspaces.map { ($0.key.rawValue, $0.value) }))
}

extension ModelRequest {
  /// Whether a training step has dropouts.
  var drawsRandomNumbers: Bool {
    step?.arguments.contains { $0.hyperparameter == .seed } ?? false
  }

  /// What the optimiser remembers of each parameter, by its own names for them.
  var states: [String] {
    var names: [String] = []
    for argument in step?.arguments ?? [] {
      if let state = argument.stateNames?.state, !names.contains(state) { names.append(state) }
    }
    return names
  }
}

/// Which of a model's functions.
enum ModelFunction: String, CaseIterable {
  case forward, gradient, step

  func program(_ request: ModelRequest) -> Program? {
    switch self {
    case .forward: request.forward
    case .gradient: request.gradient
    case .step: request.step
    }
  }
}

/// Every name of a model's interface.
struct ModelNames {
  /// `mlp`
  let prefix: String
  /// `MLP`
  let macroPrefix: String
  /// `MLP_DIM_BATCH`, in the graph's order.
  let dims: [String]
  /// Fields of the parameters' struct.
  let fields: [String: String]
  /// Fields of the optimiser's struct that are states.
  let states: [String: String]
  /// Inputs as arguments.
  private(set) var inputs: [String: String] = [:]
  /// Results as arguments, but for the fields of the gradient.
  private(set) var results: [String: String] = [:]
  /// What no kernel and no variable may be called.
  let reserved: [String]

  init(_ request: ModelRequest) {
    prefix = cIdentifier(request.stem)
    macroPrefix = prefix.uppercased()
    var macros = CNames(taken: [])
    dims = request.dims.map { [macroPrefix] in
      macros.unique("\(macroPrefix)_DIM_\($0.name.uppercased())", .field)
    }
    let fixed =
      ["H", "FORWARD_WORKSPACE", "GRADIENT_WORKSPACE", "STEP_WORKSPACE", "INDEX_OUT_OF_RANGE"]
      .map { [macroPrefix] in "\(macroPrefix)_\($0)" }
      + ["params", "optimizer", "init", "optimizer_init", "forward", "gradient", "step", "trained"]
      .map { [prefix] in "\(prefix)_\($0)" }
    let reserved = dims + fixed
    var fieldNames = CNames(taken: reserved)
    fields = fieldNames.unique(request.parameters.map(\.name), .field)
    var stateNames = CNames(taken: reserved + ["seed", "step"])
    states = stateNames.unique(request.states, .field)
    let programs = ModelFunction.allCases.compactMap { $0.program(request) }
    var arguments = CNames(
      taken: reserved + [
        "params", "state", "gradient", "learning_rate", "loss", "workspace", "seed",
      ] + programs.flatMap(LoopNest.names))
    let inputNames = programs.flatMap(\.arguments).filter { $0.role == .input }.map(\.name)
    inputs = arguments.unique(inputNames, .field)
    let outputs = programs.flatMap(\.results).filter { $0.role == .output }.map(\.name)
    results = arguments.unique(outputs, .field)
    for program in programs {
      for result in program.results where results[result.name] == nil {
        switch result.role {
        case .output, .update: break
        case .loss: results[result.name] = "loss"
        case .gradient(let number):
          let name = "grad_\(program.arguments[number].name)"
          results[result.name] = arguments.unique(name, .field)
        }
      }
    }
    self.reserved = reserved
  }

  /// What an optimiser remembers of a parameter.
  func state(_ argument: Argument) -> String {
    guard let (state, parameter) = argument.stateNames else { return argument.name }
    return "state->\(states[state] ?? state).\(fields[parameter] ?? parameter)"
  }

  func workspace(_ function: ModelFunction) -> String {
    "\(macroPrefix)_\(function.rawValue.uppercased())_WORKSPACE"
  }
}

extension TensorType {
  /// The extents as a C array's: `[500 * 784]`, `[1]` where there is one element or none. A product that no int holds is
  /// taken in size_t.
  var cDimensions: String {
    if count == 0 { return "[1]" }
    let extents = shape.sizes.filter { $0 != 1 }
    let cast = extents.count > 1 && count > Int(Int32.max) ? "(size_t)" : ""
    return "[\(cast)\(extents.isEmpty ? "1" : extents.map(String.init).joined(separator: " * "))]"
  }

  /// A declaration as a parameter: single elements are pointers.
  func cParameter(_ name: String, isConst: Bool) -> String {
    let qualifier = isConst ? "const " : ""
    return count == 1
      ? "\(qualifier)\(element.cName) *\(name)"
      : "\(qualifier)\(element.cName) \(name)\(cDimensions)"
  }
}
