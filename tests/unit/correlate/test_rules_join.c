/* SPDX-License-Identifier: Apache-2.0 */
/* Which objects become one metaverse object, and what several of them contribute together. */
#include "rules_fixture.h"

#define MAX_THINGS 4

struct world {
    struct cor_rule_set *set;
    struct cor_rule *first, *second, *out;
    struct cor_program *engine;
    struct cor_program_run *run;
    struct cor_program_joiner *joiner;
    struct thing things[MAX_THINGS];
    guint count;
};

/* Two forests: accounts in AD, resources in AD2, joined as the shipped rules do. */
static void open_world(struct world *world, const char *second_type)
{
    *world = (struct world){.set = new_set()};
    add_connector(world->set, AD2, "resource.test", FALSE);
    world->first = add_rule(world->set, "In - account", AD, "user", "person", COR_RULE_PROVISION);
    world->second =
        add_rule(world->set, "In - resource", AD2, second_type, "person", COR_RULE_PROVISION);
    world->out = add_rule(world->set, "Out", CLOUD, "person", "user", COR_RULE_PROVISION);
}

static void compile(struct world *world)
{
    const struct cor_program_options options = {.initial = TRUE};
    cor_rule_set_sort(world->set);
    world->engine = cor_program_new(world->set);
    world->run = cor_program_run_new(world->engine, &options);
    world->joiner = cor_program_joiner_new(world->run);
}

static void close_world(struct world *world)
{
    cor_program_joiner_free(world->joiner);
    cor_program_run_free(world->run);
    cor_program_free(world->engine);
    for (guint i = 0; i < world->count; i++)
        clear_thing(&world->things[i]);
}

static guint add(struct world *world, const char *text, const char **ret_error)
{
    struct thing *thing = &world->things[world->count++];
    make_thing(thing, text);
    return cor_program_joiner_add(world->joiner, &thing->object, ret_error);
}

static void expect(struct world *world, guint number, const char *property, const char *expected)
{
    gsize n = 0;
    const struct cor_program_object *const *objects =
        cor_program_joiner_objects(world->joiner, number, &n);
    cor_program_evaluate(world->run, objects, n);
    struct cor_program_property got;
    cor_program_property(world->run, property, &got);
    g_autofree char *text = told(&got);
    assert_string_equal(text, expected);
}

#define ACCOUNT                                                                                    \
    "{'id':'1','connector':'" AD "','type':'user','dn':'CN=ada,DC=example,DC=test',"               \
    "'attributes':{'objectSid':'S-1-5-21-1-2-3-1001','title':'Chief'}}"
#define MAILBOX                                                                                    \
    "{'id':'2','connector':'" AD2 "','type':'user','dn':'CN=ada,DC=resource,DC=test',"             \
    "'attributes':{'objectSid':'S-1-5-21-9-9-9-500','title':'(mailbox)','mail':'a@example.test',"  \
    "'msExchMasterAccountSid':'S-1-5-21-1-2-3-1001'}}"

/* The account forest has precedence where it has a value, whoever was imported first. */
static void test_linked_mailbox(void **state)
{
    (void)state;
    for (int mailbox_first = 0; mailbox_first < 2; mailbox_first++) {
        struct world world;
        const char *error = NULL;
        open_world(&world, "user");
        for (int i = 0; i < 2; i++) {
            struct cor_rule *rule = i ? world.second : world.first;
            join(rule, "objectSid", "objectSid");
            join(rule, "msExchMasterAccountSid", "objectSid");
            join(rule, "objectSid", "msExchMasterAccountSid");
            direct(rule, "objectSid", "objectSid");
            direct(rule, "msExchMasterAccountSid", "msExchMasterAccountSid");
            direct(rule, "title", "title");
            direct(rule, "mail", "mail");
        }
        direct(world.out, "title", "title");
        direct(world.out, "mail", "mail");
        compile(&world);
        guint one = add(&world, mailbox_first ? MAILBOX : ACCOUNT, &error);
        guint two = add(&world, mailbox_first ? ACCOUNT : MAILBOX, &error);
        assert_null(error);
        assert_int_equal(one, 0);
        assert_int_equal(two, 0);
        expect(&world, 0, "title", "'Chief'");
        expect(&world, 0, "mail", "'a@example.test'");
        close_world(&world);
    }
}

