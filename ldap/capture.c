/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capture of one domain.
 *
 * The order is fixed: schema, domain, what changed since the last read, controllers, then live
 * objects, cut ranges and deleted objects, or of these what changed (incremental.c). Each part must
 * be proven by how its search ended; what was read before a failure is handed on as a partial half,
 * from which nobody concludes that something is gone. Deleted objects are claimed only after their
 * container was seen, because without that right a directory shows none at all.
 */
#include "ldap/capture_private.h"

#include "correlate/time.h"
#include "ldap/quiet.h"
#include "ldap/rights.h"

#include <string.h>

enum { PAGE_SIZE = 1000 };

/* --- parts ------------------------------------------------------------------------------------ */

static void report(const struct ad_capture *capture)
{
    if (capture->progress)
        capture->progress(capture->progress_data, capture->segment, capture->reader.objects);
}

static gboolean take_object(LDAPMessage *message, void *data, GError **error)
{
    struct ad_capture *capture = data;
    return ad_reader_take(&capture->reader, message, error);
}

static void page_done(guint64 entries, void *data)
{
    (void)entries;
    report(data);
}

void ad_capture_prove(struct ad_capture *capture, const char *segment,
                      const struct ad_outcome *outcome, guint open_ranges)
{
    guint unresolved = ad_references_unresolved(
        &capture->domain, capture->connection->root.default_nc, outcome->references);
    cor_proof_ldap(capture->proof, segment, outcome->code, outcome->cookie_len, open_ranges,
                   unresolved);
    if (outcome->code != LDAP_SUCCESS) {
        g_autoptr(GError) error = NULL;
        g_autofree char *doing = g_strdup_printf("read the %s completely", segment);
        ad_outcome_fail(outcome, doing, &error);
        cor_proof_problem(capture->proof, segment, error->message);
        if (!capture->first_refusal)
            capture->first_refusal = g_steal_pointer(&error);
    }
    for (guint i = 0; unresolved && i < outcome->references->len; i++) {
        g_autofree char *text =
            g_strdup_printf("the server refers to '%s' for a part of the domain",
                            (char *)outcome->references->pdata[i]);
        cor_proof_problem(capture->proof, segment, text);
    }
    if (open_ranges) {
        g_autofree char *text = g_strdup_printf(
            "%u long attributes (such as large groups) changed while they were read, or were not "
            "delivered to their end",
            open_ranges);
        cor_proof_problem(capture->proof, segment, text);
    }
}

/* What has to be known before anything is handed on. */
static gboolean prepare(struct ad_capture *capture, GError **error)
{
    capture->segment = AD_SEGMENT_DOMAIN;
    capture->schema = ad_schema_read(capture->connection, error);
    if (!capture->schema)
        return FALSE;
    ad_reader_init(&capture->reader, capture->connection, capture->schema, capture->sink);
    if (!ad_domain_read(capture->connection, &capture->domain, error))
        return FALSE;
    capture->reader.recycle_bin = capture->domain.recycle_bin;
    return TRUE;
}

static gboolean read_basics(struct ad_capture *capture, GError **error)
{
    AD_OUTCOME_AUTO outcome = {0};
    struct ad_checkpoint *next = capture->changes.next;
    capture->segment = AD_SEGMENT_DOMAIN;
    if (!ad_reader_record(&capture->reader, capture->domain.record, error))
        return FALSE;
    cor_proof_ldap(capture->proof, AD_SEGMENT_DOMAIN, LDAP_SUCCESS, 0, 0, 0);
    capture->segment = AD_SEGMENT_CONTROLLERS;
    if (!ad_controllers_read(&capture->reader, next ? next->controllers : NULL, &outcome, error))
        return FALSE;
    capture->basics = capture->reader.objects;
    ad_capture_prove(capture, AD_SEGMENT_CONTROLLERS, &outcome, 0);
    report(capture);
    return TRUE;
}

guint ad_capture_page_size(const struct ad_capture *capture)
{
    return capture->options->page_size ? capture->options->page_size : PAGE_SIZE;
}

