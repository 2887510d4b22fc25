/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the next cycle makes of each tie: cloud objects whose AD half is going, AD objects that sync
 * would send as new, and which cloud object would take each (hard match, soft match, or none). The
 * order is the service's: anchor, then user name, then primary address, then a new object.
 */
#include "correlate/anchor_private.h"
#include "correlate/identity.h"

#include <string.h>

static gboolean synced(const struct anchor_object *entra)
{
    return entra->life == COR_LIVE && entra->soa == COR_SOA_ONPREM;
}

/* --- cloud objects that lose their AD half ---------------------------------------------------- */

static const char *older_account(const struct anchor_work *work, const struct anchor_object *entra)
{
    if (!work->older_anchor || !entra->id[BY_GUID])
        return NULL;
    return g_hash_table_lookup(work->older_anchor, entra->id[BY_GUID]);
}

static void judge_no_half(struct anchor_work *work, const struct anchor_object *entra)
{
    const char *before = older_account(work, entra);
    if (before) {
        work->leaving++;
        cor_anchor_found(work, "ad-gone", entra, NULL,
                         "its AD account %s was there at the earlier point and is not now", before);
        return;
    }
    cor_anchor_found(work, "orphan", entra, NULL, "no AD object carries what it was tied by%s",
                     entra->class == ANCHOR_USER ? " (anchor, SID)" : "");
}

static void judge_live(struct anchor_work *work, struct anchor_object *entra)
{
    const struct anchor_object *ad = entra->peer;
    work->synced++;
    work->synced_users += entra->class == ANCHOR_USER;
    if (!ad && entra->reported)
        return;
    if (!ad && work->input->ad_complete)
        judge_no_half(work, entra);
    if (!ad)
        return;
    if (ad->life != COR_LIVE) {
        work->leaving++;
        cor_anchor_found(work, "ad-deleted", entra, ad, "its AD object is %s",
                         cor_life_name(ad->life));
    } else if (!ad->in_scope) {
        work->leaving++;
        cor_anchor_found(work, "out-of-scope", entra, ad,
                         "its AD object is outside the scope of %s", work->input->flow->rules_name);
    }
}

static void judge_unsynced(struct anchor_work *work, const struct anchor_object *entra)
{
    if (entra->peer && entra->peer->life == COR_LIVE && entra->peer->in_scope)
        return; /* told with the AD object */
    if (entra->soa == COR_SOA_UNLINKED)
        cor_anchor_found(work, "unlinked", entra, entra->peer,
                         "onPremisesSyncEnabled is false and its AD object is %s",
                         !entra->peer                    ? "not there"
                         : entra->peer->life != COR_LIVE ? "deleted"
                                                         : "out of scope");
    else if (entra->soa == COR_SOA_CLOUD && entra->class == ANCHOR_USER && entra->id[BY_GUID] &&
             !entra->peer && !entra->reported)
        cor_anchor_found(work, "anchor-unclaimed", entra, NULL, "its immutable ID is %s",
                         entra->id[BY_GUID]);
}

/* --- an anchor that fits nothing because of its spelling -------------------------------------- */

static void judge_spelling(struct anchor_work *work, struct anchor_object *ad,
                           struct anchor_object *entra, const char *row)
{
    if (ad->peer || !ad->in_scope || ad->life != COR_LIVE || ad->reported)
        return;
    ad->reported = entra->reported = TRUE;
    work->changed += synced(entra);
    cor_anchor_found(work, row, ad, entra, "the anchor is %s, the immutable ID %s",
                     cor_anchor_now(work, ad), entra->id[BY_GUID]);
}

static void judge_spellings(struct anchor_work *work)
{
    g_autoptr(GHashTable) folded = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < work->ad.objects->len; i++) {
        struct anchor_object *ad = work->ad.objects->pdata[i];
        const char *now = ad->class == ANCHOR_USER && !ad->peer ? cor_anchor_now(work, ad) : NULL;
        if (now && ad->life == COR_LIVE)
            g_hash_table_insert(folded, g_ascii_strdown(now, -1), ad);
    }
    for (guint i = 0; i < work->entra.objects->len; i++) {
        struct anchor_object *entra = work->entra.objects->pdata[i];
        if (entra->peer || !entra->id[BY_GUID] || entra->life != COR_LIVE)
            continue;
        g_autofree char *swapped = cor_anchor_swapped(entra->id[BY_GUID]);
        g_autofree char *lower = g_ascii_strdown(entra->id[BY_GUID], -1);
        struct anchor_object *by_order = cor_anchor_first(&work->ad, BY_GUID, swapped);
        struct anchor_object *by_case = g_hash_table_lookup(folded, lower);
        if (by_order && by_order->class == ANCHOR_USER)
            judge_spelling(work, by_order, entra, "anchor-swapped");
        else if (by_case)
            judge_spelling(work, by_case, entra, "anchor-case");
    }
}

void cor_anchor_leavers(struct anchor_work *work)
{
    judge_spellings(work);
    for (guint i = 0; i < work->entra.objects->len; i++) {
        struct anchor_object *entra = work->entra.objects->pdata[i];
        if (synced(entra))
            judge_live(work, entra);
        else if (entra->life == COR_LIVE && work->input->ad_complete)
            judge_unsynced(work, entra);
    }
}

