/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_CLI_CLI_H
#define ANCHORWATCH_AGENT_CLI_CLI_H

/*
 * What every command is given and how it answers. Results go to standard output, diagnostics to
 * standard error; the exit status is part of the contract.
 */

#include "agent/config.h"
#include "correlate/error.h"

#include <gio/gio.h>

enum cli_exit {
    CLI_DONE = 0,
    CLI_FINDINGS = 1,
    CLI_USAGE = 2,
    CLI_INCOMPLETE = 3,
    CLI_AUTH = 4,
    CLI_STORE = 5,
    CLI_INTERNAL = 70,
};

struct cli {
    struct config *config;
    gboolean json;
    gboolean colour;   /* standard output is a terminal that wants colours */
    gboolean progress; /* standard error is a terminal */
    gint64 now_us;
    GCancellable *cancellable; /* triggered by SIGINT and SIGTERM */
};

struct command {
    const char *name;
    const char *usage; /* what follows the name, "FROM [TO|live]" */
    const char *summary;
    const char *description; /* a few lines for --help, may be NULL */
    guint min_args, max_args;
    const GOptionEntry *options; /* own options, may be NULL */
    /* Answers an exit status, or -1 with error set. */
    int (*run)(struct cli *cli, char **args, GError **error);
};

int cmd_check(struct cli *cli, char **args, GError **error);
int cmd_snapshot(struct cli *cli, char **args, GError **error);
int cmd_snapshots(struct cli *cli, char **args, GError **error);
int cmd_show(struct cli *cli, char **args, GError **error);
int cmd_diff(struct cli *cli, char **args, GError **error);
int cmd_drift(struct cli *cli, char **args, GError **error);
int cmd_explain(struct cli *cli, char **args, GError **error);
int cmd_anchors(struct cli *cli, char **args, GError **error);
int cmd_plan(struct cli *cli, char **args, GError **error);
int cmd_rules(struct cli *cli, char **args, GError **error);
int cmd_verify(struct cli *cli, char **args, GError **error);
int cmd_prune(struct cli *cli, char **args, GError **error);
int cmd_agent(struct cli *cli, char **args, GError **error);

extern const GOptionEntry cmd_show_options[];
extern const GOptionEntry cmd_diff_options[];
extern const GOptionEntry cmd_drift_options[];
extern const GOptionEntry cmd_plan_options[];
extern const GOptionEntry cmd_rules_options[];
extern const GOptionEntry cmd_prune_options[];
extern const GOptionEntry cmd_check_options[];
extern const GOptionEntry cmd_snapshot_options[];
extern const GOptionEntry cmd_anchors_options[];

/* The exit status an error stands for. */
int cli_exit_status(const GError *error);
/* A warning or remark on standard error, with the program's name. */
void cli_note(const char *format, ...) G_GNUC_PRINTF(1, 2);

#endif
