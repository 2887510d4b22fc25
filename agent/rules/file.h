/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_RULES_FILE_H
#define ANCHORWATCH_AGENT_RULES_FILE_H

/* Files of an export, under ceilings and in any Unicode encoding. */

#include <glib.h>

#define RULES_FILE_MAX  ((gsize)64 * 1024 * 1024) /* bytes of one file */
#define RULES_FILES_MAX 5000                      /* files of one folder */
#define RULES_DEPTH_MAX 32                        /* XML elements inside each other */

/* The content of a file as UTF-8 without a byte order mark. name: for messages. Caller frees.
 * Errors: COR_E_CONFIG (cannot be opened), COR_E_INPUT, COR_E_LIMIT. */
char *rules_file_text(const char *path, const char *name, gsize *ret_len, GError **error);
/* The same for bytes at hand. UTF-8, UTF-16 and UTF-32, with a byte order mark or, where the first
 * character is that of XML or a JSON object, without. */
char *rules_decode(const void *data, gsize len, const char *name, gsize *ret_len, GError **error);

/* "{guid}" in lower case, or NULL when it is none. Caller frees. */
char *rules_guid(const char *text);

#endif
