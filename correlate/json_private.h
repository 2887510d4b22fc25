/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_JSON_PRIVATE_H
#define ANCHORWATCH_CORRELATE_JSON_PRIVATE_H

/* What the three parts of the JSON wrapper share: scan before, tree, and writer after. */

#include "correlate/json.h"

/* From here on a double no longer holds every integer. */
#define COR_JSON_EXACT ((double)(1LL << 53))

/* A number of the text whose double is at or beyond COR_JSON_EXACT, in text order. */
struct cor_json_big {
    gboolean is_int; /* FALSE: the double is the value */
    gint64 value;
};

/* Check every token of the text: UTF-8, white space, strings and their escapes, numbers, literals,
 * depth. The order of tokens is left to the parser. Appends struct cor_json_big to bigs.
 * Errors: COR_E_INPUT with the byte offset, COR_E_LIMIT for the depth. */
gboolean cor_json_scan(const char *data, gsize len, GArray *bigs, GError **error);

/* The members of an object by ascending bytes of their keys. Appended to stack, an array of
 * struct cor_json_member the caller cuts back to its former length. */
struct cor_json_member {
    guint64 head; /* first eight bytes of the key, big-endian: most comparisons end here */
    const char *key;
    const struct cor_json *value;
};
void cor_json_push_sorted(GArray *stack, const struct cor_json *object);
/* Keys strictly ascending already, as in text that was canonical; then none occurs twice. */
gboolean cor_json_is_sorted(const struct cor_json *object);

#endif
