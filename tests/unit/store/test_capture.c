/* SPDX-License-Identifier: Apache-2.0 */
/* What a capture leaves behind: complete, partial, failed and previewed ones. */
#include "fixture.h"

static void test_first_capture_is_readable(void **state)
{
    struct fixture *f = *state;
    gint64 point = capture_world(f->store, 5, "engineer");
    assert_int_equal(point, 1);
    g_autofree char *text = describe_point(f->store, point);
    assert_string_equal(
        text, "ad " ALICE " user alice live{\"sAMAccountName\":\"alice\",\"title\":\"engineer\"}\n"
              "ad " BOB " user bob live{\"sAMAccountName\":\"bob\",\"title\":\"clerk\"}\n"
              "ad " STAFF " group staff live{\"sAMAccountName\":\"staff\"} >" ALICE " >" BOB "\n"
              "entra " CLOUD " user alice@example.test live"
              "{\"title\":\"engineer\",\"userPrincipalName\":\"alice@example.test\"}\n");
    assert_int_equal(link_count(f->store, point, BOB, TRUE), 1);
    ASSERT_VERIFIES(f->store);
}

static void test_metadata_and_life_come_back(void **state)
{
    struct fixture *f = *state;
    struct store_run *run = begin(f->store, 1);
    COR_RECORD_AUTO *record = make_record(COR_AD, "user", ALICE, "alice", "engineer");
    record->life = COR_DELETED;
    record->metadata = cor_json_new_object();
    cor_json_add_int(record->metadata, "title", 7);
    struct cor_sink *sink = sink_of(run, COR_AD);
    OK(sink->record(sink, record, &error));
    finish(run, COR_AD, TRUE);
    gint64 point = commit(run, 1);
    struct cor_view *view = NULL;
    COR_RECORD_AUTO *back = NULL;
    OK((view = store_view_open(f->store, point, &error)));
    OK((back = view->get(view, COR_AD, ALICE, &error)));
    assert_int_equal(back->life, COR_DELETED);
    assert_true(cor_json_equal(back->metadata, record->metadata));
    assert_true(cor_json_equal(back->attributes, record->attributes));
    assert_int_equal(view->taken_us, MINUTE(1));
    store_view_close(view);
}

static void test_unchanged_capture_adds_nothing(void **state)
{
    struct fixture *f = *state;
    capture_world(f->store, 5, "engineer");
    gint64 versions = number_of(f->store, "SELECT count(*) FROM version");
    gint64 links = number_of(f->store, "SELECT count(*) FROM link");
    gint64 objects = number_of(f->store, "SELECT count(*) FROM object");
    gint64 point = capture_world(f->store, 10, "engineer");
    assert_int_equal(point, 2);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM version"), versions);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM link"), links);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM object"), objects);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM event"), 1);
    g_autofree char *before = describe_point(f->store, 1);
    g_autofree char *after = describe_point(f->store, 2);
    assert_string_equal(before, after);
    ASSERT_VERIFIES(f->store);
}

static void test_change_and_disappearance(void **state)
{
    struct fixture *f = *state;
    capture_world(f->store, 5, "engineer");
    struct store_run *run = begin(f->store, 10);
    put(run, COR_AD, "user", ALICE, "alice", "manager");
    put(run, COR_AD, "group", STAFF, "staff", NULL);
    tie(run, COR_AD, STAFF, "member", ALICE);
    finish(run, COR_AD, TRUE);
    finish(run, COR_ENTRA, TRUE);
    gint64 point = commit(run, 10);
    ASSERT_TITLE(f->store, 1, COR_AD, ALICE, "engineer");
    ASSERT_TITLE(f->store, point, COR_AD, ALICE, "manager");
    ASSERT_TITLE(f->store, 1, COR_AD, BOB, "clerk");
    ASSERT_TITLE(f->store, point, COR_AD, BOB, "-");
    ASSERT_TITLE(f->store, point, COR_ENTRA, CLOUD, "-");
    assert_int_equal(link_count(f->store, 1, STAFF, FALSE), 2);
    assert_int_equal(link_count(f->store, point, STAFF, FALSE), 1);
    capture_world(f->store, 15, "engineer"); /* everything returns */
    ASSERT_TITLE(f->store, 3, COR_AD, BOB, "clerk");
    ASSERT_TITLE(f->store, 2, COR_AD, BOB, "-");
    assert_int_equal(link_count(f->store, 3, STAFF, FALSE), 2);
    ASSERT_VERIFIES(f->store);
}

