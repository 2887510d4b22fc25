/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drift: for each object, what the rules would have in the cloud against what is there. The walk
 * streams AD first, then what only the cloud has; memory does not grow with the directory.
 *
 * Never called drift: what the cloud computes itself (shadow attributes), volatile attributes,
 * differences that a rule's transformation explains, objects whose source of authority was moved to
 * the cloud, and anything that rests on an absence in a half that was not read completely.
 */
#include "correlate/drift.h"

#include "correlate/semantic.h"
#include "correlate/time.h"

#include <string.h>

struct walk {
    struct cor_view *view;
    const struct cor_flow_context *flow;
    const struct cor_tenant *tenant;
    gboolean ad_complete, entra_complete;
    gint64 now_us;
    cor_drift_func found;
    void *data;
};

void cor_drift_free(struct cor_drift *drift)
{
    if (!drift)
        return;
    g_free(drift->kind);
    cor_object_ref_clear(&drift->object);
    cor_object_ref_clear(&drift->peer);
    g_free(drift->attribute);
    cor_json_free(drift->onprem);
    cor_json_free(drift->cloud);
    cor_json_free(drift->expected);
    g_free(drift->rule);
    g_free(drift->text);
    g_free(drift);
}

static struct cor_drift *finding(const char *kind, const struct cor_record *object,
                                 const struct cor_record *peer, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
static struct cor_drift *finding(const char *kind, const struct cor_record *object,
                                 const struct cor_record *peer, const char *format, ...)
{
    struct cor_drift *drift = g_new0(struct cor_drift, 1);
    va_list args;
    drift->kind = g_strdup(kind);
    cor_object_ref_set(&drift->object, object);
    if (peer)
        cor_object_ref_set(&drift->peer, peer);
    va_start(args, format);
    drift->text = g_strdup_vprintf(format, args);
    va_end(args);
    return drift;
}

static gboolean report(struct walk *walk, struct cor_drift *drift, GError **error)
{
    gboolean ok = walk->found(drift, walk->data, error);
    cor_drift_free(drift);
    return ok;
}

/* The next delta cycle would do it: unless sync stands still, this is no divergence yet. */
static gboolean newer_than_sync(const struct walk *walk, gint64 when_us)
{
    return when_us && walk->tenant->last_sync_us && when_us > walk->tenant->last_sync_us;
}

/* --- values --------------------------------------------------------------------------------- */

/* The originating write of one metadata entry; 0 without one. */
static gint64 write_time(const struct cor_json *entry)
{
    return cor_time_parse(cor_json_get_string(entry, "time"));
}

/* The newest originating write among the AD attributes that feed a rule; 0 unknown. */
static gint64 sources_written(const struct cor_record *ad, const char *sources)
{
    gint64 newest = 0;
    g_auto(GStrv) names = g_strsplit(sources, " ", 0);
    for (guint i = 0; names[i]; i++)
        newest = MAX(newest, write_time(cor_json_get(ad->metadata, names[i])));
    return newest;
}

/* The newest originating write of anything on the object; 0 unknown. */
static gint64 object_written(const struct cor_record *ad)
{
    gint64 newest = 0;
    for (const struct cor_json *n = cor_json_first(ad->metadata); n; n = cor_json_next(n))
        newest = MAX(newest, write_time(n));
    return newest;
}

static const struct cor_json *property_of(const struct cor_record *entra, const char *property)
{
    return cor_json_path(entra->attributes, property);
}

static struct cor_json *first_source(const struct cor_record *ad, const char *sources)
{
    g_auto(GStrv) names = g_strsplit(sources, " ", 0);
    for (guint i = 0; names[i]; i++)
        if (cor_record_get(ad, names[i]))
            return cor_json_copy(cor_record_get(ad, names[i]));
    return NULL;
}

static gboolean compare_property(struct walk *walk, const struct cor_record *ad,
                                 const struct cor_record *entra, const struct cor_flow_rule *rule,
                                 GError **error)
{
    struct cor_flow_value expected = {0};
    gboolean ok = TRUE;
    cor_flow_evaluate(rule, ad, walk->flow, &expected);
    const struct cor_json *cloud = property_of(entra, rule->property);
    gboolean comparable = expected.result == COR_FLOW_VALUE || expected.result == COR_FLOW_REMOVE;
    gint64 written = sources_written(ad, rule->sources);
    gboolean pending = newer_than_sync(walk, written);
    /* that the service shows another value than AD gives is no finding by itself */
    if (!pending && (rule->flags & COR_FLOW_SHADOW))
        comparable = FALSE;
    if (comparable && !cor_flow_agrees(&expected, cloud)) {
        struct cor_drift *drift =
            finding(pending ? "pending" : "diverged", entra, ad,
                    pending ? "%s was written in AD after the last sync; a cycle will carry it"
                            : "the cloud value differs from what %s gives by the rules",
                    rule->sources);
        drift->attribute = g_strdup(rule->property);
        drift->onprem = first_source(ad, rule->sources);
        drift->cloud = cloud ? cor_json_copy(cloud) : NULL;
        drift->expected = expected.value ? cor_json_copy(expected.value) : NULL;
        drift->rule = g_strdup(expected.by);
        drift->since_us = pending ? written : 0;
        ok = report(walk, drift, error);
    }
    cor_flow_value_clear(&expected);
    return ok;
}

static gboolean compare_values(struct walk *walk, const struct cor_record *ad,
                               const struct cor_record *entra, GError **error)
{
    gsize n = 0;
    const struct cor_flow_rule *rules = cor_flow_rules(walk->flow, entra->type, &n);
    for (gsize i = 0; i < n; i++) {
        gboolean compared =
            rules[i].kind == COR_FLOW_DIRECT || rules[i].kind == COR_FLOW_EXPRESSION;
        if (compared && !(rules[i].flags & (COR_FLOW_UNCONFIRMED | COR_FLOW_ONCE)) &&
            !compare_property(walk, ad, entra, &rules[i], error))
            return FALSE;
    }
    return TRUE;
}

/* --- links ---------------------------------------------------------------------------------- */

/* The cloud half of an AD object, and whether sync keeps links to it: a converted half may stay
 * linked or not, the pages disagree. *ret_key NULL: not in the cloud. */
static gboolean peer_key(struct walk *walk, const char *ad_key, char **ret_key,
                         gboolean *ret_synchronized, GError **error)
{
    g_autoptr(GError) failed = NULL;
    struct cor_match match = {0};
    *ret_key = NULL;
    COR_RECORD_AUTO *ad = walk->view->get(walk->view, COR_AD, ad_key, &failed);
    if (failed) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return FALSE;
    }
    if (!ad || ad->life != COR_LIVE || !cor_flow_peer_type(COR_AD, ad->type))
        return TRUE;
    if (!cor_match_find(walk->view, ad, &match, error))
        return FALSE;
    if (match.outcome == COR_MATCH_ONE && !match.soft && match.peer->life == COR_LIVE) {
        *ret_key = g_strdup(match.peer->key);
        *ret_synchronized = cor_soa_of(match.peer, ad) == COR_SOA_ONPREM;
    }
    cor_match_clear(&match);
    return TRUE;
}

