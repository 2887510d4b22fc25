/* SPDX-License-Identifier: Apache-2.0 */
/* Every statement compiles, and walks an index unless it says that it reads a whole table. */
#include "fixture.h"

/* What SQLite plans for a statement, one line a step. */
static char *plan_of(struct store *store, enum store_statement id)
{
    g_autofree char *sql = g_strconcat("EXPLAIN QUERY PLAN ", store_statement_sql(id), NULL);
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) != SQLITE_OK)
        print_error("%s: %s\n", sql, sqlite3_errmsg(store->db));
    assert_non_null(stmt);
    GString *plan = g_string_new(NULL);
    while (sqlite3_step(stmt) == SQLITE_ROW)
        g_string_append_printf(plan, "%s\n", (const char *)sqlite3_column_text(stmt, 3));
    sqlite3_finalize(stmt);
    return g_string_free(plan, FALSE);
}

/* A scan of a table or index; of a temporary result or a JSON array it is none. */
static gboolean scans(const char *plan)
{
    g_auto(GStrv) steps = g_strsplit(plan, "\n", -1);
    for (guint i = 0; steps[i]; i++) {
        if (g_str_has_prefix(steps[i], "SCAN ") && !g_str_has_prefix(steps[i], "SCAN c") &&
            !strstr(steps[i], "CONSTANT ROW") && !strstr(steps[i], "VIRTUAL TABLE"))
            return TRUE;
    }
    return FALSE;
}

static void test_no_unannounced_scan(void **state)
{
    struct fixture *f = *state;
    guint searches = 0, unannounced = 0;
    for (enum store_statement id = 0; id < STORE_STATEMENTS; id++) {
        assert_non_null(store_statement_sql(id));
        if (!store_statement_sql(id) ||
            !g_regex_match_simple("^(SELECT|INSERT|UPDATE|DELETE)", store_statement_sql(id), 0, 0))
            continue;
        g_autofree char *plan = plan_of(f->store, id);
        if (scans(plan) != store_statement_scans(id))
            print_error("%s\n%s\n", store_statement_sql(id), plan);
        unannounced += scans(plan) != store_statement_scans(id);
        searches += strstr(plan, "SEARCH ") != NULL;
    }
    assert_int_equal(unannounced, 0);
    assert_true(searches > 30);
}

/* Order by key must come from the index: sorting a directory would cost memory or disk. */
static void test_readers_do_not_sort(void **state)
{
    struct fixture *f = *state;
    static const enum store_statement readers[] = {Q_VIEW_READ,    Q_VIEW_READ_TYPE, Q_POINT_LIST,
                                                   Q_POINT_OPENED, Q_POINT_CLOSED,   Q_HISTORY};
    for (guint i = 0; i < G_N_ELEMENTS(readers); i++) {
        g_autofree char *plan = plan_of(f->store, readers[i]);
        if (strstr(plan, "TEMP B-TREE"))
            print_error("%s\n%s\n", store_statement_sql(readers[i]), plan);
        assert_null(strstr(plan, "TEMP B-TREE"));
    }
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {T(test_no_unannounced_scan), T(test_readers_do_not_sort)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
