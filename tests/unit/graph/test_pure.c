/* SPDX-License-Identifier: Apache-2.0 */
/* The decisions of graph/ that need no peer: retries, links, tokens, errors, documents, audits. */
#include "correlate/error.h"
#include "correlate/time.h"
#include "graph/answer.h"
#include "graph/audit.h"
#include "graph/document.h"
#include "graph/link.h"
#include "graph/logs.h"
#include "graph/provisioning.h"
#include "graph/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define NOW_US (cor_time_parse("2026-03-01T12:00:00Z"))

/* --- retries ---------------------------------------------------------------------------------- */

static void retry_after(void **state)
{
    static const struct {
        const char *text;
        gint64 ms;
    } rows[] = {
        {NULL, ENTRA_RETRY_ABSENT},
        {"", ENTRA_RETRY_ABSENT},
        {"0", 0},
        {"7", 7000},
        {" 12 ", 12000},
        {"2.128", 2128},
        {"3.", 3000},
        {"99999999999999999999", 86400000},
        {"Sun, 01 Mar 2026 12:00:30 GMT", 30000},
        {"Sun, 01 Mar 2026 11:59:00 GMT", 0},
        {"-5", ENTRA_RETRY_ABSENT},
        {"inf", ENTRA_RETRY_ABSENT},
        {"0x10", ENTRA_RETRY_ABSENT},
        {"1e3", ENTRA_RETRY_ABSENT},
        {".5", ENTRA_RETRY_ABSENT},
        {"5 6", ENTRA_RETRY_ABSENT},
        {"soon", ENTRA_RETRY_ABSENT},
    };
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_int_equal(entra_retry_after(rows[i].text, NOW_US), rows[i].ms);
}

static void decisions(void **state)
{
    static const struct {
        struct entra_retry_state state;
        struct entra_outcome outcome;
        double jitter;
        enum entra_action action;
        gint64 wait_ms;
    } rows[] = {
        {{1, FALSE, 9000}, {ENTRA_OUT_HTTP, 200, -1}, 0, ENTRA_DONE, 0},
        {{1, FALSE, 9000}, {ENTRA_OUT_HTTP, 403, -1}, 0, ENTRA_DONE, 0},
        {{1, FALSE, 9000}, {ENTRA_OUT_HTTP, 501, -1}, 0, ENTRA_DONE, 0},
        {{1, FALSE, 9000}, {ENTRA_OUT_HTTP, 401, -1}, 0, ENTRA_RENEW, 0},
        {{2, TRUE, 9000}, {ENTRA_OUT_HTTP, 401, -1}, 0, ENTRA_DONE, 0},
        {{1, FALSE, 9000}, {ENTRA_OUT_HTTP, 429, 2128}, 0, ENTRA_WAIT, 2128},
        {{1, FALSE, 2128}, {ENTRA_OUT_HTTP, 429, 2128}, 0, ENTRA_WAIT, 2128},
        {{1, FALSE, 2127}, {ENTRA_OUT_HTTP, 429, 2128}, 0, ENTRA_GIVE_UP, 2128},
        {{1, FALSE, 9000}, {ENTRA_OUT_HTTP, 503, -1}, 0, ENTRA_WAIT, 500},
        {{1, FALSE, 9000}, {ENTRA_OUT_HTTP, 503, -1}, 0.5, ENTRA_WAIT, 750},
        {{3, FALSE, 9000}, {ENTRA_OUT_HTTP, 503, -1}, 0, ENTRA_WAIT, 2000},
        {{19, FALSE, 99999}, {ENTRA_OUT_HTTP, 503, -1}, 0, ENTRA_WAIT, 30000},
        {{20, FALSE, 99999}, {ENTRA_OUT_HTTP, 429, 0}, 0, ENTRA_GIVE_UP, 0},
        {{3, FALSE, 9000}, {ENTRA_OUT_NETWORK, 0, -1}, 0, ENTRA_WAIT, 2000},
        {{4, FALSE, 9000}, {ENTRA_OUT_NETWORK, 0, -1}, 0, ENTRA_GIVE_UP, 0},
        {{1, FALSE, 9000}, {ENTRA_OUT_TIMEOUT, 0, -1}, 0, ENTRA_WAIT, 500},
        {{2, FALSE, 9000}, {ENTRA_OUT_TIMEOUT, 0, -1}, 0, ENTRA_GIVE_UP, 0},
        {{1, FALSE, 9000}, {ENTRA_OUT_FATAL, 0, -1}, 0, ENTRA_GIVE_UP, 0},
    };
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct entra_verdict verdict =
            entra_retry_decide(&rows[i].state, &rows[i].outcome, rows[i].jitter);
        assert_int_equal(verdict.action, rows[i].action);
        assert_int_equal(verdict.wait_ms, rows[i].wait_ms);
    }
}

