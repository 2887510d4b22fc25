/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of resources: its entries make sense together, and docs/entra.md shows exactly them.
 *
 *     graph_test_table --print     prints what docs/entra.md must hold between its markers
 */
#include "correlate/forecast.h"
#include "graph/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define BEGIN  "<!-- resources -->\n"
#define FINISH "<!-- /resources -->\n"

/* --- the documentation ------------------------------------------------------------------------ */

static const char *or_dash(const char *text)
{
    return text ? text : "-";
}

static const char *resource_when(const struct entra_resource *resource)
{
    if (resource->delta)
        return "delta query";
    return resource->slow ? "listed, one request a second" : "listed";
}

static const char *relation_when(const struct entra_relation *relation)
{
    static const char *const words[] = {
        [ENTRA_TRACKED] = "where the delta query tells it",
        [ENTRA_ALWAYS] = "of each object",
        [ENTRA_HINTED] = "of new objects and those an audit record names",
    };
    return words[relation->when];
}

static void add_resource(GString *out, const struct entra_resource *resource)
{
    g_string_append_printf(out, "| **%s** | `%s` | %s%s | %s | %s | %s | %s | %s |\n",
                           resource->segment, resource->path, resource->permission,
                           resource->optional ? "" : " (required)", or_dash(resource->licence),
                           resource_when(resource), or_dash(resource->restorable),
                           or_dash(resource->ours), or_dash(resource->loses));
    for (const struct entra_relation *at = resource->relations; at && at->kind; at++)
        g_string_append_printf(out, "| %s | `…/%s` | %s%s | %s | %s | - | %s | %s |\n", at->segment,
                               at->relation, entra_relation_permission(resource, at),
                               at->optional ? "" : " (required)", or_dash(at->licence),
                               relation_when(at), or_dash(at->ours), or_dash(at->loses));
}

static char *table(void)
{
    GString *out = g_string_new("| what | path | application permission | licence | in an "
                                "incremental capture | a restore can write | ours | without it "
                                "nobody learns |\n|---|---|---|---|---|---|---|---|\n");
    for (guint i = 0; i < entra_resources_len; i++)
        add_resource(out, &entra_resources[i]);
    return g_string_free(out, FALSE);
}

static void is_documented(void **state)
{
    g_autofree char *text = NULL, *wanted = table();
    (void)state;
    assert_true(g_file_get_contents(AW_SOURCE_DIR "/docs/entra.md", &text, NULL, NULL));
    char *from = strstr(text, BEGIN), *to = strstr(text, FINISH);
    assert_true(from && to);
    *to = '\0';
    if (strcmp(from + strlen(BEGIN), wanted) != 0)
        fail_msg("docs/entra.md shows another table; run graph_test_table --print");
}

/* --- what must hold of each entry ------------------------------------------------------------- */

static void check_relation(const struct entra_resource *resource, const struct entra_relation *at)
{
    gboolean parts = at->form != ENTRA_TARGETS;
    assert_true(at->relation && at->segment);
    assert_int_equal(at->type != NULL, parts);
    assert_false(resource->slow); /* relations go into batches */
    /* a tracked relation is one that the delta query selects */
    gboolean selected = resource->delta && strstr(resource->delta, at->relation);
    assert_int_equal(at->when == ENTRA_TRACKED, selected);
    if (at->bulk)
        assert_true(resource->sized && (at->form == ENTRA_TARGETS || at->form == ENTRA_PROPERTY));
    /* what is required names no permission of its own: the resource asks for it already */
    assert_true(at->optional || !at->permission);
}

static void entries_are_whole(void **state)
{
    g_autoptr(GHashTable) segments = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) types = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    (void)state;
    for (guint i = 0; i < entra_resources_len; i++) {
        const struct entra_resource *resource = &entra_resources[i];
        assert_true(resource->type && resource->permission && resource->loses);
        assert_string_equal(resource->version, "v1.0"); /* the only one that batches ask */
        assert_true(g_hash_table_add(segments, (void *)resource->segment));
        /* entra_track_find knows one resource of a type and life */
        assert_true(
            g_hash_table_add(types, g_strdup_printf("%s %d", resource->type, (int)resource->life)));
        assert_true(resource->life == COR_LIVE || !resource->relations);
        assert_true(resource->optional || resource->must);
        /* nothing is promised of a type that no row of the decision table speaks of */
        if (resource->life == COR_LIVE)
            assert_int_equal(resource->restorable != NULL, cor_forecast_knows(resource->type));
        for (const struct entra_relation *at = resource->relations; at && at->kind; at++) {
            assert_true(g_hash_table_add(segments, (void *)at->segment));
            check_relation(resource, at);
        }
    }
}

