/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what changed to what has to be read.
 *
 * Every object that changed is read as a full read would read it: the same two searches (live
 * objects, deleted objects) narrowed to its GUID, so that both give the same record. Then come the
 * objects that a change elsewhere makes look different, of which no server tells (MS-ADTS renders
 * DNs and hides links when it answers): those below a renamed container, those that show the DN of
 * a renamed object, and those with links to an object that was deleted or came back. Nothing is
 * assumed about how they look now; they are read.
 */
#include "ldap/capture_private.h"
#include "ldap/rights.h"

#include <string.h>

enum {
    BATCH = 100,    /* objects asked for by one search */
    ROOTS_MAX = 64, /* renamed containers that are told apart among deleted objects */
};

struct reread {
    struct ad_capture *capture;
    gint64 since;          /* USN that the last read saw */
    GHashTable *done;      /* set of keys: seen in this read */
    GPtrArray *queue;      /* char *: keys still to be read */
    GPtrArray *containers; /* char *: keys of live containers that were renamed or moved */
    GPtrArray *roots;      /* char *: DNs as they are now, of containers with a new one */
    GPtrArray *turned;     /* char *: keys of what was deleted, recycled or brought back */
    GPtrArray *risen;      /* char *: DNs of what came back */
    gboolean deleted_readable;
    gboolean renamed; /* an object that existed before has a new DN */
};

/* --- what an entry tells ---------------------------------------------------------------------- */

static const char *entry_dn(const struct ad_entry *entry)
{
    return cor_json_get_string(entry->attributes, "distinguishedName");
}

/* People, groups, contacts and computers hold no captured objects. */
static gboolean may_contain(const struct ad_entry *entry)
{
    return !entry->type || strcmp(entry->type, COR_TYPE_OU) == 0;
}

static void note_name(struct reread *reread, const struct ad_entry *entry)
{
    const char *dn = entry_dn(entry);
    gboolean known = entry->marks.newest.local_usn > 0;
    if ((known && entry->marks.named <= reread->since) || entry->usn_created > reread->since)
        return;
    reread->renamed = TRUE;
    if (!may_contain(entry) || !dn)
        return;
    g_ptr_array_add(reread->roots, g_strdup(dn));
    if (!entry->deleted)
        g_ptr_array_add(reread->containers, g_strdup(entry->key));
}

static void note_life(struct reread *reread, const struct ad_entry *entry)
{
    const char *dn = entry_dn(entry);
    gboolean unknown = entry->deleted && !entry->marks.buried;
    if (entry->marks.buried <= reread->since && !unknown)
        return;
    g_ptr_array_add(reread->turned, g_strdup(entry->key));
    if (!entry->deleted && dn)
        g_ptr_array_add(reread->risen, g_strdup(dn));
}

static gboolean watch(const struct ad_entry *entry, void *data)
{
    struct reread *reread = data;
    GHashTable *holders = reread->capture->changes.next->holders;
    if (!g_hash_table_add(reread->done, g_strdup(entry->key)))
        return FALSE;
    note_name(reread, entry);
    if (!entry->type)
        return TRUE;
    note_life(reread, entry);
    ad_checkpoint_watch(reread->capture->changes.next, entry);
    if (ad_entry_holds_dn(entry))
        g_hash_table_add(holders, g_strdup(entry->key));
    else
        g_hash_table_remove(holders, entry->key);
    return TRUE;
}

/* --- reading by key --------------------------------------------------------------------------- */

/* Keys from *at on that were not seen yet, as a filter; NULL when there are none left. */
static char *next_filter(const struct reread *reread, const GPtrArray *keys, guint *at)
{
    g_autoptr(GString) filter = g_string_new("(|");
    guint count = 0;
    for (; *at < keys->len && count < BATCH; (*at)++) {
        if (g_hash_table_contains(reread->done, keys->pdata[*at]))
            continue;
        ad_filter_add_key(filter, keys->pdata[*at]);
        count++;
    }
    g_string_append_c(filter, ')');
    return count ? g_strdup(filter->str) : NULL;
}

static gboolean read_live(struct reread *reread, const GPtrArray *keys, GError **error)
{
    struct ad_capture *capture = reread->capture;
    char *filter;
    for (guint at = 0; (filter = next_filter(reread, keys, &at));) {
        const struct ad_search search = {
            .base = capture->connection->root.default_nc,
            .scope = LDAP_SCOPE_SUBTREE,
            .filter = filter,
            .attributes = ad_object_attributes,
            .flags = AD_SEARCH_EXTENDED_DN,
            .page_size = ad_capture_page_size(capture),
        };
        gboolean ok = ad_capture_search(capture, AD_SEGMENT_OBJECTS, &search, error);
        g_free(filter);
        if (!ok)
            return FALSE;
    }
    return TRUE;
}

