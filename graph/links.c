/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hangs on the objects of a resource: memberships, owners, and parts that are records of their
 * own. First pages are read in batches; what does not fit in a first page is followed afterwards.
 * Invariant: a segment is proven, and a part is called gone, only after the list ended without a
 * next link. A 404 is asked about again: an object that is gone by now has no links, which is no
 * problem, but one that is there without showing them leaves the segment unproven.
 */
#include "graph/links.h"

#include "correlate/error.h"
#include "graph/batch.h"
#include "graph/document.h"
#include "graph/link.h"

#include <string.h>

enum { EXPAND_CEILING = 20 }; /* an $expand shows no more, and does not say so */

/* --- whose relations are read ----------------------------------------------------------------- */

struct entra_parents {
    const struct entra_resource *resource;
    GString *all; /* keys, each NUL-terminated; NULL: every relation is read in bulk */
    GPtrArray *having, *lacking; /* GString * or NULL, by relation: what its has() said */
};

static void free_list(gpointer list)
{
    if (list)
        g_string_free(list, TRUE);
}

struct entra_parents *entra_parents_new(const struct entra_run *run,
                                        const struct entra_resource *resource)
{
    struct entra_parents *parents = g_new0(struct entra_parents, 1);
    parents->resource = resource;
    parents->having = g_ptr_array_new_with_free_func(free_list);
    parents->lacking = g_ptr_array_new_with_free_func(free_list);
    for (const struct entra_relation *at = resource->relations; at && at->kind; at++) {
        g_ptr_array_add(parents->having, at->has ? g_string_new(NULL) : NULL);
        g_ptr_array_add(parents->lacking, at->has ? g_string_new(NULL) : NULL);
        if (!parents->all && !at->has && (run->incremental || !at->bulk))
            parents->all = g_string_new(NULL);
    }
    return parents;
}

void entra_parents_free(struct entra_parents *parents)
{
    if (!parents)
        return;
    free_list(parents->all);
    g_ptr_array_unref(parents->having);
    g_ptr_array_unref(parents->lacking);
    g_free(parents);
}

static void add_key(GString *list, const char *key)
{
    g_string_append_len(list, key, (gssize)strlen(key) + 1);
}

void entra_parents_add(struct entra_parents *parents, const struct cor_record *record)
{
    const struct entra_relation *relations = parents->resource->relations;
    if (parents->all)
        add_key(parents->all, record->key);
    for (guint i = 0; i < parents->having->len; i++)
        if (relations[i].has)
            add_key((relations[i].has(record) ? parents->having : parents->lacking)->pdata[i],
                    record->key);
}

void entra_parents_clear(struct entra_parents *parents)
{
    if (parents->all)
        g_string_truncate(parents->all, 0);
    for (guint i = 0; i < parents->having->len; i++)
        if (parents->having->pdata[i]) {
            g_string_truncate(parents->having->pdata[i], 0);
            g_string_truncate(parents->lacking->pdata[i], 0);
        }
}

/* --- one relation ----------------------------------------------------------------------------- */

struct reading {
    struct entra_run *run;
    const struct entra_resource *resource;
    const struct entra_relation *relation;
    GPtrArray *more;        /* char *: key, link, key, link, ... */
    GPtrArray *gone;        /* char *: keys whose links were not found */
    GHashTable *parts;      /* key -> set of the keys of its parts; NULL: nobody asks */
    GString *ids;           /* keys of the objects to ask for; may be NULL */
    const GString *lacking; /* borrowed; of those that cannot have any; may be NULL */
    gboolean bulk;          /* a listing shows it */
    GString *crowded;       /* keys whose bulk list may have been cut */
    char *refusal;          /* words of the first refusal */
    long refusal_status;
};

static void reading_init(struct reading *reading, struct entra_run *run,
                         const struct entra_resource *resource,
                         const struct entra_relation *relation)
{
    *reading = (struct reading){.run = run, .resource = resource, .relation = relation};
    reading->more = g_ptr_array_new_with_free_func(g_free);
    reading->gone = g_ptr_array_new_with_free_func(g_free);
    reading->crowded = g_string_new(NULL);
    if (relation->type && run->incremental)
        reading->parts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                               (GDestroyNotify)g_hash_table_unref);
}

static void reading_clear(struct reading *reading)
{
    g_ptr_array_unref(reading->more);
    g_ptr_array_unref(reading->gone);
    g_string_free(reading->crowded, TRUE);
    free_list(reading->ids);
    g_clear_pointer(&reading->parts, g_hash_table_unref);
    g_free(reading->refusal);
}

