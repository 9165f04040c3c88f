// Forward-mode differentiation without rules of its own: the reverse sweep, transposed.
//
// The reverse rules turn an adjoint u of f into the adjoint Jᵀu of x, and are linear in u. The derivative of that linear function, seeded
// with v, is its transpose applied to v: Jv. So two reverse sweeps make a forward one, and every operation that has an adjoint rule
// has a forward derivative as well. (Radul et al., "You Only Linearize Once", POPL 2023, go the other way: from forward rules by
// transposition to reverse ones.)

extension FunctionBuilder {
  /// The change of `f`, of its type, when `x` changes along `v`, which has the type of `x`; appended to the function.
  ///
  /// Zeros where `f` does not depend on `x`, and through integers and `bool`. The adjoint that stands in for u on the way is used by
  /// nothing in the end: rules that are linear in it have derivatives without it.
  public func forwardDerivative(of f: Value, withRespectTo x: Value, along v: Value) -> Value {
    let type = type(of: f)
    if !type.element.isFloat || !element(of: x).isFloat { return zeros(type) }
    // An identity, so that it is a value of its own.
    let adjoint = append(.identity, [zeros(type)], type: type)
    let transposed = gradients(of: f, withRespectTo: [x], seed: adjoint)[0]
    if isFull { return transposed }
    return gradients(of: transposed, withRespectTo: [adjoint], seed: v)[0]
  }
}
