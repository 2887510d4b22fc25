/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sinks: what a collector tells is checked, written as canonical text and hashed in its own
 * thread, and handed to the thread that writes. Invariant: what is wrong with the record itself is
 * answered at once and spoils nothing else; what the store fails at ends the run, and is answered
 * by a later call.
 */
#include "agent/store/event.h"
#include "agent/store/index.h"
#include "agent/store/run.h"

#include "correlate/error.h"
#include "correlate/identity.h"

#include <string.h>

#define KEY_MAX 1024 /* bytes of a key, link kind or audit id */

/* --- checks ---------------------------------------------------------------------------------- */

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

static struct store_part part_of(const char *text)
{
    return (struct store_part){text, strlen(text)};
}

static struct store_part part_of_string(const GString *text)
{
    return (struct store_part){text->str, text->len};
}

static gboolean put(struct store_sink *half, struct store_op *op, GError **error)
{
    op->directory = half->directory;
    op->incremental = half->incremental;
    return store_feed_put(half->run->feed, op, error);
}

/* --- records --------------------------------------------------------------------------------- */

static gboolean holds(const GString *hashes, gint64 hash)
{
    for (gsize at = 0; at < hashes->len; at += sizeof hash)
        if (memcmp(hashes->str + at, &hash, sizeof hash) == 0)
            return TRUE;
    return FALSE;
}

/* The hash of each identifier once; the folded name of an AD object. */
static void pack_identifiers(struct store_sink *half, const struct cor_record *record)
{
    g_autoptr(GPtrArray) identifiers = cor_identifiers(record);
    g_string_truncate(half->extra, 0);
    g_string_truncate(half->place, 0);
    for (guint i = 0; i < identifiers->len; i++) {
        const struct cor_identifier *identifier = g_ptr_array_index(identifiers, i);
        gint64 hash = store_identifier_hash(identifier->value);
        if (!holds(half->extra, hash))
            g_string_append_len(half->extra, (const char *)&hash, sizeof hash);
        if (half->directory == COR_AD && identifier->kind == COR_ID_DN)
            g_string_assign(half->place, identifier->value);
    }
}

static gboolean take_record(struct cor_sink *self, const struct cor_record *record, GError **error)
{
    struct store_sink *half = (struct store_sink *)self;
    if (!check_directory(half, record->directory, error) ||
        !check_key("key of an object", record->key, error) ||
        !store_codec_record(&half->codec, record, error))
        return FALSE;
    pack_identifiers(half, record);
    struct store_op op = {
        .kind = STORE_OP_RECORD,
        .life = record->life,
        .parts = {part_of(record->key), part_of(record->type),
                  part_of(record->name ? record->name : ""), part_of_string(half->codec.text),
                  part_of_string(half->extra), part_of_string(half->place)},
    };
    store_codec_hash(&half->codec, op.hash);
    return put(half, &op, error);
}

static gboolean take_gone(struct cor_sink *self, const char *key, GError **error)
{
    struct store_op op = {.kind = STORE_OP_GONE};
    if (!check_key("key of an object", key, error))
        return FALSE;
    op.parts[0] = part_of(key);
    return put((struct store_sink *)self, &op, error);
}

/* --- links ----------------------------------------------------------------------------------- */

static gboolean put_link(struct cor_sink *self, enum store_op_kind what,
                         const struct cor_link *link, GError **error)
{
    struct store_sink *half = (struct store_sink *)self;
    if (!check_directory(half, link->directory, error) ||
        !check_key("source of a link", link->source_key, error) ||
        !check_key("kind of a link", link->kind, error) ||
        !check_key("target of a link", link->target_key, error))
        return FALSE;
    struct store_op op = {
        .kind = what,
        .parts = {part_of(link->source_key), part_of(link->kind), part_of(link->target_key)},
    };
    return put(half, &op, error);
}

static gboolean take_link(struct cor_sink *self, const struct cor_link *link, GError **error)
{
    return put_link(self, STORE_OP_LINK, link, error);
}

static gboolean take_unlink(struct cor_sink *self, const struct cor_link *link, GError **error)
{
    return put_link(self, STORE_OP_UNLINK, link, error);
}

