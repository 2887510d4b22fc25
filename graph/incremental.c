/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The incremental half. The delta rounds named the keys; each is read as its listing would show it,
 * so that a record is the same whether it was read in full or not. Invariant: nothing is told to be
 * gone because one answer did not show it. A key is gone when the service does not find it among
 * the live ones, a proven listing of the deleted ones does not show it, and besides either the
 * round called it deleted, or it was asked for after that listing, or two captures did not find it.
 */
#include "graph/incremental.h"

#include "correlate/error.h"
#include "graph/batch.h"
#include "graph/delta.h"
#include "graph/link.h"
#include "graph/links.h"

#include <string.h>

enum { CHUNK = 1000 }; /* objects in memory while their authority is asked for */

/* --- reading named objects -------------------------------------------------------------------- */

struct asking {
    struct entra_stream *stream;
    struct entra_reading *reading;
    char *refusal; /* owned; words of the first 403 */
};

static gboolean on_object(void *data, const char *key, long status, const struct cor_json *body,
                          GError **error)
{
    struct asking *asking = data;
    if (status == 404) {
        g_hash_table_add(asking->stream->missing, g_strdup(key));
        return TRUE;
    }
    g_autofree char *words = status == 200 ? NULL : entra_step_words(status, body);
    if (status == 403) {
        if (!asking->refusal)
            asking->refusal = g_steal_pointer(&words);
        return TRUE;
    }
    if (status != 200) {
        g_set_error(error, ENTRA_ERROR, status == 401 ? COR_E_AUTH : COR_E_INPUT, "%s", words);
        return FALSE;
    }
    if (g_strcmp0(cor_json_get_string(body, "id"), key) != 0) {
        g_set_error(error, ENTRA_ERROR, COR_E_INPUT,
                    "the service answered with another object than the one asked for");
        return FALSE;
    }
    g_hash_table_add(asking->stream->live, g_strdup(key));
    return entra_reading_take(asking->reading, body, error);
}

/* One resource of the table in this capture. */
struct first_page {
    struct entra_reading reading;
    gboolean moved; /* something came back or went: relations of the others may be other ones */
    struct asking asking; /* of a tracked one */
    struct entra_stream *stream;
    char *next;                  /* owned; link of the second page */
    GError *failure;             /* owned; of this resource alone */
    entra_parents_filter filter; /* which relations are due; NULL: it was not read */
    long status;
};

/* What is never put inside a batch is asked for by itself. */
static gboolean ask_one(struct asking *asking, const char *key, const char *path, GError **error)
{
    struct entra_client *client = asking->reading->run->client;
    g_autofree char *url = g_strdup_printf("%s/%s%s", entra_client_base(client),
                                           asking->stream->resource->version, path);
    g_autoptr(entra_reply) reply = entra_client_ask(client, url, NULL, error);
    if (!reply)
        return FALSE;
    COR_JSON_AUTO *body =
        cor_json_parse(entra_reply_text(reply), reply->body->len, ENTRA_MAX_BODY, NULL);
    return on_object(asking, key, reply->status, body, error);
}

static gboolean ask_chunk(struct asking *asking, GPtrArray *keys, guint from, GError **error)
{
    const struct entra_resource *resource = asking->stream->resource;
    struct entra_batch *batch = entra_batch_new(asking->reading->run->client, on_object, asking);
    gboolean ok = TRUE;
    for (guint i = from; ok && i < MIN(from + CHUNK, keys->len); i++) {
        g_autofree char *path = entra_object_path(resource, keys->pdata[i]);
        ok = resource->slow ? ask_one(asking, keys->pdata[i], path, error)
                            : entra_batch_add(batch, keys->pdata[i], path, error);
    }
    ok = ok && entra_batch_finish(batch, error);
    entra_batch_free(batch);
    return ok && entra_reading_settle(asking->reading, error);
}

