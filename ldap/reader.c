/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivering entries, and following value ranges.
 *
 * A server may cut a long attribute (MS-ADTS 3.1.1.3.1.3.3). The rest comes with further requests,
 * which are no single moment: an object is delivered from a loop during which its uSNChanged stood
 * still, or its ranges count as open and the half is not complete. Nothing of a deferred object is
 * delivered before that, so that a member removed meanwhile is not recorded.
 */
#include "ldap/reader.h"

#include "ldap/search.h"

#include <string.h>

enum {
    ATTEMPTS = 3,
    CHUNKS_MAX = 10000, /* requests for one attribute */
};
#define LINKS_MAX 5000000

const char *const ad_object_attributes[] = {"*", "replPropertyMetaData", AD_LINK_METADATA ";binary",
                                            NULL};

void ad_reader_init(struct ad_reader *reader, struct ad_connection *connection,
                    const struct ad_schema *schema, struct cor_sink *sink)
{
    *reader = (struct ad_reader){
        .connection = connection,
        .schema = schema,
        .sink = sink,
        .deferred = g_array_new(FALSE, FALSE, AD_GUID_TEXT),
    };
}

void ad_reader_clear(struct ad_reader *reader)
{
    g_clear_pointer(&reader->deferred, g_array_unref);
}

/* --- delivering ------------------------------------------------------------------------------- */

gboolean ad_reader_record(struct ad_reader *reader, const struct cor_record *record, GError **error)
{
    if (!reader->sink->record(reader->sink, record, error)) {
        reader->sink_failed = TRUE;
        return FALSE;
    }
    reader->objects++;
    return TRUE;
}

static void note_kinds(struct ad_reader *reader, const struct ad_entry *entry)
{
    const char *before = NULL;
    for (guint i = 0; reader->kinds && i < entry->links->len; i++) {
        const char *kind = g_array_index(entry->links, struct ad_entry_link, i).attribute->name;
        if (kind != before && !g_hash_table_contains(reader->kinds, kind))
            g_hash_table_add(reader->kinds, g_strdup(kind));
        before = kind;
    }
}

