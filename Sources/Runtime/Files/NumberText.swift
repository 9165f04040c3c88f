// Numbers for people.

/// `value` with `places` decimals.
public func fixed(_ value: Double, _ places: Int) -> String {
  if !value.isFinite || Swift.abs(value) > 1e12 { return "\(value)" }
  var scale = 1.0
  for _ in 0..<places { scale *= 10 }
  let scaled = (Swift.abs(value) * scale).rounded()
  let whole = Int((scaled / scale).rounded(.down))
  let rest = Int(scaled - Double(whole) * scale)
  let digits = String(rest)
  let sign = value < 0 && scaled > 0 ? "-" : ""
  let padding = String(repeating: "0", count: max(0, places - digits.count))
  return sign + String(whole) + (places > 0 ? "." + padding + digits : "")
}

/// A time for people, in hundredths of a millisecond.
public func milliseconds(_ seconds: Double) -> String {
  "\((seconds * 100_000).rounded() / 100) ms"
}
