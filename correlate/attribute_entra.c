/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Origin of a change in Entra ID. The last audit record that fits decides when it names somebody
 * other than the sync engine, unless the service would have refused that write. The sync engine is
 * only the carrier: behind it the originating write in AD is looked for, and one that came too late
 * does not count. Without a record, authority alone may decide, and the grade says so.
 */
#include "correlate/attribute_events.h"
#include "correlate/attribute_private.h"
#include "correlate/attribute_who.h"
#include "correlate/time.h"

#include <string.h>

#define PURGE_US (30 * COR_DAY_US) /* deleted items of Entra ID are kept for 30 days */

static gboolean is_live(const struct cor_record *record)
{
    return record && record->life == COR_LIVE;
}

static gboolean came(const struct cor_judging *j)
{
    return j->change->kind == COR_CHANGE_ADDED || j->change->kind == COR_CHANGE_RESTORED;
}

static gboolean synced_at_all(const struct cor_judging *j)
{
    return (j->in->older && j->soa_older == COR_SOA_ONPREM) ||
           (j->in->newer && j->soa_newer == COR_SOA_ONPREM);
}

static gboolean synced_throughout(const struct cor_judging *j)
{
    gboolean before = !j->in->older || j->soa_older == COR_SOA_ONPREM;
    gboolean after = !is_live(j->in->newer) || j->soa_newer == COR_SOA_ONPREM;
    return before && after && (j->in->older || j->in->newer);
}

/* Would the service have refused this write by this actor? Exchange and other services of the
 * cloud write what they compute, as applications; nobody else does on a synchronized object. */
static gboolean is_refused(const struct cor_judging *j, const struct cor_event_row *event)
{
    const char *kind = cor_json_get_string(cor_json_get(event->doc, "actor"), "kind");
    if (!synced_throughout(j) || !j->rule || j->rule->kind == COR_FLOW_SYSTEM ||
        (j->rule->flags & COR_FLOW_WRITABLE))
        return FALSE;
    return !((j->rule->flags & COR_FLOW_SHADOW) && g_strcmp0(kind, "user") != 0);
}

static void judge_by_other(struct cor_judging *j)
{
    const struct cor_event_row *event = j->by_other;
    cor_judge_add_events(j);
    j->change->actor = cor_actor_text(cor_json_get(event->doc, "actor"));
    if (is_refused(j, event)) {
        cor_judge_settle(j, COR_ORIGIN_ONPREM, COR_GRADE_CONTRADICTED);
        cor_judge_add_rule(j);
        cor_judge_source_writes(j, j->rule->sources, 0);
        cor_judge_note(j, "contradiction",
                       "the log names somebody, but the property is mastered on-premises on this "
                       "object and Graph refuses such a write");
    } else {
        cor_judge_settle(j, COR_ORIGIN_CLOUD,
                         j->change->actor ? COR_GRADE_MEASURED : COR_GRADE_MASKED);
    }
    j->change->when_us = event->time_us;
    if (g_strcmp0(cor_json_get_string(event->doc, "category"), "Backup and Recovery") == 0)
        cor_judge_note(j, "recovery-job", "the record belongs to a recovery of Microsoft Entra");
}

/* --- properties that AD feeds ----------------------------------------------------------- */

/* Does this state of AD give the newer value, and not the older one too? */
static gboolean implied_by(const struct cor_judging *j, const struct cor_record *ad)
{
    struct cor_flow_value implied = {0};
    if (!is_live(ad))
        return FALSE;
    cor_flow_evaluate(j->rule, ad, j->in->flow, &implied);
    gboolean decides = implied.result == COR_FLOW_VALUE || implied.result == COR_FLOW_REMOVE;
    gboolean implies = decides && cor_flow_agrees(&implied, j->change->new_value) &&
                       !cor_flow_agrees(&implied, j->change->old_value);
    cor_flow_value_clear(&implied);
    return implies;
}

/* Did AD, as it is, give the older value by the rules of the older point, and does it give the
 * newer one by those of the newer? */
static gboolean by_other_rules(const struct cor_judging *j)
{
    const struct cor_flow_context *before = j->in->flow_before;
    const struct cor_record *ad = j->in->peer_newer;
    if (!before || g_strcmp0(before->rules_name, j->in->flow->rules_name) == 0 ||
        !implied_by(j, ad))
        return FALSE;
    struct cor_flow_value gave = {0};
    const struct cor_flow_rule *rule =
        cor_flow_rule_for(before, j->change->object.type, j->change->attribute);
    if (!rule)
        return TRUE; /* nothing fed it before */
    cor_flow_evaluate(rule, ad, before, &gave);
    gboolean differs = !cor_flow_agrees(&gave, j->change->new_value);
    cor_flow_value_clear(&gave);
    return differs;
}

