// `nncc show`: the page says what the network computes, to the digit, lets nothing of the graph file out of its place, and works when it
// is opened and clicked.

import Foundation
import Testing

@Suite struct ShowCommandTests {
  /// The parts of the page's data that are looked at here.
  private struct Page: Decodable {
    struct Node: Decodable {
      /// Kind, label, formula, derivative rules, line, level inside, kernels.
      var k: String
      var n: String
      var f: String?
      var r: [String]?
      var l: Int?
      var `in`: Int?
      var p: [Int]?
      /// Value and adjoint, at each step of a scan.
      var v: [Summary]?
      var a: [Summary]?
    }

    /// A text, or a short and a long one.
    struct Summary: Decodable {
      var text: String
      init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
          self.text = text
        } else {
          text = try decoder.singleValueContainer().decode([String].self)[0]
        }
      }
    }

    struct Level: Decodable {
      var n: [[Double]]
    }

    struct Kernel: Decodable {
      var n: String
      var i: String
      var c: String
    }

    var file: String
    var lines: [String]
    var nodes: [Node]
    var levels: [Level]
    var kernels: [Kernel]
    var forward: [Int]
    var backward: [Int]

    func node(_ label: String, _ kind: String = "operation") throws -> Node {
      try #require(nodes.first { $0.n == label && $0.k == kind }, "\(label)")
    }
  }

  private func data(of html: String) throws -> Page {
    let start = try #require(html.range(of: #"<script type="application/json" id="graph">"#))
    let end = try #require(html.range(of: "</script>", range: start.upperBound..<html.endIndex))
    let json = Data(html[start.upperBound..<end.lowerBound].utf8)
    return try JSONDecoder().decode(Page.self, from: json)
  }

  private func page(
    _ graph: String, _ more: String..., in place: Folder? = nil
  ) throws -> (page: Page, html: String) {
    let folder = try place ?? Folder()
    try folder.write("net.graph", graph)
    let outcome = try folder.start(["show", "net.graph"] + more).finish()
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output == "" && outcome.errors == "")
    let html = folder.text("net.html")
    return (try data(of: html), html)
  }

  // MARK: Values

  /// The table of Examples/scalar.md.
  @Test func theHandComputationOfTheLecture() throws {
    let (page, html) = try page(
      SampleGraph.scalar, "--input", "x1=2", "--input", "x2=5", "--svg", "net.svg")
    let expected = [
      ("x1", "input", 2.0, 4.583853), ("x2", "input", 5, 2), ("v3", "operation", 0.909297, 1),
      ("v4", "operation", 10, 1), ("f", "operation", 10.909297, 1),
    ]
    for (label, kind, value, adjoint) in expected {
      let node = try page.node(label, kind)
      let found = [node.v, node.a].map { $0.flatMap { Double($0[0].text) } ?? .nan }
      #expect(abs(found[0] - value) < 1e-6 && abs(found[1] - adjoint) < 1e-6, "\(label)")
    }
    #expect(try page.node("v3").f == "v3 = sin(x1)")
    #expect(try page.node("v3").r == ["d x1 += d v3 * cos(x1)"])
    #expect(try page.node("v4").r == ["d x1 += d v4 * x2", "d x2 += d v4 * x1"])
    #expect(try page.node("f").l == 3)
    #expect(page.lines[2] == "f = sin(x1) + x1 * x2")
    // Forwards in the order of the file, backwards the other way.
    #expect(page.forward.map { page.nodes[$0].n } == ["x1", "x2", "v3", "v4", "f"])
    #expect(page.backward.map { page.nodes[$0].n } == ["f", "v4", "v3", "x2", "x1"])
    // The two parts of the adjoint of x1 stand at its edges.
    #expect(html.contains("d -0.4161468") && html.contains("d 5"))
    let kernel = try #require(try page.node("f").p?.first)
    #expect(page.kernels[kernel].c.contains("nn_sin_f32"))
    #expect(page.kernels[kernel].i.hasPrefix("kernel "))
  }

  @Test func withoutInputsThereIsStructure() throws {
    let (page, html) = try page(SampleGraph.classifier)
    #expect(page.forward.isEmpty && page.nodes.allSatisfy { $0.v == nil })
    let softmax = try page.node("guess", "call")
    #expect(softmax.f == "guess = softmax(v11)" || softmax.f?.contains("softmax") == true)
    let inside = try #require(softmax.in)
    #expect(page.levels[inside].n.count > 4)
    #expect(!html.contains("http://") || html.contains("http://www.w3.org/2000/svg"))
  }

  /// A product of states: the adjoint of each factor is the product of the others.
  @Test func everyStepOfAScanHasItsNumbers() throws {
    let (page, _) = try page(
      """
      input x : f32[3]
      ys, last = scan(x_t in x, h = 1.0) {
        h = h * x_t
        yield h
      }
      output last

      """, "--input", "x=[2, 3, 5]")
    let step = try page.node("x_t", "enters")
    #expect(step.v?.map(\.text) == ["2", "3", "5"])
    #expect(step.a?.map(\.text) == ["15", "10", "6"])
    let product = try page.node("h")
    #expect(product.v?.map(\.text) == ["2", "6", "30"])
    #expect(product.a?.map(\.text) == ["15", "5", "1"])
    #expect(try page.node("x", "input").a?.map(\.text) == ["[15, 10, 6]"])
  }

  /// What composites pass on is the sum of what their parts do.
  @Test func anEdgeWithSeveralUsesHasTheirSum() throws {
    let (_, html) = try page(
      "input x : f32\ndef f(a) { return a * a + a }\ny = f(x)\noutput y\n", "--input", "x=3")
    #expect(html.contains("\"d 7\""))
  }

  @Test func filtersAreImages() throws {
    let (_, html) = try page(
      """
      input x : f32[2, 1, 8, 8]
      input z : f32[2, 64]
      param k : f32[5, 1, 3, 3] = glorot()
      param w : f32[64, 7] = glorot()
      param u : f32[64, 7] = glorot()
      output conv2d(x, k) as a
      output z @ w as b
      output tanh(z) @ u as c

      """)
    #expect(html.contains("\"g\":[3,3,5,") && html.contains("\"g\":[8,8,7,"))
    #expect(html.components(separatedBy: "\"g\":[").count == 3)
  }

  // MARK: Robustness

  @Test func theSameBytesOverTwoRuns() throws {
    let folder = try Folder()
    try folder.write("birnn.graph", SampleGraph.classifier)
    let pages = try (0..<2).map { _ in
      let outcome = try folder.start(
        ["show", "\(examplesFolder)/birnn.graph", "-o", "-"]
      ).finish()
      #expect(outcome.status == 0, "\(outcome.errors)")
      return outcome.output
    }
    #expect(pages[0] == pages[1] && pages[0].contains("</html>"))
    let dots = try (0..<2).map { _ in
      try folder.nncc("compile", "\(examplesFolder)/birnn.graph", "--emit", "dot").output
    }
    #expect(dots[0] == dots[1] && dots[0].hasPrefix("digraph "))
  }

  /// Comments and file names may hold anything.
  @Test func nothingOfTheFileBecomesMarkup() throws {
    let folder = try Folder()
    let name = "a<b>&\"'.graph"
    try folder.write(
      name,
      "input x : f32 # </script><script>alert('&')</script> <!-- \u{2028}\noutput sin(x) as y\n")
    let outcome = try folder.start(["show", name, "-o", "p.html", "--svg", "p.svg"]).finish()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let html = folder.text("p.html")
    #expect(html.components(separatedBy: "<script").count == 3)
    #expect(html.components(separatedBy: "</script>").count == 3)
    #expect(
      !html.contains("<!--") && html.contains("<title>a&lt;b&gt;&amp;&quot;&#39;.graph</title>"))
    #expect(try data(of: html).lines[0].contains("</script><script>alert('&')"))
    #expect(folder.text("p.svg").contains("<title>a&lt;b&gt;&amp;&quot;&#39;.graph</title>"))
    let dot = try folder.nncc("compile", name, "--emit", "dot")
    #expect(dot.output.hasPrefix("digraph \"a<b>&\\\"'.graph\" {\n"))
  }

  /// A composite is a cluster; what goes into it and what comes out have nodes at its border.
  @Test func theDotText() throws {
    let folder = try Folder()
    try folder.write("net.graph", "input x : f32[4]\np = softmax(2 * x)\noutput p\n")
    let outcome = try folder.nncc("compile", "net.graph", "--emit", "dot")
    let text = outcome.output.replacing(/fillcolor="[0-9. ]+"/, with: "fillcolor=…")
    #expect(
      text == """
        digraph "net.graph" {
          graph [rankdir=TB, compound=true];
          node [shape=box, style="rounded,filled", fillcolor=white, fontname=monospace];
          n0 [label="x\\ninput f32[4]"];
          n1 [label="v2 = 2 * x\\nf32[4]"];
          subgraph cluster_9 {
            label="p = softmax";
            n2 [label="v3 = max(v2)\\nf32[1]", fillcolor=…, tooltip="kernel max"];
            n3 [label="v4 = stop_gradient(v3)\\nf32[1]"];
            n4 [label="v5 = v2 - v4\\nf32[4]", fillcolor=…, tooltip="kernel exp"];
            n5 [label="v6 = exp(v5)\\nf32[4]", fillcolor=…, tooltip="kernel exp"];
            n6 [label="v7 = sum(v6)\\nf32[1]", fillcolor=…, tooltip="kernel exp"];
            n7 [label="p = v6 / v7\\nf32[4]", fillcolor=…, tooltip="kernel p"];
            n10 [label="v2\\nf32[4]", style="rounded,dashed"];
            n11 [label="p\\nf32[4]", style="rounded,dashed"];
          }
          n8 [label="p\\noutput f32[4]"];
          n0 -> n1;
          n1 -> n10;
          n11 -> n8;
          n10 -> n2;
          n2 -> n3;
          n10 -> n4;
          n3 -> n4;
          n4 -> n5;
          n5 -> n6;
          n5 -> n7;
          n6 -> n7;
          n7 -> n11;
        }

        """)
  }

  @Test func exitStatuses() throws {
    let folder = try Folder()
    try folder.write("scalar.graph", SampleGraph.scalar)
    func expect(
      _ status: Int32, _ arguments: [String], _ word: String, environment: [String: String] = [:]
    ) throws {
      let outcome = try folder.start(["show"] + arguments, environment: environment).finish()
      #expect(outcome.status == status, "\(outcome.errors)")
      #expect(outcome.output == "" && outcome.errors.contains(word), "\(outcome.errors)")
    }
    try expect(66, ["absent.graph"], "absent.graph")
    try expect(65, ["scalar.graph", "--input", "x3=1"], "'x3'")
    try expect(64, ["scalar.graph", "--input", "2"], "--input '2'")
    try expect(73, ["scalar.graph", "-o", "absent/page.html"], "absent/page.html")
    try expect(73, ["scalar.graph", "--svg", "absent/p.svg"], "absent/p.svg")
    try expect(69, ["scalar.graph"], "package graphviz", environment: ["PATH": ""])
    try folder.write("rows.graph", "param t : f32[2]\ninput i : i32[1]\noutput gather(t, i) as y\n")
    try expect(65, ["rows.graph", "--input", "i=[7]"], "rows.graph:3:8")
    // DOT text needs no graphviz.
    let dot = try folder.nncc(
      "compile", "scalar.graph", "--emit", "dot", environment: ["PATH": ""])
    #expect(dot.status == 0 && dot.output.contains("n0 -> n2;"))
  }

  // MARK: Size

  /// No level has so many nodes that it takes long to lay out or to look at.
  @Test func aGraphOfFiveThousandNodes() throws {
    var text = "input x : f32[4]\nparam w : f32[4]\nv0 = x * w\n"
    for line in 1...2500 { text += "v\(line) = sin(v\(line - 1)) + v\(line * 7 / 8)\n" }
    text += "loss sum(v2500)\n"
    let (page, html) = try page(text, "--input", "x=[1, 2, 3, 4]")
    #expect(page.nodes.count { $0.k == "operation" } >= 5000)
    #expect(page.levels.allSatisfy { $0.n.count <= 400 })
    #expect(page.levels[0].n.count <= 120)
    #expect(html.utf8.count < 10_000_000)
  }

  /// The words of every operation, in graphs that have them all.
  @Test(arguments: CompileCommandTests.examples) func everyExampleIsDrawn(name: String) throws {
    let folder = try Folder()
    let outcome = try folder.start(
      ["show", "\(examplesFolder)/\(name)", "-o", "page.html", "--svg", "page.svg"]
    ).finish()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let page = try data(of: folder.text("page.html"))
    // Edges of formulas are nodes: none is left without a name.
    #expect(page.nodes.allSatisfy { $0.f?.contains("…") != true })
    #expect(folder.text("page.svg").hasSuffix("</svg>\n"))
    let dot = try folder.nncc("compile", "\(examplesFolder)/\(name)", "--emit", "dot")
    #expect(dot.status == 0)
    if let graphviz = program("dot") {
      try folder.write("graph.dot", dot.output)
      #expect(try folder.run(graphviz, ["-Tplain", "-o", "out", "graph.dot"]).status == 0)
    }
  }

  // MARK: In a browser

  /// Opens the pages of four examples in headless Chromium, clicks through them and photographs them.
  @Test func thePagesWorkInABrowser() throws {
    guard let python = program("python3"),
      ["chromium", "chromium-browser", "google-chrome", "chrome"].contains(where: {
        program($0) != nil
      })
    else {
      print("skipped: there is no Chromium, or no Python, to open the pages with")
      return
    }
    let folder = try Folder()
    let script = URL(fileURLWithPath: examplesFolder).deletingLastPathComponent()
      .appendingPathComponent("Tests/Show/photograph.py").path
    let nncc = try #require(Nncc.path)
    let outcome = try folder.run(python, [script, nncc, folder.path])
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    for page in ["scalar", "scalar-dark", "mnist", "birnn", "transformer"] {
      #expect(try folder.bytes("\(page).png").count > 10_000, "\(page)")
    }
  }
}