static void test_repeated_key_replaces(void **state)
{
    struct fixture *f = *state;
    capture_world(f->store, 1, "engineer");
    struct store_run *run = begin(f->store, 5);
    put_world(run, "first");
    put(run, COR_AD, "user", ALICE, "alice", "second");
    put(run, COR_AD, "user", BOB, "bob", "other"); /* changed, then again as it was */
    put(run, COR_AD, "user", BOB, "bob", "clerk");
    finish(run, COR_AD, TRUE);
    finish(run, COR_ENTRA, TRUE);
    gint64 point = commit(run, 5);
    ASSERT_TITLE(f->store, point, COR_AD, ALICE, "second");
    ASSERT_TITLE(f->store, point, COR_AD, BOB, "clerk");
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM object_history "
                                         "WHERE name = 'bob'"),
                     1);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM object_history "
                                         "WHERE name = 'alice'"),
                     2);
    ASSERT_VERIFIES(f->store);
}

static void test_partial_half_ends_nothing(void **state)
{
    struct fixture *f = *state;
    capture_world(f->store, 5, "engineer");
    struct store_run *run = begin(f->store, 10);
    put(run, COR_AD, "user", ALICE, "alice", "manager");
    put(run, COR_AD, "group", STAFF, "staff", NULL);
    tie(run, COR_AD, STAFF, "member", CAROL);
    put(run, COR_AD, "user", CAROL, "carol", "new");
    finish(run, COR_AD, FALSE);
    put(run, COR_ENTRA, "user", CLOUD, "alice@example.test", "engineer");
    finish(run, COR_ENTRA, TRUE);
    gint64 point = commit(run, 10);
    ASSERT_TITLE(f->store, point, COR_AD, ALICE, "manager");
    ASSERT_TITLE(f->store, point, COR_AD, BOB, "clerk");
    ASSERT_TITLE(f->store, point, COR_AD, CAROL, "new");
    assert_int_equal(link_count(f->store, point, STAFF, FALSE), 3);
    struct store_point *found = NULL;
    OK((found = store_point_named(f->store, "latest", &error)));
    assert_int_equal(found->state, STORE_HALF_PARTIAL);
    assert_int_equal(store_point_half(found, COR_AD)->state, STORE_HALF_PARTIAL);
    assert_int_equal(store_point_half(found, COR_ENTRA)->state, STORE_HALF_COMPLETE);
    assert_true(store_point_half(found, COR_AD)->problems->len > 0);
    store_point_free(found);
    ASSERT_VERIFIES(f->store);
}

static void test_unread_type_is_not_gone(void **state)
{
    struct fixture *f = *state;
    capture_world(f->store, 5, "engineer");
    struct store_run *run = begin(f->store, 10);
    put(run, COR_AD, "user", ALICE, "alice", "engineer");
    put(run, COR_AD, "group", STAFF, "staff", NULL);
    finish(run, COR_AD, TRUE);
    struct cor_proof *proof = cor_proof_new(COR_ENTRA);
    const struct cor_half_stats stats = {0};
    struct cor_sink *sink = sink_of(run, COR_ENTRA);
    cor_proof_require(proof, "everything else");
    cor_proof_graph(proof, "everything else", 200, FALSE);
    cor_proof_unread(proof, "user", COR_LIVE);
    OK(sink->finish(sink, proof, &stats, &error));
    cor_proof_free(proof);
    gint64 point = commit(run, 10);
    /* bob was read and is gone; the cloud user was not asked for */
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM objects_now WHERE name = 'bob'"), 0);
    ASSERT_TITLE(f->store, point, COR_ENTRA, CLOUD, "engineer");
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM object_history "
                                         "WHERE name = 'alice@example.test'"),
                     1);
    ASSERT_VERIFIES(f->store);
}