/* --- records ---------------------------------------------------------------------------------- */

static const struct entra_resource *resource_of(const char *type)
{
    for (guint i = 0; i < entra_resources_len; i++)
        if (entra_resources[i].life == COR_LIVE && g_str_equal(entra_resources[i].type, type))
            return &entra_resources[i];
    fail_msg("no resource %s", type);
    return NULL;
}

static const struct entra_relation *relation_of(const char *type, const char *kind)
{
    const struct entra_relation *at = resource_of(type)->relations;
    while (at->kind && !g_str_equal(at->kind, kind))
        at++;
    assert_non_null(at->kind);
    return at;
}

static struct cor_record *record_of(const char *type, const char *text)
{
    COR_JSON_AUTO *object = cor_json_parse(text, strlen(text), 0, NULL);
    struct cor_record *record = NULL;
    const char *manager = NULL;
    assert_non_null(object);
    return entra_record(resource_of(type), object, &record, &manager) == ENTRA_READABLE ? record
                                                                                        : NULL;
}

static void secrets_are_dropped(void **state)
{
    (void)state;
    COR_RECORD_AUTO *record = record_of(
        COR_TYPE_APPLICATION,
        "{\"id\":\"a\",\"appId\":\"b\",\"key\":\"kept\",\"keyCredentials\":[{\"keyId\":\"k\","
        "\"key\":\"PRIVATE\"}],\"passwordCredentials\":[{\"keyId\":\"p\",\"secretText\":"
        "\"PRIVATE\",\"hint\":\"PRI\"}],\"passwordProfile\":{\"password\":\"PRIVATE\"}}");
    assert_non_null(record);
    g_autofree char *text = cor_json_to_text(record->attributes);
    assert_null(strstr(text, "PRI"));
    assert_non_null(strstr(text, "\"key\":\"kept\""));
    assert_non_null(strstr(text, "\"keyId\":\"p\""));
}

