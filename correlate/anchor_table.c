/* SPDX-License-Identifier: Apache-2.0 */
/* The findings of anchor health as data. docs/anchors.md is this table, and a test compares them.
 */
#include "correlate/anchor.h"

#include <string.h>

#define DESIGN    "Microsoft: connect/plan-connect-design-concepts"
#define MATCH     "Microsoft: connect/how-to-connect-install-existing-tenant"
#define HARDENING MATCH " (2026); message centre MC1263280"
#define CLEAR     "Microsoft: connect/tshoot-clear-on-premises-attributes"
#define ERRORS    "Microsoft: connect/tshoot-connect-sync-errors"
#define GUARD     "Microsoft: connect/how-to-connect-sync-feature-prevent-accidental-deletes"
#define RECYCLE   "Microsoft: connect/how-to-connect-sync-recycle-bin"
#define SOA       "Microsoft: hybrid/concept-source-of-authority-overview"
#define FEATURES  "Microsoft: connect/how-to-connect-syncservice-features"
#define CYCLE     "Microsoft: connect/concept-azure-ad-connect-sync-default-configuration"
#define NO_PAGE   "no public page; follows from the mechanism"

#define NOTHING   COR_OUTCOME_NOTHING
#define ERRED     COR_OUTCOME_ERROR
#define CONFLICT  COR_OUTCOME_CONFLICT
#define TAKEN     COR_OUTCOME_TAKEN_OVER
#define UNDELETED COR_OUTCOME_UNDELETED
#define CREATED   COR_OUTCOME_NEW
#define DELETED   COR_OUTCOME_DELETED
#define HELD      COR_OUTCOME_HELD

/* steps that several findings share */
#define PAUSE                                                                                      \
    {                                                                                              \
        "sync", "Stop the scheduler, so that no cycle runs before this is repaired",               \
            "Set-ADSyncScheduler -SyncCycleEnabled $false"                                         \
    }
#define RESUME                                                                                     \
    {                                                                                              \
        "sync", "Run a cycle with the scheduler on again and look for errors",                     \
            "Set-ADSyncScheduler -SyncCycleEnabled $true; Start-ADSyncSyncCycle -PolicyType Delta" \
    }
#define SET_ANCHOR                                                                                 \
    {                                                                                              \
        "ad", "Give the AD account the immutable ID as mS-DS-ConsistencyGuid",                     \
            "dn: {dn}\nchangetype: modify\nreplace: mS-DS-ConsistencyGuid\n"                       \
            "mS-DS-ConsistencyGuid:: {anchor}\n-"                                                  \
    }
#define FORGET_AD                                                                                  \
    {                                                                                              \
        "entra", "Clear the old object's identifier, if it is one (beta; null only)",              \
            "PATCH /beta/users/{id} {\"onPremisesObjectIdentifier\": null}"                        \
    }
#define LOOK                                                                                       \
    {                                                                                              \
        "sync", "Decide whether this is wanted before the next cycle runs", NULL                   \
    }
#define RENAME_AD                                                                                  \
    {                                                                                              \
        "ad", "If not, give the AD object another address or name first", NULL                     \
    }

