/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain: the history of one object over all backup points: for each step between two points in
 * which a version or link of either half changed, what changed and where it came from.
 */
#include "agent/analysis.h"
#include "agent/cli/chain.h"
#include "agent/cli/changes.h"
#include "agent/cli/common.h"
#include "agent/cli/output.h"
#include "agent/cli/text.h"
#include "correlate/title.h"

#include <stdio.h>
#include <string.h>

struct explaining {
    struct cli *cli;
    struct store *store;
    const char *attribute;
    struct output output;
    guint64 found;
};

/* A Graph property is also explained by its AD source, and the other way round. */
static gboolean concerns(const char *wanted, const struct cor_change *change)
{
    if (!wanted || !change->attribute || g_ascii_strcasecmp(wanted, change->attribute) == 0)
        return TRUE;
    static const char *const types[] = {"user", "group", "contact", "device"};
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        gsize n = 0;
        const struct cor_flow_rule *rules = cor_flow_rules(NULL, types[i], &n);
        for (gsize r = 0; r < n; r++) {
            g_auto(GStrv) sources = g_strsplit(rules[r].sources, " ", 0);
            gboolean fed = strcmp(rules[r].property, wanted) == 0 &&
                           g_strv_contains((const char *const *)sources, change->attribute);
            gboolean feeds = strcmp(rules[r].property, change->attribute) == 0 &&
                             g_strv_contains((const char *const *)sources, wanted);
            if (fed || feeds)
                return TRUE;
        }
    }
    return FALSE;
}

static gboolean on_change(const struct cor_change *change, void *data, GError **error)
{
    (void)error;
    struct explaining *explaining = data;
    if (!concerns(explaining->attribute, change))
        return TRUE;
    explaining->found++;
    if (explaining->cli->json) {
        struct cor_json *item = output_change(change);
        cor_json_add(item, "chain", chain_json(change));
        output_item(&explaining->output, item);
    } else {
        text_print(explaining->cli, TEXT_DIM, "  [%s]",
                   change->object.directory == COR_AD ? "AD" : "Entra");
        changes_print_one(explaining->cli, change);
        chain_print(explaining->cli, change);
    }
    return TRUE;
}

static void add_numbers(GHashTable *numbers, gint64 from, gint64 until)
{
    gint64 both[] = {from, until};
    for (gsize i = 0; i < G_N_ELEMENTS(both); i++)
        if (both[i])
            g_hash_table_add(numbers, g_memdup2(&both[i], sizeof both[i]));
}

/* The points at which something of this half began or ended. */
static gboolean steps_of(struct store *store, const struct cor_record *record, GHashTable *numbers,
                         GError **error)
{
    g_autoptr(GPtrArray) versions = store_history(store, record->directory, record->key, error);
    g_autoptr(GPtrArray) spans =
        versions ? store_link_history(store, record->directory, record->key, error) : NULL;
    if (!spans)
        return FALSE;
    for (guint i = 0; i < versions->len; i++) {
        const struct store_version *version = versions->pdata[i];
        add_numbers(numbers, version->from, version->until);
    }
    for (guint i = 0; i < spans->len; i++) {
        const struct store_link_span *span = spans->pdata[i];
        add_numbers(numbers, span->from, span->until);
    }
    return TRUE;
}

static gboolean explain_step(struct explaining *explaining, const struct pair *pair, gint64 before,
                             gint64 number, GError **error)
{
    struct cli *cli = explaining->cli;
    POINT_AUTO *from = point_open(cli->config, explaining->store, before, error);
    POINT_AUTO *to = from ? point_open(cli->config, explaining->store, number, error) : NULL;
    if (!to)
        return FALSE;
    if (!cli->json)
        changes_title(cli, from->info, to->info, FALSE);
    ANALYSIS_AUTO *analysis = analysis_new(from, to);
    return analysis_object(analysis, pair, on_change, explaining, error);
}

static gboolean explain_all(struct explaining *explaining, const struct pair *pair, GError **error)
{
    g_autoptr(GHashTable) numbers =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_autoptr(GPtrArray) points = store_points(explaining->store, error);
    if (!points || (pair->ad && !steps_of(explaining->store, pair->ad, numbers, error)) ||
        (pair->entra && !steps_of(explaining->store, pair->entra, numbers, error)))
        return FALSE;
    for (guint i = 1; i < points->len; i++) {
        const struct store_point *before = points->pdata[i - 1], *now = points->pdata[i];
        if (g_hash_table_contains(numbers, &now->number) &&
            !explain_step(explaining, pair, before->number, now->number, error))
            return FALSE;
    }
    return TRUE;
}

/* The object as it is now, or, when it is gone, as the newest point that knows the name. */
static gboolean find_object(struct explaining *explaining, const char *name, struct pair *ret,
                            GError **error)
{
    g_autoptr(GPtrArray) points = store_points(explaining->store, error);
    g_autoptr(GError) first = NULL;
    for (guint i = points ? points->len : 0; i > 0; i--) {
        const struct store_point *info = points->pdata[i - 1];
        struct cor_view *view = store_view_open(explaining->store, info->number, error);
        if (!view)
            return FALSE;
        g_autoptr(GError) failed = NULL;
        gboolean found = pair_named(view, name, ret, &failed);
        if (found)
            cor_title_apply(view, NULL, ret->entra);
        store_view_close(view);
        if (found)
            return TRUE;
        if (failed->code != COR_E_NOT_FOUND) {
            g_propagate_error(error, g_steal_pointer(&failed));
            return FALSE;
        }
        if (!first)
            first = g_steal_pointer(&failed);
    }
    if (first)
        g_propagate_error(error, g_steal_pointer(&first));
    else if (points)
        g_set_error(error, AGENT_ERROR, COR_E_NOT_FOUND, "the store has no backup point yet");
    return FALSE;
}

int cmd_explain(struct cli *cli, char **args, GError **error)
{
    struct pair pair = {0};
    STORE_AUTO *store = common_store(cli, STORE_READ, error);
    struct explaining explaining = {.cli = cli, .store = store, .attribute = args[1]};
    if (!store || !find_object(&explaining, args[0], &pair, error))
        return -1;
    const struct cor_record *record = pair.ad ? pair.ad : pair.entra;
    if (cli->json) {
        struct cor_json *head = cor_json_new_object();
        cor_json_add_string(head, "object", record->name);
        cor_json_add(head, "attribute", output_text(args[1]));
        cor_json_add_string(head, "authority", cor_soa_name(cor_soa_of(pair.entra, pair.ad)));
        output_begin(&explaining.output, cli, "explain", head);
    } else {
        g_autofree char *name = text_clean(record->name, 100);
        text_print(cli, TEXT_BOLD, "%s", name);
        printf(": source of authority %s\n\n", cor_soa_name(cor_soa_of(pair.entra, pair.ad)));
    }
    gboolean ok = explain_all(&explaining, &pair, error);
    pair_clear(&pair);
    if (!ok)
        return -1;
    if (cli->json)
        output_end(&explaining.output);
    else if (!explaining.found)
        text_print(cli, TEXT_GOOD, "Nothing changed between the backup points kept.\n");
    return CLI_DONE;
}
