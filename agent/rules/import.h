/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_RULES_IMPORT_H
#define ANCHORWATCH_AGENT_RULES_IMPORT_H

/*
 * Reading sync rules from what an administrator can export. Either the whole of it is read, or
 * nothing and one error says file, line (in JSON: path of the member), what was expected and what
 * was there.
 */

#include "correlate/rules/model.h"

struct rules_import {
    struct cor_rule_set *set;
    GPtrArray *findings; /* char *: "file:line: what an administrator should know" */
};

/* PATH: the folder that Get-ADSyncServerConfiguration wrote, or a JSON file: the schema of a Cloud
 * Sync job, or a policy that Entra Connect exported. It is recognised by its content. *ret is
 * filled on success only; rules_import_clear() it. Errors: COR_E_INPUT, COR_E_LIMIT, COR_E_CONFIG
 * (cannot be opened). */
gboolean rules_import_path(const char *path, struct rules_import *ret, GError **error);
/* One file, whatever its root element or members say it is, into a set. name: as messages
 * call it. On an error the set is only good for being freed. */
gboolean rules_import_file(const char *name, const void *data, gsize len, struct cor_rule_set *set,
                           GPtrArray *findings, GError **error);
void rules_import_clear(struct rules_import *import);

#endif