/* The list of this object comes next. */
static gboolean begin_object(struct reading *reading, const char *key, GError **error)
{
    if (reading->parts)
        g_hash_table_insert(reading->parts, g_strdup(key),
                            g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL));
    return entra_run_links_follow(reading->run, key, reading->relation->kind, error);
}

static gboolean take_part(struct reading *reading, const char *source, const struct cor_json *node,
                          GError **error)
{
    COR_RECORD_AUTO *part = entra_part(reading->relation, source, node);
    if (!part) {
        g_set_error(error, ENTRA_ERROR, COR_E_INPUT, "the service sent %s without an id",
                    reading->relation->segment);
        return FALSE;
    }
    if (reading->parts)
        g_hash_table_add(g_hash_table_lookup(reading->parts, source), g_strdup(part->key));
    return entra_run_record(reading->run, part, error) &&
           entra_run_link(reading->run, reading->relation->kind, source, part->key, error);
}

static gboolean take_target(struct reading *reading, const char *source,
                            const struct cor_json *node, GError **error)
{
    const char *target = cor_json_get_string(node, "id");
    if (entra_id_ok(target))
        return entra_run_link(reading->run, reading->relation->kind, source, target, error);
    g_set_error(error, ENTRA_ERROR, COR_E_INPUT, "the service sent a link without an id");
    return FALSE;
}

static gboolean take_list(struct reading *reading, const char *source,
                          const struct cor_json *values, GError **error)
{
    gboolean links = reading->relation->form == ENTRA_TARGETS;
    for (const struct cor_json *at = cor_json_first(values); at; at = cor_json_next(at))
        if (!(links ? take_target : take_part)(reading, source, at, error))
            return FALSE;
    return TRUE;
}

/* The first page of a list, or the only part. */
static gboolean take_body(struct reading *reading, const char *key, const struct cor_json *body,
                          GError **error)
{
    const struct cor_json *property = cor_json_get(body, reading->relation->relation);
    switch (reading->relation->form) {
    case ENTRA_PART:
        return take_part(reading, key, body, error);
    case ENTRA_PROPERTY:
        return cor_json_is_null(property) || take_part(reading, key, property, error);
    case ENTRA_TARGETS:
    case ENTRA_PARTS:
        break;
    }
    const struct cor_json *values = entra_page_values(body, error);
    return values && take_list(reading, key, values, error);
}

static void refuse(struct reading *reading, long status, const struct cor_json *body)
{
    if (reading->refusal)
        return;
    reading->refusal = entra_step_words(status, body);
    reading->refusal_status = status;
}

static gboolean is_refusal(const struct reading *reading, long status)
{
    return status == 403 || (reading->relation->optional && status >= 400 && status != 401);
}

/* TRUE when the answer is not a list to be taken: *ret_ok tells whether to go on. */
static gboolean is_settled(struct reading *reading, const char *key, long status,
                           const struct cor_json *body, gboolean *ret_ok, GError **error)
{
    *ret_ok = TRUE;
    if (status == 404 && reading->relation->form == ENTRA_PART) {
        *ret_ok = begin_object(reading, key, error);
    } else if (status == 404) {
        g_ptr_array_add(reading->gone, g_strdup(key));
    } else if (is_refusal(reading, status)) {
        refuse(reading, status, body);
    } else if (status != 200) {
        g_autofree char *words = entra_step_words(status, body);
        g_set_error(error, ENTRA_ERROR, status == 401 ? COR_E_AUTH : COR_E_INPUT, "%s", words);
        *ret_ok = FALSE;
    }
    return status != 200;
}

static gboolean on_first_page(void *data, const char *key, long status, const struct cor_json *body,
                              GError **error)
{
    struct reading *reading = data;
    gboolean ok;
    if (is_settled(reading, key, status, body, &ok, error))
        return ok;
    if (!begin_object(reading, key, error))
        return FALSE;
    const struct cor_json *next = cor_json_get(body, "@odata.nextLink");
    if (!cor_json_is_null(next)) {
        const char *link = cor_json_string(next);
        if (!entra_link_check(entra_client_base(reading->run->client), link ? link : "", error))
            return FALSE;
        g_ptr_array_add(reading->more, g_strdup(key));
        g_ptr_array_add(reading->more, g_strdup(link));
    }
    return take_body(reading, key, body, error);
}

