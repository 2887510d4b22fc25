/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strict look at a JSON text before cJSON sees it. cJSON takes control characters for white
 * space and lets them stand in strings, accepts "01" and "1.", cuts strings at \u0000 and numbers
 * at 63 characters, and rounds large integers. Invariant: after a clean scan none of these can
 * happen, and every number that a double would round is noted. One pass, no allocation per token;
 * whether tokens follow each other in a legal order is not judged here.
 */
#include "correlate/error.h"
#include "correlate/json_private.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_MAX   63 /* cJSON's own number buffer */
#define SMALL_DIGITS 15 /* integers of so few digits are always below COR_JSON_EXACT */

struct scan {
    const char *start, *at, *end;
    GArray *bigs;
    guint depth;
};

static gboolean fail(const struct scan *scan, const char *what, GError **error)
{
    g_set_error(error, COR_ERROR, COR_E_INPUT, "JSON: %s at byte %" G_GSIZE_FORMAT, what,
                (gsize)(scan->at - scan->start));
    return FALSE;
}

/* Four hexadecimal digits of a \u escape; scan->at stands behind the u. -1 if they are not there.
 */
static int take_hex4(struct scan *scan)
{
    if (scan->end - scan->at < 4)
        return -1;
    int unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value(scan->at[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    scan->at += 4;
    return unit;
}

static gboolean scan_unicode_escape(struct scan *scan, GError **error)
{
    int unit = take_hex4(scan);
    if (unit < 0)
        return fail(scan, "invalid \\u escape", error);
    if (unit == 0)
        return fail(scan, "embedded NUL", error);
    if (unit < 0xD800 || unit > 0xDFFF)
        return TRUE;
    if (unit > 0xDBFF || scan->end - scan->at < 6 || scan->at[0] != '\\' || scan->at[1] != 'u')
        return fail(scan, "lone surrogate", error);
    scan->at += 2;
    int low = take_hex4(scan);
    if (low < 0xDC00 || low > 0xDFFF)
        return fail(scan, "lone surrogate", error);
    return TRUE;
}

static gboolean scan_escape(struct scan *scan, GError **error)
{
    scan->at++;
    if (scan->at == scan->end)
        return fail(scan, "text ends within a string", error);
    char c = *scan->at;
    if (!c || !strchr("\"\\/bfnrtu", c))
        return fail(scan, "invalid escape", error);
    scan->at++;
    return c == 'u' ? scan_unicode_escape(scan, error) : TRUE;
}

static gboolean scan_string(struct scan *scan, GError **error)
{
    scan->at++;
    while (scan->at < scan->end) {
        unsigned char c = (unsigned char)*scan->at;
        if (c == '"') {
            scan->at++;
            return TRUE;
        }
        if (c < 0x20)
            return fail(scan, "control character in a string", error);
        if (c != '\\')
            scan->at++;
        else if (!scan_escape(scan, error))
            return FALSE;
    }
    return fail(scan, "text ends within a string", error);
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && g_ascii_isdigit(*at))
        at++;
    return at;
}

/* The end of a number by the grammar of RFC 8259 section 6, or NULL. */
static const char *number_end(const char *at, const char *end, gboolean *ret_integer)
{
    *ret_integer = TRUE;
    if (at < end && *at == '-')
        at++;
    const char *digits = at;
    at = skip_digits(at, end);
    if (at == digits || (*digits == '0' && at - digits > 1))
        return NULL;
    if (at < end && *at == '.') {
        *ret_integer = FALSE;
        digits = ++at;
        at = skip_digits(at, end);
        if (at == digits)
            return NULL;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        *ret_integer = FALSE;
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        digits = at;
        at = skip_digits(at, end);
        if (at == digits)
            return NULL;
    }
    return at;
}

/* An integer beyond 64 bits is kept only where a double is exactly that integer. */
static gboolean exact_as_real(const char *text)
{
    char printed[NUMBER_MAX + 1];
    int len = snprintf(printed, sizeof printed, "%.0f", g_ascii_strtod(text, NULL));
    return len > 0 && len < (int)sizeof printed && strcmp(printed, text) == 0;
}

static gboolean note_number(struct scan *scan, const char *text, gboolean integer, GError **error)
{
    struct cor_json_big big = {.is_int = integer};
    double real = g_ascii_strtod(text, NULL);
    if (!isfinite(real))
        return fail(scan, "number out of range", error);
    if (fabs(real) < COR_JSON_EXACT)
        return TRUE;
    if (integer) {
        errno = 0;
        big.value = g_ascii_strtoll(text, NULL, 10);
        big.is_int = errno != ERANGE;
        if (!big.is_int && !exact_as_real(text))
            return fail(scan, "integer does not fit 64 bits", error);
    }
    g_array_append_val(scan->bigs, big);
    return TRUE;
}

static gboolean scan_number(struct scan *scan, GError **error)
{
    gboolean integer;
    const char *end = number_end(scan->at, scan->end, &integer);
    if (!end)
        return fail(scan, "invalid number", error);
    gsize len = (gsize)(end - scan->at);
    if (len > NUMBER_MAX)
        return fail(scan, "number is too long", error);
    if (!integer || len > SMALL_DIGITS) {
        char text[NUMBER_MAX + 1];
        memcpy(text, scan->at, len);
        text[len] = '\0';
        if (!note_number(scan, text, integer, error))
            return FALSE;
    }
    scan->at = end;
    return TRUE;
}

static gboolean scan_literal(struct scan *scan, GError **error)
{
    static const char *const literals[] = {"true", "false", "null"};
    for (gsize i = 0; i < G_N_ELEMENTS(literals); i++) {
        gsize len = strlen(literals[i]);
        if ((gsize)(scan->end - scan->at) >= len && memcmp(scan->at, literals[i], len) == 0) {
            scan->at += len;
            return TRUE;
        }
    }
    return fail(scan, "unexpected character", error);
}

static gboolean scan_open(struct scan *scan, GError **error)
{
    if (++scan->depth > COR_JSON_MAX_DEPTH) {
        g_set_error(error, COR_ERROR, COR_E_LIMIT, "JSON: nested deeper than %d at byte %zu",
                    COR_JSON_MAX_DEPTH, (gsize)(scan->at - scan->start));
        return FALSE;
    }
    scan->at++;
    return TRUE;
}

static gboolean scan_token(struct scan *scan, GError **error)
{
    char c = *scan->at;
    switch (c) {
    case ' ':
    case '\t':
    case '\n':
    case '\r':
    case ',':
    case ':':
        scan->at++;
        return TRUE;
    case '"':
        return scan_string(scan, error);
    case '{':
    case '[':
        return scan_open(scan, error);
    case '}':
    case ']':
        if (!scan->depth)
            return fail(scan, "unexpected character", error);
        scan->depth--;
        scan->at++;
        return TRUE;
    default:
        return c == '-' || g_ascii_isdigit(c) ? scan_number(scan, error)
                                              : scan_literal(scan, error);
    }
}

gboolean cor_json_scan(const char *data, gsize len, GArray *bigs, GError **error)
{
    struct scan scan = {.start = data, .at = data, .end = data + len, .bigs = bigs};
    const char *valid_end;
    if (!g_utf8_validate_len(data, len, &valid_end)) {
        scan.at = valid_end;
        return fail(&scan, *valid_end ? "invalid UTF-8" : "embedded NUL", error);
    }
    while (scan.at < scan.end)
        if (!scan_token(&scan, error))
            return FALSE;
    return TRUE;
}
