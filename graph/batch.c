/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches of reads. Invariant: each step that was added ends in exactly one call of func or in an
 * error; a step that is missing from an answer, throttled or failed is asked again under the same
 * rules as a request of its own.
 */
#include "graph/batch.h"

#include "correlate/error.h"
#include "graph/retry.h"

#include <string.h>

struct step {
    char *key, *path; /* owned */
    guint tries;
};

struct entra_batch {
    struct entra_client *client;
    entra_batch_func func;
    void *data;
    GPtrArray *filling; /* struct step * */
    GPtrArray *flying;  /* struct step *, NULL: nothing on its way */
    gint64 delay_ms;    /* before the next batch */
    /* of the answer at hand: the largest of its steps, and whether any step has such headers */
    double percentage;
    gboolean counted;
};

static void step_free(struct step *step)
{
    g_free(step->key);
    g_free(step->path);
    g_free(step);
}

static GPtrArray *steps_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)step_free);
}

struct entra_batch *entra_batch_new(struct entra_client *client, entra_batch_func func, void *data)
{
    struct entra_batch *batch = g_new0(struct entra_batch, 1);
    batch->client = client;
    batch->func = func;
    batch->data = data;
    batch->filling = steps_new();
    return batch;
}

void entra_batch_free(struct entra_batch *batch)
{
    if (!batch)
        return;
    while (entra_client_outstanding(batch->client) > 0)
        entra_reply_free(entra_client_wait(batch->client, NULL));
    g_ptr_array_unref(batch->filling);
    if (batch->flying)
        g_ptr_array_unref(batch->flying);
    g_free(batch);
}

/* --- one batch -------------------------------------------------------------------------------- */

static char *batch_json(const GPtrArray *steps)
{
    struct cor_json *requests = cor_json_new_array();
    for (guint i = 0; i < steps->len; i++) {
        const struct step *step = steps->pdata[i];
        g_autofree char *id = g_strdup_printf("%u", i);
        struct cor_json *one = cor_json_new_object();
        cor_json_add_string(one, "id", id);
        cor_json_add_string(one, "method", "GET");
        cor_json_add_string(one, "url", step->path);
        cor_json_append(requests, one);
    }
    COR_JSON_AUTO *doc = cor_json_new_object();
    cor_json_add(doc, "requests", requests);
    return cor_json_to_text(doc);
}

static gboolean again(struct entra_batch *batch, struct step *step,
                      const struct entra_outcome *outcome, GError **error)
{
    struct entra_retry_state state = {
        .attempts = ++step->tries,
        .renewed = TRUE,
        .budget_left_ms = entra_client_budget(batch->client),
    };
    struct entra_verdict verdict = entra_retry_decide(&state, outcome, g_random_double());
    if (verdict.action != ENTRA_WAIT) {
        g_set_error(error, ENTRA_ERROR, COR_E_RETRY,
                    "/v1.0%.*s: HTTP %ld inside a batch; gave up after %u tries",
                    (int)strcspn(step->path, "?"), step->path, outcome->status, step->tries);
        return FALSE;
    }
    struct step *copy = g_new0(struct step, 1);
    *copy = (struct step){g_strdup(step->key), g_strdup(step->path), step->tries};
    g_ptr_array_add(batch->filling, copy);
    batch->delay_ms = MAX(batch->delay_ms, verdict.wait_ms);
    return TRUE;
}

static const char *header(const struct cor_json *headers, const char *name)
{
    for (const struct cor_json *at = cor_json_first(headers); at; at = cor_json_next(at))
        if (cor_json_key(at) && g_ascii_strcasecmp(cor_json_key(at), name) == 0)
            return cor_json_string(at);
    return NULL;
}

static gboolean is_transient(long status)
{
    struct entra_outcome outcome = {ENTRA_OUT_HTTP, status, 0};
    struct entra_retry_state state = {.attempts = 1, .renewed = TRUE};
    return entra_retry_decide(&state, &outcome, 0).action == ENTRA_WAIT;
}

