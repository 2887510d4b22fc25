/* SPDX-License-Identifier: Apache-2.0 */
/* Halves that tell only what changed, what they say about links, and where the next one starts. */
#include "fixture.h"

#define SOURCE(directory) ((directory) == COR_AD ? "corp.example.test" : "tenant")

/* --- short forms ------------------------------------------------------------------------------ */

/* A run of which the AD half is incremental. */
static struct store_run *begin_changes(struct store *store, int minute)
{
    struct store_run *run = begin(store, minute);
    struct cor_sink *sink = sink_of(run, COR_AD);
    OK(sink->incremental(sink, &error));
    return run;
}

static void follow(struct store_run *run, const char *source, const char *kind)
{
    struct cor_sink *sink = sink_of(run, COR_AD);
    OK(sink->links_follow(sink, source, kind, &error));
}

static void untie(struct store_run *run, const char *source, const char *kind, const char *target)
{
    const struct cor_link link = {COR_AD, kind, source, target};
    struct cor_sink *sink = sink_of(run, COR_AD);
    OK(sink->unlink(sink, &link, &error));
}

static void gone(struct store_run *run, const char *key)
{
    struct cor_sink *sink = sink_of(run, COR_AD);
    OK(sink->gone(sink, key, &error));
}

static void leave(struct store_run *run, enum cor_directory directory, const char *stream,
                  const char *cookie_or_null)
{
    struct cor_sink *sink = sink_of(run, directory);
    COR_JSON_AUTO *doc = NULL;
    if (cookie_or_null) {
        doc = cor_json_new_object();
        cor_json_add_string(doc, "cookie", cookie_or_null);
    }
    OK(sink->checkpoint(sink, stream, doc, &error));
}

static void abandon(struct store_run *run, enum cor_directory directory)
{
    GError *reason = g_error_new(AD_ERROR, COR_E_RETRY, "connection lost");
    struct cor_sink *sink = sink_of(run, directory);
    sink->abandon(sink, NULL, reason);
    g_error_free(reason);
}

/* The Entra half as it was, the AD half as given; answers the point. */
static gint64 end(struct store_run *run, int minute, gboolean proven)
{
    put(run, COR_ENTRA, "user", CLOUD, "alice@example.test", "engineer");
    finish(run, COR_AD, proven);
    finish(run, COR_ENTRA, TRUE);
    return commit(run, minute);
}

static void check_cookie(struct store *store, enum cor_directory directory, const char *stream,
                         const char *cookie_or_null)
{
    GError *error = NULL;
    COR_JSON_AUTO *doc = store_checkpoint(store, directory, SOURCE(directory), stream, &error);
    assert_null(error);
    const char *found = cor_json_get_string(doc, "cookie");
    if (g_strcmp0(found, cookie_or_null) != 0)
        print_error("checkpoint '%s' is %s\n", stream, found ? found : "not there");
    assert_true(g_strcmp0(found, cookie_or_null) == 0);
}

static gint64 open_links(struct store *store)
{
    return number_of(store, "SELECT count(*) FROM link WHERE until_point IS NULL");
}

static void check_same(struct store *store, gint64 a, gint64 b)
{
    g_autofree char *one = describe_point(store, a);
    g_autofree char *other = describe_point(store, b);
    assert_string_equal(one, other);
}

/* --- what is not mentioned -------------------------------------------------------------------- */

static void test_silence_ends_nothing(void **state)
{
    struct fixture *f = *state;
    capture_world(f->store, 5, "engineer");
    gint64 point = end(begin_changes(f->store, 10), 10, TRUE);
    check_same(f->store, 1, point);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM version"), 4);
    struct store_point *found = NULL;
    OK((found = store_point_named(f->store, "latest", &error)));
    assert_string_equal(store_point_half(found, COR_AD)->mode, "incremental");
    assert_string_equal(store_point_half(found, COR_ENTRA)->mode, "full");
    assert_int_equal(found->state, STORE_HALF_COMPLETE);
    store_point_free(found);
    ASSERT_VERIFIES(f->store);
}

