/* tanh_sigmoid_coefficients.c: the coefficients of nn_tanh_f32 and nn_sigmoid_f32 in Sources/Kernels/include/nn_math.h.

   Both come from tanh(s) = s / (1 + s^2 q(s^2)) with a q of two coefficients. Rounding counts for as much as the error of q
   here, so the minimax polynomials are only where it begins: (s / tanh(s) - 1) / s^2 up to s = 0.2709, where tanh's n becomes
   1, or ln2 / 4 for sigmoid. Then both coefficients are moved by some units, and what does not make the greatest error over a
   sample of floats worse is kept. Prints the coefficients and the greatest errors, in a minute; the numbers are those that
   glibc's rand gives. sweep.c has the errors of all floats.

       gcc -O3 -march=native -ffp-contract=off tanh_sigmoid_coefficients.c -lm && ./a.out */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of 22 scales from 1.4 to 1.66 that with which the error came out least. */
#define SCALE 0x1.9p-64f

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

static inline float tanh_of(float y, const float *c) {
  uint32_t t = bits_of(y * 0x1.715476p+1f + 0x1.800006p+19f) & ~15u;
  float n = of_bits(t) - 0x1.8p+19f;
  float r = y - n * 0x1.62e430p-2f;
  float z = r * r;
  float e = 1.0f + z * (c[0] + c[1] * z);
  float b = of_bits((t << 19) + 0x3f000000u) - 0.5f;
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
  return p / (p + of_bits(bits_of(m) - (bits_of(t) << 23)));
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

typedef struct {
  const char *name;
  float (*of)(float, const float *);
  double (*truth)(double);
  float c[2];
  int step[2]; /* by how many units in the last place a coefficient is moved at most */
} function;

/* What is tried: floats, the function's values, and one over the unit in the last place of each. */
static float *x;
static double *truth, *per_unit;
static int count;

static void forget(void) { count = 0; }

static void sample(const function *f, float from, float to, uint32_t stride) {
  const int more = (int)((bits_of(to) - bits_of(from)) / stride);
  x = realloc(x, (size_t)(count + more) * sizeof *x);
  truth = realloc(truth, (size_t)(count + more) * sizeof *truth);
  per_unit = realloc(per_unit, (size_t)(count + more) * sizeof *per_unit);
  for (int i = count; i < count + more; i++) {
    int exponent;
    x[i] = of_bits(bits_of(from) + (uint32_t)(i - count) * stride);
    truth[i] = f->truth((double)x[i]);
    frexp(truth[i], &exponent);
    per_unit[i] = ldexp(1, 24 - (exponent < -125 ? -125 : exponent));
  }
  count += more;
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
static double greatest_error(const function *f) {
  return f->of == tanh_of ? greatest_of_tanh(f->c) : greatest_of_sigmoid(f->c);
}

static void climb(function *f) {
  double best = greatest_error(f);
  for (int round = 0; round < 1000; round++) {
    float before[2];
    memcpy(before, f->c, sizeof before);
    for (int which = 0; which < 2; which++) {
      const double reach = f->step[which] * pow(10, -(rand() % 4) * .5) + 1;
      const int by = (int)((rand() / (double)RAND_MAX * 2 - 1) * reach);
      f->c[which] = of_bits(bits_of(f->c[which]) + (uint32_t)by);
    }
    const double error = greatest_error(f);
    if (error <= best) {
      best = error;
    } else {
      memcpy(f->c, before, sizeof before);
    }
  }
}

static void print(const function *f) {
  printf("%s: %.4f units in the last place\n", f->name, greatest_error(f));
  for (int i = 0; i < 2; i++) printf("  %a\n", (double)f->c[i]);
}

int main(void) {
  function tanh_ = {"tanh", tanh_of, tanh, {0x1.555516p-2f, -0x1.68f458p-6f}, {60, 30000}};
  srand(7);
  sample(&tanh_, 0x1p-5f, 0.75f, 5);
  climb(&tanh_);
  forget();
  sample(&tanh_, 0x1p-13f, 12.0f, 3);
  print(&tanh_);

  function sigmoid_ = {"sigmoid", sigmoid_of, sigmoid, {SCALE * 0x1.555532p-4f, SCALE * -0x1.6aa4p-10f}, {60, 30000}};
  srand(7);
  forget();
  sample(&sigmoid_, -0.25f, -20.0f, 17);
  climb(&sigmoid_);
  forget();
  sample(&sigmoid_, -0x1p-13f, -104.0f, 3);
  sample(&sigmoid_, 0x1p-13f, 18.0f, 3);
  print(&sigmoid_);
}