/* Read the objects with these keys; stream->live and missing tell which were found. */
static gboolean ask_objects(struct asking *asking, GPtrArray *keys, GError **error)
{
    struct entra_reading *reading = asking->reading;
    gboolean ok = TRUE;
    for (guint i = 0; ok && i < keys->len; i += CHUNK) {
        ok = ask_chunk(asking, keys, i, error);
        entra_run_report(reading->run, reading->resource->segment);
    }
    if (ok && asking->refusal) {
        g_set_error(error, ENTRA_ERROR, COR_E_AUTH, "%s", asking->refusal);
        ok = entra_reading_refusal(reading, 403, error);
    } else if (ok) {
        entra_reading_end(reading, 200);
    }
    g_clear_pointer(&asking->refusal, g_free);
    asking->stream->failed |= !ok || reading->refused || reading->limited > 0;
    return ok;
}

/* And all of their relations, at once. */
static gboolean ask(struct entra_run *run, struct entra_stream *stream, GPtrArray *keys,
                    GError **error)
{
    struct entra_reading reading;
    entra_reading_init(&reading, run, stream->resource, NULL);
    struct asking asking = {.stream = stream, .reading = &reading};
    const struct entra_wish wish = {.parents = reading.parents};
    gboolean ok = ask_objects(&asking, keys, error) && (reading.refused || !reading.parents ||
                                                        entra_relations_read(run, &wish, 1, error));
    entra_reading_clear(&reading);
    return ok;
}

/* --- tracked resources ------------------------------------------------------------------------ */

static GPtrArray *keys_of(GHashTable *table)
{
    GPtrArray *keys = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, table);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        g_ptr_array_add(keys, g_strdup(key));
    return keys;
}

/* One that was deleted when the last capture ran has no links in the store: if it is back, all of
 * them are new, whether the round tells it or not. */
static void expect_links(struct entra_stream *stream, const struct entra_stream *deleted,
                         const char *key)
{
    guint flag = ENTRA_LINKS;
    const struct entra_relation *kind = stream->resource->relations;
    for (; deleted && kind && kind->kind; kind++, flag <<= 1)
        if (g_hash_table_contains(deleted->known, key))
            entra_flags_add(stream->changes, key, flag);
}

/* Replicas of the service may lag, so what was told now is looked at once more next time. */
static void ask_again(struct entra_stream *stream, const char *key)
{
    guint flags = entra_flags_get(stream->changes, key);
    if (flags & ENTRA_TOLD)
        entra_flags_add(stream->again, key, flags & ENTRA_KEPT & ~(guint)ENTRA_LOST);
}

static gboolean has_hinted(const struct entra_resource *resource)
{
    for (const struct entra_relation *at = resource->relations; at && at->kind; at++)
        if (at->when == ENTRA_HINTED)
            return TRUE;
    return FALSE;
}

/* One that was deleted is new when it is back. */
static gboolean is_new(const struct entra_run *run, const char *key)
{
    struct cor_view *before = run->options->before;
    COR_RECORD_AUTO *old = before ? before->get(before, COR_ENTRA, key, NULL) : NULL;
    return !old || old->life != COR_LIVE;
}

/* Audit records name objects of all types; the store knows which is which. */
static void take_hints(struct entra_run *run, struct entra_stream *stream)
{
    struct cor_view *before = run->options->before;
    GHashTableIter iter;
    gpointer key;
    if (!before || !has_hinted(stream->resource))
        return;
    g_hash_table_iter_init(&iter, run->hints);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        COR_RECORD_AUTO *old = before->get(before, COR_ENTRA, key, NULL);
        if (old && old->life == COR_LIVE && g_str_equal(old->type, stream->resource->type))
            entra_flags_add(stream->changes, key, ENTRA_NAMED);
    }
}

/* What a round tracks is read where it told so; everything else of new objects, and where an audit
 * record is a reason to, or where there are no such records. */
static gboolean is_tracked_due(void *data, guint index, const char *key)
{
    const struct first_page *first = data;
    const struct entra_run *run = first->reading.run;
    guint flags = entra_flags_get(first->stream->changes, key);
    if (first->stream->resource->relations[index].when == ENTRA_TRACKED)
        return (flags & (guint)ENTRA_LINKS << index) != 0;
    return run->unaudited || (flags & ENTRA_NAMED) || is_new(run, key);
}

