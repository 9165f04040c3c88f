// swift-tools-version: 6.0
// A package that uses nncc as a library. One of your own names the repository instead of the folder:
//   .package(url: "https://HOST/nncc.git", from: "0.1.0")
import PackageDescription

let package = Package(
  name: "wave",
  dependencies: [.package(name: "nncc", path: "../..")],
  targets: [
    .executableTarget(
      name: "Wave", dependencies: [.product(name: "NNRuntime", package: "nncc")])
  ],
  swiftLanguageModes: [.v6]
)
