// What a training loop gives to a step besides parameters and inputs.

import NNIR

/// The values for one step.
struct StepHyperparameters {
  var learningRate: Double
  var seed: UInt64
  /// The number of the step, from 0 on.
  var step: Int
  /// The batch's share of the rows whose gradients are added up.
  var weight = 1.0

  func value(of hyperparameter: Hyperparameter, _ type: TensorType) -> Tensor {
    switch hyperparameter {
    case .learningRate: Tensor(.scalar, filledWith: learningRate, element: type.element)
    case .weight: Tensor(.scalar, filledWith: weight, element: type.element)
    case .seed: Tensor(scalar: Int64(bitPattern: seed))
    case .step: Tensor(scalar: Int64(step))
    }
  }
}
