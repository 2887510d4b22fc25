/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_STORE_RULES_H
#define ANCHORWATCH_AGENT_STORE_RULES_H

/*
 * Imported sync rules, one numbered version per import that brought something new. Versions are
 * never changed or removed; the ledger vouches for each of them.
 */

#include "agent/store/store.h"

struct store_rule_set {
    gint64 number; /* 1 for the first */
    gint64 imported_us;
    char *source;              /* cor_rules_source_name() */
    char *origin;              /* the path or tenant it was imported from */
    char *hash;                /* hex SHA-256 of the canonical document */
    struct cor_json *document; /* cor_rule_set_to_json(); NULL in a list */
};
void store_rule_set_free(struct store_rule_set *set);

/* Keep a document as the newest version. When it equals the newest there is already, nothing is
 * written: *ret_added is FALSE and *ret_number is that one's. */
gboolean store_rules_add(struct store *store, const struct cor_json *document, const char *source,
                         const char *origin, gint64 now_us, gint64 *ret_number, gboolean *ret_added,
                         GError **error);
/* All versions, ascending, without their documents: struct store_rule_set *. */
GPtrArray *store_rules_list(struct store *store, GError **error);
/* One version, 0: the newest. COR_E_NOT_FOUND. */
struct store_rule_set *store_rules_load(struct store *store, gint64 number, GError **error);

#endif
