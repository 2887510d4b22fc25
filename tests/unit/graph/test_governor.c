/* SPDX-License-Identifier: Apache-2.0 */
/* The governor against a service that counts in a sliding window of its own. */
#include "graph/governor.h"

#include "correlate/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define BASE "https://graph.example.test"

/* --- costs (Graph page "throttling-limits") --------------------------------------------------- */

static void costs(void **state)
{
    static const struct {
        const char *url;
        guint units, access, reports;
    } rows[] = {
        {BASE "/v1.0/users", 2, 0, 0},
        {BASE "/v1.0/users?$select=id&$top=999", 1, 0, 0},
        {BASE "/v1.0/users?$expand=manager&$top=999", 3, 0, 0},
        {BASE "/v1.0/users?$top=5", 1, 0, 0},
        {BASE "/v1.0/users/1", 1, 0, 0},
        {BASE "/v1.0/users/delta?$select=id", 1, 0, 0},
        {BASE "/beta/applications", 2, 0, 0},
        {BASE "/v1.0/groups/1/members?$top=999", 3, 0, 0},
        {BASE "/v1.0/groups/1/members?$select=id", 2, 0, 0},
        {"/groups/1/transitiveMembers", 5, 0, 0},
        {"/groups/1/owners", 1, 0, 0},
        {"/directoryRoles/1/members", 1, 0, 0},
        {"/servicePrincipals/1/appRoleAssignments", 2, 0, 0},
        {"/oauth2PermissionGrants", 2, 0, 0},
        {"/subscribedSkus", 3, 0, 0},
        {"/contracts", 3, 0, 0},
        {"/domains/example.test/domainNameReferences", 4, 0, 0},
        {"/users/1/memberOf", 2, 0, 0},
        {"/organization", 1, 0, 0},
        {BASE "/v1.0/identity/conditionalAccess/policies", 0, 1, 0},
        {BASE "/v1.0/identity/conditionalAccess/namedLocations?$top=5", 0, 1, 0},
        {BASE "/v1.0/auditLogs/directoryAudits?$top=999", 0, 0, 1},
    };
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct entra_cost cost = entra_cost_of(rows[i].url, NULL);
        assert_int_equal(cost.of[ENTRA_UNITS], rows[i].units);
        assert_int_equal(cost.of[ENTRA_ACCESS], rows[i].access);
        assert_int_equal(cost.of[ENTRA_REPORTS], rows[i].reports);
        assert_int_equal(cost.of[ENTRA_WRITES], 0);
    }
    struct entra_cost batch = entra_cost_of(
        BASE "/v1.0/$batch",
        "{\"requests\":[{\"id\":\"0\",\"method\":\"GET\",\"url\":\"/groups/1/members\"},"
        "{\"id\":\"1\",\"method\":\"GET\",\"url\":\"/users/1?$select=id\"}]}");
    assert_int_equal(batch.of[ENTRA_UNITS], 4);
}

/* --- a service -------------------------------------------------------------------------------- */

enum { MAX_SEEN = 200000 };

struct service {
    guint quota;
    gint64 span_us;
    struct {
        gint64 at_us;
        guint units;
    } * seen;
    guint first, last, total, refused;
    guint others_per_second;
    gint64 others_until_us;
};

static void charge(struct service *service, guint units, gint64 now_us)
{
    assert_true(service->last < MAX_SEEN);
    while (service->first < service->last &&
           service->seen[service->first].at_us <= now_us - service->span_us)
        service->total -= service->seen[service->first++].units;
    service->seen[service->last].at_us = now_us;
    service->seen[service->last++].units = units;
    service->total += units;
    service->refused += service->total > service->quota;
}

/* What another client with the same app spends, ten times a second. */
static void others(struct service *service, gint64 now_us)
{
    for (; service->others_per_second && service->others_until_us <= now_us;
         service->others_until_us += COR_SECOND_US / 10)
        charge(service, service->others_per_second / 10, service->others_until_us);
}

static double share_told(const struct service *service)
{
    double share = (double)service->total / service->quota;
    return share > 0.8 ? (double)(gint64)(share * 10 + 0.5) / 10 : 0;
}

/* Ask as fast as the governor allows; each exchange takes 4 ms, and is counted in its middle. */
static guint drive(struct service *service, struct entra_governor *governor,
                   const struct entra_cost *cost, gint64 seconds)
{
    service->seen = g_malloc(MAX_SEEN * sizeof *service->seen);
    guint requests = 0, units = cost->of[ENTRA_UNITS] ? cost->of[ENTRA_UNITS] : 1;
    gint64 now_us = 1000 * COR_SECOND_US, end_us = now_us + seconds * COR_SECOND_US;
    service->others_until_us = now_us - 10 * COR_SECOND_US;
    while (now_us < end_us) {
        gint64 wait = entra_governor_wait(governor, cost, now_us);
        if (wait > 0) {
            now_us += wait;
            continue;
        }
        others(service, now_us + 2000);
        charge(service, units, now_us + 2000);
        now_us += 4000;
        entra_governor_spend(governor, cost, 0, now_us);
        entra_governor_told(governor, share_told(service), now_us);
        requests++;
    }
    g_free(service->seen);
    return requests;
}

