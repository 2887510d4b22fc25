/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memberships and owners. First pages are read in batches; what does not fit in a first page is
 * followed afterwards. Invariant: the segment is proven only after every list ended without a next
 * link. A 404 is asked about again: an object that is gone by now has no links, which is no
 * problem, but one that is there without showing them leaves the segment unproven.
 */
#include "graph/run.h"

#include "correlate/error.h"
#include "graph/batch.h"
#include "graph/document.h"
#include "graph/link.h"

#include <string.h>

struct reading {
    struct entra_run *run;
    const struct entra_resource *resource;
    const struct entra_link_kind *kind;
    GPtrArray *more; /* char *: key, link, key, link, ... */
    GPtrArray *gone; /* char *: keys whose links were not found */
    char *refusal;   /* words of the first 403 */
};

static gboolean take_links(struct reading *reading, const char *source, const struct cor_json *page,
                           GError **error)
{
    const struct cor_json *values = entra_page_values(page, error);
    if (!values)
        return FALSE;
    for (const struct cor_json *at = cor_json_first(values); at; at = cor_json_next(at)) {
        const char *target = cor_json_get_string(at, "id");
        if (!entra_id_ok(target)) {
            g_set_error(error, ENTRA_ERROR, COR_E_INPUT, "the service sent a link without an id");
            return FALSE;
        }
        if (!entra_run_link(reading->run, reading->kind->kind, source, target, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean on_first_page(void *data, const char *key, long status, const struct cor_json *body,
                              GError **error)
{
    struct reading *reading = data;
    if (status == 404) {
        g_ptr_array_add(reading->gone, g_strdup(key));
        return TRUE;
    }
    if (status == 403) {
        if (!reading->refusal)
            reading->refusal = entra_step_words(status, body);
        return TRUE;
    }
    if (status != 200) {
        g_autofree char *words = entra_step_words(status, body);
        g_set_error(error, ENTRA_ERROR, status == 401 ? COR_E_AUTH : COR_E_INPUT, "%s", words);
        return FALSE;
    }
    if (!entra_run_links_follow(reading->run, key, reading->kind->kind, error))
        return FALSE;
    const struct cor_json *next = cor_json_get(body, "@odata.nextLink");
    if (!cor_json_is_null(next)) {
        const char *link = cor_json_string(next);
        if (!entra_link_check(entra_client_base(reading->run->client), link ? link : "", error))
            return FALSE;
        g_ptr_array_add(reading->more, g_strdup(key));
        g_ptr_array_add(reading->more, g_strdup(link));
    }
    return take_links(reading, key, body, error);
}

static gboolean read_first_pages(struct reading *reading, const GString *ids, GError **error)
{
    struct entra_batch *batch = entra_batch_new(reading->run->client, on_first_page, reading);
    gboolean ok = TRUE;
    for (gsize at = 0; ok && at < ids->len; at += strlen(ids->str + at) + 1) {
        const char *id = ids->str + at;
        g_autofree char *escaped = g_uri_escape_string(id, NULL, FALSE);
        g_autofree char *path =
            g_strdup_printf("%s/%s/%s?$select=id&$top=%u", reading->resource->path, escaped,
                            reading->kind->relation, entra_run_top(reading->run));
        ok = entra_batch_add(batch, id, path, error);
    }
    ok = ok && entra_batch_finish(batch, error);
    entra_batch_free(batch);
    return ok;
}

static gboolean read_rest(struct reading *reading, const char *source, const char *link,
                          GError **error)
{
    struct entra_pager pager;
    const struct cor_json *page = NULL;
    entra_pager_init(&pager, reading->run->client, link);
    gboolean ok;
    while ((ok = entra_pager_next(&pager, &page, error)) && page)
        if (!(ok = take_links(reading, source, page, error)))
            break;
    entra_pager_clear(&pager);
    return ok;
}

/* Is the object itself gone, too? */
static gboolean check_gone(struct reading *reading, const char *key, GError **error)
{
    struct entra_client *client = reading->run->client;
    g_autofree char *escaped = g_uri_escape_string(key, NULL, FALSE);
    g_autofree char *url =
        g_strdup_printf("%s/%s%s/%s?$select=id", entra_client_base(client),
                        reading->resource->version, reading->resource->path, escaped);
    g_autoptr(entra_reply) reply = entra_client_ask(client, url, NULL, error);
    if (!reply)
        return FALSE;
    if (reply->status != 404)
        cor_proof_problem(reading->run->proof, reading->kind->segment,
                          "the service lists an object whose links it does not find");
    return TRUE;
}

gboolean entra_links_read(struct entra_run *run, const struct entra_resource *resource,
                          const struct entra_link_kind *kind, const GString *ids, GError **error)
{
    struct reading reading = {.run = run, .resource = resource, .kind = kind};
    reading.more = g_ptr_array_new_with_free_func(g_free);
    reading.gone = g_ptr_array_new_with_free_func(g_free);
    gboolean ok = read_first_pages(&reading, ids, error);
    for (guint i = 0; ok && i < reading.more->len; i += 2)
        ok = read_rest(&reading, reading.more->pdata[i], reading.more->pdata[i + 1], error);
    for (guint i = 0; ok && i < reading.gone->len; i++)
        ok = check_gone(&reading, reading.gone->pdata[i], error);
    g_ptr_array_unref(reading.more);
    g_ptr_array_unref(reading.gone);
    if (ok && reading.refusal) {
        g_autofree char *text = g_strdup_printf("refused; grant the application permission %s (%s)",
                                                resource->permission, reading.refusal);
        cor_proof_problem(run->proof, kind->segment, text);
        cor_proof_graph(run->proof, kind->segment, 403, FALSE);
    } else if (ok) {
        cor_proof_graph(run->proof, kind->segment, 200, FALSE);
    }
    g_free(reading.refusal);
    return ok;
}
