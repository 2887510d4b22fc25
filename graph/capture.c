/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capture of one tenant: the table of resources from top to bottom, then the audit records. Each
 * part must be proven by how its pages ended. A part that fails makes the half partial and the rest
 * goes on, because half a picture with its holes marked is worth more than none; only what would
 * fail everywhere (token, configuration, the sink, a stop) ends the capture.
 */
#include "graph/capture.h"

#include "correlate/error.h"
#include "correlate/time.h"
#include "graph/audit.h"
#include "graph/document.h"
#include "graph/run.h"

#include <string.h>

enum {
    DEFAULT_PAGE = 999,
    AUDIT_DAYS = 30,           /* what the service keeps at most */
    MAX_FAILURES_IN_A_ROW = 2, /* of a service that does not answer */
};

#define SEGMENT_AUDITS "directory audits"

/* --- shared by the parts ---------------------------------------------------------------------- */

gboolean entra_run_record(struct entra_run *run, const struct cor_record *record, GError **error)
{
    run->stats.objects++;
    if (run->sink->record(run->sink, record, error))
        return TRUE;
    run->sink_failed = TRUE;
    return FALSE;
}

gboolean entra_run_link(struct entra_run *run, const char *kind, const char *source,
                        const char *target, GError **error)
{
    struct cor_link link = {COR_ENTRA, kind, source, target};
    if (run->sink->link(run->sink, &link, error))
        return TRUE;
    run->sink_failed = TRUE;
    return FALSE;
}

gboolean entra_run_event(struct entra_run *run, const struct cor_event *event, GError **error)
{
    if (run->sink->event(run->sink, event, error))
        return TRUE;
    run->sink_failed = TRUE;
    return FALSE;
}

void entra_run_remark(struct entra_run *run, char *text_taken)
{
    if (!g_hash_table_contains(run->told, text_taken)) {
        cor_proof_remark(run->proof, text_taken);
        g_hash_table_add(run->told, text_taken);
    } else {
        g_free(text_taken);
    }
}

guint entra_run_top(const struct entra_run *run)
{
    return run->options->page_size ? run->options->page_size : DEFAULT_PAGE;
}

static void report(const struct entra_run *run, const char *phase)
{
    if (run->progress)
        run->progress(run->progress_data, phase, run->stats.objects);
}

/* --- one resource ----------------------------------------------------------------------------- */

struct reading {
    struct entra_run *run;
    const struct entra_resource *resource;
    GString *ids;     /* of objects with links, each NUL-terminated; NULL: no links */
    GPtrArray *open;  /* struct cor_record * of this page, authority not known yet */
    gboolean denied;  /* reading the authority was refused */
    gboolean refused; /* the resource itself */
    guint64 limited;  /* objects that came without their properties */
};

static gboolean keep(struct reading *reading, struct cor_record *record, const char *manager,
                     gboolean *ret_kept, GError **error)
{
    struct entra_run *run = reading->run;
    if (reading->ids)
        g_string_append_len(reading->ids, record->key, (gssize)strlen(record->key) + 1);
    if (manager && !entra_run_link(run, "manager", record->key, manager, error))
        return FALSE;
    if (reading->resource->links && reading->resource->life == COR_LIVE)
        entra_syncrole_notice(run, record);
    *ret_kept = reading->resource->behavior && entra_wants_behavior(record);
    return *ret_kept || entra_run_record(run, record, error);
}

static gboolean take_object(struct reading *reading, const struct cor_json *object, GError **error)
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

static gboolean take_page(struct reading *reading, const struct cor_json *page, GError **error)
{
    if (reading->resource->singleton)
        return take_object(reading, page, error);
    const struct cor_json *values = entra_page_values(page, error);
    if (!values)
        return FALSE;
    for (const struct cor_json *at = cor_json_first(values); at; at = cor_json_next(at))
        if (!take_object(reading, at, error))
            return FALSE;
    return TRUE;
}

static gboolean settle_open(struct reading *reading, struct entra_pager *pager, GError **error)
{
    if (reading->open->len == 0)
        return TRUE;
    entra_pager_settle(pager);
    gboolean ok = entra_behavior_read(reading->run, reading->resource, reading->open,
                                      &reading->denied, error);
    g_ptr_array_set_size(reading->open, 0);
    return ok;
}

/* Not seeing what may be refused is no sign that it is gone. */
static void leave_unread(struct entra_run *run, const struct entra_resource *resource,
                         const char *why)
{
    entra_run_remark(run, g_strdup_printf("%s not readable: %s", resource->segment, why));
    cor_proof_unread(run->proof, resource->type);
}

static void judge_limited(const struct reading *reading)
{
    if (reading->limited == 0)
        return;
    const struct entra_resource *resource = reading->resource;
    g_autofree char *text = g_strdup_printf(
        "%" G_GUINT64_FORMAT " objects came without %s, so rights are short and they were not "
        "recorded; grant the application permission %s",
        reading->limited, resource->must, resource->permission);
    if (resource->optional)
        leave_unread(reading->run, resource, text);
    else
        cor_proof_problem(reading->run->proof, resource->segment, text);
}

