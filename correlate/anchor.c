/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anchor health of two directories: read the identifiers, tie the halves, judge values and
 * duplicates, what is about to leave, what is about to be matched, and what concerns many objects.
 * Nothing is concluded from an absence in a half that was not read completely.
 */
#include "correlate/anchor_private.h"
#include "correlate/identity.h"

#include <string.h>

#define MANY_OBJECTS 10
#define MANY_SHARE   20 /* one in so many */

static void finding_free(struct cor_anchor_finding *finding)
{
    g_free(finding->key);
    g_free(finding->peer);
    g_free(finding->text);
    g_free(finding);
}

void cor_anchor_found(struct anchor_work *work, const char *row, const struct anchor_object *object,
                      const struct anchor_object *peer, const char *format, ...)
{
    struct cor_anchor_finding *finding = g_new0(struct cor_anchor_finding, 1);
    va_list args;
    va_start(args, format);
    finding->text = g_strdup_vprintf(format, args);
    va_end(args);
    finding->row = cor_anchor_row(row);
    finding->directory = object ? object->directory : COR_AD;
    finding->key = object ? g_strdup(object->key) : NULL;
    finding->peer = peer ? g_strdup(peer->key) : NULL;
    finding->peer_same_side = object && peer && object->directory == peer->directory;
    g_ptr_array_add(work->report->findings, finding);
}

/* --- values and duplicates -------------------------------------------------------------------- */

static void judge_form(struct anchor_work *work, const struct anchor_object *entra)
{
    const char *id = entra->id[BY_GUID];
    if (!id)
        return;
    switch (cor_anchor_form(id)) {
    case COR_ANCHOR_GUID:
        break;
    case COR_ANCHOR_BINARY:
    case COR_ANCHOR_STRING:
        cor_anchor_found(work, "anchor-custom", entra, entra->peer,
                         "the immutable ID does not decode to 16 octets and counts %u of %d "
                         "characters",
                         cor_anchor_weight(id), COR_ANCHOR_WEIGHT_MAX);
        break;
    case COR_ANCHOR_ILLEGAL:
        cor_anchor_found(
            work, "anchor-illegal", entra, entra->peer,
            "the immutable ID counts %u characters of at most %d, or holds a forbidden "
            "one",
            cor_anchor_weight(id), COR_ANCHOR_WEIGHT_MAX);
        break;
    }
}

static void judge_cloud_twins(struct anchor_work *work, const struct anchor_object *entra)
{
    for (const struct anchor_object *other =
             cor_anchor_first(&work->entra, BY_GUID, entra->id[BY_GUID]);
         other; other = other->next[BY_GUID]) {
        if (other == entra || entra->life != COR_LIVE)
            continue;
        if (other->life != COR_LIVE)
            cor_anchor_found(work, "twin-both", entra, other,
                             "a soft-deleted user holds its immutable ID too");
        else if (strcmp(entra->key, other->key) < 0)
            cor_anchor_found(work, "cloud-duplicate", entra, other,
                             "another live user has its immutable ID");
    }
}

/* Another live account in scope whose anchor in force is the one of this one. */
static const struct anchor_object *rival(const struct anchor_work *work,
                                         const struct anchor_object *ad, enum anchor_index index)
{
    const char *now = cor_anchor_now(work, ad);
    for (const struct anchor_object *other = cor_anchor_first(&work->ad, index, now); other;
         other = other->next[index])
        if (other != ad && other->class == ad->class && other->life == COR_LIVE &&
            other->in_scope && g_strcmp0(cor_anchor_now(work, other), now) == 0)
            return other;
    return NULL;
}

static void judge_account(struct anchor_work *work, struct anchor_object *ad)
{
    const char *filled = ad->id[BY_FILLED];
    gsize octets = 0;
    if (!filled)
        return;
    g_free(g_base64_decode(filled, &octets));
    if (octets != 16)
        cor_anchor_found(work, "guid-odd-size", ad, ad->peer,
                         "mS-DS-ConsistencyGuid has %" G_GSIZE_FORMAT " octets", octets);
    if (work->report->attribute == COR_ANCHORED_GUID) {
        if (ad->peer && ad->in_scope && g_strcmp0(filled, ad->peer->id[BY_GUID]) != 0)
            cor_anchor_found(work, "guid-unused", ad, ad->peer,
                             "mS-DS-ConsistencyGuid is %s, the immutable ID %s", filled,
                             ad->peer->id[BY_GUID]);
        return;
    }
    const struct anchor_object *copy = rival(work, ad, BY_FILLED);
    const struct anchor_object *owner = rival(work, ad, BY_GUID);
    if (copy)
        cor_anchor_found(work, "guid-copied", ad, copy,
                         "another account in scope has the mS-DS-ConsistencyGuid %s too", filled);
    if (owner && owner != copy)
        cor_anchor_found(work, "guid-of-other", ad, owner,
                         "mS-DS-ConsistencyGuid %s is the objectGUID of another account in scope",
                         filled);
}

