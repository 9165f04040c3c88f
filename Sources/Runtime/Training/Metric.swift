// What is said about an epoch besides its loss.

import Glibc
import NNIR

public enum Metric: String, CaseIterable, Hashable, Sendable {
  /// The share of rows that are classified rightly.
  case accuracy
  /// The share of rows whose class is among the five likeliest.
  case top5
  /// 1 - the sum of squared errors / that of deviations from the mean: how much of the variance is explained.
  case r2
  /// e to the loss, of a loss that is a mean of -log p.
  case perplexity

  static func isBetterLower(_ name: String) -> Bool {
    name == "loss" || name == Metric.perplexity.rawValue
  }
}

/// Which output is held against which input, and what of them is counted.
struct MetricPlan: Sendable {
  var metrics: [Metric]
  var accuracy: AccuracyMeasure?
  /// A prediction of numbers and its target.
  var regression: (output: String, target: String)?

  /// Without wishes: accuracy where the network classifies, else R² where it predicts numbers.
  ///
  /// - Parameter target: what training is to reach, which is computed in any case.
  init(_ wanted: [Metric], target: String?, for network: Network) throws(TrainingError) {
    accuracy = network.accuracyMeasure
    regression = network.regressionPair
    metrics = []
    for metric in wanted where !metrics.contains(metric) { metrics.append(metric) }
    if wanted.isEmpty {
      if accuracy != nil { metrics = [.accuracy] } else if regression != nil { metrics = [.r2] }
    }
    if let metric = target.flatMap({ Metric(rawValue: $0) }), !metrics.contains(metric) {
      metrics.append(metric)
    }
    for metric in metrics {
      switch metric {
      case .accuracy, .top5:
        if accuracy == nil || (metric == .top5 && accuracy?.kind == .sign) {
          throw .metricDoesNotFit(
            metric, reason: "no output ends in a softmax whose classes an input gives")
        }
      case .r2:
        if regression == nil {
          throw .metricDoesNotFit(
            metric, reason: "no single output has a single input of its shape as target")
        }
      case .perplexity: break
      }
    }
  }

  /// The output that has to be computed beside the loss.
  var output: String? {
    if metrics.contains(.r2) { return regression?.output }
    return metrics.contains(.accuracy) || metrics.contains(.top5) ? accuracy?.output : nil
  }

  var target: String? { metrics.contains(.r2) ? regression?.target : accuracy?.target }

  /// How many sums a metric takes.
  private func width(_ metric: Metric) -> Int {
    switch metric {
    case .accuracy, .top5: 1
    case .r2: 5
    case .perplexity: 0
    }
  }

  var emptySums: [Double] { [Double](repeating: 0, count: metrics.reduce(0) { $0 + width($1) }) }

  /// Adds a batch.
  func add(output: Tensor, target: Tensor, to sums: inout [Double]) {
    var place = 0
    for metric in metrics {
      switch metric {
      case .accuracy:
        sums[place] += accuracy?.correctRows(output: output, target: target) ?? 0
      case .top5:
        sums[place] += accuracy?.correctRows(output: output, target: target, among: 5) ?? 0
      case .r2:
        for (found, wanted) in zip(output.doubles, target.doubles) {
          // From the first one on: squares of what is large and nearly the same would leave no digits.
          if sums[place + 3] == 0 { sums[place + 4] = wanted }
          let shifted = wanted - sums[place + 4]
          sums[place] += (found - wanted) * (found - wanted)
          sums[place + 1] += shifted
          sums[place + 2] += shifted * shifted
          sums[place + 3] += 1
        }
      case .perplexity: break
      }
      place += width(metric)
    }
  }

  func values(_ totals: EpochTotals) -> [MetricValue] {
    guard totals.rows > 0 else { return [] }
    var place = 0
    return metrics.map { metric in
      defer { place += width(metric) }
      let sums = totals.metrics.dropFirst(place)
      let first = sums.startIndex
      switch metric {
      case .accuracy, .top5:
        return MetricValue(metric: metric, value: sums[first] / Double(totals.rows))
      case .r2:
        let count = sums[first + 3]
        let spread = sums[first + 2] - sums[first + 1] * sums[first + 1] / count
        return MetricValue(metric: metric, value: 1 - sums[first] / spread)
      case .perplexity: return MetricValue(metric: metric, value: exp(totals.meanLoss))
      }
    }
  }
}

extension Network {
  /// The one float output and the one float input of its shape that it does not depend on.
  var regressionPair: (output: String, target: String)? {
    let outputs = function.results.filter { $0.role == .output }
    guard outputs.count == 1, accuracyMeasure == nil else { return nil }
    let type = function.type(of: outputs[0].value)
    let needed = function.neededArguments(by: outputs[0].value)
    let fitting = function.arguments.indices.filter { index in
      let argument = function.arguments[index]
      return argument.role == .input && !needed.contains(index) && argument.type == type
    }
    guard type.element.isFloat, type.shape.rank > 0, fitting.count == 1 else { return nil }
    return (outputs[0].name, function.arguments[fitting[0]].name)
  }
}
