/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a synthetic store for tests/bench/anchors.py: N users on each side, tied by
 * mS-DS-ConsistencyGuid, in two backup points. In the second one every CHANGED-th account has
 * another mS-DS-ConsistencyGuid and every hundredth account is new.
 *
 *   anchor_store PATH N CHANGED
 */
#include "agent/store/store.h"
#include "correlate/identity.h"
#include "correlate/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SALES    1000 /* the first accounts are in a unit of their own, for tests/bench/whatif.py */
#define START_US G_GINT64_CONSTANT(1767225600000000) /* 2026-01-01T00:00:00Z */

static void must(gboolean ok, const GError *error)
{
    if (ok)
        return;
    fprintf(stderr, "anchor_store: %s\n", error ? error->message : "failed");
    exit(1);
}

/* Attributes as an ordinary account has them, so that documents have an ordinary size. */
static void common(struct cor_record *record, int n, const char *names[])
{
    for (int i = 0; names[i]; i++) {
        g_autofree char *value = g_strdup_printf("%s of number %d", names[i], n);
        cor_json_add_string(record->attributes, names[i], value);
    }
    g_autofree char *upn = g_strdup_printf("user%d@example.test", n);
    g_autofree char *smtp = g_strdup_printf("SMTP:user%d@example.test", n);
    struct cor_json *proxies = cor_json_new_array();
    cor_json_append(proxies, cor_json_new_string(smtp));
    cor_json_add(record->attributes, "proxyAddresses", proxies);
    cor_json_add_string(record->attributes, "userPrincipalName", upn);
    record->name = g_strdup(upn);
}

static struct cor_record *account(int n, gboolean changed)
{
    static const char *names[] = {"displayName",
                                  "givenName",
                                  "sn",
                                  "title",
                                  "department",
                                  "company",
                                  "mail",
                                  "physicalDeliveryOfficeName",
                                  "l",
                                  "st",
                                  "telephoneNumber",
                                  NULL};
    g_autofree char *key = g_strdup_printf("%08x-0000-4000-8000-%012x", n * 2654435761u, n);
    g_autofree char *other = g_strdup_printf("%08x-1111-4000-8000-%012x", n * 2654435761u, n);
    g_autofree char *sid = g_strdup_printf("S-1-5-21-1-2-3-%d", n + 1000);
    g_autofree char *sam = g_strdup_printf("user%d", n);
    g_autofree char *dn =
        g_strdup_printf("CN=user%d,OU=%s,DC=example,DC=test", n, n < SALES ? "Sales" : "Staff");
    g_autofree char *filled = cor_anchor_from_guid(changed ? other : key);
    struct cor_record *record = cor_record_new(COR_AD, COR_TYPE_USER, key);
    common(record, n, names);
    cor_json_add_string(record->attributes, "objectGUID", key);
    cor_json_add_string(record->attributes, "objectSid", sid);
    cor_json_add_string(record->attributes, "sAMAccountName", sam);
    cor_json_add_string(record->attributes, "distinguishedName", dn);
    cor_json_add_string(record->attributes, "mS-DS-ConsistencyGuid", filled);
    cor_json_add_int(record->attributes, "userAccountControl", 512);
    return record;
}

static struct cor_record *half(int n)
{
    static const char *names[] = {"displayName", "givenName",   "surname", "jobTitle",
                                  "department",  "companyName", "mail",    "officeLocation",
                                  "city",        "state",       NULL};
    g_autofree char *guid = g_strdup_printf("%08x-0000-4000-8000-%012x", n * 2654435761u, n);
    g_autofree char *key = g_strdup_printf("%08x-2222-4000-8000-%012x", n * 40503u, n);
    g_autofree char *sid = g_strdup_printf("S-1-5-21-1-2-3-%d", n + 1000);
    g_autofree char *anchor = cor_anchor_from_guid(guid);
    struct cor_record *record = cor_record_new(COR_ENTRA, COR_TYPE_USER, key);
    common(record, n, names);
    cor_json_add_string(record->attributes, "onPremisesImmutableId", anchor);
    cor_json_add_string(record->attributes, "onPremisesSecurityIdentifier", sid);
    cor_json_add_bool(record->attributes, "onPremisesSyncEnabled", TRUE);
    return record;
}

static void put(struct cor_sink *sink, struct cor_record *record_taken)
{
    COR_RECORD_AUTO *record = record_taken;
    g_autoptr(GError) error = NULL;
    must(sink->record(sink, record, &error), error);
}

static void finish(struct cor_sink *sink, enum cor_directory directory)
{
    g_autoptr(GError) error = NULL;
    struct cor_half_stats stats = {0};
    struct cor_proof *proof = cor_proof_new(directory);
    cor_proof_require(proof, "users");
    if (directory == COR_AD)
        cor_proof_ldap(proof, "users", 0, 0, 0, 0);
    else
        cor_proof_graph(proof, "users", 200, FALSE);
    must(sink->finish(sink, proof, &stats, &error), error);
    cor_proof_free(proof);
}

static void capture(struct store *store, int objects, int changed, gint64 now_us)
{
    g_autoptr(GError) error = NULL;
    gint64 point = 0;
    struct store_run *run = store_run_begin(store, now_us, &error);
    must(run != NULL, error);
    struct cor_sink *ad = store_run_sink(run, COR_AD, "example.test");
    for (int n = 0; n < objects; n++)
        put(ad, account(n, changed && n % changed == 1));
    finish(ad, COR_AD);
    struct cor_sink *entra = store_run_sink(run, COR_ENTRA, "tenant");
    for (int n = 0; n < objects; n++)
        if (n % 100 != 0)
            put(entra, half(n));
    finish(entra, COR_ENTRA);
    must(store_run_commit(run, now_us + COR_MINUTE_US, &point, &error), error);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (argc != 4) {
        fprintf(stderr, "usage: anchor_store PATH N CHANGED\n");
        return 2;
    }
    int objects = (int)g_ascii_strtoll(argv[2], NULL, 10);
    int changed = (int)g_ascii_strtoll(argv[3], NULL, 10);
    struct store *store = store_open(argv[1], STORE_WRITE, &error);
    must(store != NULL, error);
    capture(store, objects, 0, START_US);
    capture(store, objects, changed, START_US + COR_HOUR_US);
    store_close(store);
    return 0;
}
