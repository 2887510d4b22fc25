/* SPDX-License-Identifier: Apache-2.0 */
/* Anchors against the published vectors, and who belongs to whom in the documented orders. */
#include "tests/unit/correlate/halves.h"

#define GUID_A   "00112233-4455-6677-8899-aabbccddeeff"
#define ANCHOR_A "MyIRAFVEd2aImaq7zN3u/w=="
#define GUID_B   "897485c7-81a7-42eb-97c6-37ed73077b1f"
#define ANCHOR_B "x4V0iaeB60KXxjftcwd7Hw=="

static void test_anchor_vectors(void **state)
{
    (void)state;
    static const char *const vectors[][2] = {
        {GUID_A, ANCHOR_A},
        {GUID_B, ANCHOR_B},
        {"25c2879e-20ed-4e66-83f0-9e20460aedf8", "nofCJe0gZk6D8J4gRgrt+A=="},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(vectors); i++) {
        g_autofree char *anchor = cor_anchor_from_guid(vectors[i][0]);
        g_autofree char *guid = cor_anchor_to_guid(vectors[i][1]);
        assert_string_equal(anchor, vectors[i][1]);
        assert_string_equal(guid, vectors[i][0]);
    }
    assert_null(cor_anchor_from_guid("not-a-guid"));
    assert_null(cor_anchor_to_guid("employee-42"));
    assert_null(cor_anchor_to_guid("AAAA"));
}

static char *anchor_of(const char *type, const char *attributes)
{
    COR_RECORD_AUTO *record = halves_record(COR_AD, type, GUID_A, attributes);
    return cor_anchor_of(record);
}

static void test_which_attribute_feeds_the_anchor(void **state)
{
    (void)state;
    g_autofree char *plain = anchor_of("user", "{'objectGUID':'" GUID_A "'}");
    g_autofree char *consistency =
        anchor_of("user", "{'objectGUID':'" GUID_A "','mS-DS-ConsistencyGuid':'" ANCHOR_B "'}");
    g_autofree char *group =
        anchor_of("group", "{'objectGUID':'" GUID_A "','mS-DS-ConsistencyGuid':'" ANCHOR_B "'}");
    g_autofree char *linked =
        anchor_of("user", "{'objectGUID':'" GUID_A "','msExchRecipientTypeDetails':2}");
    assert_string_equal(plain, ANCHOR_A);
    assert_string_equal(consistency, ANCHOR_B);
    assert_string_equal(group, ANCHOR_A);
    assert_null(linked);
}

struct expected {
    enum cor_match_outcome outcome;
    int by;
    gboolean soft;
    const char *peer;
};

static void matches(struct halves *halves, enum cor_directory directory, const char *key,
                    struct expected want)
{
    struct cor_match match = {0};
    g_autoptr(GError) error = NULL;
    COR_RECORD_AUTO *record = halves->view.get(&halves->view, directory, key, &error);
    assert_non_null(record);
    assert_true(cor_match_find(&halves->view, record, &match, &error));
    assert_int_equal(match.outcome, want.outcome);
    if (want.by)
        assert_int_equal(match.by, want.by);
    assert_int_equal(match.soft != 0, want.soft != 0);
    if (want.peer)
        assert_string_equal(match.peer->key, want.peer);
    cor_match_clear(&match);
}

static void test_users_by_anchor_then_soft_only(void **state)
{
    (void)state;
    struct halves *halves = halves_new();
    halves_add(halves, COR_AD, "user", GUID_A,
               "{'objectGUID':'" GUID_A "','userPrincipalName':'a@example.test'}");
    halves_add(halves, COR_AD, "user", GUID_B,
               "{'objectGUID':'" GUID_B "','userPrincipalName':'b@example.test'}");
    halves_add(halves, COR_ENTRA, "user", "e1",
               "{'onPremisesImmutableId':'" ANCHOR_A "','userPrincipalName':'other@example.test'}");
    halves_add(halves, COR_ENTRA, "user", "e2", "{'userPrincipalName':'B@Example.test'}");
    matches(halves, COR_AD, GUID_A, (struct expected){COR_MATCH_ONE, COR_ID_ANCHOR, FALSE, "e1"});
    matches(halves, COR_ENTRA, "e1",
            (struct expected){COR_MATCH_ONE, COR_ID_ANCHOR, FALSE, GUID_A});
    matches(halves, COR_AD, GUID_B, (struct expected){COR_MATCH_ONE, COR_ID_UPN, TRUE, "e2"});
    halves_free(halves);
}

static void test_two_with_the_same_anchor_are_not_guessed(void **state)
{
    (void)state;
    struct halves *halves = halves_new();
    halves_add(halves, COR_AD, "user", GUID_A, "{'objectGUID':'" GUID_A "'}");
    halves_add(halves, COR_ENTRA, "user", "e1", "{'onPremisesImmutableId':'" ANCHOR_A "'}");
    halves_add(halves, COR_ENTRA, "user", "e2", "{'onPremisesImmutableId':'" ANCHOR_A "'}");
    matches(halves, COR_AD, GUID_A,
            (struct expected){COR_MATCH_AMBIGUOUS, COR_ID_ANCHOR, FALSE, NULL});
    halves_free(halves);
}

static void test_groups_by_sid_and_devices_by_id(void **state)
{
    (void)state;
    struct halves *halves = halves_new();
    halves_add(halves, COR_AD, "group", GUID_A,
               "{'objectGUID':'" GUID_A "','objectSid':'S-1-5-21-1-2-3-4',"
               "'sAMAccountName':'crew'}");
    halves_add(halves, COR_AD, "computer", GUID_B, "{'objectGUID':'" GUID_B "'}");
    halves_add(halves, COR_ENTRA, "device", "d1", "{'deviceId':'" GUID_B "'}");
    halves_add(halves, COR_ENTRA, "group", "g1",
               "{'onPremisesSecurityIdentifier':'S-1-5-21-1-2-3-4'}");
    matches(halves, COR_AD, GUID_A, (struct expected){COR_MATCH_ONE, COR_ID_SID, FALSE, "g1"});
    matches(halves, COR_AD, GUID_B, (struct expected){COR_MATCH_ONE, COR_ID_DEVICE, FALSE, "d1"});
    halves_free(halves);
}

static void test_anchors_keep_their_case(void **state)
{
    (void)state;
    struct halves *halves = halves_new();
    halves_add(halves, COR_AD, "user", GUID_A, "{'objectGUID':'" GUID_A "'}");
    halves_add(halves, COR_ENTRA, "user", "e1",
               "{'onPremisesImmutableId':'myirafved2aimaq7zn3u/w=='}");
    matches(halves, COR_AD, GUID_A, (struct expected){COR_MATCH_NONE, 0, FALSE, NULL});
    halves_free(halves);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_anchor_vectors),
        cmocka_unit_test(test_which_attribute_feeds_the_anchor),
        cmocka_unit_test(test_users_by_anchor_then_soft_only),
        cmocka_unit_test(test_two_with_the_same_anchor_are_not_guessed),
        cmocka_unit_test(test_groups_by_sid_and_devices_by_id),
        cmocka_unit_test(test_anchors_keep_their_case),
    };
    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
