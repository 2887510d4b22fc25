/* SPDX-License-Identifier: Apache-2.0 */
/* agent: hand over to the daemon. */
#include "agent/cli/cli.h"
#include "agent/daemon/daemon.h"

int cmd_agent(struct cli *cli, char **args, GError **error)
{
    (void)args;
    return daemon_run(g_steal_pointer(&cli->config), error) ? CLI_DONE : -1;
}
