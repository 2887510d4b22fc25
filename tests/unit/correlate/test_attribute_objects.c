/* SPDX-License-Identifier: Apache-2.0 */
/* Origin of objects and links that came or went in Entra ID. */
#include "attribution.h"

static void test_object_by_person(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->newer = entra("user", "u1", "{}");
    event(s, "11:00:00", "Add user", BY_PERSON, "{'id':'u1'}");
    /* putting the new user into a group is not creating it */
    event(s, "11:10:00", "Add member to group", BY_SERVICE, "{'id':'u1'},{'id':'g1'}");
    judge(s, NULL);
    EXPECT(s, "cloud measured", PERSON, "audit-event");
    expect_when(s, "11:00:00");

    s->older = s->newer;
    s->newer = entra("user", "u1", "{}");
    s->newer->life = COR_DELETED;
    event(s, "11:20:00", "Delete user", BY_PERSON, "{'id':'u1'}");
    judge(s, NULL);
    EXPECT(s, "cloud measured", PERSON, "audit-event");

    s->older->life = COR_DELETED;
    s->newer->life = COR_LIVE;
    event(s, "11:30:00", "Restore user", BY_PERSON, "{'id':'u1'}");
    judge(s, NULL);
    assert_int_equal(s->change->kind, COR_CHANGE_RESTORED);
    EXPECT(s, "cloud measured", PERSON, "audit-event");
    expect_when(s, "11:30:00");
    scene_free(s);
}

/* Logged under the ids of those whom they tie together. */
static void test_assignments(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->newer = entra("appRoleAssignment", "x", "{'principalId':'u1','resourceId':'p1'}");
    event(s, "11:00:00", "Add app role assignment grant to user", BY_SERVICE,
          "{'id':'u2'},"
          "{'id':'p1'}");
    judge(s, NULL);
    EXPECT(s, "cloud absent", NULL, "unlogged authority");
    event(s, "11:10:00", "Add app role assignment grant to user", BY_PERSON,
          "{'id':'p1'},"
          "{'id':'u1'}");
    judge(s, NULL);
    EXPECT(s, "cloud measured", PERSON, "audit-event");
    scene_free(s);

    s = scene_new();
    s->older = entra("roleAssignment", "x", "{'principalId':'u1','roleDefinitionId':'r1'}");
    event(s, "11:00:00", "Remove member from role", BY_SERVICE,
          "{'id':'u1','modified':[{'property':'Role.TemplateId','old':'r2','new':null}]}");
    event(s, "11:05:00", "Add member to role", BY_SERVICE,
          "{'id':'u1','modified':[{'property':'Role.TemplateId','old':null,'new':'r1'}]}");
    judge(s, NULL);
    EXPECT(s, "cloud absent", NULL, "unlogged authority");
    event(s, "11:10:00", "Remove member from role", BY_PERSON,
          "{'id':'u1','modified':[{'property':'Role.TemplateId','old':'r1','new':null}]}");
    judge(s, NULL);
    EXPECT(s, "cloud measured", PERSON, "audit-event");
    scene_free(s);
}

static void test_hard_delete(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->older = entra("servicePrincipal", "p9", "{}");
    s->older->life = COR_DELETED;
    event(s, "11:00:00", "Hard delete service principal", BY_PERSON, "{'id':'p9'}");
    judge(s, NULL);
    EXPECT(s, "cloud measured", PERSON, "audit-event");
    g_ptr_array_set_size(s->events, 0);
    judge(s, NULL);
    EXPECT(s, "unknown absent", NULL, "unlogged");
    cor_json_add_string(s->older->attributes, "deletedDateTime", "2026-01-30T11:00:00Z");
    judge(s, NULL);
    EXPECT(s, "cloud derived", NULL, "unlogged authority");
    expect_when(s, "11:00:00"); /* thirty days later */
    scene_free(s);
}

static void test_synced_object(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->newer = entra("user", "u1", "{" SYNCED "}");
    s->peer_newer = ad("{'sAMAccountName':'a'}", "{'whenCreated':" STAMP("1", "10:30:00") "}");
    event(s, "11:00:00", "Add user", BY_SYNC, "{'id':'u1'}");
    judge(s, NULL);
    EXPECT(s, "onprem derived", NULL, "replication-metadata sync-actor");
    scene_free(s);

    s = scene_new();
    s->older = entra("user", "u1", "{" SYNCED "}");
    s->newer = entra("user", "u1", "{" SYNCED "}");
    s->newer->life = COR_DELETED;
    s->peer_older = ad("{'sAMAccountName':'a','userAccountControl':512}", "{}");
    s->peer_newer = ad("{'sAMAccountName':'a','userAccountControl':512}",
                       "{'isDeleted':" STAMP("1", "10:30:00") "}");
    s->peer_newer->life = COR_DELETED;
    event(s, "11:00:00", "Delete user", BY_SYNC, "{'id':'u1'}");
    judge(s, NULL);
    EXPECT(s, "onprem derived", NULL, "replication-metadata sync-actor");
    /* alive in AD: the deletion by the engine is not explained by what is known */
    s->peer_newer->life = COR_LIVE;
    cor_json_free(s->peer_newer->metadata);
    s->peer_newer->metadata = NULL;
    judge(s, NULL);
    EXPECT(s, "sync masked", NULL, "sync-actor authority");
    /* a person deleted it in the cloud, which Graph accepts */
    event(s, "11:30:00", "Delete user", BY_PERSON, "{'id':'u1'}");
    judge(s, NULL);
    EXPECT(s, "cloud measured", PERSON, "sync-actor audit-event");
    scene_free(s);
}

