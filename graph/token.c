/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens (Entra pages "v2-oauth2-client-creds-grant-flow" and "certificate-credentials", Arc page
 * "managed-identity-authentication"). Invariant: no secret outlives its request, and none goes into
 * an error.
 */
#include "graph/token.h"

#include "correlate/error.h"
#include "correlate/time.h"
#include "graph/arc.h"
#include "graph/certificate.h"
#include "graph/secret.h"

#include <string.h>

#define FORM "application/x-www-form-urlencoded"
#define JWT_BEARER                                                                                 \
    "client_assertion_type="                                                                       \
    "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
#define SKEW_WORTH_A_TRY_US (30 * COR_SECOND_US)

/* --- client credentials ----------------------------------------------------------------------- */

/* "client_secret=…"; free with entra_secret_free. */
static char *secret_part(const struct entra_login *login, GError **error)
{
    char *secret = entra_secret_read(login->options->secret_file, error);
    if (!secret)
        return NULL;
    char *escaped = g_uri_escape_string(secret, NULL, FALSE);
    char *part = g_strdup_printf("client_secret=%s", escaped);
    entra_secret_free(secret);
    entra_secret_free(escaped);
    return part;
}

/* What the service would refuse is told here, with the file's name. */
static gboolean check_time(const struct entra_certificate *certificate, const char *path,
                           gint64 now_us, GError **error)
{
    gboolean early = now_us < entra_certificate_not_before(certificate);
    gboolean late = now_us >= entra_certificate_not_after(certificate);
    if (!early && !late)
        return TRUE;
    g_autofree char *when = cor_time_text(early ? entra_certificate_not_before(certificate)
                                                : entra_certificate_not_after(certificate));
    g_set_error(error, ENTRA_ERROR, COR_E_AUTH, "the certificate in '%s' %s %s%s", path,
                early ? "is not valid before" : "expired on", when,
                early ? "; check this host's clock"
                      : "; make a new one, add it to the app registration and replace the file");
    return FALSE;
}

static char *assertion_part(const struct entra_login *login, GError **error)
{
    const struct entra_options *options = login->options;
    gint64 now_us = g_get_real_time() + login->ahead_us;
    g_autoptr(entra_certificate) certificate = entra_certificate_read(
        options->certificate_file, options->certificate_password_file, error);
    if (!certificate || !check_time(certificate, options->certificate_file, now_us, error))
        return NULL;
    char *jwt = entra_assertion(certificate, (enum entra_algorithm)options->certificate_algorithm,
                                options->client_id, login->token_url, now_us, error);
    if (!jwt)
        return NULL;
    char *part = g_strconcat(JWT_BEARER, "&client_assertion=", jwt, NULL);
    entra_secret_free(jwt);
    return part;
}

static char *form_of(const struct entra_login *login, GError **error)
{
    char *part =
        login->options->certificate_file ? assertion_part(login, error) : secret_part(login, error);
    if (!part)
        return NULL;
    g_autofree char *id = g_uri_escape_string(login->options->client_id, NULL, FALSE);
    g_autofree char *scope = g_strdup_printf("%s/.default", login->base);
    g_autofree char *escaped = g_uri_escape_string(scope, NULL, FALSE);
    char *form = g_strdup_printf("grant_type=client_credentials&client_id=%s&scope=%s&%s", id,
                                 escaped, part);
    entra_secret_free(part);
    return form;
}

/* A 200, or an error in clear words. The body is wiped. */
static gboolean judge(struct entra_exchange *exchange, struct entra_token *ret, GError **error)
{
    const char *body = (const char *)exchange->body->data;
    gsize len = exchange->body->len;
    if (exchange->outcome.status != 200) {
        entra_token_fail(exchange->outcome.status, body, len, error);
        return FALSE;
    }
    gboolean ok = entra_token_parse(body, len, ret, error);
    explicit_bzero(exchange->body->data, len);
    return ok;
}

