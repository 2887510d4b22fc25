/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_LDAP_RIGHTS_H
#define ANCHORWATCH_LDAP_RIGHTS_H

/*
 * What the account must be allowed to see, and the commands that allow it.
 */

#include "ldap/connection.h"

/* CN=Deleted Objects of a naming context (MS-ADTS 6.1.1.4.2); caller frees. */
char *ad_deleted_objects_dn(const char *naming_context);
/* Whether the container is visible; without that right deletions are invisible without any error
 * (Microsoft KB 892806). FALSE: the question could not be asked. */
gboolean ad_deleted_objects_readable(struct ad_connection *connection, gboolean *ret_readable,
                                     GError **error);
/* One line for people: how to grant that on this kind of server. Caller frees. */
char *ad_deleted_objects_remedy(const struct ad_connection *connection);

/* One line for people: the right that DirSync asks for (DS-Replication-Get-Changes on the head of
 * the naming context), and the command that grants it. Caller frees. */
char *ad_replication_remedy(const struct ad_connection *connection);

#endif