static void test_only_the_changed_object_changes(void **state)
{
    struct fixture *f = *state;
    capture_world(f->store, 5, "engineer");
    struct store_run *run = begin_changes(f->store, 10);
    put(run, COR_AD, "user", ALICE, "alice", "manager");
    put(run, COR_AD, "user", ALICE, "alice", "manager"); /* a page that came twice */
    gint64 point = end(run, 10, TRUE);
    ASSERT_TITLE(f->store, point, COR_AD, ALICE, "manager");
    ASSERT_TITLE(f->store, 1, COR_AD, ALICE, "engineer");
    ASSERT_TITLE(f->store, point, COR_AD, BOB, "clerk");
    assert_int_equal(link_count(f->store, point, STAFF, FALSE), 2);
    ASSERT_VERIFIES(f->store);
    /* the full capture that follows ends what is not there after all */
    run = begin(f->store, 20);
    put(run, COR_AD, "user", ALICE, "alice", "manager");
    point = end(run, 20, TRUE);
    ASSERT_TITLE(f->store, point, COR_AD, BOB, "-");
    assert_int_equal(link_count(f->store, point, STAFF, FALSE), 0);
    ASSERT_VERIFIES(f->store);
}

/* --- links ------------------------------------------------------------------------------------ */

static void test_links_that_follow_are_all(void **state)
{
    struct fixture *f = *state;
    capture_world(f->store, 5, "engineer");
    struct store_run *run = begin_changes(f->store, 10);
    for (int twice = 0; twice < 2; twice++) { /* the same page again changes nothing */
        follow(run, STAFF, "member");
        tie(run, COR_AD, STAFF, "member", BOB);
        tie(run, COR_AD, STAFF, "member", CAROL);
    }
    gint64 point = end(run, 10, TRUE);
    assert_int_equal(link_count(f->store, 1, STAFF, FALSE), 2);
    assert_int_equal(link_count(f->store, point, STAFF, FALSE), 2);
    assert_int_equal(link_count(f->store, point, ALICE, TRUE), 0);
    assert_int_equal(link_count(f->store, point, BOB, TRUE), 1);
    assert_int_equal(link_count(f->store, point, CAROL, TRUE), 1);
    /* alice left, carol came, bob stayed */
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM link"), 3);
    struct store_point *found = NULL;
    OK((found = store_point_named(f->store, "latest", &error)));
    assert_int_equal(store_point_half(found, COR_AD)->links_added, 1);
    assert_int_equal(store_point_half(found, COR_AD)->links_removed, 1);
    store_point_free(found);
    ASSERT_VERIFIES(f->store);
}

static void test_no_links_follow(void **state)
{
    struct fixture *f = *state;
    capture_world(f->store, 5, "engineer");
    struct store_run *run = begin_changes(f->store, 10);
    tie(run, COR_AD, STAFF, "member", CAROL); /* said before, and not true any more */
    tie(run, COR_AD, STAFF, "manager", CAROL);
    follow(run, STAFF, "member");
    follow(run, "99999999-0000-4000-8000-000000000009", "member"); /* nobody knows it */
    gint64 point = end(run, 10, TRUE);
    assert_int_equal(link_count(f->store, point, STAFF, FALSE), 0);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM link WHERE kind = 'manager'"), 1);
    ASSERT_NO_LOOSE_KEYS(f->store);
    ASSERT_VERIFIES(f->store);
}

static void test_unlink(void **state)
{
    struct fixture *f = *state;
    capture_world(f->store, 5, "engineer");
    struct store_run *run = begin_changes(f->store, 10);
    untie(run, STAFF, "member", ALICE);
    untie(run, STAFF, "member", ALICE);
    untie(run, STAFF, "member", BOB);
    tie(run, COR_AD, STAFF, "member", BOB); /* and back: as it was */
    tie(run, COR_AD, STAFF, "member", CAROL);
    untie(run, STAFF, "member", CAROL); /* never was */
    untie(run, STAFF, "owner", BOB);
    untie(run, CAROL, "member", BOB);
    gint64 point = end(run, 10, TRUE);
    assert_int_equal(link_count(f->store, point, STAFF, FALSE), 1);
    assert_int_equal(link_count(f->store, point, BOB, TRUE), 1);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM link"), 2);
    ASSERT_NO_LOOSE_KEYS(f->store);
    ASSERT_VERIFIES(f->store);
    capture_world(f->store, 20, "engineer"); /* a link that returns has a second interval */
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM link"), 3);
    ASSERT_VERIFIES(f->store);
}

/* --- objects that are gone -------------------------------------------------------------------- */

static void test_gone_takes_links_of_both_directions(void **state)
{
    struct fixture *f = *state;
    capture_world(f->store, 5, "engineer");
    struct store_run *run = begin_changes(f->store, 10);
    tie(run, COR_AD, ALICE, "manager", BOB);
    tie(run, COR_AD, BOB, "manager", ALICE);
    gone(run, ALICE);
    gone(run, CAROL); /* never heard of */
    gint64 point = end(run, 10, TRUE);
    ASSERT_TITLE(f->store, point, COR_AD, ALICE, "-");
    ASSERT_TITLE(f->store, 1, COR_AD, ALICE, "engineer");
    assert_int_equal(open_links(f->store), 1);
    assert_int_equal(link_count(f->store, point, BOB, TRUE), 1);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM link WHERE kind = 'manager'"), 0);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM object WHERE key = '" CAROL "'"), 0);
    ASSERT_VERIFIES(f->store);
}

