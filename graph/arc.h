/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_ARC_H
#define ANCHORWATCH_GRAPH_ARC_H

/*
 * The managed identity of an Azure Arc-enabled server (Arc page "managed-identity-authentication").
 * The agent on this host proves that we may have the token by naming a file that only root and its
 * group can read. Whoever listens on that port could name any file, so the rules about directory,
 * name and size are what keeps other files from being sent there.
 */

#include <glib.h>

#define ENTRA_ARC_DIRECTORY "/var/opt/azcmagent/tokens/"
#define ENTRA_ARC_KEY_BYTES 4096

/* Address of the token request for resource. endpoint: $IDENTITY_ENDPOINT or NULL for the usual
 * one. COR_E_CONFIG unless it is http on this host's loopback. Caller frees. */
char *entra_arc_url(const char *endpoint, const char *resource, GError **error);
/* Path in a WWW-Authenticate value; challenge may be NULL. COR_E_INPUT unless it is a plain .key
 * file of the directory. Caller frees. */
char *entra_arc_key_path(const char *challenge, GError **error);
/* Content of the file without trailing white space. Free with entra_secret_free. COR_E_CONFIG when
 * it cannot be read, COR_E_INPUT for one that is too large or could not stand in a header. */
char *entra_arc_key(const char *path, GError **error);

#endif
