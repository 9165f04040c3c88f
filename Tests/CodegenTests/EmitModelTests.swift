// The standalone C: compiles without a word everywhere, computes the program's bits, keeps to its interface.

import CKernels
import Foundation
import NNCodegen
import NNIR
import Testing

/// A compiler as c-abi.md names it.
private let strictC = ["-std=c99"] + CCompiler.warnings
private let strictCxx =
  ["-x", "c++", "-std=c++17"] + CCompiler.warnings.filter { $0 != "-Wstrict-prototypes" }
private let allCompilers = [
  CCompiler(command: "gcc", flags: strictC + ["-O2"]),
  CCompiler(command: "gcc", flags: strictC + ["-O3", "-march=native"]),
  CCompiler(command: "gcc", flags: ["-std=gnu17", "-O0", "-mfma", "-mavx2"] + CCompiler.warnings),
  CCompiler(command: "clang", flags: strictC + ["-O2"]),
  CCompiler(command: "clang", flags: strictC + ["-O3", "-march=native"]),
  CCompiler(command: "g++", flags: strictCxx + ["-O2"]),
  CCompiler(command: "clang++", flags: strictCxx + ["-O2", "-march=native"]),
  CCompiler(command: "tcc", flags: ["-Wall"]),
]

@Suite struct EmitModelTests {
  /// Compiles a model's files with every compiler; nothing but memory functions may stay undefined.
  func compileEverywhere(_ model: EmittedModel) throws {
    let folder = try TemporaryFolder()
    try model.write(to: folder)
    var sources = [model.request.stem + ".c"]
    if model.files.trained != nil { sources.append(model.request.stem + "_params.c") }
    for compiler in allCompilers {
      for source in sources {
        let object = folder.path + "/out.o"
        let result = try compiler.run(["-c", folder.path + "/" + source, "-o", object])
        #expect(
          result.status == 0 && result.errors.isEmpty,
          "\(compiler.testDescription): \(result.errors)")
        let symbols = try runProcess("/usr/bin/nm", ["-u", object]).errors
        let undefined = symbols.split(separator: "\n").map { $0.split(separator: " ").last ?? "" }
        let allowed = ["memcpy", "memset", "memmove", "memcmp", "_GLOBAL_OFFSET_TABLE_"]
        #expect(
          undefined.allSatisfy { allowed.contains(String($0)) },
          "\(compiler.testDescription) \(symbols)")
      }
    }
  }

  @Test func compilesEverywhere() throws {
    try compileEverywhere(EmittedModel(smallNetwork, stem: "small", hasTrained: true))
  }

  /// Names that clash with C, C++, macros, library functions, the interface or the emitted code.
  @Test func namesThatClash() throws {
    let names = [
      "double", "class", "restrict", "main", "exp", "printf", "int32_t", "NULL", "linux",
      "INT32_MAX", "params", "workspace",
      "state", "gradient", "nn_exp_f32", "clash_params", "clash_forward", "CLASH_DIM_BATCH",
      "CLASH_H", "_Bool", "__LINE__",
      "compute_sum", "i0", "t1", "begin", "scratch", "tile", "acc0", "errno", "NAN", "memcpy",
      "learning_rate", "seed",
    ]
    var text = "dim batch = 3\ndim Batch = 4\ndim BATCH = 5\n"
    for (number, name) in names.enumerated() {
      text += number % 2 == 0 ? "param \(name) : f32[batch]\n" : "input \(name) : f32[batch]\n"
    }
    let sum = names.map { "\($0) * \($0)" }.joined(separator: " + ")
    text +=
      "this = \(sum)\nreturn_ = sum(this)\noutput this\noutput this + 1 as register\nloss return_\n"
    let model = try EmittedModel(text, stem: "clash", hasTrained: true)
    try compileEverywhere(model)
    #expect(model.files.header.contains("#define CLASH_DIM_BATCH 3\n"))
    #expect(model.files.header.contains("#define CLASH_DIM_BATCH_ 4\n"))
    #expect(model.files.header.contains("#define CLASH_DIM_BATCH__ 5\n"))
    #expect(model.files.header.contains("float double_[3];"))
    #expect(model.files.header.contains("float params[3];"))
  }

  @Test func graphsOfAllKinds() throws {
    let graphs = [
      // No parameters: gradients of the inputs.
      "input x1 : f32\ninput x2 : f64[3]\nf = sin(x1) + x1 * cast(sum(x2), f32)\noutput f\n",
      // No loss, nothing to differentiate.
      "input a : i64[4, 3]\ninput b : bool[4, 3]\noutput where(b, a * a, mod(a, 3)) as r\noutput all(b) as every\n",
      // No output; arrays without elements; an unused parameter and an unused input.
      "input x : f32[0, 3]\nparam w : f32[0]\nparam v : f64[2] = [1, inf]\nparam unused : bool[2] = zeros()\nloss sum(v) + cast(sum(x), f64)\n",
      // Constants with specials, and an output that is an input.
      "const c = [[1, inf], [nan, -2]]\ninput x : f32[2, 2]\noutput x * c as y\noutput x\n",
    ]
    for (number, graph) in graphs.enumerated() {
      try compileEverywhere(EmittedModel(graph, stem: "kind\(number)", hasTrained: number == 2))
    }
  }

  @Test func textIsSafeAndReproducible() throws {
    let evil = "a*/b\"c\\??/d\n/*.graph"
    let model = try EmittedModel(smallNetwork, stem: "3d-net", graphName: evil, hasDebugLines: true)
    let again = try EmittedModel(smallNetwork, stem: "3d-net", graphName: evil, hasDebugLines: true)
    #expect(model.files == again.files)
    #expect(model.files.header.contains("int m3d_net_forward("))
    #expect(model.files.source.contains("#line "))
    let folder = try TemporaryFolder()
    try model.write(to: folder)
    for compiler in allCompilers where compiler.command != "tcc" {
      let result = try compiler.run(["-c", folder.path + "/3d-net.c", "-o", folder.path + "/out.o"])
      #expect(result.status == 0, "\(result.errors)")
    }
  }

  /// Bits of init, forward, gradient and step under several compilers.
  @Test func computesTheProgram() throws {
    let model = try EmittedModel(smallNetwork, stem: "small")
    let folder = try TemporaryFolder()
    try model.write(to: folder)
    let driver = try folder.write("driver.c", smallDriver)
    for compiler in allCompilers where !compiler.flags.contains("c++") {
      let isFused = compiler.flags.contains { $0 == "-march=native" || $0 == "-mfma" }
      if !isFused { continue }
      let library = folder.path + "/lib\(compiler.flags.count)\(compiler.command).so"
      let result = try compiler.run([
        "-shared", "-fPIC", driver, folder.path + "/small.c", "-o", library,
      ])
      #expect(result.status == 0, "\(result.errors)")
      let handle = try #require(dlopen(library, RTLD_NOW | RTLD_LOCAL))
      try compare(model, handle)
    }
  }

  private func compare(_ model: EmittedModel, _ handle: UnsafeMutableRawPointer) throws {
    typealias Driver = @convention(c) (UnsafePointer<UnsafeMutableRawPointer?>) -> Int32
    var random = Random(7)
    var values: [String: [UInt64]] = [:]
    for argument in model.network.function.arguments where argument.role == .input {
      values[argument.name] = (0..<argument.type.count).map { _ in
        argument.type.element == .bool
          ? UInt64(random.below(2)) : Scalar(Double(random.below(1000)) / 500 - 1, as: .f32).bits
      }
    }
    for (parameter, initializer) in zip(model.network.parameters, model.network.initializers) {
      values[parameter.name] = initialValues(parameter, initializer, seed: 42)
    }
    let sizes = ["x": 240, "y": 60, "mask": 12]
    var arrays: [UnsafeMutableRawPointer?] = []
    for name in ["x", "y", "mask"] {
      let element: ElementType = name == "mask" ? .bool : .f32
      let place = UnsafeMutableRawPointer.allocate(byteCount: 1024, alignment: 64)
      for index in 0..<(sizes[name] ?? 0) {
        write(values[name]?[index] ?? 0, element, to: place + index * element.byteCount)
      }
      arrays.append(place)
    }
    let results = UnsafeMutableRawPointer.allocate(byteCount: 1 << 16, alignment: 64)
    arrays.append(results)
    defer { for array in arrays { array?.deallocate() } }
    for (function, program) in [
      ("run_forward", model.request.forward), ("run_gradient", model.request.gradient),
      ("run_step", model.request.step),
    ] {
      let symbol = try #require(dlsym(handle, function))
      #expect(unsafeBitCast(symbol, to: Driver.self)(arrays) == 0)
      values["learning_rate"] = [Scalar(Float(0.125)).bits]
      let expected = evaluate(try #require(program), values)
      for (number, name) in expectedNames(function).enumerated() {
        let type = try #require(program?.results.first { $0.name == name }?.type)
        for index in 0..<type.count {
          let place = results + number * 4096 + index * type.element.byteCount
          let found = read(place, type.element)
          #expect(found == expected[name]?[index], "\(function) \(name)[\(index)]")
        }
      }
    }
  }

  private func expectedNames(_ function: String) -> [String] {
    switch function {
    case "run_forward": ["l2", "total", "best"]
    case "run_gradient": ["loss", "gradient:w1", "gradient:b1", "gradient:w2", "gradient:b2"]
    default: ["loss", "update:w1", "update:b1", "update:w2", "update:b2"]
    }
  }

  private func initialValues(_ parameter: Argument, _ initializer: Initializer, seed: UInt64)
    -> [UInt64]
  {
    let count = parameter.type.count
    let stream = parameter.name.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    var floats = [Float](repeating: 0, count: count)
    switch initializer {
    case .constant(let constant): return (0..<count).map { constant[$0].bits }
    case .uniform(let low, let high):
      nn_philox_uniform_f32(&floats, Int64(count), seed, stream, Float(low), Float(high))
    case .normal(let mean, let std):
      nn_philox_normal_f32(&floats, Int64(count), seed, stream, mean, std)
    }
    return floats.map { Scalar($0).bits }
  }

  /// Two models in one program under the sanitizers, three steps, workspaces exactly as large as stated.
  @Test func linksAndIsClean() throws {
    let folder = try TemporaryFolder()
    try EmittedModel(smallNetwork, stem: "small", hasTrained: true).write(to: folder)
    try EmittedModel(smallNetwork, stem: "other").write(to: folder)
    let main = try folder.write("main.c", sanitizerMain)
    for command in ["gcc", "clang"] {
      let compiler = CCompiler(
        command: command,
        flags: [
          "-std=c99", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
          "-march=native",
        ])
      let program = folder.path + "/" + command
      let sources = ["small.c", "small_params.c", "other.c"].map { folder.path + "/" + $0 }
      let result = try compiler.run([main] + sources + ["-o", program])
      #expect(result.status == 0, "\(result.errors)")
      let run = try runProcess(program, [])
      #expect(run.status == 0, "\(run.errors)")
    }
  }
}

