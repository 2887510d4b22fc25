/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One resource of the table: its pages, and what hangs on its objects. A refusal is told with its
 * remedy. Invariant: the segment is proven only by how the pages ended.
 */
#include "graph/run.h"

#include "correlate/error.h"
#include "graph/compare.h"
#include "graph/document.h"
#include "graph/links.h"

#include <string.h>

static gboolean keep(struct entra_reading *reading, struct cor_record *record, const char *manager,
                     gboolean *ret_kept, GError **error)
{
    struct entra_run *run = reading->run;
    if (reading->parents)
        entra_parents_add(reading->parents, record);
    if (reading->shown)
        g_hash_table_add(reading->shown, g_strdup(record->key));
    if (reading->resource->expand && !entra_run_links_follow(run, record->key, "manager", error))
        return FALSE;
    if (manager && !entra_run_link(run, "manager", record->key, manager, error))
        return FALSE;
    if (reading->parents)
        entra_syncrole_notice(run, record);
    *ret_kept = reading->resource->behavior && entra_wants_behavior(record);
    return *ret_kept || entra_run_record(run, record, error);
}

gboolean entra_reading_take(struct entra_reading *reading, const struct cor_json *object,
                            GError **error)
{
    COR_RECORD_AUTO *record = NULL;
    const char *manager = NULL;
    switch (entra_record(reading->resource, object, &record, &manager)) {
    case ENTRA_INVALID:
        g_set_error(error, ENTRA_ERROR, COR_E_INPUT, "the service sent an object without an id");
        return FALSE;
    case ENTRA_LIMITED:
        reading->limited++;
        return TRUE;
    case ENTRA_READABLE:
        break;
    }
    gboolean kept = FALSE;
    if (!keep(reading, record, manager, &kept, error))
        return FALSE;
    if (kept)
        g_ptr_array_add(reading->open, g_steal_pointer(&record));
    return TRUE;
}

gboolean entra_reading_page(struct entra_reading *reading, const struct cor_json *page,
                            GError **error)
{
    if (reading->resource->singleton)
        return entra_reading_take(reading, page, error);
    const struct cor_json *values = entra_page_values(page, error);
    if (!values)
        return FALSE;
    for (const struct cor_json *at = cor_json_first(values); at; at = cor_json_next(at))
        if (!entra_reading_take(reading, at, error))
            return FALSE;
    return TRUE;
}

gboolean entra_reading_settle(struct entra_reading *reading, GError **error)
{
    if (reading->open->len == 0)
        return TRUE;
    gboolean ok = entra_behavior_read(reading->run, reading->resource, reading->open,
                                      &reading->denied, error);
    g_ptr_array_set_size(reading->open, 0);
    return ok;
}

/* Not seeing what may be refused is no sign that it is gone. */
void entra_objects_unread(struct entra_run *run, const struct entra_resource *resource,
                          const char *why)
{
    entra_run_remark(run, g_strdup_printf("%s not readable: %s", resource->segment, why));
    cor_proof_unread(run->proof, resource->type, resource->life);
    for (const struct entra_relation *at = resource->relations; at && at->kind; at++)
        entra_relation_unread(run, resource, at);
}

static void judge_limited(const struct entra_reading *reading)
{
    if (reading->limited == 0)
        return;
    const struct entra_resource *resource = reading->resource;
    g_autofree char *text = g_strdup_printf(
        "%" G_GUINT64_FORMAT " objects came without %s, so rights are short and they were not "
        "recorded; grant the application permission %s",
        reading->limited, resource->must, resource->permission);
    if (resource->optional)
        entra_objects_unread(reading->run, resource, text);
    else
        cor_proof_problem(reading->run->proof, resource->segment, text);
}

