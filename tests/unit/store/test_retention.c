/* SPDX-License-Identifier: Apache-2.0 */
/* Which points go, and that the ones that stay show exactly what they showed before. */
#include "fixture.h"

#include "agent/store/retention.h"
#include "correlate/time.h"

/* --- the decision ---------------------------------------------------------------------------- */

/* One letter a point, oldest first, six hours apart, the last one now: C complete, P partial,
 * F failed; lower case: pinned. Expected: the same with '.' for what goes. */
static void expect_kept(const char *points, struct store_retention retention, const char *expected)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)store_point_free);
    gsize count = strlen(points);
    gint64 now = START_US + 30 * COR_DAY_US + COR_HOUR_US; /* one hour past midnight */
    for (gsize i = 0; i < count; i++) {
        struct store_point *point = g_new0(struct store_point, 1);
        char letter = g_ascii_toupper(points[i]);
        point->number = (gint64)i + 1;
        point->finished_us = now - (gint64)(count - 1 - i) * 6 * COR_HOUR_US;
        point->pinned = letter != points[i];
        point->state = letter == 'C'   ? STORE_HALF_COMPLETE
                       : letter == 'P' ? STORE_HALF_PARTIAL
                                       : STORE_HALF_FAILED;
        point->halves = g_ptr_array_new();
        g_ptr_array_add(list, point);
    }
    g_autofree gboolean *keep = g_new0(gboolean, count);
    store_retention_decide(list, &retention, now, keep);
    g_autoptr(GString) got = g_string_new(NULL);
    for (gsize i = 0; i < count; i++)
        g_string_append_c(got, keep[i] ? points[i] : '.');
    assert_string_equal(got->str, expected);
}

static void test_decide(void **state)
{
    (void)state;
    const struct store_retention none = {0}, last = {.keep_last = 3}, all = {.keep_all_days = 1},
                                 daily = {.keep_daily_days = 2},
                                 mixed = {.keep_daily_days = 3, .keep_all_days = 1};
    expect_kept("", none, "");
    expect_kept("C", none, "C");
    expect_kept("CCCC", none, "...C");
    expect_kept("CCPF", none, ".C.F"); /* the newest complete and the newest of all */
    expect_kept("cCpC", none, "c.pC");
    expect_kept("CCCCCC", last, "...CCC");
    expect_kept("CC", last, "CC");
    /* 24 hours reach back over four steps of six */
    expect_kept("CPFCCCCC", all, "...CCCCC");
    /* the last is at 01:00; the days before end with a point at 19:00, 6 and 30 hours ago */
    expect_kept("CCCCCCCCCCC", daily, ".....C...CC");
    expect_kept("PPPPCCPPPPP", daily, ".....C....P");
    expect_kept("CCCCCCCCCCCCCC", mixed, "....C...CCCCCC");
}

/* --- merging --------------------------------------------------------------------------------- */

/* Eight points in which objects and links come, change, go and return. */
static void build(struct store *store)
{
    static const struct {
        const char *alice, *bob, *carol; /* titles; NULL: not there */
        gboolean alice_in, carol_in;     /* members of staff */
    } worlds[] = {
        {"a", "x", NULL, TRUE, FALSE}, {"b", "x", "n", TRUE, TRUE},
        {"a", NULL, "n", FALSE, TRUE}, {"a", NULL, NULL, TRUE, FALSE},
        {"c", "y", NULL, TRUE, FALSE}, {"c", "y", "m", FALSE, TRUE},
        {"c", NULL, "m", TRUE, TRUE},  {"c", "x", "m", TRUE, TRUE},
    };
    for (guint i = 0; i < G_N_ELEMENTS(worlds); i++) {
        struct store_run *run = begin(store, (int)i * 10);
        put(run, COR_AD, "group", STAFF, "staff", NULL);
        put(run, COR_AD, "user", ALICE, "alice", worlds[i].alice);
        if (worlds[i].bob)
            put(run, COR_AD, "user", BOB, "bob", worlds[i].bob);
        if (worlds[i].carol)
            put(run, COR_AD, "user", CAROL, "carol", worlds[i].carol);
        if (worlds[i].alice_in)
            tie(run, COR_AD, STAFF, "member", ALICE);
        if (worlds[i].carol_in)
            tie(run, COR_AD, STAFF, "member", CAROL);
        g_autofree char *id = g_strdup_printf("audit-%u", i);
        log_event(run, id, (int)i, ALICE, CLOUD);
        finish(run, COR_AD, TRUE);
        finish(run, COR_ENTRA, TRUE);
        commit(run, (int)i * 10 + 1);
    }
}

