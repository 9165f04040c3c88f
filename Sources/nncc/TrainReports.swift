// What training says: a line an epoch, JSON for programs, and on a terminal how far it is.

@preconcurrency import Glibc
import NNRuntime

extension EpochReport {
  var json: String {
    var fields = ["\"epoch\": \(epoch)", "\"loss\": \(JSONText.number(loss))"]
    func add(_ values: [MetricValue], _ prefix: String) {
      for value in values {
        fields.append("\"\(prefix)\(value.metric.rawValue)\": \(JSONText.number(value.value))")
      }
    }
    add(metrics, "")
    if let validationLoss {
      fields.append("\"validation_loss\": \(JSONText.number(validationLoss))")
    }
    add(validationMetrics, "validation_")
    fields.append("\"seconds\": \(JSONText.number((seconds * 1e6).rounded() / 1e6))")
    return "{" + fields.joined(separator: ", ") + "}"
  }

  func line(of epochs: Int) -> String {
    let width = String(epochs).count
    let number = String(repeating: " ", count: max(0, width - String(epoch).count)) + "\(epoch)"
    var text = "epoch \(number)  loss \(fixed(loss, 4))" + words(metrics)
    if let validationLoss { text += "  held out: loss \(fixed(validationLoss, 4))" }
    return text + words(validationMetrics) + "  \(fixed(seconds, 3)) s"
  }

  private func words(_ values: [MetricValue]) -> String {
    values.map { value in
      switch value.metric {
      case .accuracy: "  accuracy \(percent(value.value))"
      case .top5: "  top 5 \(percent(value.value))"
      case .r2: "  R² \(fixed(value.value, 4))"
      case .perplexity: "  perplexity \(fixed(value.value, 3))"
      }
    }.joined()
  }

  private func percent(_ share: Double) -> String { fixed(share * 100, 1) + " %" }
}

/// Which words have become which classes, said before the first epoch.
struct ClassReport {
  private let named: [(input: String, names: ClassNames)]

  init(_ recipes: [InputRecipe]) {
    named = recipes.compactMap { recipe in recipe.classes.map { (recipe.name, $0) } }
  }

  var isEmpty: Bool { named.isEmpty }

  var text: String {
    named.map { "classes of \($0.input): \($0.names.summary)" }.joined(separator: "\n")
  }

  var json: String {
    let fields = named.map { "\(JSONText.quoted($0.input)): \(JSONText.list($0.names.words))" }
    return "{\"classes\": {" + fields.joined(separator: ", ") + "}}"
  }
}

/// One line on a terminal that is written over and over; nothing elsewhere.
struct ProgressBar {
  private let isShown: Bool
  private var last = -1.0
  private var isOnScreen = false

  init(isShown: Bool) {
    self.isShown = isShown && isatty(STDERR_FILENO) == 1 && getenv("NO_COLOR") == nil
  }

  mutating func show(_ progress: TrainingProgress) {
    // Ten times a second is what eyes follow.
    guard isShown, progress.seconds - last >= 0.1 else { return }
    last = progress.seconds
    let share = Double(progress.rows) / Double(max(1, progress.rowsOfEpoch))
    let cells = 24
    let full = Int(share * Double(cells))
    let bar = String(repeating: "█", count: full) + String(repeating: "░", count: cells - full)
    put(
      "\r\u{1B}[K"
        + "epoch \(progress.epoch)/\(progress.epochs) \(bar) loss \(fixed(progress.loss, 4))  "
        + "\(Int(progress.rowsPerSecond)) rows/s  \(clock(progress.remaining)) left")
    isOnScreen = true
  }

  mutating func clear() {
    if isOnScreen { put("\r\u{1B}[K") }
    isOnScreen = false
  }

  private func put(_ text: String) {
    fputs(text, stderr)
    fflush(stderr)
  }

  private func clock(_ seconds: Double) -> String {
    let whole = Int(min(seconds, 1e7))
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return whole >= 3600
      ? "\(whole / 3600):\(two(whole / 60 % 60)):\(two(whole % 60))"
      : "\(whole / 60):\(two(whole % 60))"
  }
}
