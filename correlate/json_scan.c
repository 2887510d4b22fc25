/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the bytes that refuses what cJSON would let through: bytes after the document,
 * duplicate keys, \u0000, invalid UTF-8, lone surrogates, control characters, numbers that no
 * 64-bit integer or double can hold. Nothing here recurses: depth is an explicit stack.
 *
 * Keys of one object are compared by their decoded bytes; small objects by looking at each other,
 * large ones through a hash, so that no input makes this quadratic.
 */
#include "correlate/json_scan.h"

#include "correlate/error.h"

#include <math.h>
#include <string.h>

#define EXACT_LIMIT  ((gint64)1 << 53)
#define SMALL_OBJECT 24 /* keys compared pairwise up to here */

struct key {
    const char *text; /* raw, between the quotes */
    gsize len;
    gboolean escaped;
};

struct level {
    gboolean object;
    guint first_key;   /* index into the scanner's keys */
    GHashTable *names; /* decoded names once the object grew large */
};

struct scanner {
    const char *start, *at, *end;
    GArray *keys;   /* struct key of all open objects */
    GArray *levels; /* struct level */
    GArray *big;
    GError **error;
};

static gboolean refuse(struct scanner *s, enum cor_code code, const char *what)
{
    g_set_error(s->error, COR_ERROR, code, "invalid JSON at byte %" G_GSIZE_FORMAT ": %s",
                (gsize)(s->at - s->start), what);
    return FALSE;
}

static void skip_space(struct scanner *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
        s->at++;
}

static gboolean hex4(struct scanner *s, guint *ret)
{
    guint value = 0;
    if (s->end - s->at < 4)
        return refuse(s, COR_E_INPUT, "unfinished \\u escape");
    for (int i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value(s->at[i]);
        if (digit < 0)
            return refuse(s, COR_E_INPUT, "bad \\u escape");
        value = value * 16 + (guint)digit;
    }
    s->at += 4;
    *ret = value;
    return TRUE;
}

/* at stands behind "\u" */
static gboolean scan_unicode_escape(struct scanner *s)
{
    guint unit, low;
    if (!hex4(s, &unit))
        return FALSE;
    if (unit == 0)
        return refuse(s, COR_E_INPUT, "embedded NUL");
    if (unit >= 0xdc00 && unit <= 0xdfff)
        return refuse(s, COR_E_INPUT, "lone surrogate");
    if (unit < 0xd800 || unit > 0xdbff)
        return TRUE;
    if (s->end - s->at < 2 || s->at[0] != '\\' || s->at[1] != 'u')
        return refuse(s, COR_E_INPUT, "lone surrogate");
    s->at += 2;
    if (!hex4(s, &low))
        return FALSE;
    return (low >= 0xdc00 && low <= 0xdfff) || refuse(s, COR_E_INPUT, "lone surrogate");
}

static gboolean scan_escape(struct scanner *s)
{
    if (s->at + 1 >= s->end)
        return refuse(s, COR_E_INPUT, "unfinished escape");
    char c = s->at[1];
    s->at += 2;
    if (c == 'u')
        return scan_unicode_escape(s);
    return strchr("\"\\/bfnrt", c) && c ? TRUE : refuse(s, COR_E_INPUT, "unknown escape");
}

/* at stands on the opening quote */
static gboolean scan_string(struct scanner *s, struct key *ret_key)
{
    const char *begin = ++s->at;
    gboolean escaped = FALSE, high = FALSE;
    for (;;) {
        while (s->at < s->end && *s->at != '"' && *s->at != '\\' && (guchar)*s->at >= 0x20) {
            high |= (guchar)*s->at >= 0x80;
            s->at++;
        }
        if (s->at >= s->end)
            return refuse(s, COR_E_INPUT, "unfinished text");
        if ((guchar)*s->at < 0x20)
            return refuse(s, COR_E_INPUT, "control character in text");
        if (*s->at == '"')
            break;
        escaped = TRUE;
        if (!scan_escape(s))
            return FALSE;
    }
    if (high && !g_utf8_validate_len(begin, (gsize)(s->at - begin), NULL))
        return refuse(s, COR_E_INPUT, "invalid UTF-8");
    if (ret_key)
        *ret_key = (struct key){begin, (gsize)(s->at - begin), escaped};
    s->at++;
    return TRUE;
}

