import Foundation
import Testing

/// What `Sources/Kernels/include/nn_math.h` promises: errors of at most 2 ulp, the special values of C99's Annex F, the same
/// bits from every compiler, no libm, and sections that stand alone. The header is C, so C programs in `reference` measure it,
/// built here with the compilers that are installed. `NNCC_SWEEP=1` goes through all 2^32 inputs (half an hour).
@Suite struct MathAccuracyTests {
  @Test func errorsStayBelowTwoUlp() throws {
    guard let compiler = ["gcc", "clang"].first(where: Tool.isInstalled) else { return }
    let full = ProcessInfo.processInfo.environment["NNCC_SWEEP"] == "1"
    let directory = try TemporaryDirectory()
    let program = directory.path("sweep")
    let build = try Tool.run(
      [compiler, "-O3", "-I", Tool.include, Tool.reference("sweep.c"), "-o", program, "-lm"])
    try #require(build.status == 0, "\(build.output)")
    let sweep = try Tool.run([program, full ? "1" : "400009"])
    #expect(sweep.status == 0, "\(sweep.output)")
    #expect(sweep.output.contains("f32 tanh") && sweep.output.contains("f64 fma"))
    if full { print(sweep.output) }
  }

  /// Every build checks the special values and prints one hash of the bits of all functions.
  @Test func specialValuesAndBitsAgreeAcrossCompilers() throws {
    let builds = [
      ["gcc", "-std=c99", "-O0"], ["gcc", "-std=gnu11", "-O3", "-march=native"],
      ["gcc", "-O3", "-fno-math-errno"],
      ["gcc", "-O1", "-fsanitize=undefined,address,float-cast-overflow", "-fno-sanitize-recover"],
      ["g++", "-x", "c++", "-std=c++17", "-O2"],
      ["clang", "-std=c99", "-O0"], ["clang", "-std=gnu11", "-O3", "-march=native"],
      ["tcc"],
    ]
    let directory = try TemporaryDirectory()
    var hashes: [String: [String]] = [:]
    for (index, build) in builds.enumerated() where Tool.isInstalled(build[0]) {
      let program = directory.path("special\(index)")
      let compile = try Tool.run(
        build + ["-I", Tool.include, Tool.reference("special.c"), "-o", program])
      try #require(compile.status == 0, "\(build): \(compile.output)")
      let run = try Tool.run([program])
      #expect(run.status == 0, "\(build): \(run.output)")
      hashes[run.output, default: []].append(build.joined(separator: " "))
    }
    #expect(hashes.count <= 1, "\(hashes)")
  }

  @Test(arguments: ["gcc", "clang"]) func compilesWithoutWarningsOrLibm(compiler: String) throws {
    guard Tool.isInstalled(compiler) else { return }
    let directory = try TemporaryDirectory()
    let object = directory.path("special.o")
    for level in ["-O0", "-O2", "-O3"] {
      let build = try Tool.run(
        [compiler, level, "-std=c99"] + Tool.warnings
          + ["-I", Tool.include, "-c", Tool.reference("special.c"), "-o", object])
      #expect(build.status == 0, "\(build.output)")
      let symbols = try Tool.run(["nm", "-u", object]).output.split(separator: "\n")
        .map { $0.trimmingCharacters(in: .whitespaces).dropFirst(2) }
      let allowed: Set<Substring> = ["printf", "puts", "putchar", "memcpy", "memset"]
      #expect(symbols.allSatisfy { allowed.contains($0) || $0.hasPrefix("_") }, "\(symbols)")
    }
  }

  /// A section compiles with nothing but the preamble and what its `needs` name, as in an emitted file.
  @Test(arguments: ["gcc", "clang"])
  func everySectionStandsWithItsDependencies(compiler: String) throws {
    guard Tool.isInstalled(compiler) else { return }
    let header = try SectionedHeader(
      text: String(contentsOfFile: Tool.include + "/nn_math.h", encoding: .utf8))
    #expect(header.sections.count > 140)
    let directory = try TemporaryDirectory()
    let file = directory.path("section.c")
    for section in header.sections {
      let text = header.closure(of: section.name) + "\nint nn_not_empty;\n"
      try text.write(toFile: file, atomically: true, encoding: .utf8)
      let build = try Tool.run([compiler, "-std=c99"] + Tool.warnings + ["-fsyntax-only", file])
      #expect(build.status == 0, "\(section.name): \(build.output)")
      for need in section.needs {
        #expect(header.sections.contains { $0.name == need }, "\(section.name) needs \(need)")
      }
    }
  }
}

/// The header cut at its markers.
struct SectionedHeader {
  struct Section { var name: String, needs: [String], text: String }

  /// In file order; text outside of sections has an empty name.
  private var pieces: [Section] = []
  var sections: [Section] { pieces.filter { !$0.name.isEmpty } }

  init(text: String) {
    var current = Section(name: "", needs: [], text: "")
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("/* @section ") {
        pieces.append(current)
        let words = line.split(separator: " ").map(String.init)
        current = Section(name: words[2], needs: Array(words.dropFirst(4).dropLast()), text: "")
      } else if line == "/* @end */" {
        pieces.append(current)
        current = Section(name: "", needs: [], text: "")
      } else {
        current.text += line + "\n"
      }
    }
    pieces.append(current)
  }

  /// The preamble and everything that a section needs, in file order.
  func closure(of name: String) -> String {
    var wanted: Set<String> = [""]
    var queue = [name]
    while let next = queue.popLast() {
      guard wanted.insert(next).inserted else { continue }
      queue += pieces.first { $0.name == next }?.needs ?? []
    }
    return pieces.filter { wanted.contains($0.name) }.map(\.text).joined()
  }
}

/// Runs the programs that these tests build, and the compilers that build them.
private enum Tool {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path
  static let include = root + "/Sources/Kernels/include"
  static let warnings = [
    "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wdouble-promotion",
    "-Wstrict-prototypes", "-Wvla", "-Werror",
  ]

  static func reference(_ name: String) -> String { root + "/Tests/KernelsTests/reference/" + name }

  static func isInstalled(_ name: String) -> Bool {
    (try? run(["sh", "-c", "command -v " + name]).status) == 0
  }

  /// Standard output and error together, and the exit status.
  static func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }
}

/// A directory that goes with its owner.
private final class TemporaryDirectory {
  private let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }
}
