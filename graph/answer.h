/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_ANSWER_H
#define ANCHORWATCH_GRAPH_ANSWER_H

/*
 * Meaning of answers that are not pages: tokens, errors, and what is no JSON at all. Pure.
 */

#include <glib.h>

/* A token answer (Microsoft identity platform, client credentials flow). */
struct entra_token {
    char *access;      /* owned; cleared before it is freed */
    gint64 expires_in; /* seconds; at least 1 */
};
void entra_token_clear(struct entra_token *token);
/* Seconds after which a token of that life is renewed: five minutes before its end, or at half of a
 * short life. */
gint64 entra_token_renew_after(gint64 expires_in);
/* 200 of the token endpoint. FALSE: COR_E_INPUT. */
gboolean entra_token_parse(const char *body, gsize len, struct entra_token *ret, GError **error);
/* Any other answer of the token endpoint as an error in clear words: code AADSTSnnnnn and the
 * OAuth error name are kept, the description is not, because it is the one text that could
 * repeat what was sent. COR_E_AUTH, COR_E_CONFIG or COR_E_RETRY. */
void entra_token_fail(long status, const char *body, gsize len, GError **error);
/* Does the token endpoint refuse an assertion because of its time? */
gboolean entra_token_untimely(const char *body, gsize len);
/* Does the token endpoint call this error transient? */
gboolean entra_token_transient(const char *body, gsize len);

/* Error code of a Graph error envelope ("Authorization_RequestDenied"), the most specific one;
 * message may be NULL. Both cut to a safe length, without control characters. NULL: no envelope.
 * Caller frees. */
char *entra_error_code(const char *body, gsize len, char **ret_message);

/* One clause that says what came instead of JSON: "an HTML page ('Sign in')". Caller frees. */
char *entra_not_json(const char *content_type, const char *body, gsize len);
/* Does the body begin as a JSON document of Graph must? */
gboolean entra_looks_like_json(const char *body, gsize len);

#endif