static void test_contact_and_user(void **state)
{
    (void)state;
    struct world world;
    const char *error = NULL;
    open_world(&world, "contact");
    constant(world.first, "sourceObjectType", "User");
    constant(world.second, "sourceObjectType", "Contact");
    direct(world.first, "mail", "mail");
    direct(world.second, "mail", "mail");
    join(world.second, "mail", "mail");
    direct(world.out, "type", "sourceObjectType");
    compile(&world);
    assert_int_equal(add(&world,
                         "{'id':'1','connector':'" AD "','type':'user',"
                         "'attributes':{'mail':'Ada@example.test'}}",
                         &error),
                     0);
    assert_int_equal(add(&world,
                         "{'id':'2','connector':'" AD2 "','type':'contact',"
                         "'attributes':{'mail':'ada@EXAMPLE.test'}}",
                         &error),
                     0);
    expect(&world, 0, "type", "'User'");
    assert_int_equal(add(&world,
                         "{'id':'3','connector':'" AD2 "','type':'contact',"
                         "'attributes':{'mail':'bob@example.test'}}",
                         &error),
                     1);
    assert_null(error);
    /* two contacts of one directory cannot be one user */
    assert_int_equal(add(&world,
                         "{'id':'4','connector':'" AD2 "','type':'contact',"
                         "'attributes':{'mail':'ada@example.test'}}",
                         &error),
                     G_MAXUINT);
    assert_non_null(error);
    close_world(&world);
}

/* A group of clauses that finds two objects is passed over; the next may find one. */
static void test_exactly_one(void **state)
{
    (void)state;
    struct world world;
    const char *error = NULL;
    open_world(&world, "user");
    direct(world.first, "mail", "mail");
    direct(world.first, "employeeID", "employeeID");
    GPtrArray *both = cor_rule_add_join_group(world.second);
    cor_rule_join_group_add(both, "mail", "mail", FALSE);
    cor_rule_join_group_add(both, "sn", "employeeID", FALSE);
    join(world.second, "mail", "mail");
    join(world.second, "employeeID", "employeeID");
    compile(&world);
    const char *const people[] = {
        "{'connector':'" AD "','attributes':{'mail':'team@example.test','employeeID':'1'}}",
        "{'connector':'" AD "','attributes':{'mail':'team@example.test','employeeID':'2'}}",
        "{'connector':'" AD2 "','attributes':{'mail':'team@example.test','employeeID':'2'}}",
        "{'connector':'" AD2 "','attributes':{'mail':'team@example.test'}}",
    };
    const guint expected[] = {0, 1, 1, 2};
    for (gsize i = 0; i < G_N_ELEMENTS(people); i++)
        assert_int_equal(add(&world, people[i], &error), expected[i]);
    close_world(&world);
}

/* Without a rule that provisions, an object waits until there is something to join. */
static void test_join_only(void **state)
{
    (void)state;
    struct world world;
    const char *error = NULL;
    open_world(&world, "user");
    world.second->link = COR_RULE_JOIN;
    cor_rule_join_group_add(cor_rule_add_join_group(world.second), "mail", "mail", TRUE);
    direct(world.first, "mail", "mail");
    compile(&world);
    const char *const late = "{'connector':'" AD2 "','attributes':{'mail':'a@example.test'}}";
    assert_int_equal(add(&world, late, &error), G_MAXUINT);
    assert_null(error);
    assert_int_equal(
        add(&world, "{'connector':'" AD "','attributes':{'mail':'A@example.test'}}", &error), 0);
    assert_int_equal(add(&world, late, &error), G_MAXUINT); /* by case */
    assert_int_equal(
        add(&world, "{'connector':'" AD2 "','attributes':{'mail':'A@example.test'}}", &error), 0);
    close_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linked_mailbox),
        cmocka_unit_test(test_contact_and_user),
        cmocka_unit_test(test_exactly_one),
        cmocka_unit_test(test_join_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
