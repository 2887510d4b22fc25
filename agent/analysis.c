/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Glue between the store's delta, the differ and the attribution. For every object that differs it
 * gathers what the heart asks for: both halves at both points and the audit records of the window.
 */
#include "agent/analysis.h"

#include "correlate/attribute.h"
#include "correlate/diff.h"
#include "correlate/time.h"
#include "correlate/title.h"

#include <string.h>

struct analysis {
    struct point *from, *to;             /* borrowed */
    gint64 window_from_us, window_to_us; /* our clock */
    gint64 audit_from_us, audit_to_us;   /* the tenant's clock */
};

/* When a point began to be true in the tenant, by the tenant's own clock. */
static gint64 tenant_time(const struct point *point, gboolean begin)
{
    const struct store_half *half = store_point_half(point->info, COR_ENTRA);
    if (!half)
        return begin ? point->info->started_us : point->info->finished_us;
    gint64 ours = begin ? half->stats.started_us : half->stats.finished_us;
    return ours + point->entra_clock_offset_us;
}

struct analysis *analysis_new(struct point *from, struct point *to)
{
    struct analysis *analysis = g_new0(struct analysis, 1);
    *analysis = (struct analysis){.from = from, .to = to};
    analysis->window_from_us = from->info->started_us;
    analysis->window_to_us = to->info->finished_us;
    analysis->audit_from_us = tenant_time(from, TRUE);
    analysis->audit_to_us = tenant_time(to, FALSE);
    return analysis;
}

void analysis_free(struct analysis *analysis)
{
    g_free(analysis);
}

/* Everything known about one changed object, gathered once for all of its changes. */
struct subject {
    struct pair older, newer; /* at the two points */
    struct cor_record *target_older, *target_newer;
    GPtrArray *events;
};

static void subject_clear(struct subject *subject)
{
    pair_clear(&subject->older);
    pair_clear(&subject->newer);
    cor_record_free(subject->target_older);
    cor_record_free(subject->target_newer);
    g_clear_pointer(&subject->events, g_ptr_array_unref);
}

static struct cor_record *copy_at(struct point *point, const struct cor_record *record,
                                  GError **error)
{
    return point->view->get(point->view, record->directory, record->key, error);
}

/* The halves at one point. When the object is not there itself, its peer from the other point is
 * looked up by key, so that the other half is found although the tie is gone. */
static gboolean halves_at(struct point *point, const struct cor_record *record,
                          const struct pair *other, struct pair *ret, GError **error)
{
    g_autoptr(GError) failed = NULL;
    struct cor_record *own = record ? copy_at(point, record, &failed) : NULL;
    if (!failed && own) {
        if (!pair_of(point->view, own, ret, error))
            return FALSE;
    }
    if (!failed && other && other->ad && !ret->ad)
        ret->ad = copy_at(point, other->ad, &failed);
    if (!failed && other && other->entra && !ret->entra)
        ret->entra = copy_at(point, other->entra, &failed);
    if (failed)
        g_propagate_error(error, g_steal_pointer(&failed));
    return !failed;
}

/* Audit times in our clock, so that they can be compared with AD's; only when the clocks differ. */
static void align_events(const struct analysis *analysis, GPtrArray *events)
{
    gint64 offset = analysis->to->entra_clock_offset_us;
    if (offset == 0 && analysis->from->entra_clock_offset_us == 0)
        return;
    for (guint i = 0; i < events->len; i++) {
        struct cor_event_row *row = events->pdata[i];
        row->time_us =
            CLAMP(row->time_us - offset, analysis->window_from_us, analysis->window_to_us);
    }
}

/* Assignments and grants are logged under the ids of those whom they tie together. */
static const char *tied_end(const struct cor_record *record)
{
    const char *principal = cor_record_text(record, "principalId");
    return principal ? principal : cor_record_text(record, "clientId");
}

static gboolean read_audits(struct analysis *analysis, const struct subject *subject,
                            GPtrArray **ret, GError **error)
{
    const char *keys[4] = {NULL};
    gsize n = 0;
    if (subject->newer.entra)
        keys[n++] = subject->newer.entra->key;
    else if (subject->older.entra)
        keys[n++] = subject->older.entra->key;
    const struct cor_record *own =
        subject->newer.entra ? subject->newer.entra : subject->older.entra;
    if (own && tied_end(own))
        keys[n++] = tied_end(own);
    const struct cor_record *target =
        subject->target_newer ? subject->target_newer : subject->target_older;
    if (target && target->directory == COR_ENTRA)
        keys[n++] = target->key;
    *ret = store_events(analysis->to->store, keys, analysis->audit_from_us, analysis->audit_to_us,
                        error);
    if (*ret)
        align_events(analysis, *ret);
    return *ret != NULL;
}

