/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_CLI_COMMON_H
#define ANCHORWATCH_AGENT_CLI_COMMON_H

/* Steps that several commands share. */

#include "agent/capture.h"
#include "agent/cli/cli.h"
#include "agent/point.h"

/* The configured store; for reading it must exist. */
struct store *common_store(const struct cli *cli, enum store_mode mode, GError **error);

/* The named point opened ("latest" for NULL). */
struct point *common_point(const struct cli *cli, struct store *store, const char *name,
                           GError **error);

/* Warn on standard error when a point is old or not complete, so that no answer is taken for more
 * than it is. */
void common_warn_point(const struct cli *cli, const struct point *point);

/* Read both directories now, publish for the length of the callback under the name of a point, and
 * take it back. */
typedef int (*common_live_func)(void *data, struct store *store, const char *point, GError **error);
int common_live(struct cli *cli, struct store *store, common_live_func func, void *data,
                GError **error);

/* "running", "stalled", "off" or "unknown". */
const char *common_health_words(enum cor_health health);

/* Short value for a line of text; caller frees. */
char *common_value(const struct cor_json *value);
/* "alice@lab.example.test (user)" and the like; caller frees. */
char *common_object(const struct cor_object_ref *object);

#endif
