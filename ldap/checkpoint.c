/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checkpoint of a domain.
 *
 * A checkpoint is trusted only by the program version, domain controller and database it was made
 * with. What does not fit is no error but the reason for a full read, in words for people.
 */
#include "ldap/checkpoint.h"

#include "correlate/time.h"

#include <string.h>

enum { FORMAT = 1 };

struct ad_checkpoint *ad_checkpoint_new(void)
{
    struct ad_checkpoint *checkpoint = g_new0(struct ad_checkpoint, 1);
    checkpoint->kinds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    checkpoint->holders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    checkpoint->controllers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    checkpoint->sentinels = g_array_new(FALSE, FALSE, sizeof(struct ad_sentinel));
    return checkpoint;
}

void ad_checkpoint_free(struct ad_checkpoint *checkpoint)
{
    if (!checkpoint)
        return;
    g_free(checkpoint->host);
    g_free(checkpoint->service);
    g_free(checkpoint->invocation);
    g_free(checkpoint->naming_context);
    g_free(checkpoint->schema);
    ad_dirsync_clear(&checkpoint->cursor);
    g_hash_table_unref(checkpoint->kinds);
    g_hash_table_unref(checkpoint->holders);
    g_hash_table_unref(checkpoint->controllers);
    g_array_unref(checkpoint->sentinels);
    g_free(checkpoint);
}

/* --- as a document ---------------------------------------------------------------------------- */

struct text_member {
    const char *name;
    gsize offset;
};
static const struct text_member texts[] = {
    {"host", G_STRUCT_OFFSET(struct ad_checkpoint, host)},
    {"service", G_STRUCT_OFFSET(struct ad_checkpoint, service)},
    {"invocationId", G_STRUCT_OFFSET(struct ad_checkpoint, invocation)},
    {"namingContext", G_STRUCT_OFFSET(struct ad_checkpoint, naming_context)},
    {"schema", G_STRUCT_OFFSET(struct ad_checkpoint, schema)},
};
static const struct text_member numbers[] = {
    {"usn", G_STRUCT_OFFSET(struct ad_checkpoint, usn)},
    {"readUs", G_STRUCT_OFFSET(struct ad_checkpoint, read_us)},
    {"fullUs", G_STRUCT_OFFSET(struct ad_checkpoint, full_us)},
};
static const struct text_member sets[] = {
    {"kinds", G_STRUCT_OFFSET(struct ad_checkpoint, kinds)},
    {"holders", G_STRUCT_OFFSET(struct ad_checkpoint, holders)},
    {"controllers", G_STRUCT_OFFSET(struct ad_checkpoint, controllers)},
};
#define MEMBER(checkpoint, row, type) (*(type *)(void *)((char *)(checkpoint) + (row)->offset))

static int compare_keys(gconstpointer a, gconstpointer b)
{
    return strcmp(a, b);
}

static struct cor_json *set_json(GHashTable *set)
{
    struct cor_json *array = cor_json_new_array();
    GList *keys = g_list_sort(g_hash_table_get_keys(set), compare_keys);
    for (GList *key = keys; key; key = key->next)
        cor_json_append(array, cor_json_new_string(key->data));
    g_list_free(keys);
    return array;
}

static struct cor_json *sentinels_json(const GArray *sentinels)
{
    struct cor_json *array = cor_json_new_array();
    for (guint i = 0; i < sentinels->len; i++) {
        const struct ad_sentinel *sentinel = &g_array_index(sentinels, struct ad_sentinel, i);
        struct cor_json *node = cor_json_new_object();
        cor_json_add_string(node, "key", sentinel->key);
        cor_json_add_int(node, "usn", sentinel->usn);
        cor_json_add_int(node, "attrtyp", sentinel->attrtyp);
        cor_json_add_int(node, "version", sentinel->version);
        cor_json_add_int(node, "timeUs", sentinel->time_us);
        cor_json_append(array, node);
    }
    return array;
}

struct cor_json *ad_checkpoint_json(const struct ad_checkpoint *checkpoint)
{
    struct cor_json *doc = cor_json_new_object();
    const struct berval *cookie = &checkpoint->cursor.cookie;
    g_autofree char *text =
        cookie->bv_len ? g_base64_encode((const guchar *)cookie->bv_val, cookie->bv_len) : NULL;
    cor_json_add_int(doc, "format", FORMAT);
    cor_json_add_int(doc, "decode", AD_DECODE_VERSION);
    cor_json_add_string(doc, "filter", AD_DIRSYNC_FILTER);
    cor_json_add_string(doc, "attributes", AD_DIRSYNC_ATTRIBUTES);
    cor_json_add_int(doc, "flags", checkpoint->cursor.flags);
    cor_json_add_string(doc, "cookie", text);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        cor_json_add_string(doc, texts[i].name, MEMBER(checkpoint, &texts[i], char *));
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
        cor_json_add_int(doc, numbers[i].name, MEMBER(checkpoint, &numbers[i], gint64));
    for (gsize i = 0; i < G_N_ELEMENTS(sets); i++)
        cor_json_add(doc, sets[i].name, set_json(MEMBER(checkpoint, &sets[i], GHashTable *)));
    cor_json_add_bool(doc, "recycleBin", checkpoint->recycle_bin);
    cor_json_add(doc, "sentinels", sentinels_json(checkpoint->sentinels));
    return doc;
}

