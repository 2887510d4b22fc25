/* SPDX-License-Identifier: Apache-2.0 */
/* Who wrote in Active Directory, when a security log was imported: joined by object, attribute and
 * time, never further than the log goes. */
#include "attribution.h"

#define BY_ADMIN "{'kind':'user','id':'S-1-5-21-1-2-3-500','name':'LAB\\\\helga'}"
#define BY_MSOL  "{'kind':'user','id':'S-1-5-21-1-2-3-1107','name':'LAB\\\\MSOL_0123456789ab'}"
#define BY_FAKE  "{'kind':'user','id':'S-1-5-21-1-2-3-1108','name':'LAB\\\\MSOL_not-it'}"

static void log_record(struct scene *scene, const char *clock, const char *activity,
                       const char *actor, const char *modified)
{
    struct cor_event_row *row = g_new0(struct cor_event_row, 1);
    g_autofree char *time = g_strconcat(DAY, clock, "Z", NULL);
    g_autofree char *doc =
        g_strdup_printf("{'category':'ad','activity':'%s','result':'success','actor':%s,"
                        "'details':{'dc':'dc1.lab.example.test'},"
                        "'targets':[{'id':'" GUID "','name':'CN=x','modified':[%s]}]}",
                        activity, actor, modified);
    row->id = g_strdup(clock);
    row->time_us = cor_time_parse(time);
    row->doc = halves_json(doc);
    g_ptr_array_add(scene->events, row);
}

static struct scene *titles(void)
{
    struct scene *s = scene_new();
    s->older = ad("{'title':'A'}", "{'title':" STAMP("1", "08:00:00") "}");
    s->newer = ad("{'title':'B'}", "{'title':" STAMP("2", "11:00:00") "}");
    return s;
}

static void test_log_names_the_writer(void **state)
{
    (void)state;
    struct scene *s = titles();
    log_record(s, "11:00:01", "modify", BY_ADMIN, "{'property':'Title','old':null,'new':'B'}");
    judge(s, "title");
    EXPECT(s, "onprem measured", "LAB\\helga", "replication-metadata security-log");
    expect_when(s, "11:00:00");
    scene_free(s);
}

static void test_earlier_write_does_not_name_the_last_writer(void **state)
{
    (void)state;
    struct scene *s = titles();
    log_record(s, "10:30:00", "modify", BY_ADMIN, "{'property':'title','old':null,'new':'C'}");
    judge(s, "title");
    EXPECT(s, "onprem derived", NULL, "replication-metadata security-log-earlier");
    scene_free(s);
}

static void test_other_records_say_nothing(void **state)
{
    (void)state;
    struct scene *s = titles();
    log_record(s, "11:00:00", "modify", BY_ADMIN, "{'property':'department','new':'B'}");
    log_record(s, "11:00:00", "delete", BY_ADMIN, "");
    log_record(s, "09:50:00", "modify", BY_ADMIN, "{'property':'title','new':'B'}");
    judge(s, "title");
    EXPECT(s, "onprem derived", NULL, "replication-metadata");
    scene_free(s);
}

static void test_engine_is_no_person(void **state)
{
    static const struct {
        const char *actor, *verdict, *who, *evidence;
    } cases[] = {
        {BY_MSOL, "sync measured", NULL, "replication-metadata security-log writeback"},
        {BY_FAKE, "onprem measured", "LAB\\MSOL_not-it", "replication-metadata security-log"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct scene *s = titles();
        log_record(s, "11:00:00", "modify", cases[i].actor, "{'property':'title','new':'B'}");
        judge(s, "title");
        EXPECT(s, cases[i].verdict, cases[i].who, cases[i].evidence);
        scene_free(s);
    }
}

static void test_link_is_told_by_its_target(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->older = ad("{}", NULL);
    s->newer = ad("{}", NULL);
    s->target_newer = halves_record(COR_AD, "user", "t1", "{'distinguishedName':'CN=Bob,DC=lab'}");
    log_record(s, "10:10:00", "modify", BY_MSOL,
               "{'property':'member','old':null,'new':'CN=Eve,DC=lab'}");
    log_record(s, "10:20:00", "modify", BY_ADMIN,
               "{'property':'member','old':null,'new':'cn=bob,dc=lab'}");
    log_record(s, "10:30:00", "modify", BY_FAKE,
               "{'property':'member','old':'CN=Bob,DC=lab','new':null}");
    judge_link(s, TRUE, "member", "t1");
    EXPECT(s, "onprem measured", "LAB\\helga", "authority security-log");
    expect_when(s, "10:20:00");
    scene_free(s);
}

/* Without metadata only the window ties a record to the change. */
static void test_link_of_another_window(void **state)
{
    (void)state;
    struct scene *s = scene_new();
    s->older = ad("{}", NULL);
    s->newer = ad("{}", NULL);
    s->target_newer = halves_record(COR_AD, "user", "t1", "{'distinguishedName':'CN=Bob,DC=lab'}");
    log_record(s, "09:57:00", "modify", BY_ADMIN,
               "{'property':'member','old':null,'new':'cn=bob,dc=lab'}");
    judge_link(s, TRUE, "member", "t1");
    EXPECT(s, "onprem derived", NULL, "authority security-log-earlier");
    scene_free(s);
}

/* What sync carried has the writer in AD behind it, and no other record of the log. */
static void test_writer_behind_sync(void **state)
{
    static const struct {
        const char *clock, *actor, *property, *who, *evidence;
    } cases[] = {
        {"10:30:01", BY_ADMIN, "Title", "LAB\\helga",
         "replication-metadata flow-rule unlogged security-log"},
        {"10:30:01", BY_MSOL, "title", NULL,
         "replication-metadata flow-rule unlogged security-log"},
        {"10:30:01", BY_ADMIN, "department", NULL, "replication-metadata flow-rule unlogged"},
        {"10:20:00", BY_ADMIN, "title", NULL, "replication-metadata flow-rule unlogged"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct scene *s = synced_user("{'title':'A'}", "{'title':" STAMP("1", "08:00:00") "}",
                                      "{'title':'B'}", "{'title':" STAMP("2", "10:30:00") "}");
        g_autofree char *modified =
            g_strdup_printf("{'property':'%s','new':'B'}", cases[i].property);
        log_record(s, cases[i].clock, "modify", cases[i].actor, modified);
        judge(s, "jobTitle");
        EXPECT(s, "onprem derived", cases[i].who, cases[i].evidence);
        scene_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_names_the_writer),
        cmocka_unit_test(test_earlier_write_does_not_name_the_last_writer),
        cmocka_unit_test(test_other_records_say_nothing),
        cmocka_unit_test(test_engine_is_no_person),
        cmocka_unit_test(test_link_is_told_by_its_target),
        cmocka_unit_test(test_link_of_another_window),
        cmocka_unit_test(test_writer_behind_sync),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
