/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The published decision table as data. docs/forecast.md is this table in Markdown, and a test
 * holds the two against each other. Columns: while Connect runs, while sync stands still (what it
 * will be once it resumes), while Cloud Sync runs.
 */
#include "correlate/forecast.h"

#include <string.h>

#define REFUSED     COR_VERDICT_REFUSED
#define OVERWRITTEN COR_VERDICT_OVERWRITTEN
#define LATER       COR_VERDICT_OVERWRITTEN_LATER
#define DURABLE     COR_VERDICT_DURABLE
#define CONFLICT    COR_VERDICT_CONFLICT
#define RECREATED   COR_VERDICT_RECREATED
#define NO_OP       COR_VERDICT_NO_OP
#define GONE        COR_VERDICT_UNRECOVERABLE
#define UNKNOWN     COR_VERDICT_UNKNOWN

#define SYNCED_USER   "synchronized user"
#define SYNCED_GROUP  "synchronized group"
#define CONVERTED     "converted object (isCloudManaged)"
#define DELETED_USER  "soft-deleted user"
#define GRAPH_REPORTS "Microsoft Graph documentation issues 7301, 12584, 18038"
#define REVOKE        "Microsoft: users/users-revoke-access"
#define DEFAULTS      "Microsoft: connect/concept-azure-ad-connect-sync-default-configuration"
#define RECYCLE       "Microsoft: connect/how-to-connect-sync-recycle-bin"
#define SOA           "Microsoft: hybrid/concept-source-of-authority-overview"
#define MATCH         "Microsoft: connect/how-to-connect-install-existing-tenant"
#define DELETIONS     "Microsoft: architecture/recover-from-deletions"
#define NO_PAGE       "no public page; follows from the mechanism"