gboolean cor_anchor_rival(const struct anchor_work *work, const struct anchor_object *ad)
{
    return ad->class == ANCHOR_USER && (rival(work, ad, BY_FILLED) || rival(work, ad, BY_GUID));
}

void cor_anchor_values(struct anchor_work *work)
{
    for (guint i = 0; i < work->ad.objects->len; i++) {
        struct anchor_object *ad = work->ad.objects->pdata[i];
        if (ad->class == ANCHOR_USER && ad->life == COR_LIVE && ad->in_scope)
            judge_account(work, ad);
    }
    for (guint i = 0; i < work->entra.objects->len; i++) {
        struct anchor_object *entra = work->entra.objects->pdata[i];
        if (entra->class == ANCHOR_USER && entra->id[BY_GUID]) {
            judge_form(work, entra);
            judge_cloud_twins(work, entra);
        }
    }
}

/* --- many at once ----------------------------------------------------------------------------- */

static gboolean is_many(guint64 n, guint64 of)
{
    return n >= MANY_OBJECTS || (n > 1 && n * MANY_SHARE >= of);
}

static void judge_deletions(struct anchor_work *work)
{
    gint64 limit = work->input->tenant->deletion_threshold;
    gboolean cloudsync = work->input->tenant->engine == COR_ENGINE_CLOUDSYNC;
    guint64 n = work->leaving;
    const char *doubt = work->input->tenant->block_hard_match == COR_UNKNOWN
                            ? " (the default: the tenant's settings were not readable)"
                            : "";
    /* Connect stops above the number, by its page; that Cloud Sync stops at it is inferred */
    gboolean held = limit > 0 && (n > (guint64)limit || (cloudsync && n == (guint64)limit));
    work->report->held = held;
    if (held)
        cor_anchor_found(work, "mass-deletion", NULL, NULL,
                         "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                         " synchronized objects wait to be deleted; the guard's limit is "
                         "%" G_GINT64_FORMAT "%s",
                         n, work->synced, limit, doubt);
    else if (is_many(n, work->synced))
        cor_anchor_found(work, "mass-deletion-unguarded", NULL, NULL,
                         "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                         " synchronized objects wait to be deleted; the guard %s%s",
                         n, work->synced,
                         limit < 0    ? "counts a share, which only the sync engine knows"
                         : limit == 0 ? "is off"
                                      : "allows that many",
                         doubt);
}

void cor_anchor_many(struct anchor_work *work)
{
    judge_deletions(work);
    if (is_many(work->changed, work->synced_users))
        cor_anchor_found(work, "mass-anchor-change", NULL, NULL,
                         "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                         " synchronized users (%.1f %%) would come with another anchor; at the "
                         "earlier point %s",
                         work->changed, work->synced_users,
                         100.0 * (double)work->changed / (double)MAX(work->synced_users, 1),
                         work->older_anchor ? "the anchors were right" : "(none compared)");
}

/* --- the whole -------------------------------------------------------------------------------- */

static gint by_row(gconstpointer a, gconstpointer b)
{
    const struct cor_anchor_finding *one = *(const struct cor_anchor_finding *const *)a;
    const struct cor_anchor_finding *other = *(const struct cor_anchor_finding *const *)b;
    if (one->row != other->row)
        return one->row < other->row ? -1 : 1;
    gint order = g_strcmp0(one->key, other->key);
    return order ? order : g_strcmp0(one->peer, other->peer);
}

static void clear(struct anchor_work *work)
{
    cor_anchor_side_clear(&work->ad);
    cor_anchor_side_clear(&work->entra);
    g_clear_pointer(&work->older_anchor, g_hash_table_unref);
    g_string_chunk_free(work->texts);
}

gboolean cor_anchor_judge(const struct cor_anchor_input *input, struct cor_anchor_report *ret,
                          GError **error)
{
    *ret = (struct cor_anchor_report){0};
    ret->findings = g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
    struct anchor_work work = {.input = input, .report = ret};
    work.texts = g_string_chunk_new(64 * 1024);
    gboolean ok = cor_anchor_read(&work, error);
    if (ok) {
        ret->ad_objects = work.ad.objects->len;
        ret->cloud_objects = work.entra.objects->len;
        cor_anchor_tie(&work);
        cor_anchor_values(&work);
        cor_anchor_leavers(&work);
        cor_anchor_candidates(&work);
        cor_anchor_many(&work);
        g_ptr_array_sort(ret->findings, by_row);
    }
    clear(&work);
    if (!ok)
        cor_anchor_report_clear(ret);
    return ok;
}

enum cor_anchor_outcome cor_anchor_outcome(const struct cor_anchor_report *report,
                                           const struct cor_tenant *tenant,
                                           const struct cor_anchor_row *row)
{
    enum cor_anchor_outcome outcome =
        tenant->engine == COR_ENGINE_CLOUDSYNC ? row->cloudsync : row->connect;
    return outcome == COR_OUTCOME_DELETED && report->held ? COR_OUTCOME_HELD : outcome;
}

void cor_anchor_report_clear(struct cor_anchor_report *report)
{
    g_clear_pointer(&report->findings, g_ptr_array_unref);
}
