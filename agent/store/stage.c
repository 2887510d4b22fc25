/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sinks: every record, link and audit record of a running capture becomes a staged row,
 * committed in batches so that memory stays flat. Invariant: an object equal to its open version is
 * only marked as seen. Keys are entered in the object table at once (a key alone says nothing to a
 * reader) so that staged rows are small. Nothing here is visible at any backup point.
 */
#include "agent/store/event.h"
#include "agent/store/run.h"

#include "correlate/error.h"
#include "correlate/identity.h"

#include <string.h>

#define BATCH_ROWS  2000
#define BATCH_BYTES ((gsize)4 * 1024 * 1024)
#define KEY_MAX     1024 /* bytes of a key, link kind or audit id */

/* --- batches --------------------------------------------------------------------------------- */

static gboolean break_run(struct store_run *run, GError **error)
{
    store_rollback(run->store);
    run->in_batch = FALSE;
    if (!run->broken && error && *error)
        run->broken = g_error_copy(*error);
    return FALSE;
}

static gboolean batch_open(struct store_run *run, GError **error)
{
    if (run->broken) {
        if (error)
            *error = g_error_copy(run->broken);
        return FALSE;
    }
    if (run->in_batch)
        return TRUE;
    run->in_batch = store_begin(run->store, error);
    run->batch_rows = 0;
    run->batch_bytes = 0;
    return run->in_batch;
}

gboolean store_run_flush(struct store_run *run, GError **error)
{
    if (!run->in_batch)
        return TRUE;
    run->in_batch = FALSE;
    return store_commit(run->store, error);
}

/* Count a row and commit when the batch is full. ok FALSE: the row failed half way. */
static gboolean batch_close(struct store_run *run, gboolean ok, gsize bytes, GError **error)
{
    run->batch_rows++;
    run->batch_bytes += bytes;
    gboolean full = run->batch_rows >= BATCH_ROWS || run->batch_bytes >= BATCH_BYTES;
    if (ok && (!full || store_run_flush(run, error)))
        return TRUE;
    return break_run(run, error);
}

/* --- keys ------------------------------------------------------------------------------------ */

/* A half speaks of its own directory alone: what it did not see is ended in that one. */
static gboolean check_directory(const struct store_sink *half, enum cor_directory directory,
                                GError **error)
{
    if (directory == half->directory)
        return TRUE;
    g_set_error(error, STORE_ERROR, COR_E_BUG, "the %s half was given something of the other one",
                cor_directory_name(half->directory));
    return FALSE;
}

static gboolean check_key(const char *what, const char *key, GError **error)
{
    gsize len = key ? strnlen(key, KEY_MAX + 1) : 0;
    if (len > 0 && len <= KEY_MAX)
        return TRUE;
    g_set_error(error, STORE_ERROR, len ? COR_E_LIMIT : COR_E_INPUT, "%s %s", what,
                len ? "is longer than 1024 bytes" : "is empty");
    return FALSE;
}

static gboolean add_object(struct store *store, enum cor_directory directory, const char *key,
                           gint64 *ret_id, GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(store, Q_OBJECT_ADD);
    store_query_int(&query, directory);
    store_query_text(&query, key);
    if (!store_query_run(&query, error))
        return FALSE;
    *ret_id = sqlite3_last_insert_rowid(store->db);
    return TRUE;
}

static gboolean object_id(struct store *store, enum cor_directory directory, const char *key,
                          gint64 *ret_id, GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(store, Q_OBJECT_ID);
    store_query_int(&query, directory);
    store_query_text(&query, key);
    gboolean row;
    if (!store_query_step(&query, &row, error))
        return FALSE;
    if (!row)
        return add_object(store, directory, key, ret_id, error);
    *ret_id = store_column_int(&query, 0);
    return TRUE;
}

static gboolean source_id(struct store_run *run, const struct cor_link *link, gint64 *ret_id,
                          GError **error)
{
    if (!run->last_key || run->last_directory != link->directory ||
        strcmp(run->last_key, link->source_key) != 0) {
        g_clear_pointer(&run->last_key, g_free);
        if (!object_id(run->store, link->directory, link->source_key, &run->last_id, error))
            return FALSE;
        run->last_directory = link->directory;
        run->last_key = g_strdup(link->source_key);
    }
    *ret_id = run->last_id;
    return TRUE;
}

