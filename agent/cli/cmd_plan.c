/* SPDX-License-Identifier: Apache-2.0 */
/* plan: what a restore in the cloud to a backup point would meet, write by write. Never writes. */
#include "agent/cli/common.h"
#include "agent/cli/output.h"
#include "agent/cli/text.h"
#include "agent/planner.h"

#include <stdio.h>
#include <string.h>

static char *option_to, *option_at, *option_filter, *option_attributes;

const GOptionEntry cmd_plan_options[] = {
    {"to", 0, 0, G_OPTION_ARG_STRING, &option_to, "backup point to go back to", "N"},
    {"at", 0, 0, G_OPTION_ARG_STRING, &option_at,
     "compare with this backup point instead of the live tenant", "N"},
    {"filter", 0, 0, G_OPTION_ARG_STRING, &option_filter, "only objects of a type: type=TYPE",
     "FILTER"},
    {"attributes", 0, 0, G_OPTION_ARG_STRING, &option_attributes,
     "only these attributes, comma separated", "LIST"},
    G_OPTION_ENTRY_NULL,
};

struct planned {
    struct cli *cli;
    char **objects;
    struct output output;
    char *last_key;
    guint64 items, doomed;
    guint64 by_verdict[COR_VERDICT_UNRECOVERABLE + 1];
};

static enum text_style style_of(enum cor_verdict verdict)
{
    if (verdict == COR_VERDICT_UNKNOWN)
        return TEXT_WARN;
    return cor_verdict_doomed(verdict) ? TEXT_BAD : TEXT_GOOD;
}

static void print_write(const struct plan_item *item)
{
    g_autofree char *live = common_value(item->live);
    g_autofree char *target = common_value(item->target);
    const char *attribute = item->attribute ? item->attribute : "object";
    switch (item->action) {
    case COR_ACTION_UPDATE:
        printf("  set %s: %s -> %s\n", attribute, live, target);
        return;
    case COR_ACTION_LINK:
        printf("  add %s %s\n", attribute, target);
        return;
    case COR_ACTION_UNLINK:
        printf("  remove %s %s\n", attribute, live);
        return;
    case COR_ACTION_RESTORE:
        puts("  restore from the deleted items");
        return;
    case COR_ACTION_SOFT_DELETE:
        puts("  delete (it did not exist at the backup point)");
        return;
    case COR_ACTION_CREATE:
        puts("  create anew (it is gone for good)");
        return;
    }
}

static void print_steps(const struct cli *cli, const struct cor_forecast *forecast)
{
    for (guint i = 0; forecast->instead && i < forecast->instead->len; i++) {
        const struct cor_step *step = forecast->instead->pdata[i];
        g_autofree char *line =
            g_strdup_printf("%s %u. %s", i ? "       " : "instead", i + 1, step->text);
        text_wrap(cli, TEXT_NOTE, 8, line);
        if (!step->command)
            continue;
        /* a command must stay as it is, to be copied */
        g_auto(GStrv) lines = g_strsplit(step->command, "\n", 0);
        for (guint l = 0; lines[l]; l++) {
            g_autofree char *clean = text_clean(lines[l], 0);
            text_print(cli, TEXT_DIM, "             %s\n", clean);
        }
    }
}

static void print_item(struct planned *planned, const struct plan_item *item)
{
    const struct cli *cli = planned->cli;
    const struct cor_forecast *forecast = &item->forecast;
    if (g_strcmp0(planned->last_key, item->object.key) != 0) {
        g_autofree char *object = common_object(&item->object);
        g_free(planned->last_key);
        planned->last_key = g_strdup(item->object.key);
        text_print(cli, TEXT_BOLD, "\n%s\n", object);
    }
    print_write(item);
    text_print(cli, TEXT_PLAIN, "      ");
    text_print(cli, style_of(forecast->verdict), "%s", cor_verdict_name(forecast->verdict));
    if (forecast->at_us) {
        g_autofree char *at = text_time(forecast->at_us);
        printf(" at about %s", at);
    }
    if (forecast->holds_until)
        printf(" (holds until %s)", forecast->holds_until);
    text_print(cli, TEXT_DIM, "  [row %s, %s]\n", forecast->row ? forecast->row->id : "-",
               cor_confidence_name(forecast->confidence));
    if (forecast->why) {
        g_autofree char *why = text_clean(forecast->why, 800);
        text_wrap(cli, TEXT_PLAIN, 8, why);
    }
    print_steps(cli, forecast);
}

