/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Captures from a service that lies, stalls, repeats and refuses (tests/lab/fakegraph.py). Each
 * scenario says what must come out: a complete half, a partial half with its reason, or an error;
 * and in no case anything that the service did not say.
 */
#include "graph/capture.h"

#include "correlate/error.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    char *dir, *ca, *secret, *url;
    GPid pid;
} lab;

/* What reached the sink. */
struct catch
{
    struct cor_sink sink;
    GHashTable *records; /* key -> attributes as text */
    GHashTable *links;   /* "kind source target" */
    GPtrArray *events;
    GPtrArray *problems;
    gboolean finished, abandoned, complete;
    struct cor_half_stats stats;
    guint stop_after; /* records; 0: never */
    GError *error;
};

static gboolean on_record(struct cor_sink *sink, const struct cor_record *record, GError **error)
{
    struct catch *catch = (struct catch *)sink;
    if (catch->stop_after && g_hash_table_size(catch->records) >= catch->stop_after) {
        g_set_error(error, STORE_ERROR, COR_E_STORE, "full");
        return FALSE;
    }
    g_hash_table_replace(catch->records, g_strdup(record->key),
                         cor_json_to_text(record->attributes));
    return TRUE;
}

static gboolean on_link(struct cor_sink *sink, const struct cor_link *link, GError **error)
{
    (void)error;
    g_hash_table_add(((struct catch *)sink)->links,
                     g_strdup_printf("%s %s %s", link->kind, link->source_key, link->target_key));
    return TRUE;
}

static gboolean on_event(struct cor_sink *sink, const struct cor_event *event, GError **error)
{
    (void)error;
    g_ptr_array_add(((struct catch *)sink)->events, cor_json_to_text(event->doc));
    return TRUE;
}

static gboolean on_finish(struct cor_sink *sink, const struct cor_proof *proof,
                          const struct cor_half_stats *stats, GError **error)
{
    (void)error;
    struct catch *catch = (struct catch *)sink;
    assert_false(catch->finished || catch->abandoned);
    catch->finished = TRUE;
    catch->complete = cor_proof_complete(proof);
    catch->problems = cor_proof_problems(proof);
    catch->stats = *stats;
    return TRUE;
}

static void on_abandon(struct cor_sink *sink, const struct cor_half_stats *stats,
                       const GError *reason)
{
    struct catch *catch = (struct catch *)sink;
    assert_false(catch->finished || catch->abandoned);
    assert_non_null(reason);
    catch->abandoned = TRUE;
    catch->stats = *stats;
}

static void run_with(struct catch *catch, struct entra_options options, const char *scenario)
{
    *catch = (struct catch){.sink = {.record = on_record,
                                     .link = on_link,
                                     .event = on_event,
                                     .finish = on_finish,
                                     .abandon = on_abandon},
                            .stop_after = catch->stop_after};
    catch->records = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    catch->links = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    catch->events = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *token_url = g_strdup_printf("%s/%s/oauth2/v2.0/token", lab.url, scenario);
    options.source = "test";
    options.tenant_id = scenario;
    options.client_id = "00000000-0000-0000-0000-000000000001";
    options.secret_file = lab.secret;
    options.token_url = token_url;
    options.ca_file = lab.ca;
    if (!options.graph_url)
        options.graph_url = lab.url;
    gboolean ok = entra_capture(&options, &catch->sink, NULL, NULL, NULL, &catch->error);
    assert_int_equal(ok, catch->error == NULL);
    assert_int_equal(ok, catch->finished);
    assert_int_equal(!ok, catch->abandoned);
}

static void run(struct catch *catch, const char *scenario)
{
    struct entra_options options = {.timeout_ms = 5000, .retry_budget_ms = 10000};
    run_with(catch, options, scenario);
}

static void drop(struct catch *catch)
{
    g_hash_table_unref(catch->records);
    g_hash_table_unref(catch->links);
    g_ptr_array_unref(catch->events);
    if (catch->problems)
        g_ptr_array_unref(catch->problems);
    g_clear_error(&catch->error);
}

static gboolean has_problem(const struct catch *catch, const char *part)
{
    for (guint i = 0; i < catch->problems->len; i++)
        if (strstr(catch->problems->pdata[i], part))
            return TRUE;
    return FALSE;
}

static const char *record_of(const struct catch *catch, const char *key)
{
    return g_hash_table_lookup(catch->records, key);
}

/* The well tenant has exactly these: 3 users, 1 group, organization, two policies. */
enum { ALL_RECORDS = 7 };

