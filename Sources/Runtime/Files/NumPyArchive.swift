// `.npz`: named arrays, each a `.npy` file in a ZIP archive, as `numpy.savez` and
// `numpy.savez_compressed` write them.

import NNIR

/// A tensor and its name in a file.
public struct NamedTensor: Sendable {
  public var name: String
  public var tensor: Tensor

  public init(name: String, tensor: Tensor) {
    self.name = name
    self.tensor = tensor
  }
}

/// NumPy's format for several named arrays. Only what is asked for is unpacked.
public struct NumPyArchive: Sendable {
  private let file: String
  private let bytes: ArraySlice<UInt8>
  private let members: [String: ZipMember]

  /// The arrays' names, in the archive's order.
  public let names: [String]

  init(_ bytes: ArraySlice<UInt8>, file: String) throws(FileError) {
    self.file = file
    self.bytes = bytes
    let directory: [ZipMember]
    do throws(ZipProblem) {
      directory = try ZipMember.directory(of: bytes)
    } catch {
      throw .malformed(file: file, problem: error.problem)
    }
    let arrays = try Self.arrays(in: directory, file: file)
    names = arrays.map(\.name)
    members = Dictionary(arrays.map { ($0.name, $0.member) }, uniquingKeysWith: { one, _ in one })
  }

  /// The members that are arrays, under their names, which differ.
  static func arrays(
    in directory: [ZipMember], file: String
  ) throws(FileError) -> [(name: String, member: ZipMember)] {
    var arrays: [(name: String, member: ZipMember)] = []
    var names: Set<String> = []
    for member in directory where member.name.hasSuffix(".npy") {
      let name = String(member.name.dropLast(4))
      guard names.insert(name).inserted else {
        throw .malformed(
          file: file, problem: "two of its members are called '\(printable(member.name))'")
      }
      arrays.append((name, member))
    }
    return arrays
  }

  /// What messages call an array of an archive.
  static func displayName(_ name: String, in file: String) -> String {
    "\(file)(\(printable(name)))"
  }

  /// Reads the directory of a `.npz` file, or of standard input where `file` is `-`.
  public init(reading file: String) throws(FileError) {
    try self.init(readBytes(of: file)[...], file: file)
  }

  /// The array with this name, nil where there is none.
  public func tensor(named name: String) throws(FileError) -> Tensor? {
    guard let member = members[name] else { return nil }
    let contents: ArraySlice<UInt8>
    do throws(ZipProblem) {
      contents = try member.contents(in: bytes)
    } catch {
      throw .malformed(file: file, problem: error.problem)
    }
    return try NumPyFile.decode(contents, file: Self.displayName(name, in: file))
  }

  /// `tensors` as an archive that NumPy reads; equal tensors give equal bytes.
  static func encode(_ tensors: [NamedTensor]) -> [FilePiece] {
    var archive = ZipWriter()
    for named in tensors {
      archive.add(named.name + ".npy", NumPyFile.encode(named.tensor))
    }
    return archive.finished()
  }

  /// Writes `tensors`, whose names differ, as a `.npz` file, atomically.
  public static func write(_ tensors: [NamedTensor], to file: String) throws(FileError) {
    try NNRuntime.write(encode(tensors), to: file)
  }
}
