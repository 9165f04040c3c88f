// The constant data of an emitted network and the first values of its parameters.

import NNIR

/// Arrays of constants, each written once.
struct ModelData {
  private var writer = CWriter()
  private var nameOf: [Constant: String] = [:]

  var text: String { writer.text }

  /// An expression for the static array that holds the constant.
  mutating func name(of constant: Constant, wanted: String, _ names: inout CNames) -> String {
    if let name = nameOf[constant] { return name }
    let name = names.unique("constant_\(wanted)")
    nameOf[constant] = name
    let type = constant.type
    let scalars = (0..<type.count).map { constant[$0] }
    if scalars.contains(where: { !$0.isFiniteInC }) {
      nameOf[constant] = name + ".values"
      writeBits(scalars, name)
      return name + ".values"
    }
    writer.line("static const \(type.element.cName) \(name)[\(max(1, type.count))] = {")
    writeInitializer(scalars, &writer)
    writer.line("};")
    writer.blank()
    return name
  }

  /// A NaN is no constant expression in C++ and under tcc, but its bits are.
  private mutating func writeBits(_ scalars: [Scalar], _ name: String) {
    guard let element = scalars.first?.element else { return }
    let width = element == .f32 ? "32" : "64"
    writer.open("static const union")
    writer.line("uint\(width)_t bits[\(scalars.count)];")
    writer.line("\(element.cName) values[\(scalars.count)];")
    writer.close(" \(name) = {{")
    for start in stride(from: 0, to: scalars.count, by: numbersInLine) {
      let part = scalars[start..<min(start + numbersInLine, scalars.count)]
      writer.line(
        part.map { "UINT\(width)_C(0x\(String($0.bits, radix: 16)))," }.joined(separator: " "))
    }
    writer.line("}};")
    writer.blank()
  }

  /// `NAME_init`: what Docs/numerics.md says of random numbers, from the same text as the runtime's.
  mutating func writeInitialisers(
    _ request: ModelRequest, _ names: ModelNames, _ staticNames: inout CNames,
    _ sections: inout Set<String>, into functions: inout CWriter
  ) {
    functions.open("void \(names.prefix)_init(\(names.prefix)_params *params, uint64_t seed)")
    var usesSeed = false
    for (parameter, initializer) in zip(request.parameters, request.initializers)
    where parameter.type.count > 0 {
      let field = "params->\(names.fields[parameter.name] ?? parameter.name)"
      let element = parameter.type.element
      let stream = "UINT64_C(0x\(String(fnv1a(parameter.name), radix: 16)))"
      switch initializer {
      case .constant(let constant):
        functions.openLoop("i", to: "\(parameter.type.count)")
        if let scalar = constant.splat {
          functions.line("\(field)[i] = \(scalar.cLiteral);")
        } else {
          let array = name(of: constant, wanted: parameter.name, &staticNames)
          functions.line("\(field)[i] = \(array)[i];")
        }
        functions.close()
      case .uniform(let low, let high):
        usesSeed = true
        sections.insert("uniform_\(element.name)")
        let bounds = [low, high].map { Scalar($0, as: element).cLiteral }
        functions.line(
          "nn_uniform_\(element.name)(\(field), \(parameter.type.count), seed, \(stream), \(bounds[0]), \(bounds[1]));"
        )
      case .normal(let mean, let std):
        usesSeed = true
        sections.insert("normal_\(element.name)")
        functions.line(
          "nn_normal_\(element.name)(\(field), \(parameter.type.count), seed, \(stream), \(Scalar(mean).cLiteral), \(Scalar(std).cLiteral));"
        )
      }
    }
    if !usesSeed { functions.line("(void)seed;") }
    if request.parameters.allSatisfy({ $0.type.count == 0 }) { functions.line("(void)params;") }
    functions.close()
    functions.blank()
  }
}

/// FNV-1a, 64 bits, over UTF-8: the stream of a parameter's random numbers.
private func fnv1a(_ text: String) -> UInt64 {
  text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}

/// NAME_params.c: trained values as plain constant data.
func trainedValues(_ values: [[UInt64]], _ request: ModelRequest, _ names: ModelNames) -> String {
  var writer = CWriter()
  writer.line("/* The trained parameters of \(cComment(request.graphName)). */")
  writer.line("#include \"\(cFileName(request.headerName))\"")
  writer.blank()
  let scalars = zip(request.parameters, values).map { parameter, bits in
    bits.map { Scalar(element: parameter.type.element, bits: $0) }
  }
  if scalars.contains(where: { $0.contains { !$0.isFiniteInC } }) {
    for line in infinityMacros.split(separator: "\n") { writer.line(String(line)) }
  }
  if request.parameters.isEmpty { return writer.text }
  writer.open("const \(names.prefix)_params \(names.prefix)_trained =")
  for (number, (parameter, list)) in zip(request.parameters, scalars).enumerated() {
    writer.open(number == 0 ? "" : "")
    writeInitializer(list, &writer)
    writer.close(", /* \(names.fields[parameter.name] ?? parameter.name) */")
  }
  writer.close(";")
  return writer.text
}

private let numbersInLine = 6

/// Numbers, a few a line; a lone 0 where there are none.
private func writeInitializer(_ scalars: [Scalar], _ writer: inout CWriter) {
  if scalars.isEmpty {
    writer.line("0")
    return
  }
  for start in stride(from: 0, to: scalars.count, by: numbersInLine) {
    let part = scalars[start..<min(start + numbersInLine, scalars.count)]
    writer.line(part.map { $0.cInitializer + "," }.joined(separator: " "))
  }
}

extension Scalar {
  fileprivate var isFiniteInC: Bool { !element.isFloat || double.isFinite }
}

/// C++ and tcc take no quotient with a zero divisor for a constant; tcc, which has words for some, negates none of them.
private let infinityMacros = """
  #if defined(__GNUC__) && !defined(__TINYC__)
  #define NN_INFINITY_f32 __builtin_inff()
  #define NN_INFINITY_f64 __builtin_inf()
  #define NN_NEGATIVE_f32 (-__builtin_inff())
  #define NN_NEGATIVE_f64 (-__builtin_inf())
  #define NN_NAN_f32 __builtin_nanf("")
  #define NN_NAN_f64 __builtin_nan("")
  #else
  #define NN_INFINITY_f32 __inf__
  #define NN_INFINITY_f64 __inf__
  #define NN_NEGATIVE_f32 ((float)-1e300)
  #define NN_NEGATIVE_f64 ((double)(float)-1e300)
  #define NN_NAN_f32 __nan__
  #define NN_NAN_f64 __nan__
  #endif


  """
