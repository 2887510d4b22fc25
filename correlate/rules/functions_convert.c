/* SPDX-License-Identifier: Apache-2.0 */
/* Functions between forms: base64, hexadecimal, GUIDs, SIDs, names, certificates. */
#include "correlate/rules/expression_private.h"

#include <string.h>

#define CONNECT "connect/reference-connect-sync-functions-reference"
#define SHIPPED "shipped, not documented"

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

/* UTF-16, little-endian. */
static struct cor_value from_unicode(struct cor_evaluation *e, const guint8 *data, gsize len)
{
    glong bytes = 0;
    g_autofree gunichar2 *wide = g_new0(gunichar2, len / 2 + 1);
    for (gsize i = 0; i + 1 < len; i += 2)
        wide[i / 2] = (gunichar2)(data[i] | data[i + 1] << 8);
    g_autofree char *utf8 =
        len % 2 == 0 ? g_utf16_to_utf8(wide, (glong)len / 2, NULL, &bytes, NULL) : NULL;
    return utf8 ? cor_text_copy(e, utf8, (gsize)bytes)
                : cor_value_error(cor_arena_of(e), "the base64 of UTF-16 text is needed");
}

/* ConvertFromBase64(source, encoding): Unicode when nothing is said. */
static struct cor_value f_from_base64(struct cor_evaluation *e, const struct cor_value *args,
                                      guint n)
{
    struct cor_value text, encoding = cor_value_string("Unicode");
    gsize len = 0;
    if (!cor_to_text(e, &args[0], &text))
        return text;
    if (n > 1 && !cor_to_text(e, &args[1], &encoding))
        return encoding;
    g_autofree guchar *data = g_base64_decode(text.text, &len);
    if (strcmp(encoding.text, "Unicode") == 0)
        return from_unicode(e, data, len);
    if (g_utf8_validate_len((const char *)data, len, NULL))
        return cor_text_copy(e, (const char *)data, len);
    return cor_value_error(cor_arena_of(e), "the base64 of UTF-8 text is needed");
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
    gboolean braces = text.len == 38 && text.text[0] == '{' && text.text[37] == '}';
    COR_JSON_AUTO *node = cor_json_new_string_len(text.text + braces, text.len - 2 * (gsize)braces);
    struct cor_value value = cor_value_from_json(node, "guid", cor_arena_of(e));
    return value.type == COR_VALUE_BYTES ? value
                                         : cor_value_error(cor_arena_of(e), "a GUID is needed");
}

static struct cor_value f_sid_text(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    (void)n;
    if (args[0].type == COR_VALUE_STRING && g_str_has_prefix(args[0].text, "S-1-"))
        return args[0];
    g_autofree char *text =
        args[0].type == COR_VALUE_BYTES ? cor_value_sid_text(args[0].bytes, args[0].len) : NULL;
    return text ? cor_text_copy(e, text, strlen(text))
                : wrong(e, &args[0], "a security identifier");
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

static gboolean is_domain_part(const char *part)
{
    while (*part == ' ')
        part++;
    return g_ascii_strncasecmp(part, "dc=", 3) == 0;
}

/* Value of the n-th component without its type, as it is written: escapes stay. Option DC leaves
 * out the components of the domain. */
static struct cor_value component(struct cor_evaluation *e, const struct cor_value *args, guint n,
                                  gboolean reverse)
{
    struct cor_value dn, option = cor_value_string("");
    gint64 wanted;
    g_autoptr(GPtrArray) starts = g_ptr_array_new();
    if (!cor_to_text(e, &args[0], &dn))
        return dn;
    if (!cor_to_int(e, &args[1], &wanted) || wanted < 1)
        return cor_value_error(cor_arena_of(e), "the number of a component, from 1, is needed");
    if (n > 2 && (!cor_to_text(e, &args[2], &option) || strcmp(option.text, "DC") != 0))
        return cor_value_error(cor_arena_of(e), "the only option is DC");
    for (const char *at = dn.text; *at;) {
        if (!*option.text || !is_domain_part(at))
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
    return component(e, args, n, FALSE);
}

static struct cor_value f_dn_rev(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    return component(e, args, n, TRUE);
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
    F("DNComponent", 2, 2, CONNECT, ONE, f_dn),
    F("DNComponentRev", 2, 3, CONNECT, ONE, f_dn_rev),
    F("EscapeDNComponent", 1, 1, CONNECT, ONE, f_escape),
};
const struct cor_function_group cor_functions_convert = {functions, G_N_ELEMENTS(functions)};
