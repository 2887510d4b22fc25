/* SPDX-License-Identifier: Apache-2.0 */
/* Drift: what is found between two halves, and above all what is not. */
#include "correlate/drift.h"
#include "correlate/error.h"
#include "correlate/time.h"
#include "halves.h"

#define LAST ((gint64)1785000000 * COR_SECOND_US) /* 2026-07-25T17:20:00Z */
#define NOW  (LAST + 10 * COR_MINUTE_US)

#define K1 "00112233-4455-6677-8899-aabbccddeeff"
#define A1 "MyIRAFVEd2aImaq7zN3u/w=="
#define K2 "897485c7-81a7-42eb-97c6-37ed73077b1f"
#define A2 "x4V0iaeB60KXxjftcwd7Hw=="
#define K3 "25c2879e-20ed-4e66-83f0-9e20460aedf8"
#define A3 "nofCJe0gZk6D8J4gRgrt+A=="

/* both halves of one user, in agreement; more members may follow */
#define AD(name)                                                                                   \
    "'sAMAccountName':'" name "','userAccountControl':512,'displayName':'" name                    \
    "','userPrincipalName':'" name "@example.test'"
#define CLOUD(name, anchor)                                                                        \
    "'onPremisesSyncEnabled':true,'onPremisesImmutableId':'" anchor "','accountEnabled':true,"     \
    "'displayName':'" name "','userPrincipalName':'" name "@example.test'"
#define AFTER  "2026-07-25T17:25:00Z"
#define BEFORE "2026-07-25T16:00:00Z"

struct fixture {
    struct halves *halves;
    struct cor_tenant tenant;
    struct cor_flow_context flow;
    GString *found; /* "kind key attribute\n" */
    gboolean ad_partial, entra_partial;
    gint64 now_us;
    struct cor_drift last; /* copies of the last finding's fields */
};

static int setup(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);
    f->halves = halves_new();
    struct cor_record *organization =
        halves_add(f->halves, COR_ENTRA, COR_TYPE_ORGANIZATION, "org",
                   "{'onPremisesSyncEnabled':true,"
                   "'onPremisesLastSyncDateTime':'2026-07-25T17:20:00Z'}");
    struct cor_tenant_hints hints = {COR_ENGINE_CONNECT, 0,           COR_UNKNOWN,
                                     COR_UNKNOWN,        COR_UNKNOWN, COR_UNKNOWN};
    cor_tenant_init(&f->tenant, organization, NULL, &hints);
    f->flow = (struct cor_flow_context){
        .domain_fqdn = "example.test", .tenant = &f->tenant, .rules_name = "default rules"};
    f->found = g_string_new(NULL);
    f->now_us = NOW;
    *state = f;
    return 0;
}

static void forget(struct fixture *f)
{
    cor_json_free(f->last.onprem);
    cor_json_free(f->last.cloud);
    cor_json_free(f->last.expected);
    g_free(f->last.rule);
    g_free(f->last.text);
    f->last = (struct cor_drift){0};
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    forget(f);
    halves_free(f->halves);
    cor_tenant_clear(&f->tenant);
    g_string_free(f->found, TRUE);
    g_free(f);
    return 0;
}

static gboolean collect(const struct cor_drift *drift, void *data, GError **error)
{
    struct fixture *f = data;
    (void)error;
    g_string_append_printf(f->found, "%s %s %s\n", drift->kind, drift->object.key,
                           drift->attribute ? drift->attribute : "-");
    assert_true(drift->text && strlen(drift->text) > 10);
    forget(f);
    f->last.onprem = drift->onprem ? cor_json_copy(drift->onprem) : NULL;
    f->last.cloud = drift->cloud ? cor_json_copy(drift->cloud) : NULL;
    f->last.expected = drift->expected ? cor_json_copy(drift->expected) : NULL;
    f->last.rule = g_strdup(drift->rule);
    f->last.text = g_strdup(drift->text);
    f->last.since_us = drift->since_us;
    return TRUE;
}

static void expect(struct fixture *f, const char *found)
{
    g_autoptr(GError) error = NULL;
    g_string_truncate(f->found, 0);
    assert_true(cor_drift_walk(&f->halves->view, &f->flow, &f->tenant, !f->ad_partial,
                               !f->entra_partial, f->now_us, collect, f, &error));
    assert_null(error);
    assert_string_equal(f->found->str, found);
}

static struct cor_record *ad_user(struct fixture *f, const char *key, const char *attributes)
{
    return halves_add(f->halves, COR_AD, COR_TYPE_USER, key, attributes);
}

