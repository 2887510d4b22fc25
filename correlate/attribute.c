/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a change came from. The strongest signal decides: who masters the property, the last audit
 * record that fits, what replication metadata says about the AD attributes that feed it, and what
 * AD implies by the rules. The sync engine is only the carrier: behind its records the AD write is
 * looked up. Every answer carries a grade and at least one piece of evidence.
 */
#include "correlate/attribute.h"

#include "correlate/attribute_events.h"
#include "correlate/semantic.h"
#include "correlate/time.h"

#include <string.h>

struct judging {
    struct cor_change *change;
    const struct cor_attribution *in;
    enum cor_soa soa_older, soa_newer;
    const struct cor_event_row *by_other; /* last fitting record of somebody else than sync */
    const struct cor_event_row *by_sync;
    const struct cor_flow_rule *rule;
};

/* --- evidence ------------------------------------------------------------------------------------
 */

static void add_evidence(struct cor_change *change, struct cor_evidence *evidence)
{
    if (!change->evidence)
        change->evidence = g_ptr_array_new_with_free_func((GDestroyNotify)cor_evidence_free);
    g_ptr_array_add(change->evidence, evidence);
}

static void settle(struct cor_change *change, enum cor_origin origin, enum cor_grade grade)
{
    change->origin = origin;
    change->grade = grade;
}

static void add_event(struct judging *j, const char *kind, const struct cor_event_row *event)
{
    const struct cor_json *actor = cor_json_get(event->doc, "actor");
    g_autofree char *when = cor_time_text(event->time_us - event->time_us % COR_SECOND_US);
    g_autofree char *who = cor_actor_text(actor);
    gboolean sync = strcmp(kind, "sync-actor") == 0;
    struct cor_json *fields = cor_json_new_object();
    cor_json_add_string(fields, "id", event->id);
    cor_json_add_string(fields, "time", when);
    cor_json_add_string(fields, "activity", cor_json_get_string(event->doc, "activity"));
    cor_json_add(fields, "initiator", actor ? cor_json_copy(actor) : cor_json_new_null());
    add_evidence(j->change,
                 cor_evidence_new(kind, fields, "the directory audit log has \"%s\" at %s by %s%s",
                                  cor_json_get_string(event->doc, "activity"), when,
                                  sync ? "the sync engine" : (who ? who : "nobody it names"),
                                  sync ? ", which carries what AD says" : ""));
}

static void add_note(struct judging *j, const char *kind, const char *text)
{
    add_evidence(j->change, cor_evidence_new(kind, NULL, "%s", text));
}

static void add_unlogged(struct judging *j)
{
    if (j->in->audit_readable)
        add_note(j, "unlogged", "no directory audit record mentions this change");
    else
        add_note(j, "audit-unreadable", "the directory audit log could not be read");
}

static void add_rule(struct judging *j)
{
    if (!j->rule)
        return;
    struct cor_json *fields = cor_json_new_object();
    cor_json_add_string(fields, "rule", j->rule->rule);
    cor_json_add_string(fields, "sources", j->rule->sources);
    add_evidence(j->change,
                 cor_evidence_new("flow-rule", fields, "%s is fed from %s in AD (%s, %s)",
                                  j->rule->property,
                                  *j->rule->sources ? j->rule->sources : "a rule of the customer",
                                  j->rule->rule, j->in->flow->rules_name));
}

/* --- replication metadata
 * -------------------------------------------------------------------------- */

struct stamp {
    gint64 version, time_us;
    const char *dsa;
};

static gboolean stamp_of(const struct cor_record *record, const char *attribute, struct stamp *ret)
{
    const struct cor_json *entry = record ? cor_json_get(record->metadata, attribute) : NULL;
    const char *time = cor_json_get_string(entry, "time");
    *ret = (struct stamp){0};
    if (!time || !cor_json_int(cor_json_get(entry, "version"), &ret->version))
        return FALSE;
    ret->time_us = cor_time_parse(time);
    ret->dsa = cor_json_get_string(entry, "dsa");
    return TRUE;
}