static gboolean post_form(const struct entra_login *login, struct entra_exchange *exchange,
                          GError **error)
{
    char *form = form_of(login, error);
    if (!form)
        return FALSE;
    struct entra_call call = {.url = login->token_url, .body = form, .content_type = FORM};
    gboolean ok = login->call(login->data, &call, exchange, error);
    entra_secret_free(form);
    return ok;
}

/* Is our clock so wrong that the service finds the assertion untimely? Its Date header came over
 * TLS from the host that judges the assertion, so its time is the one to use. */
static gboolean learn_clock(struct entra_login *login, const struct entra_exchange *exchange)
{
    if (!login->options->certificate_file || exchange->outcome.status == 200 ||
        !exchange->date_us ||
        !entra_token_untimely((const char *)exchange->body->data, exchange->body->len))
        return FALSE;
    gint64 ahead_us = exchange->date_us - g_get_real_time();
    if (ABS(ahead_us - login->ahead_us) < SKEW_WORTH_A_TRY_US)
        return FALSE;
    login->ahead_us = ahead_us;
    return TRUE;
}

static gboolean client_credentials(struct entra_login *login, struct entra_token *ret,
                                   GError **error)
{
    struct entra_exchange exchange = {0};
    gboolean ok = post_form(login, &exchange, error);
    if (ok && learn_clock(login, &exchange)) {
        entra_exchange_clear(&exchange);
        ok = post_form(login, &exchange, error);
    }
    ok = ok && judge(&exchange, ret, error);
    entra_exchange_clear(&exchange);
    return ok;
}

/* --- managed identity ------------------------------------------------------------------------- */

static gboolean arc_refused(const struct entra_exchange *exchange, GError **error)
{
    g_set_error(error, ENTRA_ERROR, COR_E_AUTH,
                "the Arc agent of this host refused a token (HTTP %ld); is the machine connected "
                "(azcmagent show)?",
                exchange->outcome.status);
    return FALSE;
}

static gboolean ask_arc(const struct entra_login *login, const char *url, const char *key,
                        struct entra_exchange *exchange, GError **error)
{
    struct entra_call call = {.url = url, .local = TRUE, .basic = key};
    g_autoptr(GError) failure = NULL;
    if (login->call(login->data, &call, exchange, &failure))
        return TRUE;
    g_propagate_prefixed_error(error, g_steal_pointer(&failure), "Arc agent of this host: ");
    return FALSE;
}

static gboolean managed_identity(struct entra_login *login, struct entra_token *ret, GError **error)
{
    g_autofree char *url = entra_arc_url(g_getenv("IDENTITY_ENDPOINT"), login->base, error);
    struct entra_exchange exchange = {0};
    if (!url || !ask_arc(login, url, NULL, &exchange, error))
        return FALSE;
    if (exchange.outcome.status != 401) {
        arc_refused(&exchange, error);
        entra_exchange_clear(&exchange);
        return FALSE;
    }
    g_autofree char *path = entra_arc_key_path(exchange.challenge, error);
    entra_exchange_clear(&exchange);
    char *key = path ? entra_arc_key(path, error) : NULL;
    gboolean ok = key && ask_arc(login, url, key, &exchange, error);
    entra_secret_free(key);
    if (ok)
        ok = exchange.outcome.status == 200 ? judge(&exchange, ret, error)
                                            : arc_refused(&exchange, error);
    entra_exchange_clear(&exchange);
    return ok;
}

/* --- either ----------------------------------------------------------------------------------- */

gboolean entra_login_token(struct entra_login *login, struct entra_token *ret, GError **error)
{
    return login->options->managed_identity ? managed_identity(login, ret, error)
                                            : client_credentials(login, ret, error);
}

const char *entra_login_kind(const struct entra_options *options)
{
    return options->managed_identity   ? "managed identity of this Arc-enabled server"
           : options->certificate_file ? "certificate"
                                       : "client secret";
}