static gboolean read_rest(struct reading *reading, const char *source, const char *link,
                          GError **error)
{
    struct entra_pager pager;
    const struct cor_json *page = NULL;
    entra_pager_init(&pager, reading->run->client, link);
    gboolean ok;
    while ((ok = entra_pager_next(&pager, &page, error)) && page) {
        const struct cor_json *values = entra_page_values(page, error);
        if (!(ok = values && take_list(reading, source, values, error)))
            break;
    }
    entra_pager_clear(&pager);
    return ok;
}

/* Is the object itself gone, too? */
static gboolean check_gone(struct reading *reading, const char *key, GError **error)
{
    struct entra_client *client = reading->run->client;
    g_autofree char *path = entra_object_path(reading->resource, key);
    g_autofree char *url =
        g_strdup_printf("%s/%s%s", entra_client_base(client), reading->resource->version, path);
    g_autoptr(entra_reply) reply = entra_client_ask(client, url, NULL, error);
    if (!reply)
        return FALSE;
    if (reply->status != 404)
        cor_proof_problem(reading->run->proof, reading->relation->segment,
                          "the service lists an object whose links it does not find");
    return TRUE;
}

/* --- parts that are gone ---------------------------------------------------------------------- */

/* The store knows what was there before: all of it is gone but what stays. */
static gboolean drop_parts(struct entra_run *run, const struct entra_relation *relation,
                           const char *key, GHashTable *stays_or_null, GError **error)
{
    struct cor_view *before = run->options->before;
    if (!relation->type || !run->incremental || !before)
        return TRUE;
    g_autoptr(GPtrArray) old = before->links(before, COR_ENTRA, relation->kind, key, FALSE, error);
    for (guint i = 0; old && i < old->len; i++)
        if (!(stays_or_null && g_hash_table_contains(stays_or_null, old->pdata[i])) &&
            !entra_run_gone(run, old->pdata[i], error))
            return FALSE;
    return old != NULL;
}

static gboolean drop_missing_parts(struct reading *reading, GError **error)
{
    if (!reading->parts)
        return TRUE;
    GHashTableIter iter;
    gpointer key, stays;
    g_hash_table_iter_init(&iter, reading->parts);
    while (g_hash_table_iter_next(&iter, &key, &stays))
        if (!drop_parts(reading->run, reading->relation, key, stays, error))
            return FALSE;
    return TRUE;
}

/* FALSE for an object that was read: what it cannot have is no longer there. */
static gboolean forget(struct entra_run *run, const struct entra_relation *relation,
                       const char *key, GError **error)
{
    return drop_parts(run, relation, key, NULL, error) &&
           entra_run_links_follow(run, key, relation->kind, error);
}

gboolean entra_relations_forget(struct entra_run *run, const struct entra_resource *resource,
                                const char *key, GError **error)
{
    const struct entra_relation *relation = resource->relations;
    for (; relation && relation->kind; relation++)
        if (!forget(run, relation, key, error))
            return FALSE;
    return TRUE;
}

static gboolean forget_lacking(struct entra_run *run, const struct entra_relation *relation,
                               const GString *lacking, GError **error)
{
    for (gsize at = 0; run->incremental && at < lacking->len; at += strlen(lacking->str + at) + 1)
        if (!forget(run, relation, lacking->str + at, error))
            return FALSE;
    return TRUE;
}

/* --- how it ended ----------------------------------------------------------------------------- */

void entra_relation_unread(struct entra_run *run, const struct entra_resource *resource,
                           const struct entra_relation *relation)
{
    cor_proof_unread_links(run->proof, resource->type, relation->kind);
    if (relation->type)
        cor_proof_unread(run->proof, relation->type, COR_LIVE);
}

static void tell_refusal(struct reading *reading)
{
    struct entra_run *run = reading->run;
    const struct entra_relation *relation = reading->relation;
    if (relation->optional && reading->refusal_status != 403) {
        entra_run_remark(run, g_strdup_printf("%s not readable: the service does not give it (%s)",
                                              relation->segment, reading->refusal));
        entra_relation_unread(run, reading->resource, relation);
        return;
    }
    g_autofree char *text =
        g_strdup_printf("refused; grant the application permission %s%s%s (%s)",
                        entra_relation_permission(reading->resource, relation),
                        relation->licence ? ", which needs the licence " : "",
                        relation->licence ? relation->licence : "", reading->refusal);
    if (relation->optional) {
        entra_run_remark(run, g_strdup_printf("%s not readable: %s", relation->segment, text));
        entra_relation_unread(run, reading->resource, relation);
        return;
    }
    cor_proof_problem(run->proof, relation->segment, text);
    cor_proof_graph(run->proof, relation->segment, reading->refusal_status, FALSE);
}

