/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capture of one domain.
 *
 * The order is fixed: schema, domain, controllers, live objects, cut ranges, deleted objects. Each
 * part must be proven by how its search ended; what was read before a failure is handed on as a
 * partial half, from which nobody concludes that something is gone. Deleted objects are claimed
 * only after their container was seen, because without that right a directory shows none at all.
 */
#include "ldap/capture.h"

#include "ldap/domain.h"
#include "ldap/quiet.h"
#include "ldap/reader.h"
#include "ldap/rights.h"
#include "ldap/search.h"

#include <string.h>

enum { PAGE_SIZE = 1000 };

#define SEGMENT_DOMAIN      "domain"
#define SEGMENT_CONTROLLERS "domain controllers"
#define SEGMENT_OBJECTS     "objects"
#define SEGMENT_DELETED     "deleted objects"

#define CLASSES                                                                                    \
    "(|(objectClass=user)(objectClass=group)(objectClass=contact)(objectClass=organizationalUnit)" \
    ")"

struct capture {
    const struct ad_options *options;
    struct ad_connection *connection;
    struct ad_schema *schema;
    struct ad_domain domain;
    struct ad_reader reader;
    struct cor_sink *sink;
    struct cor_proof *proof;
    struct cor_half_stats stats;
    const char *segment; /* being read */
    guint64 basics;      /* records that are no objects of the domain */
    ad_progress_func progress;
    void *progress_data;
    GError *first_refusal; /* the first search that the server ended with an error */
};

/* --- parts ------------------------------------------------------------------------------------ */

static void report(const struct capture *capture)
{
    if (capture->progress)
        capture->progress(capture->progress_data, capture->segment, capture->reader.objects);
}

static gboolean take_object(LDAPMessage *message, void *data, GError **error)
{
    struct capture *capture = data;
    return ad_reader_take(&capture->reader, message, error);
}

static void page_done(guint64 entries, void *data)
{
    (void)entries;
    report(data);
}

/* Judge how a search ended. */
static void prove(struct capture *capture, const char *segment, const struct ad_outcome *outcome,
                  guint open_ranges)
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

static gboolean read_basics(struct capture *capture, GError **error)
{
    AD_OUTCOME_AUTO outcome = {0};
    capture->segment = SEGMENT_DOMAIN;
    capture->schema = ad_schema_read(capture->connection, error);
    if (!capture->schema)
        return FALSE;
    ad_reader_init(&capture->reader, capture->connection, capture->schema, capture->sink);
    if (!ad_domain_read(capture->connection, &capture->domain, error) ||
        !ad_reader_record(&capture->reader, capture->domain.record, error))
        return FALSE;
    capture->reader.recycle_bin = capture->domain.recycle_bin;
    cor_proof_ldap(capture->proof, SEGMENT_DOMAIN, LDAP_SUCCESS, 0, 0, 0);
    capture->segment = SEGMENT_CONTROLLERS;
    if (!ad_controllers_read(&capture->reader, &outcome, error))
        return FALSE;
    capture->basics = capture->reader.objects;
    prove(capture, SEGMENT_CONTROLLERS, &outcome, 0);
    report(capture);
    return TRUE;
}

static gboolean read_objects(struct capture *capture, const char *segment,
                             const struct ad_search *search, GError **error)
{
    AD_OUTCOME_AUTO outcome = {0};
    guint open_ranges = 0;
    capture->segment = segment;
    capture->reader.search_flags = search->flags;
    if (!ad_search(capture->connection, search, take_object, page_done, capture, &outcome, error) ||
        !ad_reader_ranges(&capture->reader, &open_ranges, error))
        return FALSE;
    prove(capture, segment, &outcome, open_ranges);
    report(capture);
    return TRUE;
}

/* Not one live object was delivered: whatever the reason, there is no half to hand on. */
static GError *reason_for_nothing(struct capture *capture)
{
    if (capture->first_refusal)
        return g_steal_pointer(&capture->first_refusal);
    return g_error_new(AD_ERROR, COR_E_AUTH,
                       "%s shows not one user, group, contact or organizational unit of '%s' to "
                       "this account",
                       capture->connection->uri, capture->connection->root.default_nc);
}

