/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_STORE_STORE_H
#define ANCHORWATCH_AGENT_STORE_STORE_H

/*
 * The store: one SQLite file with every backup point. Versions and links carry an interval of
 * backup points; a run is one write transaction, so its rows become visible at once, together with
 * the checkpoint and the proof; points are chained by hash. docs/store.md describes the schema.
 *
 * All text returned is owned by the caller unless said otherwise. Errors: STORE_ERROR with
 * COR_E_STORE (native SQLite extended code in the message), COR_E_NOT_FOUND, COR_E_CONFIG (schema
 * newer than this program), COR_E_LIMIT.
 */

#include "correlate/attribute.h"
#include "correlate/record.h"

struct store;
struct store_run;

enum store_mode {
    STORE_READ,  /* must exist */
    STORE_WRITE, /* created with mode 0600 when missing; migrated when older */
};
struct store *store_open(const char *path, enum store_mode mode, GError **error);
void store_close(struct store *store);
#define STORE_AUTO __attribute__((cleanup(store_cleanup))) struct store
static inline void store_cleanup(struct store **store)
{
    store_close(*store);
}

/* --- capture -------------------------------------------------------------------------------- */

enum store_half_state { STORE_HALF_COMPLETE, STORE_HALF_PARTIAL, STORE_HALF_FAILED };
const char *store_half_state_name(enum store_half_state state);

/* Begin a run: a write transaction until its end. Only one run at a time per store: another live
 * one gives COR_E_STORE naming its process, and so do pin and prune while one runs. The run writes
 * through a connection of its own, so views of this store may stay open meanwhile. */
struct store_run *store_run_begin(struct store *store, gint64 now_us, GError **error);
/* The sink for one half; owned by the run, valid until the run ends. source: configured name. */
struct cor_sink *store_run_sink(struct store_run *run, enum cor_directory directory,
                                const char *source);
/* The checkpoint a published complete half of this source left for a stream; NULL without error:
 * none, so read everything. Caller frees. */
struct cor_json *store_checkpoint(struct store *store, enum cor_directory directory,
                                  const char *source, const char *stream, GError **error);
/* Publish. The point is complete when both halves are, partial when anything was
 * read, failed otherwise (then nothing but the attempt is recorded). From a partial half nothing
 * is concluded to be deleted. *ret_point is its number. The run is freed in any case. */
gboolean store_run_commit(struct store_run *run, gint64 now_us, gint64 *ret_point, GError **error);
/* Show what committing would give, then take it back: the callback sees the point as if it were
 * published, through the store it is handed and no other; nothing is kept whatever happens. The
 * run is freed in any case. */
typedef gboolean (*store_preview_func)(struct store *store, gint64 point, void *data,
                                       GError **error);
gboolean store_run_preview(struct store_run *run, gint64 now_us, store_preview_func func,
                           void *data, GError **error);
void store_run_abandon(struct store_run *run);

/* --- backup points -------------------------------------------------------------------------- */

struct store_half {
    enum cor_directory directory;
    char *source, *mode, *proof;
    enum store_half_state state;
    struct cor_half_stats stats;
    guint64 versions_added, links_added, links_removed;
    GPtrArray *problems; /* char * */
};
struct store_point {
    gint64 number;
    gint64 started_us, finished_us;
    enum store_half_state state; /* of the whole */
    gboolean pinned;
    char *hash;        /* hex SHA-256 of the chain up to here */
    GPtrArray *halves; /* struct store_half * */
};
void store_point_free(struct store_point *point);
/* Ascending by number. */
GPtrArray *store_points(struct store *store, GError **error);
/* A point by what a person may write: a number, "latest", "previous", a date (its whole day, UTC)
 * or RFC 3339 time (the newest point not after it), or -N (N points before the latest). All but the
 * number pass over failed attempts. COR_E_CONFIG: not a name; COR_E_NOT_FOUND: no such point. */
struct store_point *store_point_named(struct store *store, const char *text, GError **error);
/* Borrowed; NULL when that directory was not part of the capture. */
const struct store_half *store_point_half(const struct store_point *point,
                                          enum cor_directory directory);
/* A pinned point is never pruned. Not while a view of this store is open (COR_E_BUG). */
gboolean store_point_pin(struct store *store, gint64 point, gboolean pinned, GError **error);

/* --- reading -------------------------------------------------------------------------------- */

/* The view of one point for correlate/; close with store_view_close, after its readers. It shows
 * one consistent picture until then. COR_E_NOT_FOUND. */
struct cor_view *store_view_open(struct store *store, gint64 point, GError **error);
void store_view_close(struct cor_view *view);
/* AD records, live ones, whose distinguished name is dn or below it, in key order: one walk over
 * the index of names, no document of another object is opened. Close before the view. */
struct cor_reader *store_view_read_tree(struct cor_view *view, const char *dn, GError **error);

/* Walk what differs between two points. Cost: what changed, not the size of the directory. For
 * objects older or newer is NULL when not there; for links both NULL. Order: directory, key, an
 * object before its links. from > to works: older is then what the later point shows. The delta is
 * borrowed for the call; FALSE from the function stops with its error. */
struct store_delta {
    const struct cor_record *older, *newer;
    const struct cor_link *link; /* set for a link change */
    gboolean link_added;
};
typedef gboolean (*store_delta_func)(const struct store_delta *delta, void *data, GError **error);
gboolean store_changes(struct store *store, gint64 from, gint64 to, store_delta_func func,
                       void *data, GError **error);

/* Every version of one object, oldest first: array of struct store_version *. until 0: current. */
struct store_version {
    gint64 from, until;
    struct cor_record *record;
};
void store_version_free(struct store_version *version);
GPtrArray *store_history(struct store *store, enum cor_directory directory, const char *key,
                         GError **error);
/* Every interval of links from an object: struct store_link_span *. */
struct store_link_span {
    char *kind, *target_key;
    gint64 from, until;
};
void store_link_span_free(struct store_link_span *span);
GPtrArray *store_link_history(struct store *store, enum cor_directory directory, const char *key,
                              GError **error);

/* Audit records that name any of the keys (NULL-terminated) in [from, to], ascending by time:
 * struct cor_event_row *. */
GPtrArray *store_events(struct store *store, const char *const *keys, gint64 from_us, gint64 to_us,
                        GError **error);
/* Newest audit record kept of a source, 0 when none: where the next read starts (with overlap). */
gint64 store_newest_event(struct store *store, const char *source);

/* --- care ----------------------------------------------------------------------------------- */

/* Recompute the hash chain and check every invariant; reads everything. Problems are appended as
 * char *; TRUE with problems->len > 0 means the store opened but does not verify. head: the chain's
 * head, hex. */
gboolean store_verify(struct store *store, GPtrArray *problems, char **ret_head, GError **error);

struct store_retention {
    guint keep_daily_days; /* newest complete point of each day, this many days */
    guint keep_all_days;   /* every point, this many days */
    guint keep_last;       /* at least this many newest points */
};
/* Merge intervals of points that retention lets go; never the newest complete, never pinned, never
 * the newest of all. Days are UTC days. COR_E_STORE while a capture runs. dry_run only counts.
 * Removed point numbers are appended to removed (gint64 in a GArray). */
gboolean store_prune(struct store *store, const struct store_retention *retention, gint64 now_us,
                     gboolean dry_run, GArray *removed, GError **error);

#endif