gboolean ad_capture_search(struct ad_capture *capture, const char *segment,
                           const struct ad_search *search, GError **error)
{
    AD_OUTCOME_AUTO outcome = {0};
    guint open_ranges = 0;
    capture->segment = segment;
    capture->reader.search_flags = search->flags;
    if (!ad_search(capture->connection, search, take_object, page_done, capture, &outcome, error) ||
        !ad_reader_ranges(&capture->reader, &open_ranges, error))
        return FALSE;
    ad_capture_prove(capture, segment, &outcome, open_ranges);
    report(capture);
    return TRUE;
}

/* Not one live object was delivered: whatever the reason, there is no half to hand on. */
static GError *reason_for_nothing(struct ad_capture *capture)
{
    if (capture->first_refusal)
        return g_steal_pointer(&capture->first_refusal);
    return g_error_new(AD_ERROR, COR_E_AUTH,
                       "%s shows not one user, group, contact or organizational unit of '%s' to "
                       "this account",
                       capture->connection->uri, capture->connection->root.default_nc);
}

static gboolean read_live(struct ad_capture *capture, GError **error)
{
    const struct ad_search search = {
        .base = capture->connection->root.default_nc,
        .scope = LDAP_SCOPE_SUBTREE,
        .filter = AD_CLASSES,
        .attributes = ad_object_attributes,
        .flags = AD_SEARCH_EXTENDED_DN,
        .page_size = ad_capture_page_size(capture),
    };
    if (!ad_capture_search(capture, AD_SEGMENT_OBJECTS, &search, error))
        return FALSE;
    if (capture->reader.objects > capture->basics)
        return TRUE;
    g_propagate_error(error, reason_for_nothing(capture));
    return FALSE;
}

gboolean ad_capture_deleted_readable(struct ad_capture *capture, gboolean *ret_readable,
                                     GError **error)
{
    capture->segment = AD_SEGMENT_DELETED;
    if (!ad_deleted_objects_readable(capture->connection, ret_readable, error))
        return FALSE;
    if (*ret_readable) {
        cor_proof_ldap(capture->proof, AD_SEGMENT_DELETED, LDAP_SUCCESS, 0, 0, 0);
        return TRUE;
    }
    g_autofree char *base = ad_deleted_objects_dn(capture->connection->root.default_nc);
    g_autofree char *remedy = ad_deleted_objects_remedy(capture->connection);
    g_autofree char *text = g_strdup_printf(
        "the account cannot read '%s', so a deletion cannot be told from a lost right; %s", base,
        remedy);
    cor_proof_problem(capture->proof, AD_SEGMENT_DELETED, text);
    return TRUE;
}

static gboolean read_deleted(struct ad_capture *capture, GError **error)
{
    g_autofree char *base = ad_deleted_objects_dn(capture->connection->root.default_nc);
    const struct ad_search search = {
        .base = base,
        .scope = LDAP_SCOPE_ONELEVEL,
        .filter = "(&(isDeleted=TRUE)" AD_CLASSES ")",
        .attributes = ad_object_attributes,
        .flags = AD_SEARCH_EXTENDED_DN | AD_SEARCH_SHOW_DELETED,
        .page_size = ad_capture_page_size(capture),
    };
    gboolean readable;
    if (!ad_capture_deleted_readable(capture, &readable, error))
        return FALSE;
    return !readable || ad_capture_search(capture, AD_SEGMENT_DELETED, &search, error);
}

/* What spoils completeness although every search succeeded. */
static void judge_contents(struct ad_capture *capture)
{
    if (capture->reader.unstamped) {
        g_autofree char *text =
            g_strdup_printf("metadata of %" G_GUINT64_FORMAT
                            " links cannot be read; changes to them stay without a time",
                            capture->reader.unstamped);
        cor_proof_remark(capture->proof, text);
    }
    if (capture->reader.unkeyed) {
        g_autofree char *text =
            g_strdup_printf("%" G_GUINT64_FORMAT " links came without the GUID of their target",
                            capture->reader.unkeyed);
        cor_proof_problem(capture->proof, AD_SEGMENT_OBJECTS, text);
    }
    if (capture->reader.broken) {
        g_autofree char *text =
            g_strdup_printf("replication metadata of %" G_GUINT64_FORMAT
                            " objects cannot be decoded; changes to them stay without a time",
                            capture->reader.broken);
        cor_proof_remark(capture->proof, text);
    }
}

