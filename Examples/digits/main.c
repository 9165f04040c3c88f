/* Classifies handwritten digits with the network that nncc trained and wrote as C.

   usage: digits FILE.csv

   FILE.csv has a line of names, then 64 pixels and the digit in each row. For each row the program prints
   the digit and the network's answer. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "digits.h"

enum { PIXELS = 64, CLASSES = 10 };

/* One row of the file: 64 pixels from 0 to 16 and the digit. Returns 0 at the end of the file. */
static int read_row(FILE *file, float pixels[PIXELS], int *digit) {
  int i;
  for (i = 0; i < PIXELS; i++) {
    if (fscanf(file, "%f,", &pixels[i]) != 1) return 0;
    pixels[i] /= 16;
  }
  return fscanf(file, "%d", digit) == 1;
}

/* The digit that the network holds to be the likeliest: the first of equals. */
static int classify(const float pixels[PIXELS]) {
  /* The network's scratch memory, which must begin at a multiple of 64. */
  static unsigned char memory[DIGITS_FORWARD_WORKSPACE + 64];
  void *workspace = memory + (64 - (uintptr_t)memory % 64) % 64;
  float likelihood[CLASSES];
  int best = 0, i;
  if (digits_forward(&digits_trained, pixels, likelihood, workspace) != 0) exit(1);
  for (i = 1; i < CLASSES; i++) {
    if (likelihood[i] > likelihood[best]) best = i;
  }
  return best;
}

int main(int argc, char **argv) {
  float pixels[PIXELS];
  int digit, right = 0, count = 0;
  FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
  if (file == NULL) {
    fprintf(stderr, "usage: digits FILE.csv\n");
    return 64;
  }
  fscanf(file, "%*[^\n]"); /* the names of the columns */
  while (read_row(file, pixels, &digit)) {
    int answer = classify(pixels);
    printf("%d %d\n", digit, answer);
    right += answer == digit;
    count++;
  }
  fclose(file);
  fprintf(stderr, "%d of %d right: %.2f %%\n", right, count, 100.0 * right / count);
  return 0;
}