/* --- scenarios that end as if nothing had happened -------------------------------------------- */

static void complete_in_spite(void **state)
{
    static const struct {
        const char *scenario;
        guint throttled;
    } rows[] = {
        {"good", 0},
        {"truncated_once", 0},
        {"cut_once", 0},
        {"throttled_whole", 1},
        {"throttled_fraction", 1},
        {"throttled_absent", 1},
        {"throttled_date", 1},
        {"unavailable_once", 0},
        {"expiring", 0},
        {"short_token", 0},
        {"token_busy", 0},
        {"batch_429", 1},
        {"batch_missing", 0},
    };
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct catch catch = {0};
        print_message("  %s\n", rows[i].scenario);
        run(&catch, rows[i].scenario);
        assert_true(catch.finished && catch.complete);
        assert_int_equal(g_hash_table_size(catch.records), ALL_RECORDS);
        assert_true(g_hash_table_contains(catch.links, "member g-crew u-alice"));
        assert_true(g_hash_table_contains(catch.links, "manager u-alice u-bob"));
        assert_int_equal(catch.stats.throttled, rows[i].throttled);
        drop(&catch);
    }
}

static void documents(void **state)
{
    struct catch catch = {0};
    (void)state;
    run(&catch, "good");
    assert_string_equal(record_of(&catch, "u-alice"),
                        "{\"displayName\":\"Alice\",\"id\":\"u-alice\","
                        "\"onPremisesSyncEnabled\":true,"
                        "\"userPrincipalName\":\"alice@example.test\"}");
    assert_non_null(strstr(record_of(&catch, "u-carol"),
                           "\"onPremisesSyncBehavior\":{\"isCloudManaged\":true}"));
    assert_null(strstr(record_of(&catch, "u-bob"), "onPremisesSyncBehavior"));
    assert_string_equal(record_of(&catch, "authenticationMethodsPolicy"),
                        "{\"authenticationMethodConfigurations\":[{\"@odata.type\":"
                        "\"#microsoft.graph.smsAuthenticationMethodConfiguration\",\"id\":\"Sms\","
                        "\"state\":\"enabled\"}],\"id\":\"authenticationMethodsPolicy\"}");
    assert_int_equal(catch.events->len, 1);
    assert_non_null(strstr(catch.events->pdata[0], "\"actor\":{\"kind\":\"none\"}"));
    /* the optional synchronization settings, and single policies that this service does not have */
    assert_int_equal(catch.problems->len, 10);
    for (guint i = 0; i < catch.problems->len; i++)
        assert_true(g_str_has_prefix(catch.problems->pdata[i], "remark: "));
    assert_non_null(strstr(catch.problems->pdata[0], "OnPremDirectorySynchronization.Read.All"));
    assert_true(catch.stats.requests > 15 && catch.stats.bytes > 1000);
    assert_true(ABS(catch.stats.peer_clock_us - g_get_real_time()) < 60 * G_USEC_PER_SEC);
    drop(&catch);
}

/* Everything that hangs on objects, of one of each kind. */
static void relations(void **state)
{
    static const char *const links[] = {
        "sponsor u-alice u-0",
        "sponsor u-alice u-24", /* more than an $expand shows */
        "sponsor u-bob u-alice",
        "registeredOwner d-1 u-alice",
        "registeredUser d-1 u-alice",
        "groupSetting g-crew gs-1",
        "federatedIdentityCredential a-1 f-1",
        "extensionProperty a-1 e-1",
        "appRoleAssignedTo s-1 r-1",
        "member au-1 u-bob",
        "scopedRoleMember au-1 sr-1",
        "appliesTo p-1 s-1",
        "customSecurityAttributes u-alice customSecurityAttributes/u-alice",
        "federationConfiguration entraDomain/fed.example.test fc-1",
    };
    static const char *const parts[] = {
        "gs-1",
        "f-1",
        "e-1",
        "r-1",
        "sr-1",
        "fc-1",
        "delegatedPermissionClassification/s-1/c-1",
        "crossTenantIdentitySyncPolicyPartner/crossTenantAccessPolicyConfigurationPartner/t-2"};
    struct catch catch = {0};
    (void)state;
    run(&catch, "wide");
    assert_true(catch.finished && catch.complete);
    for (guint i = 0; i < G_N_ELEMENTS(links); i++)
        if (!g_hash_table_contains(catch.links, links[i]))
            fail_msg("no link %s", links[i]);
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        assert_non_null(record_of(&catch, parts[i]));
    assert_string_equal(record_of(&catch, "customSecurityAttributes/u-alice"),
                        "{\"Engineering\":{\"@odata.type\":"
                        "\"#microsoft.graph.customSecurityAttributeValue\",\"Level\":3,"
                        "\"Projects\":[\"Anchor\"]},\"anchorwatchParent\":\"u-alice\"}");
    assert_null(strstr(record_of(&catch, "a-1"), "PRIVATE"));
    assert_false(g_hash_table_contains(catch.links, "groupSetting g-plain gs-1"));
    drop(&catch);
}

