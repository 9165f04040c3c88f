// A network with one hidden layer learns one period of the sine, in process: no file, no compiler and no other program.

import NNRuntime

let count = 64
let g = Graph()
let rows = g.dim("rows", count)
let x = g.input("x", [rows, 1])
let y = g.input("y", [rows, 1])
let w1 = g.param("w1", [1, 16])
let b1 = g.param("b1", [1, 16], .zeros)
let w2 = g.param("w2", [16, 1])
let b2 = g.param("b2", [1, 1], .zeros)

let hidden = tanh(dot(x, w1) + b1)
let guess = dot(hidden, w2) + b2
let difference = guess - y
let cost = mean(difference * difference)

let model = try g.compile(loss: cost, outputs: [guess])

// x goes from -3 to 3; the wave is a cubic that is near the sine, so that every C library gives the same bits.
var places = Tensor([count, 1], filledWith: 0)
var heights = Tensor([count, 1], filledWith: 0)
for row in 0..<count {
  let place = Float(row * 6) / Float(count - 1) - 3
  let height = place * (1 - place * place / 9)
  places.withMutableElements(as: Float.self) { $0[row] = place }
  heights.withMutableElements(as: Float.self) { $0[row] = height }
}
model[x] = places
model[y] = heights

try model.forward()
let first = model.loss
try model.backward()
print("cost \(first), gradient of w2 : \(model.gradient(of: w2).type)")

for _ in 0..<200 { try model.step(learningRate: 0.05) }
try model.forward()
print("cost \(model.loss) after 200 steps")
