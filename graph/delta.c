/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rounds of delta queries (Graph page "delta-query-overview"). A round tells which objects changed;
 * what they are now is read anew by incremental.c, because an item may be partial, repeated, out of
 * order, or an old one told again. Invariant: nothing reaches the sink from here, so that a capture
 * whose position was lost can still read everything.
 */
#include "graph/delta.h"

#include "correlate/error.h"
#include "graph/document.h"
#include "graph/link.h"

#include <string.h>

/* --- one item --------------------------------------------------------------------------------- */

/* Which lists of links does the item say changed? */
static guint link_flags(const struct entra_resource *resource, const struct cor_json *item)
{
    guint flags = 0, index = 0;
    const struct entra_relation *kind = resource->relations;
    for (; kind && kind->kind; kind++, index++) {
        g_autofree char *name = g_strconcat(kind->relation, "@delta", NULL);
        if (cor_json_get(item, name) || cor_json_get(item, kind->relation))
            flags |= (guint)ENTRA_LINKS << index;
    }
    return flags;
}

gboolean entra_delta_item(const struct entra_resource *resource, const struct cor_json *item,
                          GHashTable *changes, GError **error)
{
    const char *id = cor_json_get_string(item, "id");
    if (!entra_id_ok(id)) {
        g_set_error(error, ENTRA_ERROR, COR_E_INPUT, "the service sent a change without an id");
        return FALSE;
    }
    guint flags = ENTRA_TOLD | link_flags(resource, item);
    const struct cor_json *removed = cor_json_get(item, "@removed");
    if (g_strcmp0(cor_json_get_string(removed, "reason"), "deleted") == 0)
        flags |= ENTRA_REMOVED;
    entra_flags_add(changes, id, flags);
    return TRUE;
}

/* --- one round -------------------------------------------------------------------------------- */

static gboolean take_page(struct entra_run *run, struct entra_stream *stream,
                          const struct cor_json *page, GError **error)
{
    const struct cor_json *values = entra_page_values(page, error);
    if (!values)
        return FALSE;
    for (const struct cor_json *at = cor_json_first(values); at; at = cor_json_next(at))
        if (!entra_delta_item(stream->resource, at, stream->changes, error))
            return FALSE;
    const char *link = cor_json_get_string(page, "@odata.deltaLink");
    if (link && !entra_link_check(entra_client_base(run->client), link, error))
        return FALSE;
    if (link) {
        g_free(stream->next_link);
        stream->next_link = g_strdup(link);
    }
    return TRUE;
}

static gboolean walk(struct entra_run *run, struct entra_stream *stream, const char *url,
                     struct entra_pager *pager, GError **error)
{
    const struct cor_json *page = NULL;
    entra_pager_init(pager, run->client, url);
    pager->repeats = TRUE;
    gboolean ok;
    while ((ok = entra_pager_next(pager, &page, error)) && page)
        if (!(ok = take_page(run, stream, page, error)))
            break;
    if (!ok || stream->next_link)
        return ok;
    g_set_error(error, ENTRA_ERROR, COR_E_INPUT,
                "the service ended a delta round without a link for the next one");
    return FALSE;
}

/* The walk of a round; one whose page token expired on the way is walked once more. */
static gboolean walk_round(struct entra_run *run, struct entra_stream *stream, long *ret_status,
                           GError **error)
{
    for (guint tries = 1;; tries++) {
        struct entra_pager pager;
        gboolean ok = walk(run, stream, stream->link, &pager, error);
        gboolean expired = !ok && pager.status == 400 && pager.pages > 1 && tries == 1;
        *ret_status = pager.status;
        entra_pager_clear(&pager);
        if (!expired)
            return ok;
        g_clear_error(error);
    }
}

/* A link was followed to the letter: if the service refuses it, only starting anew can help (410,
 * syncStateNotFound, resyncRequired), and a full read tells a missing permission better. */
static gboolean is_lost(const struct entra_run *run, long status)
{
    return !run->sink_failed && status >= 400 && status < 500 && status != 401;
}

static gboolean read_round(struct entra_run *run, struct entra_stream *stream, GError **error)
{
    long status = 0;
    if (!walk_round(run, stream, &status, error)) {
        g_clear_pointer(&stream->next_link, g_free);
        if (is_lost(run, status))
            (*error)->code = COR_E_RESYNC;
        return FALSE;
    }
    if (g_hash_table_size(stream->changes) <= ENTRA_MAX_CHANGES)
        return TRUE;
    g_set_error(error, ENTRA_ERROR, COR_E_RESYNC, "more than %d changes", ENTRA_MAX_CHANGES);
    return FALSE;
}

gboolean entra_delta_read(struct entra_run *run, gboolean *ret_lost, GError **error)
{
    *ret_lost = FALSE;
    guint in_a_row = 0;
    for (guint i = 0; i < entra_resources_len; i++) {
        struct entra_stream *stream = &run->track->streams[i];
        g_autoptr(GError) failure = NULL;
        if (!stream->link)
            continue;
        entra_run_report(run, stream->resource->segment);
        if (read_round(run, stream, &failure)) {
            in_a_row = 0;
            continue;
        }
        if (failure->code == COR_E_RESYNC) {
            *ret_lost = TRUE;
            g_free(run->track->why);
            run->track->why = g_strdup_printf("the changes of %s can no longer be asked for (%s)",
                                              stream->resource->segment, failure->message);
            continue;
        }
        in_a_row = failure->code == COR_E_RETRY ? in_a_row + 1 : 0;
        if (entra_run_is_fatal(run, failure) || in_a_row >= ENTRA_MAX_FAILURES) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        stream->trouble = g_strdup(failure->message);
    }
    return TRUE;
}

/* --- from now on ------------------------------------------------------------------------------ */

static gboolean start(struct entra_run *run, struct entra_stream *stream, GError **error)
{
    g_autofree char *url = entra_delta_url(entra_client_base(run->client), stream->resource);
    g_autoptr(GError) failure = NULL;
    struct entra_pager pager;
    gboolean ok = walk(run, stream, url, &pager, &failure);
    long status = pager.status;
    entra_pager_clear(&pager);
    if (ok)
        return TRUE;
    g_clear_pointer(&stream->next_link, g_free);
    if (status == 403) /* the listing will be refused as well, and tells it */
        return TRUE;
    if (entra_run_is_fatal(run, failure)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    if (status >= 400 && status < 500)
        entra_run_remark(run, g_strdup_printf("%s: changes cannot be asked for, so that each "
                                              "capture lists them all (%s)",
                                              stream->resource->segment, failure->message));
    else
        run->track->usable = FALSE;
    return TRUE;
}

gboolean entra_delta_start(struct entra_run *run, GError **error)
{
    for (guint i = 0; i < entra_resources_len && run->track->usable; i++) {
        struct entra_stream *stream = &run->track->streams[i];
        if (stream->resource->delta && !stream->next_link && !start(run, stream, error))
            return FALSE;
    }
    return TRUE;
}