static void alone(void **state)
{
    static const guint quotas[] = {3500, 5000, 8000};
    struct entra_cost batch = {{60}};
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(quotas); i++) {
        struct entra_governor governor;
        struct service service = {.quota = quotas[i], .span_us = 10 * COR_SECOND_US};
        entra_governor_init(&governor, 90);
        guint requests = drive(&service, &governor, &batch, 120);
        assert_int_equal(service.refused, 0);
        assert_true(requests * 60 > quotas[i] * 12 * 80 / 100); /* and does not dawdle */
        assert_int_equal(governor.size, i);
    }
}

static void lower_share(void **state)
{
    struct entra_governor governor;
    struct service service = {.quota = 8000, .span_us = 10 * COR_SECOND_US};
    struct entra_cost page = {{3}};
    (void)state;
    entra_governor_init(&governor, 10);
    guint requests = drive(&service, &governor, &page, 100);
    assert_int_equal(service.refused, 0);
    assert_in_range(requests * 3, 3000, 350 * 11);
}

static void beside_another(void **state)
{
    static const guint quotas[] = {3500, 5000, 8000};
    struct entra_cost page = {{3}};
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(quotas); i++) {
        struct entra_governor governor;
        struct service service = {.quota = quotas[i],
                                  .span_us = 10 * COR_SECOND_US,
                                  .others_per_second = quotas[i] * 8 / 100};
        entra_governor_init(&governor, 90);
        guint requests = drive(&service, &governor, &page, 120);
        assert_int_equal(service.refused, 0);
        assert_true(requests * 3 > quotas[i] * 12 * 2 / 100);
    }
}

static void special_limits(void **state)
{
    struct entra_cost access = {{[ENTRA_ACCESS] = 1}}, report = {{[ENTRA_REPORTS] = 1}};
    (void)state;
    struct entra_governor governor;
    struct service one = {.quota = 1, .span_us = COR_SECOND_US};
    entra_governor_init(&governor, 90);
    assert_in_range(drive(&one, &governor, &access, 60), 50, 60);
    assert_int_equal(one.refused, 0);
    struct service five = {.quota = 5, .span_us = 10 * COR_SECOND_US};
    entra_governor_init(&governor, 90);
    assert_in_range(drive(&five, &governor, &report, 120), 50, 60);
    assert_int_equal(five.refused, 0);
}

static void no_share(void **state)
{
    struct entra_governor governor;
    struct entra_cost access = {{[ENTRA_ACCESS] = 1}};
    (void)state;
    entra_governor_init(&governor, 0);
    for (guint i = 0; i < 100; i++) {
        assert_int_equal(entra_governor_wait(&governor, &access, 1000), 0);
        entra_governor_spend(&governor, &access, 0, 1000);
    }
}

/* One request that costs more than the whole share must go through once. */
static void larger_than_all(void **state)
{
    struct entra_governor governor;
    struct entra_cost huge = {{9000}};
    (void)state;
    entra_governor_init(&governor, 5);
    assert_int_equal(entra_governor_wait(&governor, &huge, 1000), 0);
    entra_governor_spend(&governor, &huge, 0, 1000);
    gint64 wait = entra_governor_wait(&governor, &huge, 2000);
    assert_in_range(wait, 10 * COR_SECOND_US, 11 * COR_SECOND_US);
    assert_int_equal(entra_governor_wait(&governor, &huge, 2000 + wait), 0);
}

static void after_a_refusal(void **state)
{
    struct entra_governor governor;
    struct entra_cost page = {{3}};
    gint64 now_us = 5 * COR_SECOND_US;
    (void)state;
    entra_governor_init(&governor, 90);
    for (guint i = 0; i < 100; i++)
        entra_governor_spend(&governor, &page, 0, now_us);
    entra_governor_refused(&governor, now_us);
    assert_true(entra_governor_wait(&governor, &page, now_us) > 0);
    assert_int_equal(entra_governor_wait(&governor, &page, now_us + 11 * COR_SECOND_US), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(costs),           cmocka_unit_test(alone),
        cmocka_unit_test(lower_share),     cmocka_unit_test(beside_another),
        cmocka_unit_test(special_limits),  cmocka_unit_test(no_share),
        cmocka_unit_test(larger_than_all), cmocka_unit_test(after_a_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