static gboolean parse_set(const struct cor_json *array, GHashTable *set)
{
    for (const struct cor_json *node = cor_json_first(array); node; node = cor_json_next(node)) {
        const char *key = cor_json_string(node);
        if (!key)
            return FALSE;
        g_hash_table_add(set, g_strdup(key));
    }
    return cor_json_type(array) == COR_JSON_ARRAY;
}

static gboolean parse_u32(const struct cor_json *node, guint32 *ret)
{
    gint64 number;
    if (!cor_json_int(node, &number) || number < 0 || number > G_MAXUINT32)
        return FALSE;
    *ret = (guint32)number;
    return TRUE;
}

static gboolean parse_sentinels(const struct cor_json *array, GArray *sentinels)
{
    for (const struct cor_json *node = cor_json_first(array); node; node = cor_json_next(node)) {
        struct ad_sentinel sentinel = {0};
        guint8 guid[AD_GUID_BYTES];
        const char *key = cor_json_get_string(node, "key");
        if (!key || !ad_guid_parse(key, strlen(key), guid) ||
            !cor_json_int(cor_json_get(node, "usn"), &sentinel.usn) ||
            !cor_json_int(cor_json_get(node, "timeUs"), &sentinel.time_us) ||
            !parse_u32(cor_json_get(node, "attrtyp"), &sentinel.attrtyp) ||
            !parse_u32(cor_json_get(node, "version"), &sentinel.version))
            return FALSE;
        ad_guid_text(guid, sentinel.key);
        g_array_append_val(sentinels, sentinel);
    }
    return cor_json_type(array) == COR_JSON_ARRAY;
}

static gboolean parse_cursor(const struct cor_json *doc, struct ad_dirsync *cursor)
{
    const struct cor_json *node = cor_json_get(doc, "cookie");
    gsize len = 0;
    if (!parse_u32(cor_json_get(doc, "flags"), &cursor->flags))
        return FALSE;
    if (!node)
        return TRUE;
    if (!cor_json_string(node))
        return FALSE;
    g_autofree guchar *cookie = g_base64_decode(cor_json_string(node), &len);
    const struct berval source = {len, (char *)cookie};
    return len > 0 && ber_dupbv(&cursor->cookie, (struct berval *)&source) != NULL;
}

static gboolean same_form(const struct cor_json *doc)
{
    gint64 format, decode;
    return cor_json_int(cor_json_get(doc, "format"), &format) && format == FORMAT &&
           cor_json_int(cor_json_get(doc, "decode"), &decode) && decode == AD_DECODE_VERSION &&
           g_strcmp0(cor_json_get_string(doc, "filter"), AD_DIRSYNC_FILTER) == 0 &&
           g_strcmp0(cor_json_get_string(doc, "attributes"), AD_DIRSYNC_ATTRIBUTES) == 0;
}

struct ad_checkpoint *ad_checkpoint_parse(const struct cor_json *doc)
{
    if (!same_form(doc))
        return NULL;
    AD_CHECKPOINT_AUTO *checkpoint = ad_checkpoint_new();
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        const char *text = cor_json_get_string(doc, texts[i].name);
        if (!text)
            return NULL;
        MEMBER(checkpoint, &texts[i], char *) = g_strdup(text);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (!cor_json_int(cor_json_get(doc, numbers[i].name),
                          &MEMBER(checkpoint, &numbers[i], gint64)))
            return NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(sets); i++)
        if (!parse_set(cor_json_get(doc, sets[i].name), MEMBER(checkpoint, &sets[i], GHashTable *)))
            return NULL;
    checkpoint->recycle_bin = cor_json_get_bool(doc, "recycleBin");
    if (!parse_cursor(doc, &checkpoint->cursor) ||
        !parse_sentinels(cor_json_get(doc, "sentinels"), checkpoint->sentinels))
        return NULL;
    return g_steal_pointer(&checkpoint);
}

const char *ad_checkpoint_host(const struct cor_json *doc, gint64 now_us, gint64 full_every_us)
{
    gint64 full_us;
    if (!cor_json_int(cor_json_get(doc, "fullUs"), &full_us) || now_us - full_us >= full_every_us)
        return NULL;
    return cor_json_get_string(doc, "host");
}

/* --- judgement -------------------------------------------------------------------------------- */

