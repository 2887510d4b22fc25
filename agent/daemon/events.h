/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_DAEMON_EVENTS_H
#define ANCHORWATCH_AGENT_DAEMON_EVENTS_H

/*
 * The daemon's log: events with fixed names and typed fields on standard error, one line each, with
 * the priority prefix that the journal understands. Object values are never logged.
 */

#include <glib.h>

enum event_priority { EVENT_ERROR = 3, EVENT_WARNING = 4, EVENT_NOTICE = 5, EVENT_INFO = 6 };

/* fields: printf text of key=value pairs; quote free text with event_quote. */
void event_log(enum event_priority priority, const char *name, const char *fields, ...)
    G_GNUC_PRINTF(3, 4);
/* A value in double quotes with escapes, safe on one line; caller frees. */
char *event_quote(const char *text);

#endif