static gboolean read_tracked(struct entra_run *run, struct first_page *first, GError **error)
{
    struct entra_stream *stream = first->stream;
    take_hints(run, stream);
    const struct entra_stream *deleted =
        entra_track_find(run->track, stream->resource->type, COR_DELETED);
    g_autoptr(GPtrArray) keys = keys_of(stream->changes);
    for (guint i = 0; i < keys->len; i++) {
        expect_links(stream, deleted, keys->pdata[i]);
        ask_again(stream, keys->pdata[i]);
    }
    first->asking = (struct asking){.stream = stream, .reading = &first->reading};
    first->filter = is_tracked_due;
    return ask_objects(&first->asking, keys, error);
}

/* --- listed resources ------------------------------------------------------------------------- */

static gboolean on_first_page(void *data, const char *key, long status, const struct cor_json *body,
                              GError **error)
{
    struct first_page *first = &((struct first_page *)data)[g_ascii_strtoull(key, NULL, 10)];
    struct entra_run *run = first->reading.run;
    first->status = status;
    if (status != 200) {
        g_autofree char *words = entra_step_words(status, body);
        g_set_error(&first->failure, ENTRA_ERROR, status == 401 ? COR_E_AUTH : COR_E_INPUT, "%s",
                    words);
        return TRUE;
    }
    const struct cor_json *next = cor_json_get(body, "@odata.nextLink");
    const char *link = cor_json_string(next);
    if (!cor_json_is_null(next) &&
        !entra_link_check(entra_client_base(run->client), link ? link : "", &first->failure))
        return TRUE;
    first->next = g_strdup(link);
    if (entra_reading_page(&first->reading, body, &first->failure))
        return TRUE;
    if (run->sink_failed)
        g_propagate_error(error, g_steal_pointer(&first->failure));
    return !run->sink_failed;
}

/* Several small lists in one request. */
static gboolean ask_first_pages(struct entra_run *run, struct first_page *firsts, GError **error)
{
    struct entra_batch *batch = entra_batch_new(run->client, on_first_page, firsts);
    gboolean ok = TRUE;
    for (guint i = 0; ok && i < entra_resources_len; i++) {
        const struct entra_resource *resource = firsts[i].stream->resource;
        if (firsts[i].stream->link || resource->slow)
            continue;
        g_autofree char *key = g_strdup_printf("%u", i);
        g_autofree char *url = entra_resource_url("", resource, entra_run_top(run));
        ok = entra_batch_add(batch, key, url + strlen("/v1.0"), error);
    }
    ok = ok && entra_batch_finish(batch, error);
    entra_batch_free(batch);
    if (ok || entra_run_is_fatal(run, *error))
        return ok;
    g_clear_error(error); /* each is asked for by itself then, so that the culprit is named */
    return TRUE;
}

/* What the audit log would tell is read of new objects and of those it names. */
static gboolean is_listed_due(void *data, guint index, const char *key)
{
    const struct first_page *first = data;
    const struct entra_run *run = first->reading.run;
    return first->stream->resource->relations[index].when != ENTRA_HINTED || run->unaudited ||
           run->returned || first->moved || g_hash_table_contains(run->hints, key) ||
           !g_hash_table_contains(first->stream->known, key);
}

static gboolean has_other(GHashTable *keys, GHashTable *others)
{
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, keys);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        if (!g_hash_table_contains(others, key))
            return TRUE;
    return FALSE;
}

static gboolean share_any(GHashTable *some, GHashTable *others)
{
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, some);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        if (g_hash_table_contains(others, key))
            return TRUE;
    return FALSE;
}

static void notice_moves(struct entra_run *run, struct first_page *first)
{
    const struct entra_stream *stream = first->stream;
    const struct entra_stream *deleted =
        entra_track_find(run->track, stream->resource->type, COR_DELETED);
    first->moved =
        has_hinted(stream->resource) && (has_other(stream->known, stream->shown) ||
                                         (deleted && share_any(stream->shown, deleted->known)));
}

