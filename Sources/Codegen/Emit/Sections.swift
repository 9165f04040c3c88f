// The headers that emitted C carries inside come in sections; a file takes those that it needs and what these need.

import CKernels

/// A header cut into its sections.
struct SectionedText: Sendable {
  private struct Section {
    var name: String
    var needs: [String]
    var text: String
  }

  private var sections: [Section] = []
  private var numbers: [String: Int] = [:]

  /// `/* @section NAME needs: A B */` up to `/* @end */`; text outside of sections is a section without a name, always taken.
  init(_ text: String) {
    var section = Section(name: "", needs: [], text: "")
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("/* @section ") {
        add(section)
        let words = line.dropFirst(12).split(separator: " ").map(String.init)
        section = Section(
          name: words[0], needs: words.dropFirst().filter { $0 != "needs:" && $0 != "*/" }, text: ""
        )
      } else if line.hasPrefix("/* @end") {
        add(section)
        section = Section(name: "", needs: [], text: "")
      } else {
        section.text += line + "\n"
      }
    }
    add(section)
  }

  private mutating func add(_ section: Section) {
    if section.text.allSatisfy(\.isWhitespace) && section.name.isEmpty { return }
    if !section.name.isEmpty { numbers[section.name] = sections.count }
    sections.append(section)
  }

  func contains(_ name: String) -> Bool { numbers[name] != nil }

  /// The named sections and what they need, in the header's order. Guards against double inclusion are left out.
  func text(needing names: some Sequence<String>) -> String {
    var isNeeded = [Bool](repeating: false, count: sections.count)
    var pending = names.compactMap { numbers[$0] }
    while let number = pending.popLast() {
      if isNeeded[number] { continue }
      isNeeded[number] = true
      pending += sections[number].needs.compactMap { numbers[$0] }
    }
    var text = ""
    for (section, isNeeded) in zip(sections, isNeeded) where isNeeded || section.name.isEmpty {
      let trimmed = section.text.drop { $0 == "\n" }
      if !trimmed.isEmpty { text += trimmed + (trimmed.hasSuffix("\n\n") ? "" : "\n") }
    }
    return text
  }
}

/// Integer and truth comparisons, which nn_math.h leaves to the language.
private func comparisons() -> String {
  var text = ""
  for (name, symbol) in [("lt", "<"), ("le", "<="), ("eq", "=="), ("ne", "!=")] {
    for (element, type) in [("i32", "int32_t"), ("i64", "int64_t"), ("bool", "int")] {
      text += "/* @section \(name)_\(element) needs: */\n"
      text +=
        "NN_INLINE int nn_\(name)_\(element)(\(type) a, \(type) b) { return a \(symbol) b; }\n"
      text += "/* @end */\n"
    }
  }
  return text
}

/// nn_math.h, nn_contract.h and nn_lookup.h as the Kernels module embeds them.
enum EmbeddedHeaders {
  static let mathematics = SectionedText(
    text(nn_math_text_address(), nn_math_text_length) + comparisons())
  static let contraction = SectionedText(
    text(nn_contract_text_address(), nn_contract_text_length))
  static let lookup = SectionedText(text(nn_lookup_text_address(), nn_lookup_text_length))

  private static func text(_ start: UnsafePointer<CChar>?, _ length: Int) -> String {
    let bytes = UnsafeRawBufferPointer(start: start, count: length)
    return String(decoding: bytes, as: UTF8.self)
  }
}
