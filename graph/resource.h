/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_RESOURCE_H
#define ANCHORWATCH_GRAPH_RESOURCE_H

/*
 * The one table of what is read from a tenant, and the two kinds of reads that hang on it.
 */

#include "correlate/record.h"

/* Links of each object of a collection, read to their end (never $expand: graph page "query
 * parameters" truncates it at 20). */
struct entra_link_kind {
    const char *kind;     /* of struct cor_link */
    const char *relation; /* last segment of the path */
    const char *segment;  /* of the proof */
};

/* One collection or single object. Static storage. */
struct entra_resource {
    const char *segment; /* of the proof, and words for people */
    const char *type;    /* of the records */
    const char *version; /* "v1.0" or "beta" */
    const char *path;
    const char *select;     /* comma separated, or NULL: the service gives everything */
    const char *expand;     /* $expand, single-valued navigation only; may be NULL */
    const char *permission; /* least application permission (Graph permissions reference) */
    const char *doubt;      /* why the permission may not help, or NULL */
    const char *must;       /* a property no readable object lacks: absent means short rights */
    const char *behavior;   /* path prefix of onPremisesSyncBehavior, or NULL */
    const char *behavior_permission;
    const struct entra_link_kind *links; /* ends with a NULL kind; may be NULL */
    const char *delta; /* relations that its delta query tracks (Graph page "delta-query-overview"),
                          comma separated, may be ""; NULL: the resource is listed each time */
    enum cor_life life;
    gboolean optional;  /* refused: a remark, not a problem */
    gboolean singleton; /* the answer is the object itself */
    gboolean sized;     /* accepts $top */
    gboolean slow;      /* one request a second for the whole tenant: never inside a batch */
};

extern const struct entra_resource entra_resources[];
extern const guint entra_resources_len;

/* URL of the first page. top 0: no $top. Caller frees. */
char *entra_resource_url(const char *base, const struct entra_resource *resource, guint top);

/* URL of a delta round that tells nothing and ends with a link from now on ("$deltatoken=latest").
 * Caller frees. */
char *entra_delta_url(const char *base, const struct entra_resource *resource);
/* Path and query of one object, as its listing would show it, relative to the version. Caller
 * frees. */
char *entra_object_path(const struct entra_resource *resource, const char *key);

#define ENTRA_AUDIT_PERMISSION "AuditLog.Read.All"
/* URL of the first page of directory audits since a time. Caller frees. */
char *entra_audit_url(const char *base, gint64 since_us, guint top);

#endif
