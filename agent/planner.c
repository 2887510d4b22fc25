/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan is the difference live -> backup point of the Entra half, turned into the writes a restore
 * would make, each with its forecast. Service-side bookkeeping that nobody can write is left out
 * unless the decision table has a row for it.
 */
#include "agent/planner.h"

#include "correlate/diff.h"
#include "correlate/error.h"
#include "correlate/semantic.h"
#include "correlate/title.h"

#include <string.h>

struct planning {
    struct point *backup, *live; /* borrowed */
    const struct plan_request *request;
    GHashTable *wanted;          /* Entra keys, or NULL for all */
    GHashTable *privileged;      /* set: Entra keys of who holds a directory role */
    GHashTable *privileged_then; /* and of who held one at the backup point */
    guint64 pending_deletions;
    plan_func func;
    void *data;
};

static void item_clear(struct plan_item *item)
{
    cor_object_ref_clear(&item->object);
    cor_object_ref_clear(&item->peer);
    g_free(item->attribute);
    g_free(item->link_target);
    cor_json_free(item->live);
    cor_json_free(item->target);
    cor_forecast_clear(&item->forecast);
}

/* --- the situation of one object ------------------------------------------------------------ */

struct scene {
    struct pair live, backup;
    struct cor_record *twin, *holder, *target;
};

static void scene_clear(struct scene *scene)
{
    pair_clear(&scene->live);
    pair_clear(&scene->backup);
    cor_record_free(scene->twin);
    cor_record_free(scene->holder);
    cor_record_free(scene->target);
}

static gboolean pair_at(struct point *point, const char *key, struct pair *ret, GError **error)
{
    g_autoptr(GError) failed = NULL;
    struct cor_record *record = point->view->get(point->view, COR_ENTRA, key, &failed);
    if (failed) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return FALSE;
    }
    return !record || pair_of(point->view, record, ret, error);
}

/* The AD half as it is now: tied now, or tied then and looked up by its key. */
static gboolean set_scene(struct planning *plan, const char *key, struct scene *scene,
                          GError **error)
{
    if (!pair_at(plan->live, key, &scene->live, error) ||
        !pair_at(plan->backup, key, &scene->backup, error))
        return FALSE;
    if (!scene->live.ad && scene->backup.ad) {
        g_autoptr(GError) failed = NULL;
        scene->live.ad =
            plan->live->view->get(plan->live->view, COR_AD, scene->backup.ad->key, &failed);
        if (failed) {
            g_propagate_error(error, g_steal_pointer(&failed));
            return FALSE;
        }
    }
    if (!scene->live.ad && scene->live.candidates)
        for (guint i = 0; i < scene->live.candidates->len && !scene->twin; i++) {
            struct cor_record *candidate = scene->live.candidates->pdata[i];
            if (candidate->directory == COR_AD)
                scene->twin = cor_record_copy(candidate);
        }
    return TRUE;
}

/* Values that may belong to one object only (decision row E2). */
static const struct {
    const char *attribute;
    int kind;
} unique_values[] = {
    {"userPrincipalName", COR_ID_UPN},
    {"mail", COR_ID_MAIL},
    {"proxyAddresses", COR_ID_PROXY},
    {"onPremisesImmutableId", COR_ID_ANCHOR},
    {"onPremisesSecurityIdentifier", COR_ID_SID},
};

static gboolean find_holder(struct point *live, int kind, const char *value, const char *own_key,
                            struct cor_record **ret_holder, GError **error)
{
    g_autoptr(GPtrArray) found = live->view->find(live->view, COR_ENTRA, kind, value, error);
    for (guint i = 0; found && i < found->len && !*ret_holder; i++) {
        const struct cor_record *record = found->pdata[i];
        if (record->life == COR_LIVE && strcmp(record->key, own_key) != 0)
            *ret_holder = g_ptr_array_steal_index(found, i);
    }
    return found != NULL;
}

static const char *without_prefix(const char *address)
{
    return g_ascii_strncasecmp(address, "smtp:", 5) == 0 ? address + 5 : address;
}

static int unique_kind(const char *attribute)
{
    for (gsize i = 0; i < G_N_ELEMENTS(unique_values); i++)
        if (g_strcmp0(unique_values[i].attribute, attribute) == 0)
            return unique_values[i].kind;
    return 0;
}

static gboolean look_for_holder(struct planning *plan, const char *key, const char *attribute,
                                const struct cor_json *target, struct scene *scene, GError **error)
{
    int kind = unique_kind(attribute);
    const char *single = cor_json_string(target);
    g_clear_pointer(&scene->holder, cor_record_free);
    if (!kind)
        return TRUE;
    if (single)
        return find_holder(plan->live, kind, single, key, &scene->holder, error);
    for (const struct cor_json *n = cor_json_first(target); n; n = cor_json_next(n)) {
        const char *text = cor_json_string(n);
        if (text &&
            !find_holder(plan->live, kind, without_prefix(text), key, &scene->holder, error))
            return FALSE;
    }
    return TRUE;
}

