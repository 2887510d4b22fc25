/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_ANCHOR_PRIVATE_H
#define ANCHORWATCH_CORRELATE_ANCHOR_PRIVATE_H

/* What the files of the anchor judgement share: the identifiers of both directories, indexed. */

#include "correlate/anchor.h"

enum anchor_class { ANCHOR_USER, ANCHOR_GROUP, ANCHOR_CONTACT, ANCHOR_DEVICE, ANCHOR_CLASSES };

/* Under which identifier an object is found. */
enum anchor_index {
    BY_GUID,   /* AD: base64(objectGUID); Entra: the immutable ID */
    BY_FILLED, /* AD: mS-DS-ConsistencyGuid */
    BY_UPN,
    BY_SMTP, /* primary address */
    BY_SID,
    BY_SAM,
    BY_DEVICE, /* AD: objectGUID text of computers; Entra: deviceId */
    ANCHOR_INDEXES,
};

/* The identifiers of one object; texts live as long as the index. */
struct anchor_object {
    const char *key;
    const char *id[ANCHOR_INDEXES];
    const char *identifier;                     /* Entra: onPremisesObjectIdentifier, folded */
    struct anchor_object *next[ANCHOR_INDEXES]; /* others under the same identifier */
    struct anchor_object *peer;
    enum anchor_class class;
    enum cor_directory directory;
    enum cor_life life;
    enum cor_soa soa; /* Entra */
    guint8 tied_by;   /* enum anchor_index + 1, 0: not tied */
    gboolean in_scope : 1, no_anchor : 1, unified : 1, privileged : 1;
    gboolean held : 1;     /* AD: already somebody's other half */
    gboolean reported : 1; /* its case is told by another finding */
};

struct anchor_side {
    GPtrArray *objects; /* owned struct anchor_object *, key order */
    GHashTable *by[ANCHOR_INDEXES];
    GHashTable *by_key;
};

struct anchor_work {
    const struct cor_anchor_input *input;
    struct cor_anchor_report *report;
    GStringChunk *texts;
    struct anchor_side ad, entra;
    GHashTable *older_anchor; /* anchor -> AD key at the earlier point, live users; or NULL */
    guint64 leaving, changed, synced, synced_users; /* counted for what concerns many */
};

gboolean cor_anchor_read(struct anchor_work *work, GError **error);
void cor_anchor_side_clear(struct anchor_side *side);
struct anchor_object *cor_anchor_first(const struct anchor_side *side, enum anchor_index index,
                                       const char *id);
/* The anchor of an AD object under the attribute in force; NULL: none. */
const char *cor_anchor_now(const struct anchor_work *work, const struct anchor_object *ad);
void cor_anchor_tie(struct anchor_work *work);

void cor_anchor_found(struct anchor_work *work, const char *row, const struct anchor_object *object,
                      const struct anchor_object *peer, const char *format, ...)
    G_GNUC_PRINTF(5, 6);
/* Another live account in scope has the same anchor: that is told, and nothing is matched. */
gboolean cor_anchor_rival(const struct anchor_work *work, const struct anchor_object *ad);
/* Findings about values and duplicates; about objects that have no other half; about many. */
void cor_anchor_values(struct anchor_work *work);
void cor_anchor_candidates(struct anchor_work *work);
void cor_anchor_leavers(struct anchor_work *work);
void cor_anchor_many(struct anchor_work *work);

#endif
