/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions over text. Positions and lengths count UTF-16 units from 1, as .NET does, under which
 * Connect runs: a character beyond the basic plane counts twice, and is left out where a cut would
 * split it. Searches mind case: "SMTP:" tells the primary address from the others. Besides, a text
 * that a function leaves as it is is not copied.
 */
#include "correlate/rules/expression_private.h"

#include <string.h>

#define CONNECT "connect/reference-connect-sync-functions-reference"
#define PAD_MAX 100000

static gboolean text_args(struct cor_evaluation *e, const struct cor_value *args, guint n,
                          struct cor_value *ret)
{
    for (guint i = 0; i < n; i++)
        if (!cor_to_text(e, &args[i], &ret[i])) {
            ret[0] = ret[i];
            return FALSE;
        }
    return TRUE;
}

static gboolean number_arg(struct cor_evaluation *e, const struct cor_value *value, gint64 *ret,
                           struct cor_value *ret_error)
{
    if (!cor_value_is_null(value) && cor_to_int(e, value, ret))
        return TRUE;
    *ret_error = cor_value_error(cor_arena_of(e), "a number is needed, not a %s value",
                                 cor_value_type_name(value->type));
    return FALSE;
}

static gint64 units_of(const char *at)
{
    return (guchar)*at >= 0xf0 ? 2 : 1; /* four bytes: a surrogate pair */
}

/* Byte offset of a unit; the end when there are fewer. */
static gsize offset_of(const struct cor_value *text, gint64 units)
{
    const char *at = text->text, *end = text->text + text->len;
    while (at < end && units >= units_of(at)) {
        units -= units_of(at);
        at = g_utf8_next_char(at);
    }
    return (gsize)(MIN(at, end) - text->text);
}

static gint64 characters(const struct cor_value *text)
{
    gint64 units = 0;
    for (const char *at = text->text; at < text->text + text->len; at = g_utf8_next_char(at))
        units += units_of(at);
    return units;
}

/* A part of a text; shares its bytes when it is its end. */
static struct cor_value part(struct cor_evaluation *e, const struct cor_value *text, gsize from,
                             gsize until)
{
    if (from == 0 && until == text->len)
        return *text;
    return cor_text_copy(e, text->text + from, until - from);
}

/* --- cutting ---------------------------------------------------------------------------------- */

static gboolean is_space(const char *c)
{
    return g_unichar_isspace(g_utf8_get_char(c));
}

static struct cor_value trim(struct cor_evaluation *e, const struct cor_value *args, gboolean left,
                             gboolean right)
{
    struct cor_value text;
    if (!cor_to_text(e, &args[0], &text))
        return text;
    const char *from = text.text, *until = text.text + text.len;
    while (left && from < until && is_space(from))
        from = g_utf8_next_char(from);
    while (right && until > from && is_space(g_utf8_prev_char(until)))
        until = g_utf8_prev_char(until);
    return part(e, &text, (gsize)(from - text.text), (gsize)(until - text.text));
}

static struct cor_value f_trim(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    (void)n;
    return trim(e, args, TRUE, TRUE);
}

static struct cor_value f_ltrim(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    (void)n;
    return trim(e, args, TRUE, FALSE);
}

static struct cor_value f_rtrim(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    (void)n;
    return trim(e, args, FALSE, TRUE);
}

/* Left and Right: 0 gives "", a negative length the whole text. */
static struct cor_value f_left(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value text, error;
    gint64 length;
    (void)n;
    if (!cor_to_text(e, &args[0], &text))
        return text;
    if (!number_arg(e, &args[1], &length, &error))
        return error;
    return length < 0 ? text : part(e, &text, 0, offset_of(&text, length));
}

static struct cor_value f_right(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value text, error;
    gint64 length;
    (void)n;
    if (!cor_to_text(e, &args[0], &text))
        return text;
    if (!number_arg(e, &args[1], &length, &error))
        return error;
    gint64 all = characters(&text);
    if (length < 0 || length >= all)
        return text;
    return part(e, &text, offset_of(&text, all - length), text.len);
}

/* Start and length of Mid; without a length, as the example of Item has it, to the end. */
static gboolean cut_args(struct cor_evaluation *e, const struct cor_value *args, guint n,
                         gint64 *start, gint64 *length, struct cor_value *error)
{
    *length = G_MAXINT64;
    return number_arg(e, &args[1], start, error) &&
           (n < 3 || number_arg(e, &args[2], length, error));
}

/* The shipped rule for device keys cuts binary values: by bytes. */
static struct cor_value mid_of_bytes(struct cor_evaluation *e, const struct cor_value *args,
                                     guint n)
{
    struct cor_value error;
    gint64 start, length;
    if (!cut_args(e, args, n, &start, &length, &error))
        return error;
    if (length < 0 || start <= 0 || (guint64)start > args[0].len)
        return args[0];
    gsize left = args[0].len - (gsize)(start - 1);
    return cor_bytes_copy(e, args[0].bytes + start - 1, MIN((gsize)length, left));
}

