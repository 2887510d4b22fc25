/* SPDX-License-Identifier: Apache-2.0 */
/* A page of a delta round, for every resource: each item names a key that must be read, or the page
 * is refused; and a checkpoint, which is understood or refused. */
#include "graph/delta.h"
#include "graph/document.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_items(const struct entra_resource *resource, const struct cor_json *page)
{
    g_autoptr(GHashTable) changes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const struct cor_json *values = entra_page_values(page, NULL);
    for (const struct cor_json *at = cor_json_first(values); at; at = cor_json_next(at)) {
        guint before = g_hash_table_size(changes);
        gboolean taken = entra_delta_item(resource, at, changes, NULL);
        const char *id = cor_json_get_string(at, "id");
        g_assert(taken == entra_id_ok(id));
        g_assert(taken ? entra_flags_get(changes, id) & ENTRA_TOLD
                       : g_hash_table_size(changes) == before);
    }
}

/* With the digest of this program's table, so that what follows it is read at all. */
static void take_checkpoint(struct cor_json *doc)
{
    struct entra_options options = {
        .tenant_id = "t",
        .client_id = "c",
        .graph_url = "https://graph.example.test",
        .checkpoint = doc,
        .reconcile_us = 1,
    };
    struct entra_track *track = entra_track_new();
    COR_JSON_AUTO *model = entra_track_save(track, &options);
    if (cor_json_get_string(doc, "table"))
        cor_json_set(doc, "table", cor_json_new_string(cor_json_get_string(model, "table")));
    if (entra_track_load(track, &options, 0)) {
        COR_JSON_AUTO *saved = entra_track_save(track, &options);
        g_assert(cor_json_type(saved) == COR_JSON_OBJECT);
    }
    entra_track_free(track);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    COR_JSON_AUTO *doc = cor_json_parse((const char *)data, size, 0, NULL);
    for (guint i = 0; doc && i < entra_resources_len; i++)
        take_items(&entra_resources[i], doc);
    take_checkpoint(doc);
    return 0;
}
