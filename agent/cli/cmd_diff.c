/* SPDX-License-Identifier: Apache-2.0 */
/* diff: what changed between two backup points, or since one until now. */
#include "agent/analysis.h"
#include "agent/cli/changes.h"
#include "agent/cli/common.h"
#include "agent/cli/output.h"
#include "agent/cli/text.h"

#include <stdio.h>
#include <string.h>

static char *option_type, *option_object, *option_origin;

const GOptionEntry cmd_diff_options[] = {
    {"type", 0, 0, G_OPTION_ARG_STRING, &option_type, "only objects of this type", "TYPE"},
    {"object", 0, 0, G_OPTION_ARG_STRING, &option_object, "only this object", "OBJECT"},
    {"origin", 0, 0, G_OPTION_ARG_STRING, &option_origin,
     "only changes from onprem, cloud, sync or unknown", "ORIGIN"},
    G_OPTION_ENTRY_NULL,
};

struct diff {
    struct cli *cli;
    struct output output;
    struct changes_text text;
    guint64 count;
    const char *from;
};

static gboolean on_change(const struct cor_change *change, void *data, GError **error)
{
    (void)error;
    struct diff *diff = data;
    if (option_type && strcmp(option_type, change->object.type) != 0)
        return TRUE;
    if (option_origin && strcmp(option_origin, cor_origin_name(change->origin)) != 0)
        return TRUE;
    diff->count++;
    if (diff->cli->json)
        output_item(&diff->output, output_change(change));
    else
        changes_print(diff->cli, &diff->text, change);
    return TRUE;
}

static struct cor_json *header(const struct point *from, const struct point *to, gboolean live)
{
    struct cor_json *json = cor_json_new_object();
    cor_json_add_int(json, "from", from->info->number);
    if (live)
        cor_json_add_string(json, "to", "live");
    else
        cor_json_add_int(json, "to", to->info->number);
    struct cor_json *seen = cor_json_new_array();
    cor_json_append(seen, output_time(from->info->finished_us));
    cor_json_append(seen, output_time(to->info->finished_us));
    cor_json_add(json, "seenBetween", seen);
    cor_json_add_string(json, "rules", to->flow.rules_name);
    return json;
}

static gboolean walk(struct diff *diff, struct point *from, struct point *to, GError **error)
{
    ANALYSIS_AUTO *analysis = analysis_new(from, to);
    if (!option_object)
        return analysis_walk(analysis, on_change, diff, error);
    struct pair pair = {0};
    g_autoptr(GError) first = NULL;
    /* an object that is gone by now is still named as it was */
    if (!pair_named(to->view, option_object, &pair, &first) &&
        !pair_named(from->view, option_object, &pair, NULL)) {
        g_propagate_error(error, g_steal_pointer(&first));
        return FALSE;
    }
    gboolean ok = analysis_object(analysis, &pair, on_change, diff, error);
    pair_clear(&pair);
    return ok;
}

static int run(struct diff *diff, struct store *store, const char *to_name, gboolean live,
               GError **error)
{
    struct cli *cli = diff->cli;
    POINT_AUTO *from = common_point(cli, store, diff->from, error);
    POINT_AUTO *to = from ? common_point(cli, store, to_name, error) : NULL;
    if (!to)
        return -1;
    if (cli->json)
        output_begin(&diff->output, cli, "diff", header(from, to, live));
    else
        changes_title(cli, from->info, to->info, live);
    if (!walk(diff, from, to, error))
        return -1;
    if (cli->json)
        output_end(&diff->output);
    else
        changes_summary(cli, &diff->text);
    return diff->count ? CLI_FINDINGS : CLI_DONE;
}

static int on_live(void *data, struct store *store, const char *point, GError **error)
{
    return run(data, store, point, TRUE, error);
}

/* The number of a point that may be named relative to the newest: the live state is a newer one
 * while it is looked at. NULL: no such point. Caller frees. */
static char *fixed_name(struct store *store, const char *name, GError **error)
{
    struct store_point *point = store_point_named(store, name, error);
    char *number = point ? g_strdup_printf("%" G_GINT64_FORMAT, point->number) : NULL;
    store_point_free(point);
    return number;
}

int cmd_diff(struct cli *cli, char **args, GError **error)
{
    struct diff diff = {.cli = cli, .from = args[0]};
    gboolean live = g_strcmp0(args[1], "live") == 0;
    STORE_AUTO *store = common_store(cli, live ? STORE_WRITE : STORE_READ, error);
    g_autofree char *from = store && live ? fixed_name(store, args[0], error) : NULL;
    if (!store || (live && !from))
        return -1;
    if (live)
        diff.from = from;
    int status = live ? common_live(cli, store, on_live, &diff, error)
                      : run(&diff, store, args[1], FALSE, error);
    changes_text_clear(&diff.text);
    return status;
}
