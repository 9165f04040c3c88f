// The articles of the library: every listing is one of ArticleListings.swift, where it is compiled and run.

import Foundation
import Testing

@Suite struct ArticleTests {
  private static let catalog = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Sources/Runtime/NNRuntime.docc")

  private static func articles() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: catalog.path)
      .filter { $0.hasSuffix(".md") }.map { String($0.dropLast(3)) }.sorted()
  }

  private static func text(_ article: String) throws -> String {
    try String(contentsOf: catalog.appendingPathComponent("\(article).md"), encoding: .utf8)
  }

  /// The listings of an article, in their order.
  private static func shown(in article: String) throws -> [String] {
    try text(article).components(separatedBy: "```swift\n").dropFirst().map { part in
      part.components(separatedBy: "\n```")[0]
    }
  }

  /// The marked parts of ArticleListings.swift by article, without their indent.
  private static func compiled() throws -> [String: [String]] {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("ArticleListings.swift")
    var listings: [String: [String]] = [:]
    var open: (article: String, indent: Int, lines: [String])?
    for line in try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n") {
      let words = line.drop { $0 == " " }
      if words.hasPrefix("// Listing: ") {
        open = (String(words.dropFirst(12)), line.count - words.count, [])
      } else if words == "// End", let (article, _, lines) = open {
        listings[article, default: []].append(lines.joined(separator: "\n"))
        open = nil
      } else if let indent = open?.indent {
        open?.lines.append(String(line.dropFirst(indent)))
      }
    }
    return listings
  }

  @Test func everyListingIsCompiled() throws {
    let compiled = try Self.compiled()
    #expect(compiled.count == 8)
    for article in try Self.articles() {
      #expect(try Self.shown(in: article) == compiled[article] ?? [], "\(article)")
    }
    #expect(Set(compiled.keys).isSubset(of: try Self.articles()))
  }

  @Test func theLandingPageNamesEveryArticle() throws {
    let page = try Self.text("NNRuntime")
    for article in try Self.articles() where article != "NNRuntime" {
      #expect(page.contains("- <doc:\(article)>"), "\(article)")
    }
  }
}
