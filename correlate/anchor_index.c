/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads both directories once and keeps of each object its identifiers only, indexed. Then derives
 * which attribute is the anchor and ties the halves. Ties follow match.c; here they are made for
 * all objects at once, without a look-up in the store for each.
 */
#include "correlate/anchor_private.h"
#include "correlate/identity.h"

#include <string.h>

static const char *const entra_types[ANCHOR_CLASSES] = {
    [ANCHOR_USER] = COR_TYPE_USER,
    [ANCHOR_GROUP] = COR_TYPE_GROUP,
    [ANCHOR_CONTACT] = COR_TYPE_CONTACT,
    [ANCHOR_DEVICE] = COR_TYPE_DEVICE,
};

static gboolean class_of(const struct cor_record *record, enum anchor_class *ret)
{
    const char *type =
        record->directory == COR_AD ? cor_flow_peer_type(COR_AD, record->type) : record->type;
    for (int i = 0; type && i < ANCHOR_CLASSES; i++)
        if (strcmp(entra_types[i], type) == 0) {
            *ret = (enum anchor_class)i;
            return TRUE;
        }
    return FALSE;
}

static const char *keep(struct anchor_work *work, const char *text)
{
    return text && *text ? g_string_chunk_insert(work->texts, text) : NULL;
}

static const char *fold(struct anchor_work *work, int kind, const char *text)
{
    if (!text || !*text)
        return NULL;
    g_autofree char *folded = cor_identifier_fold(kind, text);
    return keep(work, folded);
}

static const char *primary_smtp(struct anchor_work *work, const struct cor_record *record)
{
    const struct cor_json *list = cor_record_get(record, "proxyAddresses");
    const struct cor_json *one =
        cor_json_type(list) == COR_JSON_ARRAY ? cor_json_first(list) : list;
    for (; one; one = one == list ? NULL : cor_json_next(one)) {
        const char *text = cor_json_string(one);
        if (text && strncmp(text, "SMTP:", 5) == 0)
            return fold(work, COR_ID_PRIMARY_SMTP, text + 5);
    }
    return NULL;
}

static void take_ad(struct anchor_work *work, struct anchor_object *object,
                    const struct cor_record *record)
{
    const char *why = NULL;
    g_autofree char *guid = cor_anchor_from_guid(record->key);
    g_autofree char *own = cor_anchor_of(record);
    object->no_anchor = own == NULL;
    object->id[BY_GUID] = keep(work, guid);
    if (object->class == ANCHOR_USER)
        object->id[BY_FILLED] = keep(work, cor_record_first(record, "mS-DS-ConsistencyGuid"));
    if (object->class == ANCHOR_DEVICE)
        object->id[BY_DEVICE] = fold(work, COR_ID_DEVICE, record->key);
    object->id[BY_SID] = fold(work, COR_ID_SID, cor_record_text(record, "objectSid"));
    object->id[BY_SAM] = fold(work, COR_ID_SAM, cor_record_text(record, "sAMAccountName"));
    object->in_scope = cor_flow_in_scope(record, work->input->flow, &why);
}

static gboolean is_unified(const struct cor_record *record)
{
    const struct cor_json *types = cor_record_get(record, "groupTypes");
    for (const struct cor_json *n = cor_json_first(types); n; n = cor_json_next(n))
        if (g_strcmp0(cor_json_string(n), "Unified") == 0)
            return TRUE;
    return FALSE;
}

static void take_entra(struct anchor_work *work, struct anchor_object *object,
                       const struct cor_record *record)
{
    const char *identifier = cor_record_text(record, "onPremisesObjectIdentifier");
    if (object->class == ANCHOR_USER)
        object->id[BY_GUID] = keep(work, cor_record_text(record, "onPremisesImmutableId"));
    object->id[BY_SID] =
        fold(work, COR_ID_SID, cor_record_text(record, "onPremisesSecurityIdentifier"));
    object->id[BY_SAM] =
        fold(work, COR_ID_SAM, cor_record_text(record, "onPremisesSamAccountName"));
    object->id[BY_DEVICE] = fold(work, COR_ID_DEVICE, cor_record_text(record, "deviceId"));
    object->identifier = fold(work, COR_ID_KEY, identifier);
    object->soa = cor_soa_of(record, NULL);
    object->unified = is_unified(record);
    work->report->identifiers_known |= identifier != NULL;
}

