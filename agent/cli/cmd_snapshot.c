/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot and snapshots: take a backup point, list the backup points. */
#include "agent/cli/common.h"
#include "agent/cli/output.h"
#include "agent/cli/text.h"
#include "correlate/time.h"

#include <stdio.h>
#include <string.h>

static gboolean option_pin;
static char **option_security_log;

const GOptionEntry cmd_snapshot_options[] = {
    {"security-log", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &option_security_log,
     "who wrote in AD: exported security events (Windows XML or JSON lines) or Samba's JSON audit "
     "log; may be repeated",
     "FILE"},
    {"pin", 0, 0, G_OPTION_ARG_NONE, &option_pin, "keep this point whatever retention says", NULL},
    G_OPTION_ENTRY_NULL,
};

static enum text_style style_of(enum store_half_state state)
{
    return state == STORE_HALF_COMPLETE  ? TEXT_GOOD
           : state == STORE_HALF_PARTIAL ? TEXT_WARN
                                         : TEXT_BAD;
}

/* What is not readable takes nothing from the point, and `check` tells what to do about it. */
static void print_problem(const struct cli *cli, const char *problem)
{
    gboolean remark = g_str_has_prefix(problem, "remark:");
    gsize len = remark && strstr(problem, "not readable") ? strcspn(problem, ";(") : 0;
    g_autofree char *head = g_strchomp(g_strndup(problem, len));
    g_autofree char *known = len ? g_strconcat(head, " (see check)", NULL) : NULL;
    g_autofree char *line = text_clean(known ? known : problem, 400);
    text_wrap(cli, remark ? TEXT_DIM : TEXT_WARN, 9, line);
}

/* What the capture asked of the service, where it counts that. */
static void print_load(const struct cli *cli, const struct cor_half_stats *stats)
{
    if (!stats->units)
        return;
    text_print(cli, TEXT_DIM,
               "         load: %" G_GUINT64_FORMAT
               " resource units, %.1f MB; throttled %" G_GUINT64_FORMAT " times, waited %.1f s\n",
               stats->units, (double)stats->bytes / 1e6, stats->throttled,
               (double)stats->waited_ms / 1000);
}

static void print_half(const struct cli *cli, const struct store_half *half)
{
    const struct cor_half_stats *stats = &half->stats;
    g_autofree char *span = g_strdup_printf(
        "%.1f s", (double)(stats->finished_us - stats->started_us) / (double)COR_SECOND_US);
    text_print(cli, TEXT_PLAIN, "  %-6s %-10s ", half->directory == COR_AD ? "AD" : "Entra",
               half->source);
    text_print(cli, style_of(half->state), "%-9s", store_half_state_name(half->state));
    printf(" %s, %" G_GUINT64_FORMAT " objects, %" G_GUINT64_FORMAT
           " new versions, %" G_GUINT64_FORMAT " links added, %" G_GUINT64_FORMAT
           " removed; %" G_GUINT64_FORMAT " requests, %s\n",
           half->mode, stats->objects, half->versions_added, half->links_added, half->links_removed,
           stats->requests, span);
    print_load(cli, stats);
    if (half->proof && *half->proof)
        text_print(cli, TEXT_DIM, "         proof: %s\n", half->proof);
    for (guint i = 0; i < half->problems->len; i++) {
        print_problem(cli, half->problems->pdata[i]);
    }
}

static void print_point(const struct cli *cli, const struct store_point *point)
{
    g_autofree char *when = text_time(point->finished_us);
    text_print(cli, TEXT_BOLD, "Backup point %" G_GINT64_FORMAT, point->number);
    printf(" of %s is ", when);
    text_print(cli, style_of(point->state), "%s", store_half_state_name(point->state));
    puts(point->pinned ? ", pinned" : "");
    for (guint i = 0; i < point->halves->len; i++)
        print_half(cli, point->halves->pdata[i]);
}

static int answer(const struct cli *cli, const struct store_point *point)
{
    if (cli->json) {
        struct output output;
        output_begin(&output, cli, "snapshot", output_point(point));
        output_item(&output, output_point(point));
        output_end(&output);
    } else {
        print_point(cli, point);
    }
    return point->state == STORE_HALF_COMPLETE ? CLI_DONE : CLI_INCOMPLETE;
}