/* Both halves of an object that holds links. changed_us: when AD last wrote links of the kind; 0
 * where it keeps that for each link only, so that what waits for a cycle cannot be told from what
 * a cycle has missed. */
struct holder {
    const struct cor_record *ad, *entra;
    const struct cor_flow_rule *rule;
    const char *kind;
    gint64 changed_us;
};

static gboolean report_link(struct walk *walk, const struct holder *holder, const char *key,
                            gboolean missing, GError **error)
{
    g_autoptr(GError) failed = NULL;
    COR_RECORD_AUTO *target = walk->view->get(walk->view, COR_ENTRA, key, &failed);
    if (failed) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return FALSE;
    }
    const char *name = target && target->name ? target->name : key;
    gboolean pending = newer_than_sync(walk, holder->changed_us);
    struct cor_drift *drift =
        finding(pending ? "pending" : "diverged", holder->entra, holder->ad, "%s has this %s, %s",
                missing ? "AD" : "the cloud", holder->kind,
                pending   ? "and AD was written after the last sync"
                : missing ? "the cloud does not (or not yet)"
                          : "AD does not (or no longer)");
    drift->attribute = g_strdup(holder->kind);
    if (missing)
        drift->onprem = cor_json_new_string(name);
    else
        drift->cloud = cor_json_new_string(name);
    drift->expected = missing ? cor_json_new_string(name) : NULL;
    drift->rule = holder->rule ? g_strdup(holder->rule->rule) : NULL;
    drift->since_us = pending ? holder->changed_us : 0;
    return report(walk, drift, error);
}

/* Targets that AD gives, as keys of their cloud halves; the value tells whether the link must be
 * there (TRUE) or may be. */