static void take(struct anchor_work *work, struct anchor_side *side,
                 const struct cor_record *record, enum anchor_class class)
{
    struct anchor_object *object = g_new0(struct anchor_object, 1);
    object->key = keep(work, record->key);
    object->directory = record->directory;
    object->life = record->life;
    object->class = class;
    if (class == ANCHOR_USER)
        object->id[BY_UPN] = fold(work, COR_ID_UPN, cor_record_text(record, "userPrincipalName"));
    object->id[BY_SMTP] = primary_smtp(work, record);
    if (record->directory == COR_AD)
        take_ad(work, object, record);
    else
        take_entra(work, object, record);
    g_ptr_array_add(side->objects, object);
    g_hash_table_insert(side->by_key, (char *)object->key, object);
    for (int i = 0; i < ANCHOR_INDEXES; i++)
        if (object->id[i]) {
            /* the first one stays at the head, so that keys decide and not the order of a table */
            struct anchor_object *head = g_hash_table_lookup(side->by[i], object->id[i]);
            if (head) {
                object->next[i] = head->next[i];
                head->next[i] = object;
            } else {
                g_hash_table_insert(side->by[i], (char *)object->id[i], object);
            }
        }
}

static void side_init(struct anchor_side *side)
{
    side->objects = g_ptr_array_new_with_free_func(g_free);
    side->by_key = g_hash_table_new(g_str_hash, g_str_equal);
    for (int i = 0; i < ANCHOR_INDEXES; i++)
        side->by[i] = g_hash_table_new(g_str_hash, g_str_equal);
}

void cor_anchor_side_clear(struct anchor_side *side)
{
    g_clear_pointer(&side->objects, g_ptr_array_unref);
    g_clear_pointer(&side->by_key, g_hash_table_unref);
    for (int i = 0; i < ANCHOR_INDEXES; i++)
        g_clear_pointer(&side->by[i], g_hash_table_unref);
}

struct anchor_object *cor_anchor_first(const struct anchor_side *side, enum anchor_index index,
                                       const char *id)
{
    return id ? g_hash_table_lookup(side->by[index], id) : NULL;
}

typedef gboolean (*each_func)(struct anchor_work *work, const struct cor_record *record,
                              GError **error);

static gboolean each(struct anchor_work *work, struct cor_view *view, enum cor_directory directory,
                     const char *type, each_func func, GError **error)
{
    struct cor_reader *reader = view->read(view, directory, type, error);
    const struct cor_record *record = NULL;
    gboolean ok = reader != NULL;
    while (ok && (ok = reader->next(reader, &record, error)) && record)
        ok = func(work, record, error);
    if (reader)
        reader->close(reader);
    return ok;
}

static gboolean on_object(struct anchor_work *work, const struct cor_record *record, GError **error)
{
    enum anchor_class class;
    (void)error;
    if (class_of(record, &class))
        take(work, record->directory == COR_AD ? &work->ad : &work->entra, record, class);
    return TRUE;
}

/* --- who holds a directory role --------------------------------------------------------------- */

static void mark_role(struct anchor_work *work, const char *key)
{
    struct anchor_object *object = key ? g_hash_table_lookup(work->entra.by_key, key) : NULL;
    if (object)
        object->privileged = TRUE;
}

/* A group that may hold roles has no groups in it (Graph: isAssignableToRole). */
static gboolean on_role(struct anchor_work *work, const struct cor_record *record, GError **error)
{
    const char *principal = cor_record_text(record, "principalId");
    work->report->roles_known = TRUE;
    mark_role(work, principal);
    const struct anchor_object *holder =
        principal ? g_hash_table_lookup(work->entra.by_key, principal) : NULL;
    if (!holder || holder->class != ANCHOR_GROUP)
        return TRUE;
    struct cor_view *view = work->input->view;
    g_autoptr(GPtrArray) members = view->links(view, COR_ENTRA, "member", principal, FALSE, error);
    for (guint i = 0; members && i < members->len; i++)
        mark_role(work, members->pdata[i]);
    return members != NULL;
}

/* --- the earlier point ------------------------------------------------------------------------ */

/* The service may not list the roles of a soft-deleted user, who has them nevertheless. */
static gboolean on_older_role(struct anchor_work *work, const struct cor_record *record,
                              GError **error)
{
    const char *principal = cor_record_text(record, "principalId");
    (void)error;
    struct anchor_object *holder =
        principal ? g_hash_table_lookup(work->entra.by_key, principal) : NULL;
    if (holder && holder->life != COR_LIVE)
        holder->privileged = TRUE;
    return TRUE;
}

/* First the immutable IDs of synchronized users, then which AD account had each. */
static gboolean on_older_entra(struct anchor_work *work, const struct cor_record *record,
                               GError **error)
{
    const char *anchor = cor_record_text(record, "onPremisesImmutableId");
    (void)error;
    if (record->life == COR_LIVE && anchor && cor_soa_of(record, NULL) == COR_SOA_ONPREM)
        g_hash_table_insert(work->older_anchor, g_strdup(anchor), NULL);
    return TRUE;
}

