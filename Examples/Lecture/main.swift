// The lecture's two-layer network, built and trained in Swift: forward, backward, and gradient descent by hand.

import NNRuntime

let g = Graph()
let x = g.input("x", [500, 784])
let y = g.input("y", [500, 10])

let w1 = g.param("w1", [784, 100])
let b1 = g.param("b1", [1, 100], .zeros)
let w2 = g.param("w2", [100, 10])
let b2 = g.param("b2", [1, 10], .zeros)

let l1 = tanh(dot(x, w1) + b1)
let l2 = softmax(dot(l1, w2) + b2, axis: 1)
let cost = -mean(sum(y * log(l2), axis: 1), axis: 0)

let model = try g.compile(loss: cost, outputs: [l2])  // in process, through libtcc

// A toy task: the class is which of ten stretches of the image is lit.
var images = Tensor([500, 784], filledWith: 0)
var labels = Tensor([500, 10], filledWith: 0)
images.withMutableElements(as: Float.self) { pixels in
  for row in 0..<500 {
    for place in 0..<78 { pixels[row * 784 + row % 10 * 78 + place] = 1 }
  }
}
labels.withMutableElements(as: Float.self) { classes in
  for row in 0..<500 { classes[row * 10 + row % 10] = 1 }
}
model[x] = images
model[y] = labels

try model.forward()
try model.backward()
let dw1 = model.gradient(of: w1)
print("cost \(model.loss), dw1 : \(dw1.type)")

for _ in 0..<50 { try model.step(learningRate: 0.1) }
try model.forward()
print("cost \(model.loss) after 50 steps")
