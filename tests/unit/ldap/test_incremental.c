/* SPDX-License-Identifier: Apache-2.0 */
/* Two captures of a directory that changes in between and of a server that tells of it as scripted
 * (tests/lab/fakedelta.py): whatever it tells, the store ends as after a full read, and nothing is
 * deleted or lost on the way. */
#include "fixture.h"

#include "correlate/time.h"

static struct fake fake;

static const char user2[] = "5eed0000-0000-0000-0000-000000010002";
static const char user9[] = "5eed0000-0000-0000-0000-000000010009";

/* One more capture into a memory. */
static gboolean capture(struct memory *memory, guint full_every_hours)
{
    GError *error = NULL;
    struct ad_options options = fake_options(&fake);
    memory_again(memory);
    options.timeout_ms = 3000;
    options.full_every_hours = full_every_hours;
    options.checkpoint = memory->checkpoint;
    options.stored = &memory->view;
    gboolean ok = ad_capture(&options, &memory->sink, NULL, NULL, NULL, &error);
    assert_int_equal(memory->finished + memory->abandoned, 1);
    assert_int_equal(memory->unlinked_unplanned, 0);
    g_clear_error(&error);
    return ok;
}

static gint compare_lines(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *content(const struct memory *memory)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    GString *out = g_string_new(NULL);
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, memory->records);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        const struct cor_record *record = value;
        g_autofree char *attributes = cor_json_to_text(record->attributes);
        g_autofree char *metadata = record->metadata ? cor_json_to_text(record->metadata) : NULL;
        g_ptr_array_add(lines, g_strdup_printf("%s %s %s %s %s %s", record->key, record->type,
                                               cor_life_name(record->life), record->name,
                                               attributes, metadata));
    }
    g_hash_table_iter_init(&iter, memory->links);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        g_ptr_array_add(lines, g_strdup(key));
    g_ptr_array_sort(lines, compare_lines);
    for (guint i = 0; i < lines->len; i++)
        g_string_append_printf(out, "%s\n", (char *)lines->pdata[i]);
    return g_string_free(out, FALSE);
}

static void print_missing(const char *what, const char *lines, const char *other)
{
    g_auto(GStrv) split = g_strsplit(lines, "\n", 0);
    for (guint i = 0; split[i]; i++)
        if (!strstr(other, split[i]))
            print_message("%s: %s\n", what, split[i]);
}

/* The memory shows what a full read into an empty one shows. */
static void expect_like_full(const char *scenario, const struct memory *memory)
{
    struct memory fresh;
    memory_init(&fresh);
    assert_true(capture(&fresh, 0));
    assert_true(fresh.complete);
    g_autofree char *wanted = content(&fresh);
    g_autofree char *got = content(memory);
    print_missing("only a full read shows", wanted, got);
    print_missing("only this shows", got, wanted);
    if (strcmp(wanted, got) != 0)
        fail_msg("%s: not as a full read", scenario);
    memory_clear(&fresh);
}

static void expect_told(const char *scenario, const struct memory *memory, const char *words)
{
    if (!memory->problems || !strstr(memory->problems, words))
        fail_msg("%s: '%s' is not in: %s", scenario, words, memory->problems);
}

static void first(const char *scenario, struct memory *memory)
{
    memory_init(memory);
    fake_start(&fake, scenario, 0);
    assert_true(capture(memory, 24));
    if (!memory->complete)
        fail_msg("%s: %s", scenario, memory->problems);
    assert_false(memory->incremental);
    assert_non_null(memory->checkpoint);
    assert_string_equal(memory->problems, "");
}

/* The second capture is complete and of the kind expected, and gives what a full one gives. */
static void play(const char *scenario, gboolean incremental, const char *words)
{
    struct memory memory;
    first(scenario, &memory);
    if (!capture(&memory, 24) || !memory.complete)
        fail_msg("%s: %s", scenario, memory.problems);
    if (memory.incremental != incremental)
        fail_msg("%s: %s", scenario, memory.problems);
    expect_told(scenario, &memory, words);
    expect_like_full(scenario, &memory);
    fake_stop(&fake);
    memory_clear(&memory);
}

/* --- ways to learn ---------------------------------------------------------------------------- */

static void test_dirsync(void **state)
{
    (void)state;
    play("delta-dirsync", TRUE, "6 objects changed since");
    play("delta-more", TRUE, "by DirSync");
    play("delta-old", TRUE, "by DirSync");
    play("delta-lies", TRUE, "9 objects changed since");
}

