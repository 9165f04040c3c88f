// Processes that end while code is compiled or cached: nothing that they leave is in a later one's way, and no compiler lives
// on.

import Foundation
import NNRuntime
import Testing

@Suite(
  .enabled(if: TinyCompiler.isAvailable && program("cc") != nil), .serialized
) struct TierUpKillTests {
  /// A folder with a graph and its data, and folders of its own for the cache and for temporary files.
  private struct Place {
    let folder: Folder
    let environment: [String: String]

    /// Every function is compiled at once.
    init(_ more: [String: String] = [:]) throws {
      folder = try Folder()
      try folder.write("rows.csv", SampleGraph.table(rows: 20))
      let temporary = folder.file("temporary")
      try FileManager.default.createDirectory(
        atPath: temporary, withIntermediateDirectories: false)
      environment = [
        "XDG_CACHE_HOME": folder.file("home"), "TMPDIR": temporary, "NNCC_TIER_UP_MS": "0",
      ].merging(more) { _, new in new }
    }

    /// The names in the cache and among the temporary files.
    var cached: [String] { names(in: "home/nncc") }
    var temporaries: [String] { names(in: "temporary") }

    private func names(in name: String) -> [String] {
      (try? FileManager.default.contentsOfDirectory(atPath: folder.file(name)).sorted()) ?? []
    }

    /// Trains the graph of that number; each has other code.
    func train(
      _ number: Int, epochs: Int, _ more: String..., compiler: String? = nil
    ) throws -> Running {
      let graph = SampleGraph.classifier.replacingOccurrences(
        of: "tanh(dot", with: "tanh(\(1 + number) * dot")
      try folder.write("net\(number).graph", graph)
      return try folder.start(
        ["train", "net\(number).graph", "--data", "rows.csv", "--epochs", "\(epochs)", "--json"]
          + SampleGraph.columns + more,
        environment: environment.merging(compiler.map { ["CC": $0] } ?? [:]) { $1 })
    }

    /// A compiler that remembers what `cc` made of a text. Compiling takes too long for processes that live a third of a
    /// second.
    func quickCompiler() throws -> String {
      let store = folder.file("store")
      try FileManager.default.createDirectory(atPath: store, withIntermediateDirectories: false)
      return try script(
        "quick",
        """
        for text; do [ "$last" = -o ] && output=$text; last=$text; done
        kept='\(store)'/$(cksum < "$text" | tr ' ' -)
        [ -f "$kept" ] && exec cp "$kept" "$output"
        cc "$@" && cp "$output" "$kept.$$" && mv "$kept.$$" "$kept"
        """)
    }

    func script(_ name: String, _ text: String) throws -> String {
      let path = try folder.write(name, "#!/bin/sh\n" + text + "\n")
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
      return path
    }

    /// The processes, other than this one, that a folder's path is an argument of.
    var compilers: [String] {
      let manager = FileManager.default
      return ((try? manager.contentsOfDirectory(atPath: "/proc")) ?? []).filter { name in
        guard Int32(name) != nil, let line = manager.contents(atPath: "/proc/\(name)/cmdline")
        else { return false }
        return line.range(of: Data(folder.file("temporary").utf8)) != nil
      }
    }
  }

  /// Whether something comes true: in a moment, but compilers in the background get next to nothing of a busy machine.
  private func soon(_ isTrue: () -> Bool) -> Bool {
    let end = Date(timeIntervalSinceNow: 180)
    while Date() < end {
      if isTrue() { return true }
      usleep(10_000)
    }
    return false
  }

  /// Two hundred processes, four at a time on one cache, each killed within 0.3 s of its start; after every four one that is
  /// left alone gives the right parameters. Some are killed while `cc` compiles; most have their code in a moment and
  /// compare, store and swap it.
  @Test func twoHundredKillsAreInNobodysWay() throws {
    let place = try Place()
    let quick = try place.quickCompiler()
    var expected: [Int: [UInt8]] = [:]
    for number in 0..<3 {
      let outcome = try place.train(
        number, epochs: 3, "--save", "w.safetensors", "--backend", "interpreter"
      ).finish()
      #expect(outcome.status == 0, "\(outcome.errors)")
      expected[number] = try place.folder.bytes("w.safetensors")
      let warm = try place.train(number, epochs: 1, "--backend", "cc", compiler: quick).finish()
      #expect(warm.status == 0, "\(warm.errors)")
    }
    for round in 0..<50 {
      // Another compiler is another key: the cache has nothing of it yet.
      if round % 2 == 0 {
        try FileManager.default.setAttributes(
          [.modificationDate: Date(timeIntervalSince1970: Double(1_000_000 + round))],
          ofItemAtPath: quick)
      }
      let started = try (0..<4).map { member -> (Running, Int) in
        let kill = 4 * round + member
        let running =
          member == 0
          ? try place.train(3 + kill, epochs: 100_000_000)
          : try place.train(kill % 3, epochs: 100_000_000, "--threads", "1", compiler: quick)
        return (running, (kill * 7919 + 13) % 300)
      }
      let begin = Date()
      for (running, milliseconds) in started.sorted(by: { $0.1 < $1.1 }) {
        let rest = Double(milliseconds) * 1e-3 + begin.timeIntervalSinceNow
        if rest > 0 { usleep(UInt32(rest * 1e6)) }
        #expect(running.process.isRunning)
        kill(running.process.processIdentifier, SIGKILL)
      }
      for (running, _) in started { #expect(running.finish().status == 128 + SIGKILL) }
      let number = round % 3
      let outcome = try place.train(
        number, epochs: 3, "--save", "w.safetensors", compiler: quick
      ).finish()
      #expect(outcome.status == 0 && outcome.errors == "", "\(outcome.errors)")
      #expect(try place.folder.bytes("w.safetensors") == expected[number])
    }
    // The compilers died with their processes.
    #expect(soon { place.compilers.isEmpty }, "\(place.compilers)")
    // On a busy machine it may be that none came as far as to compare.
    if !place.cached.contains(where: { $0.hasSuffix(".compared") }) {
      let last = try place.train(0, epochs: 100_000_000, compiler: quick)
      #expect(soon { place.cached.contains { $0.hasSuffix(".compared") } })
      last.process.interrupt()
      _ = last.finish()
    }
    for name in place.cached where !name.hasSuffix(".tmp") {
      let file = try place.folder.bytes("home/nncc/" + name)
      let count = file[48..<56].reversed().reduce(0) { $0 << 8 | Int($1) }
      #expect(file.count == 88 + count, "\(name)")
    }
    try expectSweep(of: place)
  }

  /// What killed processes left goes away a minute later, when the next one compiles.
  private func expectSweep(of place: Place) throws {
    let left =
      place.temporaries.map { "temporary/" + $0 }
      + place.cached.filter { $0.hasSuffix(".tmp") }.map { "home/nncc/" + $0 }
    #expect(place.temporaries.allSatisfy { $0.hasPrefix("nncc-cc-") })
    for name in left {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -90)],
        ofItemAtPath: place.folder.file(name))
    }
    let outcome = try place.train(1000, epochs: 1, "--backend", "cc").finish()
    #expect(outcome.status == 0 && outcome.errors == "", "\(outcome.errors)")
    #expect(place.temporaries == [])
    #expect(!place.cached.contains { $0.hasSuffix(".tmp") }, "\(place.cached)")
  }

  /// A start on what an earlier process compiled and compared.
  @Test func aSecondStartBeginsOnTheCachedObject() throws {
    let place = try Place()
    let first = try place.train(0, epochs: 100_000_000, "-v")
    #expect(soon { place.cached.contains { $0.hasSuffix(".compared") } })
    first.process.interrupt()
    let said = first.finish()
    #expect(said.errors.contains("took over after"), "\(said.errors)")
    let second = try place.train(0, epochs: 2, "-v", "--save", "w.safetensors").finish()
    #expect(second.errors.contains("from the cache in"), "\(second.errors)")
    let parameters = try place.folder.bytes("w.safetensors")
    _ = try place.train(0, epochs: 2, "--save", "w.safetensors", "--backend", "interpreter")
      .finish()
    #expect(try place.folder.bytes("w.safetensors") == parameters)
  }

  @Test func doctorShowsTheCache() throws {
    let place = try Place()
    func cache(_ more: [String: String] = [:]) throws -> [String: Any]? {
      let outcome = try place.folder.start(
        ["doctor", "--json"], environment: place.environment.merging(more) { $1 }
      ).finish()
      return try object(outcome.output)["cache"] as? [String: Any]
    }
    let empty = try #require(try cache())
    #expect(empty["folder"] as? String == place.folder.file("home/nncc"))
    #expect(empty["objects"] as? Int == 0 && empty["bound"] as? Int == 256 << 20)
    _ = try place.train(0, epochs: 1, "--backend", "cc").finish()
    let filled = try #require(try cache(["NNCC_CACHE_SIZE": "3"]))
    #expect(filled["objects"] as? Int == place.cached.count && filled["bound"] as? Int == 3 << 20)
    #expect(filled["usable"] as? Bool == true)
    #expect(try cache(["NNCC_CACHE_SIZE": "0"]) == nil)
  }

  // MARK: A compiler that takes its time

  /// A compiler that writes a file, starts a process of its own and waits for it.
  private func slowCompiler(_ place: Place) throws -> String {
    try place.script(
      "slow",
      """
      echo > "$TMPDIR/part.s"
      echo started > '\(place.folder.file("started"))'
      sh -c 'sleep 1000; : "$0"' "$TMPDIR"
      echo ended > '\(place.folder.file("ended"))'
      """)
  }

  /// However a process ends, its compiler ends with it, and with the compiler all that it has started.
  @Test(arguments: [SIGKILL, SIGTERM, SIGINT]) func noCompilerLivesOn(signal: Int32) throws {
    let place = try Place()
    let compiler = try slowCompiler(place)
    for backend in ["cc", "auto"] {
      try? FileManager.default.removeItem(atPath: place.folder.file("started"))
      let graph = try place.folder.write("net.graph", SampleGraph.classifier)
      let running = try place.folder.start(
        ["train", graph, "--data", "rows.csv", "--epochs", "100000000", "--backend", backend]
          + SampleGraph.columns, environment: place.environment.merging(["CC": compiler]) { $1 })
      #expect(soon { place.folder.text("started") != "" })
      #expect(soon { !place.compilers.isEmpty })
      kill(running.process.processIdentifier, signal)
      // Training ends at the end of a batch at the first Ctrl-C, and one that waits for its code at the second.
      if signal == SIGINT, backend == "cc" {
        usleep(100_000)
        kill(running.process.processIdentifier, signal)
      }
      _ = running.finish()
      #expect(soon { place.compilers.isEmpty }, "\(place.compilers)")
      #expect(place.folder.text("ended") == "")
    }
  }

  /// A process that is done does not wait for its compiler and leaves nothing.
  @Test func anOrdinaryEndStopsTheCompiler() throws {
    let place = try Place()
    let compiler = try slowCompiler(place)
    try place.folder.write("net.graph", SampleGraph.classifier)
    let start = Date()
    let outcome = try place.folder.start(
      ["train", "net.graph", "--data", "rows.csv", "--epochs", "2000"] + SampleGraph.columns,
      environment: place.environment.merging(["CC": compiler]) { $1 }
    ).finish()
    #expect(outcome.status == 0 && outcome.errors == "", "\(outcome.errors)")
    #expect(place.folder.text("started") != "")
    #expect(Date().timeIntervalSince(start) < 500)
    #expect(place.temporaries == [])
    #expect(soon { place.compilers.isEmpty })
    #expect(place.cached == [])
  }

  /// A compiler that does not work is said once, and libtcc's code stays.
  @Test func aCompilerThatFailsIsSaidOnce() throws {
    let place = try Place()
    let path = try place.script("bad", "echo out of order >&2; exit 1")
    try place.folder.write("net.graph", SampleGraph.classifier)
    let outcome = try place.folder.start(
      ["train", "net.graph", "--data", "rows.csv", "--epochs", "2000", "--validate", "0.2"]
        + SampleGraph.columns, environment: place.environment.merging(["CC": path]) { $1 }
    ).finish()
    #expect(outcome.status == 0)
    #expect(outcome.errorLines.count { $0.contains("out of order") } == 1, "\(outcome.errors)")
    #expect(outcome.lines.count == 2000)
  }
}
