/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_JSON_H
#define ANCHORWATCH_CORRELATE_JSON_H

/*
 * JSON: a strict parser, a tree, and a canonical writer (RFC 8259).
 *
 * Parsing bounds size and depth; the whole input must be one document; duplicate keys, embedded NUL
 * and text that is not valid UTF-8 are errors; integers up to 64 bits stay exact. Keys compare by
 * case. A struct cor_json is a node of a tree; the root owns all nodes below it, and their memory
 * is given back with it: what was replaced or removed goes then, and so does what was stolen, when
 * both it and the root it came from are freed. Nodes are not thread-safe while being changed, and
 * what was stolen from one root counts as that root.
 */

#include <glib.h>

struct cor_json;

enum cor_json_type {
    COR_JSON_NULL,
    COR_JSON_BOOL,
    COR_JSON_INT, /* fits gint64 exactly */
    COR_JSON_REAL,
    COR_JSON_STRING, /* UTF-8, no NUL */
    COR_JSON_ARRAY,
    COR_JSON_OBJECT,
};

#define COR_JSON_MAX_DEPTH 64
#define COR_JSON_MAX_BYTES ((gsize)256 * 1024 * 1024)

/* Parse exactly one document of len bytes. max_bytes 0 means COR_JSON_MAX_BYTES.
 * Errors: COR_E_INPUT (with byte offset), COR_E_LIMIT. Caller frees with cor_json_free(). */
struct cor_json *cor_json_parse(const char *data, gsize len, gsize max_bytes, GError **error);
void cor_json_free(struct cor_json *root);
/* Owned root of the current scope: COR_JSON_AUTO *doc = cor_json_parse(...); */
#define COR_JSON_AUTO __attribute__((cleanup(cor_json_cleanup))) struct cor_json
static inline void cor_json_cleanup(struct cor_json **root)
{
    cor_json_free(*root);
}

/* Building. A node given to _add or _append is owned by the container afterwards. Values that
 * are not valid UTF-8 are a caller's bug: encode bytes first (base64). A NULL string adds nothing.
 */
struct cor_json *cor_json_new_null(void);
struct cor_json *cor_json_new_bool(gboolean value);
struct cor_json *cor_json_new_int(gint64 value);
struct cor_json *cor_json_new_real(double value);
struct cor_json *cor_json_new_string(const char *value);
struct cor_json *cor_json_new_string_len(const char *value, gsize len);
struct cor_json *cor_json_new_array(void);
struct cor_json *cor_json_new_object(void);
struct cor_json *cor_json_copy(const struct cor_json *node);
void cor_json_add(struct cor_json *object, const char *key, struct cor_json *value);
void cor_json_add_string(struct cor_json *object, const char *key, const char *value_or_null);
void cor_json_add_int(struct cor_json *object, const char *key, gint64 value);
void cor_json_add_bool(struct cor_json *object, const char *key, gboolean value);
void cor_json_append(struct cor_json *array, struct cor_json *value);
/* In place, without a root of its own: a copy of a node, or an empty container that is borrowed.
 * key NULL: the container is an array. */
void cor_json_put_copy(struct cor_json *container, const char *key_or_null,
                       const struct cor_json *node);
struct cor_json *cor_json_put_object(struct cor_json *container, const char *key_or_null);
struct cor_json *cor_json_put_array(struct cor_json *container, const char *key_or_null);
/* Replace or add; remove is a no-op when the key is absent. */
void cor_json_set(struct cor_json *object, const char *key, struct cor_json *value);
void cor_json_remove(struct cor_json *object, const char *key);
/* Detach a member and give it to the caller; NULL when absent. */
struct cor_json *cor_json_steal(struct cor_json *object, const char *key);

/* Reading. All accept NULL nodes and answer NULL/0/FALSE then; results are borrowed. */
enum cor_json_type cor_json_type(const struct cor_json *node); /* NULL pointer: COR_JSON_NULL */
gboolean cor_json_is_null(const struct cor_json *node);
const struct cor_json *cor_json_get(const struct cor_json *object, const char *key);
/* Dotted path of keys, e.g. "initiatedBy.app.appId". */
const struct cor_json *cor_json_path(const struct cor_json *object, const char *path);
const char *cor_json_string(const struct cor_json *node); /* NULL unless a string */
const char *cor_json_get_string(const struct cor_json *object, const char *key);
gboolean cor_json_int(const struct cor_json *node, gint64 *ret); /* FALSE unless an integer */
gboolean cor_json_bool(const struct cor_json *node);             /* TRUE only for true */
gboolean cor_json_get_bool(const struct cor_json *object, const char *key);
double cor_json_real(const struct cor_json *node);
guint cor_json_size(const struct cor_json *container);
/* First child or next sibling: for (n = cor_json_first(c); n; n = cor_json_next(n)) */
const struct cor_json *cor_json_first(const struct cor_json *container);
const struct cor_json *cor_json_next(const struct cor_json *node);
const char *cor_json_key(const struct cor_json *member); /* NULL for array elements */

/* Canonical text: keys sorted by bytes, no white space, shortest escapes, integers exact.
 * Equal bytes mean equal values. Arrays keep their order. Appends to out. */
void cor_json_canonical(const struct cor_json *node, GString *out);
char *cor_json_to_text(const struct cor_json *node);
/* Keys in insertion order, two-space indent: for output to people and files. */
void cor_json_pretty(const struct cor_json *node, GString *out);
gboolean cor_json_equal(const struct cor_json *a, const struct cor_json *b);

#endif
