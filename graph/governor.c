/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One window for each meter, in slots of a hundredth of its span. The size of the tenant is not
 * asked for: it shows when the service stays silent where the smaller quota would make it speak.
 */
#include "graph/governor.h"

#include "correlate/time.h"

#include <string.h>

enum { SPEAKS_PERCENT = 80, SILENCE_PERCENT = 85, TRICKLE_PERCENT = 2, BATCH_STEPS = 64 };

static const guint unit_quotas[] = {3500, 5000, 8000}; /* S, M, L */

static const struct {
    gint64 span_us;
    guint limit; /* 0: of the tenant's size */
} meters[ENTRA_METERS] = {
    [ENTRA_UNITS] = {10 * COR_SECOND_US, 0},
    [ENTRA_WRITES] = {150 * COR_SECOND_US, 3000},
    [ENTRA_ACCESS] = {COR_SECOND_US, 1},
    [ENTRA_REPORTS] = {10 * COR_SECOND_US, 5},
};

/* --- costs ------------------------------------------------------------------------------------ */

/* Reads that cost more than one unit. depth: segments of the whole path, 0: any. */
static const struct {
    const char *first; /* NULL: any */
    guint depth;
    const char *last;
    guint units;
} prices[] = {
    {NULL, 1, "users", 2},
    {NULL, 1, "applications", 2},
    {"groups", 3, "members", 3},
    {"groups", 3, "transitiveMembers", 5},
    {NULL, 1, "oauth2PermissionGrants", 2},
    {"servicePrincipals", 3, "appRoleAssignments", 2},
    {NULL, 1, "contracts", 3},
    {NULL, 1, "subscribedSkus", 3},
    {"domains", 3, "domainNameReferences", 4},
    {NULL, 0, "getByIds", 5},
    {NULL, 0, "isMemberOf", 4},
    {NULL, 0, "checkMemberGroups", 4},
    {NULL, 0, "checkMemberObjects", 4},
    {NULL, 0, "getMemberGroups", 2},
    {NULL, 0, "getMemberObjects", 2},
    {NULL, 0, "memberOf", 2},
    {NULL, 0, "transitiveMemberOf", 2},
    {NULL, 0, "ownedObjects", 2},
};

/* Paths with a limit of their own. */
static const struct {
    const char *prefix;
    enum entra_meter meter;
} special[] = {
    {"identity/conditionalAccess/", ENTRA_ACCESS},
    {"identityProtection/", ENTRA_ACCESS},
    {"auditLogs/", ENTRA_REPORTS},
    {"reports/", ENTRA_REPORTS},
};

/* Path and query behind the version. */
static const char *behind_version(const char *url)
{
    const char *host = strstr(url, "://");
    const char *at = host ? strchr(host + 3, '/') : url;
    if (!at)
        return "";
    at += strspn(at, "/");
    if (g_str_has_prefix(at, "v1.0/"))
        return at + strlen("v1.0/");
    return g_str_has_prefix(at, "beta/") ? at + strlen("beta/") : at;
}

static guint price_of(char **segments)
{
    guint depth = g_strv_length(segments);
    const char *last = depth ? segments[depth - 1] : "";
    for (guint i = 0; i < G_N_ELEMENTS(prices); i++)
        if ((!prices[i].depth || prices[i].depth == depth) &&
            g_ascii_strcasecmp(prices[i].last, last) == 0 &&
            (!prices[i].first || g_ascii_strcasecmp(prices[i].first, segments[0]) == 0))
            return prices[i].units;
    return 1;
}

static guint with_options(guint units, const char *query)
{
    const char *top = strstr(query, "$top=");
    gboolean few = top && g_ascii_isdigit(top[5]) && g_ascii_strtoull(top + 5, NULL, 10) < 20;
    int sum = (int)units - (strstr(query, "$select=") != NULL) +
              (strstr(query, "$expand=") != NULL) - few;
    return (guint)MAX(sum, 1);
}

static void add_step(struct entra_cost *cost, const char *url)
{
    const char *path = behind_version(url);
    for (guint i = 0; i < G_N_ELEMENTS(special); i++) {
        if (g_ascii_strncasecmp(path, special[i].prefix, strlen(special[i].prefix)) == 0) {
            cost->of[special[i].meter]++;
            return;
        }
    }
    const char *query = path + strcspn(path, "?");
    g_autofree char *plain = g_strndup(path, (gsize)(query - path));
    g_auto(GStrv) segments = g_strsplit(plain, "/", 8);
    cost->of[ENTRA_UNITS] += with_options(price_of(segments), query);
}

/* The steps of a batch that we wrote ourselves: all are reads. */
static struct entra_cost cost_of_batch(const char *json)
{
    static const char name[] = "\"url\":\"";
    struct entra_cost cost = {0};
    const char *at = json;
    for (guint i = 0; i < BATCH_STEPS && (at = strstr(at, name)); i++) {
        at += strlen(name);
        gsize len = strcspn(at, "\"");
        g_autofree char *url = g_strndup(at, len);
        add_step(&cost, url);
        at += len;
    }
    return cost;
}

struct entra_cost entra_cost_of(const char *url, const char *json_or_null)
{
    struct entra_cost cost = {0};
    if (json_or_null && g_str_has_suffix(url, "/$batch"))
        return cost_of_batch(json_or_null);
    add_step(&cost, url);
    return cost;
}

