"""Derives the polynomial coefficients of Sources/Kernels/include/nn_math.h.

Each entry of TABLE is a smooth function on an interval, approximated by Remez's exchange algorithm (in 60 digits) so
that `(P(x) - f(x)) * weight(x)` is as small as possible; the weight turns the error of the polynomial into the relative
error of the function that it serves. Prints coefficients, lowest power first, as hexadecimal floats in the element type.

    python3 nn_math_coefficients.py [name ...]
"""
import struct
import sys
import mpmath as mp

mp.mp.dps = 60


def remez(f, a, b, degree, weight, rounds=12):
    """The minimax polynomial (lowest power first) and its weighted error."""
    a, b = mp.mpf(a), mp.mpf(b)
    n = degree + 2
    points = [(a + b) / 2 - (b - a) / 2 * mp.cos(mp.pi * i / (n - 1)) for i in range(n)]
    grid = [(a + b) / 2 - (b - a) / 2 * mp.cos(mp.pi * (i + 0.5) / (30 * n)) for i in range(30 * n)]
    grid = [a] + grid + [b]
    values = [(f(x), weight(x)) for x in grid]
    for _ in range(rounds):
        rows = mp.matrix(n, n)
        right = mp.matrix(n, 1)
        for i, x in enumerate(points):
            for j in range(degree + 1):
                rows[i, j] = x ** j
            rows[i, degree + 1] = (-1) ** i / weight(x)
            right[i] = f(x)
        solution = mp.lu_solve(rows, right)
        coefficients = [solution[j] for j in range(degree + 1)]
        errors = [(mp.polyval(coefficients[::-1], x) - v) * w for x, (v, w) in zip(grid, values)]
        best = []  # the extremum of each run of equal sign
        for x, e in zip(grid, errors):
            if best and mp.sign(best[-1][1]) == mp.sign(e):
                if abs(e) > abs(best[-1][1]):
                    best[-1] = (x, e)
            else:
                best.append((x, e))
        while len(best) > n:
            best.pop(0 if abs(best[0][1]) < abs(best[-1][1]) else -1)
        worst = max(abs(e) for e in errors)
        if len(best) < n:
            break
        points = [x for x, _ in best]
        if worst < abs(solution[degree + 1]) * mp.mpf("1.001"):
            break
    return coefficients, worst


def hex32(x):
    v = struct.unpack("f", struct.pack("f", float(x)))[0]
    return v.hex().replace("0000000p", "p") + "f"


def hex64(x):
    return float(x).hex()


def series(f, taylor):
    """f away from 0, its Taylor polynomial next to 0 where the formula cancels."""
    return lambda x: taylor(x) if abs(x) < mp.mpf(10) ** -12 else f(x)


half_ln2 = mp.log(2) / 2 * mp.mpf("1.0005")
expq = series(lambda r: (mp.expm1(r) - r) / r**2, lambda r: mp.mpf(1) / 2 + r / 6 + r * r / 24)
log_s = series(lambda f: (mp.log1p(f) - f + f * f / 2) / f**3, lambda f: mp.mpf(1) / 3 - f / 4 + f * f / 5)
log_w = series(lambda f: f**3 / mp.log1p(f), lambda f: f * f)


def atanh_r(z):
    if z < mp.mpf(10) ** -18:
        return mp.mpf(2) / 3 + 2 * z / 5
    s = mp.sqrt(z)
    return (2 * mp.atanh(s) / s - 2) / z


def pow_r(z):
    """The tail of 2 atanh(s) / s from the z^3 term on."""
    return mp.nsum(lambda i: 2 * z**i / (2 * i + 7), [0, 60]) if z < 0.001 else (
        2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 2 - 2 * z / 3 - 2 * z * z / 5) / z**3


def sin_r(z):
    if z < mp.mpf(10) ** -18:
        return -mp.mpf(1) / 6 + z / 120
    s = mp.sqrt(z)
    return (mp.sin(s) - s) / (s * z)


