/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoder of the metadata of single links.
 *
 * Servers keep it for every link that ever was; a group may have had hundreds of thousands. Kept
 * are those that changed last: only these can have changed since the backup point before.
 */
#include "ldap/metadata_links.h"

#include "correlate/time.h"

#include <string.h>

enum {
    BLOB_BYTES = 84, /* without the padding at its end */
    OFF_ATTRIBUTE = 0,
    OFF_TARGET = 4,
    OFF_DELETED = 16,
    OFF_CREATED = 24,
    OFF_VERSION = 32,
    OFF_CHANGED = 36,
    OFF_DSA = 44,
    OFF_USN = 64,
    TEXT_MAX = 16384, /* bytes of a name; a DN has at most 255 * 64 characters in practice */
};

#define LAST_US (G_GINT64_CONSTANT(253402300799) * COR_SECOND_US)

void ad_link_stamp_clear(struct ad_link_stamp *stamp)
{
    g_free(stamp->attribute);
    g_free(stamp->target);
    *stamp = (struct ad_link_stamp){0};
}

/* --- blob ------------------------------------------------------------------------------------- */

/* Nothing in a directory was written before 1970 or will be after 9999. */
static gint64 get_time(const guint8 *data)
{
    gint64 time_us = cor_time_from_filetime((gint64)ad_u64(data));
    return time_us > 0 && time_us <= LAST_US ? time_us : 0;
}

/* UTF-16LE up to its NUL; NULL when it is not wholly inside, empty or no text. */
static char *blob_text(const guint8 *data, gsize len, gsize offset)
{
    g_autoptr(GArray) units = g_array_new(FALSE, FALSE, sizeof(gunichar2));
    if (offset < BLOB_BYTES)
        return NULL;
    for (gsize at = offset; at + 2 <= len && at - offset <= TEXT_MAX; at += 2) {
        gunichar2 unit = (gunichar2)(data[at] | data[at + 1] << 8);
        if (unit == 0)
            return units->len ? g_utf16_to_utf8((const gunichar2 *)(const void *)units->data,
                                                units->len, NULL, NULL, NULL)
                              : NULL;
        g_array_append_val(units, unit);
    }
    return NULL;
}

gboolean ad_link_stamp_blob(const guint8 *data, gsize len, struct ad_link_stamp *ret)
{
    *ret = (struct ad_link_stamp){0};
    if (len < BLOB_BYTES)
        return FALSE;
    ret->attribute = blob_text(data, len, ad_u32(data + OFF_ATTRIBUTE));
    ret->target = blob_text(data, len, ad_u32(data + OFF_TARGET));
    ret->deleted_us = get_time(data + OFF_DELETED);
    ret->created_us = get_time(data + OFF_CREATED);
    ret->changed_us = get_time(data + OFF_CHANGED);
    ret->version = ad_u32(data + OFF_VERSION);
    ret->usn = ad_usn(data + OFF_USN);
    memcpy(ret->dsa, data + OFF_DSA, sizeof ret->dsa);
    if (ret->attribute && ret->target)
        return TRUE;
    ad_link_stamp_clear(ret);
    return FALSE;
}

/* --- XML -------------------------------------------------------------------------------------- */

struct reading {
    struct ad_link_stamp *stamp;
    GString *text;
    guint depth, seen; /* bits of fields, by row of the table */
};

static gboolean take_name(struct ad_link_stamp *stamp, const char *text)
{
    g_free(stamp->attribute);
    stamp->attribute = *text ? g_strdup(text) : NULL;
    return *text != '\0';
}

static gboolean take_target(struct ad_link_stamp *stamp, const char *text)
{
    g_free(stamp->target);
    stamp->target = *text ? g_strdup(text) : NULL;
    return *text != '\0';
}

/* "1601-01-01T00:00:00Z" is never. */
static gboolean parse_time(const char *text, gint64 *ret)
{
    *ret = g_str_has_prefix(text, "1601-01-01T00:00:00") ? 0 : cor_time_parse(text);
    *ret = MAX(*ret, 0);
    return *ret || g_str_has_prefix(text, "1601-");
}

static gboolean take_deleted(struct ad_link_stamp *stamp, const char *text)
{
    return parse_time(text, &stamp->deleted_us);
}

