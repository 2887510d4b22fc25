/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTPS exchange. Invariant: whatever the peer does, an exchange ends within its total time and
 * with at most max_body bytes held. Redirects are not followed: Graph sends none, and one would
 * carry the token elsewhere. Retrying is not decided here.
 */
#include "graph/transport.h"

#include "correlate/error.h"
#include "correlate/time.h"
#include "graph/secret.h"

#include <curl/curl.h>
#include <string.h>

enum {
    MAX_HEADER = 1024,
    MAX_HEADERS = 200,
    MAX_FIGURE = 100000,
    LOW_SPEED_BYTES = 1000, /* per second; slower than this for the idle time is a stalled peer */
    MAX_IDLE_S = 30,
    MAX_CONNECT_MS = 15000,
};

struct entra_transport {
    CURL *curl;
    GCancellable *cancellable;
    guint timeout_ms;
    gsize max_body;
    char *proxy;
    /* of the running exchange */
    GByteArray *body;
    gboolean too_large;
    guint headers_seen;
    char *retry_after, *request_id, *challenge;
    gint64 date_us;
    double units, percentage;
    char native[CURL_ERROR_SIZE];
};

void entra_exchange_clear(struct entra_exchange *exchange)
{
    if (exchange->body)
        g_byte_array_unref(exchange->body);
    g_free(exchange->content_type);
    g_free(exchange->request_id);
    g_free(exchange->challenge);
    g_clear_error(&exchange->error);
    *exchange = (struct entra_exchange){0};
}

/* --- callbacks -------------------------------------------------------------------------------- */

static size_t take_body(char *data, size_t size, size_t count, void *user)
{
    struct entra_transport *transport = user;
    gsize len = size * count;
    if (len > transport->max_body - transport->body->len) {
        transport->too_large = TRUE;
        return 0;
    }
    g_byte_array_append(transport->body, (const guint8 *)data, (guint)len);
    return len;
}

static char *header_value(const char *line, gsize len, const char *name)
{
    gsize name_len = strlen(name);
    if (len <= name_len || line[name_len] != ':' || g_ascii_strncasecmp(line, name, name_len) != 0)
        return NULL;
    char *value = g_strndup(line + name_len + 1, MIN(len - name_len - 1, MAX_HEADER));
    return g_strstrip(value);
}

static void keep_header(char **slot, char *value_taken)
{
    g_free(*slot);
    *slot = value_taken;
}

/* Figures of the throttling headers, whatever stands there: at least 0, at most a sane size. */
static gboolean take_figure(struct entra_transport *transport, const char *line, gsize len)
{
    char *value;
    double *slot;
    if ((value = header_value(line, len, "x-ms-resource-unit")))
        slot = &transport->units;
    else if ((value = header_value(line, len, "x-ms-throttle-limit-percentage")))
        slot = &transport->percentage;
    else
        return FALSE;
    double figure = g_ascii_isdigit(*value) ? g_ascii_strtod(value, NULL) : 0;
    *slot = figure > 0 && figure < MAX_FIGURE ? figure : 0;
    g_free(value);
    return TRUE;
}

static size_t take_header(char *data, size_t size, size_t count, void *user)
{
    struct entra_transport *transport = user;
    gsize len = size * count;
    if (++transport->headers_seen > MAX_HEADERS)
        return 0;
    char *value;
    if (take_figure(transport, data, len))
        return len;
    if ((value = header_value(data, len, "retry-after"))) {
        keep_header(&transport->retry_after, value);
    } else if ((value = header_value(data, len, "request-id"))) {
        g_strcanon(value, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-", '?');
        value[MIN(strlen(value), 64)] = '\0';
        keep_header(&transport->request_id, value);
    } else if ((value = header_value(data, len, "www-authenticate"))) {
        keep_header(&transport->challenge, value);
    } else if ((value = header_value(data, len, "date"))) {
        time_t at = curl_getdate(value, NULL);
        transport->date_us = at > 0 ? (gint64)at * COR_SECOND_US : 0;
        g_free(value);
    }
    return len;
}

static int on_progress(void *user, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    (void)down_total, (void)down, (void)up_total, (void)up;
    const struct entra_transport *transport = user;
    return g_cancellable_is_cancelled(transport->cancellable);
}

/* --- the handle ------------------------------------------------------------------------------- */

static void set_limits(struct entra_transport *transport)
{
    CURL *curl = transport->curl;
    long idle_s = CLAMP((long)transport->timeout_ms / 4000, 1, MAX_IDLE_S);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)transport->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)MIN(transport->timeout_ms, (guint)MAX_CONNECT_MS));
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)LOW_SPEED_BYTES);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, idle_s);
}