static gboolean read_listed(struct entra_run *run, struct first_page *first, GError **error)
{
    const struct entra_resource *resource = first->stream->resource;
    struct entra_reading *reading = &first->reading;
    gboolean ok;
    first->filter = is_listed_due;
    if (resource->slow || (!first->failure && first->status == 0)) {
        g_autofree char *url =
            entra_resource_url(entra_client_base(run->client), resource, entra_run_top(run));
        ok = entra_reading_follow(reading, url, error);
    } else if (first->failure) {
        g_propagate_error(error, g_steal_pointer(&first->failure));
        ok = entra_reading_refusal(reading, first->status, error);
    } else if ((ok = entra_reading_settle(reading, error)) && first->next) {
        ok = entra_reading_follow(reading, first->next, error);
    } else if (ok) {
        entra_reading_end(reading, first->status);
    }
    first->stream->failed |= !ok || reading->refused || reading->limited > 0;
    notice_moves(run, first);
    return ok;
}

/* --- what is gone ----------------------------------------------------------------------------- */

/* A deleted object has no links that anybody could see. */
static gboolean forget_links(struct entra_run *run, const struct entra_resource *resource,
                             const char *key, GError **error)
{
    if (resource->expand && !entra_run_links_follow(run, key, "manager", error))
        return FALSE;
    return entra_relations_forget(run, resource, key, error);
}

static gboolean tell_gone(struct entra_run *run, const struct entra_resource *resource,
                          const char *key, GError **error)
{
    return entra_relations_forget(run, resource, key, error) && entra_run_gone(run, key, error);
}

static gboolean forget_links_to(struct entra_run *run, const char *key, GError **error)
{
    for (guint i = 0; i < entra_resources_len; i++)
        if (!entra_relations_unlink(run, &entra_resources[i], key, error))
            return FALSE;
    return TRUE;
}

static gboolean forget_links_of_deleted(struct entra_run *run, const struct entra_stream *stream,
                                        const struct entra_stream *deleted, GError **error)
{
    g_autoptr(GPtrArray) keys = keys_of(deleted->shown);
    for (guint i = 0; i < keys->len; i++) {
        const char *key = keys->pdata[i];
        gboolean fresh = !g_hash_table_contains(deleted->known, key) ||
                         g_hash_table_contains(stream->missing, key);
        if (fresh &&
            !(forget_links(run, stream->resource, key, error) && forget_links_to(run, key, error)))
            return FALSE;
    }
    return TRUE;
}

static void add_vanished(GPtrArray *keys, GHashTable *known, const struct entra_stream *stream,
                         const struct entra_stream *deleted)
{
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, known);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        if (!g_hash_table_contains(stream->shown, key) &&
            !g_hash_table_contains(stream->live, key) &&
            (!deleted || !g_hash_table_contains(deleted->shown, key)))
            g_ptr_array_add(keys, g_strdup(key));
}

/* What the rounds named and nobody found: gone when there is a second reason, else asked again. */
static gboolean judge_missing(struct entra_run *run, struct entra_stream *stream,
                              const struct entra_stream *deleted, GError **error)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
    add_vanished(keys, stream->missing, stream, deleted);
    for (guint i = 0; i < keys->len; i++) {
        guint flags = entra_flags_get(stream->changes, keys->pdata[i]);
        if (!(flags & (ENTRA_REMOVED | ENTRA_LOST))) {
            entra_flags_add(stream->again, keys->pdata[i], (flags & ENTRA_KEPT) | ENTRA_LOST);
            continue;
        }
        if (!tell_gone(run, stream->resource, keys->pdata[i], error))
            return FALSE;
        g_hash_table_remove(stream->again, keys->pdata[i]);
    }
    return TRUE;
}

