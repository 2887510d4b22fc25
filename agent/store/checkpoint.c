/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoints by directory, source and stream. Invariant: they change only in the transaction that
 * publishes a complete half, and together with it; so what stands here always fits the objects and
 * links of the newest point.
 */
#include "agent/store/checkpoint.h"

#include "agent/store/chain.h"

#include <string.h>

static void bind_source(struct store_query *query, enum cor_directory directory, const char *source)
{
    store_query_int(query, directory);
    store_query_text(query, source);
}

static gboolean forget(struct store *store, const struct store_sink *half, const char *stream,
                       GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(store, Q_CHECKPOINT_REMOVE);
    bind_source(&query, half->directory, half->source);
    store_query_text(&query, stream);
    return store_query_run(&query, error);
}

static gboolean forget_all(struct store *store, const struct store_sink *half, GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(store, Q_CHECKPOINT_REMOVE_ALL);
    bind_source(&query, half->directory, half->source);
    return store_query_run(&query, error);
}

static gboolean keep(struct store *store, const struct store_sink *half, const char *stream,
                     const char *document, GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(store, Q_CHECKPOINT_SET);
    bind_source(&query, half->directory, half->source);
    store_query_text(&query, stream);
    store_query_text(&query, document);
    return store_query_run(&query, error);
}

gboolean store_checkpoint_publish(struct store *store, const struct store_sink *half,
                                  GError **error)
{
    if (!half->incremental && !forget_all(store, half, error))
        return FALSE;
    GHashTableIter iter;
    void *stream, *document;
    g_hash_table_iter_init(&iter, half->checkpoints);
    while (g_hash_table_iter_next(&iter, &stream, &document)) {
        if (!(document ? keep(store, half, stream, document, error)
                       : forget(store, half, stream, error)))
            return FALSE;
    }
    return TRUE;
}

gboolean store_checkpoint_describe(struct store *store, enum cor_directory directory,
                                   const char *source, struct cor_json *half, GError **error)
{
    struct cor_json *streams = cor_json_new_object();
    cor_json_add(half, "checkpoints", streams);
    STORE_DIGEST_AUTO *digest = store_digest_new();
    STORE_QUERY_AUTO query = store_query_begin(store, Q_CHECKPOINT_LIST);
    bind_source(&query, directory, source);
    gboolean row;
    while (store_query_step(&query, &row, error)) {
        if (!row)
            return TRUE;
        gsize len;
        guint8 hash[STORE_HASH_LEN];
        const guint8 *document = store_column_bytes(&query, 1, &len);
        store_digest_add(digest, document, len);
        store_digest_end(digest, hash);
        g_autofree char *hex = store_hex(hash);
        cor_json_add_string(streams, store_column_text(&query, 0), hex);
    }
    return FALSE;
}

struct cor_json *store_checkpoint(struct store *store, enum cor_directory directory,
                                  const char *source, const char *stream, GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(store, Q_CHECKPOINT_GET);
    bind_source(&query, directory, source);
    store_query_text(&query, stream);
    gboolean row;
    if (!store_query_step(&query, &row, error) || !row)
        return NULL;
    const char *text = store_column_text(&query, 0);
    struct cor_json *doc = cor_json_parse(text, strlen(text), 0, NULL);
    if (!doc)
        store_damaged(store, error, "the checkpoint '%s' of %s cannot be read", stream, source);
    return doc;
}
