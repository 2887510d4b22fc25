/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_CLIENT_H
#define ANCHORWATCH_GRAPH_CLIENT_H

/*
 * One conversation with one tenant: token, one connection, retries, ceilings. Requests are carried
 * out by a thread of the client, one at a time and in order, so that the caller can work on an
 * answer while the next one is on its way. All calls come from one thread.
 */

#include "graph/capture.h"

#define ENTRA_MAX_BODY ((gsize)64 * 1024 * 1024) /* bytes of one answer after decompression */

struct entra_client;

/* A final answer. status is never 401, 429 or 5xx. With 200 the body begins like JSON. */
struct entra_reply {
    long status;
    GByteArray *body; /* owned; followed by a NUL that does not count */
    char *path;       /* owned; of the request, without its query: for messages */
    char *request_id; /* owned; NULL when the service named none */
};
void entra_reply_free(struct entra_reply *reply);
typedef struct entra_reply entra_reply;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(entra_reply, entra_reply_free)
static inline const char *entra_reply_text(const struct entra_reply *reply)
{
    return (const char *)reply->body->data;
}
/* Turn an answer that is not 200 into an error with path, status, code, message and request id.
 * COR_E_AUTH for 403, COR_E_NOT_FOUND for 404, COR_E_INPUT otherwise. */
void entra_reply_fail(const struct entra_reply *reply, GError **error);

/* options are borrowed for the life of the client. COR_E_CONFIG. */
struct entra_client *entra_client_new(const struct entra_options *options,
                                      GCancellable *cancellable, GError **error);
void entra_client_free(struct entra_client *client); /* ends a running request */

/* Ask url (GET, or POST of a JSON body) after delay_ms, which counts against the budget. */
void entra_client_send(struct entra_client *client, const char *url, const char *json_or_null,
                       gint64 delay_ms);
/* The oldest outstanding answer. NULL: COR_E_AUTH (token), COR_E_RETRY, COR_E_INPUT, COR_E_LIMIT,
 * COR_E_CONFIG, COR_E_CANCELLED. */
struct entra_reply *entra_client_wait(struct entra_client *client, GError **error);
guint entra_client_outstanding(const struct entra_client *client);
/* send and wait; nothing may be outstanding. */
struct entra_reply *entra_client_ask(struct entra_client *client, const char *url,
                                     const char *json_or_null, GError **error);

/* Get a token now, so that a wrong secret is told before anything else. */
gboolean entra_client_login(struct entra_client *client, GError **error);
const char *entra_client_base(const struct entra_client *client);
/* A throttled step inside a batch counts like a throttled request. */
void entra_client_count_throttled(struct entra_client *client);
/* The largest x-ms-throttle-limit-percentage of a batch's steps, 0 when none had one: the batch
 * itself does not say. */
void entra_client_told(struct entra_client *client, double percentage);
/* Milliseconds of waiting that the budget still allows. */
gint64 entra_client_budget(struct entra_client *client);
/* requests, units, bytes, throttled, waited_ms and peer_clock_us so far. */
void entra_client_stats(struct entra_client *client, struct cor_half_stats *stats);

#endif
