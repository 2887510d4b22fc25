/* SPDX-License-Identifier: Apache-2.0 */
/* A value of the cloud that changed because the rules did: the engine wrote it, and which rule. */
#include "attribution.h"
#include "correlate/rules/engine.h"
#include "rules_fixture.h"

static struct cor_flow_program *department_from(const char *attribute)
{
    struct cor_rule_set *set = new_set();
    struct cor_rule *in = add_rule(set, "In - User", AD, "user", "person", COR_RULE_PROVISION);
    struct cor_rule *out = add_rule(set, "Out - User", CLOUD, "person", "user", COR_RULE_PROVISION);
    direct(in, "department", attribute);
    direct(out, "department", "department");
    cor_rule_set_sort(set);
    return cor_flow_program_new(cor_program_new(set), 0);
}

struct rules {
    struct cor_flow_program *older, *newer;
    struct cor_flow_context before;
};

static struct scene *with_rules(struct rules *rules)
{
    struct scene *s = scene_new();
    rules->older = department_from("division");
    rules->newer = department_from("company");
    rules->before = s->flow;
    rules->before.program = rules->older;
    rules->before.rules_name = "imported rules 1";
    s->flow.program = rules->newer;
    s->flow.rules_name = "imported rules 2";
    s->flow_before = &rules->before;
    s->older = entra("user", "u1", "{" SYNCED ",'department':'Deck'}");
    s->newer = entra("user", "u1", "{" SYNCED ",'department':'Line'}");
    return s;
}

static void rules_end(struct rules *rules, struct scene *s)
{
    scene_free(s);
    cor_flow_program_free(rules->older);
    cor_flow_program_free(rules->newer);
}

#define PERSON_AT "'distinguishedName':'CN=a,DC=contoso,DC=com','division':'Deck'"

static void test_rule_change_is_the_engines(void **state)
{
    struct rules rules;
    (void)state;
    struct scene *s = with_rules(&rules);
    s->peer_older =
        ad("{" PERSON_AT ",'company':'Line'}", "{'company':" STAMP("1", "08:00:00") "}");
    s->peer_newer =
        ad("{" PERSON_AT ",'company':'Line'}", "{'company':" STAMP("1", "08:00:00") "}");
    judge(s, "department");
    assert_int_equal(s->change->origin, COR_ORIGIN_SYNC);
    const struct cor_evidence *last = s->change->evidence->pdata[s->change->evidence->len - 1];
    assert_string_equal(last->kind, "rule-change");
    assert_non_null(strstr(last->text, "imported rules 1"));
    assert_non_null(strstr(last->text, "imported rules 2"));
    rules_end(&rules, s);
}

/* AD wrote the source: that explains it, whatever the rules did besides. */
static void test_write_in_ad_comes_first(void **state)
{
    struct rules rules;
    (void)state;
    struct scene *s = with_rules(&rules);
    s->peer_older = ad("{" PERSON_AT ",'company':'X'}", "{'company':" STAMP("1", "08:00:00") "}");
    s->peer_newer =
        ad("{" PERSON_AT ",'company':'Line'}", "{'company':" STAMP("2", "11:00:00") "}");
    judge(s, "department");
    assert_int_equal(s->change->origin, COR_ORIGIN_ONPREM);
    rules_end(&rules, s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rule_change_is_the_engines),
        cmocka_unit_test(test_write_in_ad_comes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
