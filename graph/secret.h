/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_SECRET_H
#define ANCHORWATCH_GRAPH_SECRET_H

#include <glib.h>

/* Read a whole file of at most max bytes that only its owner may read; a NUL follows that does not
 * count. what names it in errors: "secret file". The caller wipes the bytes and frees them
 * (entra_bytes_free). COR_E_CONFIG, with the chmod that mends. */
char *entra_secret_bytes(const char *what, const char *path, gsize max, gsize *ret_len,
                         GError **error);
void entra_bytes_free(char *bytes, gsize len);

/* A file that must hold one line: a password, or the two words of a proxy. */
char *entra_secret_line(const char *what, const char *path, GError **error);
/* Read the client secret: one line of a regular file that only its owner may read. The caller
 * clears and frees it with entra_secret_free. COR_E_CONFIG otherwise. */
char *entra_secret_read(const char *path, GError **error);
void entra_secret_free(char *secret);

#endif
