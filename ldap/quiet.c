/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGPIPE held off while libldap works. A signal that arrived meanwhile is taken away before the
 * mask is restored, so that it is never delivered late.
 */
#include "ldap/quiet.h"

#include <time.h>

void ad_quiet_begin(struct ad_quiet *quiet)
{
    sigset_t pipe_only, pending;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    sigemptyset(&pending);
    sigpending(&pending);
    quiet->pending = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_only, &quiet->before);
}

void ad_quiet_end(struct ad_quiet *quiet)
{
    static const struct timespec no_wait = {0, 0};
    sigset_t pipe_only;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    if (!quiet->pending)
        sigtimedwait(&pipe_only, NULL, &no_wait);
    pthread_sigmask(SIG_SETMASK, &quiet->before, NULL);
}