/* --- links ------------------------------------------------------------------------------------ */

static void links(void **state)
{
    static const struct {
        const char *link;
        gboolean ok;
    } rows[] = {
        {"https://graph.example.test/v1.0/users?$skiptoken=a%27b", TRUE},
        {"HTTPS://Graph.Example.TEST/v1.0/users", TRUE},
        {"https://graph.example.test:443/v1.0/users", TRUE},
        {"https://graph.example.test?x", TRUE},
        {"http://graph.example.test/v1.0/users", FALSE},
        {"https://graph.example.test:8443/v1.0/users", FALSE},
        {"https://graph.example.test.evil.test/", FALSE},
        {"https://evil.test/https://graph.example.test/", FALSE},
        {"https://graph.example.test@evil.test/", FALSE},
        {"https://user@graph.example.test/", FALSE},
        {"https://graph.example.test\\@evil.test/", FALSE},
        {"https://graph.example.test%2eevil.test/", FALSE},
        {"https://graph.example.test/\r\nX: 1", FALSE},
        {"https://graph.example.test/a b", FALSE},
        {"//graph.example.test/v1.0", FALSE},
        {"/v1.0/users", FALSE},
        {"", FALSE},
    };
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        assert_int_equal(entra_link_check("https://graph.example.test", rows[i].link, &error),
                         rows[i].ok);
        if (!rows[i].ok)
            assert_int_equal(error->code, COR_E_INPUT);
    }
    assert_false(entra_link_check_base("http://graph.example.test", NULL));
    assert_false(entra_link_check_base("https://", NULL));
}

static void link_length(void **state)
{
    const char *base = "https://graph.example.test/";
    (void)state;
    for (int extra = -1; extra <= 1; extra++) {
        gsize len = (gsize)(ENTRA_MAX_LINK + extra);
        g_autofree char *link = g_malloc(len + 1);
        memset(link, 'a', len);
        link[len] = '\0';
        memcpy(link, base, strlen(base));
        assert_int_equal(entra_link_check("https://graph.example.test", link, NULL), extra <= 0);
    }
}

static void hints(void **state)
{
    static const struct {
        const char *body, *hint;
    } rows[] = {
        {"{\"@odata.nextLink\":\"https://a/b\",\"value\":[]}", "https://a/b"},
        {"{\"value\":[],\"@odata.nextLink\" : \"https://a/b\"}", "https://a/b"},
        {"{\"value\":[{\"members@odata.nextLink\":\"https://a/b\"}]}", NULL},
        {"{\"@odata.nextLink\":\"https:\\/\\/a\"}", NULL},
        {"{\"@odata.nextLink\":null}", NULL},
        {"{\"@odata.nextLink\":\"https://a", NULL},
        {"{\"@odata.nextLink\"", NULL},
        {"", NULL},
    };
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *hint = entra_link_hint(rows[i].body, strlen(rows[i].body));
        if (rows[i].hint)
            assert_string_equal(hint, rows[i].hint);
        else
            assert_null(hint);
    }
}

/* --- tokens and errors ------------------------------------------------------------------------ */

static void tokens(void **state)
{
    static const struct {
        const char *body;
        gint64 life; /* 0: refused */
    } rows[] = {
        {"{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":\"a.b-c_d\"}", 3599},
        {"{\"expires_in\":\"86399\",\"access_token\":\"a\"}", 86399},
        {"{\"expires_in\":1,\"access_token\":\"a\"}", 1},
        {"{\"expires_in\":0,\"access_token\":\"a\"}", 0},
        {"{\"access_token\":\"a\"}", 0},
        {"{\"expires_in\":3599,\"access_token\":\"\"}", 0},
        {"{\"expires_in\":3599,\"access_token\":\"a\\r\\nX: 1\"}", 0},
        {"{\"token_type\":\"mac\",\"expires_in\":3599,\"access_token\":\"a\"}", 0},
        {"{\"expires_in\":3599,\"access_token\":\"a\"", 0},
        {"[]", 0},
    };
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct entra_token token;
        assert_int_equal(entra_token_parse(rows[i].body, strlen(rows[i].body), &token, NULL),
                         rows[i].life != 0);
        assert_int_equal(token.expires_in, rows[i].life);
        entra_token_clear(&token);
    }
    assert_int_equal(entra_token_renew_after(3599), 3299);
    assert_int_equal(entra_token_renew_after(600), 300);
    assert_int_equal(entra_token_renew_after(1), 0);
}