static void add_gap(struct judging *j, const char *attribute, gint64 unseen)
{
    struct cor_json *fields = cor_json_new_object();
    cor_json_add_string(fields, "attribute", attribute);
    cor_json_add_int(fields, "unseenWrites", unseen);
    add_evidence(j->change,
                 cor_evidence_new("version-gap", fields,
                                  "the version of %s jumped: %" G_GINT64_FORMAT
                                  " more write%s happened in between, whose values nobody saw",
                                  attribute, unseen, unseen == 1 ? "" : "s"));
}

/* The originating write of one AD attribute between the two points; FALSE when there was none. */
static gboolean add_write(struct judging *j, const struct cor_record *older,
                          const struct cor_record *newer, const char *attribute)
{
    struct stamp before, after;
    /* a move or rename leaves its trace on the RDN (MS-ADTS 3.1.1.5.4) */
    if (strcmp(attribute, "distinguishedName") == 0)
        attribute = "name";
    gboolean had = stamp_of(older, attribute, &before);
    if (!stamp_of(newer, attribute, &after) ||
        (had && after.version == before.version && after.time_us == before.time_us))
        return FALSE;
    const char *dc = after.dsa ? j->in->dc_name(j->in->dc_name_data, after.dsa) : NULL;
    g_autofree char *when = cor_time_text(after.time_us);
    struct cor_json *fields = cor_json_new_object();
    cor_json_add_string(fields, "attribute", attribute);
    cor_json_add_string(fields, "time", when);
    cor_json_add_int(fields, "version", after.version);
    cor_json_add_string(fields, "dsa", after.dsa);
    cor_json_add_string(fields, "dc", dc);
    add_evidence(j->change, cor_evidence_new(
                                "replication-metadata", fields,
                                "AD: %s was written at %s on %s, version %" G_GINT64_FORMAT
                                "; metadata does not tell by whom",
                                attribute, when, dc ? dc : "a domain controller not known any more",
                                after.version));
    j->change->when_us = MAX(j->change->when_us, after.time_us);
    if (had && after.version > before.version + 1)
        add_gap(j, attribute, after.version - before.version - 1);
    return TRUE;
}

/* Any of the AD attributes that feed the rule. */
static gboolean add_source_writes(struct judging *j, const char *sources)
{
    gboolean any = FALSE;
    g_auto(GStrv) names = g_strsplit(sources, " ", 0);
    for (guint i = 0; names[i]; i++)
        any |= *names[i] && add_write(j, j->in->peer_older, j->in->peer_newer, names[i]);
    return any;
}

/* --- changes in Active Directory
 * -------------------------------------------------------------------- */

/* Attributes that sync itself writes into AD (Microsoft: attributes synchronized, writeback). */
static gboolean is_written_back(const char *attribute)
{
    static const char *const names[] = {"mS-DS-ConsistencyGuid",
                                        "msDS-ExternalDirectoryObjectId",
                                        "msDS-KeyCredentialLink",
                                        "msExchArchiveStatus",
                                        "msExchBlockedSendersHash",
                                        "msExchSafeRecipientsHash",
                                        "msExchSafeSendersHash",
                                        "msExchUCVoiceMailSettings",
                                        "msExchUserHoldPolicies",
                                        "publicDelegates",
                                        NULL};
    for (gsize i = 0; names[i]; i++)
        if (attribute && g_ascii_strcasecmp(names[i], attribute) == 0)
            return TRUE;
    return FALSE;
}

/* The attribute whose metadata is the trace of a kind of change. */
static const char *trace_of(const struct cor_change *change)
{
    switch (change->kind) {
    case COR_CHANGE_ADDED:
        return "whenCreated";
    case COR_CHANGE_DELETED:
    case COR_CHANGE_REMOVED:
    case COR_CHANGE_RESTORED:
        return "isDeleted";
    case COR_CHANGE_MOVED:
        return "name";
    case COR_CHANGE_MODIFIED:
    case COR_CHANGE_LINKED:
    case COR_CHANGE_UNLINKED:
        break;
    }
    return change->attribute;
}