static void test_gone_and_there_again(void **state)
{
    struct fixture *f = *state;
    capture_world(f->store, 5, "engineer");
    struct store_run *run = begin_changes(f->store, 10);
    gone(run, ALICE);
    put(run, COR_AD, "user", ALICE, "alice", "engineer"); /* as it was */
    gone(run, BOB);
    put(run, COR_AD, "user", BOB, "bob", "director");
    put(run, COR_AD, "user", CAROL, "carol", "new"); /* and the other way round */
    gone(run, CAROL);
    gint64 point = end(run, 10, TRUE);
    ASSERT_TITLE(f->store, point, COR_AD, ALICE, "engineer");
    ASSERT_TITLE(f->store, point, COR_AD, BOB, "director");
    ASSERT_TITLE(f->store, point, COR_AD, CAROL, "-");
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM object_history"
                                         " WHERE name = 'alice'"),
                     1);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM object WHERE key = '" CAROL "'"), 0);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM identifier WHERE object NOT IN"
                                         " (SELECT id FROM object)"),
                     0);
    assert_int_equal(link_count(f->store, point, STAFF, FALSE), 0); /* not named again */
    ASSERT_VERIFIES(f->store);
}

/* The same changes told twice, in two captures: the second finds nothing to do. */
static void test_replay(void **state)
{
    struct fixture *f = *state;
    capture_world(f->store, 5, "engineer");
    gint64 points[2];
    for (int i = 0; i < 2; i++) {
        struct store_run *run = begin_changes(f->store, 10 + i);
        put(run, COR_AD, "user", ALICE, "alice", "manager");
        put(run, COR_AD, "user", CAROL, "carol", "new");
        untie(run, STAFF, "member", ALICE);
        follow(run, CAROL, "manager");
        tie(run, COR_AD, CAROL, "manager", ALICE);
        gone(run, BOB);
        points[i] = end(run, 10 + i, TRUE);
    }
    check_same(f->store, points[0], points[1]);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM version WHERE from_point = 3 OR "
                                         "until_point = 3"),
                     0);
    assert_int_equal(
        number_of(f->store, "SELECT count(*) FROM link WHERE from_point = 3 OR until_point = 3"),
        0);
    ASSERT_VERIFIES(f->store);
}

/* --- halves that are not complete ------------------------------------------------------------- */

/* A bit of everything. */
static void tell_changes(struct store_run *run)
{
    put(run, COR_AD, "user", ALICE, "alice", "manager");
    put(run, COR_AD, "user", CAROL, "carol", "new");
    tie(run, COR_AD, STAFF, "member", CAROL);
    follow(run, STAFF, "owner");
    untie(run, STAFF, "member", ALICE);
    gone(run, BOB);
    leave(run, COR_AD, "dirsync", "two");
}

static void test_partial_ends_nothing(void **state)
{
    struct fixture *f = *state;
    capture_world(f->store, 5, "engineer");
    struct store_run *run = begin_changes(f->store, 10);
    tell_changes(run);
    gone(run, ALICE); /* what it had just changed: then it is as before */
    gint64 point = end(run, 10, FALSE);
    ASSERT_TITLE(f->store, point, COR_AD, ALICE, "engineer");
    ASSERT_TITLE(f->store, point, COR_AD, BOB, "clerk");
    ASSERT_TITLE(f->store, point, COR_AD, CAROL, "new");
    assert_int_equal(link_count(f->store, point, STAFF, FALSE), 3);
    check_cookie(f->store, COR_AD, "dirsync", NULL);
    ASSERT_VERIFIES(f->store);
}

static void test_failed_takes_nothing(void **state)
{
    struct fixture *f = *state;
    capture_world(f->store, 5, "engineer");
    struct store_run *run = begin_changes(f->store, 10);
    tell_changes(run);
    abandon(run, COR_AD);
    put(run, COR_ENTRA, "user", CLOUD, "alice@example.test", "cloud edit");
    finish(run, COR_ENTRA, TRUE);
    gint64 point = commit(run, 10);
    ASSERT_TITLE(f->store, point, COR_AD, ALICE, "engineer");
    ASSERT_TITLE(f->store, point, COR_AD, CAROL, "-");
    ASSERT_TITLE(f->store, point, COR_ENTRA, CLOUD, "cloud edit");
    assert_int_equal(link_count(f->store, point, STAFF, FALSE), 2);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM version"), 5);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM identifier WHERE object NOT IN"
                                         " (SELECT id FROM object)"),
                     0);
    check_cookie(f->store, COR_AD, "dirsync", NULL);
    ASSERT_NO_LOOSE_KEYS(f->store);
    ASSERT_VERIFIES(f->store);
}

