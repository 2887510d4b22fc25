/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Active Directory values from the wire to canonical JSON.
 *
 * Equal values must give equal bytes whichever server and order they came in: multi-values are
 * sorted by their canonical text. What does not fit its syntax is kept visibly encoded instead of
 * being dropped or guessed. Nothing here knows attribute names.
 */
#include "ldap/decode.h"

#include "correlate/time.h"

#include <string.h>

/* Position of each text byte pair's octet in the stored form. */
static const guint8 guid_order[AD_GUID_BYTES] = {3, 2, 1,  0,  5,  4,  7,  6,
                                                 8, 9, 10, 11, 12, 13, 14, 15};

guint32 ad_u32(const guint8 *data)
{
    guint32 value;
    memcpy(&value, data, sizeof value);
    return GUINT32_FROM_LE(value);
}

guint64 ad_u64(const guint8 *data)
{
    guint64 value;
    memcpy(&value, data, sizeof value);
    return GUINT64_FROM_LE(value);
}

gint64 ad_usn(const guint8 *data)
{
    return (gint64)MIN(ad_u64(data), (guint64)G_MAXINT64);
}

void ad_guid_text(const guint8 guid[AD_GUID_BYTES], char text[AD_GUID_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    char *out = text;
    for (guint i = 0; i < AD_GUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = digits[guid[guid_order[i]] >> 4];
        *out++ = digits[guid[guid_order[i]] & 15];
    }
    *out = 0;
}

gboolean ad_guid_parse(const char *text, gsize len, guint8 guid[AD_GUID_BYTES])
{
    if (len != AD_GUID_TEXT - 1)
        return FALSE;
    for (guint i = 0; i < AD_GUID_BYTES; i++) {
        if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
            return FALSE;
        int high = g_ascii_xdigit_value(*text++);
        int low = g_ascii_xdigit_value(*text++);
        if (high < 0 || low < 0)
            return FALSE;
        guid[guid_order[i]] = (guint8)(high << 4 | low);
    }
    return TRUE;
}

char *ad_sid_text(const guint8 *data, gsize len)
{
    if (len < 8 || data[0] != 1 || data[1] > 15 || len != 8 + 4 * (gsize)data[1])
        return NULL;
    guint64 authority = 0;
    for (guint i = 2; i < 8; i++)
        authority = authority << 8 | data[i];
    GString *text = g_string_new(NULL);
    g_string_printf(text, "S-1-%" G_GUINT64_FORMAT, authority);
    for (guint i = 0; i < data[1]; i++)
        g_string_append_printf(text, "-%u", ad_u32(data + 8 + 4 * i));
    return g_string_free(text, FALSE);
}

gboolean ad_int_parse(const char *text, gsize len, gint64 *ret)
{
    gboolean negative = len > 0 && text[0] == '-';
    guint64 value = 0;
    if (len == (gsize)negative || len > 20)
        return FALSE;
    for (gsize i = (gsize)negative; i < len; i++) {
        if (!g_ascii_isdigit(text[i]))
            return FALSE;
        if (!g_uint64_checked_mul(&value, value, 10) ||
            !g_uint64_checked_add(&value, value, (guint64)(text[i] - '0')))
            return FALSE;
    }
    if (value > (guint64)G_MAXINT64 + (guint64)negative)
        return FALSE;
    *ret = negative ? (gint64)(0 - value) : (gint64)value;
    return TRUE;
}

static gboolean has_prefix(const char *data, gsize len, const char *prefix)
{
    gsize prefix_len = strlen(prefix);
    return len >= prefix_len && memcmp(data, prefix, prefix_len) == 0;
}

gboolean ad_dn_parse(const char *data, gsize len, struct ad_dn *ret)
{
    *ret = (struct ad_dn){0};
    /* A DN cannot begin with an unescaped '<' (RFC 4514 2.4), so this is never part of one. */
    while (len > 0 && data[0] == '<') {
        const char *close = memchr(data, '>', len);
        if (!close)
            return FALSE;
        if (has_prefix(data, len, "<GUID=")) {
            if (!ad_guid_parse(data + 6, (gsize)(close - data) - 6, ret->guid))
                return FALSE;
            ret->has_guid = TRUE;
        }
        gsize used = (gsize)(close - data) + 1;
        if (used < len && data[used] == ';')
            used++;
        data += used;
        len -= used;
    }
    ret->dn = data;
    ret->dn_len = len;
    return TRUE;
}

gboolean ad_dn_within(const char *dn, gsize len, const char *base)
{
    gsize base_len = strlen(base);
    if (len < base_len || g_ascii_strncasecmp(dn + len - base_len, base, base_len) != 0)
        return FALSE;
    return len == base_len || dn[len - base_len - 1] == ',';
}

gboolean ad_dn_data_parse(const char *value, gsize len, const char **ret_data, gsize *ret_data_len,
                          struct ad_dn *ret_dn)
{
    gint64 count;
    if (!has_prefix(value, len, "B:") && !has_prefix(value, len, "S:"))
        return FALSE;
    const char *number = value + 2, *end = value + len;
    const char *colon = memchr(number, ':', (gsize)(end - number));
    if (!colon || !ad_int_parse(number, (gsize)(colon - number), &count))
        return FALSE;
    if (count < 0 || count > end - colon - 2 || colon[1 + count] != ':')
        return FALSE;
    *ret_data = colon + 1;
    *ret_data_len = (gsize)count;
    const char *dn = colon + 2 + count;
    return ad_dn_parse(dn, (gsize)(end - dn), ret_dn);
}

enum ad_syntax ad_syntax_of(const char *attribute_syntax)
{
    static const enum ad_syntax syntaxes[] = {
        [1] = AD_SYNTAX_DN,       [2] = AD_SYNTAX_TEXT,     [3] = AD_SYNTAX_TEXT,
        [4] = AD_SYNTAX_TEXT,     [5] = AD_SYNTAX_TEXT,     [6] = AD_SYNTAX_TEXT,
        [7] = AD_SYNTAX_DN_DATA,  [8] = AD_SYNTAX_BOOLEAN,  [9] = AD_SYNTAX_INTEGER,
        [10] = AD_SYNTAX_OCTETS,  [11] = AD_SYNTAX_TIME,    [12] = AD_SYNTAX_TEXT,
        [13] = AD_SYNTAX_TEXT,    [14] = AD_SYNTAX_DN_DATA, [15] = AD_SYNTAX_OCTETS,
        [16] = AD_SYNTAX_INTEGER, [17] = AD_SYNTAX_SID,
    };
    gint64 number;
    if (!g_str_has_prefix(attribute_syntax, "2.5.5."))
        return AD_SYNTAX_OCTETS;
    const char *last = attribute_syntax + strlen("2.5.5.");
    if (!ad_int_parse(last, strlen(last), &number) || number < 1 ||
        number >= (gint64)G_N_ELEMENTS(syntaxes))
        return AD_SYNTAX_OCTETS;
    return syntaxes[number];
}

static gboolean is_text(const char *data, gsize len)
{
    return g_utf8_validate_len(data, len, NULL);
}

static struct cor_json *base64_value(const struct berval *value)
{
    g_autofree char *text = g_base64_encode((const guint8 *)value->bv_val, value->bv_len);
    return cor_json_new_string(text);
}

static struct cor_json *fallback_value(const struct berval *value)
{
    if (is_text(value->bv_val, value->bv_len))
        return cor_json_new_string_len(value->bv_val, value->bv_len);
    struct cor_json *object = cor_json_new_object();
    cor_json_add(object, "base64", base64_value(value));
    return object;
}

static struct cor_json *octets_value(const struct berval *value)
{
    return base64_value(value);
}

static struct cor_json *boolean_value(const struct berval *value)
{
    if (value->bv_len == 4 && memcmp(value->bv_val, "TRUE", 4) == 0)
        return cor_json_new_bool(TRUE);
    if (value->bv_len == 5 && memcmp(value->bv_val, "FALSE", 5) == 0)
        return cor_json_new_bool(FALSE);
    return fallback_value(value);
}

static struct cor_json *integer_value(const struct berval *value)
{
    gint64 number;
    if (!ad_int_parse(value->bv_val, value->bv_len, &number))
        return fallback_value(value);
    return cor_json_new_int(number);
}

static struct cor_json *time_value(const struct berval *value)
{
    gint64 time_us = cor_time_parse_generalized(value->bv_val, value->bv_len);
    if (!time_us)
        return fallback_value(value);
    g_autofree char *text = cor_time_text(time_us);
    return cor_json_new_string(text);
}

static struct cor_json *sid_value(const struct berval *value)
{
    g_autofree char *text = ad_sid_text((const guint8 *)value->bv_val, value->bv_len);
    return text ? cor_json_new_string(text) : fallback_value(value);
}

static struct cor_json *dn_value(const struct berval *value)
{
    struct ad_dn dn;
    if (!ad_dn_parse(value->bv_val, value->bv_len, &dn) || !is_text(dn.dn, dn.dn_len))
        return fallback_value(value);
    return cor_json_new_string_len(dn.dn, dn.dn_len);
}

/* The DN part follows renames of its target, so the GUID stands for it where there is one. */
static struct cor_json *dn_data_value(const struct berval *value)
{
    const char *data;
    gsize data_len;
    struct ad_dn dn;
    if (!ad_dn_data_parse(value->bv_val, value->bv_len, &data, &data_len, &dn))
        return fallback_value(value);
    if (!is_text(data, data_len) || !is_text(dn.dn, dn.dn_len))
        return fallback_value(value);
    GString *text = g_string_new_len(data, (gssize)data_len);
    g_string_append_c(text, ':');
    if (dn.has_guid) {
        char guid[AD_GUID_TEXT];
        ad_guid_text(dn.guid, guid);
        g_string_append(text, guid);
    } else {
        g_string_append_len(text, dn.dn, (gssize)dn.dn_len);
    }
    struct cor_json *node = cor_json_new_string_len(text->str, text->len);
    g_string_free(text, TRUE);
    return node;
}

static struct cor_json *digest_new(GChecksum *checksum, gsize bytes)
{
    struct cor_json *object = cor_json_new_object();
    cor_json_add_string(object, "sha256", g_checksum_get_string(checksum));
    cor_json_add_int(object, "bytes", (gint64)bytes);
    return object;
}

static struct cor_json *large_value(const struct berval *value)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, (const guint8 *)value->bv_val, (gssize)value->bv_len);
    return digest_new(checksum, value->bv_len);
}