static void judge_ad_link(struct judging *j)
{
    const struct cor_record *target = j->in->target_newer;
    settle(j->change, COR_ORIGIN_ONPREM, COR_GRADE_DERIVED);
    if (j->change->kind == COR_CHANGE_UNLINKED && (!target || target->life != COR_LIVE))
        add_note(j, "authority", "the linked object was deleted in AD, which removes the link");
    else
        add_note(j, "authority",
                 "links of an AD object are changed in AD alone; this server gives no metadata of "
                 "single links, so time and domain controller are not known");
}

static void judge_ad(struct judging *j)
{
    struct cor_change *change = j->change;
    if (change->kind == COR_CHANGE_LINKED || change->kind == COR_CHANGE_UNLINKED) {
        judge_ad_link(j);
        return;
    }
    gboolean written = add_write(j, j->in->older, j->in->newer, trace_of(change));
    if (is_written_back(change->attribute)) {
        settle(change, COR_ORIGIN_SYNC, written ? COR_GRADE_DERIVED : COR_GRADE_ABSENT);
        add_note(j, "authority", "the sync engine writes this attribute back into AD itself");
        return;
    }
    settle(change, COR_ORIGIN_ONPREM, COR_GRADE_DERIVED);
    if (written)
        return;
    struct stamp same;
    if (change->kind == COR_CHANGE_MODIFIED && stamp_of(j->in->newer, trace_of(change), &same)) {
        change->grade = COR_GRADE_CONTRADICTED;
        add_note(j, "contradiction",
                 "the value differs, but replication metadata shows no write between the points");
    } else {
        add_note(j, "authority", "only a change in AD explains it; no metadata of it can be read");
    }
}

/* --- changes in Entra
 * -------------------------------------------------------------------------------- */

static void find_events(struct judging *j)
{
    const GPtrArray *events = j->in->events;
    for (guint i = 0; events && i < events->len; i++) {
        const struct cor_event_row *event = events->pdata[i];
        if (!cor_event_fits(event, j->change))
            continue;
        if (cor_actor_is_sync(j->in->identities, cor_json_get(event->doc, "actor")))
            j->by_sync = event;
        else
            j->by_other = event;
    }
}

static gboolean is_later(const struct cor_event_row *a, const struct cor_event_row *b)
{
    return a && (!b || a->time_us >= b->time_us);
}

static gboolean synced_throughout(const struct judging *j)
{
    gboolean before = !j->in->older || j->soa_older == COR_SOA_ONPREM;
    gboolean after =
        !j->in->newer || j->in->newer->life != COR_LIVE || j->soa_newer == COR_SOA_ONPREM;
    return before && after && (j->in->older || j->in->newer);
}

/* Graph refuses such writes, so a person cannot have made this one. */
static gboolean is_mastered(const struct judging *j)
{
    const struct cor_change *change = j->change;
    gboolean link = change->kind == COR_CHANGE_LINKED || change->kind == COR_CHANGE_UNLINKED;
    if (!synced_throughout(j))
        return FALSE;
    if (link)
        return j->rule != NULL || strcmp(change->object.type, COR_TYPE_GROUP) == 0;
    return change->attribute && j->rule && !(j->rule->flags & COR_FLOW_WRITABLE);
}

static void judge_by_person(struct judging *j)
{
    const struct cor_event_row *event = j->by_other;
    add_event(j, "audit-event", event);
    j->change->actor = cor_actor_text(cor_json_get(event->doc, "actor"));
    j->change->when_us = event->time_us;
    if (is_mastered(j)) {
        settle(j->change, COR_ORIGIN_ONPREM, COR_GRADE_CONTRADICTED);
        add_rule(j);
        add_note(j, "contradiction",
                 "the log names somebody, but the property is mastered on-premises on this object "
                 "and Graph refuses such a write");
        return;
    }
    settle(j->change, COR_ORIGIN_CLOUD, j->change->actor ? COR_GRADE_MEASURED : COR_GRADE_MASKED);
    if (j->by_sync)
        add_event(j, "sync-actor", j->by_sync);
}

