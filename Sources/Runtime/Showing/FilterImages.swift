// Parameters that are filters, as pictures: those of convolutions, and weights of a first layer whose inputs are the pixels of a square.

import NNIR

/// Some filters of one parameter, each a square or oblong of pixels.
struct FilterImages {
  var width: Int
  var height: Int
  var count: Int
  /// Filter by filter and row by row: 128 is 0, 255 the greatest magnitude.
  var pixels: [UInt8]
  var greatest: Double

  /// No more filters, and no more pixels, are drawn of a parameter.
  private static let mostFilters = 64
  private static let mostPixels = 65_536

  /// The filters of a parameter; nil where it has none that make a picture.
  ///
  /// - Parameter isFirst: whether the parameter meets an input of the network.
  init?(_ tensor: Tensor, isFirst: Bool) {
    let sizes = tensor.shape.sizes
    guard tensor.element.isFloat, tensor.count > 0 else { return nil }
    let index: (Int, Int) -> Int
    var filters: Int
    switch sizes.count {
    case 4 where (2...32).contains(sizes[2]) && (2...32).contains(sizes[3]):
      (height, width) = (sizes[2], sizes[3])
      filters = sizes[0] * sizes[1]
      let size = width * height
      index = { $0 * size + $1 }
    case 2 where isFirst:
      let side = Int(Double(sizes[0]).squareRoot().rounded())
      guard side * side == sizes[0], (4...64).contains(side) else { return nil }
      (height, width) = (side, side)
      filters = sizes[1]
      let units = sizes[1]
      index = { $1 * units + $0 }
    case _: return nil
    }
    let size = width * height
    filters = min(filters, Self.mostFilters, Self.mostPixels / size)
    var values: [Double] = []
    for filter in 0..<filters {
      for pixel in 0..<size { values.append(tensor[flat: index(filter, pixel)].double) }
    }
    let most = values.reduce(0) { max($0, $1.isFinite ? abs($1) : 0) }
    greatest = most
    count = filters
    pixels = values.map { value in
      guard value.isFinite, most > 0 else { return 128 }
      return UInt8((128 + 127 * value / most).rounded())
    }
  }
}
