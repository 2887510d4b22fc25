/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which object of the other directory is the other half. Keys are tried from the strongest to the
 * weakest; the first that fits anything decides. Invariants: two that fit are reported, never
 * chosen between; one that fits by a weaker key although a stronger key of both says otherwise is a
 * mismatch; a key the service would only use for a soft match gives a candidate, not a tie.
 * What a tie means for authority is not decided here.
 */
#include "correlate/identity.h"

#include <string.h>

#define MAX_KEYS 5

/* How one kind of object is matched. soft: from that key on a fit is a candidate only, unless the
 * cloud object is synchronized and therefore must have a half (contacts). */
struct order {
    const char *ad, *entra;
    int keys[MAX_KEYS]; /* enum cor_identifier_kind, 0 ends */
    int soft_from;      /* index into keys */
    gboolean synced_is_hard;
};

/* reference: Graph correlation keys by type (user: onPremisesImmutableId; group:
 * onPremisesSecurityIdentifier; contact: proxyAddresses; device: deviceId) */
static const struct order orders[] = {
    {COR_TYPE_USER, COR_TYPE_USER, {COR_ID_ANCHOR, COR_ID_UPN, COR_ID_PRIMARY_SMTP}, 1, FALSE},
    {COR_TYPE_GROUP, COR_TYPE_GROUP, {COR_ID_SID, COR_ID_SAM, COR_ID_MAIL, COR_ID_PROXY}, 2, FALSE},
    {COR_TYPE_CONTACT,
     COR_TYPE_CONTACT,
     {COR_ID_PRIMARY_SMTP, COR_ID_MAIL, COR_ID_NICKNAME},
     0,
     TRUE},
    {COR_TYPE_COMPUTER, COR_TYPE_DEVICE, {COR_ID_DEVICE, COR_ID_SID}, 2, FALSE},
};

static const char *plain_type(const struct cor_record *record)
{
    return g_str_equal(record->type, COR_TYPE_INETORGPERSON) ? COR_TYPE_USER : record->type;
}

static const struct order *order_of(const struct cor_record *record)
{
    for (gsize i = 0; i < G_N_ELEMENTS(orders); i++)
        if (g_str_equal(record->directory == COR_AD ? orders[i].ad : orders[i].entra,
                        plain_type(record)))
            return &orders[i];
    return NULL;
}

struct matching {
    struct cor_view *view;
    const struct order *order;
    const struct cor_record *record;
    GPtrArray *identifiers; /* of the record */
    enum cor_directory other;
};

static gboolean holds(const GPtrArray *identifiers, int kind, const char *value)
{
    for (guint i = 0; i < identifiers->len; i++) {
        const struct cor_identifier *own = identifiers->pdata[i];
        if (own->kind == kind && (!value || g_str_equal(own->value, value)))
            return TRUE;
    }
    return FALSE;
}

/* Both have identifiers of the kind, and not one in common. */
static gboolean disagree(const GPtrArray *a, const GPtrArray *b, int kind)
{
    if (!holds(a, kind, NULL) || !holds(b, kind, NULL))
        return FALSE;
    for (guint i = 0; i < a->len; i++) {
        const struct cor_identifier *own = a->pdata[i];
        if (own->kind == kind && holds(b, kind, own->value))
            return FALSE;
    }
    return TRUE;
}

static gboolean known_record(const GPtrArray *records, const char *key)
{
    for (guint i = 0; i < records->len; i++)
        if (g_str_equal(((const struct cor_record *)records->pdata[i])->key, key))
            return TRUE;
    return FALSE;
}

/* "CN=x,OU=y,DC=lab,DC=example" -> "lab.example", folded; NULL without DC components. */
static char *domain_of_dn(const char *dn)
{
    g_autofree char *folded = dn ? g_utf8_casefold(dn, -1) : NULL;
    GString *domain = g_string_new(NULL);
    for (char *at = folded ? strstr(folded, ",dc=") : NULL; at; at = strstr(at, ",dc=")) {
        at += strlen(",dc=");
        if (domain->len)
            g_string_append_c(domain, '.');
        g_string_append_len(domain, at, (gssize)strcspn(at, ","));
    }
    return g_string_free(domain, domain->len == 0);
}

/* A SAM account name is unique in a domain only. Unknown domains do not separate. */
static gboolean same_domain(const struct cor_record *a, const struct cor_record *b)
{
    const struct cor_record *ad = a->directory == COR_AD ? a : b;
    const struct cor_record *entra = a->directory == COR_AD ? b : a;
    g_autofree char *of_ad = domain_of_dn(cor_record_text(ad, "distinguishedName"));
    const char *domain = cor_record_text(entra, "onPremisesDomainName");
    return !of_ad || !domain || g_ascii_strcasecmp(of_ad, domain) == 0;
}

static gboolean eligible(const struct matching *matching, const struct cor_record *candidate,
                         int kind)
{
    const char *type = matching->other == COR_AD ? matching->order->ad : matching->order->entra;
    if (!g_str_equal(plain_type(candidate), type))
        return FALSE;
    return kind != COR_ID_SAM || same_domain(matching->record, candidate);
}

/* Everything of the other directory that shares an identifier of the kind; live ones only when
 * there are any. NULL with error. */
static GPtrArray *candidates_by(const struct matching *matching, int kind, GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)cor_record_free);
    gboolean any_live = FALSE;
    for (guint i = 0; i < matching->identifiers->len; i++) {
        const struct cor_identifier *own = matching->identifiers->pdata[i];
        if (own->kind != kind)
            continue;
        g_autoptr(GPtrArray) found =
            matching->view->find(matching->view, matching->other, kind, own->value, error);
        if (!found)
            return NULL;
        while (found->len) {
            COR_RECORD_AUTO *candidate = g_ptr_array_steal_index(found, found->len - 1);
            if (!eligible(matching, candidate, kind) || known_record(all, candidate->key))
                continue;
            any_live |= candidate->life == COR_LIVE;
            g_ptr_array_add(all, g_steal_pointer(&candidate));
        }
    }
    for (guint i = all->len; any_live && i-- > 0;)
        if (((const struct cor_record *)all->pdata[i])->life != COR_LIVE)
            g_ptr_array_remove_index(all, i);
    return g_steal_pointer(&all);
}