/* Does AD, as it is now, give the newer value and not the older one? */
static gboolean implied_now(const struct judging *j)
{
    struct cor_flow_value implied;
    const struct cor_record *ad = j->in->peer_newer;
    if (!j->rule || !ad || ad->life != COR_LIVE)
        return FALSE;
    cor_flow_evaluate(j->rule, ad, j->in->flow, &implied);
    gboolean decides = implied.result == COR_FLOW_VALUE || implied.result == COR_FLOW_REMOVE;
    gboolean now = decides && cor_flow_agrees(&implied, j->change->new_value) &&
                   !cor_flow_agrees(&implied, j->change->old_value);
    cor_flow_value_clear(&implied);
    return now;
}

static void add_sync_trace(struct judging *j)
{
    if (j->by_sync)
        add_event(j, "sync-actor", j->by_sync);
    else
        add_unlogged(j);
    if (j->by_sync && !j->change->when_us)
        j->change->when_us = j->by_sync->time_us;
}

/* A property that AD feeds, without a record of anybody but sync. */
static void judge_fed(struct judging *j)
{
    gboolean written = add_source_writes(j, j->rule->sources);
    add_rule(j);
    add_sync_trace(j);
    if (written) {
        settle(j->change, COR_ORIGIN_ONPREM, COR_GRADE_DERIVED);
    } else if (implied_now(j)) {
        settle(j->change, COR_ORIGIN_SYNC, COR_GRADE_DERIVED);
        add_note(
            j, "authority",
            "AD did not change: the sync engine put the value back that AD gives by the rules");
    } else if (j->rule->flags & COR_FLOW_WRITABLE && !j->by_sync) {
        settle(j->change, COR_ORIGIN_CLOUD, COR_GRADE_ABSENT);
        add_note(j, "authority",
                 "AD does not give this value and its sources did not change, so it was written in "
                 "the cloud; nothing says by whom");
    } else if (j->by_sync) {
        settle(j->change, COR_ORIGIN_SYNC, COR_GRADE_MASKED);
    } else {
        settle(j->change, COR_ORIGIN_ONPREM, COR_GRADE_ABSENT);
        add_note(j, "authority",
                 "Graph refuses this write on a synchronized object, so it came by sync");
    }
}

static gboolean is_bookkeeping(const struct judging *j)
{
    const char *attribute = j->change->attribute;
    return attribute &&
           cor_owner_of(COR_SOA_ONPREM, j->change->object.type, attribute) == COR_OWNER_SYSTEM;
}

static void judge_unclaimed(struct judging *j)
{
    gboolean synced = j->soa_newer == COR_SOA_ONPREM || j->soa_older == COR_SOA_ONPREM;
    if (is_bookkeeping(j)) {
        gboolean written = j->rule && add_source_writes(j, j->rule->sources);
        settle(j->change,
               written  ? COR_ORIGIN_ONPREM
               : synced ? COR_ORIGIN_SYNC
                        : COR_ORIGIN_UNKNOWN,
               COR_GRADE_DERIVED);
        add_note(j, "authority", "the service or the sync engine keeps this property by itself");
        return;
    }
    if (j->by_sync) {
        settle(j->change, COR_ORIGIN_SYNC, COR_GRADE_MASKED);
        add_event(j, "sync-actor", j->by_sync);
        return;
    }
    add_unlogged(j);
    if (!j->in->audit_readable) {
        settle(j->change, COR_ORIGIN_UNKNOWN, COR_GRADE_ABSENT);
        return;
    }
    settle(j->change, COR_ORIGIN_CLOUD, COR_GRADE_ABSENT);
    add_note(j, "authority", "the cloud owns this property, so it was written there");
}

/* --- objects and links of Entra
 * ------------------------------------------------------------------------ */

static gboolean ad_gone(const struct judging *j)
{
    const char *why = NULL;
    const struct cor_record *ad = j->in->peer_newer;
    return !ad || ad->life != COR_LIVE || !cor_flow_in_scope(ad, j->in->flow, &why);
}