static GHashTable *expected_targets(struct walk *walk, const struct holder *holder, GError **error)
{
    g_autoptr(GPtrArray) targets =
        walk->view->links(walk->view, COR_AD, holder->kind, holder->ad->key, FALSE, error);
    if (!targets)
        return NULL;
    g_autoptr(GHashTable) expected = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < targets->len; i++) {
        char *key = NULL;
        gboolean synchronized = FALSE;
        if (!peer_key(walk, targets->pdata[i], &key, &synchronized, error))
            return NULL;
        if (key)
            g_hash_table_insert(expected, key, GINT_TO_POINTER(synchronized));
    }
    return g_steal_pointer(&expected);
}

/* What the cloud holds is taken off the expected ones; the rest is missing there. */
static gboolean report_links(struct walk *walk, const struct holder *holder, GHashTable *expected,
                             const GPtrArray *present, GError **error)
{
    for (guint i = 0; i < present->len; i++)
        if (!g_hash_table_remove(expected, present->pdata[i]) &&
            !report_link(walk, holder, present->pdata[i], FALSE, error))
            return FALSE;
    g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(expected), (GCompareFunc)strcmp);
    for (GList *k = keys; k; k = k->next)
        if (g_hash_table_lookup(expected, k->data) &&
            !report_link(walk, holder, k->data, TRUE, error))
            return FALSE;
    return TRUE;
}

static gboolean compare_links(struct walk *walk, const struct cor_record *ad,
                              const struct cor_record *entra, const char *kind, GError **error)
{
    struct holder holder = {ad, entra, cor_flow_rule_for(walk->flow, entra->type, kind), kind, 0};
    holder.changed_us = sources_written(ad, kind);
    g_autoptr(GHashTable) expected = expected_targets(walk, &holder, error);
    g_autoptr(GPtrArray) present =
        expected ? walk->view->links(walk->view, COR_ENTRA, kind, entra->key, FALSE, error) : NULL;
    return present && report_links(walk, &holder, expected, present, error);
}

/* --- errors the service itself reports ------------------------------------------------------- */

static gboolean report_errors(struct walk *walk, const struct cor_record *ad,
                              const struct cor_record *entra, GError **error)
{
    static const struct {
        const char *attribute, *kind, *text;
    } lists[] = {
        {"onPremisesProvisioningErrors", "quarantined",
         "the service quarantined this value: another object holds it"},
        {"serviceProvisioningErrors", "provisioning-error",
         "a service behind Entra could not take this object"},
    };
    for (gsize l = 0; l < G_N_ELEMENTS(lists); l++) {
        const struct cor_json *list = cor_record_get(entra, lists[l].attribute);
        for (const struct cor_json *n = cor_json_first(list); n; n = cor_json_next(n)) {
            if (cor_json_get_bool(n, "isResolved"))
                continue;
            struct cor_drift *drift = finding(lists[l].kind, entra, ad, "%s", lists[l].text);
            drift->attribute = g_strdup(cor_json_get_string(n, "propertyCausingError"));
            drift->cloud = cor_json_copy(n);
            drift->since_us = cor_time_parse(cor_json_get_string(n, "occurredDateTime"));
            if (!report(walk, drift, error))
                return FALSE;
        }
    }
    return TRUE;
}

/* --- the tie itself --------------------------------------------------------------------------- */

static gboolean check_anchor(struct walk *walk, const struct cor_record *ad,
                             const struct cor_record *entra, GError **error)
{
    g_autofree char *anchor = cor_anchor_of(ad);
    const char *cloud = cor_record_text(entra, "onPremisesImmutableId");
    if (!anchor || !cloud || strcmp(anchor, cloud) == 0)
        return TRUE;
    struct cor_drift *drift =
        finding("anchor-mismatch", entra, ad,
                "the AD object's own source anchor is not the immutable ID of the cloud object: a "
                "sync engine that anchors by mS-DS-ConsistencyGuid refuses to export it");
    drift->attribute = g_strdup("onPremisesImmutableId");
    drift->onprem = cor_json_new_string(anchor);
    drift->cloud = cor_json_new_string(cloud);
    return report(walk, drift, error);
}

