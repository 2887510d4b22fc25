/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens, errors and foreign documents. The text of an error comes from the peer, so it is cut,
 * freed of control characters and never decides anything; decisions rest on status and code.
 */
#include "graph/answer.h"

#include "correlate/error.h"
#include "correlate/json.h"

#include <string.h>

enum {
    MAX_ERROR_BYTES = 1 << 20,
    MAX_CODE = 64,
    MAX_MESSAGE = 300,
    MAX_TITLE = 60,
    MAX_TOKEN = 64 << 10,
    MAX_NESTING = 8,
    RENEW_EARLY_S = 300,
};

/* --- tokens ----------------------------------------------------------------------------------- */

void entra_token_clear(struct entra_token *token)
{
    if (token->access)
        explicit_bzero(token->access, strlen(token->access));
    g_free(token->access);
    *token = (struct entra_token){0};
}

gint64 entra_token_renew_after(gint64 expires_in)
{
    return expires_in > 2 * RENEW_EARLY_S ? expires_in - RENEW_EARLY_S : expires_in / 2;
}

/* Characters of RFC 6750 b64token: a token goes into a header line. */
static gboolean is_token(const char *text)
{
    gsize len = strlen(text);
    return len > 0 && len <= MAX_TOKEN &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=") ==
               len;
}

gboolean entra_token_parse(const char *body, gsize len, struct entra_token *ret, GError **error)
{
    *ret = (struct entra_token){0};
    COR_JSON_AUTO *doc = cor_json_parse(body, len, MAX_ERROR_BYTES, NULL);
    const char *access = cor_json_get_string(doc, "access_token");
    const char *type = cor_json_get_string(doc, "token_type");
    const struct cor_json *life = cor_json_get(doc, "expires_in");
    gint64 seconds = 0;
    if (!cor_json_int(life, &seconds) && cor_json_string(life))
        seconds = g_ascii_strtoll(cor_json_string(life), NULL, 10);
    if (!access || !is_token(access) || (type && g_ascii_strcasecmp(type, "Bearer") != 0) ||
        seconds < 1 || seconds > G_MAXINT32) {
        g_set_error(error, ENTRA_ERROR, COR_E_INPUT,
                    "the token endpoint answered without a usable token");
        return FALSE;
    }
    ret->access = g_strdup(access);
    ret->expires_in = seconds;
    return TRUE;
}

/* Microsoft identity platform, "reference-error-codes". */
static const struct {
    int code;
    enum cor_code todo;
    const char *words;
} token_errors[] = {
    {7000215, COR_E_AUTH, "the client secret is wrong (the secret's value is needed, not its id)"},
    {7000222, COR_E_AUTH, "the client secret has expired; create a new one and replace the file"},
    {7000218, COR_E_AUTH, "the tenant demands another kind of credential for this app"},
    {700016, COR_E_AUTH, "the tenant has no app with this client id"},
    {7000112, COR_E_AUTH, "the app is disabled in the tenant"},
    {50012, COR_E_AUTH, "the signature of the certificate was refused"},
    {700027, COR_E_AUTH,
     "the app registration does not know this certificate (or its key has changed); upload it"},
    {50027, COR_E_AUTH, "the client assertion was refused"},
    {700021, COR_E_AUTH, "the client assertion was refused; check the client id"},
    {700023, COR_E_AUTH, "the client assertion was refused; check the token endpoint's address"},
    {1000502, COR_E_AUTH, "the certificate is outside its time"},
    {500133, COR_E_AUTH, "the client assertion is outside its time; check this host's clock"},
    {700024, COR_E_AUTH, "the client assertion is outside its time; check this host's clock"},
    {90002, COR_E_CONFIG, "there is no tenant of this name or id"},
    {90019, COR_E_CONFIG, "there is no tenant of this name or id"},
    {70011, COR_E_CONFIG, "the scope is wrong; check the address of Graph"},
    {500011, COR_E_CONFIG, "the tenant does not know the service; check the address of Graph"},
    {90038, COR_E_CONFIG, "the tenant lives in another national cloud"},
    {900382, COR_E_CONFIG, "the tenant lives in another national cloud"},
    {900432, COR_E_CONFIG, "the tenant lives in another national cloud"},
    {53003, COR_E_AUTH, "a Conditional Access policy for workload identities blocks the app"},
    {530032, COR_E_AUTH, "a security policy of the tenant blocks the app"},
    {90055, COR_E_RETRY, "the tenant is throttled"},
    {90006, COR_E_RETRY, "the token service has a passing fault"},
    {90012, COR_E_RETRY, "the token service has a passing fault"},
    {90024, COR_E_RETRY, "the token service has a passing fault"},
    {90033, COR_E_RETRY, "the token service has a passing fault"},
    {90090, COR_E_RETRY, "the token service has a passing fault"},
};

static int token_error_code(const struct cor_json *doc)
{
    gint64 code = 0;
    if (cor_json_int(cor_json_first(cor_json_get(doc, "error_codes")), &code) && code > 0 &&
        code < G_MAXINT)
        return (int)code;
    const char *text = cor_json_get_string(doc, "error_description");
    const char *at = text ? strstr(text, "AADSTS") : NULL;
    code = at ? g_ascii_strtoll(at + strlen("AADSTS"), NULL, 10) : 0;
    return code > 0 && code < G_MAXINT ? (int)code : 0;
}

