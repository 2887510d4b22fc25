/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs of Cloud Sync and what each of them writes. */
#include "graph/jobs.h"

#include "correlate/error.h"
#include "graph/document.h"
#include "graph/page.h"

#include <string.h>

#define CLOUD_SYNC_TEMPLATE "1a4721b3-e57f-4451-ae87-ef078703ec94"

void entra_job_free(struct entra_job *job)
{
    if (!job)
        return;
    g_free(job->principal);
    g_free(job->principal_name);
    g_free(job->id);
    g_free(job->template_id);
    cor_json_free(job->settings);
    cor_json_free(job->schema);
    g_free(job);
}

/* Call take for each item of a collection. */
static gboolean each(struct entra_client *client, const char *url,
                     gboolean (*take)(const struct cor_json *item, void *data, GError **error),
                     void *data, GError **error)
{
    struct entra_pager pager;
    const struct cor_json *page = NULL;
    entra_pager_init(&pager, client, url);
    gboolean ok;
    while ((ok = entra_pager_next(&pager, &page, error)) && page) {
        const struct cor_json *values = entra_page_values(page, error);
        ok = values != NULL;
        for (const struct cor_json *n = cor_json_first(values); ok && n; n = cor_json_next(n))
            ok = take(n, data, error);
        if (!ok)
            break;
    }
    if (!ok && pager.status == 403)
        g_prefix_error(error, "the permission " ENTRA_JOBS_PERMISSION " is needed: ");
    entra_pager_clear(&pager);
    return ok;
}

static gboolean is_template(const struct cor_json *item, const char *name)
{
    const char *id = cor_json_get_string(item, name);
    return id && g_ascii_strcasecmp(id, CLOUD_SYNC_TEMPLATE) == 0;
}

/* Some answers of the service show the template's id as appId, with no template beside it. */
static gboolean take_principal(const struct cor_json *item, void *data, GError **error)
{
    const char *id = cor_json_get_string(item, "id");
    (void)error;
    if (entra_id_ok(id) &&
        (is_template(item, "applicationTemplateId") || is_template(item, "appId")))
        g_ptr_array_add(data, cor_json_copy(item));
    return TRUE;
}

struct jobs {
    const struct cor_json *principal;
    GPtrArray *list; /* struct entra_job * */
};

static gboolean take_job(const struct cor_json *item, void *data, GError **error)
{
    struct jobs *jobs = data;
    const char *id = cor_json_get_string(item, "id");
    if (!id || !*id) {
        g_set_error(error, AGENT_ERROR, COR_E_INPUT,
                    "a synchronization job came without an id from the service");
        return FALSE;
    }
    struct entra_job *job = g_new0(struct entra_job, 1);
    job->principal = g_strdup(cor_json_get_string(jobs->principal, "id"));
    job->principal_name = g_strdup(cor_json_get_string(jobs->principal, "displayName"));
    job->id = g_strdup(id);
    job->template_id = g_strdup(cor_json_get_string(item, "templateId"));
    const struct cor_json *settings = cor_json_get(item, "synchronizationJobSettings");
    job->settings = settings ? cor_json_copy(settings) : NULL;
    g_ptr_array_add(jobs->list, job);
    return TRUE;
}

/* Other templates write passwords, or to AD. A job's id begins with its template. */
static gboolean writes_objects(const struct entra_job *job)
{
    static const char *const templates[] = {"AD2AADProvisioning", "AD2AADDeviceSync"};
    for (guint i = 0; i < G_N_ELEMENTS(templates); i++) {
        gsize len = strlen(templates[i]);
        if (g_strcmp0(job->template_id, templates[i]) == 0 ||
            (strncmp(job->id, templates[i], len) == 0 && job->id[len] == '.'))
            return TRUE;
    }
    return FALSE;
}

static gboolean read_schema(struct entra_client *client, struct entra_job *job, GError **error)
{
    g_autofree char *principal = g_uri_escape_string(job->principal, NULL, FALSE);
    g_autofree char *id = g_uri_escape_string(job->id, NULL, FALSE);
    g_autofree char *url =
        g_strdup_printf("%s/v1.0/servicePrincipals/%s/synchronization/jobs/%s/schema",
                        entra_client_base(client), principal, id);
    g_autoptr(entra_reply) reply = entra_client_ask(client, url, NULL, error);
    if (!reply)
        return FALSE;
    if (reply->status != 200) {
        entra_reply_fail(reply, error);
        return FALSE;
    }
    job->schema = cor_json_parse(entra_reply_text(reply), reply->body->len, ENTRA_MAX_BODY, error);
    if (!job->schema)
        g_prefix_error(error, "%s: ", reply->path);
    return job->schema != NULL;
}

static gboolean read_jobs(struct entra_client *client, const struct cor_json *principal,
                          GPtrArray *list, GError **error)
{
    struct jobs jobs = {principal, list};
    guint first = list->len;
    g_autofree char *id = g_uri_escape_string(cor_json_get_string(principal, "id"), NULL, FALSE);
    g_autofree char *url = g_strdup_printf("%s/v1.0/servicePrincipals/%s/synchronization/jobs",
                                           entra_client_base(client), id);
    gboolean ok = each(client, url, take_job, &jobs, error);
    for (guint i = first; ok && i < list->len; i++)
        if (writes_objects(list->pdata[i]))
            ok = read_schema(client, list->pdata[i], error);
    return ok;
}

static void free_json(void *data)
{
    cor_json_free(data);
}

static void free_job(void *data)
{
    entra_job_free(data);
}

GPtrArray *entra_jobs_read(const struct entra_options *options, GCancellable *cancellable,
                           GError **error)
{
    struct entra_client *client = entra_client_new(options, cancellable, error);
    if (!client)
        return NULL;
    g_autoptr(GPtrArray) principals = g_ptr_array_new_with_free_func(free_json);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(free_job);
    g_autofree char *url = g_strdup_printf(
        "%s/v1.0/servicePrincipals?$select=id,appId,displayName,applicationTemplateId",
        entra_client_base(client));
    gboolean ok =
        entra_client_login(client, error) && each(client, url, take_principal, principals, error);
    for (guint i = 0; ok && i < principals->len; i++)
        ok = read_jobs(client, principals->pdata[i], list, error);
    entra_client_free(client);
    return ok ? g_steal_pointer(&list) : NULL;
}
