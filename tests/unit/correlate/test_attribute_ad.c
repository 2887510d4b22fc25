/* SPDX-License-Identifier: Apache-2.0 */
/* Origin of changes in Active Directory: what replication metadata proves. */
#include "attribution.h"

static void test_ad_write(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->older = ad("{'title':'A'}", "{'title':" STAMP("1", "08:00:00") "}");
    s->newer = ad("{'title':'B'}", "{'title':" STAMP("2", "11:00:00") "}");
    judge(s, "title");
    EXPECT(s, "onprem derived", NULL, "replication-metadata");
    expect_when(s, "11:00:00");
    const struct cor_evidence *one = s->change->evidence->pdata[0];
    assert_string_equal(cor_json_get_string(one->fields, "dc"), "dc1.lab.example.test");
    assert_non_null(strstr(one->text, "dc1.lab.example.test"));
    scene_free(s);
}

static void test_ad_version_gap(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->older = ad("{'title':'A'}", "{'title':" STAMP("1", "08:00:00") "}");
    s->newer = ad("{}", "{'title':" STAMP("4", "11:00:00") "}"); /* cleared: the stamp remains */
    judge(s, "title");
    EXPECT(s, "onprem derived", NULL, "replication-metadata version-gap");
    const struct cor_evidence *gap = s->change->evidence->pdata[1];
    gint64 unseen = 0;
    assert_true(cor_json_int(cor_json_get(gap->fields, "unseenWrites"), &unseen) && unseen == 2);
    scene_free(s);
}

static void test_ad_contradictions(void **state)
{
    static const struct {
        const char *older, *newer, *verdict, *evidence;
    } cases[] = {
        /* the value differs, the metadata does not */
        {"{'title':" STAMP("2", "08:00:00") "}", "{'title':" STAMP("2", "08:00:00") "}",
         "onprem contradicted", "contradiction"},
        /* written after it was seen; five minutes are the clocks' */
        {"{'title':" STAMP("1", "08:00:00") "}", "{'title':" STAMP("2", "12:06:00") "}",
         "onprem contradicted", "replication-metadata contradiction"},
        {"{'title':" STAMP("1", "08:00:00") "}", "{'title':" STAMP("2", "12:04:00") "}",
         "onprem derived", "replication-metadata"},
        /* written before the earlier point, but replicated after it */
        {"{'title':" STAMP("1", "08:00:00") "}", "{'title':" STAMP("2", "09:30:00") "}",
         "onprem derived", "replication-metadata late-replication"},
        /* metadata could not be read */
        {NULL, NULL, "onprem derived", "authority"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct scene *s = scene_new();
        s->older = ad("{'title':'A'}", cases[i].older);
        s->newer = ad("{'title':'B'}", cases[i].newer);
        judge(s, "title");
        EXPECT(s, cases[i].verdict, NULL, cases[i].evidence);
        scene_free(s);
    }
}

static void test_ad_objects(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->newer = ad("{'cn':'A'}", "{'whenCreated':" STAMP("1", "11:00:00") "}");
    judge(s, NULL);
    EXPECT(s, "onprem derived", NULL, "replication-metadata");
    expect_when(s, "11:00:00");

    s->older = s->newer;
    s->newer = ad("{'cn':'A'}", "{'isDeleted':" STAMP("1", "11:30:00") "}");
    s->newer->life = COR_DELETED;
    judge(s, NULL);
    EXPECT(s, "onprem derived", NULL, "replication-metadata");
    expect_when(s, "11:30:00");
    cor_record_free(s->older);

    s->older = s->newer;
    s->newer = ad("{'cn':'A'}", "{'isDeleted':" STAMP("2", "11:40:00") "}");
    judge(s, NULL);
    assert_int_equal(s->change->kind, COR_CHANGE_RESTORED);
    EXPECT(s, "onprem derived", NULL, "replication-metadata");

    cor_record_free(s->newer);
    s->newer = NULL;
    judge(s, NULL);
    assert_int_equal(s->change->kind, COR_CHANGE_REMOVED);
    EXPECT(s, "onprem derived", NULL, "authority");
    scene_free(s);
}

static void test_ad_move(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->older = ad("{'distinguishedName':'CN=a,OU=x'}", "{'name':" STAMP("1", "08:00:00") "}");
    s->newer = ad("{'distinguishedName':'CN=a,OU=y'}", "{'name':" STAMP("2", "11:00:00") "}");
    judge(s, "distinguishedName");
    EXPECT(s, "onprem derived", NULL, "replication-metadata");
    scene_free(s);
}

static void test_ad_links(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->older = ad("{}", NULL);
    s->newer = ad("{}", NULL);
    s->target_newer = ad("{}", NULL);
    judge_link(s, TRUE, "member", "t1");
    EXPECT(s, "onprem derived", NULL, "authority");
    expect_when(s, NULL);
    s->target_newer->life = COR_DELETED;
    judge_link(s, FALSE, "member", "t1");
    EXPECT(s, "onprem derived", NULL, "authority");
    const struct cor_evidence *note = s->change->evidence->pdata[0];
    assert_non_null(strstr(note->text, "deleted"));
    scene_free(s);
}

static void test_ad_writeback(void **state)
{
    static const struct {
        const char *attribute, *value, *verdict, *evidence;
        gboolean hybrid;
    } cases[] = {
        /* the anchor that the engine itself fills in */
        {"mS-DS-ConsistencyGuid", ANCHOR, "sync derived", "replication-metadata writeback", FALSE},
        /* another value there was somebody's choice */
        {"mS-DS-ConsistencyGuid", "x4V0iaeB60KXxjftcwd7Hw==", "onprem derived",
         "replication-metadata writeback-possible", FALSE},
        /* never explained away: shadow credentials are planted here */
        {"msDS-KeyCredentialLink", "B", "onprem derived", "replication-metadata writeback-possible",
         FALSE},
        {"proxyAddresses", "B", "onprem derived", "replication-metadata", FALSE},
        {"proxyAddresses", "B", "onprem derived", "replication-metadata writeback-possible", TRUE},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct scene *s = scene_new();
        s->tenant.exchange_hybrid = cases[i].hybrid ? COR_YES : COR_NO;
        g_autofree char *attributes =
            g_strdup_printf("{'%s':'%s'}", cases[i].attribute, cases[i].value);
        g_autofree char *metadata =
            g_strdup_printf("{'%s':" STAMP("1", "11:00:00") "}", cases[i].attribute);
        s->older = ad("{}", "{}");
        s->newer = ad(attributes, metadata);
        judge(s, cases[i].attribute);
        EXPECT(s, cases[i].verdict, NULL, cases[i].evidence);
        scene_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ad_write),          cmocka_unit_test(test_ad_version_gap),
        cmocka_unit_test(test_ad_contradictions), cmocka_unit_test(test_ad_objects),
        cmocka_unit_test(test_ad_move),           cmocka_unit_test(test_ad_links),
        cmocka_unit_test(test_ad_writeback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
