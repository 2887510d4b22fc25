/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the other half: each order, several that fit, and what contradicts. */
#include "halves.h"

#define GUID_A   "00112233-4455-6677-8899-aabbccddeeff"
#define ANCHOR_A "MyIRAFVEd2aImaq7zN3u/w=="
#define GUID_B   "897485c7-81a7-42eb-97c6-37ed73077b1f"
#define ANCHOR_B "x4V0iaeB60KXxjftcwd7Hw=="
#define GUID_C   "25c2879e-20ed-4e66-83f0-9e20460aedf8"

struct expected {
    enum cor_match_outcome outcome;
    int by;
    gboolean soft;
    const char *peer; /* key, NULL: none */
    guint candidates;
};

static void check(struct halves *halves, const struct cor_record *record,
                  const struct expected *expected)
{
    struct cor_match match;
    g_autoptr(GError) error = NULL;
    assert_true(cor_match_find(&halves->view, record, &match, &error));
    assert_int_equal(match.outcome, expected->outcome);
    assert_int_equal(match.by, expected->by);
    assert_int_equal(match.soft, expected->soft);
    if (expected->peer)
        assert_string_equal(match.peer->key, expected->peer);
    else
        assert_null(match.peer);
    assert_int_equal(match.candidates ? match.candidates->len : 0, expected->candidates);
    cor_match_clear(&match);
}

#define CHECK(halves, record, wanted) check(halves, record, &wanted)
#define NONE                                                                                       \
    (struct expected)                                                                              \
    {                                                                                              \
        .outcome = COR_MATCH_NONE                                                                  \
    }
#define ONE(kind, is_soft, key)                                                                    \
    (struct expected)                                                                              \
    {                                                                                              \
        .outcome = COR_MATCH_ONE, .by = (kind), .soft = (is_soft), .peer = (key)                   \
    }
#define SEVERAL(what, kind, n)                                                                     \
    (struct expected)                                                                              \
    {                                                                                              \
        .outcome = (what), .by = (kind), .candidates = (n)                                         \
    }

static void test_user_by_anchor(void **state)
{
    (void)state;
    struct halves *h = halves_new();
    struct cor_record *ad =
        halves_add(h, COR_AD, "user", GUID_A, "{'userPrincipalName':'a@x.test'}");
    struct cor_record *entra =
        halves_add(h, COR_ENTRA, "user", "e1",
                   "{'onPremisesImmutableId':'" ANCHOR_A "','userPrincipalName':'other@x.test'}");
    CHECK(h, ad, ONE(COR_ID_ANCHOR, FALSE, "e1"));
    CHECK(h, entra, ONE(COR_ID_ANCHOR, FALSE, GUID_A));
    /* case counts in an anchor */
    cor_json_set(entra->attributes, "onPremisesImmutableId",
                 cor_json_new_string("myIRAFVEd2aImaq7zN3u/w=="));
    CHECK(h, ad, NONE);
    halves_free(h);
}

static void test_user_by_consistency_guid(void **state)
{
    (void)state;
    struct halves *h = halves_new();
    /* migrated: the new account carries the old anchor, the old account is still there */
    struct cor_record *new_ad =
        halves_add(h, COR_AD, "inetOrgPerson", GUID_B, "{'mS-DS-ConsistencyGuid':'" ANCHOR_A "'}");
    struct cor_record *old_ad = halves_add(h, COR_AD, "user", GUID_A, "{}");
    struct cor_record *entra =
        halves_add(h, COR_ENTRA, "user", "e1", "{'onPremisesImmutableId':'" ANCHOR_A "'}");
    CHECK(h, new_ad, ONE(COR_ID_ANCHOR, FALSE, "e1"));
    CHECK(h, entra, SEVERAL(COR_MATCH_AMBIGUOUS, COR_ID_ANCHOR, 2));
    /* the old account hands another anchor to the engine: only one claims this one */
    cor_json_add_string(old_ad->attributes, "mS-DS-ConsistencyGuid", "nofCJe0gZk6D8J4gRgrt+A==");
    CHECK(h, entra, ONE(COR_ID_ANCHOR, FALSE, GUID_B));
    /* a deleted account does not compete with a live one, but alone it is still the peer */
    cor_json_remove(old_ad->attributes, "mS-DS-ConsistencyGuid");
    old_ad->life = COR_DELETED;
    CHECK(h, entra, ONE(COR_ID_ANCHOR, FALSE, GUID_B));
    new_ad->life = COR_RECYCLED;
    cor_json_remove(new_ad->attributes, "mS-DS-ConsistencyGuid");
    CHECK(h, entra, ONE(COR_ID_ANCHOR, FALSE, GUID_A));
    halves_free(h);
}

