// Writes the data of the examples: `nncc-example-data KIND OPTIONS… > FILE.csv`.

import ExampleData
import Glibc
import NNRuntime

let usage = """
  usage: nncc-example-data shapes FIRST SECOND LEAST-SIDE GREATEST-SIDE COUNT SEED
         nncc-example-data tags COUNT LENGTH VOCABULARY SEED
         nncc-example-data waves COUNT NOISE SEED
         nncc-example-data text FILE trained|held-out LENGTH COUNT
         nncc-example-data bigrams FILE      (the alphabet's size and the loss of a table of bigrams)
  """

func text(_ file: String) throws -> CharacterText { CharacterText(try readBytes(of: file)) }

/// What the arguments ask for; nil where they are wrong.
func output(_ words: [String]) throws -> String? {
  let numbers = words.map { UInt64($0) }
  func number(_ index: Int) -> Int? { numbers[index].flatMap { Int(exactly: $0) } }
  switch (words.first, words.count) {
  case ("shapes", 7):
    guard let first = RetinaShape(rawValue: words[1]), let second = RetinaShape(rawValue: words[2]),
      let least = number(3), let greatest = number(4), (1...Retina.width).contains(least),
      (least...Retina.width).contains(greatest), let count = number(5), let seed = numbers[6]
    else { return nil }
    return Retina(sides: least...greatest).table(first, second, count: count, seed: seed)
  case ("tags", 5):
    guard let count = number(1), let length = number(2), length > 0, let vocabulary = number(3),
      vocabulary > 1, let seed = numbers[4]
    else { return nil }
    return MarkedSequences.table(count: count, length: length, vocabulary: vocabulary, seed: seed)
  case ("waves", 4):
    guard let count = number(1), let noise = Double(words[2]), let seed = numbers[3] else {
      return nil
    }
    return Waves.table(count: count, noise: noise, seed: seed)
  case ("text", 5):
    guard ["trained", "held-out"].contains(words[2]), let length = number(3), length > 0,
      let count = number(4)
    else { return nil }
    let text = try text(words[1])
    let part = words[2] == "trained" ? text.trained : text.heldOut
    return CharacterText.table(part, length: length, count: count)
  case ("bigrams", 2):
    let text = try text(words[1])
    return "\(text.alphabet.count) \(text.bigramLoss)\n"
  case _: return nil
  }
}

guard let text = try output(Array(CommandLine.arguments.dropFirst())) else {
  try writeFile(usage + "\n", to: "/dev/stderr")
  exit(64)
}
try writeFile(text, to: "-")
