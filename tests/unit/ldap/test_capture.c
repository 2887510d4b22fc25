/* SPDX-License-Identifier: Apache-2.0 */
/* Captures from a server that misbehaves as scripted: what is delivered and what is claimed. */
#include "fixture.h"

static struct fake fake;

/* What a capture of one scenario gave. */
struct outcome {
    struct memory memory;
    GError *error;
    gboolean ok;
    double seconds;
};

static struct outcome play_with(const char *scenario, struct ad_options *options,
                                GCancellable *cancellable, guint fail_after)
{
    struct outcome outcome = {0};
    memory_init(&outcome.memory);
    outcome.memory.fail_after = fail_after;
    options->server = fake.server;
    gint64 start = g_get_monotonic_time();
    outcome.ok = ad_capture(options, &outcome.memory.sink, cancellable, NULL, NULL, &outcome.error);
    outcome.seconds = (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
    fake_stop(&fake);
    if (outcome.memory.finished + outcome.memory.abandoned != 1)
        fail_msg("%s: sink ended %u times", scenario,
                 outcome.memory.finished + outcome.memory.abandoned);
    assert_int_equal(outcome.ok, outcome.memory.finished == 1);
    assert_int_equal(outcome.ok, outcome.error == NULL);
    return outcome;
}

static struct outcome play(const char *scenario, guint timeout_ms)
{
    fake_start(&fake, scenario, 250);
    struct ad_options options = fake_options(&fake);
    options.timeout_ms = timeout_ms;
    return play_with(scenario, &options, NULL, 0);
}

static void outcome_clear(struct outcome *outcome)
{
    memory_clear(&outcome->memory);
    g_clear_error(&outcome->error);
}

static void expect_complete(struct outcome *outcome, guint users)
{
    if (!outcome->ok)
        fail_msg("failed: %s", outcome->error->message);
    if (!outcome->memory.complete)
        fail_msg("not complete: %s", outcome->memory.problems);
    assert_int_equal(memory_count(&outcome->memory, "user", COR_LIVE), users);
}

static void expect_partial(struct outcome *outcome, guint users, const char *word)
{
    if (!outcome->ok)
        fail_msg("failed: %s", outcome->error->message);
    assert_false(outcome->memory.complete);
    assert_int_equal(memory_count(&outcome->memory, "user", COR_LIVE), users);
    if (!strstr(outcome->memory.problems, word))
        fail_msg("'%s' is not in: %s", word, outcome->memory.problems);
}

static void expect_failure(struct outcome *outcome, int code, const char *word)
{
    assert_false(outcome->ok);
    if (outcome->error->code != code || !strstr(outcome->error->message, word))
        fail_msg("code %d: %s", outcome->error->code, outcome->error->message);
    assert_null(strstr(outcome->error->message, "fake-secret"));
}

/* --- good servers ----------------------------------------------------------------------------- */

static void test_whole(void **state)
{
    (void)state;
    struct outcome outcome = play("whole", 20000);
    struct memory *memory = &outcome.memory;
    expect_complete(&outcome, 250);
    assert_int_equal(memory_count(memory, "group", COR_LIVE), 1);
    assert_int_equal(memory_count(memory, "domain", COR_LIVE), 1);
    assert_int_equal(memory_count(memory, "domainController", COR_LIVE), 1);
    assert_int_equal(memory_count(memory, "user", COR_DELETED), 1);
    assert_int_equal(memory->stats.objects, 254);
    assert_true(memory->stats.peer_clock_us > 0);
    assert_int_equal(g_hash_table_size(memory->links), 2);
    assert_true(g_hash_table_contains(memory->links, "member 5eed0000-0000-0000-0000-0000000001f4 "
                                                     "5eed0000-0000-0000-0000-0000000003e9"));
    outcome_clear(&outcome);
}

static void test_whole_record(void **state)
{
    (void)state;
    struct outcome outcome = play("whole", 20000);
    const struct cor_record *record =
        g_hash_table_lookup(outcome.memory.records, "5eed0000-0000-0000-0000-0000000003e8");
    assert_non_null(record);
    assert_string_equal(record->name, "user000000");
    g_autofree char *attributes = cor_json_to_text(record->attributes);
    assert_string_equal(attributes,
                        "{\"cn\":\"User 000000\",\"description\":[\"synthetic\"],"
                        "\"distinguishedName\":\"CN=User 000000,DC=lab,DC=example,DC=test\","
                        "\"objectClass\":[\"organizationalPerson\",\"person\",\"top\",\"user\"],"
                        "\"objectGUID\":\"5eed0000-0000-0000-0000-0000000003e8\","
                        "\"sAMAccountName\":\"user000000\",\"userAccountControl\":512}");
    g_autofree char *metadata = cor_json_to_text(record->metadata);
    assert_string_equal(metadata,
                        "{\"description\":{\"dsa\":\"5eed0000-0000-0000-0000-000000000001\","
                        "\"time\":\"2026-11-23T05:08:26Z\",\"usn\":5000,\"version\":2}}");
    const struct cor_record *old =
        g_hash_table_lookup(outcome.memory.records, "5eed0000-0000-0000-0000-000000000384");
    assert_string_equal(old->name, "Old");
    outcome_clear(&outcome);
}

static void test_no_paging_control(void **state)
{
    (void)state;
    struct outcome outcome = play("no-paging", 20000);
    expect_complete(&outcome, 250);
    outcome_clear(&outcome);
}

static void test_reference_to_partition(void **state)
{
    (void)state;
    struct outcome outcome = play("reference-partition", 20000);
    expect_complete(&outcome, 3);
    outcome_clear(&outcome);
}

static void test_value_ceiling(void **state)
{
    static const char *const keys[] = {"5eed0000-0000-0000-0000-0000000003e8",
                                       "5eed0000-0000-0000-0000-0000000003e9",
                                       "5eed0000-0000-0000-0000-0000000003ea"};
    (void)state;
    struct outcome outcome = play("large", 20000);
    expect_complete(&outcome, 3);
    for (guint i = 0; i < 3; i++) {
        const struct cor_record *record = g_hash_table_lookup(outcome.memory.records, keys[i]);
        const struct cor_json *photo = cor_record_get(record, "thumbnailPhoto");
        assert_int_equal(cor_json_type(photo), i < 2 ? COR_JSON_STRING : COR_JSON_OBJECT);
    }
    const struct cor_record *over = g_hash_table_lookup(outcome.memory.records, keys[2]);
    gint64 bytes;
    assert_true(
        cor_json_int(cor_json_get(cor_record_get(over, "thumbnailPhoto"), "bytes"), &bytes));
    assert_int_equal(bytes, 102401);
    outcome_clear(&outcome);
}

/* --- searches that end badly ------------------------------------------------------------------ */

static void test_size_limit(void **state)
{
    (void)state;
    struct outcome outcome = play("size-limit", 20000);
    expect_partial(&outcome, 100, "size limit");
    outcome_clear(&outcome);
    outcome = play("size-limit-first", 20000);
    expect_failure(&outcome, COR_E_INCOMPLETE, "size limit");
    outcome_clear(&outcome);
}

static void test_time_limit(void **state)
{
    (void)state;
    struct outcome outcome = play("time-limit", 20000);
    expect_partial(&outcome, 100, "time limit");
    outcome_clear(&outcome);
}

static void test_referral(void **state)
{
    (void)state;
    struct outcome outcome = play("referral", 20000);
    expect_failure(&outcome, COR_E_CONFIG, "refers elsewhere");
    outcome_clear(&outcome);
}

static void test_reference_inside(void **state)
{
    (void)state;
    struct outcome outcome = play("reference-inside", 20000);
    expect_partial(&outcome, 3, "OU=Elsewhere");
    outcome_clear(&outcome);
}

static void test_repeating_pages(void **state)
{
    (void)state;
    struct outcome outcome = play("endless-cookie", 20000);
    expect_partial(&outcome, 10, "repeats its pages");
    outcome_clear(&outcome);
    outcome = play("empty-pages", 20000);
    expect_failure(&outcome, COR_E_INPUT, "repeats its pages");
    outcome_clear(&outcome);
}

static void test_missing_paging_answer(void **state)
{
    (void)state;
    struct outcome outcome = play("no-cookie-control", 20000);
    expect_failure(&outcome, COR_E_INPUT, "whether more follow");
    outcome_clear(&outcome);
}

static void test_deleted_hidden(void **state)
{
    (void)state;
    struct outcome outcome = play("deleted-hidden", 20000);
    expect_partial(&outcome, 250, "deleted objects");
    assert_int_equal(memory_count(&outcome.memory, "user", COR_DELETED), 0);
    outcome_clear(&outcome);
}

static void test_link_without_guid(void **state)
{
    (void)state;
    struct outcome outcome = play("no-guid", 20000);
    expect_partial(&outcome, 1, "without the GUID");
    assert_int_equal(g_hash_table_size(outcome.memory.links), 0);
    outcome_clear(&outcome);
}

/* --- connections that end badly --------------------------------------------------------------- */

static void test_connection_cut(void **state)
{
    (void)state;
    struct outcome outcome = play("cut", 20000);
    expect_partial(&outcome, 100, "closed the connection");
    outcome_clear(&outcome);
    outcome = play("cut-first", 20000);
    expect_failure(&outcome, COR_E_RETRY, "closed the connection");
    outcome_clear(&outcome);
}

/* With another one at hand nothing of it is kept; without, what was read is a partial half. */
static void test_going_away(void **state)
{
    static const struct {
        const char *scenario, *words;
    } cases[] = {{"busy", "is busy"}, {"unavailable", "shutting down"}};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct outcome outcome = play(cases[i].scenario, 20000);
        expect_partial(&outcome, 100, cases[i].words);
        outcome_clear(&outcome);
        struct memory memory;
        g_autoptr(GError) error = NULL;
        g_autofree char *lost = NULL;
        memory_init(&memory);
        fake_start(&fake, cases[i].scenario, 250);
        struct ad_options options = fake_options(&fake);
        g_autofree char *servers = g_strdup_printf("%s,%s", options.server, options.server);
        options.server = servers;
        options.ret_lost = &lost;
        assert_false(ad_capture(&options, &memory.sink, NULL, NULL, NULL, &error));
        fake_stop(&fake);
        assert_int_equal(error->code, COR_E_RETRY);
        assert_non_null(lost);
        assert_int_equal(memory.abandoned, 1);
        memory_clear(&memory);
    }
}

