/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conversation with a tenant. The worker thread owns connection, token and retry state; the
 * mutex guards the two queues and the figures that both threads read. Invariant: each request put
 * in gets exactly one answer out, in order. The token lives here alone, is renewed before its end,
 * and once more when the service refuses it.
 */
#include "graph/client.h"

#include "correlate/error.h"
#include "graph/answer.h"
#include "graph/cloud.h"
#include "graph/governor.h"
#include "graph/link.h"
#include "graph/token.h"
#include "graph/transport.h"

#include <string.h>

enum { DEFAULT_TIMEOUT_MS = 120000, DEFAULT_BUDGET_MS = 900000, RENEW_AGAIN_S = 30 };

struct request {
    char *url, *json; /* owned */
    gint64 delay_ms;
};
struct answer {
    struct entra_reply *reply; /* owned */
    GError *error;             /* owned */
};

struct entra_client {
    const struct entra_options *options;
    char *base, *token_url; /* owned */
    GCancellable *user;     /* the caller's, may be NULL */
    GCancellable *stop;     /* ends the worker */
    gulong user_handler;
    GThread *thread;
    GMutex mutex;
    GCond changed;
    GQueue requests, answers; /* struct request *, struct answer * */
    gboolean closing;
    guint outstanding; /* the caller's thread only */
    struct cor_half_stats stats;
    gint64 budget_ms;
    struct entra_governor governor;
    /* the worker only */
    struct entra_transport *transport;
    struct entra_login login;
    struct entra_token token;
    gint64 renew_at_us, token_ends_us; /* monotonic */
};

/* --- answers ---------------------------------------------------------------------------------- */

void entra_reply_free(struct entra_reply *reply)
{
    if (!reply)
        return;
    g_byte_array_unref(reply->body);
    g_free(reply->path);
    g_free(reply->request_id);
    g_free(reply);
}

void entra_reply_fail(const struct entra_reply *reply, GError **error)
{
    g_autofree char *message = NULL;
    g_autofree char *code = entra_error_code(entra_reply_text(reply), reply->body->len, &message);
    enum cor_code todo = reply->status == 403   ? COR_E_AUTH
                         : reply->status == 404 ? COR_E_NOT_FOUND
                                                : COR_E_INPUT;
    g_set_error(error, ENTRA_ERROR, todo, "%s: HTTP %ld %s%s%s%s%s%s", reply->path, reply->status,
                code ? code : "without an error code", message ? ": " : "", message ? message : "",
                reply->request_id ? " (request-id " : "",
                reply->request_id ? reply->request_id : "", reply->request_id ? ")" : "");
}

static char *path_of(const char *url)
{
    const char *host = strstr(url, "://");
    const char *path = host ? strchr(host + 3, '/') : NULL;
    return path ? g_strndup(path, strcspn(path, "?#")) : g_strdup(url);
}

static struct entra_reply *reply_from(struct entra_exchange *exchange, const char *url)
{
    struct entra_reply *reply = g_new0(struct entra_reply, 1);
    reply->status = exchange->outcome.status;
    reply->body = g_steal_pointer(&exchange->body);
    reply->request_id = g_steal_pointer(&exchange->request_id);
    reply->path = path_of(url);
    return reply;
}

/* --- figures ---------------------------------------------------------------------------------- */

/* cost: NULL for calls of the token service, which no quota of Graph counts. */
static void count(struct entra_client *client, const struct entra_exchange *exchange,
                  const struct entra_cost *cost)
{
    gint64 now_us = g_get_monotonic_time();
    gboolean http = exchange->outcome.kind == ENTRA_OUT_HTTP;
    gboolean throttled = http && exchange->outcome.status == 429;
    g_mutex_lock(&client->mutex);
    client->stats.requests++;
    client->stats.bytes += (guint64)MAX(exchange->wire_bytes, 0);
    client->stats.throttled += throttled;
    if (exchange->date_us)
        client->stats.peer_clock_us = exchange->date_us;
    if (cost) { /* a request that got no answer may have been counted all the same */
        guint units = exchange->units ? exchange->units : cost->of[ENTRA_UNITS];
        client->stats.units += cost->of[ENTRA_UNITS] ? units : 0;
        entra_governor_spend(&client->governor, cost, exchange->units, now_us);
    }
    if (cost && cost->of[ENTRA_UNITS] && throttled)
        entra_governor_refused(&client->governor, now_us);
    else if (cost && http && exchange->units)
        entra_governor_told(&client->governor, exchange->percentage, now_us);
    g_mutex_unlock(&client->mutex);
}