static void set_behaviour(struct entra_transport *transport)
{
    CURL *curl = transport->curl;
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "anchorwatch/" ANCHORWATCH_VERSION);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transport->native);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transport);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, transport);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transport);
}

static gpointer initialise(gpointer unused)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    return unused;
}

/* Which proxy is told with each call. */
static gboolean set_proxy(CURL *curl, const struct entra_transport_options *options, GError **error)
{
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
    if (!options->proxy_secret_file)
        return TRUE;
    char *secret = entra_secret_line("proxy secret file", options->proxy_secret_file, error);
    if (!secret)
        return FALSE;
    const char *colon = strchr(secret, ':');
    if (colon && colon > secret) {
        g_autofree char *user = g_strndup(secret, (gsize)(colon - secret));
        curl_easy_setopt(curl, CURLOPT_PROXYUSERNAME, user);
        curl_easy_setopt(curl, CURLOPT_PROXYPASSWORD, colon + 1);
        curl_easy_setopt(curl, CURLOPT_PROXYAUTH, CURLAUTH_ANYSAFE | CURLAUTH_BASIC);
    } else {
        g_set_error(error, ENTRA_ERROR, COR_E_CONFIG,
                    "proxy secret file '%s' does not hold user:password",
                    options->proxy_secret_file);
    }
    gboolean ok = colon && colon > secret;
    entra_secret_free(secret);
    return ok;
}

struct entra_transport *entra_transport_new(const struct entra_transport_options *options,
                                            GCancellable *cancellable, GError **error)
{
    const char *ca_file = options->ca_file;
    static GOnce initialised = G_ONCE_INIT;
    g_once(&initialised, initialise, NULL);
    if (ca_file && !g_file_test(ca_file, G_FILE_TEST_IS_REGULAR)) {
        g_set_error(error, ENTRA_ERROR, COR_E_CONFIG, "CA file '%s' cannot be read", ca_file);
        return NULL;
    }
    struct entra_transport *transport = g_new0(struct entra_transport, 1);
    transport->curl = curl_easy_init();
    if (!transport->curl)
        g_error("out of memory");
    transport->cancellable = g_object_ref(cancellable);
    transport->timeout_ms = options->timeout_ms;
    transport->max_body = options->max_body;
    transport->proxy = g_strdup(options->proxy);
    set_behaviour(transport);
    set_limits(transport);
    if (ca_file)
        curl_easy_setopt(transport->curl, CURLOPT_CAINFO, ca_file);
    if (set_proxy(transport->curl, options, error))
        return transport;
    entra_transport_free(transport);
    return NULL;
}

void entra_transport_free(struct entra_transport *transport)
{
    if (!transport)
        return;
    curl_easy_cleanup(transport->curl);
    g_object_unref(transport->cancellable);
    g_free(transport->proxy);
    g_free(transport);
}

/* --- one exchange ----------------------------------------------------------------------------- */