static void token_errors(void **state)
{
    static const struct {
        long status;
        const char *body;
        enum cor_code code;
        const char *words;
    } rows[] = {
        {401, "{\"error\":\"invalid_client\",\"error_codes\":[7000215]}", COR_E_AUTH, "is wrong"},
        {401, "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000222: x\"}",
         COR_E_AUTH, "has expired"},
        {400, "{\"error\":\"unauthorized_client\",\"error_codes\":[700016]}", COR_E_AUTH, "no app"},
        {400, "{\"error\":\"invalid_request\",\"error_codes\":[90002]}", COR_E_CONFIG, "no tenant"},
        {400, "{\"error\":\"invalid_scope\",\"error_codes\":[70011]}", COR_E_CONFIG, "scope"},
        {400, "{\"error\":\"x\",\"error_codes\":[90055]}", COR_E_RETRY, "throttled"},
        {400, "{\"error\":\"invalid_grant\",\"error_codes\":[1]}", COR_E_AUTH, "AADSTS1"},
        {400, "{\"error\":\"client_secret=hush\"}", COR_E_AUTH, "no error name"},
        {503, "", COR_E_RETRY, "HTTP 503"},
    };
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        entra_token_fail(rows[i].status, rows[i].body, strlen(rows[i].body), &error);
        assert_int_equal(error->code, rows[i].code);
        assert_non_null(strstr(error->message, rows[i].words));
        assert_null(strstr(error->message, "hush"));
    }
}

static void graph_errors(void **state)
{
    static const struct {
        const char *body, *code;
    } rows[] = {
        {"{\"error\":{\"code\":\"Authorization_RequestDenied\",\"message\":\"No.\"}}",
         "Authorization_RequestDenied"},
        {"{\"error\":{\"code\":\"BadRequest\",\"message\":\"\",\"innererror\":{\"code\":"
         "\"syncStateNotFound\"}}}",
         "syncStateNotFound"},
        {"{\"error\":{\"code\":\"TooManyRequests\",\"innerError\":{\"code\":\"429\"}}}",
         "TooManyRequests"},
        {"{\"error\":{\"code\":\"a\\u0007b\"}}", "a b"},
        {"{\"error\":\"invalid\"}", NULL},
        {"<html>", NULL},
    };
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *code = entra_error_code(rows[i].body, strlen(rows[i].body), NULL);
        if (rows[i].code)
            assert_string_equal(code, rows[i].code);
        else
            assert_null(code);
    }
}

/* --- documents -------------------------------------------------------------------------------- */

static const struct entra_resource *resource_named(const char *segment)
{
    for (guint i = 0; i < entra_resources_len; i++)
        if (g_str_equal(entra_resources[i].segment, segment))
            return &entra_resources[i];
    fail_msg("no resource '%s'", segment);
    return NULL;
}

static struct cor_json *parsed(const char *text)
{
    struct cor_json *doc = cor_json_parse(text, strlen(text), 0, NULL);
    assert_non_null(doc);
    return doc;
}

static void documents(void **state)
{
    static const struct {
        const char *type, *in, *out;
    } rows[] = {
        {COR_TYPE_USER,
         "{\"@odata.id\":\"x\",\"@odata.type\":\"#microsoft.graph.user\",\"id\":\"1\",\"a\":null,"
         "\"b\":[{\"@odata.type\":\"#t\",\"c\":null,\"d@odata.type\":\"x\",\"d\":[]}]}",
         "{\"b\":[{\"@odata.type\":\"#t\",\"d\":[]}],\"id\":\"1\"}"},
        {COR_TYPE_NAMED_LOCATION, "{\"@odata.type\":\"#microsoft.graph.ipNamedLocation\"}",
         "{\"@odata.type\":\"#microsoft.graph.ipNamedLocation\"}"},
    };
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        COR_JSON_AUTO *in = parsed(rows[i].in);
        COR_JSON_AUTO *out = entra_document(in, rows[i].type);
        g_autofree char *text = cor_json_to_text(out);
        assert_string_equal(text, rows[i].out);
    }
}