/* A refusal is told with its remedy; anything else stays an error. */
static gboolean judge_refusal(struct entra_run *run, const struct entra_resource *resource,
                              long status, GError **error)
{
    gboolean refused = status == 403;
    gboolean missing = resource->optional && status >= 400 && status != 401;
    if ((!refused && !missing) || run->sink_failed)
        return FALSE;
    g_autofree char *text =
        g_strdup_printf("refused; grant the application permission %s%s (%s)", resource->permission,
                        resource->doubt ? resource->doubt : "", (*error)->message);
    if (resource->optional) {
        leave_unread(run, resource, text);
    } else {
        cor_proof_problem(run->proof, resource->segment, text);
        cor_proof_graph(run->proof, resource->segment, status, FALSE);
    }
    g_clear_error(error);
    return TRUE;
}

static gboolean read_objects(struct reading *reading, GError **error)
{
    struct entra_run *run = reading->run;
    const struct entra_resource *resource = reading->resource;
    g_autofree char *url =
        entra_resource_url(entra_client_base(run->client), resource, entra_run_top(run));
    struct entra_pager pager;
    const struct cor_json *page = NULL;
    entra_pager_init(&pager, run->client, url);
    gboolean ok;
    while ((ok = entra_pager_next(&pager, &page, error)) && page) {
        ok = take_page(reading, page, error) && settle_open(reading, &pager, error);
        if (!ok)
            break;
        report(run, resource->segment);
    }
    long status = pager.status;
    entra_pager_clear(&pager);
    if (!ok && judge_refusal(run, resource, status, error)) {
        reading->refused = TRUE;
        return TRUE;
    }
    if (ok) {
        judge_limited(reading);
        if (!resource->optional)
            cor_proof_graph(run->proof, resource->segment, status, FALSE);
    }
    return ok;
}

/* Links and what else hangs on the objects just listed. */
static gboolean read_attached(struct reading *reading, GError **error)
{
    struct entra_run *run = reading->run;
    const struct entra_link_kind *kind = reading->resource->links;
    for (; kind && kind->kind; kind++) {
        if (!entra_links_read(run, reading->resource, kind, reading->ids, error))
            return FALSE;
        report(run, kind->segment);
    }
    gboolean principals = g_str_equal(reading->resource->type, COR_TYPE_SERVICE_PRINCIPAL);
    return !principals || reading->resource->life != COR_LIVE ||
           entra_syncrole_read(run, reading->resource, error);
}

static gboolean read_resource(struct entra_run *run, const struct entra_resource *resource,
                              GError **error)
{
    struct reading reading = {.run = run, .resource = resource};
    reading.ids = resource->links ? g_string_new(NULL) : NULL;
    reading.open = g_ptr_array_new_with_free_func((GDestroyNotify)cor_record_free);
    report(run, resource->segment);
    gboolean ok =
        read_objects(&reading, error) && (reading.refused || read_attached(&reading, error));
    if (reading.ids)
        g_string_free(reading.ids, TRUE);
    g_ptr_array_unref(reading.open);
    return ok;
}

/* --- audit records ---------------------------------------------------------------------------- */

