// What the prelude's layers cannot say in the language: sliding windows, products over axes of one's choice, and checks that speak of
// channels and not of axes.

extension Lowerer {
  // MARK: Windows

  /// `_windows(x, axes, size, stride, padding, value)`: sliding windows along the last axes of x, their elements as new axes.
  func windows(_ a: [Datum]) throws(LoweringFailure) -> Datum {
    let axes = try integers(a[1], "an axis")
    let (value, fallback) = try tensor(a[0])
    let rank = builder.shape(of: value).rank
    if let last = axes.last, rank != last + 1 {
      throw fail("\(words(0)) has \(axisCount(rank)), expected \(last + 1)")
    }
    let sliding = Sliding(
      axes: axes, sizes: try each(a[2], axes.count, "the size", atLeast: 1),
      strides: try each(a[3], axes.count, "the stride", atLeast: 1),
      paddings: try each(a[4], axes.count, "the padding", atLeast: 0),
      dilations: axes.map { _ in 1 })
    let filling = Scalar(try number(a[5]), as: builder.element(of: value))
    return wrap(try slide(value, sliding, filling), fallback)
  }

  /// Where windows slide, with a number an axis for each of the rest.
  private struct Sliding {
    var axes: [Int]
    var sizes: [Int]
    var strides: [Int]
    var paddings: [Int]
    var dilations: [Int]
  }

  private func slide(
    _ value: Value, _ sliding: Sliding, _ filling: Scalar
  ) throws(LoweringFailure) -> Value {
    let shape = builder.shape(of: value)
    var padding = shape.sizes.map { _ in PadAxis(before: 0, after: 0) }
    var windows: [WindowAxis] = []
    var sizes = shape.sizes
    for (index, axis) in sliding.axes.enumerated() {
      let added = min(sliding.paddings[index], maximumElementCount)
      padding[axis] = PadAxis(before: added, after: added)
      sizes[axis] += 2 * added
      let window = WindowAxis(
        axis: axis, size: sliding.sizes[index], stride: sliding.strides[index],
        dilation: sliding.dilations[index])
      let (reach, isTooFar) = (window.size - 1).multipliedReportingOverflow(by: window.dilation)
      if isTooFar || reach >= sizes[axis] {
        throw fail(misfit(window, shape[axis], added))
      }
      windows.append(window)
    }
    _ = try checked(sizes)
    _ = try checked(windows.shape(of: Shape(sizes)).sizes)
    return builder.windows(builder.pad(value, padding, with: filling), windows)
  }

  private func misfit(_ window: WindowAxis, _ extent: Int, _ padding: Int) -> String {
    let spread = window.dilation == 1 ? "" : ", \(window.dilation) apart,"
    let around = padding == 0 ? "" : " with \(padding) of padding on either side"
    let plural = extent == 1 ? "" : "s"
    return "a window of \(window.size)\(spread) does not fit axis \(window.axis) of \(words(0)), "
      + "of \(extent) element\(plural)\(around)"
  }

  /// One integer for every axis, or a list of as many.
  private func each(
    _ datum: Datum, _ count: Int, _ what: String, atLeast least: Int
  ) throws(LoweringFailure) -> [Int] {
    let given = try integers(datum, what)
    for number in given where number < least {
      throw fail("\(what) is at least \(least), found \(number)")
    }
    if given.count == count { return given }
    guard given.count == 1, let number = given.first else {
      let numbers = count == 1 ? "1 integer" : "1 integer or \(count)"
      throw fail("\(what) is \(numbers), found \(given.count)")
    }
    return [Int](repeating: number, count: count)
  }

  private func number(_ datum: Datum) throws(LoweringFailure) -> Double {
    if case .number(let value) = datum { return value }
    return Double(try integer(datum, "the value"))
  }

  private func axisCount(_ rank: Int) -> String { rank == 1 ? "1 axis" : "\(rank) axes" }

  // MARK: Convolution

  /// `_patches(x, w, axes, stride, padding, dilation, groups)`: what each place of each filter sees of the images x [n, c, …], as
  /// [n, group, c / groups, place …, element …]. Checks that x and the filters w [o, c / groups, …] go together.
  func patches(_ a: [Datum]) throws(LoweringFailure) -> Datum {
    let axes = try integers(a[2], "an axis")
    let operands = try unified([a[0], a[1]])
    let values = operands.list.map { value($0) }
    if operands.element == .bool {
      throw fail("\(typeWords(0)) is bool; numbers are needed: cast(\(typeWords(0)), f32)")
    }
    for (index, value) in values.enumerated() {
      let rank = builder.shape(of: value).rank
      if rank != axes.count + 2 {
        throw fail("\(words(index)) has \(axisCount(rank)), expected \(axes.count + 2)")
      }
    }
    let (image, filters) = (builder.shape(of: values[0]), builder.shape(of: values[1]))
    let groups = try integer(a[6], "the number of groups")
    try checkChannels(image[1], filters[1], of: filters[0], groups)
    for axis in axes where filters[axis] == 0 {
      throw fail("\(words(1)) has shape \(filters): a filter without elements")
    }
    let sliding = Sliding(
      axes: axes, sizes: axes.map { filters[$0] },
      strides: try each(a[3], axes.count, "the stride", atLeast: 1),
      paddings: try each(a[4], axes.count, "the padding", atLeast: 0),
      dilations: try each(a[5], axes.count, "the dilation", atLeast: 1))
    let zero = Scalar(0, as: operands.element)
    let patches = try slide(values[0], sliding, zero)
    var sizes = builder.shape(of: patches).sizes
    sizes.replaceSubrange(1...1, with: [groups, filters[1]])
    return wrap(builder.reshape(patches, to: try checked(sizes)), operands.fallback)
  }

