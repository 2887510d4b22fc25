/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config.h"
#include "correlate/error.h"
#include "correlate/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <glib/gstdio.h>

static const char good[] = "[store]\npath=/var/lib/anchorwatch/store.db\n"
                           "[ad corp]\ndomain=lab.example.test\nkeytab=/etc/svc.keytab\n"
                           "[entra corp]\ntenant_id=t\nclient_id=c\nsecret_file=/etc/secret\n";

static char *write_file(const char *text)
{
    g_autofree char *name = NULL;
    int fd = g_file_open_tmp("anchorwatch-config-XXXXXX", &name, NULL);
    assert_true(fd >= 0);
    g_close(fd, NULL);
    assert_true(g_file_set_contents(name, text, -1, NULL));
    return g_steal_pointer(&name);
}

static struct config *load(const char *text, char **ret_message)
{
    g_autofree char *path = write_file(text);
    g_autoptr(GError) error = NULL;
    struct config *config = config_load(path, &error);
    g_unlink(path);
    *ret_message = NULL;
    if (!config) {
        assert_int_equal(error->code, COR_E_CONFIG);
        /* the temporary name is of no interest to the test */
        g_auto(GStrv) parts = g_strsplit(error->message, path, 0);
        *ret_message = g_strjoinv("FILE", parts);
    }
    return config;
}

static void says(const char *text, const char *wanted)
{
    g_autofree char *message = NULL;
    CONFIG_AUTO *config = load(text, &message);
    if (config)
        fail_msg("accepted: %s", text);
    if (!strstr(message, wanted))
        fail_msg("wanted \"%s\" in \"%s\"", wanted, message);
}

static void test_defaults(void **state)
{
    (void)state;
    g_autofree char *message = NULL;
    CONFIG_AUTO *config = load(good, &message);
    assert_non_null(config);
    assert_string_equal(config->ad.source, "corp");
    assert_string_equal(config->entra.graph_url, "https://graph.microsoft.com");
    assert_int_equal(config->ad.transport, AD_LDAP_SEALED);
    assert_int_equal(config->retention.keep_daily_days, 365);
    assert_true(config->agent_interval_us == COR_HOUR_US);
    assert_int_equal(config->hints.staging, COR_UNKNOWN);
}

static void test_values_are_read(void **state)
{
    (void)state;
    g_autofree char *text =
        g_strconcat(good, "[sync]\nengine=cloudsync\ninterval_minutes=2\nstaging=yes\n", NULL);
    g_autofree char *message = NULL;
    CONFIG_AUTO *config = load(text, &message);
    assert_non_null(config);
    assert_int_equal(config->hints.engine, COR_ENGINE_CLOUDSYNC);
    assert_int_equal(config->hints.staging, COR_YES);
    assert_true(config->hints.interval_us == 2 * COR_MINUTE_US);
}

static void test_mistakes_name_file_line_and_way_out(void **state)
{
    (void)state;
    says("[stoer]\npath=/x\n", "FILE:1: unknown section [stoer]; did you mean [store]?");
    says("[store]\npath=/x\n[ad a]\ndomain=d\nkeytb=/k\n",
         "FILE:5: unknown key \"keytb\" in [ad a]; did you mean \"keytab\"?");
    says("[store]\npath=relative\n[ad a]\ndomain=d\n", "FILE:2: path must be an absolute path");
    says("[store]\npath=/x\n[ad a]\ndomain=d\ntransport=tls\n",
         "FILE:5: transport must be one of ldap, ldaps, starttls, not \"tls\"");
    says("[store]\npath=/x\n[ad a]\ndomain=d\npage_size=9\n", "FILE:5: page_size must be a whole");
    says("[store]\npath=/x\n[ad a]\nserver=s\n", "FILE:3: [ad a] needs domain");
    says("[store]\npath=/x\n[ad a]\ndomain=d\n[ad b]\ndomain=d\n", "a second [ad …] section");
    says("[store]\npath=/x\n", "no directory is named");
    says("[store]\npath=/x\n[ad a]\ndomain=d\nbind_dn=cn=x\n", "password in clear");
    says("[store]\npath=/x\n[entra a]\ntenant_id=t\nclient_id=c\nsecret_file=/s\n"
         "graph_url=http://graph.example.test\n",
         "FILE:7: graph_url must begin with https://");
}