static gboolean take_audits(struct entra_run *run, const struct cor_json *page, guint *unusable,
                            GError **error)
{
    const struct cor_json *values = entra_page_values(page, error);
    if (!values)
        return FALSE;
    for (const struct cor_json *at = cor_json_first(values); at; at = cor_json_next(at)) {
        struct cor_event event;
        COR_JSON_AUTO *doc = NULL;
        if (!entra_audit_event(at, &event, &doc))
            (*unusable)++;
        else if (!entra_run_event(run, &event, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean read_audit_pages(struct entra_run *run, long *ret_status, GError **error)
{
    gint64 now_us = run->stats.peer_clock_us ? run->stats.peer_clock_us : g_get_real_time();
    gint64 since_us = run->options->audit_since_us ? run->options->audit_since_us
                                                   : now_us - AUDIT_DAYS * COR_DAY_US;
    g_autofree char *url =
        entra_audit_url(entra_client_base(run->client), since_us, entra_run_top(run));
    struct entra_pager pager;
    const struct cor_json *page = NULL;
    guint unusable = 0;
    entra_pager_init(&pager, run->client, url);
    gboolean ok;
    while ((ok = entra_pager_next(&pager, &page, error)) && page)
        if (!(ok = take_audits(run, page, &unusable, error)))
            break;
    *ret_status = pager.status;
    entra_pager_clear(&pager);
    if (unusable > 0)
        entra_run_remark(run, g_strdup_printf(SEGMENT_AUDITS ": %u records without id or time were "
                                                             "skipped",
                                              unusable));
    return ok;
}

/* Audit records tell who, not what: without them the objects are still complete. */
static gboolean read_audits(struct entra_run *run, GError **error)
{
    long status = 0;
    report(run, SEGMENT_AUDITS);
    entra_client_stats(run->client, &run->stats);
    if (read_audit_pages(run, &status, error))
        return TRUE;
    if (run->sink_failed || status == 401 || (*error)->code == COR_E_CANCELLED)
        return FALSE;
    entra_run_remark(
        run, g_strdup_printf(
                 SEGMENT_AUDITS " not readable%s (%s)",
                 status == 403 ? ": grant the application permission " ENTRA_AUDIT_PERMISSION : "",
                 (*error)->message));
    g_clear_error(error);
    return TRUE;
}

/* --- the whole -------------------------------------------------------------------------------- */

/* Would everything after this fail the same way? */
static gboolean is_fatal(const struct entra_run *run, const GError *error)
{
    return run->sink_failed || error->code == COR_E_CANCELLED || error->code == COR_E_AUTH ||
           error->code == COR_E_CONFIG;
}

static void require_all(struct cor_proof *proof)
{
    for (guint i = 0; i < entra_resources_len; i++) {
        const struct entra_resource *resource = &entra_resources[i];
        if (!resource->optional)
            cor_proof_require(proof, resource->segment);
        for (const struct entra_link_kind *kind = resource->links; kind && kind->kind; kind++)
            cor_proof_require(proof, kind->segment);
    }
}

static void tell_failure(struct entra_run *run, const struct entra_resource *resource,
                         const GError *failure)
{
    if (resource->optional)
        leave_unread(run, resource, failure->message);
    else
        cor_proof_problem(run->proof, resource->segment, failure->message);
}

/* FALSE: fatal. An unreachable service is not asked for every resource: *first_failure keeps the
 * first of the failures that were only noted. */
static gboolean read_all(struct entra_run *run, GError **first_failure, GError **error)
{
    guint in_a_row = 0;
    for (guint i = 0; i < entra_resources_len && in_a_row < MAX_FAILURES_IN_A_ROW; i++) {
        GError *failure = NULL;
        if (read_resource(run, &entra_resources[i], &failure)) {
            in_a_row = 0;
            continue;
        }
        if (is_fatal(run, failure)) {
            g_propagate_error(error, failure);
            return FALSE;
        }
        in_a_row = failure->code == COR_E_RETRY ? in_a_row + 1 : 0;
        tell_failure(run, &entra_resources[i], failure);
        if (!*first_failure)
            *first_failure = g_steal_pointer(&failure);
        g_clear_error(&failure);
    }
    if (in_a_row == MAX_FAILURES_IN_A_ROW)
        entra_run_remark(
            run, g_strdup("the service stopped answering; the rest, with the " SEGMENT_AUDITS
                          ", was not asked for"));
    return in_a_row == MAX_FAILURES_IN_A_ROW || read_audits(run, error);
}

static gboolean nothing_usable(const struct entra_run *run, GError **first_failure, GError **error)
{
    if (run->stats.objects > 0)
        return FALSE;
    if (*first_failure) {
        g_propagate_error(error, g_steal_pointer(first_failure));
        return TRUE;
    }
    if (cor_proof_complete(run->proof))
        return FALSE;
    g_autoptr(GPtrArray) problems = cor_proof_problems(run->proof);
    g_set_error(error, ENTRA_ERROR, COR_E_AUTH, "nothing could be read: %s",
                problems->len ? (const char *)problems->pdata[0] : "no object at all");
    return TRUE;
}

static gboolean run_capture(struct entra_run *run, GError **error)
{
    g_autoptr(GError) first_failure = NULL;
    if (!entra_client_login(run->client, error))
        return FALSE;
    require_all(run->proof);
    if (!read_all(run, &first_failure, error) || nothing_usable(run, &first_failure, error))
        return FALSE;
    entra_client_stats(run->client, &run->stats);
    run->stats.finished_us = g_get_real_time();
    if (run->sink->finish(run->sink, run->proof, &run->stats, error))
        return TRUE;
    run->finished = TRUE;
    return FALSE;
}

gboolean entra_capture(const struct entra_options *options, struct cor_sink *sink,
                       GCancellable *cancellable, entra_progress_func progress, void *progress_data,
                       GError **error)
{
    struct entra_run run = {
        .options = options,
        .sink = sink,
        .proof = cor_proof_new(COR_ENTRA),
        .stats.started_us = g_get_real_time(),
        .progress = progress,
        .progress_data = progress_data,
        .told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
    };
    GError *failure = NULL;
    run.client = entra_client_new(options, cancellable, &failure);
    gboolean ok = run.client && run_capture(&run, &failure);
    if (!ok && !run.finished) {
        run.stats.finished_us = g_get_real_time();
        if (run.client)
            entra_client_stats(run.client, &run.stats);
        sink->abandon(sink, &run.stats, failure);
    }
    entra_client_free(run.client);
    cor_proof_free(run.proof);
    g_hash_table_unref(run.told);
    g_free(run.sync_resource_id);
    g_free(run.sync_role_id);
    if (!ok)
        g_propagate_error(error, failure);
    return ok;
}
