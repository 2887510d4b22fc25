/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_RULES_IMPORT_H
#define ANCHORWATCH_AGENT_RULES_IMPORT_H

/*
 * Reading sync rules from what an administrator can export. Either the whole of it is read, or
 * nothing and one error says file, line, what was expected and what was there.
 */

#include "correlate/rules/model.h"

struct rules_import {
    struct cor_rule_set *set;
    GPtrArray *findings; /* char *: "file:line: what an administrator should know" */
};

/* PATH: the folder that Get-ADSyncServerConfiguration wrote. *ret is filled on success only;
 * rules_import_clear() it. Errors: COR_E_INPUT, COR_E_LIMIT, COR_E_CONFIG (cannot be opened). */
gboolean rules_import_path(const char *path, struct rules_import *ret, GError **error);
void rules_import_clear(struct rules_import *import);

#endif
