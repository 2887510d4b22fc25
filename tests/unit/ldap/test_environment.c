/* SPDX-License-Identifier: Apache-2.0 */
/* Translation of foreign errors, DNS answers, secret files. */
#include "ldap/credential.h"
#include "ldap/error.h"
#include "ldap/locate.h"

#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_ldap_errors(void **state)
{
    static const struct {
        int code;
        const char *diagnostic;
        enum cor_code todo;
        const char *word;
    } cases[] = {
        {LDAP_INVALID_CREDENTIALS, "80090308: LdapErr: error, data 52e, v1db1", COR_E_AUTH,
         "password is wrong"},
        {LDAP_INVALID_CREDENTIALS, "80090308: LdapErr: error, data 775, v1db1", COR_E_AUTH,
         "locked out"},
        {LDAP_INVALID_CREDENTIALS, NULL, COR_E_AUTH, "refused the credentials"},
        {LDAP_STRONG_AUTH_REQUIRED,
         "00002028: LdapErr: the server requires binds to turn on integrity checking", COR_E_CONFIG,
         "signed or encrypted"},
        {LDAP_LOCAL_ERROR, "SASL(-1): generic failure: GSSAPI Error: (Clock skew too great)",
         COR_E_AUTH, "clock"},
        {LDAP_LOCAL_ERROR, "SASL(-1): (Server ldap/x@Y not found in Kerberos database)",
         COR_E_CONFIG, "service name"},
        {LDAP_SERVER_DOWN, NULL, COR_E_RETRY, "cannot be reached"},
        {LDAP_TIMEOUT, NULL, COR_E_RETRY, "in time"},
        {LDAP_INSUFFICIENT_ACCESS, "00002098", COR_E_AUTH, "right"},
        {9999, "strange", COR_E_INPUT, "refused"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        enum cor_code todo;
        const char *words = ad_explain_ldap(cases[i].code, cases[i].diagnostic, &todo);
        if (todo != cases[i].todo || !strstr(words, cases[i].word))
            fail_msg("case %zu: %s", i, words);
    }
}

static void test_krb5_errors(void **state)
{
    static const struct {
        krb5_error_code code;
        enum cor_code todo;
        const char *word;
    } cases[] = {
        {KRB5KRB_AP_ERR_SKEW, COR_E_AUTH, "clock"},
        {KRB5KDC_ERR_PREAUTH_FAILED, COR_E_AUTH, "keytab"},
        {KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, COR_E_AUTH, "no such account"},
        {KRB5_KDC_UNREACH, COR_E_RETRY, "answers"},
        {KRB5_KT_NOTFOUND, COR_E_CONFIG, "no key"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        enum cor_code todo;
        const char *words = ad_explain_krb5(cases[i].code, &todo);
        if (todo != cases[i].todo || !strstr(words, cases[i].word))
            fail_msg("case %zu: %s", i, words);
    }
}

/* Reply to _ldap._tcp.dc._msdcs.x.test: priority 0 weight 100 port 389 a.test, and 1 0 3268 b.test.
 */
static const guint8 reply[] = {
    0,   1,   0x81, 0x80, 0,  1, 0,    2,    0,  0,   0,    0,    1,    'x', 4,   't',  'e',
    's', 't', 0,    0,    33, 0, 1,    0xc0, 12, 0,   33,   0,    1,    0,   0,   0,    60,
    0,   10,  0,    1,    0,  0, 0x0c, 0xc4, 1,  'b', 0xc0, 14,   0xc0, 12,  0,   33,   0,
    1,   0,   0,    0,    60, 0, 10,   0,    0,  0,   100,  0x01, 0x85, 1,   'a', 0xc0, 14,
};

static guint first_weight(guint total, void *data)
{
    (void)total, (void)data;
    return 0;
}

static void test_srv(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) servers = ad_srv_parse(reply, sizeof reply);
    assert_int_equal(servers->len, 2);
    ad_srv_order(servers, first_weight, NULL);
    const struct ad_srv *first = servers->pdata[0], *second = servers->pdata[1];
    assert_string_equal(first->host, "a.test");
    assert_int_equal(first->port, 389);
    assert_string_equal(second->host, "b.test");
    assert_int_equal(second->port, 3268);
    for (gsize cut = 0; cut < sizeof reply; cut++) {
        g_autoptr(GPtrArray) fewer = ad_srv_parse(reply, cut);
        assert_true(fewer->len < 2);
    }
}

static guint chosen_weight(guint total, void *data)
{
    guint wanted = *(guint *)data;
    *(guint *)data = 0;
    return MIN(wanted, total);
}

static void test_srv_weights(void **state)
{
    /* weights 0, 10 and 20 of one priority: the drawn number picks by running sum */
    static const struct {
        guint drawn;
        const char *host;
    } cases[] = {{0, "w0"}, {1, "w10"}, {10, "w10"}, {11, "w20"}, {30, "w20"}};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) servers = g_ptr_array_new_with_free_func((GDestroyNotify)ad_srv_free);
        for (guint weight = 0; weight <= 20; weight += 10) {
            struct ad_srv *srv = g_new0(struct ad_srv, 1);
            srv->weight = (guint16)weight;
            srv->host = g_strdup_printf("w%u", weight);
            g_ptr_array_insert(servers, 0, srv);
        }
        guint drawn = cases[i].drawn;
        ad_srv_order(servers, chosen_weight, &drawn);
        assert_string_equal(((struct ad_srv *)servers->pdata[0])->host, cases[i].host);
        assert_int_equal(servers->len, 3);
    }
}

