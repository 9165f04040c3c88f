// The headers that emitted C carries inside come in sections; a file takes those that it needs and what these need.

import CKernels

/// A header cut into its sections.
struct SectionedText: Sendable {
  private struct Section {
    var name: String
    var needs: [String]
    var text: Substring
  }

  private var sections: [Section] = []
  private var numbers: [String: Int] = [:]

  /// `/* @section NAME needs: A B */` up to `/* @end */`; text outside of sections is a section without a name, always taken.
  ///
  /// On bytes, since every process that emits C comes by: the headers have some 200 kB.
  init(_ text: String) {
    let bytes = text.utf8
    var name = ""
    var needs: [String] = []
    var start = text.startIndex
    var line = text.startIndex
    while line < text.endIndex {
      let end = bytes[line...].firstIndex(of: UInt8(ascii: "\n")) ?? text.endIndex
      let next = end < text.endIndex ? bytes.index(after: end) : end
      let isStart = bytes[line..<end].starts(with: "/* @section ".utf8)
      if isStart || bytes[line..<end].starts(with: "/* @end".utf8) {
        add(Section(name: name, needs: needs, text: text[start..<line]))
        let words = isStart ? text[line..<end].dropFirst(12).split(separator: " ") : []
        name = words.first.map(String.init) ?? ""
        needs = words.dropFirst().map(String.init).filter { $0 != "needs:" && $0 != "*/" }
        start = next
      }
      line = next
    }
    add(Section(name: name, needs: needs, text: text[start...]))
  }

  private mutating func add(_ section: Section) {
    if section.name.isEmpty && section.text.utf8.allSatisfy({ $0 == UInt8(ascii: "\n") }) { return }
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
      let trimmed = section.text.utf8.drop { $0 == UInt8(ascii: "\n") }
      if trimmed.isEmpty { continue }
      text += section.text[trimmed.startIndex...]
      if !trimmed.suffix(2).elementsEqual("\n\n".utf8) { text += "\n" }
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

/// nn_math.h, nn_contract.h with its parts for windows, and nn_lookup.h as the Kernels module embeds them.
enum EmbeddedHeaders {
  static let mathematics = SectionedText(
    text(nn_math_text_address(), nn_math_text_length) + comparisons())
  static let contraction = SectionedText(
    text(nn_contract_text_address(), nn_contract_text_length)
      + text(nn_contract_places_text_address(), nn_contract_places_text_length)
      + text(nn_contract_lines_text_address(), nn_contract_lines_text_length)
      + text(nn_contract_segments_text_address(), nn_contract_segments_text_length)
      + text(nn_contract_turned_text_address(), nn_contract_turned_text_length)
      + text(nn_contract_interleaved_text_address(), nn_contract_interleaved_text_length)
      + text(nn_contract_view_text_address(), nn_contract_view_text_length)
      + text(nn_contract_images_text_address(), nn_contract_images_text_length))
  static let lookup = SectionedText(text(nn_lookup_text_address(), nn_lookup_text_length))

  private static func text(_ start: UnsafePointer<CChar>?, _ length: Int) -> String {
    let bytes = UnsafeRawBufferPointer(start: start, count: length)
    return String(decoding: bytes, as: UTF8.self)
  }
}
