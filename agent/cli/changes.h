/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_CLI_CHANGES_H
#define ANCHORWATCH_AGENT_CLI_CHANGES_H

/* Changes as text for people: grouped by object, each with origin, grade and evidence. */

#include "agent/cli/cli.h"
#include "agent/store/store.h"
#include "correlate/change.h"

struct changes_text {
    char *last_key; /* object of the last line, to group */
    guint64 by_origin[4], unlogged, objects;
};
void changes_title(const struct cli *cli, const struct store_point *from,
                   const struct store_point *to, gboolean live);
void changes_print(const struct cli *cli, struct changes_text *text,
                   const struct cor_change *change);
/* One change without its object line; used where the object is known. */
void changes_print_one(const struct cli *cli, const struct cor_change *change);
void changes_summary(const struct cli *cli, const struct changes_text *text);
void changes_text_clear(struct changes_text *text);

#endif
