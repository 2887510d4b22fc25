/* SPDX-License-Identifier: Apache-2.0 */
/* Functions between forms: base64, hexadecimal, GUIDs, SIDs, names, times, certificates. */
#include "correlate/rules/expression_private.h"

#include "correlate/time.h"

#include <string.h>

#define CONNECT "connect/reference-connect-sync-functions-reference"
#define SHIPPED "shipped, not documented"

/* 100 ns since 1601-01-01 to us since 1970 (FILETIME, MS-DTYP 2.3.3) */
#define FILETIME_EPOCH_S G_GINT64_CONSTANT(11644473600)

static struct cor_value wrong(struct cor_evaluation *e, const struct cor_value *value,
                              const char *needed)
{
    return cor_value_error(cor_arena_of(e), "%s is needed, not a %s value", needed,
                           cor_value_type_name(value->type));
}

/* --- base64 and hexadecimal ------------------------------------------------------------------- */

static struct cor_value base64(struct cor_evaluation *e, const guint8 *data, gsize len)
{
    g_autofree char *text = g_base64_encode(data, len);
    return cor_text_copy(e, text, strlen(text));
}

/* Of text the UTF-16 bytes, as the functions reference says. */
static struct cor_value f_to_base64(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value text;
    glong units = 0;
    (void)n;
    if (args[0].type == COR_VALUE_BYTES)
        return base64(e, args[0].bytes, args[0].len);
    if (!cor_to_text(e, &args[0], &text))
        return text;
    g_autofree gunichar2 *wide = g_utf8_to_utf16(text.text, (glong)text.len, NULL, &units, NULL);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    for (glong i = 0; wide && i < units; i++) {
        const guint8 pair[] = {(guint8)(wide[i] & 0xff), (guint8)(wide[i] >> 8)};
        g_byte_array_append(bytes, pair, 2);
    }
    return base64(e, bytes->data, bytes->len);
}

static struct cor_value f_from_base64(struct cor_evaluation *e, const struct cor_value *args,
                                      guint n)
{
    struct cor_value text;
    gsize len = 0;
    (void)n;
    if (!cor_to_text(e, &args[0], &text))
        return text;
    g_autofree guchar *data = g_base64_decode(text.text, &len);
    /* the text was UTF-16, as ConvertToBase64 makes it */
    glong bytes = 0;
    g_autofree gunichar2 *wide = g_memdup2(data, len);
    g_autofree char *utf8 =
        len && len % 2 == 0 ? g_utf16_to_utf8(wide, (glong)len / 2, NULL, &bytes, NULL) : NULL;
    return utf8 ? cor_text_copy(e, utf8, (gsize)bytes) : cor_bytes_copy(e, data, len);
}

static struct cor_value f_to_hex(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value text;
    (void)n;
    if (args[0].type == COR_VALUE_BYTES)
        text = cor_value_string_len((const char *)args[0].bytes, args[0].len);
    else if (!cor_to_text(e, &args[0], &text))
        return text;
    g_autoptr(GString) out = g_string_sized_new(2 * text.len + 1);
    for (gsize i = 0; i < text.len; i++)
        g_string_append_printf(out, "%02X", (guint8)text.text[i]);
    return cor_text_copy(e, out->str, out->len);
}

static struct cor_value f_from_hex(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value text;
    (void)n;
    if (!cor_to_text(e, &args[0], &text))
        return text;
    g_autoptr(GString) out = g_string_new(NULL);
    for (gsize i = 0; i + 1 < text.len; i += 2) {
        int high = g_ascii_xdigit_value(text.text[i]), low = g_ascii_xdigit_value(text.text[i + 1]);
        if (high < 0 || low < 0)
            return cor_value_error(cor_arena_of(e), "hexadecimal digits are needed");
        g_string_append_c(out, (char)(high << 4 | low));
    }
    if (text.len % 2 || !g_utf8_validate_len(out->str, out->len, NULL))
        return cor_value_error(cor_arena_of(e), "hexadecimal UTF-8 is needed");
    return cor_text_copy(e, out->str, out->len);
}

/* --- identifiers ------------------------------------------------------------------------------ */

static struct cor_value f_guid_text(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    static const guint8 order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    char text[40];
    gsize at = 0;
    (void)n;
    if (args[0].type != COR_VALUE_BYTES || args[0].len != 16)
        return wrong(e, &args[0], "a GUID of 16 bytes");
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            text[at++] = '-';
        at += (gsize)g_snprintf(text + at, sizeof text - at, "%02x", args[0].bytes[order[i]]);
    }
    return cor_text_copy(e, text, at);
}

