// Tables (`.csv`), values of `--input`, and results as JSON.

import NNIR
import Testing

@testable import NNRuntime

private func table(_ text: String, header: Table.Header = .present) throws -> Table {
  try Table(Array(text.utf8)[...], file: "t.csv", header: header)
}

@Suite struct FilesTableTests {
  @Test func readsColumns() throws {
    let t = try table("a, b,\"c,\"\"d\"\"\"\r\n1,2.5,-3\r\n 4 ,\"5\",6\r\n\r\n")
    #expect(t.names == ["a", "b", "c,\"d\""])
    #expect(t.rowCount == 2)
    #expect(t.values(ofColumn: 1) == [2.5, 5])
    #expect(t.tensor == Tensor([2, 3], [1, 2.5, -3, 4, 5, 6] as [Double]))
    guard case .integers(let values) = t.columns[2] else {
      Issue.record("a column of integers")
      return
    }
    #expect(values == [-3, 6])
  }

  @Test func readsWhatSpreadsheetsWrite() throws {
    #expect(try table("\u{FEFF}a\n1\n").names == ["a"])
    #expect(try table("a\r1\r2").rowCount == 2)
    #expect(try table("a\n1e3\nnan\n-inf\n+.5\n").values(ofColumn: 0)[0] == 1000)
    #expect(try table("a,b\n").rowCount == 0)
    #expect(try table("\"a\nb\",c\n1,2\n").names == ["a\nb", "c"])
    let large = try table("a\n9007199254740993\n").tensor
    #expect(large == Tensor([1, 1], [9_007_199_254_740_993] as [Int64]))
  }

  @Test func headerMayBeAbsent() throws {
    #expect(try table("1,2\n3,4\n", header: .whereNotNumeric).rowCount == 2)
    #expect(try table("a,2\n3,4\n", header: .whereNotNumeric).rowCount == 1)
    #expect(try table("1,2\n3,4\n", header: .absent).names == ["1", "2"])
  }

  @Test(arguments: [
    ("a,b\n1,2\n3,\n", "t.csv: row 2 (line 3), column 'b': a value is missing"),
    ("a,b\n1,x y\n", "t.csv: row 1 (line 2), column 'b': 'x y' is not a number"),
    ("a,b\n0x10,1\n", "t.csv: row 1 (line 2), column 'a': '0x10' is not a number"),
    (
      "a,b\n1,2\n1\n",
      "t.csv: row 2 (line 3), column 'b': the row has 1 cells, but the table has 2 columns"
    ),
    (
      "a,b\n1,2,3\n",
      "t.csv: row 1 (line 2), column 3: the row has 3 cells, but the table has 2 columns"
    ),
    ("a\n\"1\n\n\"\n2,\n", "t.csv: row 1 (line 2), column 'a': '1\\u{a}\\u{a}' is not a number"),
    ("a,a\n1,2\n", "t.csv: two of its columns are called 'a'"),
    ("1,2\n", "t.csv: its first line should name the columns"),
    ("", "t.csv: it is empty"),
    ("a\n\"1\n", "t.csv: line 2: a quotation mark is opened and not closed"),
    ("a\n\"1\"x\n", "t.csv: line 2: text follows a cell in quotation marks"),
  ])
  func refuses(_ text: String, _ message: String) {
    do {
      _ = try table(text)
      Issue.record("'\(text)' is refused")
    } catch let error as FileError {
      #expect(error.description == message)
      #expect(error.exitStatus == 65)
    } catch {
      Issue.record(error)
    }
  }

  @Test func readsTheDigits() throws {
    let path = fixture("../../../Examples/data/digits.csv")
    let digits = try Table(reading: path)
    #expect(digits.rowCount == 1797)
    #expect(digits.columnIndex(named: "digit") == 64)
    #expect(digits.tensor.element == .i64)
  }
}