static gboolean look_for_cookie(struct store *store, gint64 point, void *data, GError **error)
{
    (void)error;
    check_cookie(store, COR_AD, "dirsync", "two");
    assert_int_equal(link_count(store, point, STAFF, FALSE), 1);
    *(gboolean *)data = TRUE;
    return TRUE;
}

static void test_preview_keeps_nothing(void **state)
{
    struct fixture *f = *state;
    capture_world(f->store, 5, "engineer");
    struct store_run *run = begin_changes(f->store, 10);
    gboolean looked = FALSE;
    tell_changes(run);
    finish(run, COR_AD, TRUE);
    OK(store_run_preview(run, MINUTE(11), look_for_cookie, &looked, &error));
    assert_true(looked);
    check_cookie(f->store, COR_AD, "dirsync", NULL);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM point"), 1);
    assert_int_equal(link_count(f->store, 1, STAFF, FALSE), 2);
    ASSERT_NO_LOOSE_KEYS(f->store);
    ASSERT_VERIFIES(f->store);
}

/* --- checkpoints ------------------------------------------------------------------------------ */

/* A capture whose AD half leaves these; full or incremental. */
static gint64 capture_leaving(struct store *store, int minute, gboolean incremental,
                              gboolean proven, const char *const *streams)
{
    struct store_run *run = incremental ? begin_changes(store, minute) : begin(store, minute);
    put_world(run, "engineer");
    for (; *streams; streams += 2)
        leave(run, COR_AD, streams[0], *streams[1] ? streams[1] : NULL);
    finish(run, COR_AD, proven);
    finish(run, COR_ENTRA, TRUE);
    return commit(run, minute);
}
#define CAPTURE(minute, incremental, proven, ...)                                                  \
    capture_leaving(f->store, minute, incremental, proven, (const char *const[]){__VA_ARGS__, NULL})

static void test_checkpoint_moves_with_a_complete_half_alone(void **state)
{
    struct fixture *f = *state;
    CAPTURE(5, FALSE, TRUE, "dirsync", "one", "links", "first");
    check_cookie(f->store, COR_AD, "dirsync", "one");
    check_cookie(f->store, COR_AD, "links", "first");
    check_cookie(f->store, COR_ENTRA, "dirsync", NULL);
    CAPTURE(10, TRUE, TRUE, "dirsync", "lost", "dirsync", "two"); /* the last one counts */
    check_cookie(f->store, COR_AD, "dirsync", "two");
    check_cookie(f->store, COR_AD, "links", "first");
    CAPTURE(15, TRUE, FALSE, "dirsync", "three");
    CAPTURE(20, FALSE, FALSE, "dirsync", "four");
    struct store_run *run = begin_changes(f->store, 25);
    leave(run, COR_AD, "dirsync", "five");
    abandon(run, COR_AD);
    commit(run, 25);
    run = begin_changes(f->store, 30);
    leave(run, COR_AD, "dirsync", "six");
    store_run_abandon(run);
    check_cookie(f->store, COR_AD, "dirsync", "two");
    check_cookie(f->store, COR_AD, "links", "first");
    ASSERT_VERIFIES(f->store);
    CAPTURE(35, TRUE, TRUE, "dirsync", ""); /* forgotten on request */
    check_cookie(f->store, COR_AD, "dirsync", NULL);
    check_cookie(f->store, COR_AD, "links", "first");
    CAPTURE(40, FALSE, TRUE, "dirsync", "seven"); /* a full one forgets what it does not leave */
    check_cookie(f->store, COR_AD, "dirsync", "seven");
    check_cookie(f->store, COR_AD, "links", NULL);
    ASSERT_VERIFIES(f->store);
}