/* Mid: a start outside the text, or a negative length, gives the whole of it. */
static struct cor_value f_mid(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value text, error;
    gint64 start, length;
    if (args[0].type == COR_VALUE_BYTES)
        return mid_of_bytes(e, args, n);
    if (!cor_to_text(e, &args[0], &text))
        return text;
    if (!cut_args(e, args, n, &start, &length, &error))
        return error;
    if (length < 0 || start <= 0 || start > characters(&text))
        return text;
    gsize from = offset_of(&text, start - 1);
    struct cor_value rest = cor_value_string_len(text.text + from, text.len - from);
    return part(e, &text, from, from + offset_of(&rest, length));
}

static struct cor_value f_len(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value text;
    (void)n;
    if (args[0].type == COR_VALUE_BYTES)
        return cor_value_int((gint64)args[0].len);
    return cor_to_text(e, &args[0], &text) ? cor_value_int(characters(&text)) : text;
}

/* Word(text, number, delimiters): each character of delimiters parts words; runs of them count as
 * one. */
static struct cor_value f_word(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value text, delimiters, error;
    gint64 wanted, word = 0;
    (void)n;
    if (!cor_to_text(e, &args[0], &text))
        return text;
    if (!number_arg(e, &args[1], &wanted, &error))
        return error;
    if (!cor_to_text(e, &args[2], &delimiters))
        return delimiters;
    const char *at = text.text;
    while (*at && wanted >= 1) {
        gsize len = strcspn(at, delimiters.text);
        if (len > 0 && ++word == wanted)
            return cor_text_copy(e, at, len);
        at += len + (at[len] != '\0');
    }
    return cor_value_string("");
}

/* --- case ------------------------------------------------------------------------------------- */

static struct cor_value f_lcase(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value text;
    (void)n;
    if (!cor_to_text(e, &args[0], &text))
        return text;
    g_autofree char *lower = g_utf8_strdown(text.text, (gssize)text.len);
    return cor_text_copy(e, lower, strlen(lower));
}

static struct cor_value f_ucase(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value text;
    (void)n;
    if (!cor_to_text(e, &args[0], &text))
        return text;
    g_autofree char *upper = g_utf8_strup(text.text, (gssize)text.len);
    return cor_text_copy(e, upper, strlen(upper));
}

/* PCase: the first letter of every word large, the others small. */
static struct cor_value f_pcase(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value text;
    gboolean first = TRUE;
    (void)n;
    if (!cor_to_text(e, &args[0], &text))
        return text;
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *c = text.text; c < text.text + text.len; c = g_utf8_next_char(c)) {
        gunichar letter = g_utf8_get_char(c);
        g_string_append_unichar(out, first ? g_unichar_toupper(letter) : g_unichar_tolower(letter));
        first = letter == ' ';
    }
    return cor_text_copy(e, out->str, out->len);
}

/* --- finding and replacing -------------------------------------------------------------------- */

/* InStr(text, what, start, compare): compare 1 (vbTextCompare) ignores case. */
static struct cor_value find(struct cor_evaluation *e, const struct cor_value *args, guint n,
                             gboolean last)
{
    struct cor_value in[2], error;
    gint64 start = 1, mode = 0;
    if (!text_args(e, args, 2, in))
        return in[0];
    if ((n > 2 && !cor_value_is_null(&args[2]) && !number_arg(e, &args[2], &start, &error)) ||
        (n > 3 && !cor_value_is_null(&args[3]) && !number_arg(e, &args[3], &mode, &error)))
        return error;
    g_autofree char *text = mode ? g_utf8_strdown(in[0].text, -1) : g_strdup(in[0].text);
    g_autofree char *what = mode ? g_utf8_strdown(in[1].text, -1) : g_strdup(in[1].text);
    struct cor_value whole = cor_value_string(text);
    const char *from = text + offset_of(&whole, MAX(start, 1) - 1), *found = strstr(from, what);
    for (const char *next = found; last && next && *next;) {
        found = next;
        next = strstr(g_utf8_next_char(next), what);
    }
    return cor_value_int(found && *what ? g_utf8_pointer_to_offset(text, found) + 1 : 0);
}

static struct cor_value f_instr(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    return find(e, args, n, FALSE);
}

static struct cor_value f_instrrev(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    return find(e, args, n, TRUE);
}

static struct cor_value f_replace(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value in[3];
    (void)n;
    if (!text_args(e, args, 3, in))
        return in[0];
    if (in[1].len == 0 || !strstr(in[0].text, in[1].text))
        return in[0];
    g_autoptr(GString) out = g_string_new(in[0].text);
    g_string_replace(out, in[1].text, in[2].text, 0);
    return cor_text_copy(e, out->str, out->len);
}