struct cor_json *ad_value(enum ad_syntax syntax, const struct berval *value)
{
    static struct cor_json *(*const decoders[])(const struct berval *) = {
        [AD_SYNTAX_OCTETS] = octets_value,   [AD_SYNTAX_TEXT] = fallback_value,
        [AD_SYNTAX_BOOLEAN] = boolean_value, [AD_SYNTAX_INTEGER] = integer_value,
        [AD_SYNTAX_TIME] = time_value,       [AD_SYNTAX_SID] = sid_value,
        [AD_SYNTAX_DN] = dn_value,           [AD_SYNTAX_DN_DATA] = dn_data_value,
    };
    if (value->bv_len > AD_VALUE_MAX)
        return large_value(value);
    return decoders[syntax](value);
}

static int compare_bervals(const void *a, const void *b)
{
    const struct berval *left = *(const struct berval *const *)a;
    const struct berval *right = *(const struct berval *const *)b;
    gsize common = MIN(left->bv_len, right->bv_len);
    int order = common ? memcmp(left->bv_val, right->bv_val, common) : 0;
    if (order)
        return order;
    return (left->bv_len > right->bv_len) - (left->bv_len < right->bv_len);
}

struct cor_json *ad_values_digest(const struct berval *values, guint count)
{
    g_autofree const struct berval **sorted = g_new(const struct berval *, count + 1);
    for (guint i = 0; i < count; i++)
        sorted[i] = &values[i];
    qsort(sorted, count, sizeof *sorted, compare_bervals);
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize bytes = 0;
    for (guint i = 0; i < count; i++) {
        /* the length separates values, so that moving a boundary changes the digest */
        guint64 length = GUINT64_TO_LE((guint64)sorted[i]->bv_len);
        g_checksum_update(checksum, (const guint8 *)&length, sizeof length);
        g_checksum_update(checksum, (const guint8 *)sorted[i]->bv_val, (gssize)sorted[i]->bv_len);
        bytes += sorted[i]->bv_len;
    }
    struct cor_json *object = digest_new(checksum, bytes);
    cor_json_add_int(object, "values", count);
    return object;
}

