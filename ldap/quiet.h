/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_LDAP_QUIET_H
#define ANCHORWATCH_LDAP_QUIET_H

/*
 * libldap writes to sockets without MSG_NOSIGNAL: a peer that closed would end the process with
 * SIGPIPE. The signal is held off for this thread only; what the program does with it elsewhere
 * (ending quietly when its output pipe closes) is not changed.
 */

#include <glib.h>
#include <signal.h>

struct ad_quiet {
    sigset_t before;
    gboolean pending; /* one was waiting already and is not ours to take */
};
void ad_quiet_begin(struct ad_quiet *quiet);
void ad_quiet_end(struct ad_quiet *quiet);

#endif
