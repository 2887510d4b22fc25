/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON document with "older", "newer", "peerOlder", "peerNewer" (each {type, life, attributes,
 * metadata}), "directory" and "events": whatever they hold, every difference gets an origin with
 * evidence, and an actor only where the log was believed or contradicted.
 */
#include "correlate/attribute.h"
#include "correlate/diff.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct cor_record *record_of(const struct cor_json *doc, const char *name,
                                    enum cor_directory directory)
{
    const struct cor_json *node = cor_json_get(doc, name);
    const struct cor_json *attributes = cor_json_get(node, "attributes");
    const struct cor_json *metadata = cor_json_get(node, "metadata");
    const char *type = cor_json_get_string(node, "type");
    gint64 life = 0;
    if (cor_json_type(attributes) != COR_JSON_OBJECT)
        return NULL;
    struct cor_record *record =
        cor_record_new(directory, type ? type : "user", "00112233-4455-6677-8899-aabbccddeeff");
    cor_json_free(record->attributes);
    record->attributes = cor_json_copy(attributes);
    record->metadata = metadata ? cor_json_copy(metadata) : NULL;
    record->name = g_strdup("name");
    if (cor_json_int(cor_json_get(node, "life"), &life) && life >= COR_LIVE && life <= COR_RECYCLED)
        record->life = (enum cor_life)life;
    return record;
}

static GPtrArray *events_of(const struct cor_json *doc)
{
    const struct cor_json *list = cor_json_get(doc, "events");
    GPtrArray *events = g_ptr_array_new_with_free_func((GDestroyNotify)cor_event_row_free);
    for (const struct cor_json *n = cor_json_first(list); n; n = cor_json_next(n)) {
        struct cor_event_row *row = g_new0(struct cor_event_row, 1);
        row->id = g_strdup("id");
        row->time_us = 1772359200000000 + events->len;
        row->doc = cor_json_copy(n);
        g_ptr_array_add(events, row);
    }
    return events;
}

static void judge_all(const struct cor_attribution *input, GPtrArray *changes)
{
    for (guint i = 0; i < changes->len; i++) {
        struct cor_change *change = changes->pdata[i];
        cor_attribute(change, input);
        g_assert(change->evidence->len > 0);
        g_assert(!change->actor || change->grade == COR_GRADE_MEASURED ||
                 change->grade == COR_GRADE_CONTRADICTED);
        g_assert(change->grade != COR_GRADE_MEASURED || change->actor);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    COR_JSON_AUTO *doc = cor_json_parse((const char *)data, size, 1 << 16, NULL);
    gboolean ad = g_strcmp0(cor_json_get_string(doc, "directory"), "ad") == 0;
    enum cor_directory own = ad ? COR_AD : COR_ENTRA, other = ad ? COR_ENTRA : COR_AD;
    COR_RECORD_AUTO *older = record_of(doc, "older", own);
    COR_RECORD_AUTO *newer = record_of(doc, "newer", own);
    COR_RECORD_AUTO *peer_older = record_of(doc, "peerOlder", other);
    COR_RECORD_AUTO *peer_newer = record_of(doc, "peerNewer", other);
    g_autoptr(GPtrArray) events = events_of(doc);
    g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func((GDestroyNotify)cor_change_free);
    struct cor_sync_identities identities;
    struct cor_tenant tenant;
    cor_sync_identities_init(&identities);
    cor_tenant_init(&tenant, NULL, NULL, NULL);
    struct cor_flow_context flow = {.tenant = &tenant, .rules_name = "default rules"};
    struct cor_attribution input = {
        .older = older,
        .newer = newer,
        .peer_older = peer_older,
        .peer_newer = peer_newer,
        .events = events,
        .identities = &identities,
        .flow = &flow,
        .tenant = &tenant,
        .audit_readable = TRUE,
    };
    cor_diff_records(older, newer, TRUE, changes);
    if (newer || older) {
        const struct cor_link link = {own, "member", (newer ? newer : older)->key, "target"};
        g_ptr_array_add(changes, cor_diff_link(newer != NULL, &link, newer ? newer : older, NULL));
    }
    judge_all(&input, changes);
    cor_sync_identities_clear(&identities);
    cor_tenant_clear(&tenant);
    return 0;
}
