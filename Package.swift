// swift-tools-version: 6.0
import PackageDescription

let package = Package(
  name: "nncc",
  products: [
    .executable(name: "nncc", targets: ["nncc"]),
    .library(name: "NNRuntime", targets: ["NNRuntime"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
  ],
  targets: [
    .target(name: "NNIR", path: "Sources/IR"),
    .target(name: "NNCodegen", dependencies: ["NNIR", "CKernels"], path: "Sources/Codegen"),
    .target(name: "CKernels", path: "Sources/Kernels"),
    .target(name: "CSystem", path: "Sources/System"),
    .systemLibrary(name: "CTCC", path: "Sources/CTCC"),
    .systemLibrary(name: "CZlib", path: "Sources/CZlib"),
    .target(
      name: "NNRuntime",
      dependencies: ["NNIR", "NNCodegen", "CKernels", "CSystem", "CTCC", "CZlib"],
      path: "Sources/Runtime"),
    .executableTarget(
      name: "nncc",
      dependencies: [
        "NNCodegen", "NNRuntime",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Sources/nncc"),
    .executableTarget(
      name: "nncc-bench-step", dependencies: ["NNRuntime", "NNCodegen", "NNIR"],
      path: "Benchmarks/Step"),
    .target(name: "ExampleData", path: "Examples/Generators"),
    .executableTarget(
      name: "nncc-example-data", dependencies: ["ExampleData", "NNRuntime"],
      path: "Examples/GeneratorTool"),
    .testTarget(
      name: "IRTests", dependencies: ["NNIR"], path: "Tests/IRTests",
      exclude: ["Golden", "Diagnostics/Golden"]),
    .testTarget(
      name: "KernelsTests", dependencies: ["CKernels"], path: "Tests/KernelsTests",
      exclude: ["reference"]),
    .testTarget(
      name: "CodegenTests", dependencies: ["NNCodegen", "NNIR"], path: "Tests/CodegenTests",
      exclude: ["Golden"]),
    .target(name: "CTestEnvironment", path: "Tests/Environment"),
    .testTarget(
      name: "RuntimeTests", dependencies: ["NNRuntime", "CSystem", "CTestEnvironment"],
      path: "Tests/RuntimeTests",
      exclude: ["Fixtures"]),
    .testTarget(
      name: "CommandTests",
      dependencies: ["nncc", "NNRuntime", "ExampleData", "CTestEnvironment"],
      path: "Tests/CommandTests"),
  ],
  swiftLanguageModes: [.v6]
)
