/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_DIFF_H
#define ANCHORWATCH_CORRELATE_DIFF_H

/* What changed in one object between two backup points. Pure. */

#include "correlate/change.h"

/* Compare two states of one object (either may be NULL: not there). Appends struct cor_change *
 * without origin; volatile attributes and semantically equal values give nothing. complete FALSE
 * means the newer half was partial: then a NULL newer state gives nothing at all. */
void cor_diff_records(const struct cor_record *older, const struct cor_record *newer,
                      gboolean newer_complete, GPtrArray *changes);
/* Links that metadata of single links shows to have changed more than once in between: the link
 * changes that no comparison of the two points can see, in order of time, each with the evidence
 * COR_EVIDENCE_METADATA_ONLY. old or new value is the target's DN, link_target stays NULL. from_us:
 * when the older point began. Appends struct cor_change *. */
void cor_diff_unseen_links(const struct cor_record *older, const struct cor_record *newer,
                           gint64 from_us, GPtrArray *changes);
#define COR_EVIDENCE_METADATA_ONLY "metadata-only"
/* One link that appeared or went away; source and target are the records if known. */
struct cor_change *cor_diff_link(gboolean added, const struct cor_link *link,
                                 const struct cor_record *source, const struct cor_record *target);

#endif
