/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/security_log.h"

#include "correlate/identity.h"

struct reading {
    struct cor_sink *sink;
    struct cor_view *view; /* NULL: there is no point yet */
};

static gboolean take_event(const struct cor_event *event, void *data, GError **error)
{
    struct reading *reading = data;
    return reading->sink->event(reading->sink, event, error);
}

/* A name that several objects have had is nobody's. */
static char *guid_of(const char *dn, void *data)
{
    struct reading *reading = data;
    g_autoptr(GPtrArray) found =
        reading->view ? reading->view->find(reading->view, COR_AD, COR_ID_DN, dn, NULL) : NULL;
    return found && found->len == 1 ? g_strdup(((struct cor_record *)found->pdata[0])->key) : NULL;
}

gboolean security_log_read(const char *const *paths, struct store *store, struct cor_sink *sink,
                           struct who_totals *ret, GError **error)
{
    struct reading reading = {.sink = sink};
    const struct who_sink who = {take_event, guid_of, &reading};
    struct store_point *latest = store_point_named(store, "latest", NULL);
    gboolean ok = TRUE;
    *ret = (struct who_totals){0};
    if (latest) {
        reading.view = store_view_open(store, latest->number, error);
        ok = reading.view != NULL;
    }
    for (gsize i = 0; ok && paths[i]; i++)
        ok = who_read_file(paths[i], &who, ret, error);
    if (reading.view)
        store_view_close(reading.view);
    store_point_free(latest);
    return ok;
}
