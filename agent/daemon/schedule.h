/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_DAEMON_SCHEDULE_H
#define ANCHORWATCH_AGENT_DAEMON_SCHEDULE_H

#include <glib.h>

/* When the next capture begins. Pure. last_start_us 0: never captured. failures: captures in a row
 * that did not end complete; they are retried sooner, doubling from one minute up to the interval.
 * The answer is never before now_us; a clock that jumped backwards cannot stall the schedule for
 * longer than one interval. */
gint64 schedule_next(gint64 now_us, gint64 last_start_us, gint64 interval_us, guint failures);

#endif
