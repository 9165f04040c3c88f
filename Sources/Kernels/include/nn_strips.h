/* nn_strips.h: what the symbols of nn_symbols do, for readers and tests. No level is linked under these names: nn_symbols
   gives the address of "nns_add_f32" and of the rest for one level, and compiled code carries its own prototypes.

   T is one of f32 (float), f64 (double), i32 (int32_t), i64 (int64_t), bool (uint8_t, 0 or 1); `type` its C type. n may
   be 0, pointers need no alignment beyond the element's own, and r may be an operand itself (of the same element size)
   but overlap none in part. Values are those of Docs/numerics.md, the same bits at every level.

   elementwise
     void nns_OP_T(type *r, const type *a, ptrdiff_t n)
       f32 f64: abs acos asin atan ceil cos cosh erf erfc exp expm1 floor log log1p neg round sigmoid sign sin sinh sqrt
       tan tanh;  i32 i64: abs neg sign;  bool: not
     void nns_power_T(type *r, const type *a, ptrdiff_t n, int exponent)                          f32 f64 i32 i64
     void nns_OP_T(type *r, const type *a, const type *b, ptrdiff_t n)
       f32 f64: add atan2 div max min mod mul pow sub;  i32 i64: add max min mod mul sub;  bool: and or
     void nns_{lt,le,eq,ne}_T(uint8_t *r, const type *a, const type *b, ptrdiff_t n)              all types
     void nns_select_T(type *r, const uint8_t *c, const type *a, const type *b, ptrdiff_t n)      all types
     void nns_cast_FROM_TO(to *r, const from *a, ptrdiff_t n)                                     all pairs
   Binary operations, comparisons and select also come as OP_T_vs, where b points to one element that serves for
   all i, and OP_T_sv, where a does; select as _ss too. There one element is read before anything is written.

   movement (all types; iota: i32 i64 f32 f64)
     void nns_copy_T(type *r, const type *a, ptrdiff_t n)
     void nns_fill_T(type *r, const type *value, ptrdiff_t n)
     void nns_load_T(type *r, const type *a, ptrdiff_t stride, ptrdiff_t n)        r[i] = a[i * stride], any stride
     void nns_store_T(type *r, ptrdiff_t stride, const type *a, ptrdiff_t n)       r[i * stride] = a[i], in order
     of a strip of rows, r[q * columns + i] being column i of row q:
     void nns_load_rows_T(type *r, const type *a, ptrdiff_t row_stride, ptrdiff_t column_stride, ptrdiff_t rows,
                          ptrdiff_t columns)
       r[q * columns + i] = a[q * row_stride + i * column_stride]
     void nns_store_rows_T(type *r, ptrdiff_t row_stride, ptrdiff_t column_stride, const type *a, ptrdiff_t rows,
                           ptrdiff_t columns)
       r[q * row_stride + i * column_stride] = a[q * columns + i]
     void nns_load_view_T(type *r, const type *a, const ptrdiff_t *view, ptrdiff_t row_stride, ptrdiff_t rows)
       as load_rows, the columns being those of `view`: { axes (2 to 8), then extent and stride of each, outermost first }
     void nns_pad_rows_T(type *r, const type *a, ptrdiff_t place, ptrdiff_t row_stride, ptrdiff_t column_stride,
                         ptrdiff_t top, ptrdiff_t bottom, ptrdiff_t left, ptrdiff_t right, ptrdiff_t rows,
                         ptrdiff_t columns, const type *padding)
       as load_rows from a + place in rows top .. bottom - 1, columns left .. right - 1; *padding elsewhere
     void nns_iota_T(type *r, int64_t first, int64_t step, ptrdiff_t n)            first + i * step, wrapping, converted

   reductions: OP is sum prod (f32 f64 i32 i64), max min (all types); L is 16 or 64
     void nns_OP_lanesL_T(type *lanes, const type *a, ptrdiff_t n)     lanes[i % L] = lanes[i % L] OP a[i], in order
     type nns_OP_foldL_T(const type *lanes)                            folds in halves; lanes stay as they are
     void nns_OP_rows_T(type *r, ptrdiff_t r_stride, const type *a, ptrdiff_t row_stride, ptrdiff_t rows, ptrdiff_t n)
       r[m * r_stride] = the n >= 1 neighbours from a[m * row_stride] on, reduced in 64 lanes where n >= 512, else in 16
     void nns_OP_windows_T(type *r, const type *a, ptrdiff_t row_stride, ptrdiff_t column_stride, ptrdiff_t rows,
                           ptrdiff_t columns, ptrdiff_t height, ptrdiff_t height_stride, ptrdiff_t width,
                           ptrdiff_t width_stride)                                 not bool
       r[q * columns + i] = the height x width elements a[q * row_stride + i * column_stride + j * height_stride +
       k * width_stride], reduced in one lane, row-major
     void nns_argmax_T(type *best, int32_t *index, const type *a, int32_t first, ptrdiff_t n), and argmin (all types)
       goes on with elements numbered from `first`; *index < 0 says that there was none before

   matrix products (f32 f64 i32 i64): see nn_contract.h
     void nns_contract_T(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, const type *a, ptrdiff_t a_m, ptrdiff_t a_k,
                         const type *b, ptrdiff_t b_k, ptrdiff_t b_n, type *c, ptrdiff_t c_m, void *scratch)
     void nns_contract_lanes_T(the same)
     void nns_contract_block_T(the same, int again, const type *wanted, const type *other, ptrdiff_t wanted_m)
     void nns_contract_view_T(ptrdiff_t M, ptrdiff_t N, ptrdiff_t m0, ptrdiff_t n0, const ptrdiff_t *view, const type *a,
                              const type *b, type *c, ptrdiff_t c_m, void *scratch, int again)
     void nns_contract_images_T(ptrdiff_t images, ptrdiff_t b_step, ptrdiff_t c_step, ptrdiff_t M, ptrdiff_t N,
                                const ptrdiff_t *view, const type *a, const type *b, type *c, ptrdiff_t c_m, void *scratch)

   look-ups: see nn_lookup.h; I, the indices' type, is i32 or i64; `begin` and `end` bound the rows of r that are written
     ptrdiff_t nns_check_I(const index *indices, ptrdiff_t rows, ptrdiff_t begin, ptrdiff_t end)
       1 + the position of the first index from `begin` to `end` - 1 that is not at least 0 and below `rows`, or 0
     void nns_gather_T_I(type *r, const type *table, const index *indices, ptrdiff_t width, ptrdiff_t begin,
                         ptrdiff_t end)                                                            all types
     void nns_scatter_add_T_I(type *r, const index *indices, const type *updates, ptrdiff_t count, ptrdiff_t width,
                              ptrdiff_t begin, ptrdiff_t end)                                      f32 f64 i32 i64

   random factors (f32 f64): see dropout_T in nn_math.h
     void nns_dropout_T(type *r, const int64_t *seed, const int64_t *step, int64_t stream, int64_t threshold, type scale,
                        ptrdiff_t begin, ptrdiff_t end) */