static void judge_rule_change(struct cor_judging *j)
{
    const struct cor_flow_context *before = j->in->flow_before;
    const struct cor_flow_rule *rule =
        cor_flow_rule_for(before, j->change->object.type, j->change->attribute);
    struct cor_json *fields = cor_json_new_object();
    cor_json_add_string(fields, "rule", j->rule->rule);
    cor_json_add_string(fields, "rules", j->in->flow->rules_name);
    cor_json_add_string(fields, "ruleBefore", rule ? rule->rule : NULL);
    cor_json_add_string(fields, "rulesBefore", before->rules_name);
    cor_judge_settle(j, COR_ORIGIN_SYNC, COR_GRADE_DERIVED);
    g_ptr_array_add(j->change->evidence,
                    cor_evidence_new("rule-change", fields,
                                     "AD did not change, the rules did: %s (%s) gives this value, "
                                     "which %s (%s) did not",
                                     j->rule->rule, j->in->flow->rules_name,
                                     rule ? rule->rule : "no rule", before->rules_name));
}

static void judge_reexport(struct cor_judging *j)
{
    gboolean open = j->rule->flags & COR_FLOW_WRITABLE;
    cor_judge_settle(j, COR_ORIGIN_SYNC,
                     j->by_sync || !open ? COR_GRADE_DERIVED : COR_GRADE_ABSENT);
    cor_judge_note(j, "authority",
                   j->by_other ? "AD did not change: the sync engine undid what was written in the "
                                 "cloud and put the value back that AD gives by the rules"
                               : "AD did not change: the sync engine put the value back that AD "
                                 "gives by the rules");
}

/* Sources without a write, and a value that AD does not explain. */
static void judge_unexplained(struct cor_judging *j, enum cor_write write)
{
    if (j->by_sync) {
        cor_judge_settle(j, write == COR_WRITE_UNKNOWN ? COR_ORIGIN_ONPREM : COR_ORIGIN_SYNC,
                         COR_GRADE_MASKED);
        cor_judge_note(j, "authority",
                       write == COR_WRITE_UNKNOWN
                           ? "only the sync engine is visible: no metadata of the AD attributes "
                             "behind it can be read"
                           : "only the sync engine is visible: the AD attributes behind it did not "
                             "change, so a rule or the engine did");
    } else if (j->rule->flags & COR_FLOW_WRITABLE) {
        cor_judge_settle(j, COR_ORIGIN_CLOUD, COR_GRADE_ABSENT);
        cor_judge_note(j, "authority",
                       "AD does not give this value and its sources did not change, so it was "
                       "written in the cloud; nothing says by whom");
    } else if (j->rule->flags & COR_FLOW_SHADOW) {
        cor_judge_settle(j, COR_ORIGIN_UNKNOWN, COR_GRADE_ABSENT);
        cor_judge_note(j, "authority",
                       "the service computes this value from what sync sent; a verified domain or "
                       "a licence can have changed it");
    } else {
        cor_judge_settle(j, COR_ORIGIN_ONPREM, COR_GRADE_ABSENT);
        cor_judge_note(j, "authority",
                       "Graph refuses this write on a synchronized object, so it came by sync");
    }
}

static void judge_fed(struct cor_judging *j)
{
    /* a write in AD after the engine's own cannot be what the engine carried */
    gint64 before_us = j->by_sync ? j->by_sync->time_us + COR_CLOCK_SKEW_US : 0;
    enum cor_write write = cor_judge_source_writes(j, j->rule->sources, before_us);
    cor_judge_add_rule(j);
    cor_judge_add_events(j);
    if (write == COR_WRITTEN) {
        cor_judge_settle(j, COR_ORIGIN_ONPREM, COR_GRADE_DERIVED);
        cor_judge_who_fed(j, j->rule->sources);
    } else if (by_other_rules(j))
        judge_rule_change(j);
    else if (implied_by(j, j->in->peer_newer) || implied_by(j, j->in->peer_older))
        judge_reexport(j);
    else
        judge_unexplained(j, write);
    if (j->by_sync && !j->change->when_us)
        j->change->when_us = j->by_sync->time_us;
}

/* --- everything nobody claims ----------------------------------------------------------- */

static gboolean is_bookkeeping(const struct cor_judging *j)
{
    const char *attribute = j->change->attribute;
    return attribute && !cor_change_is_link(j->change) &&
           cor_owner_of(j->in->flow, COR_SOA_ONPREM, j->change->object.type, attribute) ==
               COR_OWNER_SYSTEM;
}

