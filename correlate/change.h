/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_CHANGE_H
#define ANCHORWATCH_CORRELATE_CHANGE_H

/* One difference between two backup points, and what is known about where it came from. */

#include "correlate/record.h"

enum cor_change_kind {
    COR_CHANGE_ADDED,
    COR_CHANGE_REMOVED,  /* gone without a trace in the deleted objects */
    COR_CHANGE_DELETED,  /* now among the deleted objects */
    COR_CHANGE_RESTORED, /* was among the deleted objects, is live */
    COR_CHANGE_MODIFIED,
    COR_CHANGE_MOVED, /* AD distinguishedName: moved or renamed */
    COR_CHANGE_LINKED,
    COR_CHANGE_UNLINKED,
};
const char *cor_change_kind_name(enum cor_change_kind kind); /* contract words */

enum cor_origin { COR_ORIGIN_UNKNOWN, COR_ORIGIN_ONPREM, COR_ORIGIN_CLOUD, COR_ORIGIN_SYNC };
const char *cor_origin_name(enum cor_origin origin);

enum cor_grade {
    COR_GRADE_ABSENT,       /* no evidence at all */
    COR_GRADE_DERIVED,      /* metadata and cycle timing say so */
    COR_GRADE_MASKED,       /* only the sync account is visible */
    COR_GRADE_MEASURED,     /* a log event says so */
    COR_GRADE_CONTRADICTED, /* two sources disagree */
};
const char *cor_grade_name(enum cor_grade grade);

/* kind: "replication-metadata", "version-gap", "audit-event", "sync-actor", "authority",
 * "flow-rule", "unlogged", "contradiction", ... text: one sentence for people; fields: the same
 * as data for JSON output (object, owned). */
struct cor_evidence {
    char *kind;
    char *text;
    struct cor_json *fields;
};
struct cor_evidence *cor_evidence_new(const char *kind, struct cor_json *fields, const char *format,
                                      ...) G_GNUC_PRINTF(3, 4);
void cor_evidence_free(struct cor_evidence *evidence);

struct cor_object_ref {
    enum cor_directory directory;
    char *type, *key, *anchor, *name; /* owned; anchor may be NULL */
};
void cor_object_ref_clear(struct cor_object_ref *ref);
/* Fill from a record (anchor: cor_anchor_of for AD, onPremisesImmutableId for Entra). */
void cor_object_ref_set(struct cor_object_ref *ref, const struct cor_record *record);

struct cor_change {
    enum cor_change_kind kind;
    struct cor_object_ref object;
    struct cor_object_ref peer; /* key NULL when there is no other half */
    char *attribute;            /* owned; NULL for object-level kinds; link kind for links */
    struct cor_json *old_value, *new_value; /* owned; NULL when absent. Links: the target's name */
    char *link_target;                      /* owned; key of the target for links */
    gint64 seen_from_us, seen_to_us;        /* the two backup points */
    gint64 when_us;                         /* best known time of the write, 0 unknown */
    enum cor_origin origin;
    enum cor_grade grade;
    char *actor;         /* owned; NULL unless a source names one */
    GPtrArray *evidence; /* owned; struct cor_evidence * */
};
struct cor_change *cor_change_new(enum cor_change_kind kind);
void cor_change_free(struct cor_change *change);

#endif
