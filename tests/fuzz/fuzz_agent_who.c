/* SPDX-License-Identifier: Apache-2.0 */
/* A security log of any bytes: every event it gives has an id, an object and a known activity. */
#include "agent/evidence/who.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static gboolean look(const struct cor_event *event, void *data, GError **error)
{
    (void)data, (void)error;
    const struct cor_json *target = cor_json_first(cor_json_get(event->doc, "targets"));
    if (!event->id || !*event->id || !cor_json_get_string(event->doc, "activity") ||
        !cor_json_get_string(target, "id"))
        abort();
    return TRUE;
}

static char *any_guid(const char *dn, void *data)
{
    (void)data;
    return *dn ? g_strdup("00112233-4455-6677-8899-aabbccddeeff") : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct who_sink sink = {look, any_guid, NULL};
    struct who_totals totals = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strndup((const char *)data, size);
    if (who_read("log", text, strlen(text), &sink, &totals, &error) == (error != NULL) ||
        totals.taken > totals.records)
        abort();
    return 0;
}