/* What an optional relation did not tell stands as long as its object does. */
static void test_unread_links_stand(void **state)
{
    struct fixture *f = *state;
    struct store_run *run = begin(f->store, 5);
    put(run, COR_ENTRA, "user", ALICE, "alice", NULL);
    put(run, COR_ENTRA, "user", BOB, "bob", NULL);
    tie(run, COR_ENTRA, ALICE, "sponsor", BOB);
    tie(run, COR_ENTRA, ALICE, "manager", BOB);
    tie(run, COR_ENTRA, BOB, "sponsor", ALICE);
    finish(run, COR_ENTRA, TRUE);
    commit(run, 5);
    run = begin(f->store, 10);
    put(run, COR_ENTRA, "user", ALICE, "alice", NULL);
    struct cor_proof *proof = cor_proof_new(COR_ENTRA);
    const struct cor_half_stats stats = {0};
    struct cor_sink *sink = sink_of(run, COR_ENTRA);
    cor_proof_require(proof, "users");
    cor_proof_graph(proof, "users", 200, FALSE);
    cor_proof_unread_links(proof, "user", "sponsor");
    cor_proof_unread(proof, "user", COR_DELETED); /* says nothing about live ones */
    OK(sink->finish(sink, proof, &stats, &error));
    cor_proof_free(proof);
    commit(run, 10);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM objects_now"), 1);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM link WHERE until_point IS NULL"), 1);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM link WHERE until_point IS NULL "
                                         "AND kind = 'sponsor'"),
                     1);
    ASSERT_VERIFIES(f->store);
}

static void test_abandoned_half_takes_nothing(void **state)
{
    struct fixture *f = *state;
    capture_world(f->store, 5, "engineer");
    struct store_run *run = begin(f->store, 10);
    put(run, COR_AD, "user", ALICE, "alice", "manager");
    put(run, COR_AD, "user", CAROL, "carol", "new");
    tie(run, COR_AD, STAFF, "member", CAROL);
    GError *reason = g_error_new(AD_ERROR, COR_E_RETRY, "connection lost");
    struct cor_sink *sink = sink_of(run, COR_AD);
    sink->abandon(sink, NULL, reason);
    g_error_free(reason);
    put(run, COR_ENTRA, "user", CLOUD, "alice@example.test", "cloud edit");
    finish(run, COR_ENTRA, TRUE);
    gint64 point = commit(run, 10);
    ASSERT_TITLE(f->store, point, COR_AD, ALICE, "engineer");
    ASSERT_TITLE(f->store, point, COR_AD, CAROL, "-");
    ASSERT_TITLE(f->store, point, COR_ENTRA, CLOUD, "cloud edit");
    assert_int_equal(link_count(f->store, point, STAFF, FALSE), 2);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM object WHERE key = '" CAROL "'"), 0);
    struct store_point *found = NULL;
    OK((found = store_point_named(f->store, "latest", &error)));
    assert_int_equal(found->state, STORE_HALF_PARTIAL);
    const struct store_half *half = store_point_half(found, COR_AD);
    assert_int_equal(half->state, STORE_HALF_FAILED);
    assert_string_equal(g_ptr_array_index(half->problems, 0), "connection lost");
    store_point_free(found);
    ASSERT_VERIFIES(f->store);
}

static void test_failed_capture_records_the_attempt(void **state)
{
    struct fixture *f = *state;
    capture_world(f->store, 5, "engineer");
    g_autofree char *before = describe_point(f->store, 1);
    struct store_run *run = begin(f->store, 10);
    put_world(run, "lost"); /* neither half is ever finished */
    gint64 point = commit(run, 10);
    g_autofree char *after = describe_point(f->store, point);
    assert_string_equal(before, after);
    struct store_point *found = NULL;
    OK((found = store_point_named(f->store, "2", &error)));
    assert_int_equal(found->state, STORE_HALF_FAILED);
    assert_int_equal(found->halves->len, 2);
    store_point_free(found);
    OK((found = store_point_named(f->store, "latest", &error)));
    assert_int_equal(found->number, 1);
    store_point_free(found);
    ASSERT_VERIFIES(f->store);
}