#define ENTRA "[store]\npath=/x\n[entra a]\ntenant_id=t\n"

static void test_credentials(void **state)
{
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        {"client_id=c\n", "FILE:3: [entra …] needs a credential"},
        {"client_id=c\nsecret_file=/s\ncertificate_file=/c\n", "only one credential can be used"},
        {"secret_file=/s\n", "FILE:3: [entra …] needs client_id"},
        {"client_id=c\nmanaged_identity=arc\n", "FILE:5: client_id is not used"},
        {"client_id=c\nsecret_file=/s\ncertificate_password_file=/p\n", "FILE:7: certificate_pass"},
        {"client_id=c\nsecret_file=/s\ncloud=mars\n", "global, usgov, usgov-dod, china"},
        {"client_id=c\nsecret_file=/s\nproxy=proxy.example.test:8080\n", "FILE:7: proxy must be"},
        {"client_id=c\nsecret_file=/s\nproxy=http://a:b@p.example.test\n", "proxy_secret_file"},
        {"client_id=c\nsecret_file=/s\nproxy_secret_file=/p\n", "FILE:7: proxy_secret_file needs"},
        {"client_id=c\nsecret_file=/s\nquota_percent=101\n", "from 0 to 100"},
    };
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strconcat(ENTRA, rows[i].text, NULL);
        says(text, rows[i].wanted);
    }
}

static void test_clouds(void **state)
{
    static const struct {
        const char *text, *graph;
    } rows[] = {
        {"cloud=usgov\n", "https://graph.microsoft.us"},
        {"cloud=usgov-dod\n", "https://dod-graph.microsoft.us"},
        {"cloud=china\n", "https://microsoftgraph.chinacloudapi.cn"},
        {"cloud=china\ngraph_url=https://graph.example.test\n", "https://graph.example.test"},
    };
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text =
            g_strconcat(ENTRA "client_id=c\nsecret_file=/s\n", rows[i].text, NULL);
        g_autofree char *message = NULL;
        CONFIG_AUTO *config = load(text, &message);
        assert_non_null(config);
        assert_string_equal(config->entra.graph_url, rows[i].graph);
    }
}

static void test_all_mistakes_at_once(void **state)
{
    (void)state;
    g_autofree char *message = NULL;
    assert_null(load("[store]\npth=/x\n[ad a]\ndoman=d\n", &message));
    assert_non_null(strstr(message, "\"path\"?"));
    assert_non_null(strstr(message, "\"domain\"?"));
}

static void test_file_that_is_not_there(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    assert_null(config_load("/nonexistent/anchorwatch.conf", &error));
    assert_non_null(strstr(error->message, "/nonexistent/anchorwatch.conf"));
}

/* docs/configuration.md holds the table as the program knows it. */
static void test_documentation_is_the_table(void **state)
{
    (void)state;
    g_autofree char *text = NULL;
    g_autofree char *table = config_describe();
    assert_true(g_file_get_contents(AW_SOURCE_DIR "/docs/configuration.md", &text, NULL, NULL));
    assert_non_null(strstr(text, table));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_values_are_read),
        cmocka_unit_test(test_mistakes_name_file_line_and_way_out),
        cmocka_unit_test(test_credentials),
        cmocka_unit_test(test_clouds),
        cmocka_unit_test(test_all_mistakes_at_once),
        cmocka_unit_test(test_file_that_is_not_there),
        cmocka_unit_test(test_documentation_is_the_table),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
