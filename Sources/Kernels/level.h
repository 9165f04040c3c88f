/* level.h: what the three levels share: how names are made, and the types behind the letters. A level's file sets
   LEVEL and NN_CONTRACT_SIMD, includes this, and then body.h and table.h under its target's attributes. */

#include <float.h>
#include <stddef.h>
#include <stdint.h>

#include "nn_kernels.h"

#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)
#define NAME(name) PASTE(nns_##name, LEVEL)
#define TABLE PASTE(nn_table, LEVEL)
#define TABLE_COUNT PASTE(nn_table_count, LEVEL)

#define TYPE_bool uint8_t
#define TYPE_f32 float
#define TYPE_f64 double
#define TYPE_i32 int32_t
#define TYPE_i64 int64_t

/* The type whose arithmetic wraps (and whose bits are the element's), and the result of comparing vectors. */
#define WRAPPED_bool uint8_t
#define WRAPPED_f32 float
#define WRAPPED_f64 double
#define WRAPPED_i32 uint32_t
#define WRAPPED_i64 uint64_t