/* --- the pace --------------------------------------------------------------------------------- */

/* The last page is asked for when 100 users were taken, and before them the schema's attributes. */
static void test_pace(void **state)
{
    struct memory memory;
    g_autoptr(GError) error = NULL;
    (void)state;
    memory_init(&memory);
    fake_start(&fake, "whole", 250);
    struct ad_options options = fake_options(&fake);
    options.max_objects_per_second = 400;
    gint64 began_us = g_get_monotonic_time();
    assert_true(ad_capture(&options, &memory.sink, NULL, NULL, NULL, &error));
    assert_true(g_get_monotonic_time() - began_us >= G_USEC_PER_SEC / 2);
    assert_true(memory.complete);
    fake_stop(&fake);
    memory_clear(&memory);
}

static void test_stall_inside_message(void **state)
{
    (void)state;
    struct outcome outcome = play("stall", 1500);
    expect_partial(&outcome, 100, "did not answer in time");
    assert_true(outcome.seconds < 10);
    outcome_clear(&outcome);
}

static void test_silence(void **state)
{
    static const char *const scenarios[] = {"silent-tls", "silent-bind", "silent-search"};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(scenarios); i++) {
        struct outcome outcome = play(scenarios[i], 1500);
        expect_failure(&outcome, COR_E_RETRY, "cannot");
        if (outcome.seconds > 10)
            fail_msg("%s took %.1f s", scenarios[i], outcome.seconds);
        outcome_clear(&outcome);
    }
}