/* The service may not list the roles of a soft-deleted user, who has them nevertheless. */
static gboolean is_privileged(const struct planning *plan, const struct cor_record *entra)
{
    return entra &&
           (g_hash_table_contains(plan->privileged, entra->key) ||
            (entra->life != COR_LIVE && g_hash_table_contains(plan->privileged_then, entra->key)));
}

static void forecast(struct planning *plan, struct scene *scene, struct plan_item *item,
                     const char *type)
{
    struct cor_write write = {
        .action = item->action,
        .type = type,
        .attribute = item->attribute,
        .live = item->live,
        .target = item->target,
    };
    struct cor_situation situation = {
        .entra = scene->live.entra,
        .backup = scene->backup.entra,
        .ad = scene->live.ad,
        .ad_twin = scene->twin,
        .holder = scene->holder,
        .target = scene->target,
        .ad_complete = plan->live->ad_complete,
        .privileged = is_privileged(plan, scene->live.entra),
        .exchange_cloud_managed = COR_UNKNOWN, /* Graph does not show it */
        .pending_deletions = plan->pending_deletions,
        .flow = &plan->live->flow,
        .tenant = &plan->live->tenant,
        .now_us = point_tenant_now(plan->live, plan->request->now_us),
    };
    cor_forecast(&write, &situation, &item->forecast);
}

/* --- from a difference to writes ------------------------------------------------------------ */

static gboolean attribute_wanted(const struct planning *plan, const char *attribute)
{
    const char *const *list = plan->request->attributes;
    return !list || (attribute && g_strv_contains(list, attribute));
}

static gboolean object_wanted(const struct planning *plan, const char *key, const char *type)
{
    if (plan->request->type && strcmp(plan->request->type, type) != 0)
        return FALSE;
    return !plan->wanted || g_hash_table_contains(plan->wanted, key);
}

static enum cor_action action_of(enum cor_change_kind kind, const struct cor_record *live)
{
    switch (kind) {
    case COR_CHANGE_ADDED:
        return COR_ACTION_CREATE;
    case COR_CHANGE_RESTORED:
        return live ? COR_ACTION_RESTORE : COR_ACTION_CREATE;
    case COR_CHANGE_REMOVED:
    case COR_CHANGE_DELETED:
        return COR_ACTION_SOFT_DELETE;
    case COR_CHANGE_LINKED:
        return COR_ACTION_LINK;
    case COR_CHANGE_UNLINKED:
        return COR_ACTION_UNLINK;
    case COR_CHANGE_MODIFIED:
    case COR_CHANGE_MOVED:
        break;
    }
    return COR_ACTION_UPDATE;
}

static gboolean give(struct planning *plan, struct scene *scene, const struct cor_change *change,
                     GError **error)
{
    if (!attribute_wanted(plan, change->attribute))
        return TRUE;
    const struct cor_record *shown = scene->live.entra ? scene->live.entra : scene->backup.entra;
    struct plan_item item = {.action = action_of(change->kind, scene->live.entra)};
    cor_object_ref_set(&item.object, shown);
    char *title = cor_title(plan->live->view, plan->backup->view, shown);
    if (title) {
        g_free(item.object.name);
        item.object.name = title;
    }
    if (scene->live.ad)
        cor_object_ref_set(&item.peer, scene->live.ad);
    item.attribute = g_strdup(change->attribute);
    item.link_target = g_strdup(change->link_target);
    item.live = change->old_value ? cor_json_copy(change->old_value) : NULL;
    item.target = change->new_value ? cor_json_copy(change->new_value) : NULL;
    gboolean ok = look_for_holder(plan, shown->key, item.attribute, item.target, scene, error);
    if (ok) {
        forecast(plan, scene, &item, shown->type);
        ok = plan->func(&item, plan->data, error);
    }
    item_clear(&item);
    return ok;
}

static gboolean plan_object(struct planning *plan, const struct store_delta *delta, GError **error)
{
    const struct cor_record *live = delta->older, *backup = delta->newer;
    const struct cor_record *any = live ? live : backup;
    if (!object_wanted(plan, any->key, any->type))
        return TRUE;
    g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func((GDestroyNotify)cor_change_free);
    /* what a partial backup point did not see may well have been there: never delete for that */
    cor_diff_records(live, backup, plan->backup->entra_complete, changes);
    struct scene scene = {0};
    gboolean ok = set_scene(plan, any->key, &scene, error);
    for (guint i = 0; ok && i < changes->len; i++)
        ok = give(plan, &scene, changes->pdata[i], error);
    scene_clear(&scene);
    return ok;
}

static struct cor_record *entra_at(struct point *point, const char *key, GError **error)
{
    return point->view->get(point->view, COR_ENTRA, key, error);
}