/* --- windows ---------------------------------------------------------------------------------- */

static gint64 slot_us(enum entra_meter meter)
{
    return meters[meter].span_us / 100;
}

/* When the whole of a slot has left the window. */
static gint64 leaves_us(const struct entra_window *window, enum entra_meter meter, guint index)
{
    return window->slots[(window->first + index) % ENTRA_SLOTS].at_us + slot_us(meter) +
           meters[meter].span_us;
}

static void forget(struct entra_window *window, enum entra_meter meter, gint64 now_us)
{
    while (window->used > 0 && leaves_us(window, meter, 0) <= now_us) {
        window->total -= window->slots[window->first].spent;
        window->first = (window->first + 1) % ENTRA_SLOTS;
        window->used--;
    }
}

/* Slots are a hundredth of the span, and one more than the span is kept: 128 always do. */
static void add(struct entra_window *window, enum entra_meter meter, guint amount, gint64 now_us)
{
    forget(window, meter, now_us);
    guint last = (window->first + window->used + ENTRA_SLOTS - 1) % ENTRA_SLOTS;
    if (window->used == 0 || now_us - window->slots[last].at_us >= slot_us(meter)) {
        last = (last + 1) % ENTRA_SLOTS;
        window->slots[last].at_us = now_us;
        window->slots[last].spent = 0;
        window->used++;
    }
    window->slots[last].spent += amount;
    window->total += amount;
}

/* Until amount fits below limit; what alone is larger waits until nothing else is there. */
static gint64 wait_us(struct entra_window *window, enum entra_meter meter, guint amount,
                      guint limit, gint64 now_us)
{
    forget(window, meter, now_us);
    guint left = window->total;
    for (guint i = 0; i < window->used; i++) {
        if (left + amount <= limit)
            return i ? leaves_us(window, meter, i - 1) - now_us : 0;
        left -= window->slots[(window->first + i) % ENTRA_SLOTS].spent;
    }
    return window->used ? leaves_us(window, meter, window->used - 1) - now_us : 0;
}

/* --- the governor ----------------------------------------------------------------------------- */

void entra_governor_init(struct entra_governor *governor, guint share)
{
    *governor = (struct entra_governor){.share = share};
}

static guint quota_of(const struct entra_governor *governor, enum entra_meter meter)
{
    return meters[meter].limit ? meters[meter].limit : unit_quotas[governor->size];
}

static guint percent(guint of, guint share)
{
    return (of * share + 99) / 100;
}

/* What is ours now. Others keep what they were told to have spent, but never all of it. */
static guint limit_of(const struct entra_governor *governor, enum entra_meter meter, gint64 now_us)
{
    guint quota = quota_of(governor, meter);
    guint limit = percent(quota, governor->share);
    if (meter != ENTRA_UNITS || now_us - governor->others_at_us > meters[meter].span_us)
        return limit;
    guint trickle = percent(quota, TRICKLE_PERCENT);
    return MAX(trickle, limit - MIN(limit, governor->others));
}

gint64 entra_governor_wait(struct entra_governor *governor, const struct entra_cost *cost,
                           gint64 now_us)
{
    gint64 longest = 0;
    if (governor->share == 0)
        return 0;
    for (guint i = 0; i < ENTRA_METERS; i++) {
        if (cost->of[i] == 0)
            continue;
        guint limit = limit_of(governor, (enum entra_meter)i, now_us);
        gint64 wait =
            wait_us(&governor->windows[i], (enum entra_meter)i, cost->of[i], limit, now_us);
        longest = MAX(longest, wait);
    }
    return longest;
}

void entra_governor_spend(struct entra_governor *governor, const struct entra_cost *cost,
                          guint units, gint64 now_us)
{
    for (guint i = 0; i < ENTRA_METERS; i++) {
        guint amount = i == ENTRA_UNITS && units && cost->of[i] ? units : cost->of[i];
        if (amount)
            add(&governor->windows[i], (enum entra_meter)i, amount, now_us);
    }
}

void entra_governor_told(struct entra_governor *governor, double percentage, gint64 now_us)
{
    struct entra_window *window = &governor->windows[ENTRA_UNITS];
    forget(window, ENTRA_UNITS, now_us);
    guint quota = quota_of(governor, ENTRA_UNITS);
    guint all = percentage > 0 ? (guint)(MIN(percentage, 2.0) * quota) : 0;
    if (all) {
        governor->others = all - MIN(all, window->total);
        governor->others_at_us = now_us;
        return;
    }
    guint silent = percent(quota, SPEAKS_PERCENT);
    governor->others = MIN(governor->others, silent - MIN(silent, window->total));
    if (!governor->size_known && governor->size + 1 < G_N_ELEMENTS(unit_quotas) &&
        window->total > percent(quota, SILENCE_PERCENT))
        governor->size++;
}

void entra_governor_refused(struct entra_governor *governor, gint64 now_us)
{
    struct entra_window *window = &governor->windows[ENTRA_UNITS];
    forget(window, ENTRA_UNITS, now_us);
    /* a refusal while we spent little tells of others, not of the tenant's size */
    if (window->total > quota_of(governor, ENTRA_UNITS) / 2) {
        governor->size -= governor->size > 0 && !governor->size_known;
        governor->size_known = TRUE;
    }
    governor->others = quota_of(governor, ENTRA_UNITS);
    governor->others_at_us = now_us;
}