static const struct cor_anchor_row rows[] = {
    {"mass-anchor-change",
     COR_ANCHOR_ALARM,
     ERRED,
     ERRED,
     "10 or more synchronized users, or 5 % of them, would come with another anchor or a new one",
     "none of them is synchronized any more: changed anchors stop the export of the object, new "
     "accounts end in conflicts and second objects",
     {PAUSE,
      {"ad", "Find what rewrote the anchors: a restored domain controller, a migration, a script",
       NULL},
      {"ad",
       "Write the immutable IDs back to mS-DS-ConsistencyGuid (each object's finding has the "
       "command)",
       NULL},
      RESUME},
     COR_INFERRED,
     DESIGN "; the limits 10 and 5 % are this program's own"},
    {"mass-deletion",
     COR_ANCHOR_ALARM,
     HELD,
     HELD,
     "more deletions wait for the next cycle than the deletion guard allows",
     "Connect exports nothing at all (stopped-deletion-threshold-exceeded, event 116); Cloud Sync "
     "holds back the deletions; whether other changes also wait is unconfirmed",
     {PAUSE,
      {"ad", "Restore what was deleted by mistake, or take back the change of scope", NULL},
      {"sync", "Only if every deletion is wanted: confirm them once", NULL},
      RESUME},
     COR_DOCUMENTED,
     GUARD},
    {"mass-deletion-unguarded",
     COR_ANCHOR_ALARM,
     DELETED,
     DELETED,
     "10 or more deletions, or 5 % of the synchronized objects, and the guard will not stop them "
     "or its limit is unknown",
     "the next cycle deletes them in the cloud; groups are gone for good",
     {PAUSE,
      {"ad", "Restore what was deleted by mistake, or take back the change of scope", NULL},
      RESUME},
     COR_DOCUMENTED,
     GUARD "; the limits 10 and 5 % are this program's own"},

    {"anchor-changed",
     COR_ANCHOR_ERROR,
     ERRED,
     ERRED,
     "the AD account's anchor is not the immutable ID of its synchronized cloud half",
     "rule error 'SourceAnchor attribute has changed': nothing of the object is exported until the "
     "old value is back",
     {SET_ANCHOR, RESUME},
     COR_DOCUMENTED,
     DESIGN},
    {"guid-copied",
     COR_ANCHOR_ERROR,
     ERRED,
     ERRED,
     "several AD accounts have the same mS-DS-ConsistencyGuid and it is their anchor",
     "one keeps the cloud object (which one is unconfirmed), the others are not synchronized; if "
     "the keeper leaves, another account takes over the cloud object",
     {{"ad", "Clear mS-DS-ConsistencyGuid on every account but the rightful one", NULL}, RESUME},
     COR_INFERRED,
     DESIGN},
    {"guid-of-other",
     COR_ANCHOR_ERROR,
     ERRED,
     ERRED,
     "the mS-DS-ConsistencyGuid of an account is the anchor another one has by its objectGUID",
     "as guid-copied: both claim one cloud object",
     {{"ad", "Clear mS-DS-ConsistencyGuid of this account, unless it replaces the other one", NULL},
      RESUME},
     COR_INFERRED,
     DESIGN},
    {"cloud-duplicate",
     COR_ANCHOR_ERROR,
     ERRED,
     ERRED,
     "several live cloud users have the same immutable ID",
     "the service should not allow it; which one a cycle writes is unknown",
     {{"entra", "Clear the immutable ID of the cloud-only one, or delete it", NULL}},
     COR_INFERRED,
     DESIGN},
    {"anchor-swapped",
     COR_ANCHOR_ERROR,
     CONFLICT,
     CONFLICT,
     "the immutable ID is the account's GUID encoded in the order it is written instead of stored",
     "it matches nothing: the account is taken for new, and the cloud object for foreign",
     {{"entra", "If the cloud object is cloud-only: set the right immutable ID", NULL},
      {"ad", "If it is synchronized: take the immutable ID as it is into mS-DS-ConsistencyGuid",
       "dn: {dn}\nchangetype: modify\nreplace: mS-DS-ConsistencyGuid\n"
       "mS-DS-ConsistencyGuid:: {anchor}\n-"},
      RESUME},
     COR_INFERRED,
     DESIGN},
    {"anchor-case",
     COR_ANCHOR_ERROR,
     CONFLICT,
     CONFLICT,
     "the immutable ID and the account's anchor differ in case only",
     "anchors are compared by case: it matches nothing, the account is taken for new",
     {{"entra", "Set the immutable ID exactly as the AD side has it (cloud-only objects)", NULL},
      RESUME},
     COR_DOCUMENTED,
     DESIGN},
    {"anchor-illegal",
     COR_ANCHOR_ERROR,
     ERRED,
     ERRED,
     "the immutable ID counts 60 characters or more, or has a character a text anchor may not have",
     "no AD value can be exported that equals it",
     {{"sync", "Choose another anchor attribute or value for these objects", NULL}},
     COR_DOCUMENTED,
     DESIGN},
    {"hard-match-identifier",
     COR_ANCHOR_ERROR,
     ERRED,
     ERRED,
     "the anchor fits, but the cloud object is mapped to another AD object (a re-created account "
     "with a copied mS-DS-ConsistencyGuid), and the tenant has not lifted the rule",
     "InvalidHardMatch (103), or AttributeUpdateNotAllowed (96), since July 2026 (rolled out until "
     "September)",
     {FORGET_AD, {"sync", "Run a cycle: it stamps the new objectGUID", NULL}},
     COR_REPORTED,
     HARDENING},
    {"hard-match-privileged",
     COR_ANCHOR_ERROR,
     ERRED,
     ERRED,
     "the anchor fits a live or soft-deleted cloud user that sync does not own now and that holds "
     "a directory role",
     "InvalidHardMatch (103) since July 2026 (rolled out until September); a role one is only "
     "eligible for counts as well",
     {{"entra", "Take the role away for the time of one cycle, and give it back afterwards", NULL},
      RESUME},
     COR_REPORTED,
     HARDENING},
    {"hard-match-blocked",
     COR_ANCHOR_ERROR,
     ERRED,
     ERRED,
     "the anchor fits a cloud user that sync does not own, and the tenant blocks taking over by "
     "hard match",
     "InvalidHardMatch (103): nothing changes",
     {LOOK,
      {"entra",
       "If wanted: lift blockCloudObjectTakeoverThroughHardMatchEnabled for one "
       "cycle",
       NULL}},
     COR_DOCUMENTED,
     FEATURES},
    {"soft-match-blocked",
     COR_ANCHOR_ERROR,
     ERRED,
     ERRED,
     "name or address fits a cloud object, or a device is new, and the tenant blocks soft match",
     "InvalidSoftMatch: the object is not synchronized",
     {{"entra", "Prepare a hard match: write the account's anchor as immutable ID", NULL}, RESUME},
     COR_DOCUMENTED,
     FEATURES},
    {"match-privileged",
     COR_ANCHOR_ERROR,
     CONFLICT,
     CONFLICT,
     "name or address fits a cloud user that holds a directory role",
     "ExistingAdminRoleConflict, and a second object with a quarantined name",
     {{"entra",
       "Take the role away, remove the quarantined object, and give it back after a "
       "cycle",
       NULL},
      RESUME},
     COR_DOCUMENTED,
     ERRORS},
    {"match-type",
     COR_ANCHOR_ERROR,
     ERRED,
     ERRED,
     "the primary address belongs to a cloud object of another type",
     "ObjectTypeMismatch: the object is not synchronized",
     {{"ad", "Give one of the two another address", NULL}, RESUME},
     COR_DOCUMENTED,
     ERRORS},
    {"match-converted",
     COR_ANCHOR_ERROR,
     CONFLICT,
     CONFLICT,
     "name or address fits an object whose source of authority is the cloud",
     "whether it is refused or quarantined is unconfirmed",
     {{"ad", "Give one of the two another name or address", NULL}, RESUME},
     COR_INFERRED,
     NO_PAGE},
    {"recreated",
     COR_ANCHOR_ERROR,
     CONFLICT,
     CONFLICT,
     "a new AD account has the name, address or SID of a synchronized user whose own AD account is "
     "gone",
     "AttributeValueMustBeUnique or InvalidSoftMatch, or a second object with a quarantined name; "
     "the old one is deleted",
     {PAUSE,
      {"ad", "Best: restore the old account instead (Recycle Bin keeps its objectGUID)", NULL},
      SET_ANCHOR,
      FORGET_AD},
     COR_DOCUMENTED,
     ERRORS},
    {"match-has-anchor",
     COR_ANCHOR_ERROR,
     CONFLICT,
     CONFLICT,
     "name or address belongs to a cloud object that has another anchor",
     "AttributeValueMustBeUnique or InvalidSoftMatch, or a quarantined value",
     {{"ad", "Give one of the two another name or address", NULL}, RESUME},
     COR_DOCUMENTED,
     ERRORS},
    {"upn-taken",
     COR_ANCHOR_ERROR,
     CONFLICT,
     CONFLICT,
     "the name belongs to a cloud-only user, and the tenant does not match by name",
     "a second object with a quarantined name",
     {{"entra", "Rename the cloud-only user, or prepare a hard match by its immutable ID", NULL},
      RESUME},
     COR_INFERRED,
     MATCH},

    {"hard-match",
     COR_ANCHOR_WARNING,
     TAKEN,
     TAKEN,
     "the anchor fits a cloud-only user: somebody set its immutable ID",
     "it becomes synchronized: every attribute with a value in AD overwrites the cloud's, the "
     "password too with password hash sync",
     {LOOK, {"entra", "If not: clear the immutable ID of the cloud-only user", NULL}},
     COR_DOCUMENTED,
     MATCH},
    {"soft-match-upn",
     COR_ANCHOR_WARNING,
     TAKEN,
     TAKEN,
     "the user name fits a cloud-only user without immutable ID",
     "it becomes synchronized, as by hard-match",
     {LOOK, RENAME_AD},
     COR_DOCUMENTED,
     MATCH},
    {"soft-match-smtp",
     COR_ANCHOR_WARNING,
     TAKEN,
     TAKEN,
     "the primary address fits a cloud-only object of the same type without immutable ID",
     "it becomes synchronized, as by hard-match",
     {LOOK, RENAME_AD},
     COR_DOCUMENTED,
     MATCH},
    {"unlinked-twin",
     COR_ANCHOR_WARNING,
     TAKEN,
     TAKEN,
     "formerly synchronized (onPremisesSyncEnabled false), and its AD account is in scope again",
     "the hard match takes it over again; cloud edits of AD-fed properties are overwritten",
     {LOOK},
     COR_DOCUMENTED,
     RECYCLE},
    {"rollback",
     COR_ANCHOR_WARNING,
     TAKEN,
     TAKEN,
     "isCloudManaged was set back to false, and the AD account is in scope",
     "the next cycle takes the object over again; what was edited in the cloud meanwhile is "
     "overwritten",
     {LOOK},
     COR_DOCUMENTED,
     SOA},
    {"twin-deleted",
     COR_ANCHOR_WARNING,
     UNDELETED,
     NOTHING,
     "the cloud half is soft-deleted while its AD account is live and in scope",
     "Connect undeletes it by its anchor (documented after a restore in AD, inferred after a "
     "deletion in the cloud); Cloud Sync does not before the AD account changes",
     {LOOK,
      {"ad", "If it shall stay deleted: delete the AD account or move it out of scope", NULL}},
     COR_DOCUMENTED,
     RECYCLE},
    {"twin-both",
     COR_ANCHOR_WARNING,
     NOTHING,
     NOTHING,
     "a live and a soft-deleted cloud user have the same immutable ID",
     "sync goes on with the live one; restoring the other gives two holders of one anchor",
     {{"entra", "Decide which one is the real one; delete the other for good", NULL}},
     COR_INFERRED,
     NO_PAGE},
    {"ad-deleted",
     COR_ANCHOR_WARNING,
     DELETED,
     DELETED,
     "the AD object is deleted, the cloud half is live and synchronized",
     "the next cycle deletes the cloud half (a user softly, for 30 days; a group for good)",
     {{"ad", "If this was a mistake: restore it from the Recycle Bin before the cycle",
       "Restore-ADObject -Identity {guid}"}},
     COR_DOCUMENTED,
     RECYCLE},
    {"ad-gone",
     COR_ANCHOR_WARNING,
     DELETED,
     DELETED,
     "the AD object that was the other half at the earlier point is not there any more",
     "the next cycle deletes the cloud half",
     {{"ad", "If this was a mistake: restore it before the cycle", NULL}},
     COR_DOCUMENTED,
     RECYCLE},
    {"out-of-scope",
     COR_ANCHOR_WARNING,
     DELETED,
     DELETED,
     "the AD object left the scope of sync, the cloud half is live and synchronized",
     "the next cycle deletes the cloud half",
     {{"ad", "If this was a mistake: take back what removed it from scope", NULL}},
     COR_DOCUMENTED,
     CYCLE},
    {"orphan",
     COR_ANCHOR_WARNING,
     NOTHING,
     NOTHING,
     "marked as synchronized, but no AD object is its other half",
     "nothing updates it, and it cannot be edited in the cloud; if the sync engine still knows its "
     "AD object, the next cycle deletes it",
     {{"ad", "Look for the AD object: deleted, moved to an unread domain, or its anchor rewritten",
       NULL}},
     COR_INFERRED,
     RECYCLE},
    {"sid-mismatch",
     COR_ANCHOR_WARNING,
     NOTHING,
     NOTHING,
     "a group or device fits by name only: its SID in the cloud is another one",
     "the sync engine knows the group by objectGUID, which the cloud does not show: either the SID "
     "changed by a migration, or the AD object is a new one and the cloud's is deleted",
     {{"sync", "Look up the object in the engine's connector space by its objectGUID", NULL}},
     COR_INFERRED,
     NO_PAGE},
    {"guid-odd-size",
     COR_ANCHOR_WARNING,
     NOTHING,
     NOTHING,
     "mS-DS-ConsistencyGuid has not 16 octets",
     "it works as an opaque anchor with Connect, but is no GUID for Cloud Sync",
     {{"ad", "Do not change it while the object is synchronized by it", NULL}},
     COR_INFERRED,
     DESIGN},

    {"guid-unused",
     COR_ANCHOR_NOTE,
     NOTHING,
     NOTHING,
     "mS-DS-ConsistencyGuid differs from the immutable ID, but the tenant anchors by objectGUID",
     "none now; switching the anchor attribute would break the object",
     {{"ad", "Before a switch: make it equal to the immutable ID", NULL}},
     COR_INFERRED,
     DESIGN},
    {"anchor-custom",
     COR_ANCHOR_NOTE,
     NOTHING,
     NOTHING,
     "the immutable ID is no GUID: a custom anchor",
     "compared as opaque text, by case",
     {{NULL, NULL, NULL}},
     COR_DOCUMENTED,
     DESIGN},
    {"anchor-unclaimed",
     COR_ANCHOR_NOTE,
     NOTHING,
     NOTHING,
     "a cloud-only user has an immutable ID that no AD object has",
     "whoever gives an AD account this anchor takes the user over",
     {{"entra", "If no hard match is being prepared: clear it", NULL}},
     COR_INFERRED,
     MATCH},
    {"unlinked",
     COR_ANCHOR_NOTE,
     NOTHING,
     NOTHING,
     "formerly synchronized (onPremisesSyncEnabled false), no live AD object in scope",
     "left alone by sync; whether it can be edited freely is unconfirmed",
     {{NULL, NULL, NULL}},
     COR_REPORTED,
     RECYCLE},
    {"converted",
     COR_ANCHOR_NOTE,
     NOTHING,
     NOTHING,
     "the source of authority was moved to the cloud, and the AD object is still there",
     "changes in AD are ignored",
     {{NULL, NULL, NULL}},
     COR_DOCUMENTED,
     SOA},
    {"authority-unknown",
     COR_ANCHOR_NOTE,
     NOTHING,
     NOTHING,
     "not synchronized now, with on-premises identifiers left, and isCloudManaged was not readable",
     "converted (nothing happens) or on its way back (the next cycle takes it over)",
     {{"entra", "Grant the reading of onPremisesSyncBehavior, and capture again", NULL}},
     COR_INFERRED,
     SOA},
    {"new-object",
     COR_ANCHOR_NOTE,
     CREATED,
     CREATED,
     "an AD object in scope has no cloud half, and nothing in the cloud fits it",
     "a new cloud object is made",
     {{NULL, NULL, NULL}},
     COR_DOCUMENTED,
     MATCH},
};

