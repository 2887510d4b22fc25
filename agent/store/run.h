/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_STORE_RUN_H
#define ANCHORWATCH_AGENT_STORE_RUN_H

/* A running capture: its own connection, the lock, and what each half has reported. */

#include "agent/store/database.h"

struct store_sink {
    struct cor_sink sink; /* first member: the sink is cast back */
    struct store_run *run;
    enum cor_directory directory;
    char *source;
    gboolean ended; /* finish or abandon was called */
    enum store_half_state state;
    struct cor_half_stats stats;
    char *proof;
    GPtrArray *problems; /* char * */
    GPtrArray *unread;   /* char *: types of which absence says nothing */
};

struct store_run {
    struct store *store; /* a connection of its own, so that the caller's may keep views open */
    int lock;
    gint64 started_us;
    struct store_sink *sinks[2]; /* by enum cor_directory; NULL until asked for */
    gboolean in_batch;
    guint batch_rows;
    gsize batch_bytes;
    GError *broken; /* first store failure: staged rows were lost, so nothing is published */
    enum cor_directory last_directory;
    char *last_key; /* memo: links come grouped by their source */
    gint64 last_id;
};

/* Commit what is staged so far. */
gboolean store_run_flush(struct store_run *run, GError **error);
/* Forget the run and keys nobody else refers to; within a write transaction. */
gboolean store_stage_clear(struct store *store, GError **error);
/* Everything a commit does, within a write transaction; *ret_point is the new point. */
gboolean store_publish(struct store_run *run, gint64 now_us, gint64 *ret_point, GError **error);

#endif
