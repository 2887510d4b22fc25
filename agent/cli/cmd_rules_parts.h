/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_CLI_CMD_RULES_PARTS_H
#define ANCHORWATCH_AGENT_CLI_CMD_RULES_PARTS_H

/* Subcommands of rules that are large enough for a file. args: without the subcommand's word. at:
 * the backup point, NULL the latest. They answer as a command does. */

#include "agent/cli/cli.h"
#include "agent/point.h"

/* The point opened, which the tenant's own rules must judge; COR_E_CONFIG says how to import them.
 */
struct point *cmd_rules_point(const struct cli *cli, struct store *store, const char *at,
                              GError **error);

/* OBJECT [PROPERTY] */
int cmd_rules_explain(struct cli *cli, char **args, const char *at, GError **error);
/* VERB ARG... */
int cmd_rules_whatif(struct cli *cli, char **args, const char *at, GError **error);

#endif