/* An object found by a soft key that is hard-matched with somebody else already. */
static gboolean tied_elsewhere(const struct matching *matching, const struct cor_record *candidate,
                               gboolean *ret, GError **error)
{
    g_autoptr(GPtrArray) identifiers = cor_identifiers(candidate);
    int strongest = matching->order->keys[0];
    for (guint i = 0; i < identifiers->len && !*ret; i++) {
        const struct cor_identifier *own = identifiers->pdata[i];
        if (own->kind != strongest)
            continue;
        g_autoptr(GPtrArray) ties = matching->view->find(
            matching->view, matching->record->directory, strongest, own->value, error);
        if (!ties)
            return FALSE;
        for (guint k = 0; k < ties->len; k++) {
            const struct cor_record *tie = ties->pdata[k];
            *ret |= tie->life == COR_LIVE && !g_str_equal(tie->key, matching->record->key);
        }
    }
    return TRUE;
}

static gboolean contradicted(const struct matching *matching, const struct cor_record *candidate,
                             int position, gboolean *ret, GError **error)
{
    g_autoptr(GPtrArray) theirs = cor_identifiers(candidate);
    *ret = FALSE;
    for (int i = 0; i < position && matching->order->soft_from > 0; i++)
        *ret |= disagree(matching->identifiers, theirs, matching->order->keys[i]);
    if (*ret || position < matching->order->soft_from || matching->order->soft_from == 0)
        return TRUE;
    return tied_elsewhere(matching, candidate, ret, error);
}

/* Several AD users can carry one anchor after a migration; when exactly one of them would hand it
 * to the sync engine, that one is meant. */
static void prefer_own_anchor(const struct matching *matching, GPtrArray *fits)
{
    guint wanted = 0, count = 0;
    if (matching->other != COR_AD || fits->len < 2)
        return;
    for (guint i = 0; i < fits->len; i++) {
        g_autofree char *anchor = cor_anchor_of(fits->pdata[i]);
        if (anchor && holds(matching->identifiers, COR_ID_ANCHOR, anchor)) {
            wanted = i;
            count++;
        }
    }
    for (guint i = fits->len; count == 1 && i-- > 0;)
        if (i != wanted)
            g_ptr_array_remove_index(fits, i);
}

static gboolean is_soft(const struct matching *matching, const struct cor_record *peer,
                        int position)
{
    if (position < matching->order->soft_from)
        return FALSE;
    const struct cor_record *entra = matching->other == COR_ENTRA ? peer : matching->record;
    return !(matching->order->synced_is_hard &&
             cor_json_bool(cor_record_get(entra, "onPremisesSyncEnabled")));
}

static void settle(struct cor_match *ret, enum cor_match_outcome outcome, GPtrArray **candidates)
{
    ret->outcome = outcome;
    ret->candidates = g_steal_pointer(candidates);
}

/* Judge what one key found; outcome stays NONE when it found nothing. */
static gboolean judge(const struct matching *matching, int position, struct cor_match *ret,
                      GError **error)
{
    int kind = matching->order->keys[position];
    g_autoptr(GPtrArray) fits = candidates_by(matching, kind, error);
    if (!fits)
        return FALSE;
    g_autoptr(GPtrArray) against = g_ptr_array_new_with_free_func((GDestroyNotify)cor_record_free);
    for (guint i = fits->len; i-- > 0;) {
        gboolean contradiction = FALSE;
        if (!contradicted(matching, fits->pdata[i], position, &contradiction, error))
            return FALSE;
        if (contradiction)
            g_ptr_array_add(against, g_ptr_array_steal_index(fits, i));
    }
    if (kind == COR_ID_ANCHOR)
        prefer_own_anchor(matching, fits);
    ret->by = fits->len || against->len ? kind : 0;
    if (fits->len > 1) {
        settle(ret, COR_MATCH_AMBIGUOUS, &fits);
    } else if (fits->len == 1) {
        ret->outcome = COR_MATCH_ONE;
        ret->peer = g_ptr_array_steal_index(fits, 0);
        ret->soft = is_soft(matching, ret->peer, position);
    } else if (against->len) {
        settle(ret, COR_MATCH_MISMATCH, &against);
    }
    return TRUE;
}

gboolean cor_match_find(struct cor_view *view, const struct cor_record *record,
                        struct cor_match *ret, GError **error)
{
    *ret = (struct cor_match){.outcome = COR_MATCH_NONE};
    const struct order *order = order_of(record);
    if (!order)
        return TRUE;
    g_autoptr(GPtrArray) identifiers = cor_identifiers(record);
    struct matching matching = {
        .view = view,
        .order = order,
        .record = record,
        .identifiers = identifiers,
        .other = record->directory == COR_AD ? COR_ENTRA : COR_AD,
    };
    for (int i = 0; i < MAX_KEYS && order->keys[i] && ret->outcome == COR_MATCH_NONE; i++)
        if (!judge(&matching, i, ret, error)) {
            cor_match_clear(ret);
            return FALSE;
        }
    return TRUE;
}

void cor_match_clear(struct cor_match *match)
{
    g_clear_pointer(&match->peer, cor_record_free);
    g_clear_pointer(&match->candidates, g_ptr_array_unref);
    match->outcome = COR_MATCH_NONE;
}