static const struct {
    CURLcode code;
    enum entra_outcome_kind kind;
    enum cor_code todo;
    const char *words;
} failures[] = {
    {CURLE_OPERATION_TIMEDOUT, ENTRA_OUT_TIMEOUT, COR_E_RETRY, "no complete answer in time"},
    {CURLE_COULDNT_RESOLVE_HOST, ENTRA_OUT_NETWORK, COR_E_RETRY, "the host name is not known"},
    {CURLE_COULDNT_RESOLVE_PROXY, ENTRA_OUT_NETWORK, COR_E_RETRY, "the proxy's name is not known"},
    {CURLE_COULDNT_CONNECT, ENTRA_OUT_NETWORK, COR_E_RETRY, "cannot connect"},
    {CURLE_SSL_CONNECT_ERROR, ENTRA_OUT_NETWORK, COR_E_RETRY, "the TLS handshake failed"},
    {CURLE_GOT_NOTHING, ENTRA_OUT_NETWORK, COR_E_RETRY, "the connection was closed unanswered"},
    {CURLE_PARTIAL_FILE, ENTRA_OUT_NETWORK, COR_E_RETRY, "the answer was cut off"},
    {CURLE_RECV_ERROR, ENTRA_OUT_NETWORK, COR_E_RETRY, "the connection was lost"},
    {CURLE_SEND_ERROR, ENTRA_OUT_NETWORK, COR_E_RETRY, "the connection was lost"},
    {CURLE_HTTP2, ENTRA_OUT_NETWORK, COR_E_RETRY, "the HTTP/2 connection failed"},
    {CURLE_HTTP2_STREAM, ENTRA_OUT_NETWORK, COR_E_RETRY, "the HTTP/2 stream failed"},
    {CURLE_PEER_FAILED_VERIFICATION, ENTRA_OUT_FATAL, COR_E_CONFIG,
     "the server's certificate is not trusted; check the CA file and the host name"},
    {CURLE_SSL_CACERT_BADFILE, ENTRA_OUT_FATAL, COR_E_CONFIG, "the CA file is unusable"},
    {CURLE_ABORTED_BY_CALLBACK, ENTRA_OUT_FATAL, COR_E_CANCELLED, "stopped on request"},
    {CURLE_UNSUPPORTED_PROTOCOL, ENTRA_OUT_FATAL, COR_E_CONFIG, "only https is allowed"},
    {CURLE_URL_MALFORMAT, ENTRA_OUT_FATAL, COR_E_CONFIG, "the address is malformed"},
    {CURLE_BAD_CONTENT_ENCODING, ENTRA_OUT_BROKEN, COR_E_INPUT, "the compression is damaged"},
    {CURLE_WRITE_ERROR, ENTRA_OUT_BROKEN, COR_E_INPUT, "the answer cannot be decoded"},
};

/* A CONNECT that the proxy answers with a refusal is no answer of the service. */
static gboolean proxy_refused(const struct entra_transport *transport,
                              struct entra_exchange *exchange)
{
    long status = 0;
    curl_easy_getinfo(transport->curl, CURLINFO_HTTP_CONNECTCODE, &status);
    if (status < 400)
        return FALSE;
    gboolean passing = status >= 500;
    exchange->outcome.kind = passing ? ENTRA_OUT_NETWORK : ENTRA_OUT_FATAL;
    g_set_error(&exchange->error, ENTRA_ERROR, passing ? COR_E_RETRY : COR_E_CONFIG,
                "the proxy %s refuses the connection (HTTP %ld)%s", transport->proxy, status,
                status == 407 ? "; it wants a user and password: proxy_secret_file" : "");
    return TRUE;
}

static void fail(const struct entra_transport *transport, CURLcode code,
                 struct entra_exchange *exchange)
{
    if (transport->too_large) {
        exchange->outcome.kind = ENTRA_OUT_FATAL;
        g_set_error(&exchange->error, ENTRA_ERROR, COR_E_LIMIT,
                    "the answer is larger than %" G_GSIZE_FORMAT " bytes", transport->max_body);
        return;
    }
    if (proxy_refused(transport, exchange))
        return;
    enum cor_code todo = COR_E_INPUT;
    const char *words = "the exchange failed";
    exchange->outcome.kind = ENTRA_OUT_FATAL;
    for (guint i = 0; i < G_N_ELEMENTS(failures); i++) {
        if (failures[i].code != code)
            continue;
        exchange->outcome.kind = failures[i].kind;
        todo = failures[i].todo;
        words = failures[i].words;
    }
    const char *native = *transport->native ? transport->native : curl_easy_strerror(code);
    g_set_error(&exchange->error, ENTRA_ERROR, todo, "%s (curl %d: %s)", words, (int)code, native);
}