static void test_half_reports_counts(void **state)
{
    struct fixture *f = *state;
    capture_world(f->store, 5, "engineer");
    struct store_run *run = begin(f->store, 10);
    put(run, COR_AD, "user", ALICE, "alice", "manager");
    put(run, COR_AD, "user", BOB, "bob", "clerk");
    put(run, COR_AD, "group", STAFF, "staff", NULL);
    tie(run, COR_AD, STAFF, "member", ALICE);
    tie(run, COR_AD, STAFF, "member", STAFF);
    finish(run, COR_AD, TRUE);
    commit(run, 11);
    struct store_point *found = NULL;
    OK((found = store_point_named(f->store, "latest", &error)));
    const struct store_half *half = store_point_half(found, COR_AD);
    assert_int_equal(half->versions_added, 1);
    assert_int_equal(half->links_added, 1);
    assert_int_equal(half->links_removed, 1);
    assert_int_equal(half->stats.objects, 3);
    assert_int_equal(half->stats.requests, 2);
    assert_int_equal(half->stats.bytes, 1000);
    assert_string_equal(half->source, "corp.example.test");
    assert_string_equal(half->mode, "full");
    assert_int_equal(found->started_us, MINUTE(10));
    assert_int_equal(found->finished_us, MINUTE(11));
    assert_int_equal(found->state, STORE_HALF_PARTIAL); /* one directory never reported */
    assert_null(store_point_half(found, COR_ENTRA));
    store_point_free(found);
}

static void test_second_run_is_refused(void **state)
{
    struct fixture *f = *state;
    struct store_run *run = begin(f->store, 1);
    struct store *other = NULL;
    OK((other = store_open(f->path, STORE_WRITE, &error)));
    g_autofree char *pid = g_strdup_printf("process %d ", (int)getpid());
    FAILS(store_run_begin(other, MINUTE(2), &error), COR_E_STORE, f->path, pid);
    store_run_abandon(run);
    run = begin(other, 3);
    store_run_abandon(run);
    store_close(other);
}

static void test_abandoned_run_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    capture_world(f->store, 1, "engineer");
    struct store_run *run = begin(f->store, 5);
    put(run, COR_AD, "user", CAROL, "carol", "new");
    log_event(run, "audit-2", 5, CAROL, CAROL);
    store_run_abandon(run);
    ASSERT_NO_LOOSE_KEYS(f->store);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM object"), 4);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM point"), 1);
}

/* --- preview --------------------------------------------------------------------------------- */

struct glance {
    char *title;
    gint64 point;
    gboolean refuse;
};

static gboolean look(struct store *store, gint64 point, void *data, GError **error)
{
    struct glance *glance = data;
    glance->point = point;
    glance->title = title_at(store, point, COR_AD, ALICE);
    if (glance->refuse)
        g_set_error(error, STORE_ERROR, COR_E_CANCELLED, "enough");
    return !glance->refuse;
}

static void check_nothing_kept(struct store *store)
{
    assert_int_equal(number_of(store, "SELECT count(*) FROM point"), 1);
    assert_int_equal(number_of(store, "SELECT count(*) FROM ledger"), 1);
    assert_int_equal(number_of(store, "SELECT count(*) FROM version"), 4);
    assert_int_equal(number_of(store, "SELECT count(*) FROM object"), 4);
    ASSERT_NO_LOOSE_KEYS(store);
    ASSERT_TITLE(store, 1, COR_AD, ALICE, "engineer");
    ASSERT_VERIFIES(store);
}

static void test_preview_shows_and_forgets(void **state)
{
    struct fixture *f = *state;
    capture_world(f->store, 1, "engineer");
    for (int refuse = 0; refuse < 2; refuse++) {
        struct cor_view *view = NULL; /* the caller may keep a view open all the while */
        OK((view = store_view_open(f->store, 1, &error)));
        struct store_run *run = begin(f->store, 5);
        put_world(run, "manager");
        put(run, COR_AD, "user", CAROL, "carol", "new");
        finish(run, COR_AD, TRUE);
        finish(run, COR_ENTRA, TRUE);
        struct glance glance = {.refuse = refuse};
        if (refuse)
            FAILS(store_run_preview(run, MINUTE(6), look, &glance, &error), COR_E_CANCELLED,
                  "enough");
        else
            OK(store_run_preview(run, MINUTE(6), look, &glance, &error));
        assert_int_equal(glance.point, 2);
        assert_string_equal(glance.title, "manager");
        g_free(glance.title);
        store_view_close(view);
        check_nothing_kept(f->store);
    }
    assert_int_equal(capture_world(f->store, 10, "engineer"), 2);
}