/* What the listings showed last time and do not show now. */
static gboolean judge_vanished(struct entra_run *run, struct entra_stream *stream,
                               const struct entra_stream *deleted, GError **error)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
    if (!stream->link)
        add_vanished(keys, stream->known, stream, deleted);
    if (deleted)
        add_vanished(keys, deleted->known, stream, deleted);
    for (guint i = keys->len; i-- > 0;) /* these are judged already */
        if (g_hash_table_contains(stream->missing, keys->pdata[i]))
            g_ptr_array_remove_index_fast(keys, i);
    /* between two listings an object may have moved from one to the other */
    if (deleted && keys->len > 0 && !ask(run, stream, keys, error))
        return FALSE;
    for (guint i = 0; i < keys->len && !stream->failed; i++)
        if (!g_hash_table_contains(stream->live, keys->pdata[i]) &&
            !tell_gone(run, stream->resource, keys->pdata[i], error))
            return FALSE;
    for (guint i = 0; i < keys->len && !stream->link; i++)
        if (g_hash_table_contains(stream->live, keys->pdata[i]))
            g_hash_table_add(stream->shown, g_strdup(keys->pdata[i]));
    return TRUE;
}

/* What could not be listed is as it was. */
static void keep_known(struct entra_stream *stream)
{
    g_autoptr(GPtrArray) keys = keys_of(stream->known);
    for (guint i = 0; i < keys->len; i++)
        g_hash_table_add(stream->shown, g_strdup(keys->pdata[i]));
}

static gboolean judge_absences(struct entra_run *run, struct entra_stream *stream, GError **error)
{
    struct entra_stream *deleted =
        entra_track_find(run->track, stream->resource->type, COR_DELETED);
    if (deleted && deleted->failed)
        keep_known(deleted);
    if (stream->failed || (deleted && deleted->failed && !deleted->resource->optional)) {
        keep_known(stream);
        return TRUE;
    }
    return (!deleted || forget_links_of_deleted(run, stream, deleted, error)) &&
           judge_missing(run, stream, deleted, error) &&
           judge_vanished(run, stream, deleted, error);
}

/* --- the whole -------------------------------------------------------------------------------- */

/* FALSE: the failure makes going on useless. */
static gboolean note(struct entra_run *run, struct entra_stream *stream, GError *failure_taken,
                     guint *in_a_row, GError **error)
{
    if (!failure_taken) {
        *in_a_row = 0;
        return TRUE;
    }
    *in_a_row = failure_taken->code == COR_E_RETRY ? *in_a_row + 1 : 0;
    if (entra_run_is_fatal(run, failure_taken) || *in_a_row >= ENTRA_MAX_FAILURES) {
        g_propagate_error(error, failure_taken);
        return FALSE;
    }
    stream->failed = TRUE;
    if (stream->resource->optional)
        entra_objects_unread(run, stream->resource, failure_taken->message);
    else
        cor_proof_problem(run->proof, stream->resource->segment, failure_taken->message);
    g_error_free(failure_taken);
    return TRUE;
}

/* Assignments to somebody who was deleted: the service that gives the role is looked at. */
static void hint_givers(struct entra_run *run, GHashTable *missing)
{
    struct cor_view *before = run->options->before;
    struct cor_reader *reader =
        before ? before->read(before, COR_ENTRA, COR_TYPE_APP_ROLE_ASSIGNMENT, NULL) : NULL;
    const struct cor_record *old = NULL;
    while (reader && reader->next(reader, &old, NULL) && old) {
        const char *principal = cor_record_text(old, "principalId");
        const char *giver = cor_record_text(old, "anchorwatchParent");
        if (principal && giver && g_hash_table_contains(missing, principal))
            g_hash_table_add(run->hints, g_strdup(giver));
    }
    if (reader)
        reader->close(reader);
}

/* What the rounds told to be deleted or back, as far as others point to it. */
static void notice_deletions(struct entra_run *run)
{
    for (guint i = 0; i < entra_resources_len; i++) {
        const struct entra_stream *stream = &run->track->streams[i];
        const struct entra_stream *deleted =
            entra_track_find(run->track, stream->resource->type, COR_DELETED);
        if (!stream->link)
            continue;
        if (g_hash_table_size(stream->missing) > 0)
            hint_givers(run, stream->missing);
        run->returned = run->returned || (deleted && share_any(stream->live, deleted->known));
    }
}

typedef gboolean (*part_func)(struct entra_run *run, struct first_page *first, GError **error);

static gboolean part_tracked(struct entra_run *run, struct first_page *first, GError **error)
{
    struct entra_stream *stream = first->stream;
    if (stream->link && stream->trouble) {
        stream->failed = TRUE;
        cor_proof_problem(run->proof, stream->resource->segment, stream->trouble);
        return TRUE;
    }
    return !stream->link || read_tracked(run, first, error);
}