/* Whom nobody names and who left no trace is noticed by a full read only. */
static void play_usn(const char *scenario)
{
    struct memory memory;
    first(scenario, &memory);
    assert_true(capture(&memory, 24));
    assert_true(memory.complete && memory.incremental);
    expect_told(scenario, &memory, "5 objects changed since");
    expect_told(scenario, &memory, "by USN polling");
    assert_non_null(g_hash_table_lookup(memory.records, user9));
    assert_true(g_hash_table_remove(memory.records, user9));
    expect_like_full(scenario, &memory);
    fake_stop(&fake);
    memory_clear(&memory);
}

/* The right was never granted, or was taken away. */
static void test_usn(void **state)
{
    (void)state;
    play_usn("delta-usn");
    play_usn("delta-revoked");
}

static void test_nothing_changed(void **state)
{
    (void)state;
    struct memory memory;
    first("delta-dirsync", &memory);
    assert_true(capture(&memory, 24));
    guint64 full = memory.stats.objects;
    assert_true(capture(&memory, 24));
    assert_true(memory.complete && memory.incremental);
    expect_told("delta-dirsync", &memory, "0 objects changed since");
    assert_true(memory.stats.objects < full);
    assert_int_equal(memory.stats.objects, 2); /* the domain and its domain controller */
    expect_like_full("delta-dirsync", &memory);
    fake_stop(&fake);
    memory_clear(&memory);
}

/* --- reasons for a full read ------------------------------------------------------------------ */

static void test_refused(void **state)
{
    (void)state;
    play("delta-refused-53", FALSE, "full read, because cannot learn by DirSync");
    play("delta-refused-12", FALSE, "the server refuses a control");
    play("delta-refused-8", FALSE, "full read, because");
    play("delta-refused-2", FALSE, "did not understand");
}

static void test_untrustworthy(void **state)
{
    (void)state;
    play("delta-silent", FALSE, "without a usable cookie");
    play("delta-garbled", FALSE, "without a usable cookie");
    play("delta-nameless", FALSE, "without its objectGUID");
    play("delta-replay", FALSE, "repeats its DirSync cookie");
    play("delta-endless", FALSE, "does not show them");
}

static void test_another_database(void **state)
{
    (void)state;
    play("delta-restored", FALSE, "new invocation ID");
    play("delta-backwards", FALSE, "ran backwards");
    play("delta-rollback", FALSE, "older copy of its database");
    play("delta-other", FALSE, "another name");
}

/* Another domain controller is read only when it has what the store has of the first one. */
static void test_another_controller(void **state)
{
    (void)state;
    play("delta-level", FALSE, "another domain controller");
    play("delta-level-old", FALSE, "another domain controller");
}

static void play_lagging(const char *scenario, const char *words)
{
    struct memory memory;
    first(scenario, &memory);
    assert_false(capture(&memory, 24));
    assert_int_equal(memory.abandoned, 1);
    if (!strstr(memory.problems, words))
        fail_msg("%s: %s", scenario, memory.problems);
    assert_int_equal(g_hash_table_size(memory.records), 0); /* not even handed on */
    /* after a day the first one may be gone for good, with what it never gave away */
    cor_json_set(memory.checkpoint, "readUs",
                 cor_json_new_int(g_get_real_time() - 25 * COR_HOUR_US));
    assert_true(capture(&memory, 48));
    assert_true(memory.complete && !memory.incremental);
    expect_like_full(scenario, &memory);
    fake_stop(&fake);
    memory_clear(&memory);
}

static void test_lagging(void **state)
{
    (void)state;
    play_lagging("delta-behind", "up to USN 5900 of 5901");
    play_lagging("delta-stranger", "up to USN 0 of 5901");
    play_lagging("delta-bare", "shows no replUpToDateVector");
    play_lagging("delta-torn", "cannot be decoded");
}

static void test_due(void **state)
{
    (void)state;
    struct memory memory;
    first("delta-dirsync", &memory);
    cor_json_set(memory.checkpoint, "fullUs",
                 cor_json_new_int(g_get_real_time() - 25 * COR_HOUR_US));
    assert_true(capture(&memory, 24));
    assert_false(memory.incremental);
    expect_told("due", &memory, "one is due");
    cor_json_set(memory.checkpoint, "fullUs", cor_json_new_int(g_get_real_time() + COR_HOUR_US));
    assert_true(capture(&memory, 24));
    assert_false(memory.incremental);
    expect_told("clock", &memory, "set back");
    fake_stop(&fake);
    memory_clear(&memory);
}

