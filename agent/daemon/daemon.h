/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_DAEMON_DAEMON_H
#define ANCHORWATCH_AGENT_DAEMON_DAEMON_H

#include "agent/config.h"

/* Capture on a schedule until SIGTERM or SIGINT. SIGHUP reads the configuration again: a broken
 * file is reported and the old one stays in force. Takes the configuration. FALSE with error when
 * the store cannot be opened; directories that cannot be reached are retried, not fatal. */
gboolean daemon_run(struct config *config_taken, GError **error);

#endif
