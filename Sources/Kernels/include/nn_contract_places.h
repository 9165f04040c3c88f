/* @section contract_places_guard_begin needs: */
/* nn_contract_places.h: where the elements of sliding windows lie, and packing them. A part of nn_contract_view.h. */
#ifndef NN_CONTRACT_PLACES_H
#define NN_CONTRACT_PLACES_H

#include "nn_contract.h"
/* @end */

/* @section contract_places needs: contract_tile */
/* Where the elements first .. first + count - 1 of some axes are; `fields` numbers an axis, the stride being the one
   with the number `field`. There are at most 8 axes. */
static void nn_contract_places(ptrdiff_t first, ptrdiff_t count, const ptrdiff_t *axes, ptrdiff_t rank, int fields,
                               int field, ptrdiff_t *places) {
  ptrdiff_t sizes[8] = {0}, steps[8] = {0}, index[8] = {0}, place = 0, count_axes = 0;
  /* Innermost first, neighbours that are walked as one joined. */
  for (ptrdiff_t axis = rank - 1; axis >= 0; axis--) {
    const ptrdiff_t size = axes[axis * fields], step = axes[axis * fields + field], last = count_axes - 1;
    if (last >= 0 && step == sizes[last] * steps[last]) {
      sizes[last] *= size;
    } else {
      sizes[count_axes] = size;
      steps[count_axes++] = step;
    }
  }
  if (first == 0 && count > 0 && count_axes > 0) {
    /* From the innermost axis outwards what is there is repeated, a step further each time. */
    ptrdiff_t done = 1;
    places[0] = 0;
    for (ptrdiff_t axis = 0; axis < count_axes && done < count; axis++) {
      const ptrdiff_t before = done, stop = before * sizes[axis] < count ? before * sizes[axis] : count;
      for (ptrdiff_t further = steps[axis]; done < stop; further += steps[axis]) {
        const ptrdiff_t next = stop - done < before ? stop - done : before;
        for (ptrdiff_t i = 0; i < next; i++) places[done + i] = places[i] + further;
        done += next;
      }
    }
    return;
  }
  for (ptrdiff_t axis = 0; axis < count_axes; axis++) {
    index[axis] = first % sizes[axis];
    first /= sizes[axis];
    place += index[axis] * steps[axis];
  }
  if (count_axes == 0) {
    for (ptrdiff_t i = 0; i < count; i++) places[i] = 0;
    return;
  }
  for (ptrdiff_t i = 0; i < count;) {
    /* As many as are left of the innermost axis, then on to the next of the outer ones. */
    const ptrdiff_t step = steps[0], left = sizes[0] - index[0];
    const ptrdiff_t run = left < count - i ? left : count - i;
    for (ptrdiff_t j = 0; j < run; j++, place += step) places[i + j] = place;
    i += run;
    index[0] += run;
    for (ptrdiff_t axis = 0; axis + 1 < count_axes && index[axis] == sizes[axis]; axis++) {
      place += steps[axis + 1] - index[axis] * steps[axis];
      index[axis] = 0;
      index[axis + 1]++;
    }
  }
}

#if NN_CONTRACT_SIMD
/* The longest stretch of some axes, at most `limit`, that starts at the same place of every axis it walks whole: all stretches
   of that length lie alike but for where they begin. */
static ptrdiff_t nn_contract_period(const ptrdiff_t *axes, ptrdiff_t rank, int fields, ptrdiff_t limit) {
  ptrdiff_t period = 1, axis = rank - 1;
  while (axis >= 0 && period * axes[axis * fields] <= limit) period *= axes[axis-- * fields];
  for (ptrdiff_t part = axis >= 0 ? limit / period : 0; part > 1; part--) {
    if (axes[axis * fields] % part == 0) return period * part;
  }
  return period;
}

/* How many of the places at the beginning have no neighbour behind them. */
static ptrdiff_t nn_contract_apart(const ptrdiff_t *places, ptrdiff_t count) {
  ptrdiff_t apart = 0;
  while (apart + 1 < count && places[apart + 1] != places[apart] + 1) apart++;
  return apart + 1 == count ? count : apart;
}

/* How many neighbours in memory there are from places[0] on. */
static ptrdiff_t nn_contract_run(const ptrdiff_t *places, ptrdiff_t count) {
  ptrdiff_t run = 1;
  /* Eight at a time without a way out, which compilers do in vectors. */
  for (int same = 1; run + 8 <= count; run += 8) {
    for (int i = 0; i < 8; i++) same &= places[run + i] == places[0] + run + i;
    if (!same) break;
  }
  while (run < count && places[run] == places[0] + run) run++;
  return run;
}

