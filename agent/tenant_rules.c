/* SPDX-License-Identifier: Apache-2.0 */
/* Rules read from the tenant: the schemas of all Cloud Sync jobs make one set. */
#include "agent/tenant_rules.h"

#include "agent/rules/members.h"
#include "correlate/error.h"
#include "graph/jobs.h"

#include <string.h>

/* The setting "Domain" is a JSON text (how-to-inbound-synch-ms-graph). */
static struct cor_json *domain_of(const struct entra_job *job)
{
    for (const struct cor_json *n = cor_json_first(job->settings); n; n = cor_json_next(n)) {
        const char *value = cor_json_get_string(n, "value");
        if (value && g_strcmp0(cor_json_get_string(n, "name"), "Domain") == 0)
            return cor_json_parse(value, strlen(value), 0, NULL);
    }
    return NULL;
}

/* The directories that this job brought are those of its domain. */
static void name_domain(struct cor_rule_set *set, guint first, const struct entra_job *job)
{
    static const char *const names[][2] = {
        {"DomainFQDN", "Domain.FQDN"},
        {"DomainNetBios", "Domain.Netbios"},
        {"ForestFQDN", "Forest.FQDN"},
        {"ForestNetBios", "Forest.Netbios"},
    };
    COR_JSON_AUTO *domain = domain_of(job);
    for (guint i = first; domain && i < set->connectors->len; i++) {
        struct cor_connector *connector = set->connectors->pdata[i];
        if (connector->cloud)
            continue;
        connector->domain = g_strdup(cor_json_get_string(domain, "DomainFQDN"));
        connector->netbios = g_strdup(cor_json_get_string(domain, "DomainNetBios"));
        connector->forest = g_strdup(cor_json_get_string(domain, "ForestFQDN"));
        for (guint j = 0; j < G_N_ELEMENTS(names); j++) {
            const char *value = cor_json_get_string(domain, names[j][0]);
            if (value)
                g_hash_table_insert(connector->parameters, g_strdup(names[j][1]), g_strdup(value));
        }
    }
}

static gboolean read_job(struct rules_reading *in, const struct entra_job *job, GError **error)
{
    g_autofree char *name = g_strdup_printf("job %s", job->id);
    g_autoptr(GString) path = g_string_new(NULL);
    in->file = name;
    if (!job->schema) {
        rules_finding(in, NULL, "of template %s, which writes no objects to Entra ID: not read",
                      job->template_id ? job->template_id : "unknown");
        return TRUE;
    }
    guint first = in->set->connectors->len;
    struct rules_document document = {*in, path};
    if (!rules_read_cloud_schema(&document, job->schema, error))
        return FALSE;
    name_domain(in->set, first, job);
    return TRUE;
}

static void find_shared(struct rules_reading *in)
{
    guint directories = 0;
    for (guint i = 0; i < in->set->connectors->len; i++)
        directories += !((const struct cor_connector *)in->set->connectors->pdata[i])->cloud;
    in->file = "jobs";
    if (directories > 1)
        rules_finding(in, NULL,
                      "%u directories are synchronized; which of their rules is for which "
                      "directory is not told apart",
                      directories);
}

gboolean rules_import_jobs(const GPtrArray *jobs, struct rules_import *ret, GError **error)
{
    struct rules_import import = {
        .set = cor_rule_set_new(COR_RULES_CLOUD_SYNC),
        .findings = g_ptr_array_new_with_free_func(g_free),
    };
    struct rules_reading in = {import.set, import.findings, "jobs"};
    gboolean ok = TRUE, any = FALSE;
    for (guint i = 0; ok && i < jobs->len; i++) {
        const struct entra_job *job = jobs->pdata[i];
        any |= job->schema != NULL;
        ok = read_job(&in, job, error);
    }
    if (ok && !any) {
        g_set_error(error, AGENT_ERROR, COR_E_NOT_FOUND,
                    "the tenant has no Cloud Sync job that writes objects to Entra ID");
        ok = FALSE;
    }
    if (!ok) {
        rules_import_clear(&import);
        return FALSE;
    }
    find_shared(&in);
    cor_rule_set_sort(import.set);
    *ret = import;
    return TRUE;
}

gboolean rules_import_tenant(const struct entra_options *options, GCancellable *cancellable,
                             struct rules_import *ret, GError **error)
{
    g_autoptr(GPtrArray) jobs = entra_jobs_read(options, cancellable, error);
    return jobs && rules_import_jobs(jobs, ret, error);
}
