/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_ANCHOR_H
#define ANCHORWATCH_CORRELATE_ANCHOR_H

/*
 * Anchor health: what ties the two halves of an object, what is wrong with it, and what the next
 * cycle of the sync engine makes of it. docs/anchors.md is the table of findings. Pure given views.
 * Sources: Microsoft Entra Connect design concepts (source anchor), how-to-connect-install-
 * existing-tenant (matching and its hardening of 2026), tshoot-connect-sync-errors.
 */

#include "correlate/flow.h"
#include "correlate/forecast.h"

/* --- one value -------------------------------------------------------------------------------- */

enum cor_anchor_form {
    COR_ANCHOR_GUID,    /* base64 of 16 octets */
    COR_ANCHOR_BINARY,  /* base64 of something else: a custom anchor that is no text */
    COR_ANCHOR_STRING,  /* a custom text anchor that follows the rules */
    COR_ANCHOR_ILLEGAL, /* too long, or with a forbidden character */
};
enum cor_anchor_form cor_anchor_form(const char *anchor);
/* Length as the service counts it: a character other than A-Z, a-z, 0-9 counts three times. */
#define COR_ANCHOR_WEIGHT_MAX 59
guint cor_anchor_weight(const char *anchor);
/* The anchor with the first three GUID fields the other way round, which is what an encoder of the
 * textual order makes; NULL unless it is a GUID. Caller frees. */
char *cor_anchor_swapped(const char *anchor);

/* --- the table of findings ------------------------------------------------------------------- */

enum cor_anchor_severity {
    COR_ANCHOR_NOTE,    /* as it should be, or without effect now */
    COR_ANCHOR_WARNING, /* the next cycle does something that somebody should want */
    COR_ANCHOR_ERROR,   /* the object is not synchronized, or will not be */
    COR_ANCHOR_ALARM,   /* many objects at once */
};
const char *cor_anchor_severity_name(enum cor_anchor_severity severity);

/* What the next cycle makes of the object. */
enum cor_anchor_outcome {
    COR_OUTCOME_NOTHING,
    COR_OUTCOME_ERROR,      /* refused; nothing in the cloud changes */
    COR_OUTCOME_CONFLICT,   /* refused, or a second object with a quarantined value */
    COR_OUTCOME_TAKEN_OVER, /* an existing cloud object becomes the other half */
    COR_OUTCOME_UNDELETED,
    COR_OUTCOME_NEW,
    COR_OUTCOME_DELETED,
    COR_OUTCOME_HELD, /* the deletion guard stops the export */
};
const char *cor_anchor_outcome_name(enum cor_anchor_outcome outcome);

/* {dn}, {guid}, {id} and {anchor} (the cloud's) stand for the object's values in a command. */
struct cor_anchor_step {
    const char *where, *text, *command; /* as struct cor_step */
};
#define COR_ANCHOR_STEPS_MAX 4
struct cor_anchor_row {
    const char *id;
    enum cor_anchor_severity severity;
    enum cor_anchor_outcome connect, cloudsync; /* by engine; an unknown one is taken for Connect */
    const char *condition, *consequence;        /* in words */
    struct cor_anchor_step steps[COR_ANCHOR_STEPS_MAX]; /* ordered; a NULL text ends */
    enum cor_confidence confidence;
    const char *source;
};
const struct cor_anchor_row *cor_anchor_rows(gsize *ret_n); /* worst first */
const struct cor_anchor_row *cor_anchor_row(const char *id);
/* The repair for one pair (either may be NULL): array of struct cor_step *, owned by the caller. A
 * command whose values are not there is left out. */
GPtrArray *cor_anchor_steps(const struct cor_anchor_row *row, const struct cor_record *ad,
                            const struct cor_record *entra);

/* --- the judgement ---------------------------------------------------------------------------- */

enum cor_anchor_attribute {
    COR_ANCHORED_UNKNOWN,
    COR_ANCHORED_GUID,        /* objectGUID */
    COR_ANCHORED_CONSISTENCY, /* mS-DS-ConsistencyGuid, else objectGUID */
};
const char *cor_anchor_attribute_name(enum cor_anchor_attribute attribute);

struct cor_anchor_input {
    struct cor_view *view;
    struct cor_view *older; /* an earlier point to compare with, or NULL */
    const struct cor_flow_context *flow;
    const struct cor_tenant *tenant;
    gboolean ad_complete, entra_complete; /* of both points: else absence says nothing */
    enum cor_anchor_attribute hint;       /* of the tenant's own rules, when they are known */
};

struct cor_anchor_finding {
    const struct cor_anchor_row *row;
    enum cor_directory directory; /* of key; the other half is the peer */
    char *key, *peer;             /* owned; both NULL for what concerns many objects */
    gboolean peer_same_side;      /* the peer is of the same directory (a duplicate) */
    char *text;                   /* owned; what is so, in a sentence */
};

struct cor_anchor_report {
    GPtrArray *findings; /* struct cor_anchor_finding *: worst first, then row, then key */
    enum cor_anchor_attribute attribute;
    const char *attribute_by; /* static: "sync rules", "engine", "immutable IDs", "assumed" */
    guint64 fits_consistency; /* tied users whose filled mS-DS-ConsistencyGuid is the anchor */
    guint64 fits_guid_only;   /* tied users whose objectGUID alone is */
    guint64 ad_objects, cloud_objects, tied;
    gboolean held; /* the deletion guard stops the next cycle's deletions */
    gboolean roles_known, identifiers_known; /* role assignments, onPremisesObjectIdentifier */
};
/* Memory grows with the identifiers of both directories, not with their documents. */
gboolean cor_anchor_judge(const struct cor_anchor_input *input, struct cor_anchor_report *ret,
                          GError **error);
/* What the next cycle makes of a finding of this report. */
enum cor_anchor_outcome cor_anchor_outcome(const struct cor_anchor_report *report,
                                           const struct cor_tenant *tenant,
                                           const struct cor_anchor_row *row);
void cor_anchor_report_clear(struct cor_anchor_report *report);
/* The anchor an AD object has under an anchor attribute; NULL when it contributes none. */
char *cor_anchor_in_force(const struct cor_record *ad, enum cor_anchor_attribute attribute);

#endif
