/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_TRACK_H
#define ANCHORWATCH_GRAPH_TRACK_H

/*
 * What one capture leaves for the next: for each resource the link where its next delta round
 * starts, or the keys that its listing showed. Private to graph/.
 */

#include "graph/capture.h"
#include "graph/resource.h"

/* Flags of a key that must be read. */
enum {
    ENTRA_TOLD = 1 << 0,    /* by the delta round of this capture */
    ENTRA_REMOVED = 1 << 1, /* told to be gone for good */
    ENTRA_AGAIN = 1 << 2,   /* the capture before asked for it, too */
    ENTRA_NAMED = 1 << 3,   /* an audit record names it */
    ENTRA_LOST = 1 << 4,    /* the capture before did not find it */
    ENTRA_LINKS = 1 << 5,   /* shifted by the index in resource->relations: that list changed */
};
/* The flags that go from one capture to the next. */
#define ENTRA_KEPT (~(guint)(ENTRA_LOST - 1))
enum { ENTRA_MAX_CHANGES = 500000 }; /* of one round; beyond that everything is read */

/* Sets and tables own their keys (char *). */
struct entra_stream {
    const struct entra_resource *resource;
    char *link;        /* owned; where this capture's round starts; NULL: the resource is listed */
    char *next_link;   /* owned; where the next one's does */
    GHashTable *known; /* set: keys the last capture's listing showed */
    GHashTable *shown; /* set: keys of this one's */
    GHashTable *changes; /* key -> flags: to be read in this capture */
    GHashTable *live;    /* set: keys that were read now */
    GHashTable *missing; /* set: keys that were asked for and not found */
    GHashTable *again;   /* key -> flags: the next capture asks once more */
    char *trouble;       /* owned; why its round could not be walked; NULL: it could */
    gboolean failed;     /* could not be read to its end: its absences prove nothing */
};

struct entra_track {
    struct entra_stream *streams; /* entra_resources_len of them, in that order */
    gint64 full_us;               /* when everything was read last, by our clock */
    gint64 full_peer_us;          /* and by the tenant's */
    gint64 this_peer_us;          /* when this capture began, by the tenant's clock */
    gint64 last_peer_us;          /* when the capture before began, by the tenant's clock */
    char *why; /* owned; why everything must be read although a checkpoint was there; NULL: none */
    gboolean due;         /* the periodic reconciliation */
    gboolean provisioned; /* the provisioning logs were read to their end */
    gboolean usable;      /* the next capture can go on from here */
};

struct entra_track *entra_track_new(void);
void entra_track_free(struct entra_track *track);
/* Take up options->checkpoint. FALSE: there is none that fits, see why. */
gboolean entra_track_load(struct entra_track *track, const struct entra_options *options,
                          gint64 now_us);
/* The document of the checkpoint. Caller frees. */
struct cor_json *entra_track_save(const struct entra_track *track,
                                  const struct entra_options *options);
/* The live stream of a type, and that of its deleted items; NULL: there is none. */
struct entra_stream *entra_track_find(struct entra_track *track, const char *type,
                                      enum cor_life life);
/* Add flags to what is known of key. */
void entra_flags_add(GHashTable *table, const char *key, guint flags);
guint entra_flags_get(GHashTable *table, const char *key);

#endif
