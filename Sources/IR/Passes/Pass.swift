// Passes and their order. A pass is a name and a pure function from IR to IR; a second run of it
// changes nothing.

/// Called after each pass with its name and what it made.
public typealias PassObserver = (_ pass: String, _ function: Function) -> Void

public struct Pass: Sendable {
  public let name: String
  public let run: @Sendable (consuming Function) -> Function

  /// All passes, by name, for tools and tests.
  public static let all: [Pass] = [
    canonicaliseDifferentiable, deadCode, canonicalise, simplify, constantFold,
    commonSubexpressions, scanMotion,
  ]

  /// What a lowered function goes through before it is differentiated.
  public static let beforeDifferentiation: [Pass] = [
    // Derivatives of stable forms are stable: log(softmax) must become one before it is
    // differentiated.
    canonicaliseDifferentiable
  ]

  /// What every function goes through in the end, differentiated or not.
  public static let afterDifferentiation: [Pass] = [
    // Much of an adjoint is of no use: what flows to inputs that nobody asked about. First, so that
    // the others have less to do.
    deadCode,
    // The last pass that may use mathematics; it fixes the meaning to the bit. Simplification,
    // constant folding and common subexpressions happen in the same walk, because each of them, and
    // the mathematics, gives the others work; forward half and adjoint share what they can.
    canonicalise,
    // What canonicalisation has replaced. Motion counts on it: what nobody uses would hold back what it is made of.
    deadCode,
    // Last, on bodies in their final form; it leaves nothing dead.
    scanMotion,
  ]
}

extension Function {
  /// Canonicalised, then simplified by passes that keep every bit; what all derived functions go
  /// through.
  public func optimized(printAfter: PassObserver? = nil) -> Function {
    run(Pass.beforeDifferentiation + Pass.afterDifferentiation, printAfter)
  }

  /// Consumes the function, so that of millions of instructions only those before and after one
  /// pass are in memory.
  consuming func run(_ passes: [Pass], _ printAfter: PassObserver?) -> Function {
    for pass in passes {
      #if DEBUG
        let before = copy self
        self = pass.run(self)
        assert(isVerified(after: pass, of: before))
      #else
        self = pass.run(self)
      #endif
      printAfter?(pass.name, self)
    }
    return self
  }

  /// Always true: a pass that breaks a function stops the program, and says which and how.
  private func isVerified(after pass: Pass, of before: Function) -> Bool {
    do throws(VerificationError) { try verify() } catch {
      preconditionFailure(
        "pass \(pass.name): \(error)\n--- before\n\(before.text)--- after\n\(text)")
    }
    return true
  }
}