static void test_secret_file(void **state)
{
    (void)state;
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("anchorwatch-secret-XXXXXX", &path, NULL);
    assert_true(fd >= 0);
    assert_true(g_close(fd, NULL));
    assert_true(g_file_set_contents(path, "hidden word\r\nsecond\n", -1, NULL));
    assert_int_equal(g_chmod(path, 0600), 0);
    char *secret = ad_secret_read("password file", path, NULL);
    assert_string_equal(secret, "hidden word");
    ad_secret_free(secret);
    static const int modes[] = {0640, 0604, 0644, 0660};
    for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_autoptr(GError) error = NULL;
        assert_int_equal(g_chmod(path, modes[i]), 0);
        assert_null(ad_secret_read("password file", path, &error));
        assert_int_equal(error->code, COR_E_CONFIG);
        assert_non_null(strstr(error->message, path));
        assert_non_null(strstr(error->message, "chmod 600"));
        assert_null(strstr(error->message, "hidden"));
    }
    assert_int_equal(g_chmod(path, 0600), 0);
    assert_true(g_file_set_contents(path, "\n", -1, NULL));
    assert_null(ad_secret_read("password file", path, NULL));
    g_autofree char *large = g_strnfill(5000, 'x');
    assert_true(g_file_set_contents(path, large, -1, NULL));
    assert_int_equal(g_chmod(path, 0600), 0);
    assert_null(ad_secret_read("password file", path, NULL));
    g_unlink(path);
    assert_false(ad_secret_check("keytab", path, NULL));
    assert_false(ad_secret_check("keytab", "/dev/null", NULL));
}

static void test_keytab_damaged(void **state)
{
    (void)state;
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("anchorwatch-keytab-XXXXXX", &path, NULL);
    assert_true(g_close(fd, NULL));
    assert_true(g_file_set_contents(path, "not a keytab", -1, NULL));
    assert_int_equal(g_chmod(path, 0600), 0);
    g_autoptr(GError) error = NULL;
    assert_null(ad_ticket_new(path, NULL, &error));
    assert_int_equal(error->code, COR_E_CONFIG);
    assert_non_null(strstr(error->message, path));
    g_unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ldap_errors), cmocka_unit_test(test_krb5_errors),
        cmocka_unit_test(test_srv),         cmocka_unit_test(test_srv_weights),
        cmocka_unit_test(test_secret_file), cmocka_unit_test(test_keytab_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