void entra_client_told(struct entra_client *client, double percentage)
{
    g_mutex_lock(&client->mutex);
    entra_governor_told(&client->governor, percentage, g_get_monotonic_time());
    g_mutex_unlock(&client->mutex);
}

gint64 entra_client_budget(struct entra_client *client)
{
    g_mutex_lock(&client->mutex);
    gint64 left = client->budget_ms;
    g_mutex_unlock(&client->mutex);
    return left;
}

void entra_client_stats(struct entra_client *client, struct cor_half_stats *stats)
{
    g_mutex_lock(&client->mutex);
    stats->requests = client->stats.requests;
    stats->bytes = client->stats.bytes;
    stats->throttled = client->stats.throttled;
    stats->units = client->stats.units;
    stats->waited_ms = client->stats.waited_ms;
    stats->peer_clock_us = client->stats.peer_clock_us;
    g_mutex_unlock(&client->mutex);
}

void entra_client_count_throttled(struct entra_client *client)
{
    g_mutex_lock(&client->mutex);
    client->stats.throttled++;
    entra_governor_refused(&client->governor, g_get_monotonic_time());
    g_mutex_unlock(&client->mutex);
}

/* --- trying ----------------------------------------------------------------------------------- */

static gboolean rest_ms(struct entra_client *client, gint64 wait_ms, GError **error)
{
    g_mutex_lock(&client->mutex);
    client->stats.waited_ms += (guint64)wait_ms;
    g_mutex_unlock(&client->mutex);
    GPollFD fd;
    gint64 until = g_get_monotonic_time() + wait_ms * 1000;
    gboolean pollable = g_cancellable_make_pollfd(client->stop, &fd);
    for (gint64 left; (left = until - g_get_monotonic_time()) > 0;) {
        if (g_poll(&fd, pollable ? 1 : 0, (int)MIN((left + 999) / 1000, G_MAXINT)) > 0)
            break;
    }
    if (pollable)
        g_cancellable_release_fd(client->stop);
    if (!g_cancellable_is_cancelled(client->stop))
        return TRUE;
    g_set_error(error, ENTRA_ERROR, COR_E_CANCELLED, "stopped on request");
    return FALSE;
}

/* A wait that a failure made necessary: it costs budget. */
static gboolean pause_ms(struct entra_client *client, gint64 wait_ms, GError **error)
{
    g_mutex_lock(&client->mutex);
    client->budget_ms -= wait_ms;
    g_mutex_unlock(&client->mutex);
    return rest_ms(client, wait_ms, error);
}

/* Our own pace: it costs no budget, because a slow service is not a failing one. */
static gboolean keep_pace(struct entra_client *client, const struct entra_cost *cost,
                          GError **error)
{
    for (;;) {
        g_mutex_lock(&client->mutex);
        gint64 wait_us = entra_governor_wait(&client->governor, cost, g_get_monotonic_time());
        g_mutex_unlock(&client->mutex);
        if (wait_us <= 0)
            return TRUE;
        if (!rest_ms(client, wait_us / 1000 + 1, error))
            return FALSE;
    }
}

/* What came as one clause, for a request that is given up. */
static char *describe(const struct entra_exchange *exchange)
{
    if (exchange->error)
        return g_strdup(exchange->error->message);
    const char *body = (const char *)exchange->body->data;
    g_autofree char *message = NULL;
    g_autofree char *code = entra_error_code(body, exchange->body->len, &message);
    if (code)
        return g_strdup_printf("HTTP %ld %s%s%s", exchange->outcome.status, code,
                               message ? ": " : "", message ? message : "");
    g_autofree char *what = entra_not_json(exchange->content_type, body, exchange->body->len);
    return g_strdup_printf("HTTP %ld with %s", exchange->outcome.status, what);
}