private let smallDriver = """
  #define _ISOC11_SOURCE
  #include "small.h"
  #include <string.h>
  #include <stdlib.h>
  static small_params params, gradient;
  static small_optimizer state;
  static void *workspace(size_t n) { return aligned_alloc(64, (n + 64) / 64 * 64); }
  int run_forward(void **p);
  int run_gradient(void **p);
  int run_step(void **p);
  static void put(void *results, int number, const void *from, size_t n) { memcpy((char *)results + number * 4096, from, n); }
  int run_forward(void **p) {
    small_init(&params, 42);
    void *w = workspace(SMALL_FORWARD_WORKSPACE);
    int r = small_forward(&params, p[0], p[3], (int32_t *)((char *)p[3] + 4096), (int32_t *)((char *)p[3] + 8192), w);
    free(w);
    return r;
  }
  int run_gradient(void **p) {
    void *w = workspace(SMALL_GRADIENT_WORKSPACE);
    int r = small_gradient(&params, p[0], p[1], p[2], p[3], &gradient, w);
    put(p[3], 1, gradient.w1, sizeof gradient.w1);
    put(p[3], 2, gradient.b1, sizeof gradient.b1);
    put(p[3], 3, gradient.w2, sizeof gradient.w2);
    put(p[3], 4, gradient.b2, sizeof gradient.b2);
    free(w);
    return r;
  }
  int run_step(void **p) {
    void *w = workspace(SMALL_STEP_WORKSPACE);
    small_optimizer_init(&state);
    int r = small_step(&params, &state, 0.125f, p[0], p[1], p[2], p[3], w);
    put(p[3], 1, params.w1, sizeof params.w1);
    put(p[3], 2, params.b1, sizeof params.b1);
    put(p[3], 3, params.w2, sizeof params.w2);
    put(p[3], 4, params.b2, sizeof params.b2);
    free(w);
    return r;
  }

  """

