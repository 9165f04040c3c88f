// The roofline of Williams, Waterman and Patterson ("Roofline: an insightful visual performance model", 2009): each kernel by its
// operations a byte and its operations a second, under what memory and arithmetic allow.

import Glibc

/// A picture of a bench, as SVG.
public struct Roofline: Sendable {
  private let bench: Bench
  private static let (width, height) = (760.0, 480.0)
  private static let (left, right, top, bottom) = (70.0, 730.0, 50.0, 420.0)

  public init(_ bench: Bench) { self.bench = bench }

  public var svg: String {
    let points = bench.profile.rows.filter { $0.operations > 0 && $0.bytes > 0 && $0.seconds > 0 }
    let peak = bench.limits.operationsPerSecond
    let ridge = peak / bench.limits.bytesPerSecond
    let intensities = points.map { $0.operations / $0.bytes } + [ridge]
    let speeds = points.map { $0.operations / $0.seconds } + [peak]
    let x = Axis(intensities, from: Self.left, to: Self.right)
    let y = Axis(speeds, from: Self.bottom, to: Self.top)
    var picture = SVG(width: Self.width, height: Self.height, ink: "black")
    picture.text(
      Self.width / 2, 24,
      "Kernels under the roofline: \(bench.part.rawValue), \(bench.backend.rawValue), threads: \(bench.limits.threads)",
      .middle, size: 15)
    picture.text((Self.left + Self.right) / 2, Self.height - 16, "operations a byte", .middle)
    picture.rotatedText(18, (Self.top + Self.bottom) / 2, "GFLOP/s")
    for exponent in x.decades {
      let place = x.place(exponent.power)
      picture.line(place, Self.top, place, Self.bottom, "#ddd")
      picture.text(place, Self.bottom + 18, exponent.label(0), .middle)
    }
    for exponent in y.decades {
      let place = y.place(exponent.power)
      picture.line(Self.left, place, Self.right, place, "#ddd")
      picture.text(Self.left - 6, place + 4, exponent.label(9), .end)
    }
    let start = x.least
    let low = max(start * bench.limits.bytesPerSecond, y.least)
    let corner = low / bench.limits.bytesPerSecond
    picture.line(
      x.place(corner), y.place(low), x.place(ridge), y.place(peak), "#444", width: 2)
    picture.line(x.place(ridge), y.place(peak), Self.right, y.place(peak), "#444", width: 2)
    picture.text(Self.right, y.place(peak) - 6, "\(fixed(peak / 1e9, 1)) GFLOP/s", .end)
    picture.text(
      x.place(ridge) - 8, y.place(peak) - 6,
      "\(fixed(bench.limits.bytesPerSecond / 1e9, 1)) GB/s", .end)
    let total = bench.profile.rows.reduce(0) { $0 + $1.seconds }
    for row in points {
      let (cx, cy) = (
        x.place(row.operations / row.bytes), y.place(row.operations / row.seconds)
      )
      // Areas are in the proportion of times.
      let radius = 3 + 22 * (row.seconds / total).squareRoot()
      picture.circle(
        cx, cy, radius: radius, "#2a6fbb", title: "\(row.name): \(Bench.time(row.seconds))")
      if row.seconds > 0.05 * total { picture.text(cx, cy - radius - 3, row.name, .middle) }
    }
    return picture.text
  }
}

/// A logarithmic axis over whole decades.
private struct Axis {
  struct Decade {
    var exponent: Int
    var power: Double

    /// The power in units of 10^`unit`.
    func label(_ unit: Int) -> String {
      let exponent = exponent - unit
      if exponent >= 0 { return "1" + String(repeating: "0", count: exponent) }
      return "0." + String(repeating: "0", count: -exponent - 1) + "1"
    }
  }

  let decades: [Decade]
  private let (start, end): (Double, Double)

  init(_ values: [Double], from start: Double, to end: Double) {
    (self.start, self.end) = (start, end)
    // Powers of ten around the values, within what doubles hold.
    var low = Decade(exponent: 0, power: 1)
    while let least = values.min(), low.power > least, low.exponent > -300 {
      low = Decade(exponent: low.exponent - 1, power: low.power / 10)
    }
    while let least = values.min(), low.power * 10 <= least, low.exponent < 300 {
      low = Decade(exponent: low.exponent + 1, power: low.power * 10)
    }
    var decades = [low]
    while let most = values.max(), decades[decades.count - 1].power < most, decades.count < 600 {
      let last = decades[decades.count - 1]
      decades.append(Decade(exponent: last.exponent + 1, power: last.power * 10))
    }
    if decades.count == 1 {
      decades.append(Decade(exponent: low.exponent + 1, power: low.power * 10))
    }
    self.decades = decades
  }

  var least: Double { decades[0].power }

  func place(_ value: Double) -> Double {
    let span = Double(decades.count - 1)
    return start + (end - start) * log10(value / least) / span
  }
}