static gboolean end_relation(struct reading *reading, GError **error)
{
    if (reading->refusal)
        tell_refusal(reading);
    else if (!reading->relation->optional)
        cor_proof_graph(reading->run->proof, reading->relation->segment, 200, FALSE);
    return drop_missing_parts(reading, error);
}

/* After the first pages: what did not fit there, and what was not found. */
static gboolean read_later(struct reading *reading, GError **error)
{
    gboolean ok = TRUE;
    for (guint i = 0; ok && i < reading->more->len; i += 2)
        ok = read_rest(reading, reading->more->pdata[i], reading->more->pdata[i + 1], error);
    for (guint i = 0; ok && i < reading->gone->len; i++)
        ok = check_gone(reading, reading->gone->pdata[i], error);
    return ok;
}

/* --- many objects at once --------------------------------------------------------------------- */

static gboolean take_bulk_object(struct reading *reading, const struct cor_json *object,
                                 GError **error)
{
    const struct entra_relation *relation = reading->relation;
    const char *key = cor_json_get_string(object, "id");
    const struct cor_json *values = cor_json_get(object, relation->relation);
    if (!entra_id_ok(key)) {
        g_set_error(error, ENTRA_ERROR, COR_E_INPUT, "the service sent an object without an id");
        return FALSE;
    }
    if (relation->form == ENTRA_PROPERTY)
        return cor_json_is_null(values) || take_part(reading, key, values, error);
    if (cor_json_size(values) < EXPAND_CEILING)
        return entra_run_links_follow(reading->run, key, relation->kind, error) &&
               take_list(reading, key, values, error);
    add_key(reading->crowded, key);
    return TRUE;
}

static gboolean walk_bulk(struct reading *reading, struct entra_pager *pager, GError **error)
{
    const struct cor_json *page = NULL;
    gboolean ok;
    while ((ok = entra_pager_next(pager, &page, error)) && page) {
        const struct cor_json *values = entra_page_values(page, error);
        for (const struct cor_json *at = cor_json_first(values); at; at = cor_json_next(at))
            if (!take_bulk_object(reading, at, error))
                return FALSE;
        if (!values)
            return FALSE;
        entra_run_report(reading->run, reading->relation->segment);
    }
    return ok;
}

static gboolean read_crowded(struct reading *reading, GError **error)
{
    struct entra_batch *batch = entra_batch_new(reading->run->client, on_first_page, reading);
    const GString *ids = reading->crowded;
    gboolean ok = TRUE;
    for (gsize at = 0; ok && at < ids->len; at += strlen(ids->str + at) + 1) {
        g_autofree char *path = entra_relation_path(reading->resource, reading->relation,
                                                    ids->str + at, entra_run_top(reading->run));
        ok = entra_batch_add(batch, ids->str + at, path, error);
    }
    ok = ok && entra_batch_finish(batch, error);
    entra_batch_free(batch);
    return ok;
}

/* A listing whose page token expired is walked once more; what is told twice changes nothing. */
static gboolean read_bulk(struct reading *reading, GError **error)
{
    struct entra_run *run = reading->run;
    g_autofree char *url = entra_bulk_url(entra_client_base(run->client), reading->resource,
                                          reading->relation, entra_run_top(run));
    for (guint tries = 1;; tries++) {
        struct entra_pager pager;
        entra_pager_init(&pager, run->client, url);
        gboolean ok = walk_bulk(reading, &pager, error);
        long status = pager.status;
        gboolean expired = !ok && status == 400 && pager.pages > 1 && tries == 1;
        entra_pager_clear(&pager);
        if (ok)
            break;
        if (!expired && (run->sink_failed || !is_refusal(reading, status)))
            return FALSE;
        if (!expired) {
            reading->refusal = g_strdup((*error)->message);
            reading->refusal_status = status;
        }
        g_clear_error(error);
        if (!expired)
            return TRUE;
        g_string_truncate(reading->crowded, 0);
    }
    return read_crowded(reading, error);
}

/* --- several relations at once ---------------------------------------------------------------- */

static GString *chosen(const GString *from, guint index, entra_parents_filter filter, void *data)
{
    GString *list = g_string_new(NULL);
    for (gsize at = 0; from && at < from->len; at += strlen(from->str + at) + 1)
        if (!filter || filter(data, index, from->str + at))
            add_key(list, from->str + at);
    return list;
}