/* --- hard match ------------------------------------------------------------------------------- */

/* The cloud object is mapped to another AD object: it says so itself, or the AD object that had the
 * anchor by its own GUID is seen deleted, or another had it at the earlier point. */
static const char *other_account(const struct anchor_work *work, const struct anchor_object *ad,
                                 const struct anchor_object *entra)
{
    if (entra->identifier)
        return strcmp(entra->identifier, ad->key) != 0 ? entra->identifier : NULL;
    if (g_strcmp0(ad->id[BY_GUID], entra->id[BY_GUID]) == 0)
        return NULL;
    const char *before = older_account(work, entra);
    if (before)
        return strcmp(before, ad->key) != 0 ? before : NULL;
    const struct anchor_object *old = cor_anchor_first(&work->ad, BY_GUID, entra->id[BY_GUID]);
    return old && old != ad && old->life != COR_LIVE ? old->key : NULL;
}

static const char *roles_doubt(const struct anchor_work *work)
{
    return work->report->roles_known ? ""
                                     : "; role assignments were not read, a role would block it";
}

/* Whether the takeover is refused, and then tell. */
static gboolean refused(struct anchor_work *work, const struct anchor_object *ad,
                        const struct anchor_object *entra)
{
    const char *other =
        work->input->tenant->move_identifier == COR_YES ? NULL : other_account(work, ad, entra);
    gboolean was_synced = entra->life != COR_LIVE && entra->soa != COR_SOA_CLOUD;
    if (work->input->tenant->block_hard_match == COR_YES && !synced(entra) && !was_synced)
        cor_anchor_found(work, "hard-match-blocked", ad, entra, "the tenant blocks it");
    else if (other)
        cor_anchor_found(work, "hard-match-identifier", ad, entra,
                         "the cloud object belongs to %s%s", other,
                         entra->identifier ? ""
                                           : "; onPremisesObjectIdentifier was not read, this is "
                                             "inferred");
    else if (entra->privileged && !synced(entra))
        cor_anchor_found(work, "hard-match-privileged", ad, entra,
                         "the cloud object holds a directory role");
    else
        return FALSE;
    return TRUE;
}

static void judge_takeover(struct anchor_work *work, const struct anchor_object *ad,
                           const struct anchor_object *entra)
{
    const char *doubt = roles_doubt(work);
    /* only a former half has the SID that sync wrote */
    if (entra->life == COR_LIVE && entra->soa == COR_SOA_CLOUD && entra->id[BY_SID]) {
        cor_anchor_found(work, "rollback", ad, entra, "it was synchronized before");
        return;
    }
    if (refused(work, ad, entra))
        return;
    if (entra->life != COR_LIVE)
        cor_anchor_found(work, "twin-deleted", ad, entra,
                         "its cloud half is soft-deleted; a role it held, which need not be listed "
                         "any more, would block it");
    else if (entra->soa == COR_SOA_UNLINKED)
        cor_anchor_found(work, "unlinked-twin", ad, entra, "its cloud half is not linked now%s",
                         doubt);
    else
        cor_anchor_found(work, "hard-match", ad, entra,
                         "its anchor is the immutable ID of a cloud-only user%s%s", doubt,
                         work->input->tenant->block_hard_match == COR_UNKNOWN
                             ? "; the tenant's switches were not readable"
                             : "");
}

/* --- a tied pair ------------------------------------------------------------------------------ */

static void judge_user(struct anchor_work *work, const struct anchor_object *ad,
                       const struct anchor_object *entra)
{
    if (entra->soa == COR_SOA_CONVERTED) {
        cor_anchor_found(work, "converted", ad, entra, "isCloudManaged is true");
    } else if (entra->soa == COR_SOA_UNKNOWN) {
        cor_anchor_found(work, "authority-unknown", ad, entra, "isCloudManaged was not readable");
    } else if (synced(entra) && entra->tied_by != BY_GUID + 1) {
        work->changed++;
        cor_anchor_found(work, "anchor-changed", ad, entra, "the anchor is %s, the immutable ID %s",
                         cor_anchor_now(work, ad), entra->id[BY_GUID]);
    } else if (!synced(entra)) {
        judge_takeover(work, ad, entra);
    } else {
        refused(work, ad, entra);
    }
}

static void judge_pair(struct anchor_work *work, const struct anchor_object *ad)
{
    const struct anchor_object *entra = ad->peer;
    gboolean contradicts =
        ad->id[BY_SID] && entra->id[BY_SID] && strcmp(ad->id[BY_SID], entra->id[BY_SID]) != 0;
    if (ad->class == ANCHOR_USER)
        judge_user(work, ad, entra);
    else if (entra->soa == COR_SOA_CONVERTED)
        cor_anchor_found(work, "converted", ad, entra, "isCloudManaged is true");
    else if (contradicts)
        cor_anchor_found(work, "sid-mismatch", ad, entra, "SID %s in AD, %s in the cloud",
                         ad->id[BY_SID], entra->id[BY_SID]);
}

