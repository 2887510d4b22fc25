/* SPDX-License-Identifier: Apache-2.0 */
/* drift: where the two halves of an object disagree with the rules. */
#include "agent/cli/common.h"
#include "agent/cli/output.h"
#include "agent/cli/text.h"
#include "correlate/time.h"

#include <stdio.h>
#include <string.h>

static char *option_at;

const GOptionEntry cmd_drift_options[] = {
    {"at", 0, 0, G_OPTION_ARG_STRING, &option_at, "backup point, or live (default: latest)", "N"},
    G_OPTION_ENTRY_NULL,
};

struct listing {
    struct cli *cli;
    struct output output;
    GHashTable *counts; /* kind -> number */
    char *last_key;
    guint64 found;
};

static void print_value_line(const struct cli *cli, const struct cor_drift *drift)
{
    g_autofree char *onprem = common_value(drift->onprem);
    g_autofree char *cloud = common_value(drift->cloud);
    g_autofree char *expected = common_value(drift->expected);
    printf("  %s: cloud has %s, AD has %s", drift->attribute, cloud, onprem);
    if (drift->expected && !cor_json_equal(drift->expected, drift->onprem))
        printf(", the rules give %s", expected);
    putchar('\n');
    (void)cli;
}

static void print_drift(struct listing *listing, const struct cor_drift *drift)
{
    const struct cli *cli = listing->cli;
    if (g_strcmp0(listing->last_key, drift->object.key) != 0) {
        g_autofree char *object = common_object(&drift->object);
        g_free(listing->last_key);
        listing->last_key = g_strdup(drift->object.key);
        text_print(cli, TEXT_BOLD, "\n%s\n", object);
    }
    if (drift->attribute)
        print_value_line(cli, drift);
    g_autofree char *since = text_time(drift->since_us);
    gboolean mild = strcmp(drift->kind, "pending") == 0 || strcmp(drift->kind, "out-of-scope") == 0;
    text_print(cli, TEXT_PLAIN, "      ");
    text_print(cli, mild ? TEXT_NOTE : TEXT_WARN, "%s", drift->kind);
    if (drift->since_us)
        printf(" since %s", since);
    putchar('\n');
    if (drift->text) {
        g_autofree char *line = text_clean(drift->text, 600);
        text_wrap(cli, TEXT_DIM, 8, line);
    }
}

static gboolean on_drift(const struct cor_drift *drift, void *data, GError **error)
{
    (void)error;
    struct listing *listing = data;
    listing->found++;
    gsize count = GPOINTER_TO_SIZE(g_hash_table_lookup(listing->counts, drift->kind));
    g_hash_table_insert(listing->counts, g_strdup(drift->kind), GSIZE_TO_POINTER(count + 1));
    if (listing->cli->json)
        output_item(&listing->output, output_drift(drift));
    else
        print_drift(listing, drift);
    return TRUE;
}

static void print_summary(const struct listing *listing)
{
    const struct cli *cli = listing->cli;
    if (listing->found == 0) {
        text_print(cli, TEXT_GOOD, "No drift: both directories agree with the rules.\n");
        return;
    }
    g_autoptr(GList) kinds = g_hash_table_get_keys(listing->counts);
    kinds = g_list_sort(kinds, (GCompareFunc)strcmp);
    text_print(cli, TEXT_BOLD, "\n%" G_GUINT64_FORMAT " finding%s:", listing->found,
               listing->found == 1 ? "" : "s");
    for (GList *k = kinds; k; k = k->next)
        text_print(cli, TEXT_BOLD, " %" G_GSIZE_FORMAT " %s%s",
                   GPOINTER_TO_SIZE(g_hash_table_lookup(listing->counts, k->data)), (char *)k->data,
                   k->next ? "," : "\n");
}

static struct cor_json *header(const struct point *point, gint64 now_us)
{
    struct cor_json *json = cor_json_new_object();
    enum cor_health health = cor_tenant_health(&point->tenant, point_tenant_now(point, now_us));
    cor_json_add_int(json, "snapshot", point->info->number);
    cor_json_add_string(json, "rules", point->flow.rules_name);
    cor_json_add_string(json, "engine", cor_engine_name(point->tenant.engine));
    cor_json_add_string(json, "sync", common_health_words(health));
    cor_json_add(json, "lastSync", output_time(point->tenant.last_sync_us));
    return json;
}

static void print_title(const struct listing *listing, const struct point *point, gint64 now_us)
{
    enum cor_health health = cor_tenant_health(&point->tenant, point_tenant_now(point, now_us));
    g_autofree char *when = text_time(point->info->finished_us);
    g_autofree char *last = text_time(point->tenant.last_sync_us);
    text_print(listing->cli, TEXT_BOLD, "Drift at backup point %" G_GINT64_FORMAT " (%s)\n",
               point->info->number, when);
    text_print(listing->cli, TEXT_DIM, "%s, sync by %s is %s, last sync %s\n",
               point->flow.rules_name, cor_engine_name(point->tenant.engine),
               common_health_words(health), last);
}

static int list(void *data, struct store *store, const char *name, GError **error)
{
    struct listing *listing = data;
    struct cli *cli = listing->cli;
    POINT_AUTO *point = common_point(cli, store, name, error);
    if (!point)
        return -1;
    /* a stored point is judged as of its own time: what is stalled now was not stalled then */
    gint64 then = point->info->finished_us;
    if (cli->json)
        output_begin(&listing->output, cli, "drift", header(point, then));
    else
        print_title(listing, point, then);
    if (!cor_drift_walk(point->view, &point->flow, &point->tenant, point->ad_complete,
                        point->entra_complete, point_tenant_now(point, then), on_drift, listing,
                        error))
        return -1;
    if (cli->json)
        output_end(&listing->output);
    else
        print_summary(listing);
    return listing->found ? CLI_FINDINGS : CLI_DONE;
}

int cmd_drift(struct cli *cli, char **args, GError **error)
{
    (void)args;
    struct listing listing = {.cli = cli};
    gboolean live = g_strcmp0(option_at, "live") == 0;
    STORE_AUTO *store = common_store(cli, live ? STORE_WRITE : STORE_READ, error);
    if (!store)
        return -1;
    listing.counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    int status = live ? common_live(cli, store, list, &listing, error)
                      : list(&listing, store, option_at, error);
    g_hash_table_unref(listing.counts);
    g_free(listing.last_key);
    return status;
}