static void test_user_soft(void **state)
{
    (void)state;
    struct halves *h = halves_new();
    struct cor_record *ad =
        halves_add(h, COR_AD, "user", GUID_A,
                   "{'userPrincipalName':'A@x.test','proxyAddresses':['SMTP:a@mail.test']}");
    struct cor_record *cloud =
        halves_add(h, COR_ENTRA, "user", "e1", "{'userPrincipalName':'a@x.test'}");
    CHECK(h, ad, ONE(COR_ID_UPN, TRUE, "e1"));
    CHECK(h, cloud, ONE(COR_ID_UPN, TRUE, GUID_A));
    /* anchored with somebody else: the name alone is a mismatch, not a candidate */
    cor_json_add_string(cloud->attributes, "onPremisesImmutableId", ANCHOR_B);
    CHECK(h, ad, SEVERAL(COR_MATCH_MISMATCH, COR_ID_UPN, 1));
    CHECK(h, cloud, SEVERAL(COR_MATCH_MISMATCH, COR_ID_UPN, 1));
    cor_json_remove(cloud->attributes, "onPremisesImmutableId");
    /* the AD object has its true half elsewhere */
    halves_add(h, COR_ENTRA, "user", "e2", "{'onPremisesImmutableId':'" ANCHOR_A "'}");
    CHECK(h, cloud, SEVERAL(COR_MATCH_MISMATCH, COR_ID_UPN, 1));
    CHECK(h, ad, ONE(COR_ID_ANCHOR, FALSE, "e2"));
    halves_free(h);
}

static void test_user_soft_by_smtp(void **state)
{
    (void)state;
    struct halves *h = halves_new();
    struct cor_record *ad = halves_add(
        h, COR_AD, "user", GUID_A, "{'proxyAddresses':['SMTP:a@mail.test','smtp:b@mail.test']}");
    halves_add(h, COR_ENTRA, "user", "e1", "{'proxyAddresses':['SMTP:b@mail.test']}");
    CHECK(h, ad, NONE); /* an alias is no primary address */
    halves_add(h, COR_ENTRA, "user", "e2", "{'proxyAddresses':['SMTP:A@mail.test']}");
    CHECK(h, ad, ONE(COR_ID_PRIMARY_SMTP, TRUE, "e2"));
    halves_add(h, COR_ENTRA, "user", "e3", "{'proxyAddresses':['SMTP:a@mail.test']}");
    CHECK(h, ad, SEVERAL(COR_MATCH_AMBIGUOUS, COR_ID_PRIMARY_SMTP, 2));
    halves_free(h);
}

static void test_custom_anchor(void **state)
{
    (void)state;
    struct halves *h = halves_new();
    struct cor_record *entra =
        halves_add(h, COR_ENTRA, "user", "e1", "{'onPremisesImmutableId':'E1234'}");
    halves_add(h, COR_AD, "user", GUID_A, "{'employeeID':'E1234'}");
    CHECK(h, entra, NONE); /* opaque: nothing is read out of it */
    halves_free(h);
}

static void test_group(void **state)
{
    (void)state;
    struct halves *h = halves_new();
    struct cor_record *ad =
        halves_add(h, COR_AD, "group", GUID_A,
                   "{'objectSid':'S-1-5-21-1-500','sAMAccountName':'crew',"
                   "'distinguishedName':'CN=crew,OU=Groups,DC=Lab,DC=example,DC=test',"
                   "'mail':'crew@example.test'}");
    struct cor_record *entra = halves_add(h, COR_ENTRA, "group", "g1",
                                          "{'onPremisesSecurityIdentifier':'S-1-5-21-1-500',"
                                          "'onPremisesSamAccountName':'renamed'}");
    CHECK(h, ad, ONE(COR_ID_SID, FALSE, "g1"));
    CHECK(h, entra, ONE(COR_ID_SID, FALSE, GUID_A));
    cor_json_remove(entra->attributes, "onPremisesSecurityIdentifier");
    cor_json_set(entra->attributes, "onPremisesSamAccountName", cor_json_new_string("CREW"));
    CHECK(h, ad, ONE(COR_ID_SAM, FALSE, "g1"));
    /* the same name in another domain is another group */
    cor_json_add_string(entra->attributes, "onPremisesDomainName", "other.example.test");
    CHECK(h, ad, NONE);
    CHECK(h, entra, NONE);
    cor_json_set(entra->attributes, "onPremisesDomainName",
                 cor_json_new_string("lab.example.test"));
    CHECK(h, entra, ONE(COR_ID_SAM, FALSE, GUID_A));
    /* same name, another SID: the name is not believed */
    cor_json_add_string(entra->attributes, "onPremisesSecurityIdentifier", "S-1-5-21-9-1");
    CHECK(h, ad, SEVERAL(COR_MATCH_MISMATCH, COR_ID_SAM, 1));
    halves_free(h);
}