/* --- links ------------------------------------------------------------------------------ */

static struct scene *group_scene(const char *attributes)
{
    struct scene *s = scene_new();
    s->older = entra("group", "g1", attributes);
    s->newer = entra("group", "g1", attributes);
    s->target_older = entra("user", "u1", "{}");
    s->target_newer = entra("user", "u1", "{}");
    return s;
}

static void test_cloud_links(void **state)
{
    (void)state;
    struct scene *s = group_scene("{}");
    event(s, "11:00:00", "Add member to group", BY_PERSON, "{'id':'u1'},{'id':'g1'}");
    event(s, "11:05:00", "Add member to group", BY_SERVICE, "{'id':'u2'},{'id':'g1'}");
    event(s, "11:06:00", "Add owner to group", BY_SERVICE, "{'id':'u1'},{'id':'g1'}");
    judge_link(s, TRUE, "member", "u1");
    EXPECT(s, "cloud measured", PERSON, "audit-event");
    expect_when(s, "11:00:00");
    judge_link(s, FALSE, "member", "u1");
    EXPECT(s, "cloud absent", NULL, "unlogged authority");
    /* the group is named among the properties of the member only */
    event(s, "11:10:00", "Remove member from group", BY_PERSON,
          "{'id':'u1','modified':[{'property':'Group.ObjectID','old':'g1','new':null}]}");
    judge_link(s, FALSE, "member", "u1");
    EXPECT(s, "cloud measured", PERSON, "audit-event");
    scene_free(s);
}

static void test_synced_links(void **state)
{
    (void)state;
    struct scene *s = group_scene("{'onPremisesSyncEnabled':true}");
    judge_link(s, TRUE, "member", "u1");
    EXPECT(s, "onprem derived", NULL, "authority flow-rule unlogged");
    event(s, "11:00:00", "Add member to group", BY_SYNC, "{'id':'u1'},{'id':'g1'}");
    judge_link(s, TRUE, "member", "u1");
    EXPECT(s, "onprem derived", NULL, "authority flow-rule sync-actor");
    event(s, "11:10:00", "Add member to group", BY_PERSON, "{'id':'u1'},{'id':'g1'}");
    judge_link(s, TRUE, "member", "u1");
    EXPECT(s, "onprem contradicted", PERSON, "sync-actor audit-event flow-rule contradiction");
    /* owners are not synchronized */
    event(s, "11:20:00", "Add owner to group", BY_PERSON, "{'id':'u1'},{'id':'g1'}");
    judge_link(s, TRUE, "owner", "u1");
    EXPECT(s, "cloud measured", PERSON, "audit-event");
    scene_free(s);
}

static void test_dynamic_and_lost_targets(void **state)
{
    (void)state;
    struct scene *s = group_scene("{'membershipRule':'user.department -eq 1'}");
    judge_link(s, TRUE, "member", "u1");
    EXPECT(s, "cloud derived", NULL, "dynamic-membership");
    scene_free(s);

    s = group_scene("{}");
    s->target_newer->life = COR_DELETED;
    judge_link(s, FALSE, "member", "u1");
    EXPECT(s, "cloud absent", NULL, "authority unlogged");
    event(s, "11:00:00", "Delete user", BY_PERSON, "{'id':'u1'}");
    judge_link(s, FALSE, "member", "u1");
    EXPECT(s, "cloud measured", PERSON, "authority audit-event");
    g_ptr_array_set_size(s->events, 0);
    event(s, "11:00:00", "Delete user", BY_SYNC, "{'id':'u1'}");
    judge_link(s, FALSE, "member", "u1");
    EXPECT(s, "onprem derived", NULL, "authority sync-actor");
    scene_free(s);
}

static void test_policies(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->older = entra("conditionalAccessPolicy", "c1", "{'state':'disabled'}");
    s->newer = entra("conditionalAccessPolicy", "c1", "{'state':'enabled'}");
    event(s, "11:00:00", "Update Conditional Access policy", BY_PERSON,
          "{'id':'c1','modified':[{'property':'ConditionalAccessPolicy','old':{},'new':{}}]}");
    judge(s, "state");
    EXPECT(s, "cloud measured", PERSON, "audit-event");
    scene_free(s);
}

/* A burst of records: the newest are shown, the rest is counted. */
static void test_many_records(void **state)
{
    (void)state;
    struct scene *s = cloud_user("{'jobTitle':'A'}", "{'jobTitle':'B'}");
    for (int i = 0; i < 30; i++)
        update(s, "11:00:00", BY_PERSON, "JobTitle");
    judge(s, "jobTitle");
    assert_int_equal(s->change->evidence->len, 11);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_object_by_person),
        cmocka_unit_test(test_assignments),
        cmocka_unit_test(test_hard_delete),
        cmocka_unit_test(test_synced_object),
        cmocka_unit_test(test_cloud_links),
        cmocka_unit_test(test_synced_links),
        cmocka_unit_test(test_dynamic_and_lost_targets),
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_many_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
