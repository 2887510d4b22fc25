/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_CLI_CMD_WHATIF_H
#define ANCHORWATCH_AGENT_CLI_CMD_WHATIF_H

#include "agent/cli/cli.h"

/* rules whatif VERB ARG...: args without the word whatif. at: the backup point, NULL the latest. */
int cmd_rules_whatif(struct cli *cli, char **args, const char *at, GError **error);

#endif
