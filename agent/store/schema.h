/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_STORE_SCHEMA_H
#define ANCHORWATCH_AGENT_STORE_SCHEMA_H

/* The schema as a row of migrations. docs/store.md explains the tables. */

#include <glib.h>

#define STORE_APPLICATION_ID 0x41575348 /* "AWSH": PRAGMA application_id of every store */

/* steps[n] turns user_version n into n + 1 and ends by saying so; each runs in one transaction.
 * A released step is never edited. */
struct store_schema {
    const char *const *steps;
    guint version; /* number of steps: the version this program knows */
};
extern const struct store_schema store_schema;

/* The temporary table of a connection that may write. SQLite puts it into an unnamed file in
 * $SQLITE_TMPDIR, else /var/tmp, which ends with the connection. */
extern const char store_scratch[];

#endif
