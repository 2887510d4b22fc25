/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_RESOURCE_H
#define ANCHORWATCH_GRAPH_RESOURCE_H

/*
 * The one table of what is read from a tenant. It drives collection, check, show and docs/entra.md
 * (held against it by a test): a new resource is one entry.
 */

#include "correlate/record.h"

/* What a relation of an object is, and how it is asked for. */
enum entra_form {
    ENTRA_TARGETS,  /* a list of other objects: links */
    ENTRA_PARTS,    /* a list of parts: records of their own, linked from the object */
    ENTRA_PART,     /* one part, 404 when there is none */
    ENTRA_PROPERTY, /* one property that must be asked for by name: a part as well */
};

/* When the relation of an object is read in an incremental capture. */
enum entra_when {
    ENTRA_TRACKED, /* where the delta round tells that it changed */
    ENTRA_ALWAYS,  /* of each object that is listed: there are few of them */
    ENTRA_HINTED,  /* where the object is new or changed, or an audit record names it */
};

/* Something of each object of a collection, read to its end. An $expand shows 20 at most and does
 * not say so (Graph page "query-parameters"), so it is only believed below that. */
struct entra_relation {
    const char *kind;     /* of struct cor_link */
    const char *relation; /* last segment of the path, or the property */
    const char *segment;  /* of the proof, and words for people */
    enum entra_form form;
    enum entra_when when;
    const char *type;       /* of the parts; NULL for links */
    const char *select;     /* or NULL: the service gives everything */
    const char *permission; /* NULL: that of the resource */
    const char *licence;    /* of the tenant, or NULL */
    const char *loses;      /* what nobody learns without it, or NULL */
    const char *ours;       /* NULL: the service's own backup has it, too; else why it is ours */
    gboolean (*has)(const struct cor_record *record); /* can this one have any? NULL: each can */
    gboolean scoped;   /* keys of the parts are only unlike within their object */
    gboolean bulk;     /* a second listing with $expand or $select shows it of many at once */
    gboolean sized;    /* accepts $top */
    gboolean optional; /* refused: a remark, not a problem */
};

/* One collection or single object. Static storage. */
struct entra_resource {
    const char *segment; /* of the proof, and words for people */
    const char *type;    /* of the records */
    const char *version; /* "v1.0" or "beta" */
    const char *path;
    const char *select;     /* comma separated, or NULL: the service gives everything */
    const char *expand;     /* $expand of the manager, whose link it gives; may be NULL */
    const char *inlined;    /* navigation property that $expand puts into the document, or NULL */
    const char *filter;     /* $filter that the service demands, or NULL */
    const char *id;         /* property with the key; NULL: "id" */
    const char *permission; /* least application permission (Graph permissions reference) */
    const char *doubt;      /* why the permission may not help, or NULL */
    const char *licence;    /* of the tenant, as far as known, or NULL */
    const char *loses;      /* what nobody learns without it */
    const char *ours;       /* NULL: the service's own backup has it, too; else what is ours */
    const char *restorable; /* what a restore can write, for people; NULL: nothing is known */
    const char *transient;  /* properties that move by themselves: never stored, so that they make
                               no version; comma separated, or NULL */
    const char *must;       /* a property no readable object lacks: absent means short rights */
    const char *behavior;   /* path prefix of onPremisesSyncBehavior, or NULL */
    const char *behavior_permission;
    const struct entra_relation *relations; /* ends with a NULL kind; may be NULL */
    const char *delta; /* relations that its delta query tracks (Graph page "delta-query-overview"),
                          comma separated, may be ""; NULL: the resource is listed each time */
    enum cor_life life;
    gboolean optional;  /* refused: a remark, not a problem */
    gboolean scoped;    /* the key is only unlike within the type */
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

/* Is this, whatever its case, a property that a listing selects by name? */
gboolean entra_resource_shows(const char *property);

/* URL of the listing that shows a bulk relation of many objects. Caller frees. */
char *entra_bulk_url(const char *base, const struct entra_resource *resource,
                     const struct entra_relation *relation, guint top);
/* Path and query of the relation of one object, relative to the version. Caller frees. */
char *entra_relation_path(const struct entra_resource *resource,
                          const struct entra_relation *relation, const char *key, guint top);
const char *entra_relation_permission(const struct entra_resource *resource,
                                      const struct entra_relation *relation);

#endif
