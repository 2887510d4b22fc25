/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of links by the metadata of single links: time, domain controller, gaps, and what no
 * comparison of two points can see. Points are at 10:00 and 12:00. */
#include "attribution.h"

#define ADA "CN=Ada,DC=lab"
#define LINK(version, created, time, deleted)                                                      \
    "{'version':" version ",'created':'" DAY created "Z','time':'" DAY time                        \
    "Z','dsa':'i1','usn':7" deleted "}"
#define GONE(time)   ",'deleted':'" DAY time "Z'"
#define VALUES(link) "{'member':{'values':{'" ADA "':" link "}}}"

static struct scene *group(const char *older, const char *newer)
{
    struct scene *s = scene_new();
    s->older = ad("{}", older);
    s->newer = ad("{}", newer);
    s->target_newer = ad("{'distinguishedName':'cn=ada,DC=lab'}", NULL);
    return s;
}

static void test_link_has_time_and_server(void **state)
{
    (void)state;
    struct scene *s = group("{}", VALUES(LINK("1", "11:00:00", "11:00:00", "")));
    judge_link(s, TRUE, "member", "t1");
    EXPECT(s, "onprem derived", NULL, "link-metadata");
    expect_when(s, "11:00:00");
    const struct cor_evidence *evidence = s->change->evidence->pdata[0];
    assert_non_null(strstr(evidence->text, "dc1.lab.example.test"));
    scene_free(s);
    s = group(VALUES(LINK("1", "08:00:00", "08:00:00", "")),
              VALUES(LINK("2", "08:00:00", "11:30:00", GONE("11:30:00"))));
    judge_link(s, FALSE, "member", "t1");
    EXPECT(s, "onprem derived", NULL, "link-metadata");
    expect_when(s, "11:30:00");
    scene_free(s);
}

static void test_gap(void **state)
{
    (void)state;
    struct scene *s = group(VALUES(LINK("1", "08:00:00", "08:00:00", "")),
                            VALUES(LINK("4", "08:00:00", "11:30:00", GONE("11:30:00"))));
    judge_link(s, FALSE, "member", "t1");
    EXPECT(s, "onprem derived", NULL, "link-metadata version-gap");
    scene_free(s);
    /* without an older trace, only a link that is itself new tells how often it changed */
    s = group("{}", VALUES(LINK("5", "08:00:00", "11:30:00", "")));
    judge_link(s, TRUE, "member", "t1");
    EXPECT(s, "onprem derived", NULL, "link-metadata");
    scene_free(s);
}

static void test_other_state_and_other_time(void **state)
{
    (void)state;
    struct scene *s = group("{}", VALUES(LINK("1", "11:00:00", "11:00:00", "")));
    judge_link(s, FALSE, "member", "t1"); /* the metadata says it is there */
    EXPECT(s, "onprem derived", NULL, "authority");
    scene_free(s);
    s = group("{}", VALUES(LINK("1", "14:00:00", "14:00:00", "")));
    judge_link(s, TRUE, "member", "t1");
    EXPECT(s, "onprem contradicted", NULL, "link-metadata contradiction");
    scene_free(s);
}

struct unseen_case {
    const char *older, *newer;
    const char *expected; /* kind and time of each change */
};

static char *unseen(const struct scene *s)
{
    g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func((GDestroyNotify)cor_change_free);
    GString *text = g_string_new(NULL);
    cor_diff_unseen_links(s->older, s->newer, cor_time_parse(DAY "10:00:00Z"), changes);
    for (guint i = 0; i < changes->len; i++) {
        const struct cor_change *change = changes->pdata[i];
        g_autofree char *when = cor_time_text(change->when_us);
        g_string_append_printf(text, "%s%s %s", i ? ", " : "", cor_change_kind_name(change->kind),
                               *when ? when + strlen(DAY) : "?");
    }
    return g_string_free(text, FALSE);
}

static void test_unseen(void **state)
{
    static const struct unseen_case cases[] = {
        {"{}", VALUES(LINK("2", "10:30:00", "11:00:00", GONE("11:00:00"))),
         "linked 10:30:00Z, unlinked 11:00:00Z"},
        /* an old removal, first seen by a program that reads such metadata */
        {"{}", VALUES(LINK("2", "08:00:00", "08:30:00", GONE("08:30:00"))), ""},
        {"{}", VALUES(LINK("2", "08:00:00", "11:00:00", GONE("11:00:00"))), ""},
        {"{}", VALUES(LINK("1", "11:00:00", "11:00:00", "")), ""},
        {VALUES(LINK("2", "08:00:00", "09:00:00", GONE("09:00:00"))),
         VALUES(LINK("4", "08:00:00", "11:00:00", GONE("11:00:00"))),
         "linked ?, unlinked 11:00:00Z"},
        {VALUES(LINK("1", "08:00:00", "08:00:00", "")),
         VALUES(LINK("3", "08:00:00", "11:00:00", "")), "unlinked ?, linked 11:00:00Z"},
        {VALUES(LINK("1", "08:00:00", "08:00:00", "")),
         VALUES(LINK("2", "08:00:00", "11:00:00", GONE("11:00:00"))), ""},
        {"{}", "{'member':{'values':{'x':7,'y':{'version':'one'}}}}", ""},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct scene *s = group(cases[i].older, cases[i].newer);
        g_autofree char *found = unseen(s);
        if (strcmp(found, cases[i].expected) != 0)
            fail_msg("case %u: %s", (guint)i, found);
        scene_free(s);
    }
}

static void test_unseen_is_attributed(void **state)
{
    (void)state;
    struct scene *s = group("{}", VALUES(LINK("2", "10:30:00", "11:00:00", GONE("11:00:00"))));
    g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func((GDestroyNotify)cor_change_free);
    cor_diff_unseen_links(s->older, s->newer, cor_time_parse(DAY "10:00:00Z"), changes);
    assert_int_equal(changes->len, 2);
    attribute(s, g_ptr_array_steal_index(changes, 0));
    EXPECT(s, "onprem derived", NULL, COR_EVIDENCE_METADATA_ONLY " link-metadata");
    expect_when(s, "10:30:00");
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_has_time_and_server),   cmocka_unit_test(test_gap),
        cmocka_unit_test(test_other_state_and_other_time), cmocka_unit_test(test_unseen),
        cmocka_unit_test(test_unseen_is_attributed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
