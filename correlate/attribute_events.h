/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_ATTRIBUTE_EVENTS_H
#define ANCHORWATCH_CORRELATE_ATTRIBUTE_EVENTS_H

/* Which audit records speak of a change, and by whom; private to attribute*.c. */

#include "correlate/attribute_private.h"

/* Could this record be the one that made the change? Activity, target and property must fit; failed
 * operations never do. */
gboolean cor_event_fits(const struct cor_event_row *event, const struct cor_change *change);
/* Is it the record of an assignment or grant (record) that came or went? Those are logged under the
 * names of what they tie together, not under an id of their own. */
gboolean cor_event_ties(const struct cor_event_row *event, const struct cor_change *change,
                        const struct cor_record *record);
/* Does it update the object at all, whatever the property? */
gboolean cor_event_touches(const struct cor_event_row *event, const struct cor_change *change);
/* Does it delete the object with that key? */
gboolean cor_event_deletes(const struct cor_event_row *event, const char *key);
/* Was it written by the sync engine: a known identity of it, a record marked as a directory sync
 * client's, or, where Cloud Sync is the engine, the service that provisions for it? */
gboolean cor_event_is_sync(const struct cor_event_row *event, const struct cor_judging *j);
/* Is it a record of the provisioning logs, not of the directory audit log? */
gboolean cor_event_is_provisioning(const struct cor_event_row *event);
/* "helga.admin@example.test" | "Some App (application)"; NULL when it names nobody. Caller frees.
 */
char *cor_actor_text(const struct cor_json *actor);

#endif