static void reading_free(gpointer reading)
{
    reading_clear(reading);
    g_free(reading);
}

static void add_readings(GPtrArray *readings, struct entra_run *run, const struct entra_wish *wish)
{
    const struct entra_parents *parents = wish->parents;
    for (guint i = 0; i < parents->having->len; i++) {
        const struct entra_relation *relation = &parents->resource->relations[i];
        const GString *from = relation->has ? parents->having->pdata[i] : parents->all;
        struct reading *reading = g_new0(struct reading, 1);
        reading_init(reading, run, parents->resource, relation);
        reading->bulk = relation->bulk && !run->incremental;
        reading->ids = chosen(reading->bulk ? NULL : from, i, wish->filter, wish->data);
        reading->lacking = relation->has ? parents->lacking->pdata[i] : NULL;
        g_ptr_array_add(readings, reading);
    }
}

/* A step's key is the number of its reading and the object's. */
static gboolean on_step(void *data, const char *key, long status, const struct cor_json *body,
                        GError **error)
{
    const GPtrArray *readings = data;
    char *object = NULL;
    guint64 index = g_ascii_strtoull(key, &object, 10);
    return on_first_page(readings->pdata[index], object + 1, status, body, error);
}

/* One refusal of a relation stands for all objects. */
static gboolean add_steps(struct entra_batch *batch, const struct reading *reading, guint index,
                          GError **error)
{
    const GString *ids = reading->ids;
    for (gsize at = 0; !reading->refusal && at < ids->len; at += strlen(ids->str + at) + 1) {
        const char *id = ids->str + at;
        g_autofree char *key = g_strdup_printf("%u %s", index, id);
        g_autofree char *path = entra_relation_path(reading->resource, reading->relation, id,
                                                    entra_run_top(reading->run));
        if (!entra_batch_add(batch, key, path, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean read_first_pages(struct entra_run *run, GPtrArray *readings, GError **error)
{
    struct entra_batch *batch = entra_batch_new(run->client, on_step, readings);
    gboolean ok = TRUE;
    for (guint i = 0; ok && i < readings->len; i++)
        ok = add_steps(batch, readings->pdata[i], i, error);
    ok = ok && entra_batch_finish(batch, error);
    entra_batch_free(batch);
    return ok;
}

static gboolean finish_reading(struct entra_run *run, struct reading *reading, GError **error)
{
    entra_run_report(run, reading->relation->segment);
    return (!reading->bulk || read_bulk(reading, error)) && read_later(reading, error) &&
           end_relation(reading, error) &&
           (!reading->lacking || forget_lacking(run, reading->relation, reading->lacking, error));
}

gboolean entra_relations_read(struct entra_run *run, const struct entra_wish *wishes, guint count,
                              GError **error)
{
    g_autoptr(GPtrArray) readings = g_ptr_array_new_with_free_func(reading_free);
    for (guint i = 0; i < count; i++)
        add_readings(readings, run, &wishes[i]);
    gboolean ok = read_first_pages(run, readings, error);
    for (guint i = 0; ok && i < readings->len; i++)
        ok = finish_reading(run, readings->pdata[i], error);
    return ok;
}

gboolean entra_relations_reread(struct entra_run *run, const struct entra_resource *resource,
                                GError **error)
{
    const struct entra_relation *relation = resource->relations;
    for (; relation && relation->kind; relation++) {
        if (!relation->bulk || relation->form != ENTRA_TARGETS)
            continue;
        struct reading reading;
        reading_init(&reading, run, resource, relation);
        gboolean ok = read_bulk(&reading, error) && read_later(&reading, error) &&
                      end_relation(&reading, error);
        reading_clear(&reading);
        if (!ok)
            return FALSE;
    }
    return TRUE;
}

gboolean entra_relations_unlink(struct entra_run *run, const struct entra_resource *resource,
                                const char *target, GError **error)
{
    struct cor_view *before = run->options->before;
    const struct entra_relation *relation = resource->relations;
    for (; before && relation && relation->kind; relation++) {
        if (relation->form != ENTRA_TARGETS || relation->when != ENTRA_HINTED)
            continue;
        g_autoptr(GPtrArray) sources =
            before->links(before, COR_ENTRA, relation->kind, target, TRUE, error);
        for (guint i = 0; sources && i < sources->len; i++)
            if (!entra_run_unlink(run, relation->kind, sources->pdata[i], target, error))
                return FALSE;
        if (!sources)
            return FALSE;
    }
    return TRUE;
}
