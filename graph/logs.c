/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the logs of the tenant. Records come late, so each read overlaps the one before; the sink
 * keeps the first copy of each id. Invariant: a log that was not read to its end is asked for from
 * the same time again.
 */
#include "graph/logs.h"

#include "correlate/error.h"
#include "correlate/time.h"
#include "graph/audit.h"
#include "graph/document.h"
#include "graph/provisioning.h"
#include "graph/track.h"

#define LOG_DAYS   30 /* what the service keeps at most */
#define OVERLAP_US (6 * COR_HOUR_US)
/* A record that comes later than this is no hint any more: the next full read finds what it told.
 */
#define HINT_OVERLAP_US COR_HOUR_US

struct log {
    const char *name, *permission, *idle; /* idle: who needs no permission for it, or NULL */
    char *(*url)(const char *base, gint64 since_us, guint top);
    gboolean (*event)(const struct cor_json *object, struct cor_event *event,
                      struct cor_json **ret_doc);
    void (*notice)(struct entra_run *run, const struct cor_event *event); /* or NULL */
};

/* --- addresses -------------------------------------------------------------------------------- */

static char *log_url(const char *base, const char *path, const char *since, guint top)
{
    GString *url = g_string_new(base);
    g_string_append_printf(url, "/v1.0/auditLogs/%s?$filter=activityDateTime%%20", path);
    g_string_append_uri_escaped(url, since, "$,()=:", FALSE);
    if (top)
        g_string_append_printf(url, "&$top=%u", top);
    return g_string_free(url, FALSE);
}

char *entra_logs_audit_url(const char *base, gint64 since_us, guint top)
{
    g_autofree char *time = cor_time_text(since_us - since_us % COR_SECOND_US);
    g_autofree char *since = g_strconcat("ge ", time, NULL);
    return log_url(base, "directoryAudits", since, top);
}

/* This log knows no "ge". */
char *entra_logs_provisioning_url(const char *base, gint64 since_us, guint top)
{
    g_autofree char *time = cor_time_text(since_us - since_us % COR_SECOND_US - COR_SECOND_US);
    g_autofree char *since = g_strconcat("gt ", time, NULL);
    return log_url(base, "provisioning", since, top);
}

/* --- what the records are noticed for --------------------------------------------------------- */

/* A recovery job of the service leaves no delta records (Graph page "entrarecoveryservices-backup-
 * recovery-overview"), so what it did can only be found by reading everything. */
static void notice_recovery(struct entra_run *run, const struct cor_event *event)
{
    const char *category = cor_json_get_string(event->doc, "category");
    if (run->track && run->track->full_peer_us && event->time_us > run->track->full_peer_us &&
        g_strcmp0(category, "Backup and Recovery") == 0)
        run->recovered = TRUE;
}

/* Does a record tell nothing but properties that the object itself shows, or memberships, which the
 * group shows? Names of the log that are not known count as something else. */
static gboolean is_plain(const struct cor_json *modified)
{
    static const char *const prefixes[] = {"Included Updated Properties", "TargetId.", "Group."};
    for (const struct cor_json *at = cor_json_first(modified); at; at = cor_json_next(at)) {
        const char *name = cor_json_get_string(at, "property");
        gboolean plain = name && entra_resource_shows(name);
        for (guint i = 0; name && !plain && i < G_N_ELEMENTS(prefixes); i++)
            plain = g_str_has_prefix(name, prefixes[i]);
        if (!plain)
            return FALSE;
    }
    return cor_json_first(modified) != NULL;
}

/* No delta round tells some relations; a record that names an object is a reason to look at it. */
static void notice_targets(struct entra_run *run, const struct cor_event *event)
{
    const struct cor_json *targets = cor_json_get(event->doc, "targets");
    if (!run->track || event->time_us < run->track->last_peer_us - HINT_OVERLAP_US)
        return;
    for (const struct cor_json *at = cor_json_first(targets); at; at = cor_json_next(at)) {
        const char *id = cor_json_get_string(at, "id"), *type = cor_json_get_string(at, "type");
        run->policies_named |= type && g_ascii_strcasecmp(type, "Policy") == 0;
        if (entra_id_ok(id) && !is_plain(cor_json_get(at, "modified")))
            g_hash_table_add(run->hints, g_strdup(id));
    }
}