private let sanitizerMain = """
  #define _ISOC11_SOURCE
  #include "small.h"
  #include "other.h"
  #include <stdlib.h>
  int main(void) {
    small_params *params = malloc(sizeof *params), *gradient = malloc(sizeof *gradient);
    other_params *others = malloc(sizeof *others);
    small_optimizer state = {0};
    float *x = calloc(240, 4), *y = calloc(60, 4), *l2 = calloc(60, 4), *loss = calloc(1, 4);
    uint8_t *mask = calloc(12, 1);
    int32_t *total = calloc(1, 4), *best = calloc(12, 4);
    void *w = aligned_alloc(64, SMALL_STEP_WORKSPACE > SMALL_GRADIENT_WORKSPACE ? SMALL_STEP_WORKSPACE : SMALL_GRADIENT_WORKSPACE);
    void *v = aligned_alloc(64, (OTHER_FORWARD_WORKSPACE + 63) / 64 * 64);
    if (small_trained.b2[0] == 0) return 3;
    small_init(params, 1);
    other_init(others, 1);
    for (int i = 0; i < 240; i++) x[i] = (float)(i % 7) - 3;
    for (int i = 0; i < 12; i++) { y[i * 5 + i % 5] = 1; mask[i] = i % 3 != 0; }
    for (int step = 0; step < 3; step++) {
      if (small_gradient(params, x, y, mask, loss, gradient, w)) return 1;
      if (small_step(params, &state, 0.5f, x, y, mask, loss, w)) return 1;
    }
    if (other_forward(others, x, l2, total, best, v)) return 1;
    if (total[0] != 42 || gradient->shift[2] != 0 || state.step != 3) return 2;
    free(params), free(gradient), free(others), free(x), free(y), free(l2), free(loss), free(mask), free(total), free(best), free(w), free(v);
    return 0;
  }

  """
