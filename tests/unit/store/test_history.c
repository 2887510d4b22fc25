/* SPDX-License-Identifier: Apache-2.0 */
/* Views, differences between points, histories and audit records. */
#include "fixture.h"

#define DAVE "66666666-0000-4000-8000-000000000006"

/*
 * 1: the world, alice engineer
 * 2: alice manager, bob gone and out of staff, carol new
 * 3: alice engineer again, bob back, carol gone
 */
static int setup_three(void **state)
{
    fixture_setup(state);
    struct fixture *f = *state;
    capture_world(f->store, 10, "engineer");
    struct store_run *run = begin(f->store, 20);
    put(run, COR_AD, "user", ALICE, "alice", "manager");
    put(run, COR_AD, "group", STAFF, "staff", NULL);
    put(run, COR_AD, "user", CAROL, "carol", "new");
    tie(run, COR_AD, STAFF, "member", ALICE);
    put(run, COR_ENTRA, "user", CLOUD, "alice@example.test", "engineer");
    log_event(run, "audit-2", 15, ALICE, CLOUD);
    log_event(run, "audit-1", 1, BOB, CLOUD); /* read again by the overlap */
    finish(run, COR_AD, TRUE);
    finish(run, COR_ENTRA, TRUE);
    commit(run, 20);
    capture_world(f->store, 30, "engineer");
    return 0;
}

/* --- differences ----------------------------------------------------------------------------- */

static gboolean note(const struct store_delta *delta, void *data, GError **error)
{
    (void)error;
    GString *out = data;
    if (delta->link) {
        g_string_append_printf(out, "%c%s %.1s>%.1s\n", delta->link_added ? '+' : '-',
                               delta->link->kind, delta->link->source_key, delta->link->target_key);
        assert_null(delta->older);
        assert_null(delta->newer);
        return TRUE;
    }
    const struct cor_record *any = delta->newer ? delta->newer : delta->older;
    g_string_append_printf(out, "%s %.1s %s=>%s\n", cor_directory_name(any->directory), any->key,
                           delta->older ? cor_record_text(delta->older, "title") : "-",
                           delta->newer ? cor_record_text(delta->newer, "title") : "-");
    return TRUE;
}

static void expect_changes(struct store *store, gint64 from, gint64 to, const char *expected)
{
    g_autoptr(GString) out = g_string_new(NULL);
    OK(store_changes(store, from, to, note, out, &error));
    assert_string_equal(out->str, expected);
}

static void test_changes(void **state)
{
    struct fixture *f = *state;
    expect_changes(f->store, 1, 2,
                   "ad 1 engineer=>manager\nad 2 clerk=>-\nad 3 -=>new\n-member 4>2\n");
    expect_changes(f->store, 2, 3,
                   "ad 1 manager=>engineer\nad 2 -=>clerk\nad 3 new=>-\n+member 4>2\n");
    expect_changes(f->store, 2, 1,
                   "ad 1 manager=>engineer\nad 2 -=>clerk\nad 3 new=>-\n+member 4>2\n");
    expect_changes(f->store, 1, 3, ""); /* there and back is no difference */
    expect_changes(f->store, 2, 2, "");
    FAILS(store_changes(f->store, 1, 9, note, NULL, &error), COR_E_NOT_FOUND, "9");
}

static gboolean stop(const struct store_delta *delta, void *data, GError **error)
{
    (void)delta;
    ++*(int *)data;
    g_set_error(error, STORE_ERROR, COR_E_CANCELLED, "stopped");
    return FALSE;
}

static void test_changes_can_be_stopped(void **state)
{
    struct fixture *f = *state;
    int calls = 0;
    FAILS(store_changes(f->store, 1, 2, stop, &calls, &error), COR_E_CANCELLED, "stopped");
    assert_int_equal(calls, 1);
    expect_changes(f->store, 1, 3, "");
}

/* --- views ----------------------------------------------------------------------------------- */

static guint find_count(struct store *store, gint64 point, int kind, const char *value)
{
    struct cor_view *view = NULL;
    g_autoptr(GPtrArray) found = NULL;
    OK((view = store_view_open(store, point, &error)));
    OK((found = view->find(view, COR_AD, kind, value, &error)));
    store_view_close(view);
    return found->len;
}