static void judge_bookkeeping(struct cor_judging *j)
{
    enum cor_write write =
        j->rule ? cor_judge_source_writes(j, j->rule->sources, 0) : COR_WRITE_UNKNOWN;
    if (j->fitting->len)
        cor_judge_add_events(j);
    if (write == COR_WRITTEN && synced_at_all(j))
        cor_judge_settle(j, COR_ORIGIN_ONPREM, COR_GRADE_DERIVED);
    else if (synced_at_all(j))
        cor_judge_settle(j, COR_ORIGIN_SYNC, COR_GRADE_DERIVED);
    else
        cor_judge_settle(j, COR_ORIGIN_UNKNOWN, COR_GRADE_ABSENT);
    cor_judge_note(
        j, "authority",
        "the service or the sync engine keeps this property by itself; nobody writes it");
}

/* Nobody claims it in a log that was read, and AD does not feed it: what is left is the cloud. */
static gboolean cloud_alone(const struct cor_judging *j)
{
    return j->in->audit_readable && (!j->in->older || j->soa_older != COR_SOA_UNKNOWN) &&
           (!j->in->newer || j->soa_newer != COR_SOA_UNKNOWN);
}

static void judge_unclaimed(struct cor_judging *j)
{
    cor_judge_add_events(j);
    if (j->by_sync) {
        cor_judge_settle(j, COR_ORIGIN_SYNC, COR_GRADE_MASKED);
        j->change->when_us = j->by_sync->time_us;
    } else if (cloud_alone(j)) {
        cor_judge_settle(j, COR_ORIGIN_CLOUD, COR_GRADE_ABSENT);
        cor_judge_note(j, "authority", "the cloud masters this, so it was written there");
    } else {
        cor_judge_settle(j, COR_ORIGIN_UNKNOWN, COR_GRADE_ABSENT);
    }
}

/* --- objects that came or went ---------------------------------------------------------- */

/* The AD event behind a synchronized object that came or went. */
static void add_peer_trace(struct cor_judging *j)
{
    const struct cor_record *older = j->in->peer_older, *newer = j->in->peer_newer;
    const char *why = NULL;
    if (cor_judge_write(j, older, newer, came(j) && !older ? "whenCreated" : "isDeleted", 0) ==
        COR_WRITTEN)
        return;
    if (is_live(newer) && !came(j) && !cor_flow_in_scope(newer, j->in->flow, &why)) {
        g_autofree char *text =
            g_strdup_printf("the AD object left the scope of sync: %s", why ? why : "by a filter");
        cor_judge_note(j, "authority", text);
        return;
    }
    cor_judge_note(j, "authority",
                   came(j) ? "its AD half is in scope, and the sync engine creates what is"
                           : "its AD half is gone, and the sync engine deletes what has none");
}

static gboolean ad_explains_absence(const struct cor_judging *j)
{
    const char *why = NULL;
    const struct cor_record *ad = j->in->peer_newer;
    return !is_live(ad) || !cor_flow_in_scope(ad, j->in->flow, &why);
}

static void judge_synced_object(struct cor_judging *j)
{
    if (came(j) || ad_explains_absence(j)) {
        cor_judge_settle(j, COR_ORIGIN_ONPREM, COR_GRADE_DERIVED);
        add_peer_trace(j);
        cor_judge_add_events(j);
    } else {
        cor_judge_settle(j, j->by_sync ? COR_ORIGIN_SYNC : COR_ORIGIN_UNKNOWN,
                         j->by_sync ? COR_GRADE_MASKED : COR_GRADE_ABSENT);
        cor_judge_add_events(j);
        cor_judge_note(j, "authority",
                       "the AD half is alive and in scope by the rules known here; a filter by "
                       "organizational unit or group would explain it");
    }
    if (j->by_sync && !j->change->when_us)
        j->change->when_us = j->by_sync->time_us;
}

/* What stood in the deleted items is gone: their time was over, or somebody was faster. */
static void judge_purged(struct cor_judging *j)
{
    gint64 deleted_us = cor_time_parse(cor_record_text(j->in->older, "deletedDateTime"));
    cor_judge_add_events(j);
    if (deleted_us && j->change->seen_to_us >= deleted_us + PURGE_US) {
        cor_judge_settle(j, COR_ORIGIN_CLOUD, COR_GRADE_DERIVED);
        j->change->when_us = deleted_us + PURGE_US;
        cor_judge_note(j, "authority", "the service purges deleted objects after 30 days");
    } else {
        cor_judge_settle(j, COR_ORIGIN_UNKNOWN, COR_GRADE_ABSENT);
    }
}