  private func checkChannels(
    _ channels: Int, _ expected: Int, of filters: Int, _ groups: Int
  ) throws(LoweringFailure) {
    if groups < 1 { throw fail("the number of groups is at least 1, found \(groups)") }
    if channels % groups != 0 {
      throw fail("\(words(0)) has \(channels) channels, which do not divide into \(groups) groups")
    }
    if channels / groups != expected {
      let each = groups == 1 ? "" : " in \(groups) groups, \(channels / groups) each"
      throw fail("\(words(0)) has \(channels) channels\(each), but \(words(1)) expects \(expected)")
    }
    if filters % groups != 0 {
      throw fail("\(words(1)) has \(filters) filters, which do not divide into \(groups) groups")
    }
  }

  /// `_contract(a, a_axes, b, b_axes, axes)`: a product summed over the axes that both have and the result has not. Axes are numbers.
  func contract(_ a: [Datum]) throws(LoweringFailure) -> Datum {
    let operands = try unified([a[0], a[2]])
    func labels(_ datum: Datum) throws(LoweringFailure) -> [UInt8] {
      try integers(datum, "an axis").map { UInt8(ascii: "a") + UInt8(truncatingIfNeeded: $0) }
    }
    let contraction = Contraction(
      left: try labels(a[1]), right: try labels(a[3]), result: try labels(a[4]))
    let (left, right) = (value(operands.list[0]), value(operands.list[1]))
    return wrap(builder.contract(left, right, contraction), operands.fallback)
  }

  // MARK: Normalisation

  /// `_along(p, x, axis)`: p, with as many axes as `axis` names, as a value with these axes where x has them, which broadcasts with x. A p
  /// with more or fewer axes stays as it is.
  func along(_ p: Datum, _ x: Datum, _ axis: Datum) throws(LoweringFailure) -> Datum {
    let shape = try shape(of: x)
    let axes = try axes(axis, rank: shape.rank, of: 1)
    if p.isScalarConstant { return p }
    let (value, fallback) = try tensor(p)
    let own = builder.shape(of: value)
    if own.rank != axes.count { return p }
    var sizes = [Int](repeating: 1, count: shape.rank)
    for (position, axis) in axes.enumerated() {
      if own[position] != shape[axis], own[position] != 1 {
        throw fail(
          "\(words(0)) has shape \(own), but axis \(axis) of \(words(1)) has "
            + "\(shape[axis]) elements")
      }
      sizes[axis] = own[position]
    }
    return wrap(builder.reshape(value, to: Shape(sizes)), fallback)
  }

  // MARK: Attention

  /// `_scores(q, k)`: q · kᵀ over the last two axes.
  func scores(_ q: Datum, _ k: Datum) throws(LoweringFailure) -> Datum {
    var ranks: [Int] = []
    for (index, datum) in [q, k].enumerated() {
      let shape = try shape(of: datum)
      ranks.append(shape.rank)
      if shape.rank < 2 {
        throw fail("\(words(index)) has \(axisCount(shape.rank)), expected at least 2")
      }
    }
    let (left, right) = (try shape(of: q), try shape(of: k))
    if left[ranks[0] - 1] != right[ranks[1] - 1] {
      throw fail(
        "\(words(0)) has \(left[ranks[0] - 1]) columns, but \(words(1)) has "
          + "\(right[ranks[1] - 1])")
    }
    let (keys, fallback) = try tensor(k, 1)
    var order = Array(0..<ranks[1])
    order.swapAt(ranks[1] - 2, ranks[1] - 1)
    return try product(q, wrap(builder.permute(keys, order), fallback))
  }

  /// `_masked(x, mask)`: x where the mask holds, else -inf (so that NaN stays).
  func masked(_ x: Datum, _ mask: Datum) throws(LoweringFailure) -> Datum {
    if case .none = mask { return x }
    if case .boolean(true) = mask { return x }
    let conditions = try unified([mask], from: 1)
    if conditions.element != .bool {
      throw fail(
        "\(typeWords(1)) is \(conditions.element.name), not bool: compare it, \(typeWords(1)) != 0")
    }
    let bias = try select(mask, .integer(0), .number(-.infinity))
    return try binary(.add, x, bias)
  }
}