static void records(void **state)
{
    static const struct {
        const char *segment, *object;
        enum entra_readable readable;
        const char *name, *manager;
    } rows[] = {
        {"users", "{\"id\":\"1\",\"userPrincipalName\":\"a@b\",\"displayName\":\"A\"}",
         ENTRA_READABLE, "a@b", NULL},
        {"users", "{\"id\":\"1\",\"userPrincipalName\":\"a@b\",\"manager\":{\"id\":\"2\"}}",
         ENTRA_READABLE, "a@b", "2"},
        {"users", "{\"id\":\"1\",\"userPrincipalName\":null}", ENTRA_LIMITED, NULL, NULL},
        {"users", "{\"userPrincipalName\":\"a@b\"}", ENTRA_INVALID, NULL, NULL},
        {"users", "{\"id\":\"a b\",\"userPrincipalName\":\"a@b\"}", ENTRA_INVALID, NULL, NULL},
        {"organization", "{\"id\":\"1\",\"verifiedDomains\":[{}]}", ENTRA_LIMITED, NULL, NULL},
        {"groups", "{\"id\":\"1\",\"displayName\":\"G\"}", ENTRA_READABLE, "G", NULL},
    };
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        COR_JSON_AUTO *object = parsed(rows[i].object);
        COR_RECORD_AUTO *record = NULL;
        const char *manager = NULL;
        assert_int_equal(entra_record(resource_named(rows[i].segment), object, &record, &manager),
                         rows[i].readable);
        if (rows[i].readable != ENTRA_READABLE)
            continue;
        assert_string_equal(record->name, rows[i].name);
        assert_null(cor_record_get(record, "manager"));
        assert_int_equal(g_strcmp0(manager, rows[i].manager), 0);
    }
}

static void authority_asked(void **state)
{
    static const struct {
        const char *type, *document;
        gboolean wanted;
    } rows[] = {
        {COR_TYPE_USER, "{}", FALSE},
        {COR_TYPE_USER, "{\"onPremisesImmutableId\":\"x\"}", TRUE},
        {COR_TYPE_USER, "{\"onPremisesImmutableId\":\"x\",\"onPremisesSyncEnabled\":true}", FALSE},
        {COR_TYPE_GROUP, "{\"onPremisesSecurityIdentifier\":\"S-1-5\"}", TRUE},
        {COR_TYPE_CONTACT, "{}", TRUE},
        {COR_TYPE_CONTACT, "{\"onPremisesSyncEnabled\":false}", FALSE},
    };
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        COR_RECORD_AUTO *record = cor_record_new(COR_ENTRA, rows[i].type, "1");
        cor_json_free(record->attributes);
        record->attributes = parsed(rows[i].document);
        assert_int_equal(entra_wants_behavior(record), rows[i].wanted);
    }
}

/* What a property list must hold for the heart: correlation keys and every on-premises property
 * that the service publishes for the type (Graph resource pages). */
static void select_lists(void **state)
{
    static const char *const rows[][2] = {
        {"users",
         "id accountEnabled displayName userPrincipalName proxyAddresses mail mailNickname "
         "usageLocation employeeOrgData otherMails onPremisesSyncEnabled "
         "onPremisesLastSyncDateTime "
         "onPremisesSecurityIdentifier onPremisesProvisioningErrors serviceProvisioningErrors "
         "onPremisesDomainName onPremisesSamAccountName onPremisesExtensionAttributes "
         "onPremisesDistinguishedName onPremisesImmutableId onPremisesUserPrincipalName"},
        {"groups",
         "id displayName groupTypes securityEnabled mailEnabled visibility membershipRule "
         "onPremisesSyncEnabled onPremisesLastSyncDateTime onPremisesSecurityIdentifier "
         "onPremisesProvisioningErrors onPremisesDomainName onPremisesSamAccountName "
         "onPremisesNetBiosName onPremisesExtensionAttributes"},
        {"contacts", "id mail proxyAddresses phones addresses onPremisesSyncEnabled "
                     "onPremisesLastSyncDateTime onPremisesProvisioningErrors"},
        {"devices", "id deviceId accountEnabled trustType onPremisesSyncEnabled "
                    "onPremisesLastSyncDateTime onPremisesSecurityIdentifier"},
    };
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(GStrv) have = g_strsplit(resource_named(rows[i][0])->select, ",", -1);
        g_auto(GStrv) want = g_strsplit(rows[i][1], " ", -1);
        for (guint j = 0; want[j]; j++)
            if (!g_strv_contains((const char *const *)have, want[j]))
                fail_msg("%s does not ask for %s", rows[i][0], want[j]);
        assert_true(g_strv_contains((const char *const *)have, resource_named(rows[i][0])->must));
    }
}

