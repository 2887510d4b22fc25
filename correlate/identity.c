/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What identifies an object. One table says which attribute of which directory carries which kind
 * of identifier; values are folded once here, so that equal bytes mean the same identifier
 * everywhere else. Anchors are never folded: base64 is case-sensitive. Which identifier proves a
 * tie between two objects is not decided here but in match.c.
 */
#include "correlate/identity.h"

#include <string.h>

#define GUID_BYTES     16
#define LINKED_MAILBOX 2 /* msExchRecipientTypeDetails: the account forest supplies the anchor */

const char *cor_identifier_name(int kind)
{
    static const char *const names[] = {
        [COR_ID_KEY] = "key",
        [COR_ID_ANCHOR] = "source anchor",
        [COR_ID_SID] = "SID",
        [COR_ID_UPN] = "user principal name",
        [COR_ID_SAM] = "SAM account name",
        [COR_ID_DN] = "distinguished name",
        [COR_ID_MAIL] = "mail",
        [COR_ID_PROXY] = "proxy address",
        [COR_ID_PRIMARY_SMTP] = "primary SMTP address",
        [COR_ID_DEVICE] = "device id",
        [COR_ID_NAME] = "name",
        [COR_ID_APP] = "application id",
        [COR_ID_NICKNAME] = "mail nickname",
    };
    return kind > 0 && kind < (int)G_N_ELEMENTS(names) ? names[kind] : "identifier";
}

char *cor_identifier_fold(int kind, const char *value)
{
    if (kind == COR_ID_ANCHOR)
        return g_strdup(value);
    if (g_str_is_ascii(value))
        return g_ascii_strdown(value, -1);
    g_autofree char *normal = g_utf8_normalize(value, -1, G_NORMALIZE_NFC);
    return g_utf8_casefold(normal ? normal : value, -1);
}

gboolean cor_dn_lies_in(const char *dn, const char *container)
{
    g_autofree char *inner = cor_identifier_fold(COR_ID_DN, dn);
    g_autofree char *outer = cor_identifier_fold(COR_ID_DN, container);
    gsize n = strlen(inner), m = strlen(outer);
    return n >= m && strcmp(inner + n - m, outer) == 0 && (n == m || inner[n - m - 1] == ',');
}

/* --- anchors ---------------------------------------------------------------------------------- */

/* Where the octet at each place of the stored form stands in the text without dashes
 * ([MS-DTYP] 2.3.4.2: the first three fields are little-endian). */
static const guint8 octet_order[GUID_BYTES] = {3, 2, 1,  0,  5,  4,  7,  6,
                                               8, 9, 10, 11, 12, 13, 14, 15};

static gboolean guid_parse(const char *text, guint8 octets[GUID_BYTES])
{
    guint8 in_order[GUID_BYTES];
    if (!text || strlen(text) != 36)
        return FALSE;
    const char *at = text;
    for (int i = 0; i < GUID_BYTES; i++) {
        if ((i == 4 || i == 6 || i == 8 || i == 10) && *at++ != '-')
            return FALSE;
        int high = g_ascii_xdigit_value(at[0]), low = high < 0 ? -1 : g_ascii_xdigit_value(at[1]);
        if (low < 0)
            return FALSE;
        in_order[i] = (guint8)(high * 16 + low);
        at += 2;
    }
    for (int i = 0; i < GUID_BYTES; i++)
        octets[i] = in_order[octet_order[i]];
    return TRUE;
}

char *cor_anchor_from_guid(const char *guid_text)
{
    guint8 octets[GUID_BYTES];
    return guid_parse(guid_text, octets) ? g_base64_encode(octets, sizeof octets) : NULL;
}

char *cor_anchor_to_guid(const char *anchor)
{
    gsize len = 0;
    if (!anchor || strlen(anchor) != 24)
        return NULL;
    g_autofree guint8 *octets = g_base64_decode(anchor, &len);
    /* the decoder skips what is not base64: only a text that encodes back the same counts */
    g_autofree char *again = len == GUID_BYTES ? g_base64_encode(octets, len) : NULL;
    if (!again || strcmp(again, anchor) != 0)
        return NULL;
    GString *text = g_string_sized_new(36);
    for (int i = 0; i < GUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            g_string_append_c(text, '-');
        /* the order is its own inverse */
        g_string_append_printf(text, "%02x", octets[octet_order[i]]);
    }
    return g_string_free(text, FALSE);
}

static gboolean is_ad_user(const struct cor_record *record)
{
    return g_str_equal(record->type, COR_TYPE_USER) ||
           g_str_equal(record->type, COR_TYPE_INETORGPERSON);
}

