/* SPDX-License-Identifier: Apache-2.0 */
/* The scripts name each permission of the table once, and no other. */
#include "graph/register.h"

#include "correlate/error.h"
#include "graph/logs.h"
#include "graph/resource.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static gboolean lists(const GPtrArray *names, const char *name)
{
    for (guint i = 0; i < names->len; i++)
        if (strcmp(names->pdata[i], name) == 0)
            return TRUE;
    return FALSE;
}

static void from_the_table(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) read = entra_register_permissions(FALSE);
    g_autoptr(GPtrArray) write = entra_register_permissions(TRUE);
    for (guint i = 0; i < entra_resources_len; i++) {
        assert_true(lists(read, entra_resources[i].permission));
        if (entra_resources[i].behavior_permission)
            assert_true(lists(write, entra_resources[i].behavior_permission));
        for (const struct entra_relation *at = entra_resources[i].relations; at && at->kind; at++)
            assert_true(lists(read, entra_relation_permission(&entra_resources[i], at)));
    }
    assert_true(lists(read, ENTRA_AUDIT_PERMISSION));
    assert_true(lists(read, ENTRA_PROVISIONING_PERMISSION));
    for (guint i = 0; i < read->len; i++) {
        assert_null(strstr(read->pdata[i], "Write"));
        assert_true(i == 0 || strcmp(read->pdata[i - 1], read->pdata[i]) < 0);
    }
}

static guint count(const char *text, const char *what)
{
    guint found = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        found++;
    return found;
}

static void scripts(void **state)
{
    static const struct {
        int cloud;
        const char *az, *powershell;
    } clouds[] = {{0, "AzureCloud", "'Global'"},
                  {1, "AzureUSGovernment", "'USGov'"},
                  {2, "AzureUSGovernment", "'USGovDoD'"},
                  {3, "AzureChinaCloud", "'China'"}};
    (void)state;
    g_autoptr(GPtrArray) read = entra_register_permissions(FALSE);
    for (guint i = 0; i < G_N_ELEMENTS(clouds); i++) {
        struct entra_options options = {.tenant_id = "contoso.example.test",
                                        .cloud = clouds[i].cloud};
        g_autofree char *az = entra_register_script(&options, ENTRA_AZ, NULL);
        g_autofree char *powershell = entra_register_script(&options, ENTRA_POWERSHELL, NULL);
        assert_non_null(strstr(az, clouds[i].az));
        assert_non_null(strstr(powershell, clouds[i].powershell));
        for (guint n = 0; n < read->len; n++) {
            g_autofree char *line = g_strdup_printf("\n  %s\n", (char *)read->pdata[n]);
            g_autofree char *quoted = g_strdup_printf("\n  '%s'\n", (char *)read->pdata[n]);
            assert_int_equal(count(az, line), 1);
            assert_int_equal(count(powershell, quoted), 1);
        }
    }
}

static void nothing_becomes_a_command(void **state)
{
    static const char *const tenants[] = {"", "a; rm -rf /", "a'b", "$(id)", "a\nb"};
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(tenants); i++) {
        struct entra_options options = {.tenant_id = tenants[i]};
        g_autoptr(GError) error = NULL;
        assert_null(entra_register_script(&options, ENTRA_AZ, &error));
        assert_int_equal(error->code, COR_E_CONFIG);
        assert_null(entra_register_script(&options, ENTRA_POWERSHELL, NULL));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_the_table),
        cmocka_unit_test(scripts),
        cmocka_unit_test(nothing_becomes_a_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