static struct cor_value f_cguid(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value text;
    (void)n;
    if (args[0].type == COR_VALUE_BYTES && args[0].len == 16)
        return args[0];
    if (!cor_to_text(e, &args[0], &text))
        return text;
    COR_JSON_AUTO *node = cor_json_new_string(text.text);
    struct cor_value value = cor_value_from_json(node, "guid", cor_arena_of(e));
    return value.type == COR_VALUE_BYTES ? value
                                         : cor_value_error(cor_arena_of(e), "a GUID is needed");
}

static struct cor_value f_sid_text(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    const guint8 *sid = args[0].bytes;
    guint64 authority = 0;
    (void)n;
    if (args[0].type == COR_VALUE_STRING && g_str_has_prefix(args[0].text, "S-1-"))
        return args[0];
    if (args[0].type != COR_VALUE_BYTES || args[0].len < 8 ||
        args[0].len != 8 + 4 * (gsize)args[0].bytes[1])
        return wrong(e, &args[0], "a security identifier");
    for (int i = 0; i < 6; i++)
        authority = authority << 8 | sid[2 + i];
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_append_printf(text, "S-%u-%" G_GUINT64_FORMAT, sid[0], authority);
    for (guint p = 0; p < sid[1]; p++) {
        const guint8 *part = sid + 8 + 4 * p;
        g_string_append_printf(text, "-%u",
                               (guint)part[0] | (guint)part[1] << 8 | (guint)part[2] << 16 |
                                   (guint)part[3] << 24);
    }
    return cor_text_copy(e, text->str, text->len);
}

static struct cor_value f_cref(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value text;
    (void)n;
    if (cor_to_text(e, &args[0], &text))
        text.type = COR_VALUE_DN;
    return text;
}

/* CBin(number, size): its little-endian bytes, as the shipped rule for device keys needs them;
 * CBin(text): what the text is the base64 of. */
static struct cor_value f_cbin(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value text;
    gsize len = 0;
    gint64 number, size;
    guint8 little[8];
    if (n == 2) {
        if (!cor_to_int(e, &args[0], &number) || !cor_to_int(e, &args[1], &size) || size < 1 ||
            size > 8)
            return cor_value_error(cor_arena_of(e), "a number and a size of 1 to 8 bytes");
        for (int i = 0; i < 8; i++)
            little[i] = (guint8)((guint64)number >> (8 * i));
        return cor_bytes_copy(e, little, (gsize)size);
    }
    if (args[0].type == COR_VALUE_BYTES)
        return args[0];
    if (!cor_to_text(e, &args[0], &text))
        return text;
    g_autofree guchar *data = g_base64_decode(text.text, &len);
    return cor_bytes_copy(e, data, len);
}

/* SHA-1 of the certificate as .NET's X509Certificate2 shows it. */
static struct cor_value f_thumbprint(struct cor_evaluation *e, const struct cor_value *args,
                                     guint n)
{
    (void)n;
    struct cor_value text;
    if (args[0].type != COR_VALUE_BYTES) {
        if (!cor_to_text(e, &args[0], &text))
            return text;
        g_autofree char *of_text = g_compute_checksum_for_string(G_CHECKSUM_SHA1, text.text, -1);
        return cor_text_copy(e, of_text, strlen(of_text));
    }
    g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA1, args[0].bytes, args[0].len);
    g_autofree char *upper = g_ascii_strup(sum, -1);
    return cor_text_copy(e, upper, strlen(upper));
}

/* --- distinguished names ---------------------------------------------------------------------- */

static const char *component_end(const char *at)
{
    while (*at && *at != ',')
        at += *at == '\\' && at[1] ? 2 : 1;
    return at;
}

/* Value of the n-th component without its type, as it is written: escapes stay. */
static struct cor_value component(struct cor_evaluation *e, const struct cor_value *args,
                                  gboolean reverse)
{
    struct cor_value dn;
    gint64 wanted;
    g_autoptr(GPtrArray) starts = g_ptr_array_new();
    if (!cor_to_text(e, &args[0], &dn))
        return dn;
    if (!cor_to_int(e, &args[1], &wanted) || wanted < 1)
        return cor_value_error(cor_arena_of(e), "the number of a component, from 1, is needed");
    for (const char *at = dn.text; *at;) {
        g_ptr_array_add(starts, (gpointer)at);
        at = component_end(at);
        at += *at == ',';
    }
    if ((guint64)wanted > starts->len)
        return cor_null();
    guint index = (guint)(reverse ? starts->len - (guint)wanted : (guint)wanted - 1);
    const char *from = starts->pdata[index], *until = component_end(from);
    const char *equal = memchr(from, '=', (gsize)(until - from));
    from = equal ? equal + 1 : from;
    return cor_text_copy(e, from, (gsize)(until - from));
}