static struct cor_record *cloud_user(struct fixture *f, const char *key, const char *attributes)
{
    return halves_add(f->halves, COR_ENTRA, COR_TYPE_USER, key, attributes);
}

static void test_agreement(void **state)
{
    struct fixture *f = *state;
    ad_user(f, K1,
            "{" AD("ada") ",'department':' Sales ','telephoneNumber':'1','mail':'ada@lab.test',"
                          "'proxyAddresses':['SMTP:ada@lab.test'],'description':['not in Graph']}");
    cloud_user(f, "e1",
               "{" CLOUD("ada", A1) ",'department':'Sales','businessPhones':['1'],"
                                    "'mail':'ada@example.test','usageLocation':'IT',"
                                    "'proxyAddresses':['SMTP:ada@tenant.onmicrosoft.com'],"
                                    "'userType':'Member'}");
    expect(f, "");
}

static struct cor_record *crew(struct fixture *f);

static struct cor_record *record_of(struct fixture *f, const char *key)
{
    for (guint i = 0; i < f->halves->records->len; i++) {
        struct cor_record *record = f->halves->records->pdata[i];
        if (strcmp(record->key, key) == 0)
            return record;
    }
    fail_msg("no record %s", key);
    return NULL;
}

/* What the rules trim and cut is agreement; the last character that flows must be the same. */
static void test_transformed_values_agree(void **state)
{
    struct fixture *f = *state;
    g_autofree char *cut = g_strnfill(448, 'x');
    g_autofree char *whole = g_strdup_printf("  %stail that does not flow", cut);
    g_autofree char *last = g_strdup(cut);
    last[447] = 'y';
    struct cor_record *ad = crew(f);
    struct cor_record *group = record_of(f, "g1");
    cor_json_set(ad->attributes, "description", cor_json_new_string(whole));
    cor_json_set(group->attributes, "description", cor_json_new_string(cut));
    expect(f, "");
    cor_json_set(group->attributes, "description", cor_json_new_string(last));
    expect(f, "diverged g1 description\n");
    cor_json_remove(group->attributes, "description");
    expect(f, "diverged g1 description\n");
}

static void test_diverged(void **state)
{
    struct fixture *f = *state;
    struct cor_record *ad = ad_user(f, K1, "{" AD("ada") ",'department':' Sales'}");
    cor_json_set(ad->attributes, "userAccountControl", cor_json_new_int(514));
    halves_metadata(ad, "{'department':{'time':'" BEFORE "'}}");
    cloud_user(f, "e1", "{" CLOUD("ada", A1) ",'department':'Ops'}");
    expect(f, "diverged e1 accountEnabled\ndiverged e1 department\n");
    assert_string_equal(cor_json_string(f->last.onprem), " Sales");
    assert_string_equal(cor_json_string(f->last.cloud), "Ops");
    assert_string_equal(cor_json_string(f->last.expected), "Sales");
    assert_string_equal(f->last.rule, "In from AD - User Common");
    assert_int_equal(f->last.since_us, 0);
}

static void test_pending(void **state)
{
    struct fixture *f = *state;
    struct cor_record *ad =
        ad_user(f, K1, "{" AD("ada") ",'department':'Sales','mail':'new@example.test'}");
    halves_metadata(ad, "{'department':{'time':'" AFTER "'},'mail':{'time':'" AFTER "'}}");
    cloud_user(f, "e1", "{" CLOUD("ada", A1) ",'department':'Ops','mail':'old@example.test'}");
    /* a shadow attribute is a finding only while a newer AD value waits */
    expect(f, "pending e1 department\npending e1 mail\n");
    assert_int_equal(f->last.since_us, LAST + 5 * COR_MINUTE_US);
    halves_metadata(ad, "{'department':{'time':'" BEFORE "'},'mail':{'time':'" BEFORE "'}}");
    expect(f, "diverged e1 department\n");
}

static void test_cleared_in_ad(void **state)
{
    struct fixture *f = *state;
    struct cor_record *ad = ad_user(f, K1, "{" AD("ada") "}");
    /* a cleared attribute keeps its metadata */
    halves_metadata(ad, "{'title':{'time':'" AFTER "'}}");
    cloud_user(f, "e1", "{" CLOUD("ada", A1) ",'jobTitle':'Chief'}");
    expect(f, "pending e1 jobTitle\n");
    assert_null(f->last.expected);
}