static gboolean both_live(struct walk *walk, const struct cor_record *ad,
                          const struct cor_record *entra, GError **error)
{
    const char *why = NULL;
    enum cor_soa soa = cor_soa_of(entra, ad);
    if (soa == COR_SOA_CONVERTED)
        return TRUE;
    if (!cor_flow_in_scope(ad, walk->flow, &why)) {
        if (soa != COR_SOA_ONPREM)
            return TRUE;
        return report(walk,
                      finding("out-of-scope", ad, entra,
                              "out of sync scope (%s): the next cycle deletes the cloud object",
                              why),
                      error);
    }
    if (soa == COR_SOA_ROLLBACK_PENDING || soa == COR_SOA_UNLINKED)
        return report(walk,
                      finding("pending", entra, ad,
                              soa == COR_SOA_UNLINKED
                                  ? "not linked now, but the AD object is in scope with the same "
                                    "anchor: the next cycle takes the cloud object over"
                                  : "the return to on-premises authority waits for the next cycle, "
                                    "which overwrites what was edited in the cloud"),
                      error);
    if (soa != COR_SOA_ONPREM)
        return TRUE;
    gboolean group = strcmp(entra->type, COR_TYPE_GROUP) == 0;
    gboolean user = strcmp(entra->type, COR_TYPE_USER) == 0;
    return check_anchor(walk, ad, entra, error) && compare_values(walk, ad, entra, error) &&
           report_errors(walk, ad, entra, error) &&
           (!group || !walk->ad_complete || !walk->entra_complete ||
            compare_links(walk, ad, entra, "member", error)) &&
           (!user || !walk->ad_complete || !walk->entra_complete ||
            compare_links(walk, ad, entra, "manager", error));
}

static gboolean ad_without_cloud(struct walk *walk, const struct cor_record *ad, GError **error)
{
    const char *why = NULL;
    if (ad->life != COR_LIVE || !walk->entra_complete || !cor_flow_in_scope(ad, walk->flow, &why))
        return TRUE;
    const char *created = cor_record_text(ad, "whenCreated");
    gint64 since = MAX(cor_time_parse(created), object_written(ad));
    gboolean fresh = newer_than_sync(walk, since) || walk->tenant->last_sync_us == 0;
    struct cor_drift *drift = finding(
        fresh ? "pending" : "missing", ad, NULL,
        fresh ? "in scope and written since the last sync: the next cycle creates it in the "
                "cloud"
              : "in scope, but there is no cloud half: see the sync engine's errors");
    drift->since_us = since;
    return report(walk, drift, error);
}

static gboolean cloud_without_ad(struct walk *walk, const struct cor_record *entra, GError **error)
{
    if (entra->life != COR_LIVE || !walk->ad_complete || cor_soa_of(entra, NULL) != COR_SOA_ONPREM)
        return TRUE;
    return report(walk,
                  finding("orphaned", entra, NULL,
                          "marked as synchronized, but no AD object carries its anchor: it cannot "
                          "be edited here and nothing updates it"),
                  error);
}

/* When an AD object was deleted or came back: both write isDeleted. */
static gint64 life_changed(const struct cor_record *ad)
{
    return write_time(cor_json_get(ad->metadata, "isDeleted"));
}

static gboolean deleted_in_cloud(struct walk *walk, const struct cor_record *ad,
                                 const struct cor_record *entra, GError **error)
{
    const char *why = NULL, *deleted = cor_record_text(entra, "deletedDateTime");
    if (!cor_flow_in_scope(ad, walk->flow, &why))
        return TRUE;
    gboolean restored = newer_than_sync(walk, life_changed(ad));
    struct cor_drift *drift =
        finding(restored ? "pending" : "deleted-in-cloud", entra, ad,
                restored ? "restored in AD after the last sync: the next cycle brings the cloud "
                           "object back"
                         : "deleted in the cloud while the AD object is in scope");
    drift->since_us = restored ? life_changed(ad) : cor_time_parse(deleted);
    drift->rule = g_strdup("D1");
    return report(walk, drift, error);
}

static gboolean one_deleted(struct walk *walk, const struct cor_record *ad,
                            const struct cor_record *entra, GError **error)
{
    if (ad->life == COR_LIVE && entra->life != COR_LIVE)
        return cor_soa_of(entra, ad) == COR_SOA_CONVERTED ||
               deleted_in_cloud(walk, ad, entra, error);
    if (ad->life == COR_LIVE || entra->life != COR_LIVE || cor_soa_of(entra, ad) != COR_SOA_ONPREM)
        return TRUE;
    struct cor_drift *drift = finding("deleted-in-ad", ad, entra,
                                      "deleted in AD: the next cycle deletes the cloud object");
    drift->since_us = life_changed(ad);
    return report(walk, drift, error);
}

static gboolean pair(struct walk *walk, const struct cor_record *ad, const struct cor_record *entra,
                     GError **error)
{
    if (!entra)
        return ad_without_cloud(walk, ad, error);
    if (!ad)
        return cloud_without_ad(walk, entra, error);
    if (ad->life == COR_LIVE && entra->life == COR_LIVE)
        return both_live(walk, ad, entra, error);
    return one_deleted(walk, ad, entra, error);
}