static void urls(void **state)
{
    (void)state;
    g_autofree char *policies =
        entra_resource_url("https://g.test", resource_named("conditional access policies"), 999);
    assert_string_equal(policies, "https://g.test/v1.0/identity/conditionalAccess/policies");
    g_autofree char *devices =
        entra_resource_url("https://g.test", resource_named("deleted applications"), 5);
    assert_string_equal(
        devices, "https://g.test/v1.0/directory/deletedItems/microsoft.graph.application?$top=5");
    g_autofree char *audits = entra_logs_audit_url("https://g.test", NOW_US + 5, 0);
    assert_string_equal(audits, "https://g.test/v1.0/auditLogs/directoryAudits?"
                                "$filter=activityDateTime%20ge%202026-03-01T12:00:00Z");
    g_autofree char *provisioning = entra_logs_provisioning_url("https://g.test", NOW_US + 5, 9);
    assert_string_equal(provisioning,
                        "https://g.test/v1.0/auditLogs/provisioning?"
                        "$filter=activityDateTime%20gt%202026-03-01T11:59:59Z&$top=9");
}

/* --- audits ----------------------------------------------------------------------------------- */

static void audits(void **state)
{
    static const struct {
        const char *in, *out; /* out NULL: refused */
    } rows[] = {
        {"{\"id\":\"1\"}", NULL},
        {"{\"id\":\"\",\"activityDateTime\":\"2026-01-01T00:00:00Z\"}", NULL},
        {"{\"id\":\"1\",\"activityDateTime\":\"yesterday\"}", NULL},
        {"{\"id\":\"1\",\"activityDateTime\":\"2026-01-01T00:00:00Z\",\"initiatedBy\":{\"user\":"
         "null,\"app\":{\"appId\":\"a\",\"displayName\":\"n\",\"servicePrincipalId\":\"s\"}}}",
         "{\"actor\":{\"appId\":\"a\",\"id\":\"s\",\"kind\":\"app\",\"name\":\"n\"},"
         "\"details\":{},\"targets\":[]}"},
        {"{\"id\":\"1\",\"activityDateTime\":\"2026-01-01T00:00:00Z\",\"initiatedBy\":{\"user\":"
         "{\"id\":null},\"app\":null},\"additionalDetails\":[{\"key\":\"k\",\"value\":\"1\"},"
         "{\"key\":\"k\",\"value\":\"2\"}]}",
         "{\"actor\":{\"kind\":\"none\"},\"details\":{\"k\":\"1\"},\"targets\":[]}"},
        {"{\"id\":\"1\",\"activityDateTime\":\"2026-01-01T00:00:00Z\",\"initiatedBy\":{\"user\":"
         "{\"id\":\"u\",\"userPrincipalName\":\"p\",\"ipAddress\":\"192.0.2.1\"}},"
         "\"targetResources\":[{\"id\":\"t\",\"Type\":\"User\",\"modifiedProperties\":["
         "{\"displayName\":\"A\",\"oldValue\":\"\\\"x\\\"\",\"newValue\":\"[{\\\"m\\\":6}]\"},"
         "{\"displayName\":\"B\",\"oldValue\":\"\",\"newValue\":\"DirectorySync\"},"
         "{\"displayName\":\"C\",\"oldValue\":null,\"newValue\":\"[1\"}]}]}",
         "{\"actor\":{\"id\":\"u\",\"ip\":\"192.0.2.1\",\"kind\":\"user\",\"upn\":\"p\"},"
         "\"details\":{},\"targets\":[{\"id\":\"t\",\"modified\":["
         "{\"new\":[{\"m\":6}],\"old\":\"x\",\"property\":\"A\"},"
         "{\"new\":\"DirectorySync\",\"old\":\"\",\"property\":\"B\"},"
         "{\"new\":\"[1\",\"old\":null,\"property\":\"C\"}],\"type\":\"User\"}]}"},
    };
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        COR_JSON_AUTO *in = parsed(rows[i].in);
        COR_JSON_AUTO *doc = NULL;
        struct cor_event event;
        assert_int_equal(entra_audit_event(in, &event, &doc), rows[i].out != NULL);
        if (!rows[i].out)
            continue;
        g_autofree char *text = cor_json_to_text(doc);
        assert_string_equal(text, rows[i].out);
        assert_true(event.time_us > 0);
    }
}