def cos_r(z):
    if z < mp.mpf(10) ** -10:
        return mp.mpf(1) / 24 - z / 720 + z * z / 40320
    return (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2


def asin_r(z):
    if z < mp.mpf(10) ** -18:
        return mp.mpf(1) / 6 + z * 3 / 40
    s = mp.sqrt(z)
    return (mp.asin(s) - s) / (s * z)


def atan_r(z):
    if z < mp.mpf(10) ** -18:
        return -mp.mpf(1) / 3 + z / 5
    s = mp.sqrt(z)
    return (mp.atan(s) - s) / (s * z)


def tanh_r(z):
    if z < mp.mpf(10) ** -18:
        return -mp.mpf(1) / 3 + 2 * z / 15
    s = mp.sqrt(z)
    return (mp.tanh(s) - s) / (s * z)


def sinh_r(z):
    if z < mp.mpf(10) ** -18:
        return mp.mpf(1) / 6 + z / 120
    s = mp.sqrt(z)
    return (mp.sinh(s) - s) / (s * z)


def erf_r(z):
    """erf(x) / x at x = sqrt(z), minus the leading 1."""
    if z < mp.mpf(10) ** -30:
        return 2 / mp.sqrt(mp.pi) - 1
    s = mp.sqrt(z)
    return mp.erf(s) / s - 1


def erfcx_of(centre):
    """exp(x^2) erfc(x) * (x + c) as a function of t = (x - c) / (x + c)."""
    def g(t):
        if t >= 1:
            return 1 / mp.sqrt(mp.pi)
        x = centre * (1 + t) / (1 - t)
        return mp.exp(x * x) * mp.erfc(x) * (x + centre) if x < 60 else (
            (x + centre) / x / mp.sqrt(mp.pi) * (1 - 1 / (2 * x * x) + 3 / (4 * x**4) - 15 / (8 * x**6) + 105 / (16 * x**8)))
    return g


def t_of(x, centre):
    x = mp.mpf(x)
    return (x - centre) / (x + centre)


def erf_q(x):
    """-log(1 - erf(x)) / x."""
    return -mp.log(mp.erfc(x)) / x


def erf_q_weight(x):
    return x * mp.erfc(x) / mp.erf(x)


q4 = (mp.pi / 4) ** 2 * mp.mpf("1.0005")
zlog = mp.mpf(3) - 2 * mp.sqrt(2)
zlog = zlog * zlog * mp.mpf("1.0001")
tan8 = (mp.sqrt(2) - 1) ** 2 * mp.mpf("1.0005")
root = mp.sqrt(2)

#  name: (type, f, from, to, degree, weight)
TABLE = {
    "exp32": (32, expq, -half_ln2, half_ln2, 4, lambda r: r * r + mp.mpf("1e-4")),
    "exp32d": (64, expq, -half_ln2, half_ln2, 5, lambda r: r * r + mp.mpf("1e-4")),
    "exp64": (64, expq, -half_ln2, half_ln2, 9, lambda r: r * r + mp.mpf("1e-4")),
    "expm1_32": (32, expq, -half_ln2, half_ln2, 5, lambda r: abs(r) + mp.mpf("1e-2")),
    "expm1_64": (64, expq, -half_ln2, half_ln2, 9, lambda r: abs(r) + mp.mpf("1e-2")),
    "log32": (32, log_s, 1 / root - 1, root - 1, 8, lambda f: abs(log_w(f)) + mp.mpf("1e-3")),
    "log64": (64, atanh_r, 0, zlog, 6, lambda z: z + mp.mpf("1e-4")),
    "pow64": (64, pow_r, 0, zlog, 6, lambda z: z**3 + mp.mpf("1e-7")),
    "sin32": (32, sin_r, 0, q4, 2, lambda z: z + mp.mpf("1e-3")),
    "sin32d": (64, sin_r, 0, q4, 3, lambda z: z + mp.mpf("1e-3")),
    "sin64": (64, sin_r, 0, q4, 5, lambda z: z + mp.mpf("1e-3")),
    "cos32": (32, cos_r, 0, q4, 2, lambda z: z * z + mp.mpf("1e-3")),
    "cos32d": (64, cos_r, 0, q4, 3, lambda z: z * z + mp.mpf("1e-3")),
    "cos64": (64, cos_r, 0, q4, 5, lambda z: z * z + mp.mpf("1e-3")),
    "asin32d": (64, asin_r, 0, mp.mpf(1) / 4, 5, lambda z: z + mp.mpf("1e-3")),
    "asin64": (64, asin_r, 0, mp.mpf(1) / 4, 12, lambda z: z + mp.mpf("1e-3")),
    "atan32d": (64, atan_r, 0, tan8, 5, lambda z: z + mp.mpf("1e-3")),
    "atan64": (64, atan_r, 0, tan8, 11, lambda z: z + mp.mpf("1e-3")),
    # In f32: tanh_sigmoid_coefficients.c.
    "tanh64": (64, tanh_r, 0, mp.mpf("0.391"), 10, lambda z: z + mp.mpf("1e-3")),
    "sinh32d": (64, sinh_r, 0, 1, 3, lambda z: z + mp.mpf("1e-3")),
    "sinh64": (64, sinh_r, 0, 1, 6, lambda z: z + mp.mpf("1e-3")),
    "erf32": (32, erf_r, 0, mp.mpf("0.921875") ** 2, 6, lambda z: 1),
    "erf64": (64, erf_r, 0, mp.mpf(1), 11, lambda z: 1),
    "erfq32": (32, erf_q, mp.mpf("0.921875"), mp.mpf("4.0"), 7, erf_q_weight),
    "erfcx32": (64, erfcx_of(mp.mpf(2)), t_of("0.46", 2), t_of(11, 2), 10, lambda t: 1),
    "erfcx64": (64, erfcx_of(mp.mpf(3)), t_of("0.46", 3), t_of(30, 3), 24, lambda t: 1),
    "erfcx_slope": (64, lambda t: mp.diff(erfcx_of(mp.mpf(3)), t), t_of("0.46", 3), t_of(30, 3), 6, lambda t: 1),
}

if __name__ == "__main__":
    for name in sys.argv[1:] or TABLE:
        bits, f, a, b, degree, weight = TABLE[name]
        coefficients, worst = remez(f, a, b, degree, weight)
        print(f"{name}: degree {degree}, weighted error 2^{float(mp.log(worst, 2)):.2f}")
        for c in coefficients:
            print("   ", hex32(c) if bits == 32 else hex64(c))
        sys.stdout.flush()
