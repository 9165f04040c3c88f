// Places of a batch whose windows one call of nn_contract_images.h multiplies: images that share their filters, one in each place
// of a vector.

import CKernels
import NNIR

/// The images of one call, and where they lie.
struct ContractionImages {
  /// The axis of the space that counts them.
  let axis: Int
  let extent: Int
  /// Elements from one image to the next.
  let step: Int
  /// Elements from the first of an image to the last that its windows reach, both counted.
  let reach: Int

  /// As many as the widest vector has elements of four bytes. Their sums wait for the epilogue together.
  static let count = 16
  /// Bytes of an image's elements and sums as vectors of 512 bits, half of a second-level cache that is found beside these, and of the
  /// sums of all images before the epilogue.
  private static let mostPacked = 524_288
  private static let mostSums = 131_072

  /// Of a product whose left operand is the same in every place of the batch. Nil where each place has a call of its own: for products of
  /// many rows and those whose rows or lines of windows fill vectors anyway.
  init?(
    _ contraction: KernelContraction, space: [Int], batchAxes: [Int], rows: Int, columns: Int
  ) {
    let size = contraction.element.byteCount
    let places = batchAxes.filter { space[$0] > 1 }
    guard !contraction.isPlain, !space.contains(0), places.count == 1, let axis = places.first,
      let columnAxis = contraction.columnAxis, contraction.digits[columnAxis].count <= 2,
      contraction.digits[axis].count == 1, space[axis] >= Self.count / 2, rows <= Self.count,
      Self.leavesPlaces(rows, size),
      Self.leavesPlaces(contraction.digits[columnAxis].last ?? 1, size)
    else { return nil }
    let position = contraction.positions(ofAxis: axis)[0]
    let strides = contraction.right.map.strides
    guard strides[position] > 0 else { return nil }
    let walked = [columnAxis, contraction.digits.count - 1].flatMap { axis in
      zip(contraction.positions(ofAxis: axis), contraction.digits[axis]).map {
        (stride: strides[$0], extent: $1)
      }
    }
    guard walked.allSatisfy({ $0.stride >= 0 }) else { return nil }
    reach = 1 + walked.reduce(0) { $0 + ($1.extent - 1) * $1.stride }
    guard 64 * (reach + rows * columns) <= Self.mostPacked,
      Self.count * rows * columns * size <= Self.mostSums
    else { return nil }
    self.axis = axis
    extent = space[axis]
    step = strides[position]
  }

  /// Whether so many neighbours leave a tenth of the widest vectors that hold them empty.
  private static func leavesPlaces(_ count: Int, _ size: Int) -> Bool {
    let width = 64 / size
    return 10 * count < 9 * ((count + width - 1) / width * width)
  }
}