/* --- provisioning logs ------------------------------------------------------------------------ */

static void provisionings(void **state)
{
    static const struct {
        const char *in, *out; /* out NULL: refused */
    } rows[] = {
        {"{\"id\":\"1\",\"provisioningAction\":\"update\"}", NULL},
        {"{\"activityDateTime\":\"2026-01-01T00:00:00Z\"}", NULL},
        {"{\"id\":\"1\",\"activityDateTime\":\"2026-01-01T00:00:00Z\"}",
         "{\"actor\":{\"kind\":\"app\"},\"category\":\"provisioning\",\"details\":{},"
         "\"service\":\"Account Provisioning\","
         "\"targets\":[{\"modified\":[]},{\"modified\":[]}]}"},
        {"{\"id\":\"1\",\"activityDateTime\":\"2026-01-01T00:00:00Z\",\"cycleId\":\"c\","
         "\"jobId\":\"AD2AADProvisioning.0\",\"provisioningAction\":\"update\","
         "\"initiatedBy\":{\"id\":\"\",\"initiatorType\":\"system\"},"
         "\"servicePrincipal\":{\"id\":\"s\",\"displayName\":\"lab\"},"
         "\"provisioningStatusInfo\":{\"status\":\"failure\",\"errorInformation\":{"
         "\"errorCode\":\"E\",\"reason\":\"why\",\"recommendedAction\":\"do\"}},"
         "\"sourceIdentity\":{\"id\":\"g\",\"identityType\":\"user\"},"
         "\"targetIdentity\":{\"id\":\"t\",\"displayName\":\"Ann\"},"
         "\"modifiedProperties\":[{\"displayName\":\"jobTitle\",\"oldValue\":\"A\","
         "\"newValue\":\"B\"}]}",
         "{\"activity\":\"update\",\"actor\":{\"id\":\"s\",\"kind\":\"app\",\"name\":\"lab\"},"
         "\"category\":\"provisioning\",\"correlation\":\"c\",\"details\":{\"advice\":\"do\","
         "\"cycle\":\"c\",\"error\":\"E\",\"job\":\"AD2AADProvisioning.0\"},"
         "\"operation\":\"update\",\"reason\":\"why\",\"result\":\"failure\","
         "\"service\":\"Account Provisioning\",\"targets\":[{\"id\":\"t\",\"modified\":["
         "{\"new\":\"B\",\"old\":\"A\",\"property\":\"jobTitle\"}],\"name\":\"Ann\"},"
         "{\"id\":\"g\",\"modified\":[],\"type\":\"user\"}]}"},
    };
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        COR_JSON_AUTO *in = parsed(rows[i].in);
        COR_JSON_AUTO *doc = NULL;
        struct cor_event event;
        assert_int_equal(entra_provisioning_event(in, &event, &doc), rows[i].out != NULL);
        if (!rows[i].out)
            continue;
        g_autofree char *text = cor_json_to_text(doc);
        assert_string_equal(text, rows[i].out);
        assert_true(event.time_us > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry_after),
        cmocka_unit_test(decisions),
        cmocka_unit_test(links),
        cmocka_unit_test(link_length),
        cmocka_unit_test(hints),
        cmocka_unit_test(tokens),
        cmocka_unit_test(token_errors),
        cmocka_unit_test(graph_errors),
        cmocka_unit_test(documents),
        cmocka_unit_test(records),
        cmocka_unit_test(authority_asked),
        cmocka_unit_test(select_lists),
        cmocka_unit_test(urls),
        cmocka_unit_test(audits),
        cmocka_unit_test(provisionings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