static void give_up(const struct entra_exchange *exchange, const char *url, guint attempts,
                    gint64 wait_ms, GError **error)
{
    g_autofree char *path = path_of(url);
    g_autofree char *what = describe(exchange);
    enum cor_code todo = exchange->error ? (enum cor_code)exchange->error->code : COR_E_RETRY;
    if (wait_ms > 0)
        g_set_error(error, ENTRA_ERROR, todo,
                    "%s: %s; the next try would be due in %.1f s, beyond the retry budget", path,
                    what, (double)wait_ms / 1000);
    else if (attempts == 1)
        g_set_error(error, ENTRA_ERROR, todo, "%s: %s", path, what);
    else
        g_set_error(error, ENTRA_ERROR, todo, "%s: %s; gave up after %u tries", path, what,
                    attempts);
}

/* A proxy's login page comes with 200; nobody gains from asking again. */
static gboolean check_document(struct entra_exchange *exchange, const char *url, GError **error)
{
    const char *body = (const char *)exchange->body->data;
    if (exchange->outcome.status != 200 || entra_looks_like_json(body, exchange->body->len))
        return TRUE;
    g_autofree char *path = path_of(url);
    g_autofree char *what = entra_not_json(exchange->content_type, body, exchange->body->len);
    g_set_error(error, ENTRA_ERROR, COR_E_INPUT,
                "%s: %s came instead of JSON; is a proxy or portal in between?", path, what);
    return FALSE;
}

static void drop_token(struct entra_client *client)
{
    entra_token_clear(&client->token);
}

static gboolean ensure_token(struct entra_client *client, GError **error);

/* Run one call until decided. TRUE: a final answer is in exchange. A token call passes itself:
 * its 401 is final, and its transient refusals come as 400. */
static gboolean try_call(struct entra_client *client, struct entra_call *call,
                         struct entra_retry_state *state, struct entra_exchange *exchange,
                         GError **error)
{
    struct entra_cost price = entra_cost_of(call->url, call->body);
    const struct entra_cost *cost = call->bearer ? &price : NULL;
    for (;;) {
        entra_exchange_clear(exchange);
        if (cost && !(keep_pace(client, cost, error) && ensure_token(client, error)))
            return FALSE;
        if (call->bearer) /* its end may have come while we waited */
            call->bearer = client->token.access;
        entra_transport_run(client->transport, call, exchange);
        count(client, exchange, cost);
        state->attempts++;
        state->budget_left_ms = entra_client_budget(client);
        struct entra_outcome outcome = exchange->outcome;
        if (!call->bearer && outcome.kind == ENTRA_OUT_HTTP && outcome.status == 400 &&
            entra_token_transient((const char *)exchange->body->data, exchange->body->len))
            outcome.status = 503;
        struct entra_verdict verdict = entra_retry_decide(state, &outcome, g_random_double());
        if (verdict.action == ENTRA_DONE || verdict.action == ENTRA_RENEW)
            return TRUE;
        if (verdict.action == ENTRA_GIVE_UP) {
            give_up(exchange, call->url, state->attempts, verdict.wait_ms, error);
            return FALSE;
        }
        if (!pause_ms(client, verdict.wait_ms, error))
            return FALSE;
    }
}

/* A call of the token service. While the old token still serves, one try must do: the service is
 * asked again soon, and the capture goes on meanwhile. */
static gboolean token_call(void *data, struct entra_call *call, struct entra_exchange *exchange,
                           GError **error)
{
    struct entra_client *client = data;
    struct entra_retry_state state = {.renewed = TRUE,
                                      .attempts = client->token.access ? G_MAXINT : 0};
    return try_call(client, call, &state, exchange, error) &&
           check_document(exchange, call->url, error);
}

static gboolean new_token(struct entra_client *client, GError **error)
{
    struct entra_token token = {0};
    if (!entra_login_token(&client->login, &token, error))
        return FALSE;
    drop_token(client);
    client->token = token;
    gint64 now_us = g_get_monotonic_time();
    client->renew_at_us = now_us + entra_token_renew_after(token.expires_in) * G_USEC_PER_SEC;
    client->token_ends_us = now_us + token.expires_in * G_USEC_PER_SEC;
    return TRUE;
}

