// libtcc in this process: hermetic, and no page is writable and executable once code is loaded.

import Glibc
import NNCodegen
import NNIR
import Testing

@testable import NNRuntime

@Suite struct TinyCompilerTests {
  static let doubling = """
    typedef long ptrdiff_t;
    void nns_add_f32(float *r, const float *a, const float *b, ptrdiff_t n);
    ptrdiff_t twice(void *const *buffers, const int *arrays, void *scratch,
      ptrdiff_t begin, ptrdiff_t end) {
      const float *x = buffers[arrays[0]];
      float *r = buffers[arrays[1]];
      (void)scratch;
      nns_add_f32(r + begin, x + begin, x + begin, end - begin);
      return 0;
    }
    """

  /// r = x + x over 1000 elements, as a program of one hand-written kernel.
  static func program() -> Program {
    let type = TensorType(.f32, [1000])
    return Program(
      name: "twice", arguments: [Argument(name: "x", role: .input, type: type)],
      results: [ProgramResult(name: "r", role: .output, type: type)],
      buffers: [
        Buffer(name: "x", element: .f32, count: 1000, storage: .argument(0)),
        Buffer(name: "r", element: .f32, count: 1000, storage: .result(0)),
      ], kernels: [Kernel(name: "twice", space: [1000])], notes: [KernelNote()],
      forwardKernelCount: 1)
  }

  @Test(arguments: VectorLevel.available, [1, 2, 3])
  func runsAKernel(level: VectorLevel, threads: Int) throws {
    let entry = KernelEntry(
      symbol: "twice", units: 1000, scratchByteCount: 64, grain: 10, arguments: [0, 1])
    let code = try TinyCompiler.load(text: Self.doubling, symbols: ["twice"], level: level)
    let compiled = CompiledProgram(
      program: Self.program(), entries: [entry], code: code, threads: threads)
    let x = Tensor((0..<1000).map { Float($0) })
    for _ in 0..<1000 {
      #expect(try compiled.call([x]) == [Tensor((0..<1000).map { Float(2 * $0) })])
    }
  }

  @Test func knowsNoOtherSymbols() {
    let text = "int puts(const char *); void f(void) { puts(\"\"); }"
    #expect(throws: CompilerDefect.self) {
      try TinyCompiler.load(text: text, symbols: ["f"])
    }
  }

  @Test func readsNoHeaders() {
    #expect(throws: CompilerDefect.self) {
      try TinyCompiler.load(text: "#include <stddef.h>\nvoid f(void) {}", symbols: ["f"])
    }
  }

  @Test func refusedTextIsKept() throws {
    do {
      _ = try TinyCompiler.load(text: "void f(void) { this is no C }", symbols: ["f"])
      Issue.record("libtcc took it")
    } catch let defect as CompilerDefect {
      let path = try #require(defect.textPath)
      let file = try #require(fopen(path, "r"))
      defer { fclose(file) }
      #expect(line(of: file) == "void f(void) { this is no C }")
      unlink(path)
    }
  }

  @Test func noPageIsWritableAndExecutable() throws {
    let code = try TinyCompiler.load(text: Self.doubling, symbols: ["twice"])
    let address = UInt(bitPattern: unsafeBitCast(code.functions[0], to: Int.self))
    let permissions = try #require(mappedPermissions(at: address))
    #expect(permissions == "r-xp")
  }

  /// What `/proc/self/maps` says of the page at `address`.
  private func mappedPermissions(at address: UInt) -> String? {
    guard let file = fopen("/proc/self/maps", "r") else { return nil }
    defer { fclose(file) }
    while let line = line(of: file) {
      let fields = line.split(separator: " ")
      let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
      if ends.count == 2, ends[0] <= address, address < ends[1] { return String(fields[1]) }
    }
    return nil
  }

  private func line(of file: UnsafeMutablePointer<FILE>) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { line in
      fgets(line.baseAddress, 4096, file).map { String(cString: $0) }
    }
  }

  @Test(arguments: ["gcc", "clang"]) func systemCompiler(name: String) throws {
    guard let compiler = CCompiler(named: name) else { return }
    let text = """
      long twice(void *const *buffers, const int *arrays, void *scratch,
        long begin, long end) {
        const float *x = buffers[arrays[0]];
        float *r = buffers[arrays[1]];
        (void)scratch;
        for (long i = begin; i < end; i++) r[i] = x[i] + x[i];
        return 0;
      }
      """
    let entry = KernelEntry(
      symbol: "twice", units: 1000, scratchByteCount: 0, grain: 10, arguments: [0, 1])
    let code = try compiler.load(text: text, symbols: ["twice"])
    let compiled = CompiledProgram(
      program: Self.program(), entries: [entry], code: code, threads: 2)
    let x = Tensor((0..<1000).map { Float($0) })
    #expect(try compiled.call([x]) == [Tensor((0..<1000).map { Float(2 * $0) })])
    #expect(throws: CompilerDefect.self) {
      try compiler.load(text: "this is no C", symbols: [])
    }
  }
}