char *cor_anchor_of(const struct cor_record *ad)
{
    gint64 details = 0;
    if (cor_record_int(ad, "msExchRecipientTypeDetails", &details) && details == LINKED_MAILBOX)
        return NULL;
    const char *consistency = is_ad_user(ad) ? cor_record_first(ad, "mS-DS-ConsistencyGuid") : NULL;
    if (consistency && *consistency)
        return g_strdup(consistency);
    return cor_anchor_from_guid(ad->key);
}

/* --- identifiers of a record ------------------------------------------------------------------ */

static void identifier_free(struct cor_identifier *identifier)
{
    g_free(identifier->value);
    g_free(identifier);
}

/* Adds nothing for an empty value or one that is there already. */
static void add(GPtrArray *identifiers, int kind, const char *value)
{
    if (!value || !*value)
        return;
    g_autofree char *folded = cor_identifier_fold(kind, value);
    for (guint i = 0; i < identifiers->len; i++) {
        const struct cor_identifier *known = identifiers->pdata[i];
        if (known->kind == kind && g_str_equal(known->value, folded))
            return;
    }
    struct cor_identifier *identifier = g_new(struct cor_identifier, 1);
    identifier->kind = kind;
    identifier->value = g_steal_pointer(&folded);
    g_ptr_array_add(identifiers, identifier);
}

static const struct {
    int kind;
    const char *ad, *entra;
} sources[] = {
    {COR_ID_SID, "objectSid", "onPremisesSecurityIdentifier"},
    {COR_ID_UPN, "userPrincipalName", "userPrincipalName"},
    {COR_ID_SAM, "sAMAccountName", "onPremisesSamAccountName"},
    {COR_ID_DN, "distinguishedName", "onPremisesDistinguishedName"},
    {COR_ID_MAIL, "mail", "mail"},
    {COR_ID_NICKNAME, "mailNickname", "mailNickname"},
    {COR_ID_DEVICE, NULL, "deviceId"},
    {COR_ID_APP, NULL, "appId"},
    {COR_ID_NAME, "displayName", "displayName"},
    {COR_ID_NAME, "cn", NULL},
};

static void add_proxy(GPtrArray *identifiers, const char *address)
{
    if (!address || g_ascii_strncasecmp(address, "smtp:", 5) != 0)
        return;
    add(identifiers, COR_ID_PROXY, address + 5);
    if (strncmp(address, "SMTP:", 5) == 0)
        add(identifiers, COR_ID_PRIMARY_SMTP, address + 5);
}

static void add_proxies(GPtrArray *identifiers, const struct cor_json *addresses)
{
    if (cor_json_type(addresses) != COR_JSON_ARRAY) {
        add_proxy(identifiers, cor_json_string(addresses));
        return;
    }
    for (const struct cor_json *n = cor_json_first(addresses); n; n = cor_json_next(n))
        add_proxy(identifiers, cor_json_string(n));
}

static void add_ad_only(GPtrArray *identifiers, const struct cor_record *record)
{
    /* every anchor it could have, whichever attribute the engine was set up with */
    g_autofree char *by_guid = cor_anchor_from_guid(record->key);
    if (is_ad_user(record))
        add(identifiers, COR_ID_ANCHOR, cor_record_first(record, "mS-DS-ConsistencyGuid"));
    add(identifiers, COR_ID_ANCHOR, by_guid);
    if (g_str_equal(record->type, COR_TYPE_COMPUTER))
        add(identifiers, COR_ID_DEVICE, record->key);
    /* the cloud falls back to cn where a contact has no mail nickname */
    if (g_str_equal(record->type, COR_TYPE_CONTACT) && !cor_record_first(record, "mailNickname"))
        add(identifiers, COR_ID_NICKNAME, cor_record_first(record, "cn"));
}

GPtrArray *cor_identifiers(const struct cor_record *record)
{
    gboolean ad = record->directory == COR_AD;
    GPtrArray *identifiers = g_ptr_array_new_with_free_func((GDestroyNotify)identifier_free);
    add(identifiers, COR_ID_KEY, record->key);
    for (gsize i = 0; i < G_N_ELEMENTS(sources); i++) {
        const char *attribute = ad ? sources[i].ad : sources[i].entra;
        if (attribute)
            add(identifiers, sources[i].kind, cor_record_first(record, attribute));
    }
    add_proxies(identifiers, cor_record_get(record, "proxyAddresses"));
    if (ad)
        add_ad_only(identifiers, record);
    else
        add(identifiers, COR_ID_ANCHOR, cor_record_text(record, "onPremisesImmutableId"));
    return identifiers;
}
