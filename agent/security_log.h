/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_SECURITY_LOG_H
#define ANCHORWATCH_AGENT_SECURITY_LOG_H

/* Security logs of domain controllers, given to the AD half of a capture. */

#include "agent/evidence/who.h"
#include "agent/store/store.h"

/* Read every file (NULL-terminated) into the sink. Objects that a log names by DN alone are looked
 * up in the newest point. Errors: those of who_read_file. */
gboolean security_log_read(const char *const *paths, struct store *store, struct cor_sink *sink,
                           struct who_totals *ret, GError **error);

#endif
