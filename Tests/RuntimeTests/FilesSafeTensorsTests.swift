// `.safetensors`: what the format's description allows is read, and nothing else.

import NNIR
import Testing

@testable import NNRuntime

/// A file with this header and this many bytes of data.
private func safetensors(_ header: String, data: Int = 0) -> ArraySlice<UInt8> {
  var bytes: [UInt8] = []
  bytes.append(littleEndian: UInt64(header.utf8.count))
  return (bytes + Array(header.utf8) + [UInt8](repeating: 1, count: data))[...]
}

@Suite struct FilesSafeTensorsTests {
  @Test func readsEveryElementType() throws {
    let file = try SafeTensorsFile(reading: fixture("all.safetensors"))
    #expect(file.metadata.map(\.key) == ["made by", "epoch"])
    #expect(file.metadata.map(\.value) == ["make_files.py", "3"])
    let counting = [-1.0, 0, 1, 2, 3, 4]
    for (name, element, shape) in [
      ("f64", ElementType.f64, [2, 3] as Shape), ("i64", .i64, [6]), ("f32", .f32, [2, 3]),
      ("i32", .i32, [3, 2]), ("bf16", .f32, [2, 3]), ("f16", .f32, [2, 3]),
    ] {
      let tensor = try #require(try file.tensor(named: name))
      #expect(tensor.type == TensorType(element, shape))
      #expect(tensor.doubles == counting)
    }
    #expect(try file.tensor(named: "u8") == Tensor([0, 255] as [Int32]))
    #expect(try file.tensor(named: "bool") == Tensor([false, true]))
    #expect(try file.tensor(named: "empty")?.shape == [0, 2])
    #expect(try file.tensor(named: "größe \"x\"") == Tensor(scalar: Float(2.5)))
    #expect(try file.tensor(named: "absent") == nil)
  }

  @Test func writtenFilesReadBack() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a.safetensors"
      let metadata = [(key: "epoch", value: "3"), (key: "wört", value: "\u{1F600} \"\\\t")]
      try SafeTensorsFile.write(sampleTensors, metadata: metadata, to: path)
      let file = try SafeTensorsFile(reading: path)
      #expect(Set(file.names) == Set(sampleTensors.map(\.name)))
      #expect(file.metadata.elementsEqual(metadata, by: ==))
      for sample in sampleTensors {
        #expect(try file.tensor(named: sample.name) == sample.tensor)
      }
    }
  }

  @Test func writtenFilesAreAligned() {
    let tensors = [
      NamedTensor(name: "flag", tensor: Tensor([true])),
      NamedTensor(name: "w", tensor: Tensor([1] as [Float])),
      NamedTensor(name: "d", tensor: Tensor([1] as [Double])),
    ]
    let bytes = joined(SafeTensorsFile.encode(tensors))
    #expect(bytes[0] % 8 == 0)
    let header = String(decoding: bytes[8..<8 + Int(bytes[0])], as: UTF8.self)
    #expect(
      header.hasPrefix(
        #"{"d":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"#
          + #""w":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},"#
          + #""flag":{"dtype":"BOOL","shape":[1],"data_offsets":[12,13]}}"#))
  }

  @Test(arguments: [
    (#"{}"#, 0), (#"{}   "#, 0), (#"{"__metadata__":{}}"#, 0),
    (#"{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}"#, 4),
    (#"{"a":{"data_offsets":[0,4],"x":[{"y":[1,null]}],"shape":[1],"dtype":"F32"}}"#, 4),
    (
      #"{"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#,
      2
    ),
  ])
  func accepts(_ header: String, _ data: Int) throws {
    _ = try SafeTensorsFile(safetensors(header, data: data), file: "f")
  }

  @Test(arguments: [
    // Not the JSON that it should be.
    ("", 0), (" {}", 0), ("[]", 0), ("{", 0), ("{},", 0), (#"{"a":1}"#, 0), (#"{"a":{}}"#, 0),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},}"#, 4),
    (#"{"__metadata__":{"a":1}}"#, 0), (#"{"__metadata__":{"a":"b","a":"b"}}"#, 0),
    // Twice the same name, twice the same key, an unknown type.
    (
      #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#,
      2
    ),
    (#"{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, 1),
    (#"{"a":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}"#, 4),
    (#"{"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}"#, 8),
    // A hole, an overlap, an end before the beginning, beyond the end, data that is left over.
    (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, 2),
    (
      #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#,
      2
    ),
    (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}"#, 1),
    (#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, 1),
    (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, 2),
    // Sizes: not those of the shape, negative, fractions, beyond 64 bits, products that overflow.
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4),
    (#"{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}"#, 1),
    (#"{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}"#, 1),
    (#"{"a":{"dtype":"U8","shape":[01],"data_offsets":[0,1]}}"#, 1),
    (#"{"a":{"dtype":"U8","shape":[18446744073709551617],"data_offsets":[0,1]}}"#, 1),
    (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#, 0),
    (#"{"a":{"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}}"#, 0),
    (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}"#, 1),
    // Strings.
    (#"{"\ud800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#, 0),
    (#"{"\x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#, 0),
  ])
  func refuses(_ header: String, _ data: Int) {
    #expect(throws: FileError.self) {
      try SafeTensorsFile(safetensors(header, data: data), file: "f")
    }
  }

  @Test func hostileHeadersAreCheap() {
    let nested = #"{"a":"# + String(repeating: "[", count: 1_000_000)
    let nestedValue = #"{"a":{"x":"# + String(repeating: "[{\"k\":", count: 500_000)
    for header in [nested, nestedValue] {
      #expect(throws: FileError.self) { try SafeTensorsFile(safetensors(header), file: "f") }
    }
    var bytes: [UInt8] = []
    bytes.append(littleEndian: UInt64.max)
    #expect(throws: FileError.self) { try SafeTensorsFile(bytes[...], file: "f") }
  }
}