static void test_errors_of_the_service(void **state)
{
    struct fixture *f = *state;
    ad_user(f, K1, "{" AD("ada") "}");
    cloud_user(
        f, "e1",
        "{" CLOUD("ada",
                  A1) ",'onPremisesProvisioningErrors':[{'category':'PropertyConflict',"
                      "'propertyCausingError':'ProxyAddress','value':'x@example.test',"
                      "'occurredDateTime':'2026-07-25T16:00:00Z'}],"
                      "'serviceProvisioningErrors':[{'isResolved':true},{'isResolved':false}]}");
    expect(f, "quarantined e1 ProxyAddress\nprovisioning-error e1 -\n");
}

static void test_orphaned(void **state)
{
    struct fixture *f = *state;
    cloud_user(f, "e1", "{" CLOUD("ada", A1) "}");
    cloud_user(f, "e2", "{'displayName':'cloud only'}");
    expect(f, "orphaned e1 -\n");
    f->ad_partial = TRUE;
    expect(f, "");
}

static void test_missing(void **state)
{
    struct fixture *f = *state;
    struct cor_record *ad = ad_user(f, K1, "{" AD("ada") "}");
    halves_metadata(ad, "{'cn':{'time':'" BEFORE "'}}");
    expect(f, "missing " K1 " -\n");
    halves_metadata(ad, "{'cn':{'time':'" BEFORE "'},'adminDescription':{'time':'" AFTER "'}}");
    expect(f, "pending " K1 " -\n");
    f->entra_partial = TRUE;
    expect(f, "");
    f->entra_partial = FALSE;
    cor_json_set(ad->attributes, "adminDescription", cor_json_new_string("User_1"));
    expect(f, "");
}

static void test_out_of_scope(void **state)
{
    struct fixture *f = *state;
    ad_user(f, K1, "{" AD("ada") ",'adminDescription':'User_1'}");
    struct cor_record *entra = cloud_user(f, "e1", "{" CLOUD("ada", A1) "}");
    expect(f, "out-of-scope " K1 " -\n");
    assert_non_null(strstr(f->last.text, "adminDescription"));
    cor_json_set(entra->attributes, "onPremisesSyncEnabled", cor_json_new_bool(FALSE));
    expect(f, "");
}

static void test_deleted(void **state)
{
    struct fixture *f = *state;
    struct cor_record *ad = ad_user(f, K1, "{" AD("ada") "}");
    struct cor_record *entra = cloud_user(f, "e1", "{" CLOUD("ada", A1) "}");
    ad->life = COR_DELETED;
    halves_metadata(ad, "{'isDeleted':{'time':'" AFTER "'}}");
    expect(f, "deleted-in-ad " K1 " -\n");
    assert_int_equal(f->last.since_us, LAST + 5 * COR_MINUTE_US);
    /* restored there, the cloud half still among the deleted items */
    ad->life = COR_LIVE;
    entra->life = COR_DELETED;
    cor_json_set(entra->attributes, "onPremisesSyncEnabled", cor_json_new_bool(FALSE));
    expect(f, "pending e1 -\n");
    halves_metadata(ad, "{'isDeleted':{'time':'" BEFORE "'}}");
    expect(f, "deleted-in-cloud e1 -\n");
    ad->life = COR_DELETED;
    expect(f, "");
}

static void test_moved_authority(void **state)
{
    struct fixture *f = *state;
    ad_user(f, K1, "{" AD("ada") ",'department':'Sales'}");
    struct cor_record *entra =
        cloud_user(f, "e1",
                   "{'onPremisesImmutableId':'" A1 "','onPremisesSamAccountName':'ada',"
                   "'department':'Ops','onPremisesSyncBehavior':{'isCloudManaged':true}}");
    expect(f, "");
    cor_json_set(entra->attributes, "onPremisesSyncBehavior",
                 halves_json("{'isCloudManaged':false}"));
    expect(f, "pending e1 -\n");
    cor_json_set(entra->attributes, "onPremisesSyncEnabled", cor_json_new_bool(FALSE));
    expect(f, "pending e1 -\n");
    /* unreadable: nothing is concluded */
    cor_json_remove(entra->attributes, "onPremisesSyncEnabled");
    cor_json_remove(entra->attributes, "onPremisesSyncBehavior");
    expect(f, "");
}

