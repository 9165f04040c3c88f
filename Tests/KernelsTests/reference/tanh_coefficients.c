/* tanh_coefficients.c: the coefficients of nn_tanh_f32 in Sources/Kernels/include/nn_math.h.

   Rounding counts for as much as the polynomials' own errors here, so minimax polynomials are only where it begins: `far` is
   (e^(2 r) - 1) / r for |r| <= ln2 / 4, weighted by what it does to tanh from 0.5625 on, `near` is (tanh(x) / x - 1) / x^2 up
   to 0.55, each coefficient rounded to f32 and the rest fitted again. Then some coefficients at a time are moved by a few
   units, and what does not make the greatest error over a sample of all floats worse is kept. Prints the coefficients and the
   errors over every float, in half a minute; the numbers are those that glibc's rand gives.

       gcc -O3 -march=native -ffp-contract=off tanh_coefficients.c -lm && ./a.out */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THRESHOLD 0.5625f

static float far[5] = {0x1.fffff2p+0f, 0x1.fffdeep+0f, 0x1.555cd4p+0f, 0x1.572db2p-1f, 0x1.0ea3d2p-2f};
static float near[4] = {-0x1.555452p-2f, 0x1.10cefcp-3f, -0x1.af7d38p-5f, 0x1.0d5184p-6f};

/* By how many units in the last place a coefficient is moved at most. */
static const int far_step[5] = {2, 8, 200, 3000, 30000};
static const int near_step[4] = {8, 500, 8000, 100000};

static float of_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

static uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

static inline float tanh_far(float y) {
  float t = y * 0x1.715476p+1f + 0x1.8p23f;
  float n = t - 0x1.8p23f;
  float r = y - n * 0x1.62e430p-2f;
  float q = far[4];
  q = q * r + far[3];
  q = q * r + far[2];
  q = q * r + far[1];
  q = q * r + far[0];
  q = q * r + 1.0f;
  float e = of_bits(bits_of(q) + (bits_of(t) << 23));
  return 1.0f - 2.0f / (e + 1.0f);
}

static inline float tanh_near(float y) {
  float z = y * y;
  float p = near[3];
  p = p * z + near[2];
  p = p * z + near[1];
  p = p * z + near[0];
  return y + y * z * p;
}

/* Floats, their tanh, and one over its unit in the last place. */
static float *x;
static double *tanh_x, *per_unit;
static int count;

static void sample(float from, float to, uint32_t stride) {
  count = (int)((bits_of(to) - bits_of(from)) / stride);
  x = realloc(x, (size_t)(count + 1) * sizeof *x);
  tanh_x = realloc(tanh_x, (size_t)(count + 1) * sizeof *tanh_x);
  per_unit = realloc(per_unit, (size_t)(count + 1) * sizeof *per_unit);
  for (int i = 0; i < count; i++) {
    int exponent;
    x[i] = of_bits(bits_of(from) + (uint32_t)i * stride);
    tanh_x[i] = tanh((double)x[i]);
    frexp(tanh_x[i], &exponent);
    per_unit[i] = ldexp(1, 24 - exponent);
  }
}

static double greatest_error(int is_near) {
  double greatest = 0;
  for (int i = 0; i < count; i++) {
    const float result = is_near ? tanh_near(x[i]) : tanh_far(x[i]);
    const double error = fabs((double)result - tanh_x[i]) * per_unit[i];
    greatest = error > greatest ? error : greatest;
  }
  return greatest;
}

static void climb(int is_near, float *coefficients, const int *step, int size) {
  double best = greatest_error(is_near);
  for (int round = 0; round < 1500; round++) {
    float before[5];
    memcpy(before, coefficients, (size_t)size * sizeof *coefficients);
    const int moves = 1 + rand() % size;
    for (int move = 0; move < moves; move++) {
      const int which = rand() % size;
      const double reach = step[which] * pow(10, -(rand() % 3) * .5) + 1;
      const int by = (int)((rand() / (double)RAND_MAX * 2 - 1) * reach);
      coefficients[which] = of_bits(bits_of(coefficients[which]) + (uint32_t)by);
    }
    const double error = greatest_error(is_near);
    if (error <= best) {
      best = error;
    } else {
      memcpy(coefficients, before, (size_t)size * sizeof *coefficients);
    }
  }
}

int main(void) {
  srand(7);
  for (int is_near = 0; is_near < 2; is_near++) {
    float *const coefficients = is_near ? near : far;
    const int size = is_near ? 4 : 5;
    is_near ? sample(0.25f, THRESHOLD, 5) : sample(THRESHOLD, 1.5f, 9);
    climb(is_near, coefficients, is_near ? near_step : far_step, size);
    is_near ? sample(1e-3f, THRESHOLD, 1) : sample(THRESHOLD, 12.0f, 1);
    printf("%s: %.4f units in the last place\n", is_near ? "near" : "far", greatest_error(is_near));
    for (int i = 0; i < size; i++) printf("  %a\n", (double)coefficients[i]);
  }
}
