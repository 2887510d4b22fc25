/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store alone: N synthetic cloud users and their memberships through the sink, first all new,
 * then unchanged. Keys are random, as the service's are. Prints wall and CPU seconds and the peak
 * memory so far. No test: nothing is timed against a limit here.
 *
 *     bench_sink FILE COUNT      FILE must not exist
 */
#include "agent/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define GROUP_SIZE 10 /* users of a group; each user is in two */

static void die(const GError *error)
{
    fprintf(stderr, "bench_sink: %s\n", error ? error->message : "failed");
    exit(1);
}

/* The same for the same number, scattered over all values. */
static void make_key(guint64 number, char ret[37])
{
    guint64 x = (number + 1) * G_GUINT64_CONSTANT(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * G_GUINT64_CONSTANT(0xBF58476D1CE4E5B9);
    x ^= x >> 27;
    g_snprintf(ret, 37, "%08x-%04x-4%03x-8%03x-%012" G_GINT64_MODIFIER "x", (guint)(x >> 32),
               (guint)(x >> 16) & 0xffff, (guint)(x >> 4) & 0xfff, (guint)x & 0xfff, number);
}

static struct cor_record *make_user(guint number)
{
    static const char *const plain[] = {
        "city",     "companyName",    "country",           "department", "employeeType",
        "jobTitle", "officeLocation", "preferredLanguage", "state",      "usageLocation"};
    char key[37];
    make_key(number, key);
    struct cor_record *record = cor_record_new(COR_ENTRA, COR_TYPE_USER, key);
    g_autofree char *upn = g_strdup_printf("user%u@example.test", number);
    g_autofree char *proxy = g_strdup_printf("SMTP:%s", upn);
    g_autofree char *name = g_strdup_printf("User Number %u", number);
    struct cor_json *proxies = cor_json_new_array();
    cor_json_append(proxies, cor_json_new_string(proxy));
    record->name = g_strdup(upn);
    cor_json_add_string(record->attributes, "userPrincipalName", upn);
    cor_json_add_string(record->attributes, "mail", upn);
    cor_json_add_string(record->attributes, "displayName", name);
    cor_json_add_string(record->attributes, "onPremisesImmutableId", key);
    cor_json_add_string(record->attributes, "onPremisesSecurityIdentifier", key);
    cor_json_add(record->attributes, "proxyAddresses", proxies);
    for (guint i = 0; i < G_N_ELEMENTS(plain); i++)
        cor_json_add_string(record->attributes, plain[i], name);
    return record;
}

static void send_user(struct cor_sink *sink, guint number, guint count)
{
    GError *error = NULL;
    char user[37], group[37];
    COR_RECORD_AUTO *record = make_user(number);
    if (!sink->record(sink, record, &error))
        die(error);
    const struct cor_link link = {COR_ENTRA, "member", group, user};
    make_key(number, user);
    for (guint i = 0; i < 2; i++) {
        make_key((number + i * 7) % count / GROUP_SIZE + count, group);
        if (!sink->link(sink, &link, &error))
            die(error);
    }
}

/* Answers the seconds after the last object: what no work of a server hides. */
static double capture(struct store *store, guint count)
{
    GError *error = NULL;
    struct store_run *run = store_run_begin(store, g_get_real_time(), &error);
    if (!run)
        die(error);
    struct cor_sink *sink = store_run_sink(run, COR_ENTRA, "synthetic");
    for (guint i = 0; i < count; i++)
        send_user(sink, i, count);
    struct cor_proof *proof = cor_proof_new(COR_ENTRA);
    const struct cor_half_stats stats = {.objects = count};
    cor_proof_require(proof, "users");
    cor_proof_graph(proof, "users", 200, FALSE);
    if (!sink->finish(sink, proof, &stats, &error))
        die(error);
    gint64 told = g_get_monotonic_time();
    if (!store_run_commit(run, g_get_real_time(), NULL, &error))
        die(error);
    cor_proof_free(proof);
    return (double)(g_get_monotonic_time() - told) / 1e6;
}

static void measure(struct store *store, guint count, const char *what)
{
    struct rusage before, after;
    gint64 start = g_get_monotonic_time();
    getrusage(RUSAGE_SELF, &before);
    double sealing = capture(store, count);
    getrusage(RUSAGE_SELF, &after);
    double cpu = (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec -
                          before.ru_stime.tv_sec) +
                 (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec +
                          after.ru_stime.tv_usec - before.ru_stime.tv_usec) /
                     1e6;
    printf(
        "%s %u users: wall s %.2f, sealing %.2f  cpu s %.2f  cpu us a user %.1f  peak MiB %.1f\n",
        what, count, (double)(g_get_monotonic_time() - start) / 1e6, sealing, cpu,
        cpu * 1e6 / count, (double)after.ru_maxrss / 1024);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    GError *error = NULL;
    guint count = argc == 3 ? (guint)g_ascii_strtoull(argv[2], NULL, 10) : 0;
    if (count < GROUP_SIZE || g_file_test(argv[1], G_FILE_TEST_EXISTS)) {
        fputs("usage: bench_sink FILE COUNT (FILE must not exist, COUNT at least 10)\n", stderr);
        return 2;
    }
    STORE_AUTO *store = store_open(argv[1], STORE_WRITE, &error);
    if (!store)
        die(error);
    measure(store, count, "new");
    measure(store, count, "unchanged");
    return 0;
}
