/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_ATTRIBUTE_PRIVATE_H
#define ANCHORWATCH_CORRELATE_ATTRIBUTE_PRIVATE_H

/* The judgement of one change in the making; private to attribute*.c. */

#include "correlate/attribute.h"

struct cor_judging {
    struct cor_change *change;
    const struct cor_attribution *in;
    enum cor_soa soa_older, soa_newer;
    const struct cor_flow_rule *rule;               /* what feeds the property from AD, or NULL */
    GPtrArray *fitting;                             /* borrowed struct cor_event_row *, by time */
    const struct cor_event_row *by_other, *by_sync; /* the last fitting of each */
    const struct cor_event_row
        *vague; /* last that touches the object without naming the property */
};

void cor_judge_ad(struct cor_judging *j);
void cor_judge_entra(struct cor_judging *j);

/* Whether the text is the DN of the other object of a link change, at either point. */
gboolean cor_judge_is_target(const struct cor_judging *j, const char *dn);
gboolean cor_change_is_link(const struct cor_change *change);

/* --- evidence (attribute_evidence.c) ---------------------------------------------------- */

void cor_judge_settle(struct cor_judging *j, enum cor_origin origin, enum cor_grade grade);
/* One sentence without data. */
void cor_judge_note(struct cor_judging *j, const char *kind, const char *text);
/* Every fitting audit record, or that there is none and what that is worth. */
void cor_judge_add_events(struct cor_judging *j);
void cor_judge_add_event(struct cor_judging *j, const struct cor_event_row *event);
void cor_judge_add_rule(struct cor_judging *j);

enum cor_write {
    COR_WRITE_UNKNOWN,   /* no metadata of the attribute */
    COR_WRITE_UNCHANGED, /* metadata shows no originating write between the points */
    COR_WRITE_LATE,      /* written, but after the time it would have to precede */
    COR_WRITTEN,
};
/* Compare the replication metadata of one AD attribute at both points and add what it shows.
 * before_us 0: no limit. */
enum cor_write cor_judge_write(struct cor_judging *j, const struct cor_record *older,
                               const struct cor_record *newer, const char *attribute,
                               gint64 before_us);
/* The strongest answer over all AD attributes (space separated) of the other half. */
enum cor_write cor_judge_source_writes(struct cor_judging *j, const char *sources,
                                       gint64 before_us);

#endif
