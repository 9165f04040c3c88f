// Learning curves as SVG: the loss of each epoch, and the first metric beneath it, of the rows trained on and of those held out.

import Glibc

public struct LearningCurve: Sendable {
  private let history: [EpochSummary]
  private let metric: String?
  private let title: String
  private static let (width, panel) = (760.0, 260.0)
  private static let (left, right) = (80.0, 730.0)

  /// - Parameters:
  ///   - history: that of a `TrainingState`.
  ///   - metric: the name of the metric in it, nil where there is none.
  public init(_ history: [EpochSummary], metric: String?, title: String) {
    self.history = history
    self.metric = metric
    self.title = title
  }

  public var svg: String {
    let panels = metric == nil ? 1 : 2
    let height = 50 + Double(panels) * Self.panel
    var picture = SVG(width: Self.width, height: height)
    picture.text(Self.width / 2, 26, title, .middle, size: 16)
    drawPanel(
      &picture, top: 46, label: "loss",
      series: [history.map(\.loss), history.map(\.validationLoss)], mayBeLogarithmic: true)
    if let metric {
      drawPanel(
        &picture, top: 46 + Self.panel, label: metric,
        series: [history.map(\.metric), history.map(\.validationMetric)], mayBeLogarithmic: false)
    }
    return picture.text
  }

  private func drawPanel(
    _ picture: inout SVG, top: Double, label: String, series: [[Double]], mayBeLogarithmic: Bool
  ) {
    let (high, low) = (top + 12, top + Self.panel - 52)
    let values = series.joined().filter(\.isFinite)
    let x = LinearAxis(
      1, Double(max(2, history.count)), from: Self.left, to: Self.right, wholeNumbers: true)
    guard let least = values.min(), let most = values.max() else { return }
    // Where losses fall over more than a decade, equal factors deserve equal heights.
    let isLogarithmic = mayBeLogarithmic && least > 0 && most / least > 10
    let scaled = { (value: Double) in isLogarithmic ? log10(value) : value }
    let y =
      isLogarithmic
      ? LinearAxis(ticks: logarithmicTicks(least, most), from: low, to: high)
      : LinearAxis(least, most, from: low, to: high)
    for tick in y.ticks {
      picture.line(Self.left, y.place(tick), Self.right, y.place(tick), "#ddd")
      picture.text(
        Self.left - 8, y.place(tick) + 4, tickLabel(isLogarithmic ? pow(10, tick) : tick), .end)
    }
    for tick in x.ticks {
      picture.line(x.place(tick), low, x.place(tick), low + 5, "#888")
      picture.text(x.place(tick), low + 20, tickLabel(tick), .middle)
    }
    picture.line(Self.left, low, Self.right, low, "#888")
    picture.text((Self.left + Self.right) / 2, low + 38, "epoch", .middle)
    picture.rotatedText(16, (high + low) / 2, isLogarithmic ? label + " (logarithmic)" : label)
    let styles = [("#2a6fbb", "trained on"), ("#d1601f", "held out")]
    var place = Self.right
    for (values, (color, name)) in zip(series, styles) where values.contains(where: \.isFinite) {
      picture.curve(
        values.enumerated().filter { $1.isFinite }.map {
          (x.place(Double($0 + 1)), y.place(scaled($1)))
        }, color)
      picture.text(place, high - 2, name, .end, color: color)
      place -= 90
    }
  }

  private func tickLabel(_ value: Double) -> String {
    if value == value.rounded(), value.magnitude < 1e6 { return String(Int(value)) }
    return significant(value)
  }
}

/// The logarithms of 1, 2 and 5 times powers of ten, or where there would be many of the powers alone, around two values above 0.
private func logarithmicTicks(_ least: Double, _ most: Double) -> [Double] {
  let (first, last) = (Int(floor(log10(least))), Int(ceil(log10(most))))
  let digits = last - first <= 2 ? [1.0, 2, 5] : [1.0]
  let ticks = (first...last).flatMap { power in digits.map { Double(power) + log10($0) } }
  // Rounding must not lose a value that is a tick itself.
  let start = ticks.lastIndex { $0 <= log10(least) + 1e-9 } ?? 0
  let end = ticks.firstIndex { $0 >= log10(most) - 1e-9 } ?? ticks.count - 1
  return Array(ticks[start...max(start + 1, end)])
}

/// Three digits that count, without zeros at the end.
private func significant(_ value: Double) -> String {
  let exponent = value == 0 ? 0 : Int(floor(log10(value.magnitude)))
  if exponent < -4 || exponent > 5 {
    return "\(significant(value / pow(10, Double(exponent))))e\(exponent)"
  }
  var text = fixed(value, max(0, 2 - exponent))
  while text.contains("."), text.hasSuffix("0") || text.hasSuffix(".") { text.removeLast() }
  return text
}

/// An axis with round numbers on it, some of them beyond the values.
struct LinearAxis {
  let ticks: [Double]
  private let (low, high): (Double, Double)
  private let (start, end): (Double, Double)

  init(
    _ least: Double, _ most: Double, from start: Double, to end: Double, wholeNumbers: Bool = false
  ) {
    (self.start, self.end) = (start, end)
    let span = most > least ? most - least : max(most.magnitude, 1)
    let rough = span / 5
    let power = pow(10, floor(log10(rough)))
    var step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough } ?? rough
    if wholeNumbers { step = max(1, step.rounded(.up)) }
    let (first, last) =
      wholeNumbers
      ? (least, most) : ((least / step).rounded(.down) * step, (most / step).rounded(.up) * step)
    (low, high) = (first, last > first ? last : first + step)
    var ticks: [Double] = []
    // Counted, not summed: no error grows.
    let origin = wholeNumbers ? 0 : first
    for count in 0...20 {
      let tick = ((origin + Double(count) * step) / step).rounded() * step
      if tick >= low - step * 1e-9, tick <= high + step * 1e-9 { ticks.append(tick) }
    }
    self.ticks = ticks
  }

  /// From the first to the last of these.
  init(ticks: [Double], from start: Double, to end: Double) {
    self.ticks = ticks
    (self.start, self.end) = (start, end)
    (low, high) = (ticks.first ?? 0, ticks.last ?? 1)
  }

  func place(_ value: Double) -> Double { start + (end - start) * (value - low) / (high - low) }
}