/* The AD event behind a synchronized object that came or went. */
static void add_peer_trace(struct judging *j)
{
    const struct cor_record *older = j->in->peer_older, *newer = j->in->peer_newer;
    gboolean came = j->change->kind == COR_CHANGE_ADDED || j->change->kind == COR_CHANGE_RESTORED;
    const char *why = NULL;
    if (add_write(j, older, newer, came && !older ? "whenCreated" : "isDeleted"))
        return;
    if (newer && newer->life == COR_LIVE && !came && !cor_flow_in_scope(newer, j->in->flow, &why)) {
        add_evidence(j->change, cor_evidence_new("authority", NULL,
                                                 "the AD object left the scope of sync: %s", why));
        return;
    }
    add_note(j, "authority",
             came ? "its AD half is in scope, and the sync engine creates what is"
                  : "its AD half is gone, and the sync engine deletes what has none");
}

static void judge_synced_object(struct judging *j)
{
    gboolean came = j->change->kind == COR_CHANGE_ADDED || j->change->kind == COR_CHANGE_RESTORED;
    if (!came && !ad_gone(j)) {
        settle(j->change, COR_ORIGIN_UNKNOWN, COR_GRADE_ABSENT);
        add_sync_trace(j);
        add_note(j, "authority", "the AD half is alive and in scope, so sync would not delete it");
        return;
    }
    settle(j->change, COR_ORIGIN_ONPREM, COR_GRADE_DERIVED);
    add_peer_trace(j);
    add_sync_trace(j);
}

static void judge_synced_link(struct judging *j)
{
    settle(j->change, COR_ORIGIN_ONPREM, COR_GRADE_DERIVED);
    add_note(j, "authority",
             "links of a synchronized object are mastered in AD: Graph refuses to change them");
    add_rule(j);
    add_sync_trace(j);
}

static gboolean is_dynamic(const struct cor_record *group)
{
    return cor_record_get(group, "membershipRule") != NULL;
}

static void judge_cloud_link(struct judging *j)
{
    const struct cor_record *target = j->in->target_newer;
    if (is_dynamic(j->in->newer)) {
        settle(j->change, COR_ORIGIN_CLOUD, COR_GRADE_DERIVED);
        add_note(j, "authority", "the group is dynamic: its rule decides who is a member");
    } else if (j->change->kind == COR_CHANGE_UNLINKED && (!target || target->life != COR_LIVE)) {
        settle(j->change, COR_ORIGIN_CLOUD, COR_GRADE_DERIVED);
        add_note(j, "authority", "the linked object was deleted, which removes the link");
    } else {
        judge_unclaimed(j);
    }
}

static void judge_object(struct judging *j)
{
    gboolean synced = j->change->kind == COR_CHANGE_ADDED || j->change->kind == COR_CHANGE_RESTORED
                          ? j->soa_newer == COR_SOA_ONPREM
                          : j->soa_older == COR_SOA_ONPREM;
    if (synced)
        judge_synced_object(j);
    else
        judge_unclaimed(j);
}

static void judge_entra(struct judging *j)
{
    struct cor_change *change = j->change;
    gboolean link = change->kind == COR_CHANGE_LINKED || change->kind == COR_CHANGE_UNLINKED;
    find_events(j);
    if (is_later(j->by_other, j->by_sync)) {
        judge_by_person(j);
        return;
    }
    if (link && is_mastered(j))
        judge_synced_link(j);
    else if (link)
        judge_cloud_link(j);
    else if (!change->attribute)
        judge_object(j);
    else if (j->rule && *j->rule->sources && j->rule->kind != COR_FLOW_SYSTEM &&
             j->soa_newer == COR_SOA_ONPREM)
        judge_fed(j);
    else
        judge_unclaimed(j);
}

static void name_link(struct cor_change *change, struct judging *j)
{
    if (change->attribute)
        j->rule = cor_flow_rule_for(change->object.type, change->attribute);
}

void cor_attribute(struct cor_change *change, const struct cor_attribution *input)
{
    struct judging j = {.change = change, .in = input};
    if (change->object.directory == COR_AD) {
        judge_ad(&j);
        return;
    }
    j.soa_older = cor_soa_of(input->older, input->peer_older);
    j.soa_newer = cor_soa_of(input->newer, input->peer_newer);
    name_link(change, &j);
    judge_entra(&j);
}