/// Lists that are no value of the type.
private let refusedLists: [(String, ElementType, Shape)] = [
  ("1.5", .i32, []), ("1.0", .i32, []), ("2147483648", .i32, []),
  ("nan", .i64, []), ("true", .f32, []), ("2", .bool, []), ("1", .f32, [1]), ("[1]", .f32, []),
  ("[1,2", .f32, [2]), ("1.2.3", .f32, []), ("2x", .f32, []), ("", .f32, []),
  ("0x10", .i32, []), ("[1,2,]", .f32, [2]), ("[1 2]", .f32, [2]), ("[1,[2]]", .f32, [2]),
  ("[[1],2]", .f32, [2]), ("[[1,2],[3]]", .f32, [2, 2]), ("[[],[1]]", .f32, [2, 0]),
  ("[1],", .f32, [1]), ("[a]", .f32, [1]), ("[\"1\"]", .f32, [1]), ("[null]", .f32, [1]),
  (String(repeating: "[", count: 100_000), .f32, [1]),
]

@Suite struct FilesInputTests {
  private func value(_ text: String, _ element: ElementType, _ shape: Shape) throws -> Tensor {
    try InputValue.tensor(text, for: "x", of: TensorType(element, shape))
  }

  @Test func readsLists() throws {
    #expect(try value("2", .f32, []) == Tensor(scalar: Float(2)))
    #expect(try value(" -1.5e1", .f64, []) == Tensor(scalar: -15.0))
    #expect(try value("[[1,2],[3,4]]", .f32, [2, 2]) == Tensor([2, 2], [1, 2, 3, 4] as [Float]))
    #expect(try value("[]", .f32, [0]).count == 0)
    #expect(try value("[[],[]]", .f32, [2, 0]).count == 0)
    let special: [Float] = [.nan, .infinity, -.infinity, .nan, -.infinity]
    #expect(try value("[nan, inf, -inf, \"nan\", \"-inf\"]", .f32, [5]) == Tensor(special))
    #expect(try value("[true, false, 1]", .bool, [3]) == Tensor([true, false, true]))
    #expect(
      try value("[9007199254740993]", .i64, [1]) == Tensor([9_007_199_254_740_993] as [Int64]))
    // Rounded once: by way of f64 this would be 1.
    #expect(
      try value("1.00000005960464477540", .f32, []) == Tensor(scalar: Float(1).nextUp))
    #expect(try value("0.1", .f32, []) == Tensor(scalar: Float(0.1)))
  }

  @Test(arguments: refusedLists)
  func refusesLists(_ text: String, _ element: ElementType, _ shape: Shape) {
    do {
      _ = try value(text, element, shape)
      Issue.record("'\(text)' is refused")
    } catch let error as FileError {
      #expect(error.exitStatus == 65)
      #expect(error.description.hasPrefix("x : \(TensorType(element, shape)): "))
      #expect(!error.description.contains("\n"))
    } catch {
      Issue.record(error)
    }
  }

  @Test func readsFiles() throws {
    let counting = Tensor([2, 3], [-1, 0, 1, 2, 3, 4] as [Float])
    #expect(try value(fixture("i8.npy"), .f32, [2, 3]) == counting)
    #expect(try value(fixture("i8.npy"), .i32, [2, 3]) == counting.converted(to: .i32))
    #expect(try value(fixture("f8-big.npy"), .f32, [2, 3]).element == .f32)
    #expect(try value(fixture("stored.npz"), .f32, [2, 3]) == counting)
    #expect(throws: FileError.self) { try value(fixture("f4.npy"), .i32, [2, 3]) }
    #expect(throws: FileError.self) { try value(fixture("b1.npy"), .f32, [3]) }
    #expect(throws: FileError.self) { try value(fixture("f4.npy"), .f32, [3, 2]) }
    do {
      _ = try value("/nowhere/x.npy", .f32, [])
    } catch let error as FileError {
      #expect(error.exitStatus == 66)
      #expect(error.description == "cannot read /nowhere/x.npy: No such file or directory")
    }
  }

  @Test func tablesTakeTheInputsShape() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/t.csv"
      try writeFile("1,2\n3,4\n", to: path)
      #expect(try value(path, .f32, [2, 2]) == Tensor([2, 2], [1, 2, 3, 4] as [Float]))
      #expect(try value(path, .i32, [2, 1, 2]) == Tensor([2, 1, 2], [1, 2, 3, 4] as [Int32]))
      #expect(throws: FileError.self) { try value(path, .f32, [4]) }
      try writeFile("x\n1\n2\n", to: path)
      #expect(try value(path, .f32, [2]) == Tensor([1, 2] as [Float]))
      try writeFile("3\n", to: path)
      #expect(try value(path, .f32, []) == Tensor(scalar: Float(3)))
    }
  }

  @Test func resultsAreJSON() {
    let f = NamedTensor(name: "f", tensor: Tensor(scalar: Float(10.909297)))
    let x1 = NamedTensor(name: "x1", tensor: Tensor(scalar: Float(4.583853)))
    let loss = Tensor(scalar: Float(0.25))
    #expect(
      ResultsJSON(outputs: [f], loss: loss, gradients: [x1]).description == """
        {"outputs": {"f": {"dtype": "f32", "shape": [], "data": [10.909297]}},
         "loss": 0.25,
         "gradients": {"x1": {"dtype": "f32", "shape": [], "data": [4.583853]}}}
        """)
    let special = NamedTensor(
      name: "a\"\u{1}", tensor: Tensor([2, 2], [.nan, .infinity, -.infinity, -0.0] as [Double]))
    #expect(
      ResultsJSON(outputs: [special]).description == #"""
        {"outputs": {"a\"\u0001": {"dtype": "f64", "shape": [2, 2], "data": ["nan", "inf", "-inf", -0.0]}}}
        """#)
    let others = [Tensor([true, false]), Tensor([Int64.min]), Tensor([Int32]())]
    #expect(
      ResultsJSON(outputs: others.map { NamedTensor(name: "o", tensor: $0) }).description == """
        {"outputs": {"o": {"dtype": "bool", "shape": [2], "data": [true, false]}, \
        "o": {"dtype": "i64", "shape": [1], "data": [-9223372036854775808]}, \
        "o": {"dtype": "i32", "shape": [0], "data": []}}}
        """)
    #expect(ResultsJSON(outputs: []).description == #"{"outputs": {}}"#)
  }
}

@Suite struct ColumnExpressionTests {
  @Test(arguments: [
    ("x=a..d", [("a", "d")]), ("x=a,b", [("a", "a"), ("b", "b")]),
    ("x=\"a, b\"", [("a, b", "a, b")]),
    ("x=a,\"b, c\",d.1", [("a", "a"), ("b, c", "b, c"), ("d.1", "d.1")]),
    ("x=p.1..p.9", [("p.1", "p.9")]), ("x=\"a..b\"", [("a..b", "a..b")]),
  ])
  func rangesAreRead(_ text: String, _ expected: [(String, String)]) throws {
    let (name, expression) = try ColumnExpression.parse(text)
    #expect(name == "x")
    #expect(expression == .columns(expected.map { ColumnRange(first: $0.0, last: $0.1) }))
  }

  @Test func classesAreRead() throws {
    #expect(try ColumnExpression.parse("y=onehot(digit)").expression == .oneHot("digit"))
    #expect(try ColumnExpression.parse("y=onehot(\"a, b\")").expression == .oneHot("a, b"))
  }

  @Test(arguments: ["", "x", "x=", "=a", "x=a,,b", "x=\"a", "x=onehot()", "x=a,"])
  func whatIsNoneIsRefused(_ text: String) {
    #expect(throws: ColumnError.malformed(text)) { try ColumnExpression.parse(text) }
  }
}