static void test_checkpoints_of_sources_are_apart(void **state)
{
    struct fixture *f = *state;
    struct store_run *run = begin(f->store, 5);
    put_world(run, "engineer");
    leave(run, COR_AD, "changes", "ad");
    leave(run, COR_ENTRA, "changes", "entra");
    finish(run, COR_AD, TRUE);
    finish(run, COR_ENTRA, TRUE);
    commit(run, 5);
    capture_world(f->store, 10, "manager"); /* both full, both without */
    check_cookie(f->store, COR_AD, "changes", NULL);
    check_cookie(f->store, COR_ENTRA, "changes", NULL);
    run = begin(f->store, 15);
    put_world(run, "engineer");
    leave(run, COR_AD, "changes", "ad");
    finish(run, COR_AD, TRUE);
    commit(run, 15);
    run = begin(f->store, 20);
    put_world(run, "engineer");
    finish(run, COR_ENTRA, TRUE); /* says nothing about the other directory */
    commit(run, 20);
    check_cookie(f->store, COR_AD, "changes", "ad");
    COR_JSON_AUTO *other = NULL;
    GError *error = NULL;
    other = store_checkpoint(f->store, COR_AD, "another domain", "changes", &error);
    assert_null(other);
    assert_null(error);
    ASSERT_VERIFIES(f->store);
}

static void check_found(struct store *store, const char *sql, const char *words)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    assert_int_equal(sqlite3_exec(store->db, "SAVEPOINT here", 0, 0, 0), SQLITE_OK);
    assert_int_equal(sqlite3_exec(store->db, sql, 0, 0, 0), SQLITE_OK);
    OK(store_verify(store, problems, NULL, &error));
    assert_int_equal(sqlite3_exec(store->db, "ROLLBACK TO here; RELEASE here", 0, 0, 0), SQLITE_OK);
    assert_int_equal(problems->len, 1);
    if (!strstr(g_ptr_array_index(problems, 0), words))
        print_error("%s\n", (const char *)g_ptr_array_index(problems, 0));
    assert_non_null(strstr(g_ptr_array_index(problems, 0), words));
}

static void test_chain_vouches_for_checkpoints(void **state)
{
    struct fixture *f = *state;
    CAPTURE(5, FALSE, TRUE, "dirsync", "one");
    CAPTURE(10, TRUE, TRUE, "links", "two");
    ASSERT_VERIFIES(f->store);
    check_found(f->store,
                "UPDATE checkpoint SET document = '{\"cookie\":\"9\"}' WHERE stream = 'links'",
                "checkpoint 'links' of ad/corp.example.test was altered");
    check_found(f->store, "DELETE FROM checkpoint WHERE stream = 'dirsync'",
                "checkpoint 'dirsync' of ad/corp.example.test was removed");
    check_found(f->store, "INSERT INTO checkpoint VALUES (1, 'tenant', 'users', '{}')",
                "checkpoint 'users' of entra/tenant was altered or added");
}

static void test_prune_keeps_checkpoints(void **state)
{
    struct fixture *f = *state;
    CAPTURE(5, FALSE, TRUE, "dirsync", "one");
    CAPTURE(10, TRUE, TRUE, "dirsync", "two");
    struct store_run *run = begin_changes(f->store, 15);
    gone(run, BOB);
    untie(run, STAFF, "member", ALICE);
    finish(run, COR_AD, TRUE);
    put(run, COR_ENTRA, "user", CLOUD, "alice@example.test", "engineer");
    finish(run, COR_ENTRA, TRUE);
    gint64 last = commit(run, 15);
    g_autofree char *before = describe_point(f->store, last);
    g_autoptr(GArray) removed = g_array_new(FALSE, FALSE, sizeof(gint64));
    const struct store_retention retention = {.keep_last = 1};
    OK(store_prune(f->store, &retention, MINUTE(60), FALSE, removed, &error));
    assert_int_equal(removed->len, 2);
    g_autofree char *after = describe_point(f->store, last);
    assert_string_equal(before, after);
    check_cookie(f->store, COR_AD, "dirsync", "two");
    ASSERT_VERIFIES(f->store);
    run = begin_changes(f->store, 70);
    put(run, COR_AD, "user", BOB, "bob", "clerk");
    leave(run, COR_AD, "dirsync", "three");
    gint64 point = end(run, 70, TRUE);
    ASSERT_TITLE(f->store, point, COR_AD, BOB, "clerk");
    check_cookie(f->store, COR_AD, "dirsync", "three");
    ASSERT_VERIFIES(f->store);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_silence_ends_nothing),
        T(test_only_the_changed_object_changes),
        T(test_links_that_follow_are_all),
        T(test_no_links_follow),
        T(test_unlink),
        T(test_gone_takes_links_of_both_directions),
        T(test_gone_and_there_again),
        T(test_replay),
        T(test_partial_ends_nothing),
        T(test_failed_takes_nothing),
        T(test_preview_keeps_nothing),
        T(test_checkpoint_moves_with_a_complete_half_alone),
        T(test_checkpoints_of_sources_are_apart),
        T(test_chain_vouches_for_checkpoints),
        T(test_prune_keeps_checkpoints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