static void test_anchors(void **state)
{
    struct fixture *f = *state;
    struct cor_record *one = ad_user(f, K1, "{" AD("ada") ",'mS-DS-ConsistencyGuid':'" A3 "'}");
    cloud_user(f, "e1", "{" CLOUD("ada", A1) "}");
    expect(f, "anchor-mismatch e1 onPremisesImmutableId\n");
    assert_string_equal(cor_json_string(f->last.onprem), A3);
    cor_json_remove(one->attributes, "mS-DS-ConsistencyGuid");
    expect(f, "");
    /* a second object with the anchor copied to it: the cloud side cannot tell them apart */
    ad_user(f, K2, "{" AD("ada") ",'mS-DS-ConsistencyGuid':'" A1 "'}");
    f->ad_partial = TRUE;
    expect(f, "duplicate-anchor e1 -\n");
}

static void test_ambiguous(void **state)
{
    struct fixture *f = *state;
    halves_add(f->halves, COR_AD, COR_TYPE_CONTACT, K1,
               "{'cn':'a','mail':'c@partner.test','proxyAddresses':['SMTP:c@partner.test']}");
    halves_add(f->halves, COR_ENTRA, COR_TYPE_CONTACT, "e1",
               "{'onPremisesSyncEnabled':true,'proxyAddresses':['SMTP:c@partner.test']}");
    halves_add(f->halves, COR_ENTRA, COR_TYPE_CONTACT, "e2",
               "{'onPremisesSyncEnabled':true,'proxyAddresses':['SMTP:c@partner.test']}");
    expect(f, "ambiguous " K1 " -\n");
}

/* --- members -----------------------------------------------------------------------------------
 */

static struct cor_record *crew(struct fixture *f)
{
    struct cor_record *ad =
        halves_add(f->halves, COR_AD, COR_TYPE_GROUP, K3,
                   "{'groupType':-2147483646,'cn':'crew','objectSid':'S-1-5-21-1-2-3-1200'}");
    halves_add(f->halves, COR_ENTRA, COR_TYPE_GROUP, "g1",
               "{'onPremisesSyncEnabled':true,'displayName':'crew','securityEnabled':true,"
               "'onPremisesSecurityIdentifier':'S-1-5-21-1-2-3-1200'}");
    ad_user(f, K1, "{" AD("ada") "}");
    ad_user(f, K2, "{" AD("bob") "}");
    cloud_user(f, "e1", "{" CLOUD("ada", A1) "}");
    cloud_user(f, "e2", "{" CLOUD("bob", A2) "}");
    return ad;
}

static void test_members(void **state)
{
    struct fixture *f = *state;
    crew(f);
    halves_link(f->halves, COR_AD, "member", K3, K1);
    halves_link(f->halves, COR_ENTRA, "member", "g1", "e1");
    expect(f, "");
    halves_link(f->halves, COR_AD, "member", K3, K2);
    expect(f, "diverged g1 member\n");
    assert_string_equal(cor_json_string(f->last.onprem), "e2");
    assert_null(f->last.cloud);
    f->entra_partial = TRUE;
    expect(f, "");
    f->entra_partial = FALSE;
    halves_link(f->halves, COR_ENTRA, "member", "g1", "e2");
    expect(f, "");
    halves_link(f->halves, COR_ENTRA, "member", "g1", "e9");
    expect(f, "diverged g1 member\n");
    assert_string_equal(cor_json_string(f->last.cloud), "e9");
}

/* What the partial half does not show may still be there. */
static void test_members_of_a_partial_half(void **state)
{
    struct fixture *f = *state;
    crew(f);
    halves_link(f->halves, COR_AD, "member", K3, K1);
    halves_link(f->halves, COR_ENTRA, "member", "g1", "e2");
    halves_link(f->halves, COR_ENTRA, "manager", "e1", "e2");
    f->ad_partial = TRUE;
    expect(f, "");
    f->ad_partial = FALSE;
    f->entra_partial = TRUE;
    expect(f, "");
    f->entra_partial = FALSE;
    expect(f, "diverged g1 member\ndiverged g1 member\ndiverged e1 manager\n");
}

static void test_members_without_a_half_are_no_drift(void **state)
{
    struct fixture *f = *state;
    crew(f);
    halves_add(f->halves, COR_AD, COR_TYPE_COMPUTER, "c1", "{'cn':'pc'}");
    halves_link(f->halves, COR_AD, "member", K3, "c1");
    halves_link(f->halves, COR_AD, "member", K3, "not-captured");
    expect(f, "");
}

