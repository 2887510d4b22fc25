/* SPDX-License-Identifier: Apache-2.0 */
/* The rules engine, point by point of Microsoft's page on declarative provisioning. Expected
 * values are worked out by hand from the rules that each test makes. */
#include "correlate/rules/cloud_sync.h"
#include "rules_fixture.h"

/* A set with one inbound rule that projects users and one outbound rule that provisions them. */
struct world {
    struct cor_rule_set *set;
    struct cor_rule *in, *out;
    struct cor_program *engine;
    struct cor_program_run *run;
    struct cor_program_options options;
    struct thing things[4];
};

static void open_world(struct world *world)
{
    *world = (struct world){.set = new_set(), .options = {.initial = TRUE}};
    world->in = add_rule(world->set, "In - User", AD, "user", "person", COR_RULE_PROVISION);
    world->out = add_rule(world->set, "Out - User", CLOUD, "person", "user", COR_RULE_PROVISION);
}

static void compile(struct world *world)
{
    cor_rule_set_sort(world->set);
    world->engine = cor_program_new(world->set);
    world->run = cor_program_run_new(world->engine, &world->options);
}

static void close_world(struct world *world)
{
    cor_program_run_free(world->run);
    cor_program_free(world->engine);
    for (gsize i = 0; i < G_N_ELEMENTS(world->things); i++)
        clear_thing(&world->things[i]);
}

static const struct cor_program_result *evaluate(struct world *world, const char *text)
{
    clear_thing(&world->things[0]);
    make_thing(&world->things[0], text);
    const struct cor_program_object *object = &world->things[0].object;
    return cor_program_evaluate(world->run, &object, 1);
}

static void expect(struct world *world, const char *property, const char *expected)
{
    struct cor_program_property got;
    cor_program_property(world->run, property, &got);
    g_autofree char *text = told(&got);
    if (strcmp(text, expected) != 0)
        fail_msg("%s is %s, expected %s", property, text, expected);
}

static void expect_rule(struct world *world, const char *property, const char *rule,
                        const char *mv_rule)
{
    struct cor_program_property got;
    assert_true(cor_program_property(world->run, property, &got));
    assert_string_equal(got.rule->name, rule);
    if (mv_rule)
        assert_string_equal(got.mv_rule->name, mv_rule);
    else
        assert_null(got.mv_rule);
}

static void test_flow_kinds(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    direct(world.in, "title", "title");
    constant(world.in, "kind", "Employee");
    expression(world.in, "name", "[givenName] & \" \" & [sn]");
    direct(world.out, "jobTitle", "title");
    direct(world.out, "kind", "kind");
    expression(world.out, "name", "UCase([name])");
    constant(world.out, "company", "Example");
    compile(&world);
    assert_int_equal(cor_program_problems(world.engine)->len, 0);
    const struct cor_program_result *result =
        evaluate(&world, "{'attributes':{'title':'Chief','givenName':'Ada','sn':'Lind'}}");
    assert_true(result->in_scope);
    assert_string_equal(result->mv_type, "person");
    assert_string_equal(result->cloud_type, "user");
    expect(&world, "jobTitle", "'Chief'");
    expect(&world, "kind", "'Employee'");
    expect(&world, "name", "'ADA LIND'");
    expect(&world, "company", "'Example'");
    expect_rule(&world, "name", "Out - User", "In - User");
    expect_rule(&world, "company", "Out - User", NULL);
    expect(&world, "nobodyWritesIt", "leave");
    evaluate(&world, "{'attributes':{}}");
    expect(&world, "jobTitle", "remove");
    gsize n = 0;
    cor_program_properties(world.run, &n);
    assert_int_equal(n, 4);
    close_world(&world);
}