static gboolean report_match(struct walk *walk, const struct cor_record *record,
                             const struct cor_match *match, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; match->candidates && i < match->candidates->len; i++) {
        const struct cor_record *one = match->candidates->pdata[i];
        g_string_append_printf(names, "%s%s", i ? ", " : "", one->name ? one->name : one->key);
    }
    gboolean ambiguous = match->outcome == COR_MATCH_AMBIGUOUS;
    const char *kind = !ambiguous                   ? "anchor-mismatch"
                       : match->by == COR_ID_ANCHOR ? "duplicate-anchor"
                                                    : "ambiguous";
    return report(walk,
                  finding(kind, record, NULL,
                          ambiguous ? "the same %s fits several objects: %s"
                                    : "%s points to an object whose stronger key contradicts: %s",
                          cor_identifier_name(match->by), names->str),
                  error);
}

/* --- the walk -------------------------------------------------------------------------------- */

static gboolean visit(struct walk *walk, const struct cor_record *record, GError **error)
{
    struct cor_match match = {0};
    gboolean ad = record->directory == COR_AD, ok = TRUE;
    if (!cor_flow_peer_type(record->directory, record->type))
        return TRUE;
    if (!cor_match_find(walk->view, record, &match, error))
        return FALSE;
    gboolean unclear = match.outcome == COR_MATCH_AMBIGUOUS || match.outcome == COR_MATCH_MISMATCH;
    const struct cor_record *peer =
        match.outcome == COR_MATCH_ONE && !match.soft ? match.peer : NULL;
    if (unclear && record->life == COR_LIVE)
        ok = report_match(walk, record, &match, error);
    else if (ad && !unclear)
        ok = pair(walk, record, peer, error);
    else if (!unclear && !peer)
        ok = pair(walk, NULL, record, error);
    cor_match_clear(&match);
    return ok;
}

static gboolean walk_directory(struct walk *walk, enum cor_directory directory, GError **error)
{
    struct cor_reader *reader = walk->view->read(walk->view, directory, NULL, error);
    const struct cor_record *record = NULL;
    gboolean ok = reader != NULL;
    while (ok && (ok = reader->next(reader, &record, error)) && record)
        ok = visit(walk, record, error);
    if (reader)
        reader->close(reader);
    return ok;
}

static gboolean report_stall(struct walk *walk, GError **error)
{
    if (cor_tenant_health(walk->tenant, walk->now_us) != COR_SYNC_STALLED)
        return TRUE;
    struct cor_reader *reader =
        walk->view->read(walk->view, COR_ENTRA, COR_TYPE_ORGANIZATION, error);
    const struct cor_record *organization = NULL;
    gboolean ok = reader && reader->next(reader, &organization, error);
    if (ok && organization) {
        g_autofree char *last = cor_time_text(walk->tenant->last_sync_us);
        struct cor_drift *drift = finding(
            "stalled", organization, NULL,
            "synchronization stands still since %s, %d hours by the tenant's clock: changes "
            "wait, and what is edited in the cloud meanwhile is overwritten when it resumes",
            last, (int)((walk->now_us - walk->tenant->last_sync_us) / COR_HOUR_US));
        drift->since_us = walk->tenant->last_sync_us;
        drift->rule = g_strdup("E6");
        ok = report(walk, drift, error);
    }
    if (reader)
        reader->close(reader);
    return ok;
}

gboolean cor_drift_walk(struct cor_view *view, const struct cor_flow_context *flow,
                        const struct cor_tenant *tenant, gboolean ad_complete,
                        gboolean entra_complete, gint64 now_us, cor_drift_func found, void *data,
                        GError **error)
{
    struct walk walk = {view, flow, tenant, ad_complete, entra_complete, now_us, found, data};
    return report_stall(&walk, error) && walk_directory(&walk, COR_AD, error) &&
           walk_directory(&walk, COR_ENTRA, error);
}

gboolean cor_drift_pair(struct cor_view *view, const struct cor_record *ad,
                        const struct cor_record *entra, const struct cor_flow_context *flow,
                        const struct cor_tenant *tenant, gint64 now_us, cor_drift_func found,
                        void *data, GError **error)
{
    struct walk walk = {view, flow, tenant, TRUE, TRUE, now_us, found, data};
    return pair(&walk, ad, entra, error);
}
