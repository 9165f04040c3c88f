// `.npy` and `.npz`: files that NumPy wrote are read, and NumPy reads ours.

import Foundation
import NNIR
import Testing

@testable import NNRuntime

@Suite struct FilesNumPyTests {
  @Test(arguments: [
    "f2", "f4", "f8", "i1", "i2", "i4", "i8", "f2-big", "f4-big", "i8-big", "i2-big",
  ])
  func readsNumbers(_ name: String) throws {
    let tensor = try NumPyFile.read(fixture(name + ".npy"))
    let isFloat = name.hasPrefix("f")
    #expect(tensor.shape == [2, 3])
    #expect(tensor.doubles == (-1..<5).map { Double($0) * (isFloat ? 1.5 : 1) })
    let expected: ElementType =
      switch name.prefix(2) {
      case "f2", "f4": .f32
      case "f8": .f64
      case "i8": .i64
      default: .i32
      }
    #expect(tensor.element == expected)
  }

  @Test(arguments: [("u1", ElementType.i32), ("u2", .i32), ("u4", .i64), ("u8", .i64)])
  func readsUnsignedNumbers(_ name: String, _ element: ElementType) throws {
    let tensor = try NumPyFile.read(fixture(name + ".npy"))
    #expect(tensor.element == element)
    #expect(tensor.doubles == [0, 1, 2, 3, 4, 5])
  }

  @Test func readsShapesAndOrders() throws {
    #expect(try NumPyFile.read(fixture("scalar.npy")) == Tensor(scalar: Float(2.5)))
    #expect(try NumPyFile.read(fixture("empty.npy")).shape == [0, 3])
    #expect(try NumPyFile.read(fixture("b1.npy")) == Tensor([true, false, true]))
    let counting = Tensor([2, 3, 4], (0..<24).map(Float.init))
    #expect(try NumPyFile.read(fixture("fortran.npy")) == counting)
    #expect(
      try NumPyFile.read(fixture("fortran-big.npy"))
        == Tensor([2, 3], [0, 1, 2, 3, 4, 5] as [Int64]))
    let small = Tensor([2, 3], [-1, 0, 1, 2, 3, 4] as [Float])
    #expect(try NumPyFile.read(fixture("version2.npy")) == small)
    #expect(try NumPyFile.read(fixture("version3.npy")) == small)
  }

  @Test func readsSpecialValues() throws {
    let special: [Float] = [
      .nan, .infinity, -.infinity, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
    ]
    #expect(try NumPyFile.read(fixture("special.npy")) == Tensor(special))
    let halves: [Float] = [.nan, .infinity, -0.0, 0x1p-24, Float(Float16(6.1e-5)), 65504]
    #expect(try NumPyFile.read(fixture("half-special.npy")) == Tensor(halves))
  }

  @Test func widensEveryHalfExactly() {
    for bits in UInt16.min ... .max {
      let expected = Float(Float16(bitPattern: bits))
      let found = Float(bitPattern: widenedHalf(bits))
      #expect(found == expected && found.sign == expected.sign || found.isNaN && expected.isNaN)
    }
  }

  @Test(arguments: [
    ("object", "arrays of Python objects are not supported"),
    ("complex", "its element type '<c16' is not supported"),
    ("string", "its element type '<U2' is not supported"),
    ("record", "records (structured arrays) are not supported"),
    ("u8-large", "it holds a u64 that no i64 can be"),
  ])
  func refuses(_ name: String, _ problem: String) {
    let file = fixture(name + ".npy")
    #expect(throws: FileError.malformed(file: file, problem: problem)) {
      try NumPyFile.read(file)
    }
  }

  @Test func archivesAreReadByTheirDirectory() throws {
    let stored = try NumPyArchive(reading: fixture("stored.npz"))
    #expect(stored.names == ["x", "gradient:x", "s"])
    #expect(try stored.tensor(named: "x") == Tensor([2, 3], [-1, 0, 1, 2, 3, 4] as [Float]))
    #expect(try stored.tensor(named: "s") == Tensor(scalar: Int64(7)))
    #expect(try stored.tensor(named: "absent") == nil)

    let deflated = try NumPyArchive(reading: fixture("deflated.npz"))
    #expect(deflated.names == ["big", "x", "gradient:x", "s"])
    #expect(try deflated.tensor(named: "big")?.doubles.allSatisfy { $0 == 0 } == true)
    #expect(try deflated.tensor(named: "gradient:x")?.doubles == [-1, 0, 1, 2, 3, 4])

    // What is not asked for need not be readable.
    let mixed = try NumPyArchive(reading: fixture("mixed.npz"))
    #expect(mixed.names == ["x", "o"])
    #expect(try mixed.tensor(named: "x")?.shape == [2, 3])
    #expect(throws: FileError.self) { try mixed.tensor(named: "o") }
  }

  @Test func writtenFilesReadBack() throws {
    try withTemporaryFolder { folder in
      for sample in sampleTensors {
        try NumPyFile.write(sample.tensor, to: folder + "/a.npy")
        #expect(try NumPyFile.read(folder + "/a.npy") == sample.tensor)
      }
      try NumPyArchive.write(sampleTensors, to: folder + "/a.npz")
      let archive = try NumPyArchive(reading: folder + "/a.npz")
      #expect(archive.names == sampleTensors.map(\.name))
      for sample in sampleTensors {
        #expect(try archive.tensor(named: sample.name) == sample.tensor)
      }
    }
    #expect(
      joined(NumPyArchive.encode(sampleTensors)) == joined(NumPyArchive.encode(sampleTensors)))
  }

  @Test func ourFilesAreNumPysOwn() throws {
    // The same bytes as NumPy writes: header, alignment and all.
    for name in ["f4", "f8", "i4", "i8", "b1", "scalar", "empty", "special"] {
      let tensor = try NumPyFile.read(fixture(name + ".npy"))
      #expect(try joined(NumPyFile.encode(tensor)) == fixtureBytes(name + ".npy"))
    }
  }

  @Test func numPyReadsOurArchives() throws {
    try withTemporaryFolder { folder in
      try NumPyArchive.write(sampleTensors, to: folder + "/a.npz")
      try NumPyFile.write(sampleTensors[0].tensor, to: folder + "/a.npy")
      let program = """
        import zipfile
        print(zipfile.ZipFile(sys.argv[1]).testzip())
        with np.load(sys.argv[1]) as a:
          for k in a.files: print(ascii(k), a[k].dtype.str, a[k].shape, a[k].tolist())
        print(np.load(sys.argv[2]).tolist())
        """
      guard let text = try python(program, [folder + "/a.npz", folder + "/a.npy"]) else {
        print("skipped: there is no python3 with NumPy here")
        return
      }
      #expect(
        text == """
          None
          'w' <f4 (2, 3) [[-1.0, 0.0, 1.0], [2.5, inf, -0.0]]
          'flags' |b1 (3,) [True, False, True]
          'scalar' <f8 () 0.6666666666666666
          'gradient:w' <f4 (2, 1) [[1.0], [nan]]
          'ints' <i4 (1, 2) [[-2147483648, 2147483647]]
          'gr\\xf6\\xdfe "x"\\n' <i8 (2,) [-9223372036854775808, 9223372036854775807]
          'empty' <f8 (0, 4) []
          [[-1.0, 0.0, 1.0], [2.5, inf, -0.0]]

          """)
    }
  }
}
