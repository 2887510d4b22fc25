/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_STORE_RUN_H
#define ANCHORWATCH_AGENT_STORE_RUN_H

/* A running capture: its own connection, the lock, the thread that writes, and what each half has
 * reported. */

#include "agent/store/picture.h"

struct store_sink {
    struct cor_sink sink; /* first member: the sink is cast back */
    struct store_run *run;
    enum cor_directory directory;
    char *source;
    gboolean incremental; /* it tells only what changed */
    gboolean has_events;
    gboolean ended; /* finish or abandon was called */
    enum store_half_state state;
    struct cor_half_stats stats;
    char *proof;
    GPtrArray *problems;      /* char * */
    GPtrArray *unread;        /* struct cor_unread *: of what absence says nothing */
    GHashTable *checkpoints;  /* stream -> canonical text, NULL: forgotten */
    struct store_codec codec; /* of the collector's thread, and its scratch */
    GString *extra, *place;
};
void store_sink_free(struct store_sink *half);

struct store_run {
    struct store *store; /* a connection of its own, so that the caller's may keep views open */
    int lock;
    gint64 started_us;
    struct store_sink *sinks[2]; /* by enum cor_directory; NULL until asked for */
    struct store_feed *feed;
    struct store_picture picture; /* belongs to the feed's thread while that is at work */
};

/* Enter the coming point, so that rows can refer to it; returns its number. */
gboolean store_publish_begin(struct store *store, gint64 now_us, gint64 *ret_point, GError **error);
/* End the halves and seal the point; the feed is drained. */
gboolean store_publish(struct store_run *run, gint64 now_us, GError **error);

#endif