static gboolean read_live(struct capture *capture, GError **error)
{
    const struct ad_search search = {
        .base = capture->connection->root.default_nc,
        .scope = LDAP_SCOPE_SUBTREE,
        .filter = CLASSES,
        .attributes = ad_object_attributes,
        .flags = AD_SEARCH_EXTENDED_DN,
        .page_size = capture->options->page_size ? capture->options->page_size : PAGE_SIZE,
    };
    if (!read_objects(capture, SEGMENT_OBJECTS, &search, error))
        return FALSE;
    if (capture->reader.objects > capture->basics)
        return TRUE;
    g_propagate_error(error, reason_for_nothing(capture));
    return FALSE;
}

static gboolean read_deleted(struct capture *capture, GError **error)
{
    const char *nc = capture->connection->root.default_nc;
    g_autofree char *base = ad_deleted_objects_dn(nc);
    const struct ad_search search = {
        .base = base,
        .scope = LDAP_SCOPE_ONELEVEL,
        .filter = "(&(isDeleted=TRUE)" CLASSES ")",
        .attributes = ad_object_attributes,
        .flags = AD_SEARCH_EXTENDED_DN | AD_SEARCH_SHOW_DELETED,
        .page_size = capture->options->page_size ? capture->options->page_size : PAGE_SIZE,
    };
    gboolean readable;
    capture->segment = SEGMENT_DELETED;
    if (!ad_deleted_objects_readable(capture->connection, &readable, error))
        return FALSE;
    if (!readable) {
        g_autofree char *remedy = ad_deleted_objects_remedy(capture->connection);
        g_autofree char *text = g_strdup_printf(
            "the account cannot read '%s', so a deletion cannot be told from a lost right; %s",
            base, remedy);
        cor_proof_problem(capture->proof, SEGMENT_DELETED, text);
        return TRUE;
    }
    return read_objects(capture, SEGMENT_DELETED, &search, error);
}

/* What spoils completeness although every search succeeded. */
static void judge_contents(struct capture *capture)
{
    if (capture->reader.unkeyed) {
        g_autofree char *text =
            g_strdup_printf("%" G_GUINT64_FORMAT " links came without the GUID of their target",
                            capture->reader.unkeyed);
        cor_proof_problem(capture->proof, SEGMENT_OBJECTS, text);
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

static gboolean read_all(struct capture *capture, GError **error)
{
    return read_basics(capture, error) && read_live(capture, error) && read_deleted(capture, error);
}

static void settle_stats(struct capture *capture)
{
    struct cor_half_stats *stats = &capture->stats;
    stats->objects = capture->reader.objects;
    stats->finished_us = g_get_real_time();
    if (capture->connection) {
        stats->requests = capture->connection->requests;
        stats->bytes = capture->connection->bytes;
    }
}

static gboolean give_up(struct capture *capture, GError *reason_taken, GError **error)
{
    settle_stats(capture);
    capture->sink->abandon(capture->sink, &capture->stats, reason_taken);
    g_propagate_error(error, reason_taken);
    return FALSE;
}

static gboolean finish(struct capture *capture, GError **error)
{
    GError *failure = NULL;
    settle_stats(capture);
    judge_contents(capture);
    if (capture->sink->finish(capture->sink, capture->proof, &capture->stats, &failure))
        return TRUE;
    g_propagate_error(error, failure);
    return FALSE;
}

static gboolean run(struct capture *capture, GCancellable *cancellable, GError **error)
{
    GError *failure = NULL;
    capture->connection = ad_connect(capture->options, cancellable, &failure);
    if (!capture->connection)
        return give_up(capture, failure, error);
    gboolean whole = read_all(capture, &failure);
    gboolean usable = capture->reader.objects > capture->basics && capture->basics;
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
    static const char *const segments[] = {SEGMENT_DOMAIN, SEGMENT_CONTROLLERS, SEGMENT_OBJECTS,
                                           SEGMENT_DELETED};
    struct capture capture = {
        .options = options,
        .sink = sink,
        .proof = cor_proof_new(COR_AD),
        .stats = {.started_us = g_get_real_time()},
        .progress = progress,
        .progress_data = progress_data,
    };
    for (gsize i = 0; i < G_N_ELEMENTS(segments); i++)
        cor_proof_require(capture.proof, segments[i]);
    struct ad_quiet quiet;
    ad_quiet_begin(&quiet);
    gboolean ok = run(&capture, cancellable, error);
    ad_reader_clear(&capture.reader);
    ad_domain_clear(&capture.domain);
    ad_schema_free(capture.schema);
    ad_connection_free(capture.connection);
    ad_quiet_end(&quiet);
    cor_proof_free(capture.proof);
    g_clear_error(&capture.first_refusal);
    return ok;
}