static gboolean plan_link(struct planning *plan, const struct store_delta *delta, GError **error)
{
    const struct cor_link *link = delta->link;
    struct scene scene = {0};
    g_autoptr(GError) failed = NULL;
    if (!delta->link_added && !plan->backup->entra_complete)
        return TRUE;
    gboolean ok = set_scene(plan, link->source_key, &scene, error);
    const struct cor_record *source = scene.live.entra;
    /* links of an object that must be restored or created first come with it */
    if (ok && source && source->life == COR_LIVE && scene.backup.entra &&
        object_wanted(plan, source->key, source->type)) {
        COR_RECORD_AUTO *gone = NULL;
        scene.target = entra_at(plan->live, link->target_key, &failed);
        if (!scene.target && !failed)
            gone = entra_at(plan->backup, link->target_key, &failed);
        const struct cor_record *target = scene.target ? scene.target : gone;
        struct cor_change *change = cor_diff_link(delta->link_added, link, source, target);
        /* a part is planned as the object that it is */
        ok = !failed &&
             (cor_title_is_part(target, source->key) || give(plan, &scene, change, error));
        cor_change_free(change);
    }
    if (failed)
        g_propagate_error(error, g_steal_pointer(&failed));
    scene_clear(&scene);
    return ok;
}

static gboolean on_delta(const struct store_delta *delta, void *data, GError **error)
{
    struct planning *plan = data;
    enum cor_directory directory = delta->link    ? delta->link->directory
                                   : delta->newer ? delta->newer->directory
                                                  : delta->older->directory;
    if (directory != COR_ENTRA)
        return TRUE;
    return delta->link ? plan_link(plan, delta, error) : plan_object(plan, delta, error);
}

/* AD deletions the next cycle would carry: the deletion guard counts them (row D13). */
static gboolean on_ad_deletion(const struct store_delta *delta, void *data, GError **error)
{
    (void)error;
    struct planning *plan = data;
    gboolean was =
        delta->older && delta->older->directory == COR_AD && delta->older->life == COR_LIVE;
    if (!delta->link && was && (!delta->newer || delta->newer->life != COR_LIVE))
        plan->pending_deletions++;
    return TRUE;
}

/* --- who is privileged ------------------------------------------------------------------------ */

/* A group that may hold roles has no groups in it (Graph: isAssignableToRole). */
static gboolean add_privileged(GHashTable *set, struct cor_view *view, const char *principal,
                               GError **error)
{
    if (!principal || !g_hash_table_add(set, g_strdup(principal)))
        return TRUE;
    g_autoptr(GPtrArray) members = view->links(view, COR_ENTRA, "member", principal, FALSE, error);
    for (guint i = 0; members && i < members->len; i++)
        g_hash_table_add(set, g_strdup(members->pdata[i]));
    return members != NULL;
}

/* Assigned roles, not those that somebody may activate. */
static gboolean find_privileged(GHashTable *set, struct cor_view *view, GError **error)
{
    const struct cor_record *record = NULL;
    struct cor_reader *reader = view->read(view, COR_ENTRA, COR_TYPE_ROLE_ASSIGNMENT, error);
    gboolean ok = reader != NULL;
    while (ok && (ok = reader->next(reader, &record, error)) && record)
        ok = add_privileged(set, view, cor_record_text(record, "principalId"), error);
    if (reader)
        reader->close(reader);
    return ok;
}

static gboolean find_wanted(struct planning *plan, GError **error)
{
    if (!plan->request->objects || !plan->request->objects[0])
        return TRUE;
    plan->wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (gsize i = 0; plan->request->objects[i]; i++) {
        struct pair pair = {0};
        g_autoptr(GError) failed = NULL;
        /* what is to be restored may exist at one of the points only */
        if (!pair_named(plan->live->view, plan->request->objects[i], &pair, &failed) ||
            !pair.entra) {
            if (failed && failed->code == COR_E_AMBIGUOUS) {
                g_propagate_error(error, g_steal_pointer(&failed));
                return FALSE;
            }
            pair_clear(&pair);
            if (!pair_named(plan->backup->view, plan->request->objects[i], &pair, error))
                return FALSE;
        }
        if (pair.entra)
            g_hash_table_add(plan->wanted, g_strdup(pair.entra->key));
        pair_clear(&pair);
    }
    return TRUE;
}

gboolean plan_make(struct point *backup, struct point *live, const struct plan_request *request,
                   plan_func func, void *data, GError **error)
{
    struct planning plan = {
        .backup = backup, .live = live, .request = request, .func = func, .data = data};
    gint64 from = live->info->number, to = backup->info->number;
    plan.privileged = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    plan.privileged_then = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    gboolean ok = find_wanted(&plan, error) &&
                  find_privileged(plan.privileged, live->view, error) &&
                  find_privileged(plan.privileged_then, backup->view, error) &&
                  store_changes(live->store, to, from, on_ad_deletion, &plan, error) &&
                  store_changes(live->store, from, to, on_delta, &plan, error);
    g_clear_pointer(&plan.wanted, g_hash_table_unref);
    g_hash_table_unref(plan.privileged);
    g_hash_table_unref(plan.privileged_then);
    return ok;
}