/* The answer of a batch has no throttling headers of its own. */
static void note_percentage(struct entra_batch *batch, const struct cor_json *response)
{
    const char *text = header(cor_json_get(response, "headers"), "x-ms-throttle-limit-percentage");
    double percentage = text && g_ascii_isdigit(*text) ? g_ascii_strtod(text, NULL) : 0;
    batch->percentage = MAX(batch->percentage, percentage);
    batch->counted |= text || header(cor_json_get(response, "headers"), "x-ms-resource-unit");
}

static gboolean judge_step(struct entra_batch *batch, struct step *step,
                           const struct cor_json *response, GError **error)
{
    gint64 status = 0;
    if (!cor_json_int(cor_json_get(response, "status"), &status)) {
        struct entra_outcome missing = {.kind = ENTRA_OUT_BROKEN};
        return again(batch, step, &missing, error);
    }
    if (!is_transient((long)status))
        return batch->func(batch->data, step->key, (long)status, cor_json_get(response, "body"),
                           error);
    if (status == 429)
        entra_client_count_throttled(batch->client);
    const char *after = header(cor_json_get(response, "headers"), "Retry-After");
    struct entra_outcome outcome = {ENTRA_OUT_HTTP, (long)status,
                                    entra_retry_after(after, g_get_real_time())};
    return again(batch, step, &outcome, error);
}

static const struct cor_json *response_of(const struct cor_json *doc, guint index)
{
    g_autofree char *id = g_strdup_printf("%u", index);
    for (const struct cor_json *at = cor_json_first(cor_json_get(doc, "responses")); at;
         at = cor_json_next(at))
        if (g_strcmp0(cor_json_get_string(at, "id"), id) == 0)
            return at;
    return NULL;
}

static gboolean judge(struct entra_batch *batch, GPtrArray *steps, GError **error)
{
    g_autoptr(entra_reply) reply = entra_client_wait(batch->client, error);
    if (!reply)
        return FALSE;
    if (reply->status != 200) {
        entra_reply_fail(reply, error);
        return FALSE;
    }
    COR_JSON_AUTO *doc =
        cor_json_parse(entra_reply_text(reply), reply->body->len, ENTRA_MAX_BODY, NULL);
    batch->percentage = 0;
    batch->counted = FALSE;
    for (guint i = 0; i < steps->len; i++)
        note_percentage(batch, response_of(doc, i));
    if (batch->counted) /* else silence tells nothing */
        entra_client_told(batch->client, batch->percentage);
    for (guint i = 0; i < steps->len; i++)
        if (!judge_step(batch, steps->pdata[i], response_of(doc, i), error))
            return FALSE;
    return TRUE;
}

/* Send what is filled, then work on the answer before it. */
static gboolean turn(struct entra_batch *batch, GError **error)
{
    g_autoptr(GPtrArray) landed = g_steal_pointer(&batch->flying);
    if (batch->filling->len > 0) {
        guint count = MIN(batch->filling->len, (guint)ENTRA_BATCH_STEPS);
        batch->flying = steps_new();
        for (guint i = 0; i < count; i++)
            g_ptr_array_add(batch->flying, g_ptr_array_steal_index(batch->filling, 0));
        g_autofree char *json = batch_json(batch->flying);
        g_autofree char *url = g_strdup_printf("%s/v1.0/$batch", entra_client_base(batch->client));
        entra_client_send(batch->client, url, json, batch->delay_ms);
        batch->delay_ms = 0;
    }
    return !landed || judge(batch, landed, error);
}

gboolean entra_batch_add(struct entra_batch *batch, const char *key, const char *path,
                         GError **error)
{
    struct step *step = g_new0(struct step, 1);
    *step = (struct step){g_strdup(key), g_strdup(path), 0};
    g_ptr_array_add(batch->filling, step);
    return batch->filling->len < ENTRA_BATCH_STEPS || turn(batch, error);
}

gboolean entra_batch_finish(struct entra_batch *batch, GError **error)
{
    while (batch->filling->len > 0 || batch->flying)
        if (!turn(batch, error))
            return FALSE;
    return TRUE;
}

char *entra_step_words(long status, const struct cor_json *body)
{
    const struct cor_json *failure = cor_json_get(body, "error");
    const char *code = cor_json_get_string(failure, "code");
    const char *message = cor_json_get_string(failure, "message");
    return g_strdup_printf("HTTP %ld %.64s%s%.300s", status, code ? code : "", message ? ": " : "",
                           message ? message : "");
}