static void judge_object(struct cor_judging *j)
{
    gboolean synced = (came(j) ? j->soa_newer : j->soa_older) == COR_SOA_ONPREM;
    if (j->change->kind == COR_CHANGE_REMOVED && j->in->older && !is_live(j->in->older))
        judge_purged(j);
    else if (synced)
        judge_synced_object(j);
    else
        judge_unclaimed(j);
}

/* --- links ------------------------------------------------------------------------------ */

static void judge_synced_link(struct cor_judging *j)
{
    cor_judge_settle(j, COR_ORIGIN_ONPREM, COR_GRADE_DERIVED);
    cor_judge_note(j, "authority",
                   "these links of a synchronized object are mastered in AD: Graph refuses to "
                   "change them");
    cor_judge_source_writes(j, j->rule->sources, 0);
    cor_judge_add_rule(j);
    cor_judge_add_events(j);
    if (j->by_sync && !j->change->when_us)
        j->change->when_us = j->by_sync->time_us;
}

/* A link that went because its target went: the origin is that of the deletion. */
static void judge_lost_target(struct cor_judging *j)
{
    const struct cor_event_row *deletion = NULL;
    const GPtrArray *events = j->in->events;
    for (guint i = 0; events && i < events->len; i++)
        if (cor_event_deletes(events->pdata[i], j->change->link_target))
            deletion = events->pdata[i];
    gboolean synced =
        j->in->target_older && cor_soa_of(j->in->target_older, NULL) == COR_SOA_ONPREM;
    cor_judge_note(j, "authority", "the linked object was deleted, and the link with it");
    if (deletion) {
        gboolean sync = cor_event_is_sync(deletion, j);
        cor_judge_add_event(j, deletion);
        j->change->when_us = deletion->time_us;
        if (!sync)
            j->change->actor = cor_actor_text(cor_json_get(deletion->doc, "actor"));
        cor_judge_settle(j, sync ? COR_ORIGIN_ONPREM : COR_ORIGIN_CLOUD,
                         !sync && j->change->actor ? COR_GRADE_MEASURED : COR_GRADE_DERIVED);
        return;
    }
    cor_judge_settle(j, synced ? COR_ORIGIN_UNKNOWN : COR_ORIGIN_CLOUD, COR_GRADE_ABSENT);
    cor_judge_add_events(j);
}

static void judge_link(struct cor_judging *j)
{
    gboolean mastered = j->rule && !(j->rule->flags & COR_FLOW_WRITABLE) && synced_throughout(j);
    if (mastered) {
        judge_synced_link(j);
    } else if (g_str_equal(j->change->attribute, "member") &&
               cor_record_get(j->in->newer, "membershipRule")) {
        cor_judge_settle(j, COR_ORIGIN_CLOUD, COR_GRADE_DERIVED);
        cor_judge_note(j, "dynamic-membership",
                       "the group is dynamic: its rule decides who is a member");
        if (j->fitting->len)
            cor_judge_add_events(j);
    } else if (j->change->kind == COR_CHANGE_UNLINKED && !is_live(j->in->target_newer)) {
        judge_lost_target(j);
    } else {
        judge_unclaimed(j);
    }
}

/* --- the order of signals --------------------------------------------------------------- */

static gboolean is_fed(const struct cor_judging *j)
{
    gboolean carried = j->soa_newer == COR_SOA_ONPREM ||
                       (j->in->older && j->soa_older == COR_SOA_ONPREM && j->by_sync);
    return j->rule && *j->rule->sources && j->rule->kind != COR_FLOW_SYSTEM && carried;
}

/* The last word is somebody's other than the sync engine's. A record without any initiator is the
 * service itself, which cannot be told from sync on a property that AD masters. */
static gboolean other_decides(const struct cor_judging *j)
{
    if (!j->by_other || (j->by_sync && j->by_sync->time_us > j->by_other->time_us))
        return FALSE;
    g_autofree char *actor = cor_actor_text(cor_json_get(j->by_other->doc, "actor"));
    return actor || !is_refused(j, j->by_other);
}

void cor_judge_entra(struct cor_judging *j)
{
    if (other_decides(j))
        judge_by_other(j);
    else if (cor_change_is_link(j->change))
        judge_link(j);
    else if (!j->change->attribute)
        judge_object(j);
    else if (is_fed(j))
        judge_fed(j);
    else if (is_bookkeeping(j))
        judge_bookkeeping(j);
    else
        judge_unclaimed(j);
}
