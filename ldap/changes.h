/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_LDAP_CHANGES_H
#define ANCHORWATCH_LDAP_CHANGES_H

/*
 * Which objects changed since the last read, and whether that can be known at all.
 */

#include "ldap/checkpoint.h"
#include "ldap/domain.h"

enum ad_method {
    AD_METHOD_FULL,    /* everything has to be read */
    AD_METHOD_DIRSYNC, /* the server told what changed */
    AD_METHOD_USN,     /* everything whose uSNChanged is above the last highestCommittedUSN */
};
const char *ad_method_name(enum ad_method method); /* for people */

struct ad_changes {
    enum ad_method method;
    char *reason;     /* why everything has to be read; NULL: there is nothing to go on from */
    GHashTable *keys; /* set of objectGUID text: what changed */
    struct ad_checkpoint *last; /* what method goes on from; NULL when full */
    /* What the next read can go on from, once this one is complete. NULL: the server does not
     * tell what is needed. Members that a read fills are as they were, or empty when full. */
    struct ad_checkpoint *next;
    struct ad_outcome outcome; /* of the search by USN: evidence that the set is whole */
};
void ad_changes_clear(struct ad_changes *changes);

/* last_doc: what the last complete read left, or NULL. Everything is asked before anything is read,
 * so a change meanwhile belongs to the next read too. FALSE: the connection failed, or the server
 * is another one that does not have yet what the last one showed (COR_E_RETRY). */
gboolean ad_changes_learn(struct ad_connection *connection, const struct ad_domain *domain,
                          const struct ad_schema *schema, const struct cor_json *last_doc,
                          gint64 now_us, gint64 full_every_us, struct ad_changes *ret,
                          GError **error);

#endif