static gboolean ensure_token(struct entra_client *client, GError **error)
{
    gint64 now_us = g_get_monotonic_time();
    if (client->token.access && now_us < client->renew_at_us)
        return TRUE;
    if (!client->token.access || now_us >= client->token_ends_us) {
        drop_token(client);
        return new_token(client, error);
    }
    /* whatever is wrong counts only when the old token has ended */
    if (!new_token(client, NULL)) {
        gint64 left_us = client->token_ends_us - now_us;
        client->renew_at_us = now_us + MIN(RENEW_AGAIN_S * G_USEC_PER_SEC, left_us / 2 + 1);
    }
    return TRUE;
}

static void refused(const struct entra_exchange *exchange, const char *url, GError **error)
{
    g_autofree char *path = path_of(url);
    g_autofree char *what = describe(exchange);
    g_set_error(error, ENTRA_ERROR, COR_E_AUTH, "%s: the service refuses a fresh token (%s)", path,
                what);
}

static gboolean try_with_token(struct entra_client *client, const struct request *request,
                               struct entra_exchange *exchange, GError **error)
{
    struct entra_retry_state state = {0};
    for (;;) {
        if (!ensure_token(client, error))
            return FALSE;
        struct entra_call call = {
            .url = request->url,
            .body = request->json,
            .content_type = request->json ? "application/json" : NULL,
            .bearer = client->token.access,
        };
        if (!try_call(client, &call, &state, exchange, error))
            return FALSE;
        if (exchange->outcome.status != 401)
            return check_document(exchange, request->url, error);
        drop_token(client);
        if (state.renewed) {
            refused(exchange, request->url, error);
            return FALSE;
        }
        state.renewed = TRUE;
    }
}

/* --- the worker ------------------------------------------------------------------------------- */

static void request_free(struct request *request)
{
    g_free(request->url);
    g_free(request->json);
    g_free(request);
}

static void answer_free(struct answer *answer)
{
    entra_reply_free(answer->reply);
    g_clear_error(&answer->error);
    g_free(answer);
}

/* url NULL: only make sure that there is a token. */
static struct answer *carry_out(struct entra_client *client, const struct request *request)
{
    struct answer *answer = g_new0(struct answer, 1);
    if (!pause_ms(client, request->delay_ms, &answer->error))
        return answer;
    struct entra_exchange exchange = {0};
    if (!request->url) {
        ensure_token(client, &answer->error);
        return answer;
    }
    if (try_with_token(client, request, &exchange, &answer->error))
        answer->reply = reply_from(&exchange, request->url);
    entra_exchange_clear(&exchange);
    return answer;
}

static struct request *next_request(struct entra_client *client)
{
    g_mutex_lock(&client->mutex);
    while (g_queue_is_empty(&client->requests) && !client->closing)
        g_cond_wait(&client->changed, &client->mutex);
    struct request *request = client->closing ? NULL : g_queue_pop_head(&client->requests);
    g_mutex_unlock(&client->mutex);
    return request;
}

static gpointer work(gpointer data)
{
    struct entra_client *client = data;
    struct request *request;
    while ((request = next_request(client))) {
        struct answer *answer = carry_out(client, request);
        request_free(request);
        g_mutex_lock(&client->mutex);
        g_queue_push_tail(&client->answers, answer);
        g_cond_broadcast(&client->changed);
        g_mutex_unlock(&client->mutex);
    }
    return NULL;
}

/* --- the caller ------------------------------------------------------------------------------- */

static void on_user_cancelled(GCancellable *user, gpointer stop)
{
    (void)user;
    g_cancellable_cancel(stop);
}

