/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_RETRY_H
#define ANCHORWATCH_GRAPH_RETRY_H

/*
 * What to do after one attempt of a request. Pure: chance and the present are handed in.
 */

#include <glib.h>

#define ENTRA_RETRY_ABSENT (-1) /* no Retry-After, or none that can be read */

/* Retry-After (RFC 9110 10.2.3) in milliseconds: whole or fractional seconds (Graph throttling page
 * shows 2.128), or an HTTP date measured from now_us. ENTRA_RETRY_ABSENT for anything else; at most
 * one day. */
gint64 entra_retry_after(const char *text, gint64 now_us);

enum entra_outcome_kind {
    ENTRA_OUT_HTTP,    /* a complete answer with a status */
    ENTRA_OUT_NETWORK, /* connection refused, reset or cut */
    ENTRA_OUT_TIMEOUT, /* silence */
    ENTRA_OUT_BROKEN,  /* 200, but the body is not the whole of a document */
    ENTRA_OUT_FATAL,   /* no attempt can help: certificate, ceiling, cancelled */
};
struct entra_outcome {
    enum entra_outcome_kind kind;
    long status;           /* HTTP only */
    gint64 retry_after_ms; /* or ENTRA_RETRY_ABSENT */
};
struct entra_retry_state {
    guint attempts;        /* made so far, this one included */
    gboolean renewed;      /* the token was renewed for this request already */
    gint64 budget_left_ms; /* what all waits of the run may still cost */
};
enum entra_action {
    ENTRA_DONE,    /* final answer, good or bad: hand it to the caller */
    ENTRA_WAIT,    /* try again after wait_ms */
    ENTRA_RENEW,   /* get a new token, then try again at once */
    ENTRA_GIVE_UP, /* transient, but tries or budget are used up */
};
struct entra_verdict {
    enum entra_action action;
    gint64 wait_ms;
};
/* jitter: 0 <= jitter < 1. Without Retry-After the wait doubles from one second up to a minute, of
 * which the upper half is chance. A wait beyond the budget gives up at once. */
struct entra_verdict entra_retry_decide(const struct entra_retry_state *state,
                                        const struct entra_outcome *outcome, double jitter);

#endif
