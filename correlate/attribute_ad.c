/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Origin of a change in Active Directory. It was written in AD; replication metadata says when and
 * where, an imported security log by whom (attribute_who.c). Some attributes can also be written by
 * the sync engine itself: without the account that is only said, not concluded, since the same
 * attributes are a way in for intruders.
 */
#include "correlate/attribute_private.h"
#include "correlate/attribute_who.h"
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

static void judge_link(struct cor_judging *j)
{
    const struct cor_record *target = j->in->target_newer;
    if (cor_judge_write(j, j->in->older, j->in->newer, j->change->attribute, 0) == COR_WRITTEN)
        return;
    if (j->change->kind == COR_CHANGE_UNLINKED && (!target || target->life != COR_LIVE))
        cor_judge_note(j, "authority", "the linked object was deleted in AD, and the link with it");
    else
        cor_judge_note(j, "authority",
                       "links of an AD object are changed in AD alone; no metadata of single links "
                       "was read, so time and domain controller are not known");
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
