/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_CLI_RULES_DIFF_H
#define ANCHORWATCH_AGENT_CLI_RULES_DIFF_H

/* What differs between two versions of imported rules, member by member. */

#include "correlate/json.h"

/* Both as cor_rule_set_to_json(). An array of items: {"kind":"added|removed|changed", "what":
 * "rule|connector|options|metaverse|extra", "id", "name", "changes":[{"part","old","new"}]}; part
 * is "mapping displayName", "scope", "join", "precedence" and the like. Caller frees. */
struct cor_json *rules_diff(const struct cor_json *older, const struct cor_json *newer);

#endif