struct sortable {
    char *text;
    struct cor_json *node;
};

static int compare_sortables(const void *a, const void *b)
{
    return strcmp(((const struct sortable *)a)->text, ((const struct sortable *)b)->text);
}

static void sort_into(struct cor_json *array, struct sortable *nodes, guint count)
{
    for (guint i = 0; i < count; i++)
        nodes[i].text = cor_json_to_text(nodes[i].node);
    qsort(nodes, count, sizeof *nodes, compare_sortables);
    for (guint i = 0; i < count; i++) {
        cor_json_append(array, nodes[i].node);
        g_free(nodes[i].text);
    }
}

struct cor_json *ad_values(enum ad_syntax syntax, const struct berval *values, guint count)
{
    struct cor_json *array = cor_json_new_array();
    if (count == 1) {
        cor_json_append(array, ad_value(syntax, values));
        return array;
    }
    g_autofree struct sortable *nodes = g_new(struct sortable, count + 1);
    for (guint i = 0; i < count; i++)
        nodes[i].node = ad_value(syntax, &values[i]);
    sort_into(array, nodes, count);
    return array;
}

struct cor_json *ad_values_merge(const struct cor_json *a, const struct cor_json *b)
{
    const struct cor_json *const sources[] = {a, b};
    guint count = 0;
    if (cor_json_type(a) != COR_JSON_ARRAY || cor_json_type(b) != COR_JSON_ARRAY)
        return NULL;
    g_autofree struct sortable *nodes =
        g_new(struct sortable, cor_json_size(a) + cor_json_size(b) + 1);
    for (guint s = 0; s < G_N_ELEMENTS(sources); s++)
        for (const struct cor_json *n = cor_json_first(sources[s]); n; n = cor_json_next(n))
            nodes[count++].node = cor_json_copy(n);
    struct cor_json *array = cor_json_new_array();
    sort_into(array, nodes, count);
    return array;
}
