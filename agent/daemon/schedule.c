/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's only decision about time, kept pure so that it can be tested without waiting. */
#include "agent/daemon/schedule.h"

#include "correlate/time.h"

gint64 schedule_next(gint64 now_us, gint64 last_start_us, gint64 interval_us, guint failures)
{
    gint64 wait = interval_us;
    if (last_start_us == 0)
        return now_us;
    if (failures)
        wait = MIN(interval_us, COR_MINUTE_US << MIN(failures - 1, 16));
    gint64 next = last_start_us + wait;
    if (next > now_us + interval_us)
        next = now_us + interval_us;
    return MAX(next, now_us);
}