static void notice(struct entra_run *run, const struct cor_event *event)
{
    notice_recovery(run, event);
    notice_targets(run, event);
}

static const struct log audits = {
    .name = ENTRA_AUDITS,
    .permission = ENTRA_AUDIT_PERMISSION,
    .url = entra_logs_audit_url,
    .event = entra_audit_event,
    .notice = notice,
};
static const struct log provisioning = {
    .name = ENTRA_PROVISIONING,
    .permission = ENTRA_PROVISIONING_PERMISSION,
    .idle = " where Cloud Sync runs",
    .url = entra_logs_provisioning_url,
    .event = entra_provisioning_event,
};

/* --- reading ---------------------------------------------------------------------------------- */

static gboolean take_page(struct entra_run *run, const struct log *log, const struct cor_json *page,
                          guint *unusable, GError **error)
{
    const struct cor_json *values = entra_page_values(page, error);
    if (!values)
        return FALSE;
    for (const struct cor_json *at = cor_json_first(values); at; at = cor_json_next(at)) {
        struct cor_event event;
        COR_JSON_AUTO *doc = NULL;
        if (!log->event(at, &event, &doc)) {
            (*unusable)++;
            continue;
        }
        if (!entra_run_event(run, &event, error))
            return FALSE;
        if (log->notice)
            log->notice(run, &event);
    }
    return TRUE;
}

static gboolean read_pages(struct entra_run *run, const struct log *log, gint64 since_us,
                           long *ret_status, GError **error)
{
    g_autofree char *url = log->url(entra_client_base(run->client), since_us, entra_run_top(run));
    struct entra_pager pager;
    const struct cor_json *page = NULL;
    guint unusable = 0;
    entra_pager_init(&pager, run->client, url);
    gboolean ok;
    while ((ok = entra_pager_next(&pager, &page, error)) && page)
        if (!(ok = take_page(run, log, page, &unusable, error)))
            break;
    *ret_status = pager.status;
    entra_pager_clear(&pager);
    if (unusable > 0)
        entra_run_remark(run, g_strdup_printf("%s: %u records without id or time were skipped",
                                              log->name, unusable));
    return ok;
}

static char *advice(const struct log *log, long status)
{
    return status == 403 ? g_strdup_printf(": grant the application permission %s%s",
                                           log->permission, log->idle ? log->idle : "")
                         : g_strdup("");
}

/* *ret_whole: it was read to its end. */
static gboolean read_log(struct entra_run *run, const struct log *log, gint64 since_us,
                         gboolean *ret_whole, GError **error)
{
    long status = 0;
    entra_run_report(run, log->name);
    entra_client_stats(run->client, &run->stats);
    *ret_whole = read_pages(run, log, since_us, &status, error);
    if (*ret_whole)
        return TRUE;
    if (run->sink_failed || status == 401 || (*error)->code == COR_E_CANCELLED)
        return FALSE;
    g_autofree char *help = advice(log, status);
    entra_run_remark(run,
                     g_strdup_printf("%s not readable%s (%s)", log->name, help, (*error)->message));
    g_clear_error(error);
    return TRUE;
}

gboolean entra_logs_audits(struct entra_run *run, GError **error)
{
    gboolean whole = TRUE;
    gint64 since_us = run->options->audit_since_us;
    if (run->audited)
        return TRUE;
    run->audited = TRUE;
    if (!since_us)
        since_us = entra_run_peer_now(run) - LOG_DAYS * COR_DAY_US;
    gboolean ok = read_log(run, &audits, since_us, &whole, error);
    run->unaudited = !whole;
    return ok;
}

gboolean entra_logs_provisioning(struct entra_run *run, GError **error)
{
    const struct entra_track *track = run->track;
    gboolean again = track && track->provisioned && track->last_peer_us;
    gint64 since_us =
        again ? track->last_peer_us - OVERLAP_US : entra_run_peer_now(run) - LOG_DAYS * COR_DAY_US;
    gboolean whole;
    if (!read_log(run, &provisioning, since_us, &whole, error))
        return FALSE;
    if (run->track)
        run->track->provisioned = whole;
    return TRUE;
}
