/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parser: RFC 8259 in one pass, from text straight into the arena of the tree. It accepts
 * nothing beyond the grammar, and of that no lone surrogate, no NUL, no duplicate key, no number
 * that would not come out as it went in. Errors name the byte.
 */
#include "correlate/error.h"
#include "correlate/json_private.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#define NUMBER_MAX   63
#define SMALL_DIGITS 15 /* integers of so few digits are added up as they stand */
#define EXACT        ((double)(1LL << 53)) /* from here on a double no longer holds every integer */

/* The bytes of a word: each of them one, or the highest bit of each. */
#define ONES  G_GUINT64_CONSTANT(0x0101010101010101)
#define HIGHS G_GUINT64_CONSTANT(0x8080808080808080)

struct parser {
    const char *start, *at, *end;
    struct cor_json_arena *arena;
    GArray *stack; /* const struct cor_json *, scratch */
    guint depth;
};

static gboolean fail(const struct parser *parser, const char *what, GError **error)
{
    g_set_error(error, COR_ERROR, COR_E_INPUT, "JSON: %s at byte %" G_GSIZE_FORMAT, what,
                (gsize)(parser->at - parser->start));
    return FALSE;
}

/* --- bytes ------------------------------------------------------------------------------ */

static guint64 word_at(const char *at)
{
    guint64 word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Nothing but ASCII without NUL? A wrong no is possible, a wrong yes is not. */
static gboolean is_plain(guint64 word)
{
    return !(((word - ONES) | word) & HIGHS);
}

gboolean cor_json_is_ascii(const char *text, gsize len)
{
    const char *end = text + len;
    for (; end - text >= (gssize)sizeof(guint64); text += sizeof(guint64))
        if (!is_plain(word_at(text)))
            return FALSE;
    while (text<end && * text> 0)
        text++;
    return text == end;
}

/* Valid UTF-8 without NUL, all of it: eight bytes at a time while they are plain. */
static gboolean check_text(struct parser *parser, GError **error)
{
    const char *at = parser->start, *end = parser->end;
    while (at < end) {
        if (end - at >= (gssize)sizeof(guint64) && is_plain(word_at(at))) {
            at += sizeof(guint64);
        } else if (*at > 0) {
            at++;
        } else {
            parser->at = at;
            if (!*at)
                return fail(parser, "embedded NUL", error);
            gunichar c = g_utf8_get_char_validated(at, end - at);
            if (c == (gunichar)-1 || c == (gunichar)-2)
                return fail(parser, "invalid UTF-8", error);
            at = g_utf8_next_char(at);
        }
    }
    parser->at = parser->start;
    return TRUE;
}

static void skip_space(struct parser *parser)
{
    while (parser->at < parser->end && (*parser->at == ' ' || *parser->at == '\n' ||
                                        *parser->at == '\r' || *parser->at == '\t'))
        parser->at++;
}

static gboolean take(struct parser *parser, char wanted)
{
    skip_space(parser);
    if (parser->at == parser->end || *parser->at != wanted)
        return FALSE;
    parser->at++;
    return TRUE;
}

static gboolean is_literal(const struct parser *parser, const char *literal)
{
    gsize len = strlen(literal);
    return (gsize)(parser->end - parser->at) >= len && memcmp(parser->at, literal, len) == 0;
}

/* Something else ought to stand here: either a token in the wrong place, or none at all. */
static gboolean fail_token(const struct parser *parser, const char *misplaced, GError **error)
{
    gboolean token = parser->at == parser->end || strchr("{[]},:\"-0123456789", *parser->at) ||
                     is_literal(parser, "true") || is_literal(parser, "false") ||
                     is_literal(parser, "null");
    return fail(parser, token ? misplaced : "unexpected character", error);
}

/* --- strings ---------------------------------------------------------------------------- */

/* Four hexadecimal digits of a \u escape; parser->at stands behind the u. -1 if they are not there.
 */
static int take_hex4(struct parser *parser)
{
    if (parser->end - parser->at < 4)
        return -1;
    int unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value(parser->at[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    parser->at += 4;
    return unit;
}

static gboolean take_unicode(struct parser *parser, char **out, GError **error)
{
    int unit = take_hex4(parser), low;
    if (unit < 0)
        return fail(parser, "invalid \\u escape", error);
    if (unit == 0)
        return fail(parser, "embedded NUL", error);
    gunichar c = (gunichar)unit;
    if (unit >= 0xD800 && unit <= 0xDFFF) {
        if (unit > 0xDBFF || parser->end - parser->at < 6 || parser->at[0] != '\\' ||
            parser->at[1] != 'u')
            return fail(parser, "lone surrogate", error);
        parser->at += 2;
        low = take_hex4(parser);
        if (low < 0xDC00 || low > 0xDFFF)
            return fail(parser, "lone surrogate", error);
        c = 0x10000 + (gunichar)((unit - 0xD800) << 10) + (gunichar)(low - 0xDC00);
    }
    *out += g_unichar_to_utf8(c, *out);
    return TRUE;
}

static gboolean take_escape(struct parser *parser, char **out, GError **error)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    parser->at++;
    if (parser->at == parser->end)
        return fail(parser, "text ends within a string", error);
    char c = *parser->at;
    const char *found = strchr(letters, c);
    if (c != 'u' && !found)
        return fail(parser, "invalid escape", error);
    parser->at++;
    if (!found)
        return take_unicode(parser, out, error);
    *(*out)++ = meant[found - letters];
    return TRUE;
}

/* Of the lowest byte that is zero in x the highest bit; bits of bytes above it may be set too. */
static guint64 zeros(guint64 x)
{
    return (x - ONES) & ~x & HIGHS;
}

const char *cor_json_plain_end(const char *at, const char *end)
{
    for (; end - at >= (gssize)sizeof(guint64); at += sizeof(guint64)) {
        guint64 word = GUINT64_FROM_LE(word_at(at));
        guint64 controls = (word - ONES * 0x20) & ~word & HIGHS;
        guint64 stops = controls | zeros(word ^ (ONES * '"')) | zeros(word ^ (ONES * '\\'));
        if (stops)
            return at + __builtin_ctzll(stops) / 8;
    }
    while (at < end && *at != '"' && *at != '\\' && (guchar)*at >= 0x20)
        at++;
    return at;
}

/* Where the string ends, or the text: what lies before is more than its copy needs. */
static const char *string_end(const char *at, const char *end)
{
    while (at < end && *at == '\\') {
        at = MIN(at + 2, end);
        at = cor_json_plain_end(at, end);
    }
    return at;
}

/* parser->at stands behind the opening quote. */
static gboolean parse_string(struct parser *parser, const char **ret, GError **error)
{
    const char *stop = cor_json_plain_end(parser->at, parser->end);
    gsize room = (gsize)(string_end(stop, parser->end) - parser->at) + 1;
    char *text = cor_json_arena_take(parser->arena, room), *out = text;
    for (;;) {
        gsize len = (gsize)(stop - parser->at);
        memcpy(out, parser->at, len);
        out += len;
        parser->at = stop;
        if (stop == parser->end)
            return fail(parser, "text ends within a string", error);
        if (*stop == '"')
            break;
        if (*stop != '\\')
            return fail(parser, "control character in a string", error);
        if (!take_escape(parser, &out, error))
            return FALSE;
        stop = cor_json_plain_end(parser->at, parser->end);
    }
    parser->at++;
    *out = '\0';
    *ret = text;
    return TRUE;
}

/* --- numbers ---------------------------------------------------------------------------- */

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
static gboolean exact_as_real(const char *text, double real)
{
    char printed[NUMBER_MAX + 1];
    int len = snprintf(printed, sizeof printed, "%.0f", real);
    return len > 0 && len < (int)sizeof printed && strcmp(printed, text) == 0;
}

static gboolean set_number(const struct parser *parser, struct cor_json *node, const char *text,
                           gboolean integer, GError **error)
{
    double real = g_ascii_strtod(text, NULL);
    if (!isfinite(real))
        return fail(parser, "number out of range", error);
    if (integer) {
        errno = 0;
        node->is.integer = g_ascii_strtoll(text, NULL, 10);
        if (errno != ERANGE)
            return TRUE;
        if (!exact_as_real(text, real))
            return fail(parser, "integer does not fit 64 bits", error);
    }
    cor_json_set_real(node, real);
    return TRUE;
}

static gboolean parse_number(struct parser *parser, struct cor_json *node, GError **error)
{
    gboolean integer;
    const char *end = number_end(parser->at, parser->end, &integer);
    if (!end)
        return fail(parser, "invalid number", error);
    gsize len = (gsize)(end - parser->at);
    if (len > NUMBER_MAX)
        return fail(parser, "number is too long", error);
    if (!integer || len > SMALL_DIGITS) {
        char text[NUMBER_MAX + 1];
        memcpy(text, parser->at, len);
        text[len] = '\0';
        if (!set_number(parser, node, text, integer, error))
            return FALSE;
    } else {
        gboolean negative = *parser->at == '-';
        for (const char *digit = parser->at + negative; digit < end; digit++)
            node->is.integer = node->is.integer * 10 + (*digit - '0');
        node->is.integer = negative ? -node->is.integer : node->is.integer;
    }
    parser->at = end;
    return TRUE;
}

/* --- values ----------------------------------------------------------------------------- */

static struct cor_json *parse_value(struct parser *parser, GError **error);

static gboolean check_duplicates(const struct parser *parser, const struct cor_json *object,
                                 GError **error)
{
    if (object->sorted)
        return TRUE;
    g_array_set_size(parser->stack, 0);
    cor_json_push_sorted(parser->stack, object);
    const struct cor_json *const *members = (const void *)parser->stack->data;
    for (guint i = 1; i < parser->stack->len; i++) {
        if (cor_json_compare(members[i - 1], members[i]) == 0) {
            g_autofree char *quoted = g_strescape(members[i]->key, NULL);
            g_set_error(error, COR_ERROR, COR_E_INPUT, "JSON: duplicate key '%.64s'", quoted);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean parse_key(struct parser *parser, const char **ret, GError **error)
{
    static const char misplaced[] = "not a complete document";
    if (!take(parser, '"'))
        return fail_token(parser, misplaced, error);
    return parse_string(parser, ret, error) &&
           (take(parser, ':') || fail_token(parser, misplaced, error));
}

static gboolean parse_members(struct parser *parser, struct cor_json *container, char close,
                              GError **error)
{
    if (take(parser, close))
        return TRUE;
    do {
        const char *key = NULL;
        if (container->type == COR_JSON_OBJECT && !parse_key(parser, &key, error))
            return FALSE;
        struct cor_json *value = parse_value(parser, error);
        if (!value)
            return FALSE;
        cor_json_attach(container, value, key);
    } while (take(parser, ','));
    if (!take(parser, close))
        return fail_token(parser, "not a complete document", error);
    return container->type != COR_JSON_OBJECT || check_duplicates(parser, container, error);
}

static gboolean parse_container(struct parser *parser, struct cor_json *container, GError **error)
{
    char close = *parser->at == '{' ? '}' : ']';
    if (++parser->depth > COR_JSON_MAX_DEPTH) {
        g_set_error(error, COR_ERROR, COR_E_LIMIT, "JSON: nested deeper than %d at byte %zu",
                    COR_JSON_MAX_DEPTH, (gsize)(parser->at - parser->start));
        return FALSE;
    }
    parser->at++;
    container->type = close == '}' ? COR_JSON_OBJECT : COR_JSON_ARRAY;
    if (!parse_members(parser, container, close, error))
        return FALSE;
    parser->depth--;
    return TRUE;
}

static gboolean parse_literal(struct parser *parser, struct cor_json *node, GError **error)
{
    static const struct {
        const char *text;
        enum cor_json_type type;
        gint64 value;
    } literals[] = {
        {"true", COR_JSON_BOOL, 1}, {"false", COR_JSON_BOOL, 0}, {"null", COR_JSON_NULL, 0}};
    for (gsize i = 0; i < G_N_ELEMENTS(literals); i++) {
        if (is_literal(parser, literals[i].text)) {
            parser->at += strlen(literals[i].text);
            node->type = literals[i].type;
            node->is.integer = literals[i].value;
            return TRUE;
        }
    }
    gboolean closed_early = !parser->depth && parser->at < parser->end;
    return fail_token(parser, closed_early ? "unexpected character" : "not a complete document",
                      error);
}

static gboolean parse_into(struct parser *parser, struct cor_json *node, GError **error)
{
    char c = parser->at < parser->end ? *parser->at : '\0';
    if (c == '"') {
        parser->at++;
        node->type = COR_JSON_STRING;
        return parse_string(parser, &node->is.text, error);
    }
    if (c == '{' || c == '[')
        return parse_container(parser, node, error);
    if (c != '-' && !g_ascii_isdigit(c))
        return parse_literal(parser, node, error);
    node->type = COR_JSON_INT;
    return parse_number(parser, node, error);
}

static struct cor_json *parse_value(struct parser *parser, GError **error)
{
    struct cor_json *node = cor_json_node(parser->arena, COR_JSON_NULL);
    skip_space(parser);
    return parse_into(parser, node, error) ? node : NULL;
}

static struct cor_json *parse_document(struct parser *parser, GError **error)
{
    if (!check_text(parser, error))
        return NULL;
    struct cor_json *root = parse_value(parser, error);
    if (!root)
        return NULL;
    skip_space(parser);
    if (parser->at == parser->end)
        return root;
    fail_token(parser, "more text after the document", error);
    return NULL;
}

struct cor_json *cor_json_parse(const char *data, gsize len, gsize max_bytes, GError **error)
{
    gsize limit = max_bytes ? max_bytes : COR_JSON_MAX_BYTES;
    if (len > limit) {
        g_set_error(error, COR_ERROR, COR_E_LIMIT, "JSON: longer than %zu bytes", limit);
        return NULL;
    }
    struct parser parser = {
        .start = data,
        .at = data,
        .end = data + len,
        .arena = cor_json_arena_new(CLAMP(len, sizeof(struct cor_json), 4096)),
        .stack = g_array_new(FALSE, FALSE, sizeof(const struct cor_json *)),
    };
    struct cor_json *root = parse_document(&parser, error);
    if (!root)
        cor_json_arena_drop(parser.arena);
    g_array_unref(parser.stack);
    return root;
}
