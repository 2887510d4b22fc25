/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who holds the app role of the synchronization service (Entra page "authenticate-application-id"):
 * such a service principal is a sync engine whatever its name. The holder's record gets the
 * attribute anchorwatchSyncRole (graph/capture.h), so that attribution learns it from any backup
 * point without another read.
 */
#include "graph/run.h"

#include "graph/document.h"

#define SYNC_SERVICE_APP_ID "6bf85cfa-ac8a-4be5-b5de-425a0d0dc016"
#define SYNC_ROLE           "ADSynchronization.ReadWrite.All"

void entra_syncrole_notice(struct entra_run *run, const struct cor_record *principal)
{
    const char *app_id = cor_record_text(principal, "appId");
    if (!app_id || g_ascii_strcasecmp(app_id, SYNC_SERVICE_APP_ID) != 0)
        return;
    const struct cor_json *roles = cor_record_get(principal, "appRoles");
    for (const struct cor_json *at = cor_json_first(roles); at; at = cor_json_next(at)) {
        const char *id = cor_json_get_string(at, "id");
        if (!id || g_strcmp0(cor_json_get_string(at, "value"), SYNC_ROLE) != 0)
            continue;
        g_free(run->sync_resource_id);
        g_free(run->sync_role_id);
        run->sync_resource_id = g_strdup(principal->key);
        run->sync_role_id = g_strdup(id);
    }
}

static void collect(const struct entra_run *run, const struct cor_json *page, GPtrArray *holders)
{
    const struct cor_json *values = cor_json_get(page, "value");
    for (const struct cor_json *at = cor_json_first(values); at; at = cor_json_next(at)) {
        const char *principal = cor_json_get_string(at, "principalId");
        const char *role = cor_json_get_string(at, "appRoleId");
        if (entra_id_ok(principal) && role && g_ascii_strcasecmp(role, run->sync_role_id) == 0)
            g_ptr_array_add(holders, g_strdup(principal));
    }
}

static gboolean list_holders(struct entra_run *run, GPtrArray *holders, GError **error)
{
    g_autofree char *escaped = g_uri_escape_string(run->sync_resource_id, NULL, FALSE);
    g_autofree char *url = g_strdup_printf("%s/v1.0/servicePrincipals/%s/appRoleAssignedTo",
                                           entra_client_base(run->client), escaped);
    struct entra_pager pager;
    const struct cor_json *page = NULL;
    entra_pager_init(&pager, run->client, url);
    gboolean ok;
    while ((ok = entra_pager_next(&pager, &page, error)) && page)
        collect(run, page, holders);
    if (!ok && pager.status >= 400 && pager.status != 401) {
        entra_run_remark(
            run, g_strdup_printf("holders of %s not readable (HTTP %ld)", SYNC_ROLE, pager.status));
        g_clear_error(error);
        ok = TRUE;
    }
    entra_pager_clear(&pager);
    return ok;
}

/* The listed record was not kept in memory, so the few holders are read once more. */
static gboolean mark(struct entra_run *run, const struct entra_resource *resource, const char *id,
                     GError **error)
{
    g_autofree char *escaped = g_uri_escape_string(id, NULL, FALSE);
    g_autofree char *url =
        g_strdup_printf("%s/v1.0/servicePrincipals/%s", entra_client_base(run->client), escaped);
    g_autoptr(entra_reply) reply = entra_client_ask(run->client, url, NULL, error);
    if (!reply)
        return FALSE;
    COR_JSON_AUTO *object =
        reply->status == 200
            ? cor_json_parse(entra_reply_text(reply), reply->body->len, ENTRA_MAX_BODY, NULL)
            : NULL;
    COR_RECORD_AUTO *record = NULL;
    const char *manager = NULL;
    if (entra_record(resource, object, &record, &manager) != ENTRA_READABLE)
        return TRUE;
    cor_json_set(record->attributes, "anchorwatchSyncRole", cor_json_new_bool(TRUE));
    return entra_run_record(run, record, error);
}

gboolean entra_syncrole_read(struct entra_run *run, const struct entra_resource *resource,
                             GError **error)
{
    gboolean principals = g_str_equal(resource->type, COR_TYPE_SERVICE_PRINCIPAL);
    if (!run->sync_resource_id || !principals || resource->life != COR_LIVE)
        return TRUE;
    g_autoptr(GPtrArray) holders = g_ptr_array_new_with_free_func(g_free);
    gboolean ok = list_holders(run, holders, error);
    for (guint i = 0; ok && i < holders->len; i++)
        ok = mark(run, resource, holders->pdata[i], error);
    return ok;
}
