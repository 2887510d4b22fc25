/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_SECRET_H
#define ANCHORWATCH_GRAPH_SECRET_H

#include <glib.h>

/* Read the client secret: one line of a regular file that only its owner may read. The caller
 * clears and frees it with entra_secret_free. COR_E_CONFIG otherwise, with the chmod that mends. */
char *entra_secret_read(const char *path, GError **error);
void entra_secret_free(char *secret);

#endif
