/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Retry decisions. Invariant: every request ends, because the number of attempts is bounded for
 * each kind of failure and all waits together are bounded by the budget. Only requests that may be
 * repeated pass through here: reads, and batches of reads.
 */
#include "graph/retry.h"

#include <curl/curl.h>
#include <string.h>

enum {
    MAX_HTTP_ATTEMPTS = 20, /* a service that throttles keeps its own pace */
    MAX_NETWORK_ATTEMPTS = 4,
    MAX_TIMEOUT_ATTEMPTS = 2,
    MAX_BROKEN_ATTEMPTS = 3,
    BACKOFF_MS = 1000,
    BACKOFF_CAP_MS = 60000,
    DAY_MS = 86400000,
};

/* Digits with at most one point in between; strtod alone would take "inf" and hexadecimal. */
static gboolean is_decimal(const char *text)
{
    gsize digits = strspn(text, "0123456789");
    if (digits == 0)
        return FALSE;
    text += digits;
    if (*text == '.')
        text += 1 + strspn(text + 1, "0123456789");
    return text[strspn(text, " \t")] == '\0';
}

gint64 entra_retry_after(const char *text, gint64 now_us)
{
    if (!text)
        return ENTRA_RETRY_ABSENT;
    text += strspn(text, " \t");
    double ms;
    if (is_decimal(text)) {
        ms = g_ascii_strtod(text, NULL) * 1000;
    } else if (g_ascii_isalpha(*text)) {
        time_t at = curl_getdate(text, NULL);
        if (at == -1)
            return ENTRA_RETRY_ABSENT;
        ms = (double)at * 1000 - (double)now_us / 1000;
    } else {
        return ENTRA_RETRY_ABSENT;
    }
    return (gint64)CLAMP(ms, 0, DAY_MS);
}

static gboolean is_transient_status(long status)
{
    static const long transient[] = {408, 423, 429, 500, 502, 503, 504, 509};
    for (guint i = 0; i < G_N_ELEMENTS(transient); i++)
        if (transient[i] == status)
            return TRUE;
    return FALSE;
}

static guint attempts_allowed(const struct entra_outcome *outcome)
{
    switch (outcome->kind) {
    case ENTRA_OUT_HTTP:
        return is_transient_status(outcome->status) ? MAX_HTTP_ATTEMPTS : 1;
    case ENTRA_OUT_NETWORK:
        return MAX_NETWORK_ATTEMPTS;
    case ENTRA_OUT_TIMEOUT:
        return MAX_TIMEOUT_ATTEMPTS;
    case ENTRA_OUT_BROKEN:
        return MAX_BROKEN_ATTEMPTS;
    case ENTRA_OUT_FATAL:
        break;
    }
    return 1;
}

static gint64 backoff(guint attempts, double jitter)
{
    guint shift = MIN(attempts > 0 ? attempts - 1 : 0, 10);
    gint64 full = MIN((gint64)BACKOFF_MS << shift, BACKOFF_CAP_MS);
    return full / 2 + (gint64)(jitter * (double)full / 2);
}

struct entra_verdict entra_retry_decide(const struct entra_retry_state *state,
                                        const struct entra_outcome *outcome, double jitter)
{
    gboolean http = outcome->kind == ENTRA_OUT_HTTP;
    if (http && outcome->status == 401)
        return (struct entra_verdict){state->renewed ? ENTRA_DONE : ENTRA_RENEW, 0};
    if (http && !is_transient_status(outcome->status))
        return (struct entra_verdict){ENTRA_DONE, 0};
    if (state->attempts >= attempts_allowed(outcome))
        return (struct entra_verdict){ENTRA_GIVE_UP, 0};
    gint64 wait = http && outcome->retry_after_ms != ENTRA_RETRY_ABSENT
                      ? outcome->retry_after_ms
                      : backoff(state->attempts, jitter);
    if (wait > state->budget_left_ms)
        return (struct entra_verdict){ENTRA_GIVE_UP, wait};
    return (struct entra_verdict){ENTRA_WAIT, wait};
}