static struct cor_value f_dn(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    (void)n;
    return component(e, args, FALSE);
}

static struct cor_value f_dn_rev(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    (void)n;
    return component(e, args, TRUE);
}

/* RFC 4514 2.4 */
static struct cor_value f_escape(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value text;
    (void)n;
    if (!cor_to_text(e, &args[0], &text))
        return text;
    g_autoptr(GString) out = g_string_new(NULL);
    for (gsize i = 0; i < text.len; i++) {
        char c = text.text[i];
        gboolean edge = (i == 0 && (c == ' ' || c == '#')) || (i + 1 == text.len && c == ' ');
        if (edge || strchr(",+\"\\<>;=", c))
            g_string_append_c(out, '\\');
        g_string_append_c(out, c);
    }
    return cor_text_copy(e, out->str, out->len);
}

/* --- time ------------------------------------------------------------------------------------- */

static struct cor_value time_value(gint64 time_us)
{
    return (struct cor_value){.type = COR_VALUE_TIME, .number = time_us};
}

static gboolean to_time(struct cor_evaluation *e, const struct cor_value *value, gint64 *ret)
{
    struct cor_value text;
    if (value->type == COR_VALUE_TIME) {
        *ret = value->number;
        return TRUE;
    }
    if (value->type != COR_VALUE_STRING || !cor_to_text(e, value, &text))
        return FALSE;
    *ret = cor_time_parse(text.text);
    if (!*ret)
        *ret = cor_time_parse_generalized(text.text, text.len);
    return *ret != 0;
}

static struct cor_value f_date_from_num(struct cor_evaluation *e, const struct cor_value *args,
                                        guint n)
{
    gint64 filetime;
    (void)n;
    if (!cor_to_int(e, &args[0], &filetime) || filetime < 0)
        return wrong(e, &args[0], "a FILETIME");
    return time_value(filetime / 10 - FILETIME_EPOCH_S * G_USEC_PER_SEC);
}

static struct cor_value f_num_from_date(struct cor_evaluation *e, const struct cor_value *args,
                                        guint n)
{
    gint64 time_us;
    (void)n;
    if (!to_time(e, &args[0], &time_us))
        return wrong(e, &args[0], "a time");
    return cor_value_int((time_us + FILETIME_EPOCH_S * G_USEC_PER_SEC) * 10);
}

static struct cor_value f_cdate(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    gint64 time_us;
    (void)n;
    return to_time(e, &args[0], &time_us) ? time_value(time_us) : wrong(e, &args[0], "a time");
}

static struct cor_value f_now(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    (void)args, (void)n;
    return time_value(e->env->now_us);
}

static GDateTime *date_of(gint64 time_us)
{
    g_autoptr(GDateTime) epoch = g_date_time_new_from_unix_utc(0);
    return g_date_time_add(epoch, time_us);
}

static const struct {
    const char *unit;
    int months;
    gint64 us;
} units[] = {
    {"yyyy", 12, 0},           {"q", 3, 0},           {"m", 1, 0},
    {"d", 0, COR_DAY_US},      {"y", 0, COR_DAY_US},  {"w", 0, COR_DAY_US},
    {"ww", 0, 7 * COR_DAY_US}, {"h", 0, COR_HOUR_US}, {"n", 0, COR_MINUTE_US},
    {"s", 0, G_USEC_PER_SEC},
};

static struct cor_value f_date_add(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value unit;
    gint64 count, time_us;
    (void)n;
    if (!cor_to_text(e, &args[0], &unit))
        return unit;
    if (!cor_to_int(e, &args[1], &count) || ABS(count) > G_MAXINT / 12)
        return wrong(e, &args[1], "a number");
    if (!to_time(e, &args[2], &time_us))
        return wrong(e, &args[2], "a time");
    for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
        if (g_ascii_strcasecmp(unit.text, units[i].unit) != 0)
            continue;
        g_autoptr(GDateTime) from = date_of(time_us);
        g_autoptr(GDateTime) until =
            from && units[i].months ? g_date_time_add_months(from, (int)count * units[i].months)
            : from                  ? g_date_time_add(from, count * units[i].us)
                                    : NULL;
        if (!until)
            break;
        return time_value(g_date_time_to_unix(until) * G_USEC_PER_SEC +
                          g_date_time_get_microsecond(until));
    }
    return cor_value_error(cor_arena_of(e), "the time cannot be moved by that");
}

