/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Appending to the ledger and digesting what a backup point did. Invariant: the digest covers, for
 * every row with this point at either end of its interval, everything that row says; so a row that
 * is changed, added, removed or moved in time changes a digest the chain vouches for. Does not
 * protect against somebody who recomputes the whole chain: for that its head is kept elsewhere.
 */
#include "agent/store/chain.h"

#include <string.h>

char *store_hex(const guint8 hash[STORE_HASH_LEN])
{
    GString *out = g_string_sized_new(2 * STORE_HASH_LEN);
    for (guint i = 0; i < STORE_HASH_LEN; i++)
        g_string_append_printf(out, "%02x", hash[i]);
    return g_string_free(out, FALSE);
}

void store_chain_hash(const guint8 previous[STORE_HASH_LEN], const char *body,
                      guint8 ret[STORE_HASH_LEN])
{
    STORE_DIGEST_AUTO *digest = store_digest_new();
    store_digest_add(digest, previous, STORE_HASH_LEN);
    store_digest_add(digest, body, strlen(body));
    store_digest_end(digest, ret);
}

static gboolean read_head(struct store *store, gint64 *ret_entry, guint8 ret_hash[STORE_HASH_LEN],
                          GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(store, Q_HEAD_GET);
    gboolean row;
    if (!store_query_step(&query, &row, error))
        return FALSE;
    *ret_entry = row ? store_column_int(&query, 0) : 0;
    memset(ret_hash, 0, STORE_HASH_LEN);
    if (row)
        store_column_hash(&query, 1, ret_hash);
    return TRUE;
}

gboolean store_chain_next(struct store *store, gint64 *ret_entry, GError **error)
{
    guint8 hash[STORE_HASH_LEN];
    if (!read_head(store, ret_entry, hash, error))
        return FALSE;
    ++*ret_entry;
    return TRUE;
}

static gboolean write_head(struct store *store, gint64 entry, const guint8 hash[STORE_HASH_LEN],
                           GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(store, Q_HEAD_SET);
    store_query_int(&query, entry);
    store_query_bytes(&query, hash, STORE_HASH_LEN);
    return store_query_run(&query, error);
}

gboolean store_chain_append(struct store *store, const char *kind, gint64 point,
                            struct cor_json *body, GError **error)
{
    gint64 entry;
    guint8 previous[STORE_HASH_LEN], hash[STORE_HASH_LEN];
    if (!read_head(store, &entry, previous, error))
        return FALSE;
    entry++;
    cor_json_add_int(body, "entry", entry);
    cor_json_add_string(body, "kind", kind);
    g_autofree char *text = cor_json_to_text(body);
    store_chain_hash(previous, text, hash);
    STORE_QUERY_AUTO query = store_query_begin(store, Q_LEDGER_ADD);
    store_query_int(&query, entry);
    store_query_text(&query, kind);
    if (point > 0)
        store_query_int(&query, point);
    else
        store_query_text(&query, NULL);
    store_query_text(&query, text);
    store_query_bytes(&query, hash, STORE_HASH_LEN);
    return store_query_run(&query, error) && write_head(store, entry, hash, error);
}

/* --- content --------------------------------------------------------------------------------- */

/* One line of the digest: a tag, then the columns of the row, each ended by a NUL byte, which no
 * text in a store contains; integers in decimal, hashes as their bytes. */
static void digest_row(GString *line, const char *tag, const struct store_query *query)
{
    g_string_truncate(line, 0);
    g_string_append_len(line, tag, (gssize)strlen(tag) + 1);
    for (int i = 0; i < sqlite3_column_count(query->stmt); i++) {
        gsize len;
        const guint8 *data = store_column_bytes(query, i, &len);
        g_string_append_len(line, (const char *)data, (gssize)len);
        g_string_append_c(line, '\0');
    }
}

/* Every row begins with its directory, but for audit records, which count does not ask for. */
static gboolean digest_rows(struct store *store, enum store_statement id, const char *tag,
                            gint64 point, struct store_digest *digest, gint64 count[2],
                            GError **error)
{
    g_autoptr(GString) line = g_string_new(NULL);
    STORE_QUERY_AUTO query = store_query_begin(store, id);
    store_query_int(&query, point);
    gboolean row;
    while (store_query_step(&query, &row, error)) {
        if (!row)
            return TRUE;
        if (count)
            count[store_column_int(&query, 0) == COR_ENTRA ? COR_ENTRA : COR_AD]++;
        digest_row(line, tag, &query);
        store_digest_add(digest, line->str, line->len);
    }
    return FALSE;
}

gboolean store_chain_content(struct store *store, gint64 point, guint8 ret[STORE_HASH_LEN],
                             struct store_tally *ret_tally_or_null, GError **error)
{
    struct store_tally tally = {0};
    const struct {
        enum store_statement id;
        const char *tag;
        gint64 *count;
    } parts[] = {
        {Q_POINT_OPENED, "open", tally.opened}, {Q_POINT_CLOSED, "close", tally.closed},
        {Q_POINT_LINKED, "link", tally.linked}, {Q_POINT_UNLINKED, "unlink", tally.unlinked},
        {Q_POINT_EVENTS, "event", NULL},
    };
    STORE_DIGEST_AUTO *digest = store_digest_new();
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (!digest_rows(store, parts[i].id, parts[i].tag, point, digest, parts[i].count, error))
            return FALSE;
    }
    store_digest_end(digest, ret);
    if (ret_tally_or_null)
        *ret_tally_or_null = tally;
    return TRUE;
}

gboolean store_chain_set_content(struct store *store, gint64 point,
                                 const guint8 content[STORE_HASH_LEN], GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(store, Q_POINT_SET_CONTENT);
    store_query_int(&query, point);
    store_query_bytes(&query, content, STORE_HASH_LEN);
    return store_query_run(&query, error);
}
