/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_CAPTURE_H
#define ANCHORWATCH_AGENT_CAPTURE_H

/* One capture: both configured directories into one run of the store. */

#include "agent/config.h"
#include "agent/evidence/who.h"

#include <gio/gio.h>

struct capture {
    struct store_run *run; /* owned until store_run_commit, _preview or _abandon takes it */
    GError *ad_error, *entra_error; /* why a half could not be read; NULL when it was */
    struct who_totals who;          /* of config->security_logs */
};

/* Read both halves. FALSE when the store refuses or a security log cannot be read; a directory that
 * cannot be read leaves its error in the struct and a failed half in the run. progress prints to
 * standard error. */
gboolean capture_read(const struct config *config, struct store *store, gboolean progress,
                      GCancellable *cancellable, struct capture *ret, GError **error);
void capture_clear(struct capture *capture);

/* The worst error of the halves: authentication, then configuration, then the rest. NULL when none.
 */
const GError *capture_worst(const struct capture *capture);

#endif