static gboolean on_older_ad(struct anchor_work *work, const struct cor_record *record,
                            GError **error)
{
    enum anchor_class class;
    (void)error;
    if (record->life != COR_LIVE || !class_of(record, &class) || class != ANCHOR_USER)
        return TRUE;
    g_autofree char *guid = cor_anchor_from_guid(record->key);
    const char *filled = cor_record_first(record, "mS-DS-ConsistencyGuid");
    const char *anchor = filled && g_hash_table_contains(work->older_anchor, filled) ? filled
                         : guid && g_hash_table_contains(work->older_anchor, guid)   ? guid
                                                                                     : NULL;
    if (!anchor)
        return TRUE;
    g_hash_table_insert(work->older_anchor, g_strdup(anchor), g_strdup(record->key));
    if (filled && strcmp(filled, anchor) == 0)
        work->report->fits_consistency++;
    else
        work->report->fits_guid_only++;
    return TRUE;
}

static gboolean read_older(struct anchor_work *work, GError **error)
{
    struct cor_view *older = work->input->older;
    if (!older)
        return TRUE;
    work->older_anchor = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return each(work, older, COR_ENTRA, COR_TYPE_USER, on_older_entra, error) &&
           each(work, older, COR_AD, NULL, on_older_ad, error) &&
           each(work, older, COR_ENTRA, COR_TYPE_ROLE_ASSIGNMENT, on_older_role, error);
}

gboolean cor_anchor_read(struct anchor_work *work, GError **error)
{
    struct cor_view *view = work->input->view;
    side_init(&work->ad);
    side_init(&work->entra);
    if (!each(work, view, COR_AD, NULL, on_object, error))
        return FALSE;
    for (int i = 0; i < ANCHOR_CLASSES; i++)
        if (!each(work, view, COR_ENTRA, entra_types[i], on_object, error))
            return FALSE;
    return each(work, view, COR_ENTRA, COR_TYPE_ROLE_ASSIGNMENT, on_role, error) &&
           read_older(work, error);
}

/* --- which attribute is the anchor ------------------------------------------------------------ */

const char *cor_anchor_now(const struct anchor_work *work, const struct anchor_object *ad)
{
    if (ad->no_anchor)
        return NULL;
    gboolean filled = work->report->attribute != COR_ANCHORED_GUID && ad->id[BY_FILLED];
    return filled ? ad->id[BY_FILLED] : ad->id[BY_GUID];
}

/* A filled value that is the immutable ID tells for mS-DS-ConsistencyGuid also when it is equal to
 * the objectGUID: only the engine's own write-back fills it like that. */
static void count_fits(struct anchor_work *work)
{
    for (guint i = 0; i < work->ad.objects->len; i++) {
        const struct anchor_object *ad = work->ad.objects->pdata[i];
        if (ad->class != ANCHOR_USER || ad->life != COR_LIVE || ad->no_anchor)
            continue;
        const struct anchor_object *filled =
            cor_anchor_first(&work->entra, BY_GUID, ad->id[BY_FILLED]);
        const struct anchor_object *guid = cor_anchor_first(&work->entra, BY_GUID, ad->id[BY_GUID]);
        if (filled && filled->soa == COR_SOA_ONPREM)
            work->report->fits_consistency++;
        else if (guid && guid->soa == COR_SOA_ONPREM)
            work->report->fits_guid_only++;
    }
}

static void derive_attribute(struct anchor_work *work)
{
    struct cor_anchor_report *report = work->report;
    count_fits(work);
    if (work->input->hint != COR_ANCHORED_UNKNOWN) {
        report->attribute = work->input->hint;
        report->attribute_by = "sync rules";
    } else if (work->input->tenant->engine == COR_ENGINE_CLOUDSYNC) {
        report->attribute = COR_ANCHORED_GUID;
        report->attribute_by = "engine";
    } else if (report->fits_consistency || report->fits_guid_only) {
        report->attribute = report->fits_consistency >= report->fits_guid_only
                                ? COR_ANCHORED_CONSISTENCY
                                : COR_ANCHORED_GUID;
        report->attribute_by = "immutable IDs";
    } else {
        report->attribute_by = "assumed";
    }
}

/* --- ties ------------------------------------------------------------------------------------- */