/* Domain controllers keep their own time, which the join with metadata allows for. */
static gboolean read_security_log(struct analysis *analysis, const struct subject *subject,
                                  GPtrArray *events, GError **error)
{
    const struct cor_record *ad = subject->newer.ad ? subject->newer.ad : subject->older.ad;
    const char *keys[2] = {ad ? ad->key : NULL};
    if (!ad)
        return TRUE;
    GPtrArray *found =
        store_events(analysis->to->store, keys, analysis->window_from_us - COR_CLOCK_SKEW_US,
                     analysis->window_to_us + COR_CLOCK_SKEW_US, error);
    if (!found)
        return FALSE;
    g_ptr_array_extend_and_steal(events, found);
    return TRUE;
}

static gboolean read_events(struct analysis *analysis, struct subject *subject, GError **error)
{
    return read_audits(analysis, subject, &subject->events, error) &&
           read_security_log(analysis, subject, subject->events, error);
}

static gboolean gather(struct analysis *analysis, const struct cor_record *older,
                       const struct cor_record *newer, struct subject *subject, GError **error)
{
    const struct cor_record *any = newer ? newer : older;
    return halves_at(analysis->to, any, NULL, &subject->newer, error) &&
           halves_at(analysis->from, any, &subject->newer, &subject->older, error) &&
           (subject->newer.ad || subject->newer.entra
                ? TRUE
                : halves_at(analysis->to, any, &subject->older, &subject->newer, error)) &&
           read_events(analysis, subject, error);
}

static void judge(struct analysis *analysis, struct subject *subject, struct cor_change *change)
{
    gboolean ad = change->object.directory == COR_AD;
    const struct cor_record *peer_newer = ad ? subject->newer.entra : subject->newer.ad;
    const struct cor_record *peer_older = ad ? subject->older.entra : subject->older.ad;
    struct cor_attribution input = {
        .older = ad ? subject->older.ad : subject->older.entra,
        .newer = ad ? subject->newer.ad : subject->newer.entra,
        .peer_older = peer_older,
        .peer_newer = peer_newer,
        .target_older = subject->target_older,
        .target_newer = subject->target_newer,
        .events = subject->events,
        .identities = &analysis->to->identities,
        .flow = &analysis->to->flow,
        .flow_before = &analysis->from->flow,
        .tenant = &analysis->to->tenant,
        .dc_name = point_dc_name,
        .dc_name_data = analysis->to,
        .audit_readable = analysis->to->audit_readable,
    };
    change->seen_from_us = analysis->window_from_us;
    change->seen_to_us = analysis->window_to_us;
    if (peer_newer || peer_older)
        cor_object_ref_set(&change->peer, peer_newer ? peer_newer : peer_older);
    cor_attribute(change, &input);
}

/* What ties others together is called by their names, as they are or were. */
static void entitle(struct analysis *analysis, const struct subject *subject,
                    struct cor_change *change)
{
    const struct cor_record *record =
        subject->newer.entra ? subject->newer.entra : subject->older.entra;
    if (change->object.directory != COR_ENTRA || !record)
        return;
    char *title = cor_title(analysis->to->view, analysis->from->view, record);
    if (!title)
        return;
    g_free(change->object.name);
    change->object.name = title;
}

static gboolean report(struct analysis *analysis, struct subject *subject, GPtrArray *changes,
                       analysis_func func, void *data, GError **error)
{
    for (guint i = 0; i < changes->len; i++) {
        judge(analysis, subject, changes->pdata[i]);
        entitle(analysis, subject, changes->pdata[i]);
        if (!func(changes->pdata[i], data, error))
            return FALSE;
    }
    return TRUE;
}

struct walk {
    struct analysis *analysis;
    analysis_func func;
    void *data;
};

static gboolean newer_half_complete(const struct analysis *analysis, enum cor_directory directory)
{
    return directory == COR_AD ? analysis->to->ad_complete : analysis->to->entra_complete;
}

static gboolean walk_object(struct walk *walk, const struct store_delta *delta, GError **error)
{
    struct analysis *analysis = walk->analysis;
    const struct cor_record *any = delta->newer ? delta->newer : delta->older;
    g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func((GDestroyNotify)cor_change_free);
    cor_diff_records(delta->older, delta->newer, newer_half_complete(analysis, any->directory),
                     changes);
    cor_diff_unseen_links(delta->older, delta->newer, analysis->window_from_us, changes);
    if (changes->len == 0)
        return TRUE;
    struct subject subject = {0};
    gboolean ok = gather(analysis, delta->older, delta->newer, &subject, error) &&
                  report(analysis, &subject, changes, walk->func, walk->data, error);
    subject_clear(&subject);
    return ok;
}