/* --- soft match ------------------------------------------------------------------------------- */

static struct anchor_object *live_of(const struct anchor_work *work, enum anchor_index index,
                                     const char *id)
{
    struct anchor_object *entra = cor_anchor_first(&work->entra, index, id);
    while (entra && entra->life != COR_LIVE)
        entra = entra->next[index];
    return entra;
}

static gboolean has_anchor(const struct anchor_object *entra)
{
    return entra->id[BY_GUID] || entra->soa == COR_SOA_ONPREM || entra->soa == COR_SOA_UNLINKED;
}

static gboolean other_type(const struct anchor_object *ad, const struct anchor_object *entra)
{
    return ad->class != entra->class || entra->unified;
}

/* The cloud object that a new one would be matched with or collide with. */
static struct anchor_object *candidate(const struct anchor_work *work,
                                       const struct anchor_object *ad, enum anchor_index *by)
{
    gboolean upn = ad->class == ANCHOR_USER;
    struct anchor_object *name = upn ? live_of(work, BY_UPN, ad->id[BY_UPN]) : NULL;
    struct anchor_object *address = live_of(work, BY_SMTP, ad->id[BY_SMTP]);
    gboolean matches_upn = work->input->tenant->soft_match_upn != COR_NO;
    *by = BY_UPN;
    if (name && !has_anchor(name) && matches_upn)
        return name;
    *by = address ? BY_SMTP : BY_UPN;
    return address ? address : name;
}

/* A name or address that somebody holds who has another anchor. */
static void judge_conflict(struct anchor_work *work, const struct anchor_object *ad,
                           const struct anchor_object *entra)
{
    gboolean lost = !entra->peer || entra->peer->life != COR_LIVE;
    if (synced(entra) && lost && ad->class == entra->class) {
        work->changed += entra->class == ANCHOR_USER;
        cor_anchor_found(work, "recreated", ad, entra,
                         "a synchronized object without live AD object has its name, address or "
                         "SID");
    } else {
        cor_anchor_found(work, "match-has-anchor", ad, entra,
                         "its name or address belongs to an object with another anchor");
    }
}

static void judge_soft(struct anchor_work *work, const struct anchor_object *ad,
                       const struct anchor_object *entra, enum anchor_index by)
{
    const struct cor_tenant *tenant = work->input->tenant;
    const char *what = by == BY_UPN ? "user name" : "primary address";
    if (by == BY_SMTP && other_type(ad, entra))
        cor_anchor_found(work, "match-type", ad, entra, "its primary address belongs to it");
    else if (has_anchor(entra))
        judge_conflict(work, ad, entra);
    else if (by == BY_UPN && tenant->soft_match_upn == COR_NO)
        cor_anchor_found(work, "upn-taken", ad, entra, "it has its user name");
    else if (tenant->block_soft_match == COR_YES)
        cor_anchor_found(work, "soft-match-blocked", ad, entra, "it has its %s", what);
    else if (entra->soa == COR_SOA_CONVERTED)
        cor_anchor_found(work, "match-converted", ad, entra, "it has its %s", what);
    else if (entra->privileged)
        cor_anchor_found(work, "match-privileged", ad, entra, "it has its %s", what);
    else
        cor_anchor_found(work, by == BY_UPN ? "soft-match-upn" : "soft-match-smtp", ad, entra,
                         "it would take over this object by its %s%s%s", what, roles_doubt(work),
                         tenant->block_soft_match == COR_UNKNOWN ||
                                 (by == BY_UPN && tenant->soft_match_upn == COR_UNKNOWN)
                             ? "; the tenant's switches were not readable"
                             : "");
}

static void judge_new(struct anchor_work *work, const struct anchor_object *ad)
{
    enum anchor_index by = BY_SMTP;
    const struct anchor_object *entra = candidate(work, ad, &by);
    const struct anchor_object *by_sid =
        ad->class == ANCHOR_DEVICE ? NULL : live_of(work, BY_SID, ad->id[BY_SID]);
    if (entra)
        judge_soft(work, ad, entra, by);
    else if (by_sid)
        judge_conflict(work, ad, by_sid);
    else if (ad->class == ANCHOR_DEVICE && work->input->tenant->block_soft_match == COR_YES)
        cor_anchor_found(work, "soft-match-blocked", ad, NULL, "a new device");
    else
        cor_anchor_found(work, "new-object", ad, NULL, "%s",
                         ad->class == ANCHOR_GROUP && !ad->id[BY_SMTP]
                             ? "a group without mail is never matched"
                             : "nothing in the cloud fits it");
}

void cor_anchor_candidates(struct anchor_work *work)
{
    for (guint i = 0; i < work->ad.objects->len; i++) {
        const struct anchor_object *ad = work->ad.objects->pdata[i];
        if (ad->life != COR_LIVE || !ad->in_scope || ad->reported)
            continue;
        if (ad->peer)
            judge_pair(work, ad);
        else if (work->input->entra_complete && !cor_anchor_rival(work, ad))
            judge_new(work, ad);
    }
}
