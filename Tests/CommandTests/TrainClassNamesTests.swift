// Words as classes: they train as their numbers do, and what the network says is said in words again.

import Foundation
import NNRuntime
import Testing

@Suite struct TrainClassNamesTests {
  /// In the order of their bytes, so that the class of each is its place.
  private static let words = ["10 cm", "Rose, \"wild\"", "Öl"]

  private static func quoted(_ word: String) -> String {
    "\"" + word.replacing("\"", with: "\"\"") + "\""
  }

  /// Rows of the sample with words in the place of class numbers.
  private static func table(rows: Int, _ word: (Int) -> String = { quoted(words[$0]) }) -> String {
    let lines = SampleGraph.table(rows: rows).split(separator: "\n")
    return lines.enumerated().map { number, line in
      number == 0 ? "\(line)" : line.dropLast() + word(Int(String(line.suffix(1))) ?? 0)
    }.joined(separator: "\n") + "\n"
  }

  private func folder(rows: Int = 23) throws -> Folder {
    let folder = try Folder()
    try folder.write("net.graph", SampleGraph.classifier)
    try folder.write("numbers.csv", SampleGraph.table(rows: rows))
    try folder.write("rows.csv", Self.table(rows: rows))
    return folder
  }

  private func train(_ folder: Folder, _ more: String...) throws -> Outcome {
    try folder.start(["train", "net.graph"] + SampleGraph.columns + more).finish()
  }

  private func refuse(_ outcome: Outcome, _ words: String..., at place: SourceLocation) {
    #expect(outcome.status == 65, sourceLocation: place)
    #expect(outcome.errorLines.count == 1, sourceLocation: place)
    for word in words {
      #expect(outcome.errors.contains(word), "\(outcome.errors)", sourceLocation: place)
    }
  }

  private func weights(_ folder: Folder, _ file: String) throws -> [Tensor] {
    let archive = try SafeTensorsFile(reading: folder.file(file))
    return try ["w1", "b1", "w2", "b2"].map { try #require(try archive.tensor(named: $0)) }
  }

  @Test func wordsTrainAsTheirNumbers() throws {
    let folder = try folder()
    let options = ["--epochs", "2", "--validate", "0.3", "--stratify", "--save"]
    func run(_ file: String, _ save: String, _ more: [String] = []) throws -> [String] {
      let outcome = try folder.start(
        ["train", "net.graph", "--data", file] + SampleGraph.columns + options + [save] + more
      ).finish()
      #expect(outcome.status == 0, "\(outcome.errors)")
      return outcome.lines
    }
    let numbered = try run("numbers.csv", "numbers.safetensors")
    for more in [[], ["--stream"]] {
      let lines = try run("rows.csv", "words.safetensors", more)
      #expect(lines.first == "classes of y: 0 10 cm, 1 Rose, \"wild\", 2 Öl")
      #expect(lines.count == numbered.count + 1)
      #expect(
        try weights(folder, "words.safetensors") == weights(folder, "numbers.safetensors"))
      let objects = try run("rows.csv", "words.safetensors", more + ["--json"]).map(object)
      #expect(objects[0]["classes"] as? [String: [String]] == ["y": Self.words])
      #expect(objects.dropFirst().map { $0["epoch"] as? Int } == [1, 2])
    }
    #expect(numbered.allSatisfy { $0.hasPrefix("epoch") })
  }

  @Test func predictionsAreWords() throws {
    let folder = try folder()
    for file in ["numbers", "rows"] {
      let outcome = try train(folder, "--data", "\(file).csv", "--save", "\(file).safetensors")
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
    func predict(_ params: String) throws -> [String] {
      let outcome = try folder.nncc(
        "predict", "net.graph", "--params", params, "--data", "numbers.csv")
      #expect(outcome.status == 0, "\(outcome.errors)")
      return outcome.lines
    }
    let numbers = try predict("numbers.safetensors")
    let named = try predict("rows.safetensors")
    #expect(named[0] == "guess_class,guess_0,guess_1,guess_2")
    #expect(named.count == 24)
    let cells = ["10 cm", Self.quoted(Self.words[1]), "Öl"]
    for (numbers, named) in zip(numbers, named).dropFirst() {
      let number = try #require(Int(numbers.prefix(1)))
      #expect(named == cells[number] + numbers.dropFirst())
    }
    #expect(Set(named.dropFirst().map { $0.prefix(3) }).count > 1)
  }

  @Test func theMatrixNamesClasses() throws {
    let folder = try folder()
    let outcome = try train(folder, "--data", "rows.csv", "--epochs", "1", "--confusion", "c.svg")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let matrix = outcome.lines.suffix(4)
    #expect(matrix.first == "right \\ found        10 cm Rose, \"wild\"           Öl")
    #expect(
      matrix.dropFirst().map { $0.prefix(13) } == [
        "        10 cm", " Rose, \"wild\"", "           Öl",
      ])
    let svg = folder.text("c.svg")
    #expect(svg.contains(">Öl</text>") && svg.contains("Rose, &quot;wild&quot; taken for 10 cm"))
  }