static guint rank(const struct anchor_object *ad, const struct anchor_object *entra)
{
    gboolean same = ad->id[BY_SID] && g_strcmp0(ad->id[BY_SID], entra->id[BY_SID]) == 0;
    return (ad->life == COR_LIVE ? 8u : 0u) + (ad->held ? 0u : 4u) + (same ? 2u : 0u) +
           (ad->in_scope ? 1u : 0u);
}

/* Of several, a live one that is not yet somebody's half, then the one the SID speaks for, then one
 * in scope. */
static struct anchor_object *better(const struct anchor_object *entra, struct anchor_object *a,
                                    struct anchor_object *b)
{
    if (!a || !b)
        return a ? a : b;
    return rank(b, entra) > rank(a, entra) ? b : a;
}

static struct anchor_object *ad_by(const struct anchor_work *work,
                                   const struct anchor_object *entra, enum anchor_index index,
                                   const char *id, gboolean in_force)
{
    struct anchor_object *best = NULL;
    for (struct anchor_object *ad = cor_anchor_first(&work->ad, index, id); ad;
         ad = ad->next[index]) {
        gboolean own = !in_force || g_strcmp0(cor_anchor_now(work, ad), id) == 0;
        if (ad->class == entra->class && own)
            best = better(entra, best, ad);
    }
    return best;
}

/* A user's half, by the anchor in force. */
static struct anchor_object *half_of_user(const struct anchor_work *work,
                                          const struct anchor_object *entra, enum anchor_index *by)
{
    const char *id = entra->id[BY_GUID];
    struct anchor_object *ad = better(entra, ad_by(work, entra, BY_FILLED, id, TRUE),
                                      ad_by(work, entra, BY_GUID, id, TRUE));
    *by = BY_GUID;
    return ad;
}

/* No account has the anchor: the account itself may still be told, by its objectGUID or SID. Only
 * where sync owns the object. */
static struct anchor_object *half_that_changed(const struct anchor_work *work,
                                               const struct anchor_object *entra)
{
    const char *id = entra->id[BY_GUID];
    if (entra->soa != COR_SOA_ONPREM)
        return NULL;
    struct anchor_object *ad;
    ad = better(entra, ad_by(work, entra, BY_GUID, id, FALSE),
                ad_by(work, entra, BY_SID, entra->id[BY_SID], FALSE));
    return ad && !ad->held && cor_anchor_now(work, ad) ? ad : NULL;
}

static struct anchor_object *half_of_other(const struct anchor_work *work,
                                           const struct anchor_object *entra, enum anchor_index *by)
{
    static const enum anchor_index orders[ANCHOR_CLASSES][3] = {
        [ANCHOR_GROUP] = {BY_SID, BY_SAM, ANCHOR_INDEXES},
        [ANCHOR_CONTACT] = {BY_SMTP, ANCHOR_INDEXES, ANCHOR_INDEXES},
        [ANCHOR_DEVICE] = {BY_DEVICE, BY_SID, ANCHOR_INDEXES},
    };
    if (entra->soa == COR_SOA_CLOUD)
        return NULL;
    for (int i = 0; i < 3 && orders[entra->class][i] != ANCHOR_INDEXES; i++) {
        *by = orders[entra->class][i];
        struct anchor_object *ad = ad_by(work, entra, *by, entra->id[*by], FALSE);
        if (ad && !ad->held)
            return ad;
    }
    return NULL;
}

static void tie_one(struct anchor_work *work, struct anchor_object *entra, gboolean by_anchor)
{
    enum anchor_index by = BY_SID;
    struct anchor_object *ad = entra->class != ANCHOR_USER ? half_of_other(work, entra, &by)
                               : by_anchor                 ? half_of_user(work, entra, &by)
                                                           : half_that_changed(work, entra);
    if (!ad || entra->peer)
        return;
    entra->peer = ad;
    entra->tied_by = (guint8)(by + 1);
    /* what was tied before, a live object or by a stronger key, stays the account's half */
    if (!ad->held) {
        ad->peer = entra;
        ad->held = TRUE;
        ad->tied_by = entra->tied_by;
        work->report->tied++;
    }
}

void cor_anchor_tie(struct anchor_work *work)
{
    static const struct {
        gboolean live, by_anchor;
    } passes[] = {{TRUE, TRUE}, {TRUE, FALSE}, {FALSE, TRUE}};
    derive_attribute(work);
    for (gsize pass = 0; pass < G_N_ELEMENTS(passes); pass++)
        for (guint i = 0; i < work->entra.objects->len; i++) {
            struct anchor_object *entra = work->entra.objects->pdata[i];
            if ((entra->life == COR_LIVE) == passes[pass].live)
                tie_one(work, entra, passes[pass].by_anchor);
        }
}