#ifndef NN_STRIPS_H
#define NN_STRIPS_H

#include <stddef.h>
#include <stdint.h>

/* The function types, for casts of nn_symbols' addresses. */
#define NN_STRIP_TYPES(T, type)                                                                                   \
  typedef void (*nns_unary_##T)(type * r, const type *a, ptrdiff_t n);                                            \
  typedef void (*nns_power_##T)(type * r, const type *a, ptrdiff_t n, int exponent);                              \
  typedef void (*nns_binary_##T)(type * r, const type *a, const type *b, ptrdiff_t n);                            \
  typedef void (*nns_comparison_##T)(uint8_t *r, const type *a, const type *b, ptrdiff_t n);                      \
  typedef void (*nns_select_##T)(type * r, const uint8_t *c, const type *a, const type *b, ptrdiff_t n);          \
  typedef void (*nns_fill_##T)(type * r, const type *value, ptrdiff_t n);                                         \
  typedef void (*nns_load_##T)(type * r, const type *a, ptrdiff_t stride, ptrdiff_t n);                           \
  typedef void (*nns_store_##T)(type * r, ptrdiff_t stride, const type *a, ptrdiff_t n);                          \
  typedef void (*nns_iota_##T)(type * r, int64_t first, int64_t step, ptrdiff_t n);                               \
  typedef void (*nns_lanes_##T)(type * lanes, const type *a, ptrdiff_t n);                                        \
  typedef type (*nns_fold_##T)(const type *lanes);                                                                \
  typedef void (*nns_rows_##T)(type * r, ptrdiff_t r_stride, const type *a, ptrdiff_t row_stride, ptrdiff_t rows, \
                               ptrdiff_t n);                                                                      \
  typedef void (*nns_extreme_index_##T)(type * best, int32_t *index, const type *a, int32_t first, ptrdiff_t n);  \
  typedef void (*nns_contract_##T)(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, const type *a, ptrdiff_t a_m,           \
                                   ptrdiff_t a_k, const type *b, ptrdiff_t b_k, ptrdiff_t b_n, type *c,           \
                                   ptrdiff_t c_m, void *scratch);                                                 \
  typedef void (*nns_contract_block_##T)(ptrdiff_t M, ptrdiff_t N, ptrdiff_t K, const type *a, ptrdiff_t a_m,     \
                                         ptrdiff_t a_k, const type *b, ptrdiff_t b_k, ptrdiff_t b_n, type *c,     \
                                         ptrdiff_t c_m, void *scratch, int again, const type *wanted,             \
                                         const type *other, ptrdiff_t wanted_m);                                  \
  typedef void (*nns_contract_view_##T)(ptrdiff_t M, ptrdiff_t N, ptrdiff_t m0, ptrdiff_t n0,                     \
                                        const ptrdiff_t *view, const type *a, const type *b, type *c,             \
                                        ptrdiff_t c_m, void *scratch, int again);                                 \
  typedef void (*nns_contract_images_##T)(ptrdiff_t images, ptrdiff_t b_step, ptrdiff_t c_step, ptrdiff_t M,      \
                                          ptrdiff_t N, const ptrdiff_t *view, const type *a, const type *b,       \
                                          type *c, ptrdiff_t c_m, void *scratch);

NN_STRIP_TYPES(f32, float)
NN_STRIP_TYPES(f64, double)
NN_STRIP_TYPES(i32, int32_t)
NN_STRIP_TYPES(i64, int64_t)
NN_STRIP_TYPES(bool, uint8_t)
#undef NN_STRIP_TYPES

#endif
