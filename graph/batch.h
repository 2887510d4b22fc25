/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_BATCH_H
#define ANCHORWATCH_GRAPH_BATCH_H

/*
 * Many small reads in few requests (Graph page "json-batching": at most 20 steps, answers in any
 * order, each step throttled by itself). One batch is answered while the next is filled.
 */

#include "correlate/json.h"
#include "graph/client.h"

enum { ENTRA_BATCH_STEPS = 20 };

/* The final answer to one step; status is never 429 or 5xx. FALSE with error ends the batch. */
typedef gboolean (*entra_batch_func)(void *data, const char *key, long status,
                                     const struct cor_json *body, GError **error);

struct entra_batch;
/* Nothing else may be outstanding at the client until finish. func is called from add and finish.
 */
struct entra_batch *entra_batch_new(struct entra_client *client, entra_batch_func func, void *data);
void entra_batch_free(struct entra_batch *batch);
/* Ask "GET path" (relative to /v1.0) for key. */
gboolean entra_batch_add(struct entra_batch *batch, const char *key, const char *path,
                         GError **error);
/* Get all remaining answers. */
gboolean entra_batch_finish(struct entra_batch *batch, GError **error);

/* Code and message of a step's answer, for messages. Caller frees. */
char *entra_step_words(long status, const struct cor_json *body);

#endif
