/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_STORE_PICTURE_H
#define ANCHORWATCH_AGENT_STORE_PICTURE_H

/*
 * The backup point that a run is making: the rows of versions, links and audit records as the run
 * has heard of them so far, in the run's one write transaction. Every operation may be repeated,
 * and what was said last holds.
 */

#include "agent/store/database.h"
#include "agent/store/feed.h"

struct store_picture {
    struct store *store;
    gint64 point;        /* its number */
    gint64 first_object; /* ids from here on were first heard of by this run */
    GByteArray *touched; /* a bit for each object id: heard of in this run */
    GArray *pending;     /* identifiers that wait to be entered in order */
    guint64 entered;     /* identifiers that did */
    GArray *links;       /* links that wait */
    GStringChunk *kinds; /* of them */
    const char *last_kind;
    gboolean first_links; /* there were no links before this point */
    gboolean loosened;    /* rows were taken back, so there may be keys without any */
    /* memo: links come grouped by their source */
    enum cor_directory last_directory;
    GString *last_key;
    gint64 last_id;
};

/* Begin the point's rows; within the write transaction. */
gboolean store_picture_begin(struct store_picture *picture, struct store *store, gint64 point,
                             GError **error);
void store_picture_clear(struct store_picture *picture);
gboolean store_picture_apply(struct store_picture *picture, const struct store_op *op,
                             GError **error);
/* Enter the identifiers and links that still wait. */
gboolean store_picture_flush(struct store_picture *picture, GError **error);

/* The end of a half. What it did not speak of is gone, but for what unread (struct cor_unread *)
 * names, of which absence says nothing. */
gboolean store_picture_close_unseen(struct store_picture *picture, enum cor_directory directory,
                                    const GPtrArray *unread, GError **error);
/* What it ended without replacing it goes on. */
gboolean store_picture_reopen(struct store_picture *picture, enum cor_directory directory,
                              GError **error);
/* Nothing it said was said. source_or_null: of its audit records, if it had any. */
gboolean store_picture_undo(struct store_picture *picture, enum cor_directory directory,
                            const char *source_or_null, GError **error);

#endif
