/* SPDX-License-Identifier: Apache-2.0 */
/* What assignments, grants and parts are called. */
#include "correlate/title.h"
#include "tests/unit/correlate/halves.h"

static const struct {
    const char *type, *attributes, *title;
} rows[] = {
    {COR_TYPE_ROLE_ASSIGNMENT,
     "{'roleDefinitionId':'role','principalId':'ann','directoryScopeId':'/'}", "role to ann at /"},
    {COR_TYPE_ROLE_ASSIGNMENT,
     "{'roleDefinitionId':'role','principalId':'ann','directoryScopeId':'/administrativeUnits/au'}",
     "role to ann at au"},
    {COR_TYPE_ROLE_ASSIGNMENT,
     "{'roleDefinitionId':'gone','principalId':'ann','directoryScopeId':'/app'}",
     "gone to ann at app"},
    {COR_TYPE_ROLE_ELIGIBILITY,
     "{'roleDefinitionId':'role','principalId':'ann','directoryScopeId':'/'}",
     "role to ann at / (eligible)"},
    {COR_TYPE_APP_ROLE_ASSIGNMENT,
     "{'appRoleId':'00000000-0000-0000-0000-000000000000','resourceId':'app','principalId':'ann'}",
     "default access of app to ann"},
    {COR_TYPE_APP_ROLE_ASSIGNMENT, "{'appRoleId':'r1','resourceId':'app','principalId':'ann'}",
     "Read.All of app to ann"},
    {COR_TYPE_APP_ROLE_ASSIGNMENT, "{'appRoleId':'r2','resourceId':'app','principalId':'ann'}",
     "r2 of app to ann"},
    {COR_TYPE_PERMISSION_GRANT,
     "{'clientId':'app','scope':' User.Read ','resourceId':'app','consentType':'AllPrincipals'}",
     "app: User.Read of app for everyone"},
    {COR_TYPE_SCOPED_ROLE,
     "{'roleId':'role','administrativeUnitId':'au','roleMemberInfo':{'displayName':'Ann'}}",
     "role to Ann in au"},
    {COR_TYPE_FEDERATED_CREDENTIAL, "{'name':'ci','anchorwatchParent':'app'}", "ci of app"},
    {COR_TYPE_SECURITY_ATTRIBUTES, "{'anchorwatchParent':'ann'}",
     "custom security attributes of ann"},
    {COR_TYPE_GROUP_SETTING, "{'displayName':'Group.Unified.Guest','anchorwatchParent':'au'}",
     "key of au"},
    {COR_TYPE_GROUP_SETTING, "{'displayName':'Group.Unified'}", NULL},
    {COR_TYPE_USER, "{'userPrincipalName':'ann'}", NULL},
};

static void titles(void **state)
{
    struct halves *halves = *state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        COR_RECORD_AUTO *record = halves_record(COR_ENTRA, rows[i].type, "key", rows[i].attributes);
        g_autofree char *title = cor_title(&halves->view, NULL, record);
        g_autofree char *elsewhere = cor_title(NULL, &halves->view, record);
        assert_int_equal(title == NULL, rows[i].title == NULL);
        if (!title)
            continue;
        assert_string_equal(title, rows[i].title);
        assert_string_equal(elsewhere, rows[i].title);
    }
    /* AD has its own names */
    COR_RECORD_AUTO *ad = halves_record(COR_AD, COR_TYPE_ROLE_ASSIGNMENT, "key", "{}");
    assert_null(cor_title(&halves->view, NULL, ad));
}

static void parts(void **state)
{
    COR_RECORD_AUTO *part = halves_record(COR_ENTRA, COR_TYPE_FEDERATED_CREDENTIAL, "key",
                                          "{'anchorwatchParent':'app'}");
    COR_RECORD_AUTO *user = halves_record(COR_ENTRA, COR_TYPE_USER, "ann", "{}");
    (void)state;
    assert_true(cor_title_is_part(part, "app"));
    assert_false(cor_title_is_part(part, "ann"));
    assert_false(cor_title_is_part(user, "app"));
    assert_false(cor_title_is_part(NULL, "app"));
}

static int setup(void **state)
{
    struct halves *halves = halves_new();
    halves_add(halves, COR_ENTRA, COR_TYPE_USER, "ann", "{}");
    halves_add(halves, COR_ENTRA, COR_TYPE_SERVICE_PRINCIPAL, "app",
               "{'appRoles':[{'id':'r0','value':'None'},"
               "{'id':'r1','value':'Read.All'},{'id':'r2'}]}");
    halves_add(halves, COR_ENTRA, COR_TYPE_ADMINISTRATIVE_UNIT, "au", "{}");
    halves_add(halves, COR_ENTRA, COR_TYPE_ROLE_DEFINITION, "role", "{}");
    *state = halves;
    return 0;
}

static int teardown(void **state)
{
    halves_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(titles, setup, teardown),
        cmocka_unit_test(parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