static void keys_and_names(void **state)
{
    static const struct {
        const char *type, *object, *key, *name;
    } rows[] = {
        {COR_TYPE_AUTH_CONTEXT, "{\"id\":\"c1\",\"displayName\":\"MFA\"}",
         COR_TYPE_AUTH_CONTEXT "/c1", "MFA"},
        {COR_TYPE_CROSS_TENANT_PARTNER, "{\"tenantId\":\"t1\"}",
         COR_TYPE_CROSS_TENANT_PARTNER "/t1", "t1"},
        {COR_TYPE_CROSS_TENANT, "{\"allowedCloudEndpoints\":[]}", COR_TYPE_CROSS_TENANT "/policy",
         "cross-tenant access policy"},
        {COR_TYPE_ENTRA_DOMAIN, "{\"id\":\"x.test\",\"authenticationType\":\"Managed\"}",
         COR_TYPE_ENTRA_DOMAIN "/x.test", "x.test"},
        {"subscribedSku", "{\"id\":\"s\",\"skuId\":\"k\",\"skuPartNumber\":\"E5\"}",
         "subscribedSku/s", "E5"},
        {COR_TYPE_ROLE_ASSIGNMENT, "{\"id\":\"lAPp-1\",\"principalId\":\"p\"}", "lAPp-1", "lAPp-1"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        COR_RECORD_AUTO *record = record_of(rows[i].type, rows[i].object);
        assert_non_null(record);
        assert_string_equal(record->key, rows[i].key);
        assert_string_equal(record->name, rows[i].name);
    }
    /* a list where a single object was asked for is no policy */
    assert_null(record_of(COR_TYPE_CROSS_TENANT, "{\"value\":[]}"));
    assert_null(record_of("subscribedSku", "{\"id\":\"s\"}"));
}

static void transient_is_not_stored(void **state)
{
    (void)state;
    COR_RECORD_AUTO *record =
        record_of("subscribedSku", "{\"id\":\"s\",\"skuId\":\"k\",\"consumedUnits\":7}");
    assert_null(cor_record_get(record, "consumedUnits"));
    assert_non_null(cor_record_get(record, "skuId"));
}

static void parts(void **state)
{
    static const struct {
        const char *type, *kind, *object, *key;
    } rows[] = {
        {COR_TYPE_APPLICATION, "federatedIdentityCredential", "{\"id\":\"f\",\"name\":\"ci\"}",
         "f"},
        {COR_TYPE_SERVICE_PRINCIPAL, "delegatedPermissionClassification", "{\"id\":\"d\"}",
         COR_TYPE_PERMISSION_CLASS "/parent/d"},
        {COR_TYPE_USER, "customSecurityAttributes", "{\"Set\":{\"Level\":3}}",
         COR_TYPE_SECURITY_ATTRIBUTES "/parent"},
        {COR_TYPE_CROSS_TENANT_PARTNER, "identitySynchronization", "{\"tenantId\":\"t\"}",
         COR_TYPE_CROSS_TENANT_SYNC "/parent"},
        {COR_TYPE_APPLICATION, "federatedIdentityCredential", "{\"name\":\"ci\"}", NULL},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        COR_JSON_AUTO *object = cor_json_parse(rows[i].object, strlen(rows[i].object), 0, NULL);
        COR_RECORD_AUTO *part =
            entra_part(relation_of(rows[i].type, rows[i].kind), "parent", object);
        if (!rows[i].key) {
            assert_null(part);
            continue;
        }
        assert_string_equal(part->key, rows[i].key);
        assert_string_equal(cor_record_text(part, "anchorwatchParent"), "parent");
    }
}

static void requests(void **state)
{
    (void)state;
    const struct entra_resource *users = resource_of(COR_TYPE_USER);
    const struct entra_resource *partners = resource_of(COR_TYPE_CROSS_TENANT_PARTNER);
    const struct entra_relation *sponsors = relation_of(COR_TYPE_USER, "sponsor");
    const struct entra_relation *security = relation_of(COR_TYPE_USER, "customSecurityAttributes");
    g_autofree char *many = entra_bulk_url("https://g", users, sponsors, 999);
    g_autofree char *values = entra_bulk_url("https://g", users, security, 0);
    g_autofree char *one = entra_relation_path(users, sponsors, "a b", 999);
    g_autofree char *value = entra_relation_path(users, security, "u", 999);
    g_autofree char *scoped = entra_relation_path(partners, partners->relations,
                                                  COR_TYPE_CROSS_TENANT_PARTNER "/t1", 999);
    g_autofree char *policies =
        entra_resource_url("https://g", resource_of(COR_TYPE_ROLE_POLICY), 9);
    assert_string_equal(many, "https://g/v1.0/users?$select=id&$expand=sponsors($select=id)&"
                              "$top=999");
    assert_string_equal(values, "https://g/v1.0/users?$select=id,customSecurityAttributes");
    assert_string_equal(one, "/users/a%20b/sponsors?$select=id");
    assert_string_equal(value, "/users/u?$select=id,customSecurityAttributes");
    assert_string_equal(scoped,
                        "/policies/crossTenantAccessPolicy/partners/t1/identitySynchronization");
    assert_string_equal(policies, "https://g/v1.0/policies/roleManagementPolicies?$expand=rules&"
                                  "$filter=scopeId%20eq%20%27%2F%27%20and%20scopeType%20eq%20%27"
                                  "DirectoryRole%27");
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--print") == 0) {
        g_autofree char *text = table();
        fputs(text, stdout);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_documented),
        cmocka_unit_test(entries_are_whole),
        cmocka_unit_test(secrets_are_dropped),
        cmocka_unit_test(keys_and_names),
        cmocka_unit_test(parts),
        cmocka_unit_test(transient_is_not_stored),
        cmocka_unit_test(requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
