/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_TOKEN_H
#define ANCHORWATCH_GRAPH_TOKEN_H

/*
 * How a token is got with each kind of credential: client secret, certificate, managed identity of
 * an Arc-enabled server. Files are read for each token, so that replaced ones are noticed.
 */

#include "graph/answer.h"
#include "graph/capture.h"
#include "graph/transport.h"

/* Carries out one call with the retries of the conversation. TRUE: exchange holds a final answer;
 * with 200 its body begins like JSON. */
typedef gboolean (*entra_token_call)(void *data, struct entra_call *call,
                                     struct entra_exchange *exchange, GError **error);

struct entra_login {
    const struct entra_options *options; /* borrowed, as is the rest */
    const char *base, *token_url;
    entra_token_call call;
    void *data;
    gint64 ahead_us; /* of our clock: learned when the service finds an assertion untimely */
};

/* Fills ret (entra_token_clear). COR_E_CONFIG, COR_E_AUTH, COR_E_RETRY, COR_E_INPUT. */
gboolean entra_login_token(struct entra_login *login, struct entra_token *ret, GError **error);

/* One clause for people: "client secret", "certificate", "managed identity of this Arc server". */
const char *entra_login_kind(const struct entra_options *options);

#endif