static struct cor_record *get_either(struct analysis *analysis, enum cor_directory directory,
                                     const char *key, gboolean newer, GError **error)
{
    struct cor_view *view = newer ? analysis->to->view : analysis->from->view;
    return view->get(view, directory, key, error);
}

static gboolean walk_link(struct walk *walk, const struct store_delta *delta, GError **error)
{
    struct analysis *analysis = walk->analysis;
    const struct cor_link *link = delta->link;
    g_autoptr(GError) failed = NULL;
    COR_RECORD_AUTO *newer = get_either(analysis, link->directory, link->source_key, TRUE, &failed);
    COR_RECORD_AUTO *older =
        failed ? NULL : get_either(analysis, link->directory, link->source_key, FALSE, &failed);
    struct subject subject = {0};
    if (!failed)
        subject.target_newer =
            get_either(analysis, link->directory, link->target_key, TRUE, &failed);
    if (!failed)
        subject.target_older =
            get_either(analysis, link->directory, link->target_key, FALSE, &failed);
    if (failed) {
        subject_clear(&subject);
        g_propagate_error(error, g_steal_pointer(&failed));
        return FALSE;
    }
    gboolean ok = TRUE;
    const struct cor_record *target =
        subject.target_newer ? subject.target_newer : subject.target_older;
    /* the links of an object that came or went are part of that, not changes of their own, and so
     * are those to its parts */
    if (newer && older && !cor_title_is_part(target, link->source_key)) {
        g_autoptr(GPtrArray) changes =
            g_ptr_array_new_with_free_func((GDestroyNotify)cor_change_free);
        g_ptr_array_add(changes, cor_diff_link(delta->link_added, link, newer, target));
        ok = gather(analysis, older, newer, &subject, error) &&
             report(analysis, &subject, changes, walk->func, walk->data, error);
    }
    subject_clear(&subject);
    return ok;
}

static gboolean on_delta(const struct store_delta *delta, void *data, GError **error)
{
    return delta->link ? walk_link(data, delta, error) : walk_object(data, delta, error);
}

gboolean analysis_walk(struct analysis *analysis, analysis_func func, void *data, GError **error)
{
    struct walk walk = {analysis, func, data};
    return store_changes(analysis->from->store, analysis->from->info->number,
                         analysis->to->info->number, on_delta, &walk, error);
}

/* --- one object ----------------------------------------------------------------------------- */

static gboolean object_half(struct walk *walk, const struct cor_record *record, GError **error)
{
    struct analysis *analysis = walk->analysis;
    g_autoptr(GError) failed = NULL;
    COR_RECORD_AUTO *older = copy_at(analysis->from, record, &failed);
    COR_RECORD_AUTO *newer = failed ? NULL : copy_at(analysis->to, record, &failed);
    if (failed) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return FALSE;
    }
    struct store_delta delta = {.older = older, .newer = newer};
    return (!older && !newer) || walk_object(walk, &delta, error);
}

static gboolean object_links(struct walk *walk, const struct cor_record *record, GError **error)
{
    struct analysis *analysis = walk->analysis;
    gint64 from = analysis->from->info->number, to = analysis->to->info->number;
    g_autoptr(GPtrArray) spans =
        store_link_history(analysis->to->store, record->directory, record->key, error);
    if (!spans)
        return FALSE;
    for (guint i = 0; i < spans->len; i++) {
        const struct store_link_span *span = spans->pdata[i];
        gboolean before = span->from <= from && (span->until == 0 || span->until > from);
        gboolean after = span->from <= to && (span->until == 0 || span->until > to);
        if (before == after)
            continue;
        struct cor_link link = {record->directory, span->kind, record->key, span->target_key};
        struct store_delta delta = {.link = &link, .link_added = after};
        if (!walk_link(walk, &delta, error))
            return FALSE;
    }
    return TRUE;
}

gboolean analysis_object(struct analysis *analysis, const struct pair *pair, analysis_func func,
                         void *data, GError **error)
{
    struct walk walk = {analysis, func, data};
    const struct cor_record *halves[] = {pair->ad, pair->entra};
    for (gsize i = 0; i < G_N_ELEMENTS(halves); i++)
        if (halves[i] &&
            (!object_half(&walk, halves[i], error) || !object_links(&walk, halves[i], error)))
            return FALSE;
    return TRUE;
}
