/* SPDX-License-Identifier: Apache-2.0 */
/* Names of backup points, pins, and the list. */
#include "fixture.h"

#include "agent/store/point.h"

/* Points 1, 2, 3 complete at minutes 1, 2, 3; point 4 a failed attempt at minute 4. */
static int setup_points(void **state)
{
    fixture_setup(state);
    struct fixture *f = *state;
    capture_world(f->store, 1, "a");
    capture_world(f->store, 2, "b");
    capture_world(f->store, 3, "c");
    struct store_run *run = begin(f->store, 4);
    put_world(run, "d");
    commit(run, 4);
    return 0;
}

static void test_names(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *name;
        gint64 number; /* 0: not found; -1: not a name */
    } cases[] = {
        {"1", 1},
        {"3", 3},
        {"4", 4}, /* a failed attempt answers to its number only */
        {"5", 0},
        {"0", 0},
        {"latest", 3},
        {"previous", 2},
        {"-0", 3},
        {"-1", 2},
        {"-2", 1},
        {"-3", 0},
        {"2026-01-01T00:02:00Z", 2},
        {"2026-01-01T00:01:59Z", 1},
        {"2026-01-01T01:02:59+01:00", 2},
        {"2026-01-01T00:00:59Z", 0},
        {"2026-01-01", 3}, /* a date means its whole day */
        {"2025-12-31", 0},
        {"2030-01-01", 3},
        {"", -1},
        {"-", -1},
        {"--1", -1},
        {"+1", -1},
        {"1x", -1},
        {" 1", -1},
        {"Latest", -1},
        {"yesterday", -1},
        {"2026-13-01", -1},
        {"99999999999999999999", -1},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (cases[i].number <= 0) {
            FAILS(store_point_named(f->store, cases[i].name, &error),
                  cases[i].number ? COR_E_CONFIG : COR_E_NOT_FOUND, cases[i].name);
            continue;
        }
        struct store_point *point = NULL;
        OK((point = store_point_named(f->store, cases[i].name, &error)));
        assert_int_equal(point->number, cases[i].number);
        store_point_free(point);
    }
}

static void test_latest_of_an_empty_store(void **state)
{
    struct fixture *f = *state;
    FAILS(store_point_named(f->store, "latest", &error), COR_E_NOT_FOUND, "latest");
    g_autoptr(GPtrArray) points = NULL;
    OK((points = store_points(f->store, &error)));
    assert_int_equal(points->len, 0);
    ASSERT_VERIFIES(f->store);
}

static void test_list(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GPtrArray) points = NULL;
    OK((points = store_points(f->store, &error)));
    assert_int_equal(points->len, 4);
    g_autoptr(GHashTable) hashes = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < points->len; i++) {
        const struct store_point *point = g_ptr_array_index(points, i);
        assert_int_equal(point->number, i + 1);
        assert_int_equal(strlen(point->hash), 64);
        assert_true(g_hash_table_add(hashes, point->hash));
        assert_int_equal(point->state, i < 3 ? STORE_HALF_COMPLETE : STORE_HALF_FAILED);
    }
    g_autofree char *head = NULL;
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    OK(store_verify(f->store, problems, &head, &error));
    const struct store_point *last = g_ptr_array_index(points, 3);
    assert_string_equal(head, last->hash);
}

static void test_pin(void **state)
{
    struct fixture *f = *state;
    OK(store_point_pin(f->store, 2, TRUE, &error));
    OK(store_point_pin(f->store, 2, TRUE, &error)); /* again: no second entry */
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM ledger"), 5);
    struct store_point *point = NULL;
    OK((point = store_point_named(f->store, "2", &error)));
    assert_true(point->pinned);
    store_point_free(point);
    ASSERT_VERIFIES(f->store);
    OK(store_point_pin(f->store, 2, FALSE, &error));
    OK((point = store_point_named(f->store, "2", &error)));
    assert_false(point->pinned);
    store_point_free(point);
    ASSERT_VERIFIES(f->store);
    FAILS(store_point_pin(f->store, 9, TRUE, &error), COR_E_NOT_FOUND, "9");
}

static void test_view_of_a_missing_point(void **state)
{
    struct fixture *f = *state;
    FAILS(store_view_open(f->store, 9, &error), COR_E_NOT_FOUND, "9");
    capture_world(f->store, 9, "e"); /* the refused view holds nothing open */
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup_points, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_names),
        T(test_list),
        T(test_pin),
        T(test_view_of_a_missing_point),
        cmocka_unit_test_setup_teardown(test_latest_of_an_empty_store, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
