// Common subexpressions: equal instructions become one.

extension Pass {
  /// Keeps the first of equal instructions. Commutative operands count as equal in either order.
  /// ```
  /// %1: f32[2] = exp %0
  /// %2: f32[2] = exp %0
  /// %3: f32[2] = add %1, %2
  /// ```
  /// becomes
  /// ```
  /// %1: f32[2] = exp %0
  /// %2: f32[2] = add %1, %1
  /// ```
  public static let commonSubexpressions = Pass(name: "common-subexpressions") {
    Rewriter.rewrite($0, rules: [], merging: true)
  }
}