#define NN_CONTRACT_PACK_VIEW(T, type)                                                                                \
  /* Packs a tile of rows, each DEPTH + 64 bytes after the last. */                                                   \
  static void nn_contract_pack_view_rows_##T(int rows, ptrdiff_t depth, const type *a, const ptrdiff_t *k_places,     \
                                             const ptrdiff_t *m_places, type *packed) {                               \
    for (ptrdiff_t k = 0; k < depth;) {                                                                               \
      /* Elements one by one, as of filters that are read from their end, and runs of neighbours. */                  \
      const ptrdiff_t apart = nn_contract_apart(k_places + k, depth - k);                                             \
      for (int r = 0; r < rows && apart > 0; r++) {                                                                   \
        type *const to = packed + (r * ((NN_CONTRACT_DEPTH + 64) / (int)sizeof(type)) + k);                           \
        for (ptrdiff_t i = 0; i < apart; i++) to[i] = a[k_places[k + i] + m_places[r]];                               \
      }                                                                                                               \
      k += apart;                                                                                                     \
      const ptrdiff_t run = k < depth ? nn_contract_run(k_places + k, depth - k) : 0;                                 \
      for (int r = 0; r < rows && run > 0; r++) {                                                                     \
        nn_contract_copy_##T(packed + r * ((NN_CONTRACT_DEPTH + 64) / (int)sizeof(type)) + k,                         \
                             a + k_places[k] + m_places[r], run);                                                     \
      }                                                                                                               \
      k += run;                                                                                                       \
    }                                                                                                                 \
  }                                                                                                                   \
                                                                                                                      \
  /* The columns of a tile, where neighbours in memory are neighbours in k. */                                        \
  static void nn_contract_turn_view_##T(ptrdiff_t depth, ptrdiff_t width, ptrdiff_t used, const type *b,              \
                                        const ptrdiff_t *k_places, const ptrdiff_t *n_places, type *tile) {           \
    for (ptrdiff_t k = 0; k < depth;) {                                                                               \
      const ptrdiff_t run = nn_contract_run(k_places + k, depth - k);                                                 \
      const type *const from = b + k_places[k];                                                                       \
      for (ptrdiff_t i = 0; i < run && run < 4; i++) {                                                                \
        for (ptrdiff_t j = 0; j < used; j++) tile[(k + i) * width + j] = from[n_places[j] + i];                       \
      }                                                                                                               \
      for (ptrdiff_t i = 0; i < run && run >= 4; i += 4) {                                                            \
        const ptrdiff_t at = i + 4 <= run ? i : run - 4;                                                              \
        for (ptrdiff_t j = 0; j < used; j += 4) {                                                                     \
          const ptrdiff_t column = j + 4 <= used ? j : used - 4;                                                      \
          const ptrdiff_t *const n = n_places + column;                                                               \
          nn_contract_transpose(from + n[0] + at, from + n[1] + at, from + n[2] + at, from + n[3] + at,               \
                                (char *)(tile + (k + at) * width + column), width * (ptrdiff_t)sizeof(type));         \
        }                                                                                                             \
      }                                                                                                               \
      k += run;                                                                                                       \
    }                                                                                                                 \
  }                                                                                                                   \
                                                                                                                      \
  /* Tiles of columns, each as wide as nn_contract_width_T says. */                                                   \
  static void nn_contract_pack_view_##T(ptrdiff_t depth, ptrdiff_t columns, const type *b, const ptrdiff_t *k_places, \
                                        const ptrdiff_t *n_places, type *packed) {                                    \
    for (ptrdiff_t n = 0; n < columns;) {                                                                             \
      const ptrdiff_t width = nn_contract_width_##T(columns - n) / (ptrdiff_t)sizeof(type);                           \
      const ptrdiff_t used = columns - n < width ? columns - n : width;                                               \
      type *const tile = packed + n * depth;                                                                          \
      if (used < width) __builtin_memset(tile, 0, (size_t)(depth * width) * sizeof(type));                            \
      ptrdiff_t turned = 0;                                                                                           \
      if (sizeof(type) == 4 && used >= 4 && nn_contract_run(n_places + n, used < 16 ? used : 16) < 16 &&              \
          nn_contract_run(k_places, depth < 8 ? depth : 8) >= 8) {                                                    \
        turned = used;                                                                                                \
        nn_contract_turn_view_##T(depth, width, used, b, k_places, n_places + n, tile);                               \
      }                                                                                                               \
      for (ptrdiff_t j = turned; j < used;) {                                                                         \
        const ptrdiff_t run = nn_contract_run(n_places + n + j, used - j);                                            \
        const type *const from = b + n_places[n + j];                                                                 \
        for (ptrdiff_t k = 0; k < depth; k++) nn_contract_copy_##T(tile + k * width + j, from + k_places[k], run);    \
        j += run;                                                                                                     \
      }                                                                                                               \
      n += used;                                                                                                      \
    }                                                                                                                 \
  }
#endif
/* @end */

/* @section contract_places_guard_end needs: */
#endif
/* @end */
