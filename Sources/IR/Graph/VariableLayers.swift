// Layers, cells and losses, for values built in Swift. Where the language takes a number or a list of two, so does Swift: `stride: [2, 1]`.

/// The convolution of images [n, c, width] with filters [o, c / groups, width].
public func conv1d(
  _ x: Variable, _ w: Variable, stride: Variable = 1, padding: Variable = 0,
  dilation: Variable = 1, groups: Variable = 1, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call(
    "conv1d", x, w, stride, padding, dilation, groups,
    at: SwiftPlace(file: file, line: line, column: column))
}

/// The convolution of images [n, c, height, width] with filters [o, c / groups, height, width].
public func conv2d(
  _ x: Variable, _ w: Variable, stride: Variable = 1, padding: Variable = 0,
  dilation: Variable = 1, groups: Variable = 1, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call(
    "conv2d", x, w, stride, padding, dilation, groups,
    at: SwiftPlace(file: file, line: line, column: column))
}

/// The greatest element of each window of the last two axes; padding is -inf.
public func maxPool2d(
  _ x: Variable, size: Variable, stride: Variable, padding: Variable = 0, file: String = #fileID,
  line: Int = #line, column: Int = #column
) -> Variable {
  .call(
    "max_pool2d", x, size, stride, padding,
    at: SwiftPlace(file: file, line: line, column: column))
}

/// The mean of each window of the last two axes; padding counts as zeros.
public func avgPool2d(
  _ x: Variable, size: Variable, stride: Variable, padding: Variable = 0, file: String = #fileID,
  line: Int = #line, column: Int = #column
) -> Variable {
  .call(
    "avg_pool2d", x, size, stride, padding,
    at: SwiftPlace(file: file, line: line, column: column))
}

/// x along an axis with mean 0 and variance 1, then scaled and shifted.
public func layerNorm(
  _ x: Variable, scale: Variable, offset: Variable, axis: Variable = -1,
  epsilon: Variable = 1e-5, file: String = #fileID, line: Int = #line, column: Int = #column
) -> Variable {
  .call(
    "layer_norm", x, scale, offset, axis, epsilon,
    at: SwiftPlace(file: file, line: line, column: column))
}

/// x less the given mean and divided by the root of the given variance, a number for each place along the axis; then scaled and shifted.
public func batchNorm(
  _ x: Variable, scale: Variable, offset: Variable, mean: Variable, variance: Variable,
  axis: Variable = 1, epsilon: Variable = 1e-5, file: String = #fileID, line: Int = #line,
  column: Int = #column
) -> Variable {
  .call(
    "batch_norm", x, scale, offset, mean, variance, axis, epsilon,
    at: SwiftPlace(file: file, line: line, column: column))
}

/// softmax(q · kᵀ / √d) · v over the last two axes; where the mask is false nothing is looked at.
public func attention(
  _ q: Variable, _ k: Variable, _ v: Variable, mask: Variable? = nil, file: String = #fileID,
  line: Int = #line, column: Int = #column
) -> Variable {
  let place = SwiftPlace(file: file, line: line, column: column)
  guard let mask else { return .call("attention", q, k, v, at: place) }
  return .call("attention", q, k, v, mask, at: place)
}

/// tanh(x · w + h · u + b)
public func rnnCell(
  _ x: Variable, _ h: Variable, w: Variable, u: Variable, b: Variable, file: String = #fileID,
  line: Int = #line, column: Int = #column
) -> Variable {
  .call("rnn_cell", x, h, w, u, b, at: SwiftPlace(file: file, line: line, column: column))
}

/// The next h and c of a long short-term memory; the gates are input, forget, cell, output.
public func lstmCell(
  _ x: Variable, _ h: Variable, _ c: Variable, w: Variable, u: Variable, b: Variable,
  file: String = #fileID, line: Int = #line, column: Int = #column
) -> (h: Variable, c: Variable) {
  let results = Variable.call(
    "lstm_cell", [x, h, c, w, u, b], count: 2,
    at: SwiftPlace(file: file, line: line, column: column))
  return (results[0], results[1])
}

/// The next h of a gated recurrent unit; the gates are reset, update, new, and c is the recurrent bias.
public func gruCell(
  _ x: Variable, _ h: Variable, w: Variable, u: Variable, b: Variable, c: Variable,
  file: String = #fileID, line: Int = #line, column: Int = #column
) -> Variable {
  .call("gru_cell", x, h, w, u, b, c, at: SwiftPlace(file: file, line: line, column: column))
}

/// mean(maximum(0, 1 - y · h)), y being -1 or 1.
public func hinge(
  _ h: Variable, _ y: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
) -> Variable {
  .call("hinge", h, y, at: SwiftPlace(file: file, line: line, column: column))
}

/// mean(maximum(0, -y · h)), y being -1 or 1.
public func perceptronLoss(
  _ h: Variable, _ y: Variable, file: String = #fileID, line: Int = #line, column: Int = #column
) -> Variable {
  .call("perceptron_loss", h, y, at: SwiftPlace(file: file, line: line, column: column))
}