/* Custom format strings of .NET, the documented letters; what is none of them stands as it is. */
static const struct {
    const char *letters, *format;
} letters[] = {
    {"yyyy", "%Y"}, {"yy", "%y"},  {"MMMM", "%B"}, {"MMM", "%b"}, {"MM", "%m"},
    {"dddd", "%A"}, {"ddd", "%a"}, {"dd", "%d"},   {"HH", "%H"},  {"hh", "%I"},
    {"mm", "%M"},   {"ss", "%S"},  {"tt", "%p"},
};
static const struct {
    char letter;
    const char *format;
} single_letters[] = {{'M', "%-m"}, {'d', "%-d"}, {'H', "%-H"}, {'h', "%-I"},
                      {'m', "%-M"}, {'s', "%-S"}, {'z', "+0"}};

static gsize append_letters(GString *out, const char *at, GDateTime *date)
{
    for (gsize i = 0; i < G_N_ELEMENTS(letters); i++)
        if (g_str_has_prefix(at, letters[i].letters)) {
            g_autofree char *text = g_date_time_format(date, letters[i].format);
            g_string_append(out, text ? text : "");
            return strlen(letters[i].letters);
        }
    for (gsize i = 0; i < G_N_ELEMENTS(single_letters); i++)
        if (*at == single_letters[i].letter) {
            g_autofree char *text = g_date_time_format(date, single_letters[i].format);
            g_string_append(out, text ? text : "");
            return 1;
        }
    return 0;
}

static struct cor_value f_format(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value format;
    gint64 time_us;
    (void)n;
    if (!to_time(e, &args[0], &time_us))
        return wrong(e, &args[0], "a time");
    if (!cor_to_text(e, &args[1], &format))
        return format;
    g_autoptr(GDateTime) date = date_of(time_us);
    g_autoptr(GString) out = g_string_new(NULL);
    if (!date)
        return cor_value_error(cor_arena_of(e), "the time is out of range");
    for (const char *at = format.text; *at;) {
        gsize used = append_letters(out, at, date);
        if (used) {
            at += used;
            continue;
        }
        if (*at == '\\' && at[1])
            at++;
        if (*at == '\'') {
            const char *close = strchr(at + 1, '\'');
            gsize len = close ? (gsize)(close - at - 1) : strlen(at + 1);
            g_string_append_len(out, at + 1, (gssize)len);
            at += len + (close ? 2 : 1);
            continue;
        }
        g_string_append_c(out, *at++);
    }
    return cor_text_copy(e, out->str, out->len);
}

#define ONE (COR_FUNCTION_PER_VALUE | COR_FUNCTION_NULL)
#define F(name, least, most, page, flags, call)                                                    \
    {                                                                                              \
        {name, COR_DIALECT_CONNECT, least, most, page}, flags, call, NULL                          \
    }

static const struct cor_function functions[] = {
    F("ConvertToBase64", 1, 1, CONNECT, ONE, f_to_base64),
    F("ConvertFromBase64", 1, 2, CONNECT, ONE, f_from_base64),
    F("ConvertToUTF8Hex", 1, 1, CONNECT, ONE, f_to_hex),
    F("ConvertFromUTF8Hex", 1, 1, CONNECT, ONE, f_from_hex),
    F("StringFromGuid", 1, 1, CONNECT, ONE, f_guid_text),
    F("StringFromSid", 1, 1, CONNECT, ONE, f_sid_text),
    F("CGuid", 1, 1, CONNECT, ONE, f_cguid),
    F("CRef", 1, 1, CONNECT, ONE, f_cref),
    F("CBin", 1, 2, SHIPPED, ONE, f_cbin),
    F("Thumbprint", 1, 1, SHIPPED, ONE, f_thumbprint),
    F("CertThumbprint", 1, 1, CONNECT, ONE, f_thumbprint),
    F("CertHashString", 1, 1, CONNECT, ONE, f_thumbprint),
    F("DNComponent", 2, 2, CONNECT, ONE, f_dn),
    F("DNComponentRev", 2, 3, CONNECT, ONE, f_dn_rev),
    F("EscapeDNComponent", 1, 1, CONNECT, ONE, f_escape),
    F("CDate", 1, 1, CONNECT, ONE, f_cdate),
    F("DateAdd", 3, 3, CONNECT, 0, f_date_add),
    F("DateFromNum", 1, 1, CONNECT, ONE, f_date_from_num),
    F("NumFromDate", 1, 1, CONNECT, ONE, f_num_from_date),
    F("FormatDateTime", 2, 2, CONNECT, ONE, f_format),
    F("Now", 0, 0, CONNECT, 0, f_now),
};
const struct cor_function_group cor_functions_convert = {functions, G_N_ELEMENTS(functions)};
