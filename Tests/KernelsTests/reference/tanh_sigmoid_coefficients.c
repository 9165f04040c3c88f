/* tanh_sigmoid_coefficients.c: the coefficients of nn_tanh_f32 and nn_sigmoid_f32 in Sources/Kernels/include/nn_math.h.

   Both come from tanh(s) = s / (1 + s^2 q(s^2)) with a q of two coefficients. Rounding counts for as much as the error of q
   here, so the minimax polynomials are only where it begins: (s / tanh(s) - 1) / s^2 up to s = 0.2709, where tanh's n becomes
   1, or ln2 / 4 for sigmoid. Then both coefficients are moved by some units, and what does not make the greatest error over a
   sample of floats worse is kept. Prints the coefficients and the sample's greatest error, in a minute; the numbers are
   those that glibc's rand gives. Of all floats sweep.c measures it.

       gcc -O3 -march=native -ffp-contract=off -I Sources/Kernels/include tanh_sigmoid_coefficients.c -lm && ./a.out */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn_math.h"

/* Of 22 scales from 1.4 to 1.66 that with which the error came out least. */
#define SCALE 0x1.9p-64f

static inline float tanh_of(float y, const float *c) {
  uint32_t t = nn_bits_f32(y * 0x1.715476p+1f + 0x1.800006p+19f) & ~15u;
  float n = nn_float_f32(t) - 0x1.8p+19f;
  float r = y - n * 0x1.62e430p-2f;
  float z = r * r;
  float e = 1.0f + z * (c[0] + c[1] * z);
  float b = nn_float_f32((t << 19) + 0x3f000000u) - 0.5f;
  float p = b * (e + r) + r;
  return p / (n > 0.0f ? p + (e - r) : e);
}

static inline float sigmoid_of(float x, const float *c) {
  float t = x * 0x1.715476p+0f + 0x1.8p23f;
  float n = t - 0x1.8p23f;
  float r = (x - n * 0x1.62e400p-1f) - n * 0x1.7f7d1cp-20f;
  float z = r * r;
  float h = r * (SCALE * 0.5f);
  float m = SCALE + z * (c[0] + c[1] * z) - h;
  float p = m + (h + h);
  return p / (p + nn_float_f32(nn_bits_f32(m) - (nn_bits_f32(t) << 23)));
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

/* What is tried: floats, the function's values, and one over the unit in the last place of each. */
static float *x;
static double *truth, *per_unit;
static int count;

static void sample(double (*of)(double), float from, float to, uint32_t stride) {
  count = (int)((nn_bits_f32(to) - nn_bits_f32(from)) / stride);
  x = realloc(x, (size_t)count * sizeof *x);
  truth = realloc(truth, (size_t)count * sizeof *truth);
  per_unit = realloc(per_unit, (size_t)count * sizeof *per_unit);
  for (int i = 0; i < count; i++) {
    int exponent;
    x[i] = nn_float_f32(nn_bits_f32(from) + (uint32_t)i * stride);
    truth[i] = of((double)x[i]);
    frexp(truth[i], &exponent);
    per_unit[i] = ldexp(1, 24 - exponent);
  }
}

#define GREATEST(of)                                                           \
  double greatest = 0;                                                         \
  for (int i = 0; i < count; i++) {                                            \
    const double error = fabs((double)of(x[i], c) - truth[i]) * per_unit[i];   \
    greatest = error > greatest ? error : greatest;                            \
  }                                                                            \
  return greatest

/* One loop for each, which the compiler makes vectors of. */
static double greatest_of_tanh(const float *c) { GREATEST(tanh_of); }
static double greatest_of_sigmoid(const float *c) { GREATEST(sigmoid_of); }

/* `step`: by how many units in the last place a coefficient is moved at most. */
static void climb(const char *name, double (*greatest)(const float *), float c[2], const int step[2]) {
  double best = greatest(c);
  srand(7);
  for (int round = 0; round < 1000; round++) {
    const float before[2] = {c[0], c[1]};
    for (int which = 0; which < 2; which++) {
      const double reach = step[which] * pow(10, -(rand() % 4) * .5) + 1;
      const int by = (int)((rand() / (double)RAND_MAX * 2 - 1) * reach);
      c[which] = nn_float_f32(nn_bits_f32(c[which]) + (uint32_t)by);
    }
    const double error = greatest(c);
    if (error <= best) {
      best = error;
    } else {
      memcpy(c, before, sizeof before);
    }
  }
  printf("%s: %.4f units in the last place\n  %a\n  %a\n", name, best, (double)c[0], (double)c[1]);
}

int main(void) {
  const int step[2] = {60, 30000};
  float of_tanh[2] = {0x1.555516p-2f, -0x1.68f458p-6f};
  sample(tanh, 0x1p-5f, 0.75f, 5);
  climb("tanh", greatest_of_tanh, of_tanh, step);

  float of_sigmoid[2] = {SCALE * 0x1.555532p-4f, SCALE * -0x1.6aa4p-10f};
  sample(sigmoid, -0.25f, -20.0f, 17);
  climb("sigmoid", greatest_of_sigmoid, of_sigmoid, step);
}