static void test_find_folds_and_follows_time(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(find_count(f->store, 1, COR_ID_SAM, "ALICE"), 1);
    assert_int_equal(find_count(f->store, 1, COR_ID_SAM, "bob"), 1);
    assert_int_equal(find_count(f->store, 2, COR_ID_SAM, "bob"), 0);
    assert_int_equal(find_count(f->store, 2, COR_ID_SAM, "carol"), 1);
    assert_int_equal(find_count(f->store, 1, COR_ID_SAM, "carol"), 0);
    assert_int_equal(find_count(f->store, 1, COR_ID_SAM, "ali"), 0);
    assert_int_equal(find_count(f->store, 1, COR_ID_MAIL, "alice"), 0);
}

static void test_find_forgets_a_renamed_object(void **state)
{
    struct fixture *f = *state;
    struct store_run *run = begin(f->store, 40);
    put(run, COR_AD, "user", ALICE, "alison", "engineer");
    finish(run, COR_AD, TRUE);
    gint64 point = commit(run, 40);
    assert_int_equal(find_count(f->store, point, COR_ID_SAM, "alison"), 1);
    assert_int_equal(find_count(f->store, point, COR_ID_SAM, "alice"), 0);
    assert_int_equal(find_count(f->store, 1, COR_ID_SAM, "alice"), 1);
    assert_int_equal(find_count(f->store, 1, COR_ID_SAM, "alison"), 0);
}

/* The index holds hashes: one that leads to another object finds nothing there. */
static void test_find_compares_the_value(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        sqlite3_exec(f->store->db,
                     "INSERT OR IGNORE INTO identifier (hash, object)"
                     " SELECT i.hash, o.id FROM identifier i, object o WHERE o.directory = 0",
                     NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(find_count(f->store, 1, COR_ID_SAM, "alice"), 1);
    assert_int_equal(find_count(f->store, 1, COR_ID_SAM, "bob"), 1);
    assert_int_equal(find_count(f->store, 1, COR_ID_MAIL, "alice"), 0);
}

static void expect_read(struct cor_view *view, const char *type, const char *expected)
{
    struct cor_reader *reader = NULL;
    const struct cor_record *record = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    OK((reader = view->read(view, COR_AD, type, &error)));
    for (;;) {
        OK(reader->next(reader, &record, &error));
        if (!record)
            break;
        g_string_append_printf(out, "%.1s", record->key);
    }
    reader->close(reader);
    assert_string_equal(out->str, expected);
}

static void test_read_by_type(void **state)
{
    struct fixture *f = *state;
    struct cor_view *view = NULL;
    OK((view = store_view_open(f->store, 1, &error)));
    expect_read(view, NULL, "124");
    expect_read(view, "user", "12");
    expect_read(view, "group", "4");
    expect_read(view, "computer", "");
    store_view_close(view);
    OK((view = store_view_open(f->store, 2, &error)));
    expect_read(view, "user", "13");
    store_view_close(view);
}

static void test_read_after_a_change_of_type(void **state)
{
    struct fixture *f = *state;
    struct store_run *run = begin(f->store, 40);
    put(run, COR_AD, "inetOrgPerson", ALICE, "alice", "engineer");
    finish(run, COR_AD, TRUE);
    gint64 point = commit(run, 40);
    struct cor_view *view = NULL;
    OK((view = store_view_open(f->store, point, &error)));
    expect_read(view, "user", "");
    expect_read(view, "inetOrgPerson", "1");
    store_view_close(view);
    OK((view = store_view_open(f->store, 1, &error)));
    expect_read(view, "user", "12");
    expect_read(view, "inetOrgPerson", "");
    store_view_close(view);
    ASSERT_VERIFIES(f->store);
}

static void test_two_readers_at_once(void **state)
{
    struct fixture *f = *state;
    struct cor_view *old = NULL, *new = NULL;
    struct cor_reader *a = NULL, *b = NULL;
    const struct cor_record *x = NULL, *y = NULL;
    OK((old = store_view_open(f->store, 1, &error)));
    OK((new = store_view_open(f->store, 2, &error)));
    OK((a = old->read(old, COR_AD, "user", &error)));
    OK((b = new->read(new, COR_AD, "user", &error)));
    OK(a->next(a, &x, &error));
    OK(b->next(b, &y, &error));
    assert_string_equal(cor_record_text(x, "title"), "engineer");
    assert_string_equal(cor_record_text(y, "title"), "manager");
    OK(a->next(a, &x, &error));
    OK(b->next(b, &y, &error));
    assert_string_equal(x->key, BOB);
    assert_string_equal(y->key, CAROL);
    a->close(a);
    b->close(b);
    store_view_close(old);
    store_view_close(new);
}

static void test_write_under_an_open_view_is_refused(void **state)
{
    struct fixture *f = *state;
    struct cor_view *view = NULL;
    OK((view = store_view_open(f->store, 1, &error)));
    FAILS(store_point_pin(f->store, 1, TRUE, &error), COR_E_BUG, "view");
    store_view_close(view);
    OK(store_point_pin(f->store, 1, TRUE, &error));
}

/* --- histories ------------------------------------------------------------------------------- */

static void test_history(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GPtrArray) versions = NULL;
    OK((versions = store_history(f->store, COR_AD, ALICE, &error)));
    static const struct {
        gint64 from, until;
        const char *title;
    } expected[] = {{1, 2, "engineer"}, {2, 3, "manager"}, {3, 0, "engineer"}};
    assert_int_equal(versions->len, G_N_ELEMENTS(expected));
    for (guint i = 0; i < versions->len; i++) {
        const struct store_version *version = g_ptr_array_index(versions, i);
        assert_int_equal(version->from, expected[i].from);
        assert_int_equal(version->until, expected[i].until);
        assert_string_equal(cor_record_text(version->record, "title"), expected[i].title);
    }
    g_autoptr(GPtrArray) none = NULL;
    OK((none = store_history(f->store, COR_ENTRA, ALICE, &error)));
    assert_int_equal(none->len, 0);
}