static const struct cor_forecast_row rows[] = {
    {"A1", SYNCED_USER, "property that flows directly from AD", REFUSED, REFUSED, REFUSED,
     COR_REPORTED, GRAPH_REPORTS},
    {"A2", SYNCED_USER, "property that flows from AD by an expression", REFUSED, REFUSED, REFUSED,
     COR_REPORTED, GRAPH_REPORTS},
    {"A3", SYNCED_USER, "property of the default flow that the customer's rules do not flow",
     REFUSED, REFUSED, REFUSED, COR_INFERRED, NO_PAGE},
    {"A4", SYNCED_USER, "employeeHireDate, employeeLeaveDateTime, employeeOrgData", REFUSED,
     REFUSED, REFUSED, COR_REPORTED, "Microsoft Graph documentation issue 18038"},
    {"A5", SYNCED_USER, "accountEnabled, AD gives another value", OVERWRITTEN, OVERWRITTEN, LATER,
     COR_REPORTED, REVOKE},
    {"A6", SYNCED_USER, "accountEnabled, AD gives the same value", DURABLE, DURABLE, DURABLE,
     COR_INFERRED, NO_PAGE},
    {"A7", SYNCED_USER, "usageLocation, AD has none or it does not flow", DURABLE, DURABLE, DURABLE,
     COR_REPORTED, "rules as shipped with Entra Connect (IgnoreThisFlow)"},
    {"A8", SYNCED_USER, "usageLocation, AD gives another value", OVERWRITTEN, OVERWRITTEN, LATER,
     COR_INFERRED, "rules as shipped with Entra Connect"},
    {"A9", SYNCED_USER, "password reset, hash sync on, no writeback", LATER, LATER, LATER,
     COR_DOCUMENTED, "Microsoft: connect/how-to-connect-password-hash-synchronization"},
    {"A10", SYNCED_USER, "password reset, writeback on", DURABLE, REFUSED, DURABLE, COR_INFERRED,
     "Microsoft: authentication/tutorial-enable-sspr-writeback"},
    {"A11", SYNCED_USER, "passwordPolicies, hash sync on, no cloud password policy", LATER, LATER,
     LATER, COR_DOCUMENTED, "Microsoft: connect/how-to-connect-password-hash-synchronization"},
    {"A12", SYNCED_USER,
     "cloud-only property: licences, roles, assignments, custom security attributes, profile",
     DURABLE, DURABLE, DURABLE, COR_DOCUMENTED, "Microsoft Graph: update user"},
    {"A13", SYNCED_USER, "sponsors, userType, otherMails, ageGroup, consent: no default flow",
     DURABLE, DURABLE, DURABLE, COR_INFERRED, NO_PAGE},
    {"A14", SYNCED_USER,
     "like A13, but a rule feeds it, or a directory extension that one may feed", OVERWRITTEN,
     OVERWRITTEN, LATER, COR_INFERRED, NO_PAGE},
    {"A15", SYNCED_USER, "preferredDataLocation, AD feeds it", OVERWRITTEN, OVERWRITTEN, UNKNOWN,
     COR_INFERRED, "Microsoft: connect/how-to-connect-sync-feature-preferreddatalocation"},
    {"A16", "any object", "read-only property or computed membership", REFUSED, REFUSED, REFUSED,
     COR_REPORTED, GRAPH_REPORTS},
    {"A17", SYNCED_USER, "onPremisesImmutableId, onPremisesObjectIdentifier", REFUSED, REFUSED,
     REFUSED, COR_DOCUMENTED, "Microsoft: connect/tshoot-clear-on-premises-attributes"},
    {"A18", SYNCED_USER, "Exchange attribute that is written back, mailbox in the cloud", DURABLE,
     DURABLE, DURABLE, COR_REPORTED,
     "Microsoft: connect/reference-connect-sync-attributes-synchronized"},
    {"A19", SYNCED_USER, "Exchange attribute, IsExchangeCloudManaged is true", DURABLE, DURABLE,
     DURABLE, COR_REPORTED, "Microsoft: cloud-sync/exchange-hybrid"},
    {"A20", SYNCED_USER, "Exchange attribute, IsExchangeCloudManaged is false", REFUSED, REFUSED,
     REFUSED, COR_REPORTED, "Microsoft: cloud-sync/exchange-hybrid"},
    {"A21", SYNCED_USER, "mobilePhone with a legacy cloud override", REFUSED, REFUSED, REFUSED,
     COR_DOCUMENTED, "Microsoft: connect/how-to-bypassdirsyncoverrides"},
    {"A22", SYNCED_USER, "value in quarantine: another object holds it", REFUSED, REFUSED, REFUSED,
     COR_INFERRED, "Microsoft: connect/how-to-connect-syncservice-duplicate-attribute-resiliency"},
    {"A23", "AD object under cloud enforcement", "a write on the AD side", REFUSED, REFUSED,
     REFUSED, COR_DOCUMENTED, "Microsoft: cloud-sync/how-to-active-directory-object-enforcement"},
    {"A24", SYNCED_USER, "deletion in the cloud while the AD object is in scope", RECREATED,
     RECREATED, LATER, COR_INFERRED, "Microsoft: cloud-sync/device-sync, by analogy"},

    {"B1", SYNCED_GROUP, "displayName, description, mailNickname and other group properties",
     REFUSED, REFUSED, REFUSED, COR_REPORTED, GRAPH_REPORTS},
    {"B2", SYNCED_GROUP, "a member added or removed", REFUSED, REFUSED, REFUSED, COR_REPORTED,
     GRAPH_REPORTS},
    {"B3", "synchronized mail-enabled group", "a member added or removed", REFUSED, REFUSED,
     REFUSED, COR_REPORTED, GRAPH_REPORTS},
    {"B4", SYNCED_GROUP, "app role or licence assigned to the group", DURABLE, DURABLE, DURABLE,
     COR_INFERRED, "Microsoft Graph: group"},
    {"B5", "cloud group", "a synchronized group as its member", DURABLE, DURABLE, DURABLE,
     COR_DOCUMENTED, SOA},
    {"B6", "cloud group", "a synchronized user as its member", DURABLE, DURABLE, DURABLE,
     COR_DOCUMENTED, SOA},
    {"B7", SYNCED_GROUP, "gone in the cloud, AD group alive", RECREATED, RECREATED, RECREATED,
     COR_INFERRED, DELETIONS},
    {"B8", SYNCED_GROUP, "gone in the cloud, AD group gone", GONE, GONE, GONE, COR_REPORTED,
     DELETIONS},
    {"B9", "synchronized contact", "any profile property", REFUSED, REFUSED, REFUSED, COR_REPORTED,
     "Microsoft Graph: orgContact"},
    {"B10", "synchronized contact", "gone in the cloud, AD contact alive", RECREATED, RECREATED,
     RECREATED, COR_INFERRED, NO_PAGE},
    {"B11", "hybrid-joined device", "gone in the cloud, AD computer in scope", RECREATED, RECREATED,
     RECREATED, COR_INFERRED, "Microsoft: cloud-sync/device-sync"},
    {"B12", "hybrid-joined device", "accountEnabled, AD gives another value", OVERWRITTEN,
     OVERWRITTEN, LATER, COR_INFERRED, NO_PAGE},
    {"B13", SYNCED_GROUP, "role-assignable flag", REFUSED, REFUSED, REFUSED, COR_INFERRED, NO_PAGE},

    {"C1", CONVERTED, "any property that the cloud accepts", DURABLE, DURABLE, DURABLE,
     COR_DOCUMENTED, SOA},
    {"C2", "mail-enabled group or contact owned by the cloud", "properties, members, deletion",
     REFUSED, REFUSED, REFUSED, COR_DOCUMENTED,
     "Microsoft: hybrid/concept-group-source-of-authority-guidance"},
    {"C3", "converted group", "extensionAttribute1 to 15", REFUSED, REFUSED, REFUSED,
     COR_DOCUMENTED, "Microsoft: hybrid/concept-group-source-of-authority-guidance"},
    {"C4", CONVERTED, "on-premises identity attributes of a user (Graph beta)", DURABLE, DURABLE,
     DURABLE, COR_DOCUMENTED, "Microsoft: connect/tshoot-clear-on-premises-attributes"},
    {"C5", "object whose return on-premises is requested", "any property that flows", OVERWRITTEN,
     OVERWRITTEN, OVERWRITTEN, COR_DOCUMENTED, SOA},
    {"C6", "object that returned on-premises", "any property that flows", REFUSED, REFUSED, REFUSED,
     COR_DOCUMENTED, SOA},
    {"C7", "any object", "moving its source of authority to the cloud", UNKNOWN, UNKNOWN, UNKNOWN,
     COR_INFERRED, SOA},
    {"C8", CONVERTED, "the AD account is disabled or deleted", DURABLE, DURABLE, DURABLE,
     COR_INFERRED, SOA},
    {"C9", "cloud-only object", "no AD object matches it", DURABLE, DURABLE, DURABLE,
     COR_DOCUMENTED, SOA},
    {"C10", "cloud-only object", "an AD object in scope would soft-match it", OVERWRITTEN,
     OVERWRITTEN, OVERWRITTEN, COR_DOCUMENTED, MATCH},
    {"C11", "cloud-only object", "its immutable ID is the anchor of an AD object in scope",
     OVERWRITTEN, OVERWRITTEN, OVERWRITTEN, COR_DOCUMENTED, MATCH},
    {"C12", "cloud-only holder of an admin role", "an AD object would match it", DURABLE, DURABLE,
     DURABLE, COR_DOCUMENTED, "Microsoft: connect/tshoot-connect-sync-errors"},
    {"C13", "formerly synchronized object (onPremisesSyncEnabled is false)", "any property",
     UNKNOWN, UNKNOWN, UNKNOWN, COR_INFERRED, "public answers disagree"},
    {"C14", "any object", "directory synchronization of the tenant is off", DURABLE, DURABLE,
     DURABLE, COR_REPORTED, GRAPH_REPORTS},
    {"C15", "object with an anchor", "synchronization is off and may be turned on again", LATER,
     LATER, LATER, COR_INFERRED, "Microsoft: turn off directory synchronization"},

    {"D1", DELETED_USER, "AD object alive and in scope: wait", RECREATED, RECREATED, RECREATED,
     COR_DOCUMENTED, RECYCLE},
    {"D2", DELETED_USER, "AD object alive and in scope: restore before the cycle", DURABLE, DURABLE,
     DURABLE, COR_INFERRED, RECYCLE},
    {"D3", DELETED_USER, "AD object in the Recycle Bin: cloud restore gives an unlinked copy",
     DURABLE, DURABLE, DURABLE, COR_REPORTED, RECYCLE},
    {"D4", DELETED_USER, "AD object in the Recycle Bin: restore it there", DURABLE, DURABLE,
     DURABLE, COR_DOCUMENTED, RECYCLE},
    {"D5", DELETED_USER, "AD object recycled, a tombstone or purged", DURABLE, DURABLE, DURABLE,
     COR_INFERRED, NO_PAGE},
    {"D6", DELETED_USER, "AD object alive, out of scope", DURABLE, DURABLE, DURABLE, COR_REPORTED,
     DELETIONS},
    {"D7", DELETED_USER, "AD object disabled, in scope", RECREATED, RECREATED, RECREATED,
     COR_DOCUMENTED, DEFAULTS},
    {"D8", "soft-deleted holder of an admin role", "hard match by sync", CONFLICT, CONFLICT,
     CONFLICT, COR_REPORTED, MATCH},
    {"D9", "hard-deleted user", "AD object alive, in scope", RECREATED, RECREATED, RECREATED,
     COR_DOCUMENTED, DELETIONS},
    {"D10", "hard-deleted object", "nothing left to restore it from", GONE, GONE, GONE,
     COR_DOCUMENTED, DELETIONS},
    {"D11", "active synchronized user", "AD object re-created without its anchor", CONFLICT,
     CONFLICT, CONFLICT, COR_DOCUMENTED, MATCH},
    {"D12", "active synchronized user", "AD object re-created with the anchor copied", CONFLICT,
     CONFLICT, CONFLICT, COR_INFERRED, MATCH},
    {"D13", "active synchronized object",
     "AD object deleted, held by the deletion guard: no restore is needed", NO_OP, NO_OP, NO_OP,
     COR_DOCUMENTED, "Microsoft: connect/how-to-connect-sync-feature-prevent-accidental-deletes"},
    {"D14", "hard-deleted synchronized group", "AD group restored", RECREATED, RECREATED, RECREATED,
     COR_REPORTED, DELETIONS},
    {"D15", "soft-deleted cloud object", "restore within 30 days", DURABLE, DURABLE, DURABLE,
     COR_DOCUMENTED, "Microsoft Graph: restore deleted item"},
    {"D16", "deleted device", "restore asked for, AD computer alive", RECREATED, RECREATED,
     RECREATED, COR_INFERRED, "Microsoft: cloud-sync/device-sync"},
    {"D17", "deleted contact", "restore asked for, AD contact alive", RECREATED, RECREATED,
     RECREATED, COR_INFERRED, NO_PAGE},

    {"E1", "any object", "mastership is decided first; it could not be read", UNKNOWN, UNKNOWN,
     UNKNOWN, COR_INFERRED, SOA},
    {"E2", "any object", "another object holds the value now", CONFLICT, CONFLICT, CONFLICT,
     COR_DOCUMENTED, "Microsoft: connect/tshoot-connect-sync-errors"},
    {"E3", "any object", "one refused property fails the whole call: split the writes", REFUSED,
     REFUSED, REFUSED, COR_INFERRED, NO_PAGE},
    {"E4", "any object", "verify by reading again after two cycles", DURABLE, DURABLE, DURABLE,
     COR_DOCUMENTED, "Microsoft: connect/how-to-connect-sync-feature-scheduler"},
    {"E5", "any object", "the value is already there, by the rules' own tolerance", NO_OP, NO_OP,
     NO_OP, COR_DOCUMENTED, DEFAULTS},
    {"E6", "tenant", "last synchronization more than 3 hours ago: sync stands still", OVERWRITTEN,
     OVERWRITTEN, LATER, COR_INFERRED, "Microsoft: connect/how-to-connect-sync-feature-scheduler"},
    {"E7", "any object", "a write during a cycle may survive until the next", OVERWRITTEN,
     OVERWRITTEN, LATER, COR_INFERRED, NO_PAGE},
    {"E8", CONVERTED, "undo of a source-of-authority change: AD takes over again", OVERWRITTEN,
     OVERWRITTEN, OVERWRITTEN, COR_DOCUMENTED, SOA},
    {"E9", "object or link outside this table", "nothing is known about what becomes of the write",
     UNKNOWN, UNKNOWN, UNKNOWN, COR_INFERRED, NO_PAGE},
};

const struct cor_forecast_row *cor_forecast_rows(gsize *ret_n)
{
    *ret_n = G_N_ELEMENTS(rows);
    return rows;
}

const struct cor_forecast_row *cor_forecast_row(const char *id)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(rows[i].id, id) == 0)
            return &rows[i];
    return NULL;
}