/* --- ceilings -------------------------------------------------------------------------------- */

static void put_key(struct store_run *run, gsize len, gboolean accepted)
{
    g_autofree char *key = g_strnfill(len, 'k');
    COR_RECORD_AUTO *record = make_record(COR_ENTRA, "user", key, "long", NULL);
    struct cor_sink *sink = sink_of(run, COR_ENTRA);
    if (accepted)
        OK(sink->record(sink, record, &error));
    else
        FAILS(sink->record(sink, record, &error), len ? COR_E_LIMIT : COR_E_INPUT, "key");
}

static void test_key_ceiling(void **state)
{
    struct fixture *f = *state;
    struct store_run *run = begin(f->store, 1);
    put_key(run, 1023, TRUE);
    put_key(run, 1024, TRUE);
    put_key(run, 1025, FALSE);
    put_key(run, 0, FALSE);
    finish(run, COR_ENTRA, TRUE); /* a refused record does not spoil the others */
    commit(run, 2);
    assert_int_equal(number_of(f->store, "SELECT count(*) FROM version"), 2);
}

static void put_document(struct store_run *run, gsize len, gboolean accepted)
{
    COR_RECORD_AUTO *record = make_record(COR_ENTRA, "user", CLOUD, "big", NULL);
    struct store_codec codec = {0};
    cor_json_add_string(record->attributes, "photo", "");
    OK(store_codec_record(&codec, record, &error));
    g_autofree char *photo = g_strnfill(len - codec.text->len, 'p');
    cor_json_set(record->attributes, "photo", cor_json_new_string(photo));
    struct cor_sink *sink = sink_of(run, COR_ENTRA);
    if (accepted)
        OK(sink->record(sink, record, &error));
    else
        FAILS(sink->record(sink, record, &error), COR_E_LIMIT, CLOUD, "16777217");
    store_codec_release(&codec);
}

static void test_the_other_directory_is_refused(void **state)
{
    struct fixture *f = *state;
    struct store_run *run = begin(f->store, 1);
    COR_RECORD_AUTO *record = make_record(COR_ENTRA, "user", CLOUD, "cloud", NULL);
    const struct cor_link link = {COR_ENTRA, "member", CLOUD, CLOUD};
    struct cor_sink *sink = sink_of(run, COR_AD);
    FAILS(sink->record(sink, record, &error), COR_E_BUG, "ad half");
    FAILS(sink->link(sink, &link, &error), COR_E_BUG, "ad half");
    store_run_abandon(run);
}

static void test_document_ceiling(void **state)
{
    struct fixture *f = *state;
    struct store_run *run = begin(f->store, 1);
    put_document(run, STORE_DOCUMENT_MAX - 1, TRUE);
    put_document(run, STORE_DOCUMENT_MAX, TRUE);
    put_document(run, STORE_DOCUMENT_MAX + 1, FALSE);
    finish(run, COR_ENTRA, TRUE);
    gint64 point = commit(run, 2);
    struct cor_view *view = NULL;
    COR_RECORD_AUTO *back = NULL;
    OK((view = store_view_open(f->store, point, &error)));
    OK((back = view->get(view, COR_ENTRA, CLOUD, &error)));
    assert_true(strlen(cor_record_text(back, "photo")) > STORE_DOCUMENT_MAX - 300);
    store_view_close(view);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_first_capture_is_readable),
        T(test_metadata_and_life_come_back),
        T(test_unchanged_capture_adds_nothing),
        T(test_change_and_disappearance),
        T(test_repeated_key_replaces),
        T(test_partial_half_ends_nothing),
        T(test_unread_type_is_not_gone),
        T(test_unread_links_stand),
        T(test_abandoned_half_takes_nothing),
        T(test_failed_capture_records_the_attempt),
        T(test_half_reports_counts),
        T(test_second_run_is_refused),
        T(test_abandoned_run_leaves_nothing),
        T(test_preview_shows_and_forgets),
        T(test_key_ceiling),
        T(test_document_ceiling),
        T(test_the_other_directory_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