/* kind NULL: of all kinds. */
static gboolean push_links(struct ad_reader *reader, const struct ad_entry *entry, const char *kind,
                           GError **error)
{
    char target[AD_GUID_TEXT];
    for (guint i = 0; i < entry->links->len; i++) {
        const struct ad_entry_link *source = &g_array_index(entry->links, struct ad_entry_link, i);
        const struct cor_link link = {COR_AD, source->attribute->name, entry->key, target};
        if (kind && strcmp(kind, link.kind) != 0)
            continue;
        ad_guid_text(source->target, target);
        if (!reader->sink->link(reader->sink, &link, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean deliver_links(struct ad_reader *reader, const struct ad_entry *entry,
                              GError **error)
{
    GHashTableIter iter;
    gpointer kind;
    gboolean ok = TRUE;
    note_kinds(reader, entry);
    if (!reader->follow) {
        ok = push_links(reader, entry, NULL, error);
    } else {
        g_hash_table_iter_init(&iter, reader->kinds);
        while (ok && g_hash_table_iter_next(&iter, &kind, NULL))
            ok = reader->sink->links_follow(reader->sink, entry->key, kind, error) &&
                 push_links(reader, entry, kind, error);
    }
    reader->sink_failed = reader->sink_failed || !ok;
    return ok;
}

static gboolean deliver(struct ad_reader *reader, struct ad_entry *entry, GError **error)
{
    if (reader->watch && *entry->key && !reader->watch(entry, reader->watch_data))
        return TRUE;
    COR_RECORD_AUTO *record = ad_entry_record(entry, reader->recycle_bin);
    if (!record)
        return TRUE;
    reader->unkeyed += entry->unkeyed;
    reader->broken += entry->metadata_broken;
    reader->unstamped += entry->stamps.broken;
    return ad_reader_record(reader, record, error) && deliver_links(reader, entry, error);
}

/* --- from message to entry -------------------------------------------------------------------- */

static void fail_decoding(struct ad_reader *reader, GError **error)
{
    g_autofree char *doing = g_strdup_printf("decode an entry of %s", reader->connection->uri);
    ad_fail_ldap(error, NULL, LDAP_DECODING_ERROR, doing);
}

static gboolean is_wanted(const struct berval *name, const char *only)
{
    gsize len = only ? strcspn(only, ";") : 0;
    return !only || (name->bv_len >= len && g_ascii_strncasecmp(name->bv_val, only, len) == 0 &&
                     (name->bv_len == len || name->bv_val[len] == ';'));
}

/* Attributes of a message added to an entry; the message lends its memory for the call. only: take
 * no other attribute, whatever the server sends; NULL: all. */
static gboolean add_message(struct ad_reader *reader, LDAPMessage *message, struct ad_entry *entry,
                            const char *only, GError **error)
{
    LDAP *ld = reader->connection->ld;
    struct berval dn, name, *values = NULL;
    BerElement *ber = NULL;
    ber_len_t left = 0;
    entry->domain_nc = reader->connection->root.default_nc;
    entry->config_nc = reader->connection->root.config_nc;
    int rc = ldap_get_dn_ber(ld, message, &ber, &dn);
    if (rc == LDAP_SUCCESS) {
        ber_get_option(ber, LBER_OPT_BER_REMAINING_BYTES, &left);
        entry->bytes = left;
        ad_entry_set_dn(entry, &dn);
    }
    while (rc == LDAP_SUCCESS &&
           (rc = ldap_get_attribute_ber(ld, message, ber, &name, &values)) == LDAP_SUCCESS &&
           name.bv_val) {
        guint count = 0;
        while (values && values[count].bv_val)
            count++;
        if (is_wanted(&name, only))
            ad_entry_add(entry, reader->schema, &name, values, count);
        ber_memfree(values);
        values = NULL;
    }
    ber_free(ber, 0);
    if (rc != LDAP_SUCCESS)
        fail_decoding(reader, error);
    return rc == LDAP_SUCCESS;
}

gboolean ad_reader_take(struct ad_reader *reader, LDAPMessage *message, GError **error)
{
    AD_ENTRY_AUTO *entry = ad_entry_new();
    if (!add_message(reader, message, entry, NULL, error))
        return FALSE;
    if (entry->ranges->len == 0)
        return deliver(reader, entry, error);
    if (*entry->key)
        g_array_append_vals(reader->deferred, entry->key, 1);
    return TRUE;
}

/* --- value ranges ----------------------------------------------------------------------------- */

struct again {
    struct ad_reader *reader;
    struct ad_entry *entry;
    const char *only;
};

static gboolean take_again(LDAPMessage *message, void *data, GError **error)
{
    struct again *again = data;
    return add_message(again->reader, message, again->entry, again->only, error);
}

/* One object's attributes once more, into an entry. *ret_code: the server's result. */
static gboolean read_again(struct again *again, const char *key, const char *const *attributes,
                           int *ret_code, GError **error)
{
    struct ad_reader *reader = again->reader;
    g_autofree char *base = g_strdup_printf("<GUID=%s>", key);
    const struct ad_search search = {
        .base = base,
        .scope = LDAP_SCOPE_BASE,
        .filter = "(objectClass=*)",
        .attributes = attributes,
        .flags = reader->search_flags,
    };
    AD_OUTCOME_AUTO outcome = {0};
    if (!ad_search(reader->connection, &search, take_again, NULL, again, &outcome, error))
        return FALSE;
    *ret_code = outcome.code;
    if (outcome.code == LDAP_SUCCESS && outcome.entries == 0)
        *ret_code = LDAP_NO_SUCH_OBJECT;
    return TRUE;
}

/* Take the newest open range off the entry; the caller owns the name. */
static struct ad_range pop_range(struct ad_entry *entry)
{
    struct ad_range range = g_array_index(entry->ranges, struct ad_range, entry->ranges->len - 1);
    g_array_set_size(entry->ranges, entry->ranges->len - 1);
    return range;
}

/* One chunk from *next on; *next becomes where the following one starts, 0 after the last.
 * *ret_good: the chunk could be used and led further. */
static gboolean read_chunk(struct ad_reader *reader, struct ad_entry *entry, const char *attribute,
                           guint64 *next, gboolean *ret_good, GError **error)
{
    g_autofree char *wanted = g_strdup_printf("%s;range=%" G_GUINT64_FORMAT "-*", attribute, *next);
    const char *const attributes[] = {wanted, NULL};
    struct again again = {reader, entry, attribute};
    guint others = entry->ranges->len, unmerged = entry->unmerged;
    guint64 before = *next;
    int code;
    if (!read_again(&again, entry->key, attributes, &code, error))
        return FALSE;
    *next = 0;
    while (entry->ranges->len > others) {
        struct ad_range further = pop_range(entry);
        *next = further.next;
        g_free(further.attribute);
        code = *next > before ? code : LDAP_OTHER; /* it would never end */
    }
    *ret_good = code == LDAP_SUCCESS && entry->unmerged == unmerged;
    return TRUE;
}

/* Ask for the newest open range's further values until the last chunk; *ret_closed says whether
 * that was reached. */
static gboolean follow_range(struct ad_reader *reader, struct ad_entry *entry, gboolean *ret_closed,
                             gboolean *ret_evidence, GError **error)
{
    struct ad_range range = pop_range(entry);
    g_autofree char *attribute = range.attribute;
    gboolean good = range.next > 0;
    *ret_evidence = range.evidence;
    guint64 next = range.next;
    for (guint chunk = 0; good && next && chunk < CHUNKS_MAX; chunk++) {
        if (!read_chunk(reader, entry, attribute, &next, &good, error))
            return FALSE;
        good = good && entry->links->len < LINKS_MAX;
    }
    *ret_closed = good && !next;
    return TRUE;
}

static gboolean follow_ranges(struct ad_reader *reader, struct ad_entry *entry, guint *ret_open,
                              GError **error)
{
    *ret_open = 0;
    while (entry->ranges->len > 0) {
        gboolean closed, evidence;
        if (!follow_range(reader, entry, &closed, &evidence, error))
            return FALSE;
        *ret_open += !closed && !evidence;
        entry->stamps.broken += !closed && evidence;
    }
    return TRUE;
}

static gboolean usn_moved(struct ad_reader *reader, const struct ad_entry *entry,
                          gboolean *ret_moved, GError **error)
{
    static const char *const attributes[] = {"uSNChanged", NULL};
    AD_ENTRY_AUTO *now = ad_entry_new();
    struct again again = {reader, now, NULL};
    int code;
    if (!read_again(&again, entry->key, attributes, &code, error))
        return FALSE;
    *ret_moved =
        code != LDAP_SUCCESS || !entry->usn_changed || now->usn_changed != entry->usn_changed;
    return TRUE;
}

/* One object from the start. *ret_settled: delivered, or gone from the directory. */
static gboolean read_whole(struct ad_reader *reader, const char *key, gboolean last_attempt,
                           guint *ret_open, gboolean *ret_settled, GError **error)
{
    AD_ENTRY_AUTO *entry = ad_entry_new();
    struct again again = {reader, entry, NULL};
    gboolean moved = FALSE;
    int code;
    *ret_settled = FALSE;
    if (!read_again(&again, key, ad_object_attributes, &code, error))
        return FALSE;
    if (code == LDAP_NO_SUCH_OBJECT) {
        *ret_open = 0;
        *ret_settled = TRUE;
        return TRUE;
    }
    if (!follow_ranges(reader, entry, ret_open, error) || !usn_moved(reader, entry, &moved, error))
        return FALSE;
    if ((moved || *ret_open) && !last_attempt)
        return TRUE;
    *ret_open += moved;
    *ret_settled = TRUE;
    return deliver(reader, entry, error);
}

gboolean ad_reader_ranges(struct ad_reader *reader, guint *ret_open, GError **error)
{
    *ret_open = 0;
    for (guint i = 0; i < reader->deferred->len; i++) {
        const char *key = reader->deferred->data + (gsize)i * AD_GUID_TEXT;
        gboolean settled = FALSE;
        guint open = 0;
        for (guint attempt = 1; attempt <= ATTEMPTS && !settled; attempt++)
            if (!read_whole(reader, key, attempt == ATTEMPTS, &open, &settled, error))
                return FALSE;
        *ret_open += open;
    }
    g_array_set_size(reader->deferred, 0);
    return TRUE;
}