static void test_garbage(void **state)
{
    (void)state;
    struct outcome outcome = play("garbage", 3000);
    expect_partial(&outcome, 100, "objects: ");
    outcome_clear(&outcome);
    outcome = play("bad-entry", 3000);
    expect_partial(&outcome, 100, "not valid LDAP");
    outcome_clear(&outcome);
}

static void test_huge_message(void **state)
{
    (void)state;
    struct outcome outcome = play("huge", 5000);
    expect_partial(&outcome, 100, "more than 64 MiB");
    outcome_clear(&outcome);
}

/* --- value ranges ----------------------------------------------------------------------------- */

static void test_range(void **state)
{
    (void)state;
    struct outcome outcome = play("range", 20000);
    expect_complete(&outcome, 2);
    assert_int_equal(g_hash_table_size(outcome.memory.links), 25);
    outcome_clear(&outcome);
}

/* --- metadata of single links ----------------------------------------------------------------- */

static const struct cor_json *big_members(const struct outcome *outcome)
{
    const struct cor_record *record =
        g_hash_table_lookup(outcome->memory.records, "5eed0000-0000-0000-0000-0000000001f4");
    assert_non_null(record);
    return cor_json_get(record->metadata, "member");
}

static void expect_stamps(const char *scenario, guint count, gint64 omitted, const char *remark)
{
    struct outcome outcome = play(scenario, 60000);
    gint64 left_out = 0;
    expect_complete(&outcome, 2);
    assert_int_equal(g_hash_table_size(outcome.memory.links), 10);
    const struct cor_json *member = big_members(&outcome);
    cor_json_int(cor_json_get(member, "omitted"), &left_out);
    if (cor_json_size(cor_json_get(member, "values")) != count || left_out != omitted)
        fail_msg("%s: %u values, %d omitted", scenario,
                 cor_json_size(cor_json_get(member, "values")), (int)left_out);
    if (remark ? !strstr(outcome.memory.problems, remark)
               : strstr(outcome.memory.problems, "cannot be read") != NULL)
        fail_msg("%s: %s", scenario, outcome.memory.problems);
    outcome_clear(&outcome);
}