/* Refused relations leave remarks with what to grant, once each. */
static void refused_relations(void **state)
{
    static const char *const words[] = {
        "sponsors of users not readable",
        "CustomSecAttributeAssignment.Read.All, which needs the licence Entra ID P1",
        "grant the application permission GroupSettings.Read.All",
        "federated identity credentials not readable",
        "app role assignments not readable",
        "scoped role members not readable",
        "federation of domains not readable",
        "cross-tenant synchronization not readable",
        "use of claims mappings not readable",
    };
    struct catch catch = {0};
    (void)state;
    run(&catch, "wide_refused");
    assert_true(catch.finished && catch.complete);
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (!has_problem(&catch, words[i]))
            fail_msg("nobody is told: %s", words[i]);
    for (guint i = 0; i < catch.problems->len; i++)
        assert_true(g_str_has_prefix(catch.problems->pdata[i], "remark: "));
    assert_non_null(record_of(&catch, "au-1"));
    assert_null(record_of(&catch, "f-1"));
    drop(&catch);
}

static void empty_page_in_between(void **state)
{
    struct catch catch = {0};
    (void)state;
    run(&catch, "empty_page");
    assert_true(catch.complete);
    drop(&catch);
}

static void same_object_twice(void **state)
{
    struct catch catch = {0};
    (void)state;
    run(&catch, "duplicate");
    assert_true(catch.complete);
    assert_int_equal(g_hash_table_size(catch.records), ALL_RECORDS - 1);
    assert_non_null(strstr(record_of(&catch, "u-alice"), "Alice again"));
    drop(&catch);
}

/* --- scenarios that leave a hole -------------------------------------------------------------- */

static void partial(void **state)
{
    static const struct {
        const char *scenario, *problem;
        guint records;
    } rows[] = {
        {"loop", "circle", 6},
        {"foreign", "elsewhere.example.test", 4},
        {"port", "localhost:1", 4},
        {"at_sign", "another host", 4},
        {"link_number", "no text", 4},
        {"truncated", "damaged", 6},
        {"cut", "cut off", 6},
        {"html", "Please sign in", 4},
        {"not_a_list", "without a list", 4},
        {"throttled_beyond", "retry budget", 4},
        {"huge", "larger than", 4},
        {"redirect", "HTTP 302", 4},
        {"refused_groups", "Group.Read.All", 6},
        {"organization_nulls", "Organization.Read.All", 6},
        {"limited", "User.Read.All", 6},
        {"bad_utf8", "damaged", 6},
        {"dup_keys", "damaged", 6},
        {"no_id", "without an id", 6},
        {"batch_denied", "group members", 7},
        {"members_foreign", "elsewhere.example.test", 7},
    };
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct catch catch = {0};
        print_message("  %s\n", rows[i].scenario);
        run(&catch, rows[i].scenario);
        assert_true(catch.finished);
        assert_false(catch.complete);
        assert_true(has_problem(&catch, rows[i].problem));
        assert_int_equal(g_hash_table_size(catch.records), rows[i].records);
        drop(&catch);
    }
}

static void slow_peers(void **state)
{
    static const char *const rows[] = {"drip", "silent"};
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct catch catch = {0};
        struct entra_options options = {.timeout_ms = 2000, .retry_budget_ms = 5000};
        gint64 started = g_get_monotonic_time();
        run_with(&catch, options, rows[i]);
        assert_true(catch.finished && !catch.complete);
        assert_true(has_problem(&catch, "in time"));
        assert_int_equal(g_hash_table_size(catch.records), 4);
        assert_true(g_get_monotonic_time() - started < 15 * G_USEC_PER_SEC);
        drop(&catch);
    }
}