/* Id of the object and whether its open version has this hash. */
static gboolean object_state(struct store *store, const struct cor_record *record,
                             const guint8 hash[STORE_HASH_LEN], gint64 *ret_id, gboolean *ret_same,
                             GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(store, Q_OBJECT_STATE);
    store_query_int(&query, record->directory);
    store_query_text(&query, record->key);
    gboolean row;
    *ret_same = FALSE;
    if (!store_query_step(&query, &row, error))
        return FALSE;
    if (!row)
        return add_object(store, record->directory, record->key, ret_id, error);
    guint8 open_hash[STORE_HASH_LEN];
    store_column_hash(&query, 1, open_hash);
    *ret_id = store_column_int(&query, 0);
    *ret_same = memcmp(open_hash, hash, STORE_HASH_LEN) == 0;
    return TRUE;
}

/* --- records --------------------------------------------------------------------------------- */

/* ["kind:value",…], for json_each: strings, because a pair would be parsed again for each member.
 */
static char *identifiers_text(const struct cor_record *record)
{
    g_autoptr(GPtrArray) identifiers = cor_identifiers(record);
    COR_JSON_AUTO *list = cor_json_new_array();
    for (guint i = 0; i < identifiers->len; i++) {
        const struct cor_identifier *identifier = g_ptr_array_index(identifiers, i);
        g_autofree char *one = g_strdup_printf("%d:%s", identifier->kind, identifier->value);
        cor_json_append(list, cor_json_new_string(one));
    }
    return cor_json_to_text(list);
}

static gboolean stage_seen(struct store *store, const struct cor_record *record, gint64 id,
                           GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(store, Q_STAGE_RECORD);
    store_query_int(&query, id);
    store_query_int(&query, record->directory);
    return store_query_run(&query, error);
}

static gboolean stage_changed(struct store *store, const struct cor_record *record, gint64 id,
                              const guint8 hash[STORE_HASH_LEN], GError **error)
{
    if (!store_codec_pack(&store->codec, error))
        return FALSE;
    g_autofree char *identifiers = identifiers_text(record);
    STORE_QUERY_AUTO query = store_query_begin(store, Q_STAGE_RECORD);
    store_query_int(&query, id);
    store_query_int(&query, record->directory);
    store_query_text(&query, record->type);
    store_query_text(&query, record->name ? record->name : "");
    store_query_int(&query, record->life);
    store_query_bytes(&query, hash, STORE_HASH_LEN);
    store_query_bytes(&query, store->codec.packed->data, store->codec.packed->len);
    store_query_text(&query, identifiers);
    return store_query_run(&query, error);
}

static gboolean stage_record(struct store *store, const struct cor_record *record, GError **error)
{
    guint8 hash[STORE_HASH_LEN];
    gint64 id;
    gboolean same;
    store_codec_hash(&store->codec, hash);
    if (!object_state(store, record, hash, &id, &same, error))
        return FALSE;
    return same ? stage_seen(store, record, id, error)
                : stage_changed(store, record, id, hash, error);
}

static gboolean take_record(struct cor_sink *self, const struct cor_record *record, GError **error)
{
    struct store_sink *half = (struct store_sink *)self;
    struct store_run *run = half->run;
    struct store *store = run->store;
    if (!check_directory(half, record->directory, error) ||
        !check_key("key of an object", record->key, error) ||
        !store_codec_record(&store->codec, record, error) || !batch_open(run, error))
        return FALSE;
    return batch_close(run, stage_record(store, record, error), store->codec.text->len, error);
}

/* --- links ----------------------------------------------------------------------------------- */

static gboolean stage_link(struct store_run *run, const struct cor_link *link, GError **error)
{
    gint64 source, target;
    if (!source_id(run, link, &source, error) ||
        !object_id(run->store, link->directory, link->target_key, &target, error))
        return FALSE;
    STORE_QUERY_AUTO query = store_query_begin(run->store, Q_STAGE_LINK);
    store_query_int(&query, link->directory);
    store_query_int(&query, source);
    store_query_text(&query, link->kind);
    store_query_int(&query, target);
    return store_query_run(&query, error);
}

static gboolean take_link(struct cor_sink *self, const struct cor_link *link, GError **error)
{
    struct store_sink *half = (struct store_sink *)self;
    struct store_run *run = half->run;
    if (!check_directory(half, link->directory, error) ||
        !check_key("source of a link", link->source_key, error) ||
        !check_key("kind of a link", link->kind, error) ||
        !check_key("target of a link", link->target_key, error) || !batch_open(run, error))
        return FALSE;
    return batch_close(run, stage_link(run, link, error), sizeof *link, error);
}