static void test_link_metadata(void **state)
{
    (void)state;
    expect_stamps("stamps", 25, 0, NULL);
    expect_stamps("stamps-xml", 25, 0, NULL);
    /* what cannot be read of it is said, and costs nothing else */
    expect_stamps("stamps-refused", 10, 0, "metadata of 1 links cannot be read");
    expect_stamps("stamps-garbage", 16, 0, "metadata of 9 links cannot be read");
}

static void test_link_metadata_of_many(void **state)
{
    (void)state;
    expect_stamps("stamps-many", 2000, 198000, NULL);
}

static void test_range_changes(void **state)
{
    (void)state;
    struct outcome outcome = play("range-once-moved", 20000);
    expect_complete(&outcome, 2);
    assert_int_equal(g_hash_table_size(outcome.memory.links), 25);
    outcome_clear(&outcome);
    outcome = play("range-moving", 20000);
    expect_partial(&outcome, 2, "changed while they were read");
    outcome_clear(&outcome);
}

static void test_range_refused(void **state)
{
    (void)state;
    struct outcome outcome = play("range-refused", 20000);
    expect_partial(&outcome, 2, "not delivered to their end");
    outcome_clear(&outcome);
    outcome = play("range-endless", 20000);
    expect_partial(&outcome, 2, "not delivered to their end");
    outcome_clear(&outcome);
}

static void test_range_object_gone(void **state)
{
    (void)state;
    struct outcome outcome = play("range-gone", 20000);
    expect_complete(&outcome, 2);
    assert_int_equal(memory_count(&outcome.memory, "group", COR_LIVE), 0);
    outcome_clear(&outcome);
}

static void test_range_of_text(void **state)
{
    (void)state;
    struct outcome outcome = play("range-text", 20000);
    const struct cor_record *record =
        g_hash_table_lookup(outcome.memory.records, "5eed0000-0000-0000-0000-0000000001f4");
    assert_non_null(record);
    g_autofree char *addresses = cor_json_to_text(cor_record_get(record, "proxyAddresses"));
    assert_string_equal(addresses, "[\"smtp:a@example.test\",\"smtp:b@example.test\","
                                   "\"smtp:c@example.test\"]");
    outcome_clear(&outcome);
}

/* --- refusals and stops ----------------------------------------------------------------------- */

static void test_wrong_server(void **state)
{
    (void)state;
    struct outcome outcome = play("rodc", 20000);
    expect_failure(&outcome, COR_E_CONFIG, "read-only domain controller");
    outcome_clear(&outcome);
    outcome = play("unsynchronized", 20000);
    expect_failure(&outcome, COR_E_RETRY, "isSynchronized");
    outcome_clear(&outcome);
}

static void test_wrong_domain(void **state)
{
    (void)state;
    fake_start(&fake, "whole", 1);
    struct ad_options options = fake_options(&fake);
    options.domain = "other.example.test";
    struct outcome outcome = play_with("whole", &options, NULL, 0);
    expect_failure(&outcome, COR_E_CONFIG, "holds the domain");
    outcome_clear(&outcome);
}

static void test_wrong_password(void **state)
{
    (void)state;
    fake_start(&fake, "whole", 1);
    struct ad_options options = fake_options(&fake);
    g_autofree char *wrong = g_build_filename(fake.dir, "wrong", NULL);
    assert_true(g_file_set_contents(wrong, "not-it", -1, NULL));
    assert_int_equal(g_chmod(wrong, 0600), 0);
    options.password_file = wrong;
    struct outcome outcome = play_with("whole", &options, NULL, 0);
    expect_failure(&outcome, COR_E_AUTH, "password is wrong");
    outcome_clear(&outcome);
}

static void test_wrong_certificate(void **state)
{
    (void)state;
    fake_start(&fake, "whole", 1);
    struct ad_options options = fake_options(&fake);
    options.ca_file = fake.other_ca;
    struct outcome outcome = play_with("whole", &options, NULL, 0);
    expect_failure(&outcome, COR_E_CONFIG, "not signed by the CA");
    outcome_clear(&outcome);
}

