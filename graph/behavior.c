/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Source of authority: onPremisesSyncBehavior of objects whose other properties leave it open. The
 * service has no read-only permission for it, so many tenants will refuse; then the attribute stays
 * absent and the remark says which permission would show it.
 */
#include "graph/run.h"

#include "correlate/error.h"
#include "graph/batch.h"

struct reading {
    struct entra_run *run;
    const struct entra_resource *resource;
    GHashTable *records; /* key -> struct cor_record *, borrowed */
    gboolean *denied;
};

static void set_behavior(struct cor_record *record, const struct cor_json *body)
{
    const struct cor_json *managed = cor_json_get(body, "isCloudManaged");
    if (cor_json_type(managed) != COR_JSON_BOOL)
        return;
    struct cor_json *behavior = cor_json_new_object();
    cor_json_add_bool(behavior, "isCloudManaged", cor_json_bool(managed));
    cor_json_set(record->attributes, "onPremisesSyncBehavior", behavior);
}

static gboolean on_answer(void *data, const char *key, long status, const struct cor_json *body,
                          GError **error)
{
    struct reading *reading = data;
    g_autofree char *words = entra_step_words(status, body);
    if (status == 200) {
        set_behavior(g_hash_table_lookup(reading->records, key), body);
    } else if (status == 401) {
        g_set_error(error, ENTRA_ERROR, COR_E_AUTH, "%s", words);
        return FALSE;
    } else if (status != 404) {
        *reading->denied = TRUE;
        entra_run_remark(reading->run,
                         g_strdup_printf("%s: source of authority not readable; grant the "
                                         "application permission %s (%s)",
                                         reading->resource->segment,
                                         reading->resource->behavior_permission, words));
    }
    return TRUE;
}

static gboolean ask_all(struct reading *reading, GPtrArray *records, GError **error)
{
    struct entra_batch *batch = entra_batch_new(reading->run->client, on_answer, reading);
    gboolean ok = TRUE;
    for (guint i = 0; ok && !*reading->denied && i < records->len; i++) {
        struct cor_record *record = records->pdata[i];
        g_autofree char *escaped = g_uri_escape_string(record->key, NULL, FALSE);
        g_autofree char *path =
            g_strdup_printf("%s/%s/onPremisesSyncBehavior?$select=id,isCloudManaged",
                            reading->resource->behavior, escaped);
        g_hash_table_insert(reading->records, record->key, record);
        ok = entra_batch_add(batch, record->key, path, error);
    }
    ok = ok && entra_batch_finish(batch, error);
    entra_batch_free(batch);
    return ok;
}

gboolean entra_behavior_read(struct entra_run *run, const struct entra_resource *resource,
                             GPtrArray *records, gboolean *denied, GError **error)
{
    struct reading reading = {.run = run, .resource = resource, .denied = denied};
    reading.records = g_hash_table_new(g_str_hash, g_str_equal);
    gboolean ok = *denied || ask_all(&reading, records, error);
    for (guint i = 0; ok && i < records->len; i++)
        ok = entra_run_record(run, records->pdata[i], error);
    g_hash_table_unref(reading.records);
    return ok;
}