const struct cor_anchor_row *cor_anchor_rows(gsize *ret_n)
{
    *ret_n = G_N_ELEMENTS(rows);
    return rows;
}

const struct cor_anchor_row *cor_anchor_row(const char *id)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(rows[i].id, id) == 0)
            return &rows[i];
    return NULL;
}

const char *cor_anchor_severity_name(enum cor_anchor_severity severity)
{
    static const char *const names[] = {"note", "warning", "error", "alarm"};
    return names[severity];
}

const char *cor_anchor_outcome_name(enum cor_anchor_outcome outcome)
{
    static const char *const names[] = {
        [COR_OUTCOME_NOTHING] = "nothing",     [COR_OUTCOME_ERROR] = "error",
        [COR_OUTCOME_CONFLICT] = "conflict",   [COR_OUTCOME_TAKEN_OVER] = "taken-over",
        [COR_OUTCOME_UNDELETED] = "undeleted", [COR_OUTCOME_NEW] = "new-object",
        [COR_OUTCOME_DELETED] = "deleted",     [COR_OUTCOME_HELD] = "held",
    };
    return names[outcome];
}

const char *cor_anchor_attribute_name(enum cor_anchor_attribute attribute)
{
    static const char *const names[] = {
        [COR_ANCHORED_UNKNOWN] = "unknown",
        [COR_ANCHORED_GUID] = "objectGUID",
        [COR_ANCHORED_CONSISTENCY] = "mS-DS-ConsistencyGuid",
    };
    return names[attribute];
}