static void test_sink_refuses(void **state)
{
    (void)state;
    fake_start(&fake, "whole", 250);
    struct ad_options options = fake_options(&fake);
    struct outcome outcome = play_with("whole", &options, NULL, 120);
    expect_failure(&outcome, COR_E_STORE, "disk full");
    assert_true(outcome.error->domain == STORE_ERROR);
    outcome_clear(&outcome);
}

static gpointer cancel_soon(gpointer data)
{
    g_usleep(700000);
    g_cancellable_cancel(data);
    return NULL;
}

static void test_cancelled(void **state)
{
    static const char *const scenarios[] = {"slow", "stall"};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(scenarios); i++) {
        g_autoptr(GCancellable) cancellable = g_cancellable_new();
        fake_start(&fake, scenarios[i], 250);
        struct ad_options options = fake_options(&fake);
        g_autoptr(GThread) thread = g_thread_new("cancel", cancel_soon, cancellable);
        struct outcome outcome = play_with(scenarios[i], &options, cancellable, 0);
        g_thread_join(g_steal_pointer(&thread));
        expect_failure(&outcome, COR_E_CANCELLED, "stopped");
        assert_true(outcome.seconds < 3);
        outcome_clear(&outcome);
    }
}

static void test_no_secret_in_clear(void **state)
{
    (void)state;
    struct memory memory;
    GError *error = NULL;
    struct ad_options options = {.domain = "lab.example.test",
                                 .server = "localhost:1",
                                 .transport = AD_LDAP_SEALED,
                                 .bind_dn = "svc",
                                 .password_file = fake.password};
    memory_init(&memory);
    assert_false(ad_capture(&options, &memory.sink, NULL, NULL, NULL, &error));
    assert_int_equal(error->code, COR_E_CONFIG);
    assert_non_null(strstr(error->message, "ldaps"));
    assert_int_equal(memory.abandoned, 1);
    g_error_free(error);
    memory_clear(&memory);
}

static void test_check(void **state)
{
    (void)state;
    fake_start(&fake, "deleted-hidden", 250);
    struct ad_options options = fake_options(&fake);
    g_autoptr(GPtrArray) checks = g_ptr_array_new_with_free_func((GDestroyNotify)cor_check_free);
    options.server = fake.server;
    ad_check(&options, checks);
    fake_stop(&fake);
    assert_true(checks->len > 5);
    guint failed = 0;
    for (guint i = 0; i < checks->len; i++) {
        const struct cor_check *check = checks->pdata[i];
        assert_int_equal(check->ok, check->remedy == NULL);
        if (check->ok || !check->required)
            continue;
        failed++;
        assert_string_equal(check->name, "read deleted objects");
        assert_non_null(strstr(check->remedy, "dsacls"));
    }
    assert_int_equal(failed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_whole_record),
        cmocka_unit_test(test_no_paging_control),
        cmocka_unit_test(test_reference_to_partition),
        cmocka_unit_test(test_value_ceiling),
        cmocka_unit_test(test_size_limit),
        cmocka_unit_test(test_time_limit),
        cmocka_unit_test(test_referral),
        cmocka_unit_test(test_reference_inside),
        cmocka_unit_test(test_repeating_pages),
        cmocka_unit_test(test_missing_paging_answer),
        cmocka_unit_test(test_deleted_hidden),
        cmocka_unit_test(test_link_without_guid),
        cmocka_unit_test(test_connection_cut),
        cmocka_unit_test(test_going_away),
        cmocka_unit_test(test_pace),
        cmocka_unit_test(test_stall_inside_message),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_huge_message),
        cmocka_unit_test(test_range),
        cmocka_unit_test(test_range_changes),
        cmocka_unit_test(test_link_metadata),
        cmocka_unit_test(test_link_metadata_of_many),
        cmocka_unit_test(test_range_refused),
        cmocka_unit_test(test_range_object_gone),
        cmocka_unit_test(test_range_of_text),
        cmocka_unit_test(test_wrong_server),
        cmocka_unit_test(test_wrong_domain),
        cmocka_unit_test(test_wrong_password),
        cmocka_unit_test(test_wrong_certificate),
        cmocka_unit_test(test_sink_refuses),
        cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_no_secret_in_clear),
        cmocka_unit_test(test_check),
    };
    if (!fake_prepare(&fake)) {
        print_message("skipped: python3 or openssl is missing\n");
        return 77;
    }
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    fake_cleanup(&fake);
    return failures;
}
