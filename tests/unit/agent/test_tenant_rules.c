/* SPDX-License-Identifier: Apache-2.0 */
/* Several Cloud Sync jobs become one rule set. */
#include "agent/tenant_rules.h"
#include "correlate/error.h"
#include "graph/jobs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static struct cor_json *parse(const char *quoted)
{
    g_autofree char *text = g_strdelimit(g_strdup(quoted), "'", '"');
    struct cor_json *json = cor_json_parse(text, strlen(text), 0, NULL);
    assert_non_null(json);
    return json;
}

/* domain: of the job's directory; NULL: a job that was not read. */
static void add_job(GPtrArray *jobs, const char *id, const char *domain)
{
    struct entra_job *job = g_new0(struct entra_job, 1);
    job->id = g_strdup(id);
    job->template_id = g_strdup("T");
    g_ptr_array_add(jobs, job);
    if (!domain)
        return;
    g_autofree char *schema = g_strdup_printf(
        "{'synchronizationRules':[{'id':'r','sourceDirectoryName':'%s','targetDirectoryName':"
        "'Azure Active Directory','objectMappings':[{'name':'user','sourceObjectName':'user',"
        "'targetObjectName':'User','attributeMappings':[]}]}]}",
        domain);
    job->schema = parse(schema);
    job->settings = cor_json_new_array();
    g_autofree char *value =
        g_strdup_printf("{\"DomainFQDN\":\"%s\",\"DomainNetBios\":\"NB\"}", domain);
    struct cor_json *setting = cor_json_new_object();
    cor_json_add_string(setting, "name", "Domain");
    cor_json_add_string(setting, "value", value);
    cor_json_append(job->settings, setting);
}

static void free_job(void *data)
{
    entra_job_free(data);
}

static void jobs_are_joined(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func(free_job);
    struct rules_import got = {0};
    add_job(jobs, "A", "a.example.test");
    add_job(jobs, "B", "b.example.test");
    add_job(jobs, "C", NULL);
    assert_true(rules_import_jobs(jobs, &got, NULL));
    assert_int_equal(got.set->rules->len, 2);
    const struct cor_rule *second = got.set->rules->pdata[1];
    assert_string_equal(second->id, "{r/user#2}");
    assert_int_equal(got.set->connectors->len, 3);
    const struct cor_connector *b =
        cor_rule_set_connector(got.set, "{cloud-sync-ad:b.example.test}");
    assert_string_equal(b->domain, "b.example.test");
    assert_string_equal(g_hash_table_lookup(b->parameters, "Domain.Netbios"), "NB");
    assert_int_equal(got.findings->len, 2);
    assert_non_null(strstr(got.findings->pdata[0], "job C: of template T"));
    assert_non_null(strstr(got.findings->pdata[1], "2 directories"));
    rules_import_clear(&got);
}

static void nothing_is_half_imported(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func(free_job);
    struct rules_import got = {0};
    g_autoptr(GError) none = NULL, broken = NULL;
    add_job(jobs, "C", NULL);
    assert_false(rules_import_jobs(jobs, &got, &none));
    assert_int_equal(none->code, COR_E_NOT_FOUND);
    add_job(jobs, "A", "a.example.test");
    add_job(jobs, "B", "b.example.test");
    struct entra_job *last = jobs->pdata[2];
    cor_json_set(last->schema, "synchronizationRules", cor_json_new_int(1));
    assert_false(rules_import_jobs(jobs, &got, &broken));
    assert_string_equal(broken->message, "job B: synchronizationRules: expected a list, found 1");
    assert_null(got.set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_are_joined),
        cmocka_unit_test(nothing_is_half_imported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