/* Names of hosts and DNs are the same in any case. */
static const struct {
    gsize offset;
    const char *reason;
} bound[] = {
    {G_STRUCT_OFFSET(struct ad_checkpoint, naming_context), "it is another domain"},
    {G_STRUCT_OFFSET(struct ad_checkpoint, service), "it is another domain controller"},
    {G_STRUCT_OFFSET(struct ad_checkpoint, host), "the domain controller has another name"},
    {G_STRUCT_OFFSET(struct ad_checkpoint, invocation),
     "the domain controller has a new invocation ID: its database was restored or replaced"},
    {G_STRUCT_OFFSET(struct ad_checkpoint, schema), "the schema was changed"},
};

static char *unfit_age(const struct ad_checkpoint *last, gint64 now_us, gint64 full_every_us)
{
    if (now_us < last->full_us)
        return g_strdup("the clock of this host was set back");
    if (now_us - last->full_us < full_every_us)
        return NULL;
    g_autofree char *when = cor_time_text(last->full_us);
    return g_strdup_printf("one is due (full_every_hours), the last was at %s", when);
}

char *ad_checkpoint_unfit(const struct ad_checkpoint *last, const struct ad_checkpoint *present,
                          gint64 full_every_us)
{
    for (gsize i = 0; i < G_N_ELEMENTS(bound); i++)
        if (g_ascii_strcasecmp(MEMBER(last, &bound[i], char *),
                               MEMBER(present, &bound[i], char *)) != 0)
            return g_strdup(bound[i].reason);
    if (last->recycle_bin != present->recycle_bin)
        return g_strdup("the Recycle Bin was enabled");
    if (present->usn < last->usn)
        return g_strdup_printf("the domain controller's USN ran backwards (%" G_GINT64_FORMAT
                               " to %" G_GINT64_FORMAT "): its database is an older copy",
                               last->usn, present->usn);
    if (g_hash_table_size(last->holders) > AD_HOLDERS_MAX)
        return g_strdup_printf("more than %d objects show the DN of another one in an attribute "
                               "that is no link",
                               AD_HOLDERS_MAX);
    return unfit_age(last, present->read_us, full_every_us);
}

/* Replication between sites takes minutes to hours. */
#define LAG_MAX_US (24 * COR_HOUR_US)

gint64 ad_checkpoint_newest(const struct ad_checkpoint *last)
{
    return last->sentinels->len ? g_array_index(last->sentinels, struct ad_sentinel, 0).usn : 0;
}

gboolean ad_checkpoint_may_lag(const struct ad_checkpoint *last,
                               const struct ad_checkpoint *present)
{
    return g_ascii_strcasecmp(last->naming_context, present->naming_context) == 0 &&
           g_ascii_strcasecmp(last->service, present->service) != 0 &&
           present->read_us - last->read_us < LAG_MAX_US;
}

gboolean ad_sentinel_holds(const struct ad_sentinel *sentinel, gint64 usn, const guint8 *metadata,
                           gsize len)
{
    gint count = ad_stamps_count(metadata, len);
    if (usn < sentinel->usn)
        return FALSE;
    if (!sentinel->version || count < 0)
        return TRUE;
    for (gint i = 0; i < count; i++) {
        struct ad_stamp stamp = ad_stamp_at(metadata, (guint)i);
        if (stamp.attrtyp != sentinel->attrtyp)
            continue;
        if (stamp.version != sentinel->version)
            return stamp.version > sentinel->version;
        return stamp.time_us == sentinel->time_us && stamp.local_usn == sentinel->usn;
    }
    return FALSE;
}

void ad_checkpoint_watch(struct ad_checkpoint *checkpoint, const struct ad_entry *entry)
{
    GArray *sentinels = checkpoint->sentinels;
    struct ad_sentinel sentinel = {.usn = entry->usn_changed};
    guint at = 0;
    if (!*entry->key || !entry->usn_changed)
        return;
    if (sentinels->len == AD_SENTINELS_MAX &&
        g_array_index(sentinels, struct ad_sentinel, AD_SENTINELS_MAX - 1).usn >= sentinel.usn)
        return;
    memcpy(sentinel.key, entry->key, sizeof sentinel.key);
    if (entry->marks.newest.local_usn == entry->usn_changed) {
        sentinel.attrtyp = entry->marks.newest.attrtyp;
        sentinel.version = entry->marks.newest.version;
        sentinel.time_us = entry->marks.newest.time_us;
    }
    for (guint i = 0; i < sentinels->len; i++)
        if (strcmp(g_array_index(sentinels, struct ad_sentinel, i).key, sentinel.key) == 0)
            g_array_remove_index(sentinels, i--);
    while (at < sentinels->len &&
           g_array_index(sentinels, struct ad_sentinel, at).usn >= sentinel.usn)
        at++;
    g_array_insert_val(sentinels, at, sentinel);
    if (sentinels->len > AD_SENTINELS_MAX)
        g_array_set_size(sentinels, AD_SENTINELS_MAX);
}