static void test_converted_members_may_stay(void **state)
{
    struct fixture *f = *state;
    crew(f);
    halves_add(f->halves, COR_AD, COR_TYPE_USER, "c5b1f8b0-0000-4000-8000-000000000001",
               "{" AD("eve") ",'mS-DS-ConsistencyGuid':'" A3 "'}");
    cloud_user(f, "e5",
               "{'onPremisesImmutableId':'" A3 "','onPremisesSamAccountName':'eve',"
               "'onPremisesSyncBehavior':{'isCloudManaged':true}}");
    halves_link(f->halves, COR_AD, "member", K3, "c5b1f8b0-0000-4000-8000-000000000001");
    expect(f, "");
    halves_link(f->halves, COR_ENTRA, "member", "g1", "e5");
    expect(f, "");
}

static void test_manager(void **state)
{
    struct fixture *f = *state;
    crew(f);
    halves_link(f->halves, COR_AD, "manager", K1, K2);
    expect(f, "diverged e1 manager\n");
    halves_link(f->halves, COR_ENTRA, "manager", "e1", "e2");
    expect(f, "");
}

/* --- the tenant, and errors --------------------------------------------------------------------
 */

static void test_stalled_is_one_finding(void **state)
{
    struct fixture *f = *state;
    ad_user(f, K1, "{" AD("ada") "}");
    cloud_user(f, "e1", "{" CLOUD("ada", A1) "}");
    f->now_us = LAST + 3 * COR_HOUR_US;
    expect(f, "");
    f->now_us += COR_SECOND_US;
    expect(f, "stalled org -\n");
    assert_string_equal(f->last.rule, "E6");
    assert_int_equal(f->last.since_us, LAST);
}

static gboolean stop(const struct cor_drift *drift, void *data, GError **error)
{
    guint *calls = data;
    (void)drift;
    ++*calls;
    g_set_error_literal(error, COR_ERROR, COR_E_CANCELLED, "enough");
    return FALSE;
}

static void test_stops_when_told(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    guint calls = 0;
    cloud_user(f, "e1", "{" CLOUD("ada", A1) "}");
    cloud_user(f, "e2", "{" CLOUD("bob", A2) "}");
    assert_false(cor_drift_walk(&f->halves->view, &f->flow, &f->tenant, TRUE, TRUE, NOW, stop,
                                &calls, &error));
    assert_int_equal(error->code, COR_E_CANCELLED);
    assert_int_equal(calls, 1);
}

static struct cor_record *failing_get(struct cor_view *view, enum cor_directory directory,
                                      const char *key, GError **error)
{
    (void)view;
    (void)directory;
    (void)key;
    g_set_error_literal(error, COR_ERROR, COR_E_STORE, "unreadable");
    return NULL;
}

static void test_view_failure_is_passed_on(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    crew(f);
    halves_link(f->halves, COR_AD, "member", K3, K1);
    f->halves->view.get = failing_get;
    assert_false(cor_drift_walk(&f->halves->view, &f->flow, &f->tenant, TRUE, TRUE, NOW, collect, f,
                                &error));
    assert_int_equal(error->code, COR_E_STORE);
}

static void test_pair(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GError) error = NULL;
    const struct cor_record *ad = ad_user(f, K1, "{" AD("ada") ",'department':'Sales'}");
    const struct cor_record *entra = cloud_user(f, "e1", "{" CLOUD("ada", A1) "}");
    assert_true(
        cor_drift_pair(&f->halves->view, ad, entra, &f->flow, &f->tenant, NOW, collect, f, &error));
    assert_string_equal(f->found->str, "diverged e1 department\n");
}

#define DRIFT_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DRIFT_TEST(test_agreement),
        DRIFT_TEST(test_transformed_values_agree),
        DRIFT_TEST(test_diverged),
        DRIFT_TEST(test_pending),
        DRIFT_TEST(test_cleared_in_ad),
        DRIFT_TEST(test_errors_of_the_service),
        DRIFT_TEST(test_orphaned),
        DRIFT_TEST(test_missing),
        DRIFT_TEST(test_out_of_scope),
        DRIFT_TEST(test_deleted),
        DRIFT_TEST(test_moved_authority),
        DRIFT_TEST(test_anchors),
        DRIFT_TEST(test_ambiguous),
        DRIFT_TEST(test_members),
        DRIFT_TEST(test_members_of_a_partial_half),
        DRIFT_TEST(test_members_without_a_half_are_no_drift),
        DRIFT_TEST(test_converted_members_may_stay),
        DRIFT_TEST(test_manager),
        DRIFT_TEST(test_stalled_is_one_finding),
        DRIFT_TEST(test_stops_when_told),
        DRIFT_TEST(test_view_failure_is_passed_on),
        DRIFT_TEST(test_pair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