/* What stands in a checkpoint is believed only as a whole. */
static void test_spoilt_checkpoint(void **state)
{
    static const struct {
        const char *member;
        const char *value; /* JSON; NULL: the member is missing */
    } spoilt[] = {
        {"format", "2"},    {"decode", "0"},          {"filter", "\"(objectClass=user)\""},
        {"flags", "-1"},    {"attributes", "\"cn\""}, {"host", NULL},
        {"usn", "\"x\""},   {"sentinels", "[{}]"},    {"kinds", "[1]"},
        {"cookie", "\"\""}, {"controllers", "{}"},    {"holders", NULL},
    };
    (void)state;
    struct memory memory;
    first("delta-dirsync", &memory);
    for (gsize i = 0; i < G_N_ELEMENTS(spoilt); i++) {
        const char *value = spoilt[i].value;
        if (value)
            cor_json_set(memory.checkpoint, spoilt[i].member,
                         cor_json_parse(value, strlen(value), 0, NULL));
        else
            cor_json_remove(memory.checkpoint, spoilt[i].member);
        assert_true(capture(&memory, 24));
        if (memory.incremental || !memory.complete)
            fail_msg("%s: %s", spoilt[i].member, memory.problems);
        expect_told(spoilt[i].member, &memory, "another version of the program");
    }
    fake_stop(&fake);
    memory_clear(&memory);
}

/* --- captures that end badly ------------------------------------------------------------------ */

/* The second capture fails or is partial: nothing is deleted; the third makes good. */
static void play_broken(const char *scenario, gboolean usable)
{
    struct memory memory;
    first(scenario, &memory);
    assert_int_equal(capture(&memory, 24), usable);
    assert_false(memory.complete);
    if (usable) {
        assert_true(memory.incremental);
        assert_non_null(g_hash_table_lookup(memory.records, user2));
        assert_non_null(g_hash_table_lookup(memory.records, user9));
    }
    if (!capture(&memory, 24) || !memory.complete || !memory.incremental)
        fail_msg("%s: %s", scenario, memory.problems);
    expect_told(scenario, &memory, "6 objects changed since");
    expect_like_full(scenario, &memory);
    fake_stop(&fake);
    memory_clear(&memory);
}

static void test_broken(void **state)
{
    (void)state;
    play_broken("delta-cut-telling", FALSE);
    play_broken("delta-cut", TRUE);
    play_broken("delta-limit", TRUE);
}

/* The connection is lost after every single message of the second capture in turn. */
static void test_cut_everywhere(void **state)
{
    (void)state;
    guint partial = 0;
    for (guint n = 0;; n++) {
        struct memory memory;
        g_autofree char *scenario = g_strdup_printf("delta-count-%u", n);
        first(scenario, &memory);
        gboolean usable = capture(&memory, 24);
        gboolean complete = memory.complete;
        partial += usable && !complete;
        if (usable && !complete)
            assert_non_null(g_hash_table_lookup(memory.records, user9));
        assert_true(capture(&memory, 24) && memory.complete);
        expect_like_full(scenario, &memory);
        fake_stop(&fake);
        memory_clear(&memory);
        if (complete)
            break;
    }
    assert_true(partial > 10);
}

/* Without a look at deleted objects absence says nothing: no checkpoint, and no deletion. */
static void test_hidden(void **state)
{
    (void)state;
    struct memory memory;
    memory_init(&memory);
    fake_start(&fake, "delta-hidden", 0);
    assert_true(capture(&memory, 24));
    assert_false(memory.complete);
    assert_null(memory.checkpoint);
    assert_true(capture(&memory, 24));
    assert_false(memory.incremental);
    assert_non_null(g_hash_table_lookup(memory.records, user9));
    fake_stop(&fake);
    memory_clear(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dirsync),
        cmocka_unit_test(test_usn),
        cmocka_unit_test(test_nothing_changed),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_untrustworthy),
        cmocka_unit_test(test_another_database),
        cmocka_unit_test(test_another_controller),
        cmocka_unit_test(test_lagging),
        cmocka_unit_test(test_due),
        cmocka_unit_test(test_spoilt_checkpoint),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_cut_everywhere),
        cmocka_unit_test(test_hidden),
    };
    if (!fake_prepare(&fake)) {
        print_message("skipped: python3 or openssl is missing\n");
        return 77;
    }
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    fake_cleanup(&fake);
    return failures;
}
