/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_ATTRIBUTE_EVENTS_H
#define ANCHORWATCH_CORRELATE_ATTRIBUTE_EVENTS_H

/* Which audit records speak of a change; private to attribute*.c. */

#include "correlate/attribute.h"

/* Could this record be the one that made the change? Activity, target and property must fit; failed
 * operations never do. */
gboolean cor_event_fits(const struct cor_event_row *event, const struct cor_change *change);
/* "helga.admin@example.test" | "Some App (application)"; NULL when it names nobody. Caller frees.
 */
char *cor_actor_text(const struct cor_json *actor);

#endif
