/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_LDAP_DOMAIN_H
#define ANCHORWATCH_LDAP_DOMAIN_H

/*
 * What is read once per capture: the schema, the domain itself, its domain controllers.
 */

#include "ldap/connection.h"
#include "ldap/reader.h"
#include "ldap/search.h"

struct ad_domain {
    struct cor_record *record; /* type "domain" */
    char *dns_root, *netbios_name;
    GPtrArray *naming_contexts; /* char *: every partition of the forest */
    gboolean recycle_bin;
    gint64 tombstone_days, deleted_days;
};
void ad_domain_clear(struct ad_domain *domain);

/* The attribute table. An unreadable or implausibly small schema is an error: without it values
 * cannot be told from secrets. */
struct ad_schema *ad_schema_read(struct ad_connection *connection, GError **error);
/* FALSE also when a search ends with a code other than success. */
gboolean ad_domain_read(struct ad_connection *connection, struct ad_domain *domain, GError **error);
/* One record per NTDS Settings object of the forest, whose keys are added to a set (may be NULL);
 * outcome: of the search for them. */
gboolean ad_controllers_read(struct ad_reader *reader, GHashTable *keys, struct ad_outcome *outcome,
                             GError **error);
/* Continuation references that do not lead to another partition of the forest, whose objects are
 * no part of this domain. Only such are unresolved for the proof. */
guint ad_references_unresolved(const struct ad_domain *domain, const char *own_nc,
                               const GPtrArray *references);

#endif
