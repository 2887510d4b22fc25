/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_CLI_CHAIN_H
#define ANCHORWATCH_AGENT_CLI_CHAIN_H

/* The way of one change from the write in AD over the sync engine to Entra, as far as its evidence
 * shows it. */

#include "agent/cli/cli.h"
#include "correlate/change.h"

/* One object a step, in this order and only those that evidence names: {"step": "ad", "attribute",
 * "time", "dc", "version", "who"}, {"step": "sync", "rule", "sources", "exported"}, {"step":
 * "entra", "time", "activity", "id", "bySync"}; what is not known is null. Owned by the caller. */
struct cor_json *chain_json(const struct cor_change *change);
/* The same in one line; nothing for fewer than two steps. */
void chain_print(const struct cli *cli, const struct cor_change *change);

#endif
