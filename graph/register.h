/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_REGISTER_H
#define ANCHORWATCH_GRAPH_REGISTER_H

/*
 * The script with which an administrator registers the app, with the application permissions that
 * the table of resources names and no other.
 */

#include "graph/capture.h"

enum entra_shell { ENTRA_AZ, ENTRA_POWERSHELL };

/* Names of the permissions, each once, in order: to read (writing FALSE), or those that Microsoft
 * has in no form that only reads. Caller frees (the strings are borrowed). */
GPtrArray *entra_register_permissions(gboolean writing);

/* Text of the script for the tenant and cloud of options. NULL: COR_E_CONFIG for a managed identity
 * in the az form, which has no command for it. Caller frees. */
char *entra_register_script(const struct entra_options *options, enum entra_shell shell,
                            GError **error);

#endif
