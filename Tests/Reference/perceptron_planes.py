#!/usr/bin/env python3
"""What a single perceptron can tell apart on a retina of 20x20 cells: the figures of Examples/perceptron.md.

usage: perceptron_planes.py

Draws the shapes of Examples/Generators/Shapes.swift at all places and asks a linear program whether
weights and a threshold separate them (sizes 4 to 12 contain the case of equal areas); then trains by Rosenblatt's rule on a random half of the
pictures of equal area. Needs NumPy and SciPy.
"""

import numpy as np
from scipy.optimize import linprog

WIDTH = 20


def shape(kind, side):
    y, x = np.mgrid[:side, :side] + 0.5
    if kind == "square":
        return np.ones((side, side))
    return (np.abs(x - side / 2) <= y / 2).astype(float)


def pictures(kind, sides, is_torus=False):
    """All places of all sizes; on a torus, what leaves on one side enters on the other."""
    rows = []
    for side in sides:
        reach = WIDTH if is_torus else WIDTH - side + 1
        for top, left in np.ndindex(reach, reach):
            cells = np.zeros((WIDTH, WIDTH))
            cells[:side, :side] = shape(kind, side)
            rows.append(np.roll(cells, (top, left), (0, 1)).ravel())
    return np.array(rows)


def signed(squares, triangles):
    """Each picture with a constant 1, and its sign."""
    x = np.vstack([squares, triangles])
    y = np.repeat([1.0, -1.0], [len(squares), len(triangles)])
    return np.c_[x, np.ones(len(x))], y


def is_separable(squares, triangles):
    """Whether some weights separate them. Exactly if not, some mean of squares is some mean of triangles (Farkas), which is looked for."""
    x = np.vstack([squares, -triangles])
    is_square = np.repeat([1.0, 0.0], [len(squares), len(triangles)])
    conditions = np.vstack([x.T, is_square, 1 - is_square])
    values = np.r_[np.zeros(WIDTH * WIDTH), 1, 1]
    program = linprog(np.zeros(len(x)), A_eq=conditions, b_eq=values)
    assert program.status in (0, 2), program.message
    if program.status == 0:
        assert np.abs(conditions @ program.x - values).max() < 1e-9 and program.x.min() >= 0
    return program.status == 2


def learnt(squares, triangles, random):
    """Shares of right answers on a random half, which is trained on, and on the other half."""
    x, y = signed(squares, triangles)
    order = random.permutation(len(x))
    trained, others = order[: len(x) // 2], order[len(x) // 2 :]
    w = np.zeros(x.shape[1])
    for _ in range(500):
        mistakes = 0
        for row in random.permutation(trained):
            if y[row] * (x[row] @ w) <= 0:
                w += y[row] * x[row]
                mistakes += 1
        if not mistakes:
            break
    return [np.mean(np.sign(x[rows] @ w) == y[rows]) for rows in (trained, others)]


def main():
    sizes = range(4, 13)
    print("lit cells of squares  ", [int(shape("square", n).sum()) for n in sizes])
    print("lit cells of triangles", [int(shape("triangle", n).sum()) for n in sizes])
    for name, squares, triangles in [
        ("one size, 10", pictures("square", [10]), pictures("triangle", [10])),
        ("25 cells each", pictures("square", [5]), pictures("triangle", [7])),
        ("on a torus", pictures("square", [5], True), pictures("triangle", [7], True)),
    ]:
        answer = "separable" if is_separable(squares, triangles) else "not separable"
        print(f"{name}: {len(squares)} squares, {len(triangles)} triangles: {answer}")
    random = np.random.default_rng(0)
    for _ in range(5):
        half, rest = learnt(pictures("square", [5]), pictures("triangle", [7]), random)
        print(f"25 cells each: {half:.0%} of the half trained on, {rest:.0%} of the other")


if __name__ == "__main__":
    main()