static void test_link_history(void **state)
{
    struct fixture *f = *state;
    g_autoptr(GPtrArray) spans = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    OK((spans = store_link_history(f->store, COR_AD, STAFF, &error)));
    for (guint i = 0; i < spans->len; i++) {
        const struct store_link_span *span = g_ptr_array_index(spans, i);
        g_string_append_printf(out, "%s %.1s %d-%d\n", span->kind, span->target_key,
                               (int)span->from, (int)span->until);
    }
    assert_string_equal(out->str, "member 1 1-0\nmember 2 1-2\nmember 2 3-0\n");
}

/* --- audit records --------------------------------------------------------------------------- */

static void expect_events(struct store *store, const char *const *keys, int from, int to,
                          const char *expected)
{
    g_autoptr(GPtrArray) events = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    OK((events = store_events(store, keys, MINUTE(from), MINUTE(to), &error)));
    for (guint i = 0; i < events->len; i++) {
        const struct cor_event_row *event = g_ptr_array_index(events, i);
        g_string_append_printf(out, "%s ", event->id);
        assert_string_equal(cor_json_get_string(event->doc, "activity"), "Update user");
    }
    assert_string_equal(out->str, expected);
}

static void test_events(void **state)
{
    struct fixture *f = *state;
    const char *const cloud[] = {CLOUD, NULL}, *const alice[] = {ALICE, NULL},
                      *const both[] = {CLOUD, ALICE, DAVE, NULL}, *const none[] = {DAVE, NULL};
    expect_events(f->store, cloud, 0, 60, "audit-1 audit-2 ");
    expect_events(f->store, alice, 0, 60, "audit-2 ");
    expect_events(f->store, both, 0, 60, "audit-1 audit-2 ");
    expect_events(f->store, both, 1, 1, "audit-1 ");
    expect_events(f->store, both, 2, 14, "");
    expect_events(f->store, none, 0, 60, "");
    assert_int_equal(store_newest_event(f->store, "tenant"), MINUTE(15));
    assert_int_equal(store_newest_event(f->store, "corp.example.test"), 0);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM event"), 2);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup_three, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_changes),
        T(test_changes_can_be_stopped),
        T(test_find_folds_and_follows_time),
        T(test_find_compares_the_value),
        T(test_find_forgets_a_renamed_object),
        T(test_read_by_type),
        T(test_read_after_a_change_of_type),
        T(test_two_readers_at_once),
        T(test_write_under_an_open_view_is_refused),
        T(test_history),
        T(test_link_history),
        T(test_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
