/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Imported sync rules. Invariant: a row of rule_set and its entry in the ledger are written in one
 * transaction and say the same; neither is ever changed.
 */
#include "agent/store/rules.h"

#include "agent/store/chain.h"
#include "correlate/error.h"

#include <string.h>

void store_rule_set_free(struct store_rule_set *set)
{
    if (!set)
        return;
    g_free(set->source);
    g_free(set->origin);
    g_free(set->hash);
    cor_json_free(set->document);
    g_free(set);
}

/* --- adding ---------------------------------------------------------------------------------- */

/* Is the newest version the one in the codec? *ret_number is its number, 0 when there is none. */
static gboolean compare_newest(struct store *store, const guint8 hash[STORE_HASH_LEN],
                               gint64 *ret_number, gboolean *ret_same, GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(store, Q_RULES_NEWEST);
    gboolean row;
    if (!store_query_step(&query, &row, error))
        return FALSE;
    guint8 newest[STORE_HASH_LEN] = {0};
    *ret_number = row ? store_column_int(&query, 0) : 0;
    if (row)
        store_column_hash(&query, 1, newest);
    *ret_same = row && memcmp(newest, hash, STORE_HASH_LEN) == 0;
    return TRUE;
}

static gboolean write_entry(struct store *store, const struct store_rule_set *set, GError **error)
{
    COR_JSON_AUTO *body = cor_json_new_object();
    cor_json_add_int(body, "rules", set->number);
    cor_json_add_int(body, "importedUs", set->imported_us);
    cor_json_add_string(body, "source", set->source);
    cor_json_add_string(body, "origin", set->origin);
    cor_json_add_string(body, "hash", set->hash);
    return store_chain_append(store, "rules", 0, body, error);
}

static gboolean write_row(struct store *store, const struct store_rule_set *set,
                          const guint8 hash[STORE_HASH_LEN], GError **error)
{
    gint64 entry;
    if (!store_chain_next(store, &entry, error) ||
        !store_codec_pack(&store->codec, store->codec.text->str, store->codec.text->len, error))
        return FALSE;
    STORE_QUERY_AUTO query = store_query_begin(store, Q_RULES_ADD);
    store_query_int(&query, set->number);
    store_query_int(&query, entry);
    store_query_int(&query, set->imported_us);
    store_query_text(&query, set->source);
    store_query_text(&query, set->origin);
    store_query_bytes(&query, hash, STORE_HASH_LEN);
    store_query_bytes(&query, store->codec.packed->data, store->codec.packed->len);
    return store_query_run(&query, error);
}

gboolean store_rules_add(struct store *store, const struct cor_json *document, const char *source,
                         const char *origin, gint64 now_us, gint64 *ret_number, gboolean *ret_added,
                         GError **error)
{
    guint8 hash[STORE_HASH_LEN];
    gint64 newest = 0;
    gboolean same = FALSE;
    if (!store_codec_tree(&store->codec, document, error))
        return FALSE;
    store_codec_hash(&store->codec, hash);
    /* a running capture holds the one write transaction: named at once instead of waited for */
    STORE_LOCK_AUTO lock = store_lock(store->path, error);
    if (lock < 0 || !store_begin(store, error))
        return FALSE;
    gboolean ok = compare_newest(store, hash, &newest, &same, error);
    if (ok && same) {
        store_rollback(store);
        *ret_number = newest;
        *ret_added = FALSE;
        return TRUE;
    }
    g_autofree char *hex = store_hex(hash);
    struct store_rule_set set = {.number = newest + 1,
                                 .imported_us = now_us,
                                 .hash = hex,
                                 .source = (char *)source,
                                 .origin = (char *)origin};
    ok = ok && write_row(store, &set, hash, error) && write_entry(store, &set, error);
    if (!ok) {
        store_rollback(store);
        return FALSE;
    }
    *ret_number = set.number;
    *ret_added = TRUE;
    return store_commit(store, error);
}

/* --- reading --------------------------------------------------------------------------------- */

static struct store_rule_set *load_row(const struct store_query *query)
{
    guint8 hash[STORE_HASH_LEN];
    struct store_rule_set *set = g_new0(struct store_rule_set, 1);
    set->number = store_column_int(query, 0);
    set->imported_us = store_column_int(query, 1);
    set->source = g_strdup(store_column_text(query, 2));
    set->origin = g_strdup(store_column_text(query, 3));
    store_column_hash(query, 4, hash);
    set->hash = store_hex(hash);
    return set;
}

static void free_set(gpointer data)
{
    store_rule_set_free(data);
}

GPtrArray *store_rules_list(struct store *store, GError **error)
{
    g_autoptr(GPtrArray) sets = g_ptr_array_new_with_free_func(free_set);
    STORE_QUERY_AUTO query = store_query_begin(store, Q_RULES_LIST);
    gboolean row;
    while (store_query_step(&query, &row, error)) {
        if (!row)
            return g_steal_pointer(&sets);
        g_ptr_array_add(sets, load_row(&query));
    }
    return NULL;
}

/* NULL with error, or the document. */
static struct cor_json *load_document(struct store *store, const struct store_query *query,
                                      const char *hex, GError **error)
{
    gsize len;
    guint8 hash[STORE_HASH_LEN];
    const guint8 *data = store_column_bytes(query, 5, &len);
    if (!store_codec_unpack(&store->codec, data, len, error))
        return NULL;
    store_codec_hash(&store->codec, hash);
    g_autofree char *found = store_hex(hash);
    if (strcmp(found, hex) != 0) {
        store_damaged(store, error, "imported rules do not have their hash");
        return NULL;
    }
    return cor_json_parse(store->codec.text->str, store->codec.text->len, 0, error);
}

struct store_rule_set *store_rules_load(struct store *store, gint64 number, GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(store, number ? Q_RULES_GET : Q_RULES_LAST);
    if (number)
        store_query_int(&query, number);
    gboolean row;
    if (!store_query_step(&query, &row, error))
        return NULL;
    if (!row && number)
        g_set_error(error, STORE_ERROR, COR_E_NOT_FOUND,
                    "there is no version %" G_GINT64_FORMAT " of imported rules", number);
    else if (!row)
        g_set_error(error, STORE_ERROR, COR_E_NOT_FOUND,
                    "no sync rules were imported yet; see anchorwatch rules --help");
    if (!row)
        return NULL;
    struct store_rule_set *set = load_row(&query);
    set->document = load_document(store, &query, set->hash, error);
    if (set->document)
        return set;
    store_rule_set_free(set);
    return NULL;
}