static void test_group_by_mail(void **state)
{
    (void)state;
    struct halves *h = halves_new();
    struct cor_record *ad = halves_add(h, COR_AD, "group", GUID_A,
                                       "{'objectSid':'S-1-5-21-1-500','mail':'crew@example.test'}");
    halves_add(h, COR_ENTRA, "group", "g1", "{'mail':'Crew@example.test'}");
    CHECK(h, ad, ONE(COR_ID_MAIL, TRUE, "g1"));
    /* a user with that mail is no candidate for a group */
    halves_add(h, COR_ENTRA, "user", "u1", "{'mail':'crew@example.test'}");
    CHECK(h, ad, ONE(COR_ID_MAIL, TRUE, "g1"));
    halves_free(h);
}

static void test_contact_and_device(void **state)
{
    (void)state;
    struct halves *h = halves_new();
    struct cor_record *contact =
        halves_add(h, COR_AD, "contact", GUID_A, "{'cn':'Pilot','mail':'pilot@partner.test'}");
    struct cor_record *cloud = halves_add(h, COR_ENTRA, "contact", "c1",
                                          "{'onPremisesSyncEnabled':true,'mailNickname':'Pilot'}");
    CHECK(h, contact, ONE(COR_ID_NICKNAME, FALSE, "c1"));
    CHECK(h, cloud, ONE(COR_ID_NICKNAME, FALSE, GUID_A));
    cor_json_remove(cloud->attributes, "onPremisesSyncEnabled");
    CHECK(h, contact, ONE(COR_ID_NICKNAME, TRUE, "c1")); /* never synchronized */

    struct cor_record *computer =
        halves_add(h, COR_AD, "computer", GUID_B, "{'objectSid':'S-1-5-21-1-600'}");
    struct cor_record *device = halves_add(h, COR_ENTRA, "device", "d1",
                                           "{'deviceId':'897485C7-81A7-42EB-97C6-37ED73077B1F'}");
    CHECK(h, computer, ONE(COR_ID_DEVICE, FALSE, "d1"));
    cor_json_set(device->attributes, "deviceId", cor_json_new_string(GUID_C));
    cor_json_add_string(device->attributes, "onPremisesSecurityIdentifier", "S-1-5-21-1-600");
    CHECK(h, computer, SEVERAL(COR_MATCH_MISMATCH, COR_ID_SID, 1));
    halves_free(h);
}

static void test_types_without_half(void **state)
{
    (void)state;
    struct halves *h = halves_new();
    struct cor_record *ou = halves_add(h, COR_AD, "organizationalUnit", GUID_A, "{}");
    CHECK(h, ou, NONE);
    assert_int_equal(h->reads, 0);
    halves_free(h);
}

static GPtrArray *broken_find(struct cor_view *view, enum cor_directory directory, int kind,
                              const char *value, GError **error)
{
    (void)view, (void)directory, (void)kind, (void)value;
    g_set_error_literal(error, g_quark_from_static_string("test"), 1, "broken");
    return NULL;
}

static void test_broken_view(void **state)
{
    (void)state;
    struct halves *h = halves_new();
    struct cor_record *ad = halves_add(h, COR_AD, "user", GUID_A, "{}");
    h->view.find = broken_find;
    struct cor_match match;
    g_autoptr(GError) error = NULL;
    assert_false(cor_match_find(&h->view, ad, &match, &error));
    assert_non_null(error);
    assert_null(match.peer);
    halves_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_user_by_anchor),     cmocka_unit_test(test_user_by_consistency_guid),
        cmocka_unit_test(test_user_soft),          cmocka_unit_test(test_user_soft_by_smtp),
        cmocka_unit_test(test_custom_anchor),      cmocka_unit_test(test_group),
        cmocka_unit_test(test_group_by_mail),      cmocka_unit_test(test_contact_and_device),
        cmocka_unit_test(test_types_without_half), cmocka_unit_test(test_broken_view),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