  /// Bytes decide, so that letters that only look alike are two, and a cell that is a number is a word beside words.
  @Test(arguments: [[], ["--stream"]]) func theOrderIsThatOfBytes(_ more: [String]) throws {
    let folder = try folder()
    try folder.write("net.graph", SampleGraph.classifier.replacing("3]", with: "7]"))
    let words = ["9", "b", "e\u{301}", "10", "\u{E9}", "B", "9"]
    var text = "a,b,c,d,class\n"
    for row in 0..<14 { text += "1,2,3,4,\(words[row % 7])\n" }
    try folder.write("rows.csv", text)
    let outcome = try folder.start(
      ["train", "net.graph", "--data", "rows.csv", "--epochs", "1", "--json"]
        + SampleGraph.columns + more
    ).finish()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let classes = try #require(
      try object(outcome.lines[0])["classes"] as? [String: [String]])
    #expect(
      classes["y"]?.map { Array($0.utf8) }
        == ["10", "9", "B", "b", "e\u{301}", "\u{E9}"].map { Array($0.utf8) })
  }

  @Test(arguments: [[], ["--stream"]]) func wordsThatDoNotFitAreNamed(_ more: [String]) throws {
    let folder = try folder()
    func run(_ word: @escaping (Int) -> String, _ options: String...) throws -> Outcome {
      try folder.write("rows.csv", Self.table(rows: 12, word))
      return try folder.start(
        ["train", "net.graph", "--data", "rows.csv", "--epochs", "1"] + SampleGraph.columns
          + options + more
      ).finish()
    }
    var rows = 0
    refuse(
      try run { _ in
        rows += 1
        return "word\(rows % 5)"
      }, "'class' holds 5 different words", "y has room for 3 classes", at: #_sourceLocation)
    // Not all classes have to occur.
    let few = try run { $0 == 0 ? "no" : "yes" }
    #expect(few.lines.first == "classes of y: 0 no, 1 yes")
    rows = 0
    let gap: (Int) -> String = { _ in
      rows += 1
      return rows == 7 ? "" : rows == 9 ? "word" : "1"
    }
    refuse(try run(gap), "row 7 (line 8), column 'class': a value is missing", at: #_sourceLocation)
    // Where numbers are wanted, words are none.
    refuse(
      try run({ _ in "red" }, "--column", "x=class,b,c,d"),
      "row 1 (line 2), column 'class': 'red' is not a number", at: #_sourceLocation)
  }

  @Test func wordsThatAreNewAreNamed() throws {
    let folder = try folder()
    let strange = Self.table(rows: 12).replacing("Öl", with: "Oil")
    try folder.write("strange.csv", strange)
    let row = try #require(strange.split(separator: "\n").firstIndex { $0.contains("Oil") })
    let words =
      "strange.csv: row \(row) (line \(row + 1)), column 'class': 'Oil' is none of the 3 words"
    for more in ["--no-shuffle", "--stream"] {
      refuse(
        try train(folder, "--data", "rows.csv", "--validate", "strange.csv", more), words,
        at: #_sourceLocation)
    }
    let first = try train(
      folder, "--data", "rows.csv", "--epochs", "1", "--save", "w.safetensors")
    #expect(first.status == 0, "\(first.errors)")
    for option in ["--resume", "--params"] {
      for more in [[], ["--stream"]] {
        let outcome = try folder.start(
          ["train", "net.graph", "--data", "strange.csv", option, "w.safetensors"]
            + SampleGraph.columns + more
        ).finish()
        refuse(outcome, words, at: #_sourceLocation)
      }
    }
  }

  /// Who calls the C has to know which class is which, and by what numbers were multiplied.
  @Test func theHeaderSaysWhatTheWeightsAreOf() throws {
    let folder = try folder()
    let trained = try train(
      folder, "--data", "rows.csv", "--epochs", "1", "--scale", "x=0.5", "--normalize", "x",
      "--save", "w.safetensors")
    #expect(trained.status == 0, "\(trained.errors)")
    let outcome = try folder.start(
      ["compile", "net.graph", "--params", "w.safetensors"]
    ).finish()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let header = folder.text("net.h")
    #expect(
      header.contains(
        "/* x was made of a..d, times 0.5, less mean.x and over deviation.x of the file of weights. */"
      ), "\(header)")
    #expect(
      header.contains(
        "/* y was made of onehot(class); its classes: 0 10 cm, 1 Rose, \"wild\", 2 ?l. */"),
      "\(header)")
  }

  @Test func resumingKeepsTheWords() throws {
    let folder = try folder()
    func run(_ epochs: String, _ data: String, _ more: String...) throws -> Outcome {
      try folder.start(
        ["train", "net.graph", "--data", data, "--epochs", epochs, "--save", "w.safetensors"]
          + SampleGraph.columns + more
      ).finish()
    }
    #expect(try run("4", "rows.csv").status == 0)
    let whole = try folder.bytes("w.safetensors")
    #expect(try run("2", "rows.csv").status == 0)
    let resumed = try run("4", "rows.csv", "--resume", "w.safetensors", "--stream")
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(try folder.bytes("w.safetensors") == whole)
    // What was trained on numbers does not know words, which would come out as the same numbers.
    #expect(try run("1", "numbers.csv").status == 0)
    refuse(
      try run("2", "rows.csv", "--resume", "w.safetensors"), "'class'", "is not a number",
      at: #_sourceLocation)
    // Its weights alone may be given other classes.
    #expect(try run("1", "rows.csv", "--params", "w.safetensors").status == 0)
  }

  /// Inputs of integers take words as well, which a prediction has to read as the same numbers.
  @Test func integersCanBeWords() throws {
    let folder = try folder()
    try folder.write(
      "net.graph",
      """
      dim batch = 2
      input city : i32[batch]
      input kind : i32[batch]
      param w : f32[3, 2] = normal()
      z = embedding(w, city)
      p = softmax(z, axis=-1)
      output p
      loss softmax_cross_entropy(z, one_hot(kind, 2))

      """)
    try folder.write("rows.csv", "city,kind\nRome,old\nOslo,new\n7,old\nRome,old\n")
    let trained = try folder.nncc(
      "train", "net.graph", "--data", "rows.csv", "--save", "w.safetensors", "--epochs", "30",
      "--lr", "2")
    #expect(trained.status == 0, "\(trained.errors)")
    #expect(
      trained.lines.prefix(2) == [
        "classes of city: 0 7, 1 Oslo, 2 Rome", "classes of kind: 0 new, 1 old",
      ])
    // Numbers alone are words where training knew words.
    try folder.write("new.csv", "city\n7\n7\n")
    let number = try folder.nncc(
      "predict", "net.graph", "--params", "w.safetensors", "--data", "new.csv")
    #expect(number.status == 0, "\(number.errors)")
    #expect(number.lines.dropFirst().allSatisfy { $0.hasPrefix("old,") })
    try folder.write("new.csv", "city\nOslo\nRome\n")
    let found = try folder.nncc(
      "predict", "net.graph", "--params", "w.safetensors", "--data", "new.csv")
    #expect(found.lines.dropFirst().map { $0.prefix(4) } == ["new,", "old,"])
    try folder.write("new.csv", "city\nOslo\nBonn\n")
    refuse(
      try folder.nncc("predict", "net.graph", "--params", "w.safetensors", "--data", "new.csv"),
      "new.csv: row 2 (line 3), column 'city': 'Bonn' is none of the 3 words", at: #_sourceLocation)
    try folder.write("rows.csv", "city,kind\nRome,old\nOslo,new\n7,neither\n")
    refuse(
      try folder.nncc("train", "net.graph", "--data", "rows.csv"),
      "'kind' holds 3 different words", "2 classes", at: #_sourceLocation)
  }

  @Test func damagedNamesAreRefused() throws {
    let folder = try folder()
    let first = try train(
      folder, "--data", "rows.csv", "--epochs", "1", "--save", "w.safetensors")
    #expect(first.status == 0, "\(first.errors)")
    var bytes = try folder.bytes("w.safetensors")
    let key = Array("\"nncc.classes.y\":\"[".utf8)
    let place = try #require(
      bytes.indices.first { bytes[$0...].starts(with: key) })
    bytes[place + key.count - 1] = UInt8(ascii: "{")
    try Data(bytes).write(to: URL(fileURLWithPath: folder.file("bad.safetensors")))
    refuse(
      try folder.nncc(
        "predict", "net.graph", "--params", "bad.safetensors", "--data", "numbers.csv"),
      "'classes.y' is missing or cannot be read", at: #_sourceLocation)
  }
}