/* What the first of two rules contributes, and what the metaverse then has. */
static void test_contributions(void **state)
{
    (void)state;
    static const struct {
        const char *first, *second, *expected, *rule;
    } cases[] = {
        {"\"a\"", "\"b\"", "'a'", "In - User"},
        {"NULL", "\"b\"", "'b'", "In - second"},
        {"AuthoritativeNull", "\"b\"", "remove", NULL},
        {"IgnoreThisFlow", "\"b\"", "'b'", "In - second"},
        {"IgnoreThisFlow", "IgnoreThisFlow", "remove", NULL},
        {"NULL", "AuthoritativeNull", "remove", NULL},
        {"Error(\"bad\")", "\"b\"", "error", "In - User"},
        {"NULL", "Error(\"bad\")", "error", "In - second"},
        {"\"a\"", "Error(\"bad\")", "'a'", "In - User"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct world world;
        open_world(&world);
        struct cor_rule *second =
            add_rule(world.set, "In - second", AD, "user", "person", COR_RULE_JOIN);
        expression(world.in, "x", cases[i].first);
        expression(second, "x", cases[i].second);
        direct(world.out, "x", "x");
        compile(&world);
        const struct cor_program_result *result = evaluate(&world, "{'attributes':{}}");
        expect(&world, "x", cases[i].expected);
        if (cases[i].rule)
            expect_rule(&world, "x", "Out - User", cases[i].rule);
        assert_int_equal(result->error != NULL, strcmp(cases[i].expected, "error") == 0);
        close_world(&world);
    }
}

static void test_outbound_contributions(void **state)
{
    (void)state;
    static const struct {
        const char *first, *second, *expected;
    } cases[] = {
        {"\"a\"", "\"b\"", "'a'"},
        {"NULL", "\"b\"", "'b'"},
        {"NULL", "NULL", "remove"},
        {"IgnoreThisFlow", "IgnoreThisFlow", "leave"},
        {"IgnoreThisFlow", "NULL", "remove"},
        {"NULL", "IgnoreThisFlow", "remove"},
        {"AuthoritativeNull", "\"b\"", "remove"},
        {"Error(\"bad\")", "\"b\"", "error"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct world world;
        open_world(&world);
        struct cor_rule *second =
            add_rule(world.set, "Out - second", CLOUD, "person", "user", COR_RULE_JOIN);
        expression(world.out, "x", cases[i].first);
        expression(second, "x", cases[i].second);
        compile(&world);
        evaluate(&world, "{'attributes':{}}");
        expect(&world, "x", cases[i].expected);
        close_world(&world);
    }
}

/* One clause over an object; every operator, with and without a value. */
static void test_operators(void **state)
{
    (void)state;
    static const struct {
        const char *attributes;
        enum cor_rule_operator op;
        const char *value;
        gboolean in;
    } cases[] = {
        {"{'a':'Dev'}", COR_RULE_EQUAL, "dev", TRUE},
        {"{'a':'Devs'}", COR_RULE_EQUAL, "dev", FALSE},
        {"{}", COR_RULE_EQUAL, "dev", FALSE},
        {"{}", COR_RULE_NOT_EQUAL, "dev", TRUE},
        {"{'a':'DEV'}", COR_RULE_NOT_EQUAL, "dev", FALSE},
        {"{'a':true}", COR_RULE_EQUAL, "TRUE", TRUE},
        {"{'a':false}", COR_RULE_NOT_EQUAL, "TRUE", TRUE},
        {"{'a':7}", COR_RULE_LESS_THAN, "50000", TRUE},
        {"{'a':50000}", COR_RULE_LESS_THAN, "50000", FALSE},
        {"{'a':50000}", COR_RULE_LESS_THAN_OR_EQUAL, "50000", TRUE},
        {"{'a':'abc'}", COR_RULE_LESS_THAN, "abd", TRUE},
        {"{'a':'abd'}", COR_RULE_GREATER_THAN, "ABC", TRUE},
        {"{'a':'abc'}", COR_RULE_GREATER_THAN_OR_EQUAL, "ABC", TRUE},
        {"{'a':'the Dev team'}", COR_RULE_CONTAINS, "dev", TRUE},
        {"{'a':'ops'}", COR_RULE_NOT_CONTAINS, "dev", TRUE},
        {"{'a':'User_1'}", COR_RULE_STARTS_WITH, "user_", TRUE},
        {"{'a':'User_1'}", COR_RULE_NOT_STARTS_WITH, "User_", FALSE},
        {"{}", COR_RULE_NOT_STARTS_WITH, "User_", TRUE},
        {"{'a':'x@example.test'}", COR_RULE_ENDS_WITH, "@EXAMPLE.test", TRUE},
        {"{'a':'x@example.test'}", COR_RULE_NOT_ENDS_WITH, ".test", FALSE},
        {"{}", COR_RULE_IS_NULL, NULL, TRUE},
        {"{'a':'x'}", COR_RULE_IS_NULL, NULL, FALSE},
        {"{'a':'x'}", COR_RULE_IS_NOT_NULL, NULL, TRUE},
        {"{'a':['x','Y']}", COR_RULE_IS_IN, "y", TRUE},
        {"{'a':['x','Y']}", COR_RULE_IS_NOT_IN, "y", FALSE},
        {"{'a':['x']}", COR_RULE_IS_NOT_IN, "y", TRUE},
        {"{'a':514}", COR_RULE_IS_BIT_SET, "2", TRUE},
        {"{'a':512}", COR_RULE_IS_BIT_SET, "2", FALSE},
        {"{'a':512}", COR_RULE_IS_BIT_NOT_SET, "2", TRUE},
        {"{'a':514}", COR_RULE_IS_BIT_NOT_SET, "2", FALSE},
        {"{'a':'\xc3\x84rzte'}", COR_RULE_EQUAL, "\xc3\xa4rzte", TRUE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct world world;
        open_world(&world);
        scope(world.in, TRUE, "a", cases[i].op, cases[i].value);
        compile(&world);
        g_autofree char *text = g_strdup_printf("{'attributes':%s}", cases[i].attributes);
        const struct cor_program_result *result = evaluate(&world, text);
        if (result->in_scope != cases[i].in)
            fail_msg("%s %s %s", cases[i].attributes, cor_rule_operator_name(cases[i].op),
                     cases[i].value);
        close_world(&world);
    }
}

static void test_groups_of_clauses(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    scope(world.in, TRUE, "department", COR_RULE_EQUAL, "IT");
    scope(world.in, FALSE, "co", COR_RULE_EQUAL, "Denmark");
    scope(world.in, TRUE, "co", COR_RULE_EQUAL, "Sweden");
    compile(&world);
    assert_true(evaluate(&world, "{'attributes':{'department':'IT','co':'Denmark'}}")->in_scope);
    assert_true(evaluate(&world, "{'attributes':{'department':'HR','co':'Sweden'}}")->in_scope);
    const struct cor_program_result *result =
        evaluate(&world, "{'attributes':{'department':'HR','co':'Denmark'}}");
    assert_false(result->in_scope);
    assert_string_equal(result->why, "no inbound rule takes it");
    close_world(&world);
}

static gboolean is_member(const struct cor_program_object *object, const char *group, void *data)
{
    (void)data;
    return strcmp(object->id, "1") == 0 && strcmp(group, "CN=Pilot,DC=example,DC=test") == 0;
}

static void test_group_filter(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    world.options.is_member = is_member;
    scope(world.in, TRUE, "dn", COR_RULE_IS_MEMBER_OF, "CN=Pilot,DC=example,DC=test");
    compile(&world);
    assert_true(evaluate(&world, "{'id':'1','attributes':{}}")->in_scope);
    assert_false(evaluate(&world, "{'id':'2','attributes':{}}")->in_scope);
    close_world(&world);
}

static void test_selection(void **state)
{
    (void)state;
    static const struct {
        const char *object, *why;
    } cases[] = {
        {"{'dn':'CN=a,OU=Corp,DC=example,DC=test'}", NULL},
        {"{'dn':'cn=a, ou=corp, dc=Example, dc=Test'}", NULL},
        {"{'dn':'CN=a,OU=x,OU=Corp,DC=example,DC=test'}", NULL},
        {"{'dn':'CN=a,OU=Out,OU=Corp,DC=example,DC=test'}", "its container is not selected"},
        {"{'dn':'CN=a,OU=In,OU=Out,OU=Corp,DC=example,DC=test'}", NULL},
        {"{'dn':'CN=a,OU=NotCorp,DC=example,DC=test'}", "its container is not selected"},
        {"{'dn':'CN=a,DC=child,DC=example,DC=test'}",
         "the partition DC=child,DC=example,DC=test is not selected"},
        {"{'dn':'CN=a,DC=other,DC=test'}", "it lies in no partition of the connector"},
        {"{'type':'printer','dn':'CN=a,OU=Corp,DC=example,DC=test'}",
         "objects of type printer are not selected"},
    };
    struct world world;
    open_world(&world);
    struct cor_connector *connector = world.set->connectors->pdata[0];
    struct cor_partition *root = cor_partition_new("DC=example,DC=test");
    struct cor_partition *child = cor_partition_new("DC=child,DC=example,DC=test");
    root->selected = TRUE;
    g_ptr_array_add(root->exclusions, g_strdup("DC=example,DC=test"));
    g_ptr_array_add(root->inclusions, g_strdup("OU=Corp,DC=example,DC=test"));
    g_ptr_array_add(root->exclusions, g_strdup("OU=Out,OU=Corp,DC=example,DC=test"));
    g_ptr_array_add(root->inclusions, g_strdup("OU=In,OU=Out,OU=Corp,DC=example,DC=test"));
    g_ptr_array_add(connector->partitions, root);
    g_ptr_array_add(connector->partitions, child);
    g_ptr_array_add(connector->object_types, g_strdup("user"));
    g_ptr_array_add(connector->attributes, g_strdup("title"));
    direct(world.in, "title", "title");
    direct(world.in, "mail", "mail");
    direct(world.out, "title", "title");
    direct(world.out, "mail", "mail");
    compile(&world);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const struct cor_program_result *result = evaluate(&world, cases[i].object);
        assert_int_equal(result->in_scope, cases[i].why == NULL);
        if (cases[i].why)
            assert_string_equal(result->why, cases[i].why);
    }
    evaluate(&world, "{'dn':'CN=a,OU=Corp,DC=example,DC=test',"
                     "'attributes':{'title':'x','mail':'a@example.test'}}");
    expect(&world, "title", "'x'");
    expect(&world, "mail", "remove"); /* not a selected attribute */
    close_world(&world);
}

static void test_provisioning(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    expression(world.in, "cloudFiltered", "IIF(Left([sAMAccountName],4)=\"AAD_\",True,NULL)");
    direct(world.in, "sourceObjectType", "adminDescription");
    struct cor_rule *contact =
        add_rule(world.set, "Out - Contact", CLOUD, "person", "contact", COR_RULE_PROVISION);
    struct cor_rule *dead =
        add_rule(world.set, "Out - dead", CLOUD, "person", "user", COR_RULE_JOIN);
    scope(world.out, TRUE, "cloudFiltered", COR_RULE_NOT_EQUAL, "True");
    scope(world.out, FALSE, "sourceObjectType", COR_RULE_EQUAL, "User");
    scope(contact, TRUE, "sourceObjectType", COR_RULE_EQUAL, "Contact");
    scope(dead, TRUE, "neverFed", COR_RULE_IS_NOT_NULL, NULL);
    constant(contact, "x", "contact");
    constant(world.out, "x", "user");
    constant(dead, "y", "dead");
    compile(&world);
    const struct cor_program_result *result =
        evaluate(&world, "{'attributes':{'sAMAccountName':'ada','adminDescription':'User'}}");
    assert_string_equal(result->cloud_type, "user");
    assert_false(result->cloud_filtered);
    expect(&world, "x", "'user'");
    result =
        evaluate(&world, "{'attributes':{'sAMAccountName':'ada','adminDescription':'Contact'}}");
    assert_string_equal(result->cloud_type, "contact");
    expect(&world, "x", "'contact'");
    result =
        evaluate(&world, "{'attributes':{'sAMAccountName':'AAD_1','adminDescription':'User'}}");
    assert_true(result->in_scope && result->cloud_filtered);
    assert_null(result->cloud_type);
    expect(&world, "x", "leave");
    assert_int_equal(cor_program_targets(world.engine, "user")->len, 1);
    g_autoptr(GPtrArray) steps = cor_program_explain_provisioning(world.run);
    const struct cor_program_step *step = steps->pdata[0];
    assert_int_equal(step->fate, COR_PROGRAM_OUT_OF_SCOPE);
    assert_string_equal(step->why, "its scope asks for cloudFiltered NOTEQUAL True (it is True)");
    close_world(&world);
}

static void test_merge_types(void **state)
{
    (void)state;
    static const struct {
        enum cor_rule_merge first, second;
        const char *expected;
    } cases[] = {
        {COR_RULE_UPDATE, COR_RULE_UPDATE, "['SMTP:a@example.test','x']"},
        {COR_RULE_REPLACE, COR_RULE_REPLACE, "['SMTP:a@example.test','x']"},
        {COR_RULE_MERGE, COR_RULE_MERGE, "['SMTP:a@example.test','x','smtp:a@example.test','y']"},
        {COR_RULE_MERGE_CASE_INSENSITIVE, COR_RULE_MERGE_CASE_INSENSITIVE,
         "['SMTP:a@example.test','x','y']"},
        {COR_RULE_MERGE, COR_RULE_UPDATE, "error"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct world world;
        open_world(&world);
        struct cor_rule *second =
            add_rule(world.set, "In - second", AD, "user", "person", COR_RULE_JOIN);
        direct(world.in, "p", "one")->merge = cases[i].first;
        direct(second, "p", "two")->merge = cases[i].second;
        direct(world.out, "p", "p");
        compile(&world);
        evaluate(&world, "{'attributes':{'one':['SMTP:a@example.test','x'],"
                         "'two':['smtp:a@example.test','x','y']}}");
        struct cor_program_property got;
        cor_program_property(world.run, "p", &got);
        g_autofree char *text = told(&got);
        assert_string_equal(text, cases[i].expected);
        close_world(&world);
    }
}

static void test_execute_once(void **state)
{
    (void)state;
    for (gboolean initial = FALSE; initial <= TRUE; initial++) {
        struct world world;
        open_world(&world);
        world.options.initial = initial;
        constant(world.in, "cloudCreated", "False")->execute_once = TRUE;
        direct(world.in, "owner", "managedBy")->execute_once = TRUE;
        scope(world.out, TRUE, "cloudCreated", COR_RULE_EQUAL, "false");
        direct(world.out, "owner", "owner");
        constant(world.out, "password", "secret")->execute_once = TRUE;
        compile(&world);
        const struct cor_program_result *result =
            evaluate(&world, "{'attributes':{'managedBy':'CN=b,DC=example,DC=test'}}");
        assert_string_equal(result->cloud_type, "user"); /* the value once given stays */
        expect(&world, "owner", initial ? "'CN=b,DC=example,DC=test'" : "leave");
        expect(&world, "password", initial ? "'secret'" : "leave");
        close_world(&world);
    }
}

static const char *resolve(const char *reference, void *data)
{
    (void)data;
    if (strcmp(reference, "CN=a,DC=example,DC=test") == 0)
        return "id-a";
    return strcmp(reference, "key-b") == 0 ? "id-b" : NULL;
}

static void test_references(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    world.options.resolve = resolve;
    direct(world.in, "manager", "manager");
    direct(world.in, "member", "member");
    direct(world.out, "manager", "manager");
    direct(world.out, "member", "member");
    compile(&world);
    evaluate(&world, "{'attributes':{'manager':'CN=a,DC=example,DC=test',"
                     "'member':['CN=a,DC=example,DC=test','CN=gone,DC=example,DC=test']}}");
    expect(&world, "manager", "'id-a'");
    expect(&world, "member", "['id-a']");
    evaluate(&world, "{'attributes':{'manager':'CN=gone,DC=example,DC=test'}}");
    expect(&world, "manager", "remove");
    const char *const targets[] = {"key-b", "key-gone", NULL};
    const struct cor_program_link links[] = {{"member", targets}, {"manager", targets}};
    world.things[0].object.links = links;
    world.things[0].object.n_links = 1;
    const struct cor_program_object *object = &world.things[0].object;
    cor_program_evaluate(world.run, &object, 1);
    expect(&world, "member", "['id-b']");
    close_world(&world);
}

static void test_parameters(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    static const char *const names[] = {"Domain.FQDN", "Domain.Netbios", "Domain.LDAP",
                                        "Forest.FQDN", "Connector.ID"};
    static const char *const values[] = {"'example.test'", "'EXAMPLE'", "'DC=example,DC=test'",
                                         "'example.test'", "'" AD "'"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *text = g_strdup_printf("%%%s%%", names[i]);
        expression(world.in, names[i], text);
        direct(world.out, names[i], names[i]);
    }
    scope(world.out, TRUE, "Connector.ID", COR_RULE_EQUAL, "%Connector.ID%");
    compile(&world);
    evaluate(&world, "{'dn':'CN=a,DC=example,DC=test','attributes':{}}");
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        expect(&world, names[i], values[i]);
    close_world(&world);
}

static void test_types(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    g_hash_table_insert(world.set->metaverse, g_strdup("enabled"), g_strdup("boolean"));
    g_hash_table_insert(world.set->metaverse, g_strdup("other"), g_strdup("string[]"));
    g_hash_table_insert(world.set->metaverse, g_strdup("code"), g_strdup("string"));
    constant(world.in, "enabled", "True");
    direct(world.in, "other", "otherPhone");
    direct(world.in, "code", "countryCode");
    direct(world.in, "sid", "objectSid");
    expression(world.in, "sidText", "StringFromSid([objectSid])");
    expression(world.in, "anchor", "ConvertToBase64([objectGUID])");
    static const char *const same[] = {"enabled", "other", "code", "sid", "sidText", "anchor"};
    for (gsize i = 0; i < G_N_ELEMENTS(same); i++)
        direct(world.out, same[i], same[i]);
    compile(&world);
    evaluate(&world, "{'attributes':{'otherPhone':'1','countryCode':208,"
                     "'objectSid':'S-1-5-32-544',"
                     "'objectGUID':'00112233-4455-6677-8899-aabbccddeeff'}}");
    expect(&world, "enabled", "true");
    expect(&world, "other", "['1']");
    expect(&world, "code", "'208'");
    expect(&world, "sid", "'AQIAAAAAAAUgAAAAIAIAAA=='");
    expect(&world, "sidText", "'S-1-5-32-544'");
    expect(&world, "anchor", "'MyIRAFVEd2aImaq7zN3u/w=='");
    close_world(&world);
}

static void test_problems(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    expression(world.in, "x", "Trim([a]");
    direct(world.out, "x", "x");
    struct cor_rule *bare =
        add_rule(world.set, "In - bodyless", AD, "user", "person", COR_RULE_JOIN);
    bare->has_body = FALSE;
    add_rule(world.set, "In - elsewhere", AD2, "user", "person", COR_RULE_JOIN);
    struct cor_rule *off = add_rule(world.set, "In - off", AD, "user", "person", COR_RULE_JOIN);
    off->disabled = TRUE;
    off->precedence = 1;
    constant(off, "x", "off");
    compile(&world);
    const GPtrArray *problems = cor_program_problems(world.engine);
    assert_int_equal(problems->len, 3);
    const struct cor_program_problem *problem = problems->pdata[0];
    assert_string_equal(problem->rule->name, "In - User");
    assert_string_equal(problem->target, "x");
    assert_non_null(strstr(problem->text, "column"));
    evaluate(&world, "{'attributes':{'a':'v'}}");
    expect(&world, "x", "error");
    close_world(&world);
}

static void test_explain(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    expression(world.in, "x", "NULL");
    struct cor_rule *second =
        add_rule(world.set, "In - second", AD, "user", "person", COR_RULE_JOIN);
    struct cor_rule *third = add_rule(world.set, "In - third", AD, "user", "person", COR_RULE_JOIN);
    struct cor_rule *fourth =
        add_rule(world.set, "In - fourth", AD, "user", "person", COR_RULE_JOIN);
    direct(second, "x", "title");
    constant(third, "x", "late");
    constant(fourth, "x", "never");
    scope(fourth, TRUE, "title", COR_RULE_EQUAL, "King");
    direct(world.out, "jobTitle", "x");
    compile(&world);
    evaluate(&world, "{'attributes':{'title':'Chief'}}");
    g_autoptr(GPtrArray) steps = cor_program_explain(world.run, "jobTitle");
    assert_int_equal(steps->len, 1);
    const struct cor_program_step *out = steps->pdata[0];
    assert_int_equal(out->fate, COR_PROGRAM_WON);
    const struct cor_program_source *x = out->sources->pdata[0];
    assert_string_equal(x->attribute, "x");
    static const enum cor_program_fate fates[] = {COR_PROGRAM_NO_VALUE, COR_PROGRAM_WON,
                                                  COR_PROGRAM_LOST, COR_PROGRAM_OUT_OF_SCOPE};
    static const char *const why[] = {
        "it has nothing to contribute; the next rule may", "the highest precedence with a value",
        "In - second has precedence", "its scope asks for title EQUAL King (it is Chief)"};
    assert_int_equal(x->steps->len, G_N_ELEMENTS(fates));
    for (gsize i = 0; i < G_N_ELEMENTS(fates); i++) {
        const struct cor_program_step *step = x->steps->pdata[i];
        assert_int_equal(step->fate, fates[i]);
        assert_string_equal(step->why, why[i]);
    }
    const struct cor_program_step *won = x->steps->pdata[1];
    const struct cor_program_source *title = won->sources->pdata[0];
    assert_string_equal(title->attribute, "title");
    assert_null(title->steps);
    assert_string_equal(title->value.text, "Chief");
    close_world(&world);
}

/* One leg, the other dialect, the same questions. */
static void test_cloud_sync(void **state)
{
    (void)state;
    struct world world = {.set = cor_cloud_sync_defaults(), .options = {.initial = TRUE}};
    compile(&world);
    assert_int_equal(cor_program_problems(world.engine)->len, 0);
    const struct cor_program_result *result =
        evaluate(&world, "{'attributes':{'cn':'ada','userAccountControl':514,'givenName':' Ada ',"
                         "'objectGUID':'00112233-4455-6677-8899-aabbccddeeff'}}");
    assert_string_equal(result->cloud_type, "user");
    expect(&world, "commonName", "'ada'");
    expect(&world, "accountEnabled", "false");
    expect(&world, "givenName", "'Ada'");
    expect(&world, "sourceAnchorBinary", "'MyIRAFVEd2aImaq7zN3u/w=='");
    expect(&world, "displayName", "remove");
    expect(&world, "jobTitle", "leave");
    expect_rule(&world, "commonName", "Cloud Sync - user", NULL);
    assert_false(evaluate(&world, "{'attributes':{'isCriticalSystemObject':true}}")->in_scope);
    assert_false(evaluate(&world, "{'attributes':{'mailNickname':'CAS_1'}}")->in_scope);
    assert_false(evaluate(&world, "{'dn':'CN=a\\\\0ACNF:1,DC=x','attributes':{}}")->in_scope);
    assert_false(evaluate(&world, "{'type':'group','attributes':{}}")->in_scope);
    result = evaluate(&world, "{'type':'computer','attributes':{'dNSHostName':'pc.example.test'}}");
    assert_string_equal(result->cloud_type, "device");
    expect(&world, "displayName", "'pc.example.test'");
    expect(&world, "deviceTrustType", "'ServerAd'");
    close_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flow_kinds),
        cmocka_unit_test(test_contributions),
        cmocka_unit_test(test_outbound_contributions),
        cmocka_unit_test(test_operators),
        cmocka_unit_test(test_groups_of_clauses),
        cmocka_unit_test(test_group_filter),
        cmocka_unit_test(test_selection),
        cmocka_unit_test(test_provisioning),
        cmocka_unit_test(test_merge_types),
        cmocka_unit_test(test_execute_once),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_problems),
        cmocka_unit_test(test_explain),
        cmocka_unit_test(test_cloud_sync),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