static gboolean take_links_follow(struct cor_sink *self, const char *source_key, const char *kind,
                                  GError **error)
{
    if (!check_key("source of a link", source_key, error) ||
        !check_key("kind of a link", kind, error))
        return FALSE;
    struct store_op op = {
        .kind = STORE_OP_FOLLOW,
        .parts = {part_of(source_key), part_of(kind)},
    };
    return put((struct store_sink *)self, &op, error);
}

/* --- audit records --------------------------------------------------------------------------- */

static void pack_keys(const struct cor_json *doc, GString *out)
{
    COR_JSON_AUTO *keys = store_event_keys(doc);
    g_string_truncate(out, 0);
    for (const struct cor_json *n = cor_json_first(keys); n; n = cor_json_next(n))
        g_string_append_len(out, cor_json_string(n), (gssize)strlen(cor_json_string(n)) + 1);
}

static gboolean take_event(struct cor_sink *self, const struct cor_event *event, GError **error)
{
    struct store_sink *half = (struct store_sink *)self;
    if (!check_key("id of an audit record", event->id, error) ||
        !store_codec_tree(&half->codec, event->doc, error))
        return FALSE;
    pack_keys(event->doc, half->extra);
    struct store_op op = {
        .kind = STORE_OP_EVENT,
        .time_us = event->time_us,
        .parts = {part_of(half->source), part_of(event->id), part_of_string(half->codec.text),
                  part_of_string(half->extra)},
    };
    store_codec_hash(&half->codec, op.hash);
    half->has_events = TRUE;
    return put(half, &op, error);
}

/* --- what an incremental half says about itself ------------------------------------------------
 */

static gboolean take_incremental(struct cor_sink *self, GError **error)
{
    struct store_sink *half = (struct store_sink *)self;
    (void)error;
    half->incremental = TRUE;
    return TRUE;
}

static gboolean take_checkpoint(struct cor_sink *self, const char *stream,
                                const struct cor_json *doc, GError **error)
{
    struct store_sink *half = (struct store_sink *)self;
    if (!check_key("name of a stream", stream, error) ||
        (doc && !store_codec_tree(&half->codec, doc, error)))
        return FALSE;
    g_hash_table_replace(half->checkpoints, g_strdup(stream),
                         doc ? g_strdup(half->codec.text->str) : NULL);
    return TRUE;
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
    if (!store_feed_drain(half->run->feed, error)) {
        end_half(half, STORE_HALF_FAILED, stats);
        return FALSE;
    }
    end_half(half, cor_proof_complete(proof) ? STORE_HALF_COMPLETE : STORE_HALF_PARTIAL, stats);
    g_free(half->proof);
    half->proof = cor_proof_text(proof);
    g_ptr_array_unref(half->problems);
    half->problems = cor_proof_problems(proof);
    g_ptr_array_unref(half->unread);
    half->unread = cor_proof_unread_list(proof);
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
                                   .incremental = take_incremental,
                                   .links_follow = take_links_follow,
                                   .unlink = take_unlink,
                                   .gone = take_gone,
                                   .checkpoint = take_checkpoint,
                                   .finish = finish_half,
                                   .abandon = abandon_half};
    half->run = run;
    half->directory = directory;
    half->source = g_strdup(source);
    half->state = STORE_HALF_FAILED;
    half->problems = g_ptr_array_new_with_free_func(g_free);
    half->unread = g_ptr_array_new();
    half->extra = g_string_new(NULL);
    half->place = g_string_new(NULL);
    half->checkpoints = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    run->sinks[directory] = half;
    return &half->sink;
}

void store_sink_free(struct store_sink *half)
{
    if (!half)
        return;
    g_free(half->source);
    g_free(half->proof);
    g_ptr_array_unref(half->problems);
    g_ptr_array_unref(half->unread);
    g_string_free(half->extra, TRUE);
    g_string_free(half->place, TRUE);
    g_hash_table_unref(half->checkpoints);
    store_codec_release(&half->codec);
    g_free(half);
}