static gboolean read_deleted(struct reread *reread, const GPtrArray *keys, GError **error)
{
    struct ad_capture *capture = reread->capture;
    g_autofree char *base = ad_deleted_objects_dn(capture->connection->root.default_nc);
    char *some;
    for (guint at = 0; reread->deleted_readable && (some = next_filter(reread, keys, &at));) {
        g_autofree char *filter = g_strdup_printf("(&(isDeleted=TRUE)%s)", some);
        const struct ad_search search = {
            .base = base,
            .scope = LDAP_SCOPE_ONELEVEL,
            .filter = filter,
            .attributes = ad_object_attributes,
            .flags = AD_SEARCH_EXTENDED_DN | AD_SEARCH_SHOW_DELETED,
            .page_size = ad_capture_page_size(capture),
        };
        g_free(some);
        if (!ad_capture_search(capture, AD_SEGMENT_DELETED, &search, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean read_keys(struct reread *reread, const GPtrArray *keys, GError **error)
{
    return read_live(reread, keys, error) && read_deleted(reread, keys, error);
}

static gboolean read_below(struct reread *reread, GError **error)
{
    struct ad_capture *capture = reread->capture;
    for (guint i = 0; i < reread->containers->len; i++) {
        g_autofree char *base =
            g_strdup_printf("<GUID=%s>", (const char *)reread->containers->pdata[i]);
        const struct ad_search search = {
            .base = base,
            .scope = LDAP_SCOPE_SUBTREE,
            .filter = AD_CLASSES,
            .attributes = ad_object_attributes,
            .flags = AD_SEARCH_EXTENDED_DN,
            .page_size = ad_capture_page_size(capture),
        };
        if (!ad_capture_search(capture, AD_SEGMENT_OBJECTS, &search, error))
            return FALSE;
    }
    return TRUE;
}

/* --- who else looks different ----------------------------------------------------------------- */

static void enqueue(struct reread *reread, const char *key)
{
    if (!g_hash_table_contains(reread->done, key))
        g_ptr_array_add(reread->queue, g_strdup(key));
}

static gboolean take_key(LDAPMessage *message, void *data, GError **error)
{
    struct reread *reread = data;
    struct berval **guid =
        ldap_get_values_len(reread->capture->connection->ld, message, "objectGUID");
    char key[AD_GUID_TEXT];
    (void)error;
    if (guid && guid[0] && guid[0]->bv_len == AD_GUID_BYTES) {
        ad_guid_text((const guint8 *)guid[0]->bv_val, key);
        enqueue(reread, key);
    }
    ldap_value_free_len(guid);
    return TRUE;
}

/* A search that only finds out whom to read. */
static gboolean find(struct reread *reread, const char *segment, const struct ad_search *search,
                     ad_entry_func take, GError **error)
{
    AD_OUTCOME_AUTO outcome = {0};
    if (!ad_search(reread->capture->connection, search, take, NULL, reread, &outcome, error))
        return FALSE;
    ad_capture_prove(reread->capture, segment, &outcome, 0);
    return TRUE;
}

/* RFC 4515 3 */
static void append_escaped(GString *filter, const char *value)
{
    for (; *value; value++)
        if (strchr("*()\\", *value))
            g_string_append_printf(filter, "\\%02x", (guchar)*value);
        else
            g_string_append_c(filter, *value);
}

/* A link to what comes back may come back with it, without a change of the object that holds it. */
static gboolean find_linked_to_risen(struct reread *reread, GError **error)
{
    static const char *const attributes[] = {"objectGUID", NULL};
    GHashTable *kinds = reread->capture->changes.next->kinds;
    for (guint i = 0; i < reread->risen->len && g_hash_table_size(kinds); i++) {
        g_autoptr(GString) filter = g_string_new("(|");
        GHashTableIter iter;
        gpointer kind;
        g_hash_table_iter_init(&iter, kinds);
        while (g_hash_table_iter_next(&iter, &kind, NULL)) {
            g_string_append_printf(filter, "(%s=", (const char *)kind);
            append_escaped(filter, reread->risen->pdata[i]);
            g_string_append_c(filter, ')');
        }
        g_string_append_c(filter, ')');
        const struct ad_search search = {
            .base = reread->capture->connection->root.default_nc,
            .scope = LDAP_SCOPE_SUBTREE,
            .filter = filter->str,
            .attributes = attributes,
            .flags = AD_SEARCH_SHOW_DELETED,
            .page_size = ad_capture_page_size(reread->capture),
        };
        if (!find(reread, AD_SEGMENT_OBJECTS, &search, take_key, error))
            return FALSE;
    }
    return TRUE;
}

/* Links to what was deleted vanish or stay, as the server likes; who held one is in the store. What
 * came back has been deleted meanwhile. */
static gboolean find_linked_before(struct reread *reread, GError **error)
{
    struct ad_capture *capture = reread->capture;
    struct cor_view *stored = capture->options->stored;
    for (guint i = 0; i < reread->turned->len; i++) {
        GHashTableIter iter;
        gpointer kind;
        g_hash_table_iter_init(&iter, capture->changes.next->kinds);
        while (g_hash_table_iter_next(&iter, &kind, NULL)) {
            g_autoptr(GPtrArray) sources =
                stored->links(stored, COR_AD, kind, reread->turned->pdata[i], TRUE, error);
            capture->reader.sink_failed = capture->reader.sink_failed || !sources;
            if (!sources)
                return FALSE;
            for (guint s = 0; s < sources->len; s++)
                enqueue(reread, sources->pdata[s]);
        }
    }
    return TRUE;
}

static gboolean has_new_dn(const struct reread *reread, const struct ad_dn *dn)
{
    for (guint i = 0; i < reread->roots->len; i++)
        if (ad_dn_within(dn->dn, dn->dn_len, reread->roots->pdata[i]))
            return TRUE;
    return reread->roots->len > ROOTS_MAX;
}

static gboolean take_orphan(LDAPMessage *message, void *data, GError **error)
{
    struct reread *reread = data;
    LDAP *ld = reread->capture->connection->ld;
    g_autofree char *parent = ad_entry_text(ld, message, "lastKnownParent");
    struct ad_dn dn;
    if (parent && ad_dn_parse(parent, strlen(parent), &dn) && !has_new_dn(reread, &dn))
        return TRUE;
    return take_key(message, data, error);
}

/* A deleted object shows the DN that its last parent has now. */
static gboolean find_orphans(struct reread *reread, GError **error)
{
    static const char *const attributes[] = {"objectGUID", "lastKnownParent", NULL};
    g_autofree char *base = ad_deleted_objects_dn(reread->capture->connection->root.default_nc);
    const struct ad_search search = {
        .base = base,
        .scope = LDAP_SCOPE_ONELEVEL,
        .filter = "(&(isDeleted=TRUE)" AD_CLASSES ")",
        .attributes = attributes,
        .flags = AD_SEARCH_EXTENDED_DN | AD_SEARCH_SHOW_DELETED,
        .page_size = ad_capture_page_size(reread->capture),
    };
    return !reread->roots->len || !reread->deleted_readable ||
           find(reread, AD_SEGMENT_DELETED, &search, take_orphan, error);
}

static void find_holders(struct reread *reread)
{
    GHashTableIter iter;
    gpointer key;
    if (!reread->renamed)
        return;
    g_hash_table_iter_init(&iter, reread->capture->changes.next->holders);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        enqueue(reread, key);
}

/* --- what is gone ----------------------------------------------------------------------------- */

static gboolean push_gone(struct ad_capture *capture, const char *key, GError **error)
{
    if (capture->sink->gone(capture->sink, key, error))
        return TRUE;
    capture->reader.sink_failed = TRUE;
    return FALSE;
}

/* What is neither among live nor among deleted objects, by searches that ended well, is gone: the
 * same evidence from which a full read concludes it. */
static gboolean push_missing(struct ad_capture *capture, GHashTable *expected, GHashTable *seen,
                             GError **error)
{
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, expected);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        if (!g_hash_table_contains(seen, key) && !push_gone(capture, key, error))
            return FALSE;
    return TRUE;
}

static gboolean conclude(struct reread *reread, GError **error)
{
    struct ad_capture *capture = reread->capture;
    const struct ad_changes *changes = &capture->changes;
    return !cor_proof_complete(capture->proof) ||
           (push_missing(capture, changes->keys, reread->done, error) &&
            push_missing(capture, changes->last->controllers, changes->next->controllers, error));
}

/* --- the whole -------------------------------------------------------------------------------- */

static gboolean read_all(struct reread *reread, GError **error)
{
    struct ad_capture *capture = reread->capture;
    GHashTableIter iter;
    gpointer key;
    g_autoptr(GPtrArray) changed = g_ptr_array_new();
    g_hash_table_iter_init(&iter, capture->changes.keys);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        g_ptr_array_add(changed, key);
    if (!ad_capture_deleted_readable(capture, &reread->deleted_readable, error) ||
        !read_keys(reread, changed, error) || !read_below(reread, error))
        return FALSE;
    find_holders(reread);
    return find_linked_before(reread, error) && find_linked_to_risen(reread, error) &&
           find_orphans(reread, error) && read_keys(reread, reread->queue, error) &&
           conclude(reread, error);
}

gboolean ad_incremental_read(struct ad_capture *capture, GError **error)
{
    struct reread reread = {
        .capture = capture,
        .since = capture->changes.last->usn,
        .done = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .queue = g_ptr_array_new_with_free_func(g_free),
        .containers = g_ptr_array_new_with_free_func(g_free),
        .roots = g_ptr_array_new_with_free_func(g_free),
        .turned = g_ptr_array_new_with_free_func(g_free),
        .risen = g_ptr_array_new_with_free_func(g_free),
    };
    capture->reader.watch = watch;
    capture->reader.watch_data = &reread;
    capture->reader.follow = TRUE;
    gboolean ok = read_all(&reread, error);
    capture->reader.watch = NULL;
    g_hash_table_unref(reread.done);
    g_ptr_array_unref(reread.queue);
    g_ptr_array_unref(reread.containers);
    g_ptr_array_unref(reread.roots);
    g_ptr_array_unref(reread.turned);
    g_ptr_array_unref(reread.risen);
    return ok;
}