static const char *skip_digits(const char *p, const char *end)
{
    while (p < end && g_ascii_isdigit(*p))
        p++;
    return p;
}

static gboolean keep_integer(struct scanner *s, const char *begin, gsize len)
{
    char text[32];
    if (len < 16) /* below 2^53 in any case */
        return TRUE;
    if (len >= sizeof text)
        return refuse(s, COR_E_INPUT, "integer beyond 64 bits");
    memcpy(text, begin, len);
    text[len] = 0;
    errno = 0;
    gint64 value = g_ascii_strtoll(text, NULL, 10);
    if (errno)
        return refuse(s, COR_E_INPUT, "integer beyond 64 bits");
    if (value >= EXACT_LIMIT || value <= -EXACT_LIMIT)
        g_array_append_val(s->big, value);
    return TRUE;
}

static gboolean scan_number(struct scanner *s)
{
    const char *begin = s->at, *p = begin + (*begin == '-'), *digits = p;
    p = skip_digits(p, s->end);
    if (p == digits || (*digits == '0' && p > digits + 1))
        return refuse(s, COR_E_INPUT, "bad number");
    const char *whole = p;
    if (p < s->end && *p == '.') {
        const char *fraction = ++p;
        p = skip_digits(p, s->end);
        if (p == fraction)
            return refuse(s, COR_E_INPUT, "bad number");
    }
    if (p < s->end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < s->end && (*p == '+' || *p == '-'))
            p++;
        const char *exponent = p;
        p = skip_digits(p, s->end);
        if (p == exponent)
            return refuse(s, COR_E_INPUT, "bad number");
    }
    gsize len = (gsize)(p - begin);
    if (p == whole && !keep_integer(s, begin, len))
        return FALSE;
    if (p != whole) {
        g_autofree char *text = g_strndup(begin, len);
        double value = g_ascii_strtod(text, NULL);
        /* beyond 2^53 a double is written as an integer again and would not come back the same */
        if (!isfinite(value) || fabs(value) >= (double)EXACT_LIMIT)
            return refuse(s, COR_E_INPUT, "number beyond a double's exact range");
    }
    s->at = p;
    return TRUE;
}

static gboolean scan_word(struct scanner *s)
{
    static const char *const words[] = {"true", "false", "null"};
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        gsize n = strlen(words[i]);
        if ((gsize)(s->end - s->at) >= n && memcmp(s->at, words[i], n) == 0) {
            s->at += n;
            return TRUE;
        }
    }
    return refuse(s, COR_E_INPUT, "unexpected character");
}

/* --- duplicate keys ------------------------------------------------------------------------- */

static char hex_digit_escape(const char **p)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *hit = strchr(from, **p);
    (*p)++;
    return to[hit - from];
}

static guint take_hex4(const char **p)
{
    guint value = 0;
    for (int i = 0; i < 4; i++)
        value = value * 16 + (guint)g_ascii_xdigit_value(*(*p)++);
    return value;
}

/* The key's text without escapes; the key has been scanned, so it is well-formed. */
static char *decode_key(const struct key *key)
{
    if (!key->escaped)
        return g_strndup(key->text, key->len);
    GString *out = g_string_sized_new(key->len);
    for (const char *p = key->text, *end = p + key->len; p < end;) {
        if (*p != '\\') {
            g_string_append_c(out, *p++);
            continue;
        }
        p++;
        if (*p != 'u') {
            g_string_append_c(out, hex_digit_escape(&p));
            continue;
        }
        p++;
        gunichar c = take_hex4(&p);
        if (c >= 0xd800 && c <= 0xdbff) {
            p += 2;
            c = 0x10000 + ((c - 0xd800) << 10) + (take_hex4(&p) - 0xdc00);
        }
        g_string_append_unichar(out, c);
    }
    return g_string_free(out, FALSE);
}

static gboolean same_key(const struct key *a, const struct key *b)
{
    if (!a->escaped && !b->escaped)
        return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
    g_autofree char *x = decode_key(a);
    g_autofree char *y = decode_key(b);
    return strcmp(x, y) == 0;
}

static gboolean seen_before(struct scanner *s, struct level *level, const struct key *key)
{
    guint count = s->keys->len - level->first_key;
    const struct key *keys = &g_array_index(s->keys, struct key, level->first_key);
    if (count < SMALL_OBJECT) {
        for (guint i = 0; i < count; i++)
            if (same_key(&keys[i], key))
                return TRUE;
        return FALSE;
    }
    if (!level->names) {
        level->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        for (guint i = 0; i < count; i++)
            g_hash_table_add(level->names, decode_key(&keys[i]));
    }
    return !g_hash_table_add(level->names, decode_key(key));
}