/* A refusal is told with its remedy; anything else stays an error. */
gboolean entra_reading_refusal(struct entra_reading *reading, long status, GError **error)
{
    struct entra_run *run = reading->run;
    const struct entra_resource *resource = reading->resource;
    gboolean refused = status == 403;
    gboolean missing = resource->optional && status >= 400 && status != 401;
    if ((!refused && !missing) || run->sink_failed)
        return FALSE;
    if (status == 404 && resource->singleton && resource->optional) {
        g_clear_error(error); /* nobody ever set that policy, which is an answer */
        return TRUE;
    }
    g_autofree char *text =
        g_strdup_printf("refused; grant the application permission %s%s%s%s (%s)",
                        resource->permission, resource->licence ? ", which needs the licence " : "",
                        resource->licence ? resource->licence : "",
                        resource->doubt ? resource->doubt : "", (*error)->message);
    if (resource->optional && !refused) {
        g_autofree char *absent =
            g_strdup_printf("the service does not give it (%s)", (*error)->message);
        entra_objects_unread(run, resource, absent);
    } else if (resource->optional) {
        entra_objects_unread(run, resource, text);
    } else {
        cor_proof_problem(run->proof, resource->segment, text);
        cor_proof_graph(run->proof, resource->segment, status, FALSE);
    }
    g_clear_error(error);
    reading->refused = TRUE;
    return TRUE;
}

void entra_reading_end(struct entra_reading *reading, long status)
{
    judge_limited(reading);
    if (!reading->resource->optional)
        cor_proof_graph(reading->run->proof, reading->resource->segment, status, FALSE);
}

static gboolean walk(struct entra_reading *reading, struct entra_pager *pager, GError **error)
{
    const struct cor_json *page = NULL;
    gboolean ok;
    while ((ok = entra_pager_next(pager, &page, error)) && page) {
        ok = entra_reading_page(reading, page, error);
        if (ok && reading->open->len > 0)
            entra_pager_settle(pager);
        if (!ok || !(ok = entra_reading_settle(reading, error)))
            break;
        entra_run_report(reading->run, reading->resource->segment);
    }
    return ok;
}

/* What was told already is told again, which changes nothing but the figures of a comparison. */
static void start_over(struct entra_reading *reading, GError **error)
{
    g_clear_error(error);
    reading->limited = 0;
    if (reading->parents)
        entra_parents_clear(reading->parents);
    g_clear_pointer(&reading->run->compare, entra_compare_free);
}

gboolean entra_reading_follow(struct entra_reading *reading, const char *url, GError **error)
{
    gboolean ok, expired;
    long status;
    for (guint tries = 1;; tries++) {
        struct entra_pager pager;
        entra_pager_init(&pager, reading->run->client, url);
        ok = walk(reading, &pager, error);
        status = pager.status;
        /* a page token that is too old (Directory_ExpiredPageToken): walk once more from the start
         */
        expired = !ok && status == 400 && pager.pages > 1 && tries == 1;
        entra_pager_clear(&pager);
        if (!expired)
            break;
        start_over(reading, error);
    }
    if (ok)
        entra_reading_end(reading, status);
    return ok || entra_reading_refusal(reading, status, error);
}

gboolean entra_reading_attached(struct entra_reading *reading, GError **error)
{
    const struct entra_wish wish = {.parents = reading->parents};
    return (!reading->parents || entra_relations_read(reading->run, &wish, 1, error)) &&
           entra_syncrole_read(reading->run, reading->resource, error);
}

void entra_reading_init(struct entra_reading *reading, struct entra_run *run,
                        const struct entra_resource *resource, GHashTable *shown_or_null)
{
    *reading = (struct entra_reading){.run = run, .resource = resource, .shown = shown_or_null};
    reading->parents = resource->relations ? entra_parents_new(run, resource) : NULL;
    reading->open = g_ptr_array_new_with_free_func((GDestroyNotify)cor_record_free);
}

void entra_reading_clear(struct entra_reading *reading)
{
    entra_parents_free(reading->parents);
    g_ptr_array_unref(reading->open);
}

gboolean entra_objects_read(struct entra_run *run, const struct entra_resource *resource,
                            GHashTable *shown_or_null, GError **error)
{
    struct entra_reading reading;
    entra_reading_init(&reading, run, resource, shown_or_null);
    entra_run_report(run, resource->segment);
    g_autofree char *url =
        entra_resource_url(entra_client_base(run->client), resource, entra_run_top(run));
    gboolean ok = entra_reading_follow(&reading, url, error) &&
                  (reading.refused || entra_reading_attached(&reading, error));
    entra_reading_clear(&reading);
    return ok;
}
