/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_STORE_POINT_H
#define ANCHORWATCH_AGENT_STORE_POINT_H

/* Backup points inside the store: loading one, and the grammar of their names. */

#include "agent/store/database.h"

/* COR_E_NOT_FOUND when there is no such point; caller frees. */
struct store_point *store_point_load(struct store *store, gint64 number, GError **error);
/* From the body of a ledger entry, without hash and pin; NULL when it is not a point's. */
struct store_point *store_point_parse(const struct cor_json *body);

enum store_name {
    STORE_NAME_INVALID,
    STORE_NAME_NUMBER, /* value: the number */
    STORE_NAME_BACK,   /* value: how many points before the latest */
    STORE_NAME_TIME,   /* value: microseconds; the newest point not after it */
};
enum store_name store_name_parse(const char *text, gint64 *ret_value);

#endif