static gboolean take_created(struct ad_link_stamp *stamp, const char *text)
{
    return parse_time(text, &stamp->created_us);
}

static gboolean take_changed(struct ad_link_stamp *stamp, const char *text)
{
    return parse_time(text, &stamp->changed_us);
}

static gboolean take_version(struct ad_link_stamp *stamp, const char *text)
{
    guint64 value = 0;
    gboolean ok = g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32, &value, NULL);
    stamp->version = (guint32)value;
    return ok;
}

static gboolean take_usn(struct ad_link_stamp *stamp, const char *text)
{
    return ad_int_parse(text, strlen(text), &stamp->usn) && stamp->usn >= 0;
}

static gboolean take_dsa(struct ad_link_stamp *stamp, const char *text)
{
    return ad_guid_parse(text, strlen(text), stamp->dsa);
}

static const struct {
    const char *element;
    gboolean (*take)(struct ad_link_stamp *stamp, const char *text);
} fields[] = {
    {"pszAttributeName", take_name},
    {"pszObjectDn", take_target},
    {"dwVersion", take_version},
    {"ftimeDeleted", take_deleted},
    {"ftimeCreated", take_created},
    {"ftimeLastOriginatingChange", take_changed},
    {"uuidLastOriginatingDsaInvocationID", take_dsa},
    {"usnOriginatingChange", take_usn},
};

static void fail_xml(GError **error, const char *name)
{
    g_set_error(error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT, "%s", name);
}

static void on_start(GMarkupParseContext *context, const char *name, const char **names,
                     const char **values, gpointer data, GError **error)
{
    struct reading *reading = data;
    (void)context;
    (void)names;
    (void)values;
    reading->depth++;
    g_string_truncate(reading->text, 0);
    if (reading->depth > 2 ||
        (reading->depth == 1 && strcmp(name, "DS_REPL_VALUE_META_DATA") != 0 &&
         strcmp(name, "DS_REPL_VALUE_META_DATA_EXT") != 0))
        fail_xml(error, name);
}

static void on_text(GMarkupParseContext *context, const char *text, gsize len, gpointer data,
                    GError **error)
{
    struct reading *reading = data;
    (void)context;
    if (reading->text->len + len > TEXT_MAX)
        fail_xml(error, "too long");
    else
        g_string_append_len(reading->text, text, (gssize)len);
}

static void on_end(GMarkupParseContext *context, const char *name, gpointer data, GError **error)
{
    struct reading *reading = data;
    (void)context;
    reading->depth--;
    for (gsize i = 0; reading->depth == 1 && i < G_N_ELEMENTS(fields); i++) {
        if (strcmp(fields[i].element, name) != 0)
            continue;
        if ((reading->seen & 1u << i) || !fields[i].take(reading->stamp, reading->text->str))
            fail_xml(error, name);
        reading->seen |= 1u << i;
    }
    g_string_truncate(reading->text, 0);
}

gboolean ad_link_stamp_xml(const char *data, gsize len, struct ad_link_stamp *ret)
{
    static const GMarkupParser parser = {
        .start_element = on_start, .end_element = on_end, .text = on_text};
    struct reading reading = {.stamp = ret, .text = g_string_new(NULL)};
    *ret = (struct ad_link_stamp){0};
    while (len && (data[len - 1] == '\0' || g_ascii_isspace(data[len - 1])))
        len--;
    GMarkupParseContext *context = g_markup_parse_context_new(&parser, 0, &reading, NULL);
    gboolean ok = len <= G_MAXINT &&
                  g_markup_parse_context_parse(context, data, (gssize)len, NULL) &&
                  g_markup_parse_context_end_parse(context, NULL);
    g_markup_parse_context_free(context);
    g_string_free(reading.text, TRUE);
    ok = ok && reading.seen == (1u << G_N_ELEMENTS(fields)) - 1;
    if (!ok)
        ad_link_stamp_clear(ret);
    return ok;
}

/* --- the links of one object ------------------------------------------------------------------ */

static void clear_element(gpointer stamp)
{
    ad_link_stamp_clear(stamp);
}

void ad_link_stamps_init(struct ad_link_stamps *stamps)
{
    *stamps =
        (struct ad_link_stamps){.list = g_array_new(FALSE, FALSE, sizeof(struct ad_link_stamp))};
    g_array_set_clear_func(stamps->list, clear_element);
}