static void remarks_only(void **state)
{
    static const char *const rows[][2] = {
        {"refused_audits", "directory audits not readable: grant the application permission "
                           "AuditLog.Read.All"},
        {"authority_denied", "User-OnPremisesSyncBehavior.ReadWrite.All"},
    };
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct catch catch = {0};
        run(&catch, rows[i][0]);
        assert_true(catch.complete);
        assert_true(has_problem(&catch, rows[i][1]));
        assert_int_equal(g_hash_table_size(catch.records), ALL_RECORDS);
        drop(&catch);
    }
}

static void group_gone_meanwhile(void **state)
{
    struct catch catch = {0};
    (void)state;
    run(&catch, "batch_gone");
    assert_true(catch.complete);
    assert_false(g_hash_table_contains(catch.links, "member g-crew u-alice"));
    drop(&catch);
}

static void links_hidden(void **state)
{
    struct catch catch = {0};
    (void)state;
    run(&catch, "batch_hidden");
    assert_true(catch.finished && !catch.complete);
    assert_true(has_problem(&catch, "links it does not find"));
    drop(&catch);
}

static void sync_role(void **state)
{
    struct catch catch = {0};
    (void)state;
    run(&catch, "sync_role");
    assert_true(catch.complete);
    assert_non_null(strstr(record_of(&catch, "s-engine"), "\"anchorwatchSyncRole\":true"));
    assert_null(strstr(record_of(&catch, "s-sync"), "anchorwatchSyncRole"));
    drop(&catch);
}

/* --- scenarios that give nothing -------------------------------------------------------------- */

static void failing(void **state)
{
    static const struct {
        const char *scenario;
        enum cor_code code;
        const char *words;
    } rows[] = {
        {"wrong_secret", COR_E_AUTH, "7000215"},  {"expired_secret", COR_E_AUTH, "expired"},
        {"unknown_app", COR_E_AUTH, "no app"},    {"no_tenant", COR_E_CONFIG, "no tenant"},
        {"token_html", COR_E_INPUT, "sign in"},   {"token_shape", COR_E_INPUT, "usable token"},
        {"always_401", COR_E_AUTH, "fresh"},      {"refused_all", COR_E_AUTH, "nothing"},
        {"unavailable", COR_E_RETRY, "HTTP 503"},
    };
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct catch catch = {0};
        print_message("  %s\n", rows[i].scenario);
        run(&catch, rows[i].scenario);
        assert_true(catch.abandoned);
        assert_int_equal(catch.error->code, rows[i].code);
        assert_non_null(strstr(catch.error->message, rows[i].words));
        assert_null(strstr(catch.error->message, "hush-hush"));
        assert_int_equal(g_hash_table_size(catch.records), 0);
        drop(&catch);
    }
}

static void full_sink(void **state)
{
    struct catch catch = {.stop_after = 2};
    (void)state;
    run(&catch, "good");
    assert_true(catch.abandoned);
    assert_int_equal(catch.error->code, COR_E_STORE);
    drop(&catch);
}

static void secret_file_modes(void **state)
{
    struct catch catch = {0};
    (void)state;
    assert_int_equal(g_chmod(lab.secret, 0644), 0);
    run(&catch, "good");
    assert_int_equal(g_chmod(lab.secret, 0600), 0);
    assert_int_equal(catch.error->code, COR_E_CONFIG);
    assert_non_null(strstr(catch.error->message, "chmod 600"));
    drop(&catch);
}

static void only_https(void **state)
{
    struct catch catch = {0};
    struct entra_options options = {.graph_url = "http://localhost:1"};
    (void)state;
    run_with(&catch, options, "good");
    assert_int_equal(catch.error->code, COR_E_CONFIG);
    drop(&catch);
}

static gpointer cancel_soon(gpointer cancellable)
{
    g_usleep(G_USEC_PER_SEC / 2);
    g_cancellable_cancel(cancellable);
    return NULL;
}

static void stopped_on_request(void **state)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autofree char *token_url = g_strdup_printf("%s/silent/oauth2/v2.0/token", lab.url);
    struct entra_options options = {.source = "test",
                                    .tenant_id = "silent",
                                    .client_id = "x",
                                    .secret_file = lab.secret,
                                    .graph_url = lab.url,
                                    .token_url = token_url,
                                    .ca_file = lab.ca};
    struct catch catch = {.sink = {.record = on_record,
                                   .link = on_link,
                                   .event = on_event,
                                   .finish = on_finish,
                                   .abandon = on_abandon}};
    (void)state;
    catch.records = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    catch.links = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    catch.events = g_ptr_array_new_with_free_func(g_free);
    GThread *thread = g_thread_new("cancel", cancel_soon, cancellable);
    gint64 started = g_get_monotonic_time();
    assert_false(entra_capture(&options, &catch.sink, cancellable, NULL, NULL, &catch.error));
    assert_int_equal(catch.error->code, COR_E_CANCELLED);
    assert_true(g_get_monotonic_time() - started < 5 * G_USEC_PER_SEC);
    g_thread_join(thread);
    drop(&catch);
}

