/* nn_text.h: the text of the four headers that emitted C carries inside, byte for byte, without an end mark. */
#ifndef NN_TEXT_H
#define NN_TEXT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

extern const char nn_math_text[];
extern const size_t nn_math_text_length;
extern const char nn_contract_text[];
extern const size_t nn_contract_text_length;
extern const char nn_contract_places_text[];
extern const size_t nn_contract_places_text_length;
extern const char nn_contract_lines_text[];
extern const size_t nn_contract_lines_text_length;
extern const char nn_contract_segments_text[];
extern const size_t nn_contract_segments_text_length;
extern const char nn_contract_turned_text[];
extern const size_t nn_contract_turned_text_length;
extern const char nn_contract_interleaved_text[];
extern const size_t nn_contract_interleaved_text_length;
extern const char nn_contract_view_text[];
extern const size_t nn_contract_view_text_length;
extern const char nn_contract_images_text[];
extern const size_t nn_contract_images_text_length;
extern const char nn_lookup_text[];
extern const size_t nn_lookup_text_length;

/* The same for Swift, which does not import arrays of unknown length. */
static inline const char *nn_math_text_address(void) { return nn_math_text; }
static inline const char *nn_contract_text_address(void) { return nn_contract_text; }
static inline const char *nn_contract_places_text_address(void) { return nn_contract_places_text; }
static inline const char *nn_contract_lines_text_address(void) { return nn_contract_lines_text; }
static inline const char *nn_contract_segments_text_address(void) { return nn_contract_segments_text; }
static inline const char *nn_contract_turned_text_address(void) { return nn_contract_turned_text; }
static inline const char *nn_contract_interleaved_text_address(void) { return nn_contract_interleaved_text; }
static inline const char *nn_contract_view_text_address(void) { return nn_contract_view_text; }
static inline const char *nn_contract_images_text_address(void) { return nn_contract_images_text; }
static inline const char *nn_lookup_text_address(void) { return nn_lookup_text; }

#ifdef __cplusplus
}
#endif

#endif
