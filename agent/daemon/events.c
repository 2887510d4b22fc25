/* SPDX-License-Identifier: Apache-2.0 */
/* One emitter for the daemon's events; docs/events.md lists the names. */
#include "agent/daemon/events.h"

#include <stdio.h>

char *event_quote(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
    g_autofree char *escaped = g_strescape(valid, NULL);
    return g_strdup_printf("\"%s\"", escaped);
}

void event_log(enum event_priority priority, const char *name, const char *fields, ...)
{
    va_list args;
    va_start(args, fields);
    g_autofree char *text = g_strdup_vprintf(fields, args);
    va_end(args);
    fprintf(stderr, "<%d>%s%s%s\n", priority, name, *text ? " " : "", text);
}