/* --- audit records --------------------------------------------------------------------------- */

static gboolean event_known(struct store *store, const char *source, const char *id,
                            gboolean *ret_known, GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(store, Q_EVENT_KNOWN);
    store_query_text(&query, source);
    store_query_text(&query, id);
    return store_query_step(&query, ret_known, error);
}

static gboolean stage_event(struct store_sink *half, const struct cor_event *event, GError **error)
{
    struct store *store = half->run->store;
    gboolean known;
    if (!event_known(store, half->source, event->id, &known, error))
        return FALSE;
    if (known)
        return TRUE;
    guint8 hash[STORE_HASH_LEN];
    store_codec_hash(&store->codec, hash);
    if (!store_codec_pack(&store->codec, error))
        return FALSE;
    COR_JSON_AUTO *keys = store_event_keys(event->doc);
    g_autofree char *keys_text = cor_json_to_text(keys);
    STORE_QUERY_AUTO query = store_query_begin(store, Q_STAGE_EVENT);
    store_query_int(&query, half->directory);
    store_query_text(&query, half->source);
    store_query_text(&query, event->id);
    store_query_int(&query, event->time_us);
    store_query_bytes(&query, hash, STORE_HASH_LEN);
    store_query_bytes(&query, store->codec.packed->data, store->codec.packed->len);
    store_query_text(&query, keys_text);
    return store_query_run(&query, error);
}

static gboolean take_event(struct cor_sink *self, const struct cor_event *event, GError **error)
{
    struct store_sink *half = (struct store_sink *)self;
    struct store_codec *codec = &half->run->store->codec;
    if (!check_key("id of an audit record", event->id, error) ||
        !store_codec_tree(codec, event->doc, error) || !batch_open(half->run, error))
        return FALSE;
    return batch_close(half->run, stage_event(half, event, error), codec->text->len, error);
}

/* --- the end of a half ----------------------------------------------------------------------- */

static void end_half(struct store_sink *half, enum store_half_state state,
                     const struct cor_half_stats *stats)
{
    half->ended = TRUE;
    half->state = state;
    if (stats)
        half->stats = *stats;
}

static gboolean finish_half(struct cor_sink *self, const struct cor_proof *proof,
                            const struct cor_half_stats *stats, GError **error)
{
    struct store_sink *half = (struct store_sink *)self;
    struct store_run *run = half->run;
    if (run->broken || !store_run_flush(run, error)) {
        if (run->broken && error && !*error)
            *error = g_error_copy(run->broken);
        end_half(half, STORE_HALF_FAILED, stats);
        return break_run(run, error);
    }
    end_half(half, cor_proof_complete(proof) ? STORE_HALF_COMPLETE : STORE_HALF_PARTIAL, stats);
    g_free(half->proof);
    half->proof = cor_proof_text(proof);
    g_ptr_array_unref(half->problems);
    half->problems = cor_proof_problems(proof);
    const GPtrArray *unread = cor_proof_unread_types(proof);
    for (guint i = 0; i < unread->len; i++)
        g_ptr_array_add(half->unread, g_strdup(g_ptr_array_index(unread, i)));
    return TRUE;
}

static void abandon_half(struct cor_sink *self, const struct cor_half_stats *stats,
                         const GError *reason)
{
    struct store_sink *half = (struct store_sink *)self;
    end_half(half, STORE_HALF_FAILED, stats);
    g_ptr_array_add(half->problems, g_strdup(reason ? reason->message : "abandoned"));
}

struct cor_sink *store_run_sink(struct store_run *run, enum cor_directory directory,
                                const char *source)
{
    if (run->sinks[directory])
        return &run->sinks[directory]->sink;
    struct store_sink *half = g_new0(struct store_sink, 1);
    half->sink = (struct cor_sink){.record = take_record,
                                   .link = take_link,
                                   .event = take_event,
                                   .finish = finish_half,
                                   .abandon = abandon_half};
    half->run = run;
    half->directory = directory;
    half->source = g_strdup(source);
    half->state = STORE_HALF_FAILED;
    half->problems = g_ptr_array_new_with_free_func(g_free);
    half->unread = g_ptr_array_new_with_free_func(g_free);
    run->sinks[directory] = half;
    return &half->sink;
}