struct entra_client *entra_client_new(const struct entra_options *options,
                                      GCancellable *cancellable, GError **error)
{
    g_autofree char *base = g_strdup(options->graph_url);
    g_autofree char *token_url =
        options->token_url
            ? g_strdup(options->token_url)
            : g_strdup_printf("%s/%s/oauth2/v2.0/token",
                              entra_cloud_row((enum entra_cloud)options->cloud)->login,
                              options->tenant_id);
    while (g_str_has_suffix(base, "/"))
        base[strlen(base) - 1] = '\0';
    if (!entra_link_check_base(base, error) || !entra_link_check_base(token_url, error))
        return NULL;
    struct entra_transport_options wire = {
        .ca_file = options->ca_file,
        .proxy = options->proxy,
        .proxy_secret_file = options->proxy_secret_file,
        .timeout_ms = options->timeout_ms ? options->timeout_ms : DEFAULT_TIMEOUT_MS,
        .max_body = ENTRA_MAX_BODY,
    };
    g_autoptr(GCancellable) stop = g_cancellable_new();
    struct entra_transport *transport = entra_transport_new(&wire, stop, error);
    if (!transport)
        return NULL;
    struct entra_client *client = g_new0(struct entra_client, 1);
    client->options = options;
    entra_governor_init(&client->governor, options->quota_percent);
    client->base = g_steal_pointer(&base);
    client->token_url = g_steal_pointer(&token_url);
    client->transport = transport;
    client->login = (struct entra_login){.options = options,
                                         .base = client->base,
                                         .token_url = client->token_url,
                                         .call = token_call,
                                         .data = client};
    client->budget_ms = options->retry_budget_ms ? options->retry_budget_ms : DEFAULT_BUDGET_MS;
    client->stop = g_steal_pointer(&stop);
    if (cancellable) {
        client->user = g_object_ref(cancellable);
        client->user_handler =
            g_cancellable_connect(cancellable, G_CALLBACK(on_user_cancelled), client->stop, NULL);
    }
    g_mutex_init(&client->mutex);
    g_cond_init(&client->changed);
    client->thread = g_thread_new("graph", work, client);
    return client;
}

void entra_client_free(struct entra_client *client)
{
    if (!client)
        return;
    if (client->user)
        g_cancellable_disconnect(client->user, client->user_handler);
    g_cancellable_cancel(client->stop);
    g_mutex_lock(&client->mutex);
    client->closing = TRUE;
    g_cond_broadcast(&client->changed);
    g_mutex_unlock(&client->mutex);
    g_thread_join(client->thread);
    g_queue_clear_full(&client->requests, (GDestroyNotify)request_free);
    g_queue_clear_full(&client->answers, (GDestroyNotify)answer_free);
    entra_transport_free(client->transport);
    entra_token_clear(&client->token);
    g_mutex_clear(&client->mutex);
    g_cond_clear(&client->changed);
    g_clear_object(&client->user);
    g_object_unref(client->stop);
    g_free(client->base);
    g_free(client->token_url);
    g_free(client);
}

void entra_client_send(struct entra_client *client, const char *url, const char *json_or_null,
                       gint64 delay_ms)
{
    struct request *request = g_new0(struct request, 1);
    request->url = g_strdup(url);
    request->json = g_strdup(json_or_null);
    request->delay_ms = delay_ms;
    client->outstanding++;
    g_mutex_lock(&client->mutex);
    g_queue_push_tail(&client->requests, request);
    g_cond_broadcast(&client->changed);
    g_mutex_unlock(&client->mutex);
}

static struct answer *take_answer(struct entra_client *client)
{
    g_mutex_lock(&client->mutex);
    struct answer *answer;
    while (!(answer = g_queue_pop_head(&client->answers)))
        g_cond_wait(&client->changed, &client->mutex);
    g_mutex_unlock(&client->mutex);
    client->outstanding--;
    return answer;
}

struct entra_reply *entra_client_wait(struct entra_client *client, GError **error)
{
    struct answer *answer = take_answer(client);
    struct entra_reply *reply = g_steal_pointer(&answer->reply);
    if (answer->error)
        g_propagate_error(error, g_steal_pointer(&answer->error));
    answer_free(answer);
    return reply;
}

guint entra_client_outstanding(const struct entra_client *client)
{
    return client->outstanding;
}

struct entra_reply *entra_client_ask(struct entra_client *client, const char *url,
                                     const char *json_or_null, GError **error)
{
    entra_client_send(client, url, json_or_null, 0);
    return entra_client_wait(client, error);
}

gboolean entra_client_login(struct entra_client *client, GError **error)
{
    entra_client_send(client, NULL, NULL, 0);
    struct answer *answer = take_answer(client);
    gboolean ok = answer->error == NULL;
    if (!ok)
        g_propagate_error(error, g_steal_pointer(&answer->error));
    answer_free(answer);
    return ok;
}

const char *entra_client_base(const struct entra_client *client)
{
    return client->base;
}
