/* @section lookup_guard_begin needs: lookup_guard_end */
/* nn_lookup.h: rows of tables by their numbers.

   A table has rows of `width` elements. Indices are numbers of rows; nn_check_I finds those that are none, and the other
   functions are called only with indices that have passed it. Freestanding C99 and C++17; needs the macros of nn_math.h.
   The file is cut into sections as nn_math.h is. */
#ifndef NN_LOOKUP_H
#define NN_LOOKUP_H
/* @end */

/* @section check needs: */
/* 1 + the position of the first of the indices from `begin` to `end` - 1 that is no number of a row, or 0. */
#define NN_CHECK(I, index)                                                                                  \
  NN_FUNCTION ptrdiff_t nn_check_##I(const index *indices, ptrdiff_t rows, ptrdiff_t begin, ptrdiff_t end) { \
    ptrdiff_t i;                                                                                            \
    for (i = begin; i < end; i++) {                                                                         \
      if ((uint64_t)(int64_t)indices[i] >= (uint64_t)rows) return i + 1;                                    \
    }                                                                                                       \
    return 0;                                                                                               \
  }
/* @end */
/* @section check_i32 needs: check */
NN_CHECK(i32, int32_t)
/* @end */
/* @section check_i64 needs: check */
NN_CHECK(i64, int64_t)
/* @end */

/* @section gather needs: */
/* Rows `begin` to `end` - 1 of r: each the row of the table that its index names. */
#define NN_GATHER(T, type, I, index)                                                                        \
  NN_FUNCTION void nn_gather_##T##_##I(type *r, const type *table, const index *indices, ptrdiff_t width,   \
                                       ptrdiff_t begin, ptrdiff_t end) {                                    \
    ptrdiff_t i, j;                                                                                         \
    for (i = begin; i < end; i++) {                                                                         \
      const type *row = table + (ptrdiff_t)indices[i] * width;                                              \
      for (j = 0; j < width; j++) r[i * width + j] = row[j];                                                \
    }                                                                                                       \
  }
/* @end */
/* @section gather_bool_i32 needs: gather */
NN_GATHER(bool, uint8_t, i32, int32_t)
/* @end */
/* @section gather_bool_i64 needs: gather */
NN_GATHER(bool, uint8_t, i64, int64_t)
/* @end */
/* @section gather_f32_i32 needs: gather */
NN_GATHER(f32, float, i32, int32_t)
/* @end */
/* @section gather_f32_i64 needs: gather */
NN_GATHER(f32, float, i64, int64_t)
/* @end */
/* @section gather_f64_i32 needs: gather */
NN_GATHER(f64, double, i32, int32_t)
/* @end */
/* @section gather_f64_i64 needs: gather */
NN_GATHER(f64, double, i64, int64_t)
/* @end */
/* @section gather_i32_i32 needs: gather */
NN_GATHER(i32, int32_t, i32, int32_t)
/* @end */
/* @section gather_i32_i64 needs: gather */
NN_GATHER(i32, int32_t, i64, int64_t)
/* @end */
/* @section gather_i64_i32 needs: gather */
NN_GATHER(i64, int64_t, i32, int32_t)
/* @end */
/* @section gather_i64_i64 needs: gather */
NN_GATHER(i64, int64_t, i64, int64_t)
/* @end */

/* @section scatter_add needs: */
#define NN_LOOKUP_ADD_f32(a, b) ((a) + (b))
#define NN_LOOKUP_ADD_f64(a, b) ((a) + (b))
#define NN_LOOKUP_ADD_i32(a, b) ((int32_t)((uint32_t)(a) + (uint32_t)(b)))
#define NN_LOOKUP_ADD_i64(a, b) ((int64_t)((uint64_t)(a) + (uint64_t)(b)))

/* Rows `begin` to `end` - 1 of r: zeros, and added to them in order the rows of `updates` whose index names them. */
#define NN_SCATTER_ADD(T, type, I, index)                                                                   \
  NN_FUNCTION void nn_scatter_add_##T##_##I(type *r, const index *indices, const type *updates,             \
                                            ptrdiff_t count, ptrdiff_t width, ptrdiff_t begin,              \
                                            ptrdiff_t end) {                                                \
    ptrdiff_t i, j;                                                                                         \
    for (i = begin * width; i < end * width; i++) r[i] = 0;                                                 \
    for (i = 0; i < count; i++) {                                                                           \
      const ptrdiff_t place = (ptrdiff_t)indices[i];                                                        \
      type *row = r + place * width;                                                                        \
      if (place < begin || place >= end) continue;                                                          \
      for (j = 0; j < width; j++) row[j] = NN_LOOKUP_ADD_##T(row[j], updates[i * width + j]);               \
    }                                                                                                       \
  }
/* @end */
/* @section scatter_add_f32_i32 needs: scatter_add */
NN_SCATTER_ADD(f32, float, i32, int32_t)
/* @end */
/* @section scatter_add_f32_i64 needs: scatter_add */
NN_SCATTER_ADD(f32, float, i64, int64_t)
/* @end */
/* @section scatter_add_f64_i32 needs: scatter_add */
NN_SCATTER_ADD(f64, double, i32, int32_t)
/* @end */
/* @section scatter_add_f64_i64 needs: scatter_add */
NN_SCATTER_ADD(f64, double, i64, int64_t)
/* @end */
/* @section scatter_add_i32_i32 needs: scatter_add */
NN_SCATTER_ADD(i32, int32_t, i32, int32_t)
/* @end */
/* @section scatter_add_i32_i64 needs: scatter_add */
NN_SCATTER_ADD(i32, int32_t, i64, int64_t)
/* @end */
/* @section scatter_add_i64_i32 needs: scatter_add */
NN_SCATTER_ADD(i64, int64_t, i32, int32_t)
/* @end */
/* @section scatter_add_i64_i64 needs: scatter_add */
NN_SCATTER_ADD(i64, int64_t, i64, int64_t)
/* @end */

/* @section lookup_guard_end needs: lookup_guard_begin */
#endif
/* @end */