/* --- self-check ------------------------------------------------------------------------------- */

static const struct cor_check *check_named(const GPtrArray *checks, const char *name)
{
    for (guint i = 0; i < checks->len; i++)
        if (g_str_equal(((const struct cor_check *)checks->pdata[i])->name, name))
            return checks->pdata[i];
    fail_msg("no check '%s'", name);
    return NULL;
}

static GPtrArray *check_scenario(const char *scenario)
{
    g_autofree char *token_url = g_strdup_printf("%s/%s/oauth2/v2.0/token", lab.url, scenario);
    struct entra_options options = {.source = "test",
                                    .tenant_id = scenario,
                                    .client_id = "x",
                                    .secret_file = lab.secret,
                                    .graph_url = lab.url,
                                    .token_url = token_url,
                                    .ca_file = lab.ca};
    GPtrArray *checks = g_ptr_array_new_with_free_func((GDestroyNotify)cor_check_free);
    entra_check(&options, checks);
    return checks;
}

static void self_check(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) wrong = check_scenario("wrong_secret");
    assert_int_equal(wrong->len, 1);
    assert_false(check_named(wrong, "token")->ok);
    g_autoptr(GPtrArray) refused = check_scenario("refused_groups");
    assert_true(check_named(refused, "users")->ok);
    assert_true(check_named(refused, "clock")->ok);
    const struct cor_check *groups = check_named(refused, "groups");
    assert_true(!groups->ok && groups->required);
    assert_non_null(strstr(groups->remedy, "Group.Read.All"));
    assert_false(check_named(refused, "on-premises synchronization")->required);
    g_autoptr(GPtrArray) nulls = check_scenario("organization_nulls");
    assert_false(check_named(nulls, "organization")->ok);
}

/* --- the liar --------------------------------------------------------------------------------- */

static int start(void **state)
{
    (void)state;
    lab.dir = g_dir_make_tmp("anchorwatch-XXXXXX", NULL);
    lab.ca = g_build_filename(lab.dir, "ca.pem", NULL);
    lab.secret = g_build_filename(lab.dir, "secret", NULL);
    g_file_set_contents(lab.secret, "hush-hush\n", -1, NULL);
    g_chmod(lab.secret, 0600);
    char *argv[] = {(char *)"/usr/bin/python3", (char *)AW_SOURCE_DIR "/tests/lab/fakegraph.py",
                    lab.dir, NULL};
    int out = -1;
    if (!g_spawn_async_with_pipes(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &lab.pid,
                                  NULL, &out, NULL, NULL))
        return -1;
    char line[64] = "";
    gsize len = 0;
    while (len < sizeof line - 1 && read(out, line + len, 1) == 1 && line[len] != '\n')
        len++;
    close(out);
    if (!g_str_has_prefix(line, "ready "))
        return -1;
    lab.url = g_strdup_printf("https://localhost:%d",
                              (int)g_ascii_strtoll(line + strlen("ready "), NULL, 10));
    return 0;
}

static int stop(void **state)
{
    static const char *const files[] = {"ca.pem", "key.pem", "secret"};
    (void)state;
    kill(lab.pid, SIGTERM);
    waitpid(lab.pid, NULL, 0);
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(lab.dir, files[i], NULL);
        g_unlink(path);
    }
    g_rmdir(lab.dir);
    g_free(lab.dir);
    g_free(lab.ca);
    g_free(lab.secret);
    g_free(lab.url);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(complete_in_spite),
        cmocka_unit_test(documents),
        cmocka_unit_test(relations),
        cmocka_unit_test(refused_relations),
        cmocka_unit_test(empty_page_in_between),
        cmocka_unit_test(same_object_twice),
        cmocka_unit_test(partial),
        cmocka_unit_test(slow_peers),
        cmocka_unit_test(remarks_only),
        cmocka_unit_test(group_gone_meanwhile),
        cmocka_unit_test(links_hidden),
        cmocka_unit_test(sync_role),
        cmocka_unit_test(failing),
        cmocka_unit_test(full_sink),
        cmocka_unit_test(secret_file_modes),
        cmocka_unit_test(only_https),
        cmocka_unit_test(stopped_on_request),
        cmocka_unit_test(self_check),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