/* "ä:ae,ö:oe" as letter -> text; blanks in it count for nothing. FALSE: not of that form. */
static gboolean read_pairs(const char *pattern, GHashTable *pairs)
{
    g_autoptr(GString) bare = g_string_new(NULL);
    for (const char *c = pattern; *c; c = g_utf8_next_char(c))
        if (!is_space(c))
            g_string_append_unichar(bare, g_utf8_get_char(c));
    g_auto(GStrv) list = g_strsplit(bare->str, ",", -1);
    for (guint i = 0; list[i]; i++) {
        const char *letter = list[i];
        if (!*letter || *letter == ':' || *g_utf8_next_char(letter) != ':')
            return FALSE;
        g_hash_table_insert(pairs, GUINT_TO_POINTER(g_utf8_get_char(letter)),
                            g_strdup(g_utf8_next_char(letter) + 1));
    }
    return TRUE;
}

/* ReplaceChars(text, "ä:ae,ö:oe"): each letter once, what it becomes is not looked at again. */
static struct cor_value f_replace_chars(struct cor_evaluation *e, const struct cor_value *args,
                                        guint n)
{
    struct cor_value in[2];
    g_autoptr(GHashTable) pairs = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    (void)n;
    if (!text_args(e, args, 2, in))
        return in[0];
    if (!read_pairs(in[1].text, pairs))
        return cor_value_error(cor_arena_of(e), "pairs of one character and a text are needed");
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *c = in[0].text; *c; c = g_utf8_next_char(c)) {
        gunichar letter = g_utf8_get_char(c);
        const char *text = g_hash_table_lookup(pairs, GUINT_TO_POINTER(letter));
        if (text)
            g_string_append(out, text);
        else
            g_string_append_unichar(out, letter);
    }
    return cor_text_copy(e, out->str, out->len);
}

static struct cor_value pad(struct cor_evaluation *e, const struct cor_value *args, gboolean left)
{
    struct cor_value text, fill, error;
    gint64 length;
    if (!cor_to_text(e, &args[0], &text))
        return text;
    if (!number_arg(e, &args[1], &length, &error))
        return error;
    if (!cor_to_text(e, &args[2], &fill))
        return fill;
    if (fill.len == 0)
        return cor_value_error(cor_arena_of(e), "a character to pad with is needed");
    gint64 missing = length - characters(&text);
    if (missing <= 0 || cor_value_is_null(&args[0]))
        return text;
    if (missing > PAD_MAX)
        return cor_value_error(cor_arena_of(e), "more than %d characters of padding", PAD_MAX);
    g_autoptr(GString) out = g_string_new(left ? NULL : text.text);
    for (gint64 i = 0; i < missing; i++)
        g_string_append_len(out, fill.text, g_utf8_next_char(fill.text) - fill.text);
    if (left)
        g_string_append(out, text.text);
    return cor_text_copy(e, out->str, out->len);
}

static struct cor_value f_padleft(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    (void)n;
    return pad(e, args, TRUE);
}

static struct cor_value f_padright(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    (void)n;
    return pad(e, args, FALSE);
}

static struct cor_value f_cstr(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value text;
    (void)n;
    if (args[0].type == COR_VALUE_BYTES) {
        g_autofree char *base64 = g_base64_encode(args[0].bytes, args[0].len);
        return cor_text_copy(e, base64, strlen(base64));
    }
    cor_to_text(e, &args[0], &text);
    return text;
}

#define F(name, least, most, call)                                                                 \
    {                                                                                              \
        {name, COR_DIALECT_CONNECT, least, most, CONNECT},                                         \
            COR_FUNCTION_PER_VALUE | COR_FUNCTION_NULL, call, NULL                                 \
    }
#define E(name, least, most, call)                                                                 \
    {                                                                                              \
        {name, COR_DIALECT_CONNECT, least, most, CONNECT}, COR_FUNCTION_PER_VALUE, call, NULL      \
    }

static const struct cor_function functions[] = {
    F("Trim", 1, 1, f_trim),
    F("LTrim", 1, 1, f_ltrim),
    F("RTrim", 1, 1, f_rtrim),
    E("Left", 2, 2, f_left), /* nothing gives "" */
    E("Right", 2, 2, f_right),
    E("Mid", 2, 3, f_mid),
    E("Len", 1, 1, f_len),
    E("Word", 3, 3, f_word),
    F("LCase", 1, 1, f_lcase),
    F("UCase", 1, 1, f_ucase),
    F("PCase", 1, 1, f_pcase),
    E("InStr", 2, 4, f_instr),
    E("InStrRev", 2, 4, f_instrrev),
    F("Replace", 3, 3, f_replace),
    F("ReplaceChars", 2, 2, f_replace_chars),
    E("PadLeft", 3, 3, f_padleft),
    E("PadRight", 3, 3, f_padright),
    F("CStr", 1, 1, f_cstr),
};
const struct cor_function_group cor_functions_text = {functions, G_N_ELEMENTS(functions)};