/* --- structure ------------------------------------------------------------------------------ */

static struct level *top(struct scanner *s)
{
    return s->levels->len ? &g_array_index(s->levels, struct level, s->levels->len - 1) : NULL;
}

static gboolean open_level(struct scanner *s, guint max_depth)
{
    if (s->levels->len >= max_depth)
        return refuse(s, COR_E_LIMIT, "nested too deeply");
    struct level level = {.object = *s->at == '{', .first_key = s->keys->len};
    g_array_append_val(s->levels, level);
    s->at++;
    return TRUE;
}

static void close_level(struct scanner *s)
{
    struct level *level = top(s);
    g_clear_pointer(&level->names, g_hash_table_unref);
    g_array_set_size(s->keys, level->first_key);
    g_array_set_size(s->levels, s->levels->len - 1);
    s->at++;
}

static gboolean scan_key(struct scanner *s)
{
    struct key key;
    skip_space(s);
    if (s->at >= s->end || *s->at != '"')
        return refuse(s, COR_E_INPUT, "a key was expected");
    if (!scan_string(s, &key))
        return FALSE;
    if (seen_before(s, top(s), &key))
        return refuse(s, COR_E_INPUT, "duplicate key");
    g_array_append_val(s->keys, key);
    skip_space(s);
    if (s->at >= s->end || *s->at != ':')
        return refuse(s, COR_E_INPUT, "a colon was expected");
    s->at++;
    return TRUE;
}

/* An empty container, or the key before its first value. */
static gboolean enter(struct scanner *s, guint max_depth, gboolean *ret_closed)
{
    char closing = *s->at == '{' ? '}' : ']';
    *ret_closed = FALSE;
    if (!open_level(s, max_depth))
        return FALSE;
    skip_space(s);
    if (s->at < s->end && *s->at == closing) {
        close_level(s);
        *ret_closed = TRUE;
        return TRUE;
    }
    return !top(s)->object || scan_key(s);
}

static gboolean scan_scalar(struct scanner *s)
{
    if (*s->at == '"')
        return scan_string(s, NULL);
    if (*s->at == '-' || g_ascii_isdigit(*s->at))
        return scan_number(s);
    return scan_word(s);
}

/* Behind a value: close what ends here; TRUE with *ret_more when another value follows. */
static gboolean leave(struct scanner *s, gboolean *ret_more)
{
    *ret_more = FALSE;
    while (s->levels->len) {
        gboolean object = top(s)->object;
        skip_space(s);
        if (s->at >= s->end)
            return refuse(s, COR_E_INPUT, "the document ends too early");
        if (*s->at == ',') {
            s->at++;
            *ret_more = TRUE;
            return !object || scan_key(s);
        }
        if (*s->at != (object ? '}' : ']'))
            return refuse(s, COR_E_INPUT, "a comma or the end of the container was expected");
        close_level(s);
    }
    return TRUE;
}

static gboolean scan_document(struct scanner *s, guint max_depth)
{
    gboolean more = TRUE;
    while (more) {
        gboolean closed = TRUE;
        skip_space(s);
        if (s->at >= s->end)
            return refuse(s, COR_E_INPUT, "the document ends too early");
        if (*s->at == '{' || *s->at == '[') {
            if (!enter(s, max_depth, &closed))
                return FALSE;
        } else if (!scan_scalar(s)) {
            return FALSE;
        }
        if (closed && !leave(s, &more))
            return FALSE;
    }
    skip_space(s);
    return s->at == s->end || refuse(s, COR_E_INPUT, "bytes after the document");
}

gboolean cor_json_scan(const char *data, gsize len, guint max_depth, GArray *big_integers,
                       GError **error)
{
    g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(struct key));
    g_autoptr(GArray) levels = g_array_new(FALSE, FALSE, sizeof(struct level));
    struct scanner s = {data, data, data + len, keys, levels, big_integers, error};
    gboolean ok = scan_document(&s, max_depth);
    for (guint i = 0; i < levels->len; i++)
        g_clear_pointer(&g_array_index(levels, struct level, i).names, g_hash_table_unref);
    return ok;
}