/* --- the whole -------------------------------------------------------------------------------- */

/* Full reads collect what the next incremental one has to know. */
static gboolean watch_all(const struct ad_entry *entry, void *data)
{
    struct ad_capture *capture = data;
    struct ad_checkpoint *next = capture->changes.next;
    ad_checkpoint_watch(next, entry);
    /* one above the limit says that there are too many */
    if (ad_entry_holds_dn(entry) && g_hash_table_size(next->holders) <= AD_HOLDERS_MAX)
        g_hash_table_add(next->holders, g_strdup(entry->key));
    return TRUE;
}

static gboolean read_full(struct ad_capture *capture, GError **error)
{
    if (capture->changes.next) {
        capture->reader.watch = watch_all;
        capture->reader.watch_data = capture;
    }
    return read_live(capture, error) && read_deleted(capture, error);
}

/* Say aloud what kind of read this is, and announce what it must prove. */
static void announce(struct ad_capture *capture)
{
    static const char *const full[] = {AD_SEGMENT_DOMAIN, AD_SEGMENT_CONTROLLERS,
                                       AD_SEGMENT_OBJECTS, AD_SEGMENT_DELETED};
    static const char *const incremental[] = {AD_SEGMENT_DOMAIN, AD_SEGMENT_CONTROLLERS,
                                              AD_SEGMENT_CHANGES, AD_SEGMENT_DELETED};
    const struct ad_changes *changes = &capture->changes;
    gboolean all = changes->method == AD_METHOD_FULL;
    g_autofree char *text = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(full); i++)
        cor_proof_require(capture->proof, all ? full[i] : incremental[i]);
    if (!all) {
        g_autofree char *when = cor_time_text(changes->last->read_us);
        text =
            g_strdup_printf("%u objects changed since %s, by %s", g_hash_table_size(changes->keys),
                            when, ad_method_name(changes->method));
    } else if (changes->reason) {
        text = g_strdup_printf("full read, because %s", changes->reason);
    }
    if (capture->options->remark)
        cor_proof_remark(capture->proof, capture->options->remark);
    if (text)
        cor_proof_remark(capture->proof, text);
}

/* Learn what to read, before anything is handed on. */
static gboolean decide(struct ad_capture *capture, GError **error)
{
    const struct ad_options *options = capture->options;
    struct ad_changes *changes = &capture->changes;
    gint64 every_us = (gint64)options->full_every_hours * COR_HOUR_US;
    const struct cor_json *last = options->stored ? options->checkpoint : NULL;
    capture->segment = AD_SEGMENT_CHANGES;
    if (!ad_changes_learn(capture->connection, &capture->domain, capture->schema, last,
                          capture->stats.started_us, every_us, changes, error))
        return FALSE;
    if (!changes->reason && !last)
        changes->reason = g_strdup(options->full_because);
    announce(capture);
    capture->reader.kinds = changes->next ? changes->next->kinds : NULL;
    if (changes->method == AD_METHOD_FULL)
        return TRUE;
    capture->incremental = TRUE;
    if (changes->method == AD_METHOD_USN)
        ad_capture_prove(capture, AD_SEGMENT_CHANGES, &changes->outcome, 0);
    else
        cor_proof_ldap(capture->proof, AD_SEGMENT_CHANGES, LDAP_SUCCESS, 0, 0, 0);
    capture->reader.sink_failed = !capture->sink->incremental(capture->sink, error);
    return !capture->reader.sink_failed;
}

static gboolean read_all(struct ad_capture *capture, GError **error)
{
    return prepare(capture, error) && decide(capture, error) && read_basics(capture, error) &&
           (capture->incremental ? ad_incremental_read(capture, error) : read_full(capture, error));
}