static gboolean on_item(const struct plan_item *item, void *data, GError **error)
{
    (void)error;
    struct planned *planned = data;
    planned->items++;
    planned->doomed += cor_verdict_doomed(item->forecast.verdict);
    planned->by_verdict[item->forecast.verdict]++;
    if (planned->cli->json)
        output_item(&planned->output, output_plan(item));
    else
        print_item(planned, item);
    return TRUE;
}

static void print_summary(const struct planned *planned)
{
    const struct cli *cli = planned->cli;
    if (planned->items == 0) {
        text_print(cli, TEXT_GOOD, "Nothing to restore: the tenant is as it was.\n");
        return;
    }
    text_print(cli, TEXT_BOLD, "\n%" G_GUINT64_FORMAT " write%s:", planned->items,
               planned->items == 1 ? "" : "s");
    const char *comma = "";
    for (int v = 0; v <= COR_VERDICT_UNRECOVERABLE; v++)
        if (planned->by_verdict[v]) {
            text_print(cli, TEXT_BOLD, "%s %" G_GUINT64_FORMAT " %s", comma, planned->by_verdict[v],
                       cor_verdict_name(v));
            comma = ",";
        }
    puts(". Nothing was written.");
}

static struct cor_json *header(const struct point *backup, const struct point *live)
{
    struct cor_json *json = cor_json_new_object();
    cor_json_add_int(json, "to", backup->info->number);
    if (option_at)
        cor_json_add_int(json, "at", live->info->number);
    else
        cor_json_add_string(json, "at", "live");
    cor_json_add_string(json, "rules", live->flow.rules_name);
    cor_json_add_string(json, "engine", cor_engine_name(live->tenant.engine));
    cor_json_add(json, "lastSync", output_time(live->tenant.last_sync_us));
    return json;
}

static void print_title(const struct cli *cli, const struct point *backup, const struct point *live)
{
    g_autofree char *then = text_time(backup->info->finished_us);
    g_autofree char *last = text_time(live->tenant.last_sync_us);
    text_print(cli, TEXT_BOLD,
               "Plan: bring the tenant back to backup point %" G_GINT64_FORMAT " (%s)\n",
               backup->info->number, then);
    text_print(cli, TEXT_DIM, "%s, sync by %s, last sync %s\n", live->flow.rules_name,
               cor_engine_name(live->tenant.engine), last);
}

static gboolean read_filter(char **ret_type, GError **error)
{
    if (!option_filter)
        return TRUE;
    if (!g_str_has_prefix(option_filter, "type=")) {
        g_set_error(error, AGENT_ERROR, COR_E_CONFIG, "--filter must be type=TYPE, not \"%s\"",
                    option_filter);
        return FALSE;
    }
    *ret_type = option_filter + strlen("type=");
    return TRUE;
}

static int run(void *data, struct store *store, const char *live_name, GError **error)
{
    struct planned *planned = data;
    struct cli *cli = planned->cli;
    char *type = NULL;
    if (!read_filter(&type, error))
        return -1;
    POINT_AUTO *backup = common_point(cli, store, option_to, error);
    POINT_AUTO *live = backup ? common_point(cli, store, live_name, error) : NULL;
    if (!live)
        return -1;
    g_auto(GStrv) attributes = option_attributes ? g_strsplit(option_attributes, ",", 0) : NULL;
    struct plan_request request = {
        .objects = (const char *const *)planned->objects,
        .attributes = (const char *const *)attributes,
        .type = type,
        .now_us = option_at ? live->info->finished_us : g_get_real_time(),
    };
    if (cli->json)
        output_begin(&planned->output, cli, "plan", header(backup, live));
    else
        print_title(cli, backup, live);
    if (!plan_make(backup, live, &request, on_item, planned, error))
        return -1;
    if (cli->json)
        output_end(&planned->output);
    else
        print_summary(planned);
    return planned->doomed ? CLI_FINDINGS : CLI_DONE;
}

int cmd_plan(struct cli *cli, char **args, GError **error)
{
    struct planned planned = {.cli = cli, .objects = args};
    if (!option_to) {
        g_set_error(error, AGENT_ERROR, COR_E_CONFIG,
                    "plan needs --to N: the backup point to go back to");
        return -1;
    }
    STORE_AUTO *store = common_store(cli, option_at ? STORE_READ : STORE_WRITE, error);
    if (!store)
        return -1;
    int status = option_at ? run(&planned, store, option_at, error)
                           : common_live(cli, store, run, &planned, error);
    g_free(planned.last_key);
    return status;
}