void ad_link_stamps_clear(struct ad_link_stamps *stamps)
{
    g_clear_pointer(&stamps->list, g_array_unref);
}

static gint by_link(gconstpointer a, gconstpointer b)
{
    const struct ad_link_stamp *x = a, *y = b;
    gint names = strcmp(x->attribute, y->attribute);
    gint targets = names ? names : strcmp(x->target, y->target);
    return targets ? targets : (x->version < y->version) - (x->version > y->version);
}

/* Ties are broken by name, so that the same links give the same document in any order. */
static gint newest_first(gconstpointer a, gconstpointer b)
{
    const struct ad_link_stamp *x = a, *y = b;
    gint times = (x->changed_us < y->changed_us) - (x->changed_us > y->changed_us);
    return times ? times : by_link(a, b);
}

static void cut(struct ad_link_stamps *stamps)
{
    if (stamps->list->len <= AD_LINK_STAMPS_MAX)
        return;
    stamps->omitted += stamps->list->len - AD_LINK_STAMPS_MAX;
    g_array_sort(stamps->list, newest_first);
    g_array_set_size(stamps->list, AD_LINK_STAMPS_MAX);
}

void ad_link_stamps_add(struct ad_link_stamps *stamps, const struct berval *value)
{
    struct ad_link_stamp stamp;
    gsize at = 0;
    while (at < value->bv_len && g_ascii_isspace(value->bv_val[at]))
        at++;
    /* a blob begins with an offset, whose bytes are never "<DS_" */
    gboolean xml = value->bv_len - at > 4 && memcmp(value->bv_val + at, "<DS_", 4) == 0;
    if (!(xml ? ad_link_stamp_xml(value->bv_val, value->bv_len, &stamp)
              : ad_link_stamp_blob((const guint8 *)value->bv_val, value->bv_len, &stamp))) {
        stamps->broken++;
        return;
    }
    g_array_append_val(stamps->list, stamp);
    if (stamps->list->len >= 2 * AD_LINK_STAMPS_MAX)
        cut(stamps);
}

static void add_time(struct cor_json *object, const char *key, gint64 time_us)
{
    g_autofree char *text = cor_time_text(time_us);
    if (*text)
        cor_json_add_string(object, key, text);
}

static struct cor_json *stamp_json(const struct ad_link_stamp *stamp)
{
    char dsa[AD_GUID_TEXT];
    struct cor_json *object = cor_json_new_object();
    ad_guid_text(stamp->dsa, dsa);
    cor_json_add_int(object, "version", stamp->version);
    add_time(object, "time", stamp->changed_us);
    cor_json_add_string(object, "dsa", dsa);
    cor_json_add_int(object, "usn", stamp->usn);
    add_time(object, "created", stamp->created_us);
    add_time(object, "deleted", stamp->deleted_us);
    return object;
}

static void store_kind(const struct ad_link_stamps *stamps, const char *attribute,
                       struct cor_json *values_taken, struct cor_json *metadata)
{
    struct cor_json *node = cor_json_steal(metadata, attribute);
    if (!node)
        node = cor_json_new_object();
    cor_json_add(node, "values", values_taken);
    if (stamps->omitted)
        cor_json_add_int(node, "omitted", (gint64)stamps->omitted);
    cor_json_add(metadata, attribute, node);
}

void ad_link_stamps_store(struct ad_link_stamps *stamps, struct cor_json *metadata)
{
    cut(stamps);
    g_array_sort(stamps->list, by_link);
    const struct ad_link_stamp *before = NULL;
    struct cor_json *values = NULL;
    for (guint i = 0; i < stamps->list->len; i++) {
        const struct ad_link_stamp *stamp = &g_array_index(stamps->list, struct ad_link_stamp, i);
        gboolean same_kind = before && strcmp(before->attribute, stamp->attribute) == 0;
        if (same_kind && strcmp(before->target, stamp->target) == 0)
            continue; /* told twice: the higher version came first */
        if (values && !same_kind)
            store_kind(stamps, before->attribute, g_steal_pointer(&values), metadata);
        if (!values)
            values = cor_json_new_object();
        cor_json_add(values, stamp->target, stamp_json(stamp));
        before = stamp;
    }
    if (values)
        store_kind(stamps, before->attribute, values, metadata);
}
