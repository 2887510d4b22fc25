/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_RULES_DEFAULTS_H
#define ANCHORWATCH_AGENT_RULES_DEFAULTS_H

/*
 * What the standard rules of Entra Connect do, for exports that only name them by their immutable
 * tag. Our own tables after Microsoft's pages reference-connect-sync-attributes-synchronized and
 * concept-azure-ad-connect-sync-default-configuration; the rules that write most of what Graph
 * shows, not all of them.
 */

#include "correlate/rules/model.h"

enum rules_default {
    RULES_DEFAULT_UNKNOWN,
    RULES_DEFAULT_OTHER_REVISION, /* the tag's number is not the one that the tables were made of */
    RULES_DEFAULT_KNOWN,
};
/* Direction, types, link, scope, joins and mappings of a rule whose tag is set. Untouched when the
 * answer is RULES_DEFAULT_UNKNOWN; then has_body is FALSE. */
enum rules_default rules_default_fill(struct cor_rule *rule);
/* How many rules the library holds, and the tag of one ("Microsoft.InfromADUserJoin.003"); caller
 * frees. */
guint rules_default_count(void);
char *rules_default_tag(guint index);

#endif