/* Only a complete read may be gone on from. */
static gboolean leave_checkpoint(struct ad_capture *capture, GError **error)
{
    if (!capture->changes.next || !cor_proof_complete(capture->proof))
        return TRUE;
    COR_JSON_AUTO *doc = ad_checkpoint_json(capture->changes.next);
    if (capture->sink->checkpoint(capture->sink, AD_STREAM, doc, error))
        return TRUE;
    capture->reader.sink_failed = TRUE;
    return FALSE;
}

static void settle_stats(struct ad_capture *capture)
{
    struct cor_half_stats *stats = &capture->stats;
    stats->objects = capture->reader.objects;
    stats->finished_us = g_get_real_time();
    if (capture->connection) {
        stats->requests = capture->connection->requests;
        stats->bytes = capture->connection->bytes;
    }
}

static gboolean give_up(struct ad_capture *capture, GError *reason_taken, GError **error)
{
    settle_stats(capture);
    capture->sink->abandon(capture->sink, &capture->stats, reason_taken);
    g_propagate_error(error, reason_taken);
    return FALSE;
}

static gboolean finish(struct ad_capture *capture, GError **error)
{
    GError *failure = NULL;
    settle_stats(capture);
    judge_contents(capture);
    if (!leave_checkpoint(capture, &failure))
        return give_up(capture, failure, error);
    if (capture->sink->finish(capture->sink, capture->proof, &capture->stats, &failure))
        return TRUE;
    g_propagate_error(error, failure);
    return FALSE;
}

/* Could another domain controller be read whole instead? */
static gboolean is_lost(const struct ad_capture *capture, const GError *failure)
{
    return capture->options->ret_lost && capture->connection->others &&
           !capture->reader.sink_failed && g_error_matches(failure, AD_ERROR, COR_E_RETRY);
}

static gboolean run(struct ad_capture *capture, GCancellable *cancellable, GError **error)
{
    GError *failure = NULL;
    capture->connection = ad_connect(capture->options, cancellable, &failure);
    if (!capture->connection)
        return give_up(capture, failure, error);
    gboolean whole = read_all(capture, &failure);
    if (!whole && is_lost(capture, failure)) {
        *capture->options->ret_lost = g_strdup(capture->connection->server);
        return give_up(capture, failure, error);
    }
    gboolean usable =
        capture->incremental || (capture->reader.objects > capture->basics && capture->basics);
    if (!whole && (!usable || capture->reader.sink_failed ||
                   g_error_matches(failure, AD_ERROR, COR_E_CANCELLED)))
        return give_up(capture, failure, error);
    if (!whole) {
        cor_proof_problem(capture->proof, capture->segment, failure->message);
        g_error_free(failure);
    } else {
        capture->stats.peer_clock_us = ad_server_clock(capture->connection);
    }
    return finish(capture, error);
}

gboolean ad_capture(const struct ad_options *options, struct cor_sink *sink,
                    GCancellable *cancellable, ad_progress_func progress, void *progress_data,
                    GError **error)
{
    struct ad_options preferring = *options;
    struct ad_capture capture = {
        .options = &preferring,
        .sink = sink,
        .proof = cor_proof_new(COR_AD),
        .stats = {.started_us = g_get_real_time()},
        .progress = progress,
        .progress_data = progress_data,
    };
    preferring.prefer = ad_checkpoint_host(options->checkpoint, capture.stats.started_us,
                                           (gint64)options->full_every_hours * COR_HOUR_US);
    struct ad_quiet quiet;
    ad_quiet_begin(&quiet);
    gboolean ok = run(&capture, cancellable, error);
    ad_reader_clear(&capture.reader);
    ad_changes_clear(&capture.changes);
    ad_domain_clear(&capture.domain);
    ad_schema_free(capture.schema);
    ad_connection_free(capture.connection);
    ad_quiet_end(&quiet);
    cor_proof_free(capture.proof);
    g_clear_error(&capture.first_refusal);
    return ok;
}