/* --- repairs ---------------------------------------------------------------------------------- */

static void step_free(struct cor_step *step)
{
    g_free(step->where);
    g_free(step->text);
    g_free(step->command);
    g_free(step);
}

/* FALSE when the command names a value that is not there. */
static gboolean fill(GString *command, const char *name, const char *value)
{
    if (!strstr(command->str, name))
        return TRUE;
    if (value)
        g_string_replace(command, name, value, 0);
    return value != NULL;
}

static char *command_of(const char *pattern, const struct cor_record *ad,
                        const struct cor_record *entra)
{
    g_autoptr(GString) command = g_string_new(pattern);
    const char *dn = ad ? cor_record_text(ad, "distinguishedName") : NULL;
    const char *anchor = entra ? cor_record_text(entra, "onPremisesImmutableId") : NULL;
    /* an anchor that is no base64 cannot be written as octets, a name with a line break not as is
     */
    if (anchor && cor_anchor_form(anchor) != COR_ANCHOR_GUID)
        anchor = NULL;
    if (dn && strpbrk(dn, "\r\n"))
        dn = NULL;
    if (!fill(command, "{dn}", dn) || !fill(command, "{guid}", ad ? ad->key : NULL) ||
        !fill(command, "{id}", entra ? entra->key : NULL) || !fill(command, "{anchor}", anchor))
        return NULL;
    return g_string_free(g_steal_pointer(&command), FALSE);
}

GPtrArray *cor_anchor_steps(const struct cor_anchor_row *row, const struct cor_record *ad,
                            const struct cor_record *entra)
{
    GPtrArray *steps = g_ptr_array_new_with_free_func((GDestroyNotify)step_free);
    for (gsize i = 0; i < COR_ANCHOR_STEPS_MAX && row->steps[i].text; i++) {
        struct cor_step *step = g_new0(struct cor_step, 1);
        step->where = g_strdup(row->steps[i].where);
        step->text = g_strdup(row->steps[i].text);
        if (row->steps[i].command)
            step->command = command_of(row->steps[i].command, ad, entra);
        g_ptr_array_add(steps, step);
    }
    return steps;
}
