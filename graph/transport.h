/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_TRANSPORT_H
#define ANCHORWATCH_GRAPH_TRANSPORT_H

/* One HTTPS exchange with libcurl: one connection, ceilings, time-outs, no second try. */

#include "graph/retry.h"

#include <gio/gio.h>

struct entra_transport;

struct entra_call {
    const char *url;
    const char *body;         /* POST when not NULL */
    const char *content_type; /* of the body */
    const char *bearer;       /* access token, or NULL */
    gboolean local;           /* to the Arc agent of this host: http, never through a proxy */
    const char *basic;        /* what follows "Basic " then, or NULL */
};
struct entra_exchange {
    struct entra_outcome outcome;
    GByteArray *body; /* owned; followed by a NUL that does not count; NULL without an answer */
    char *content_type, *request_id; /* owned, may be NULL */
    char *challenge;                 /* owned; WWW-Authenticate of a local call, or NULL */
    gint64 date_us;                  /* the peer's Date header; 0 unknown */
    gint64 wire_bytes;
    guint units;       /* x-ms-resource-unit: what the service says it cost; 0: it did not say */
    double percentage; /* x-ms-throttle-limit-percentage; 0: absent */
    GError *error;     /* owned; set unless outcome.kind is HTTP */
};
void entra_exchange_clear(struct entra_exchange *exchange);

struct entra_transport_options {
    const char *ca_file;           /* NULL: system */
    const char *proxy;             /* http://host:port, or NULL; the environment is not asked */
    const char *proxy_secret_file; /* "user:password", one line; NULL: none */
    guint timeout_ms;
    gsize max_body;
};
/* cancellable ends an exchange within a second. COR_E_CONFIG. */
struct entra_transport *entra_transport_new(const struct entra_transport_options *options,
                                            GCancellable *cancellable, GError **error);
void entra_transport_free(struct entra_transport *transport);
/* Fills exchange (cleared by the caller). */
void entra_transport_run(struct entra_transport *transport, const struct entra_call *call,
                         struct entra_exchange *exchange);

#endif
