/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Origin of a change in Active Directory. It was written in AD; replication metadata says when and
 * where, an imported security log by whom (attribute_who.c). Some attributes can also be written by
 * the sync engine itself: without the account that is only said, not concluded, since the same
 * attributes are a way in for intruders.
 */
#include "correlate/attribute_private.h"
#include "correlate/attribute_who.h"
#include "correlate/diff.h"
#include "correlate/identity.h"
#include "correlate/time.h"

#include <string.h>

enum writeback { WRITEBACK_ALWAYS, WRITEBACK_HYBRID, WRITEBACK_PASSWORD };

/* Attributes that sync can write into AD (Microsoft: attributes synchronized, writeback). */
static const struct {
    const char *attribute;
    enum writeback when;
} written_back[] = {
    {"mS-DS-ConsistencyGuid", WRITEBACK_ALWAYS},
    {"msDS-ExternalDirectoryObjectId", WRITEBACK_ALWAYS},
    {"msDS-KeyCredentialLink", WRITEBACK_ALWAYS},
    {"msExchArchiveStatus", WRITEBACK_HYBRID},
    {"msExchBlockedSendersHash", WRITEBACK_HYBRID},
    {"msExchSafeRecipientsHash", WRITEBACK_HYBRID},
    {"msExchSafeSendersHash", WRITEBACK_HYBRID},
    {"msExchUCVoiceMailSettings", WRITEBACK_HYBRID},
    {"msExchUserHoldPolicies", WRITEBACK_HYBRID},
    {"proxyAddresses", WRITEBACK_HYBRID},
    {"publicDelegates", WRITEBACK_HYBRID},
    {"pwdLastSet", WRITEBACK_PASSWORD},
    {"lockoutTime", WRITEBACK_PASSWORD},
};

static gboolean can_be_written_back(const struct cor_judging *j)
{
    const struct cor_tenant *tenant = j->in->tenant;
    const char *attribute = j->change->attribute ? j->change->attribute : "";
    for (gsize i = 0; i < G_N_ELEMENTS(written_back); i++) {
        if (g_ascii_strcasecmp(written_back[i].attribute, attribute) != 0)
            continue;
        if (written_back[i].when == WRITEBACK_HYBRID)
            return tenant && tenant->exchange_hybrid == COR_YES;
        if (written_back[i].when == WRITEBACK_PASSWORD)
            return tenant && tenant->password_writeback == COR_YES;
        return TRUE;
    }
    return FALSE;
}

/* The engine fills an empty mS-DS-ConsistencyGuid with the objectGUID (Connect: design concepts,
 * sourceAnchor); the value itself is the evidence. */