/* Prune so that exactly the points in mask (bit n-1: point n) stay, and hold every one of them
 * against what it showed before. */
static void check_mask(guint mask)
{
    struct fixture *f = fixture_new();
    fixture_open(f);
    build(f->store);
    char *before[9] = {0};
    for (gint64 n = 1; n <= 8; n++) {
        if (!(mask & (1u << (n - 1))))
            continue;
        before[n] = describe_point(f->store, n);
        if (n < 8)
            OK(store_point_pin(f->store, n, TRUE, &error));
    }
    g_autoptr(GArray) removed = g_array_new(FALSE, FALSE, sizeof(gint64));
    const struct store_retention retention = {0};
    OK(store_prune(f->store, &retention, MINUTE(100), FALSE, removed, &error));
    for (guint i = 0; i < removed->len; i++)
        FAILS(store_view_open(f->store, g_array_index(removed, gint64, i), &error), COR_E_NOT_FOUND,
              "no backup point");
    for (gint64 n = 1; n <= 8; n++) {
        if (!before[n])
            continue;
        g_autofree char *after = describe_point(f->store, n);
        assert_string_equal(before[n], after);
        g_free(before[n]);
    }
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM event"), 8);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM version a JOIN version b ON "
                                         "a.object = b.object AND a.until_point = b.from_point "
                                         "AND a.hash = b.hash"),
                     0);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM link a JOIN link b ON "
                                         "a.source = b.source AND a.target = b.target "
                                         "AND a.until_point = b.from_point"),
                     0);
    ASSERT_VERIFIES(f->store);
    assert_int_equal(capture_world(f->store, 200, "z"), 9); /* numbers are never used again */
    ASSERT_VERIFIES(f->store);
    void *whole = f;
    fixture_teardown(&whole);
}

static void test_kept_points_show_the_same(void **state)
{
    (void)state;
    for (guint mask = 128; mask < 256; mask += 3) /* the newest always stays */
        check_mask(mask);
    check_mask(128);
    check_mask(255);
}

static void test_prune_in_steps(void **state)
{
    struct fixture *f = *state;
    build(f->store);
    g_autofree char *before = describe_point(f->store, 8);
    for (guint last = 7; last >= 1; last--) {
        g_autoptr(GArray) removed = g_array_new(FALSE, FALSE, sizeof(gint64));
        const struct store_retention retention = {.keep_last = last};
        OK(store_prune(f->store, &retention, MINUTE(100), FALSE, removed, &error));
        assert_int_equal(removed->len, 1);
        assert_int_equal(g_array_index(removed, gint64, 0), 8 - last);
        ASSERT_VERIFIES(f->store);
    }
    g_autofree char *after = describe_point(f->store, 8);
    assert_string_equal(before, after);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM version"), 4);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM link"), 2);
}

static void test_dry_run_changes_nothing(void **state)
{
    struct fixture *f = *state;
    build(f->store);
    g_autoptr(GArray) removed = g_array_new(FALSE, FALSE, sizeof(gint64));
    const struct store_retention retention = {.keep_last = 2};
    OK(store_prune(f->store, &retention, MINUTE(100), TRUE, removed, &error));
    assert_int_equal(removed->len, 6);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM point"), 8);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM ledger"), 8);
    ASSERT_VERIFIES(f->store);
}

static void test_nothing_to_prune_writes_nothing(void **state)
{
    struct fixture *f = *state;
    capture_world(f->store, 1, "a");
    g_autoptr(GArray) removed = g_array_new(FALSE, FALSE, sizeof(gint64));
    const struct store_retention retention = {0};
    OK(store_prune(f->store, &retention, MINUTE(100), FALSE, removed, &error));
    assert_int_equal(removed->len, 0);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM ledger"), 1);
}

static void test_prune_during_a_run_is_refused(void **state)
{
    struct fixture *f = *state;
    capture_world(f->store, 1, "a");
    struct store_run *run = begin(f->store, 2);
    g_autoptr(GArray) removed = g_array_new(FALSE, FALSE, sizeof(gint64));
    const struct store_retention retention = {0};
    FAILS(store_prune(f->store, &retention, MINUTE(100), FALSE, removed, &error), COR_E_STORE,
          "capturing");
    store_run_abandon(run);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decide),
        cmocka_unit_test(test_kept_points_show_the_same),
        T(test_prune_in_steps),
        T(test_dry_run_changes_nothing),
        T(test_nothing_to_prune_writes_nothing),
        T(test_prune_during_a_run_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