/* What came back has its old links again, and no round tells those that point to it. */
static gboolean part_returned(struct entra_run *run, struct first_page *first, GError **error)
{
    return !run->returned || !first->stream->link ||
           entra_relations_reread(run, first->stream->resource, error);
}

/* A request a second is dear. There is nothing among the deleted ones when nothing was there, no
 * live one is missing, and no audit record tells of one that came and went in between. */
static gboolean is_empty_still(struct entra_run *run, const struct entra_stream *stream)
{
    const struct entra_resource *resource = stream->resource;
    const struct entra_stream *live = entra_track_find(run->track, resource->type, COR_LIVE);
    return resource->slow && resource->life == COR_DELETED && !run->unaudited &&
           !run->policies_named && live && !live->failed && g_hash_table_size(stream->known) == 0 &&
           !has_other(live->known, live->shown);
}

static gboolean part_listed(struct entra_run *run, struct first_page *first, GError **error)
{
    return first->stream->link || is_empty_still(run, first->stream) ||
           read_listed(run, first, error);
}

static gboolean wish_of(struct first_page *first, struct entra_wish *ret)
{
    const struct entra_reading *reading = &first->reading;
    *ret = (struct entra_wish){reading->parents, first->filter, first};
    return reading->parents && first->filter && !first->stream->failed;
}

static gboolean part_relations(struct entra_run *run, struct first_page *first, GError **error)
{
    struct entra_wish wish;
    return !wish_of(first, &wish) || entra_relations_read(run, &wish, 1, error);
}

static gboolean part_roles(struct entra_run *run, struct first_page *first, GError **error)
{
    return first->stream->failed || entra_syncrole_read(run, first->stream->resource, error);
}

static gboolean part_absences(struct entra_run *run, struct first_page *first, GError **error)
{
    return first->stream->resource->life != COR_LIVE || judge_absences(run, first->stream, error);
}

static gboolean each(struct entra_run *run, struct first_page *firsts, part_func part,
                     GError **error)
{
    guint in_a_row = 0;
    for (guint i = 0; i < entra_resources_len; i++) {
        GError *failure = NULL;
        part(run, &firsts[i], &failure);
        if (!note(run, firsts[i].stream, failure, &in_a_row, error))
            return FALSE;
    }
    return TRUE;
}

/* All relations in few requests; should that fail, each by itself, so that the culprit is named. */
static gboolean read_relations(struct entra_run *run, struct first_page *firsts, GError **error)
{
    g_autofree struct entra_wish *wishes = g_new0(struct entra_wish, entra_resources_len);
    guint count = 0;
    for (guint i = 0; i < entra_resources_len; i++)
        if (wish_of(&firsts[i], &wishes[count]))
            count++;
    if (entra_relations_read(run, wishes, count, error))
        return TRUE;
    if (entra_run_is_fatal(run, *error))
        return FALSE;
    g_clear_error(error);
    return each(run, firsts, part_relations, error);
}

gboolean entra_incremental_read(struct entra_run *run, GError **error)
{
    g_autofree struct first_page *firsts = g_new0(struct first_page, entra_resources_len);
    for (guint i = 0; i < entra_resources_len; i++) {
        struct entra_stream *stream = &run->track->streams[i];
        firsts[i].stream = stream;
        entra_reading_init(&firsts[i].reading, run, stream->resource, stream->shown);
    }
    gboolean ok = each(run, firsts, part_tracked, error);
    if (ok)
        notice_deletions(run);
    ok = ok && each(run, firsts, part_returned, error) && ask_first_pages(run, firsts, error) &&
         each(run, firsts, part_listed, error) && read_relations(run, firsts, error) &&
         each(run, firsts, part_roles, error) && each(run, firsts, part_absences, error);
    for (guint i = 0; i < entra_resources_len; i++) {
        entra_reading_clear(&firsts[i].reading);
        g_free(firsts[i].next);
        g_clear_error(&firsts[i].failure);
    }
    return ok;
}