static struct curl_slist *headers_of(const struct entra_call *call)
{
    struct curl_slist *list = curl_slist_append(NULL, "Accept: application/json");
    if (call->content_type) {
        g_autofree char *type = g_strdup_printf("Content-Type: %s", call->content_type);
        list = curl_slist_append(list, type);
    }
    if (call->local)
        list = curl_slist_append(list, "Metadata: true");
    if (call->basic) {
        char *line = g_strdup_printf("Authorization: Basic %s", call->basic);
        list = curl_slist_append(list, line);
        entra_secret_free(line);
    }
    if (call->bearer) {
        char *line = g_strdup_printf("Authorization: Bearer %s", call->bearer);
        list = curl_slist_append(list, line);
        explicit_bzero(line, strlen(line));
        g_free(line);
        list = curl_slist_append(list, "Prefer: include-unknown-enum-members");
        list = curl_slist_append(list, "x-ms-throttle-priority: Low"); /* others go first */
    }
    return list;
}

static void headers_free(struct curl_slist *list)
{
    for (struct curl_slist *at = list; at; at = at->next)
        explicit_bzero(at->data, strlen(at->data));
    curl_slist_free_all(list);
}

static void begin(struct entra_transport *transport)
{
    transport->body = g_byte_array_new();
    transport->too_large = FALSE;
    transport->headers_seen = 0;
    transport->date_us = 0;
    transport->units = transport->percentage = 0;
    transport->native[0] = '\0';
}

static void finish(struct entra_transport *transport, struct entra_exchange *exchange)
{
    CURL *curl = transport->curl;
    curl_off_t wire = 0;
    const char *type = NULL;
    curl_easy_getinfo(curl, CURLINFO_SIZE_DOWNLOAD_T, &wire);
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &exchange->outcome.status);
    exchange->content_type = g_strdup(type);
    exchange->wire_bytes = wire;
    exchange->date_us = transport->date_us;
    exchange->units = (guint)transport->units;
    exchange->percentage = transport->percentage;
    exchange->request_id = g_steal_pointer(&transport->request_id);
    exchange->challenge = g_steal_pointer(&transport->challenge);
    gint64 now_us = transport->date_us ? transport->date_us : g_get_real_time();
    exchange->outcome.retry_after_ms = entra_retry_after(transport->retry_after, now_us);
    g_clear_pointer(&transport->retry_after, g_free);
    g_byte_array_append(transport->body, (const guint8 *)"", 1);
    g_byte_array_set_size(transport->body, transport->body->len - 1);
    exchange->body = g_steal_pointer(&transport->body);
}

void entra_transport_run(struct entra_transport *transport, const struct entra_call *call,
                         struct entra_exchange *exchange)
{
    CURL *curl = transport->curl;
    struct curl_slist *headers = headers_of(call);
    begin(transport);
    curl_easy_setopt(curl, CURLOPT_URL, call->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, call->local ? "http" : "https");
    /* an empty one keeps curl from asking the environment: a capture by hand and one by the daemon
     * must go the same way */
    curl_easy_setopt(curl, CURLOPT_PROXY, call->local || !transport->proxy ? "" : transport->proxy);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (call->body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(call->body));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body);
    } else {
        curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    }
    CURLcode code = curl_easy_perform(curl);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, NULL);
    headers_free(headers);
    *exchange = (struct entra_exchange){.outcome = {.kind = ENTRA_OUT_HTTP}};
    finish(transport, exchange);
    if (code != CURLE_OK)
        fail(transport, code, exchange);
}