static void note_security_log(const struct who_totals *who)
{
    cli_note("security log: %" G_GUINT64_FORMAT " records, %" G_GUINT64_FORMAT
             " tell who wrote, %" G_GUINT64_FORMAT " of other kinds, %" G_GUINT64_FORMAT
             " of objects that the last backup point does not know",
             who->records, who->taken, who->other, who->unresolved);
}

int cmd_snapshot(struct cli *cli, char **args, GError **error)
{
    (void)args;
    STORE_AUTO *store = common_store(cli, STORE_WRITE, error);
    struct capture capture;
    gint64 number = 0;
    cli->config->security_logs = (const char *const *)option_security_log;
    if (option_security_log && !cli->config->has_ad) {
        g_set_error_literal(
            error, AGENT_ERROR, COR_E_CONFIG,
            "--security-log belongs to an Active Directory, and none is configured");
        return -1;
    }
    if (!store ||
        !capture_read(cli->config, store, cli->progress, cli->cancellable, &capture, error))
        return -1;
    gboolean ok =
        store_run_commit(g_steal_pointer(&capture.run), g_get_real_time(), &number, error);
    const GError *worst = capture_worst(&capture);
    int failed = worst ? cli_exit_status(worst) : CLI_DONE;
    if (capture.ad_error)
        cli_note("Active Directory: %s", capture.ad_error->message);
    if (capture.entra_error)
        cli_note("Entra ID: %s", capture.entra_error->message);
    if (option_security_log && !capture.ad_error)
        note_security_log(&capture.who);
    else if (option_security_log)
        cli_note("security log: not kept, because Active Directory could not be read");
    capture_clear(&capture);
    if (!ok || (option_pin && !store_point_pin(store, number, TRUE, error)))
        return -1;
    g_autofree char *name = g_strdup_printf("%" G_GINT64_FORMAT, number);
    struct store_point *point = store_point_named(store, name, error);
    if (!point)
        return -1;
    int status = answer(cli, point);
    store_point_free(point);
    /* what only the administrator can mend says so; the rest is an incomplete capture */
    return failed == CLI_AUTH || failed == CLI_USAGE ? failed : status;
}

static void add_row(struct text_table *table, const struct store_point *point)
{
    guint64 objects = 0, versions = 0, links = 0;
    for (guint i = 0; i < point->halves->len; i++) {
        const struct store_half *half = point->halves->pdata[i];
        objects += half->stats.objects;
        versions += half->versions_added;
        links += half->links_added + half->links_removed;
    }
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, point->number);
    g_autofree char *when = text_time(point->finished_us);
    g_autofree char *read = g_strdup_printf("%" G_GUINT64_FORMAT, objects);
    g_autofree char *new = g_strdup_printf("%" G_GUINT64_FORMAT, versions);
    g_autofree char *link = g_strdup_printf("%" G_GUINT64_FORMAT, links);
    enum text_style style =
        point->state == STORE_HALF_COMPLETE ? TEXT_PLAIN : style_of(point->state);
    text_table_row(table, style, number, when, store_half_state_name(point->state), read, new, link,
                   point->pinned ? "pinned" : "", NULL);
}

int cmd_snapshots(struct cli *cli, char **args, GError **error)
{
    (void)args;
    static const char *const headings[] = {"point",        "taken",        "state", "objects read",
                                           "new versions", "link changes", "",      NULL};
    STORE_AUTO *store = common_store(cli, STORE_READ, error);
    g_autoptr(GPtrArray) points = store ? store_points(store, error) : NULL;
    if (!points)
        return -1;
    struct output output;
    struct text_table *table = cli->json ? NULL : text_table_new(headings);
    if (cli->json)
        output_begin(&output, cli, "snapshots", NULL);
    for (guint i = 0; i < points->len; i++)
        if (cli->json)
            output_item(&output, output_point(points->pdata[i]));
        else
            add_row(table, points->pdata[i]);
    if (cli->json)
        output_end(&output);
    else
        text_table_print(cli, table);
    return CLI_DONE;
}