static gboolean is_anchor_filled(const struct cor_judging *j)
{
    const struct cor_change *change = j->change;
    if (change->kind != COR_CHANGE_MODIFIED || change->old_value || !change->object.key ||
        g_ascii_strcasecmp(change->attribute, "mS-DS-ConsistencyGuid") != 0)
        return FALSE;
    g_autofree char *of_guid = cor_anchor_from_guid(change->object.key);
    const char *value = cor_json_string(change->new_value);
    return of_guid && value && g_str_equal(of_guid, value);
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

/* The originating write belongs between the two points. Earlier is late replication; later cannot
 * be, unless a clock is wrong or metadata was tampered with. */
static void check_window(struct cor_judging *j)
{
    const struct cor_change *change = j->change;
    if (change->seen_to_us && change->when_us > change->seen_to_us + COR_CLOCK_SKEW_US) {
        j->change->grade = COR_GRADE_CONTRADICTED;
        cor_judge_note(j, "contradiction",
                       "metadata dates the write after the backup point that saw it: a clock is "
                       "wrong, or the metadata is");
    } else if (change->seen_from_us && change->when_us &&
               change->when_us < change->seen_from_us - COR_CLOCK_SKEW_US) {
        cor_judge_note(j, "late-replication",
                       "the write is older than the earlier backup point: it reached the domain "
                       "controller that was read only after it");
    }
}

/* --- links ------------------------------------------------------------------------------ */

/* What metadata of single links says of this one; NULL: nothing. */
static const struct cor_json *link_trace(const struct cor_judging *j,
                                         const struct cor_record *record)
{
    const struct cor_json *kind =
        record ? cor_json_get(record->metadata, j->change->attribute) : NULL;
    const struct cor_json *values = cor_json_get(kind, "values");
    for (const struct cor_json *n = cor_json_first(values); n; n = cor_json_next(n))
        if (cor_judge_is_target(j, cor_json_key(n)))
            return n;
    return NULL;
}

static gboolean is_metadata_only(const struct cor_change *change)
{
    for (guint i = 0; i < change->evidence->len; i++) {
        const struct cor_evidence *evidence = change->evidence->pdata[i];
        if (strcmp(evidence->kind, COR_EVIDENCE_METADATA_ONLY) == 0)
            return TRUE;
    }
    return FALSE;
}

static void add_link_trace(struct cor_judging *j, const struct cor_json *trace)
{
    const char *dsa = cor_json_get_string(trace, "dsa"), *time = cor_json_get_string(trace, "time");
    const char *dc = dsa && j->in->dc_name ? j->in->dc_name(j->in->dc_name_data, dsa) : NULL;
    const char *deleted = cor_json_get_string(trace, "deleted");
    struct cor_json *fields = cor_json_copy(trace);
    gint64 version = 0;
    cor_json_int(cor_json_get(trace, "version"), &version);
    cor_json_add_string(fields, "attribute", j->change->attribute);
    cor_json_add_string(fields, "dc", dc);
    g_ptr_array_add(
        j->change->evidence,
        cor_evidence_new("link-metadata", fields,
                         "AD: this %s was last %s at %s on %s, version %" G_GINT64_FORMAT
                         "; metadata does not tell by whom",
                         j->change->attribute, deleted ? "removed" : "added",
                         time ? time : "an unknown time",
                         dc ? dc : "a domain controller not known any more", version));
}

/* Each addition and removal counts one; the change itself is one, a pair that only metadata shows
 * two. */
static void add_link_gap(struct cor_judging *j, const struct cor_json *before,
                         const struct cor_json *after)
{
    gint64 older = 0, newer = 0;
    gint64 created_us = cor_time_parse(cor_json_get_string(after, "created"));
    if (!before && created_us <= j->change->seen_from_us)
        return; /* nobody knows how many of them are older */
    cor_json_int(cor_json_get(before, "version"), &older);
    cor_json_int(cor_json_get(after, "version"), &newer);
    gint64 unseen = newer - older - (is_metadata_only(j->change) ? 2 : 1);
    if (unseen <= 0)
        return;
    struct cor_json *fields = cor_json_new_object();
    cor_json_add_string(fields, "attribute", j->change->attribute);
    cor_json_add_int(fields, "unseenWrites", unseen);
    g_ptr_array_add(j->change->evidence,
                    cor_evidence_new("version-gap", fields,
                                     "the version of this link jumped: it was added or removed "
                                     "%" G_GINT64_FORMAT " more times in between",
                                     unseen));
}

/* FALSE when metadata of single links says nothing of this change. */
static gboolean judge_link_trace(struct cor_judging *j)
{
    struct cor_change *change = j->change;
    const struct cor_json *before = link_trace(j, j->in->older);
    const struct cor_json *after = link_trace(j, j->in->newer);
    gboolean only = is_metadata_only(change), gone = cor_json_get(after, "deleted") != NULL;
    if (!after || (!only && gone != (change->kind == COR_CHANGE_UNLINKED)))
        return FALSE;
    add_link_trace(j, after);
    if (!only)
        change->when_us = cor_time_parse(cor_json_get_string(after, "time"));
    add_link_gap(j, before, after);
    check_window(j);
    return TRUE;
}

static void judge_link(struct cor_judging *j)
{
    const struct cor_record *target = j->in->target_newer;
    if (judge_link_trace(j) ||
        cor_judge_write(j, j->in->older, j->in->newer, j->change->attribute, 0) == COR_WRITTEN)
        return;
    if (j->change->kind == COR_CHANGE_UNLINKED && (!target || target->life != COR_LIVE))
        cor_judge_note(j, "authority", "the linked object was deleted in AD, and the link with it");
    else
        cor_judge_note(j, "authority",
                       "links of an AD object are changed in AD alone; no metadata of this "
                       "link was read, so time and domain controller are not known");
}

static void explain_missing_trace(struct cor_judging *j, enum cor_write write)
{
    const struct cor_record *older = j->in->older;
    if (j->change->kind == COR_CHANGE_REMOVED && older && older->life != COR_LIVE) {
        cor_judge_note(j, "authority",
                       "deleted objects are removed for good when their lifetime ends");
    } else if (write == COR_WRITE_UNCHANGED) {
        j->change->grade = COR_GRADE_CONTRADICTED;
        cor_judge_note(j, "contradiction",
                       "the value differs, but replication metadata shows no write between the "
                       "points");
    } else {
        cor_judge_note(j, "authority",
                       "only a change in AD explains it; no metadata of it can be read");
    }
}

static void judge_object(struct cor_judging *j)
{
    enum cor_write write = cor_judge_write(j, j->in->older, j->in->newer, trace_of(j->change), 0);
    if (write == COR_WRITTEN)
        check_window(j);
    else
        explain_missing_trace(j, write);
    if (is_anchor_filled(j)) {
        j->change->origin = COR_ORIGIN_SYNC;
        cor_judge_note(j, "writeback",
                       "the value is the objectGUID: the sync engine keeps the source anchor here");
    } else if (can_be_written_back(j)) {
        cor_judge_note(j, "writeback-possible",
                       "the sync engine can write this attribute into AD as well; which account "
                       "did is in the security log of the domain controller only");
    }
}

void cor_judge_ad(struct cor_judging *j)
{
    cor_judge_settle(j, COR_ORIGIN_ONPREM, COR_GRADE_DERIVED);
    if (cor_change_is_link(j->change))
        judge_link(j);
    else
        judge_object(j);
    cor_judge_who(j);
}