static int token_error_row(const struct cor_json *doc)
{
    int code = token_error_code(doc);
    for (guint i = 0; i < G_N_ELEMENTS(token_errors); i++)
        if (token_errors[i].code == code)
            return (int)i;
    return -1;
}

/* OAuth error names are lower-case words (RFC 6749 5.2); anything else is not repeated. */
static const char *oauth_name(const struct cor_json *doc)
{
    const char *name = cor_json_get_string(doc, "error");
    gsize len = name ? strspn(name, "abcdefghijklmnopqrstuvwxyz_") : 0;
    return name && len > 0 && len <= MAX_CODE && name[len] == '\0' ? name : "no error name";
}

void entra_token_fail(long status, const char *body, gsize len, GError **error)
{
    COR_JSON_AUTO *doc = cor_json_parse(body, len, MAX_ERROR_BYTES, NULL);
    int row = token_error_row(doc), code = token_error_code(doc);
    if (row >= 0) {
        g_set_error(error, ENTRA_ERROR, token_errors[row].todo, "%s (%s, AADSTS%d)",
                    token_errors[row].words, oauth_name(doc), code);
        return;
    }
    enum cor_code todo = status >= 500 || status == 429 ? COR_E_RETRY : COR_E_AUTH;
    if (code)
        g_set_error(error, ENTRA_ERROR, todo, "the token endpoint refused (HTTP %ld, %s, AADSTS%d)",
                    status, oauth_name(doc), code);
    else
        g_set_error(error, ENTRA_ERROR, todo, "the token endpoint refused (HTTP %ld, %s)", status,
                    oauth_name(doc));
}

gboolean entra_token_untimely(const char *body, gsize len)
{
    COR_JSON_AUTO *doc = cor_json_parse(body, len, MAX_ERROR_BYTES, NULL);
    int code = token_error_code(doc);
    return code == 700024 || code == 500133;
}

gboolean entra_token_transient(const char *body, gsize len)
{
    COR_JSON_AUTO *doc = cor_json_parse(body, len, MAX_ERROR_BYTES, NULL);
    int row = token_error_row(doc);
    if (row >= 0)
        return token_errors[row].todo == COR_E_RETRY;
    return g_str_equal(oauth_name(doc), "temporarily_unavailable");
}

/* --- errors of Graph -------------------------------------------------------------------------- */

/* Cut at a character and without control characters. */
static char *tame(const char *text, gsize max)
{
    g_autofree char *cut = g_strndup(text, max);
    char *valid = g_utf8_make_valid(cut, -1);
    for (char *at = valid; *at; at++)
        if ((guchar)*at < 0x20 || *at == 0x7f)
            *at = ' ';
    return g_strstrip(valid);
}

char *entra_error_code(const char *body, gsize len, char **ret_message)
{
    if (ret_message)
        *ret_message = NULL;
    COR_JSON_AUTO *doc = cor_json_parse(body, len, MAX_ERROR_BYTES, NULL);
    const struct cor_json *level = cor_json_get(doc, "error");
    const char *code = cor_json_get_string(level, "code");
    if (!code)
        return NULL;
    const char *message = cor_json_get_string(level, "message");
    if (ret_message && message)
        *ret_message = tame(message, MAX_MESSAGE);
    for (guint i = 0; level && i < MAX_NESTING; i++) {
        const char *inner = cor_json_get_string(level, "code");
        /* an inner code that is a bare number repeats the status */
        if (inner && *inner && (i == 0 || !g_ascii_isdigit(*inner)))
            code = inner;
        const struct cor_json *next = cor_json_get(level, "innerError");
        level = next ? next : cor_json_get(level, "innererror");
    }
    return tame(code, MAX_CODE);
}

/* --- not JSON --------------------------------------------------------------------------------- */

gboolean entra_looks_like_json(const char *body, gsize len)
{
    gsize at = 0;
    while (at < len && body[at] && strchr(" \t\r\n", body[at]))
        at++;
    return at < len && body[at] == '{';
}

char *entra_not_json(const char *content_type, const char *body, gsize len)
{
    g_autofree char *start = g_strndup(body, MIN(len, 4096));
    g_autofree char *lower = g_ascii_strdown(start, -1);
    const char *open = strstr(lower, "<title>");
    const char *close = open ? strstr(open, "</title>") : NULL;
    if (close) {
        gsize from = (gsize)(open - lower) + strlen("<title>");
        g_autofree char *raw = g_strndup(start + from, (gsize)(close - lower) - from);
        g_autofree char *title = tame(raw, MAX_TITLE);
        return g_strdup_printf("an HTML page ('%s')", title);
    }
    if (strstr(lower, "<html") || strstr(lower, "<!doctype html"))
        return g_strdup("an HTML page");
    if (len == 0)
        return g_strdup("an empty body");
    g_autofree char *type = tame(content_type ? content_type : "no type", MAX_CODE);
    return g_strdup_printf("a body of %" G_GSIZE_FORMAT " bytes that is no JSON (%s)", len, type);
}
