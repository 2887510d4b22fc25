/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which AD objects take part: the scoping filters and the cloudFiltered expressions of the default
 * rules (Microsoft: default configuration). A table of reasons; the first that applies is told.
 */
#include "correlate/flow_rules.h"
#include "correlate/identity.h"

#include <string.h>

#define EXCLUDED_RECIPIENTS       0x21C07000
#define EXCLUDED_GROUP_RECIPIENTS 0x40000000

typedef gboolean (*out_func)(const struct cor_record *ad);

static gboolean starts(const struct cor_record *ad, const char *attribute, const char *prefix)
{
    const char *text = cor_record_first(ad, attribute);
    return text && g_ascii_strncasecmp(text, prefix, strlen(prefix)) == 0;
}

static gboolean is_critical_set(const struct cor_record *ad)
{
    return cor_record_get(ad, "isCriticalSystemObject") != NULL;
}

static gboolean lacks_sam(const struct cor_record *ad)
{
    return !cor_record_text(ad, "sAMAccountName");
}

static gboolean is_support(const struct cor_record *ad)
{
    return g_strcmp0(cor_record_text(ad, "sAMAccountName"), "SUPPORT_388945a0") == 0;
}

static gboolean is_system_mailbox(const struct cor_record *ad)
{
    return starts(ad, "mailNickname", "SystemMailbox{");
}

static gboolean is_sync_account(const struct cor_record *ad)
{
    return starts(ad, "sAMAccountName", "AAD_") || starts(ad, "sAMAccountName", "MSOL_");
}

static gboolean is_cas_name(const struct cor_record *ad, const char *attribute)
{
    const char *text = cor_record_first(ad, attribute);
    return text && starts(ad, attribute, "CAS_") && strchr(text, '}');
}

static gboolean is_cas(const struct cor_record *ad)
{
    return is_cas_name(ad, "mailNickname") || is_cas_name(ad, "sAMAccountName");
}

static gboolean has_recipient_bits(const struct cor_record *ad, gint64 bits)
{
    gint64 details = 0;
    return cor_record_int(ad, "msExchRecipientTypeDetails", &details) && (details & bits) != 0;
}

static gboolean is_excluded_recipient(const struct cor_record *ad)
{
    return has_recipient_bits(ad, EXCLUDED_RECIPIENTS);
}

static gboolean is_excluded_group_recipient(const struct cor_record *ad)
{
    return has_recipient_bits(ad, EXCLUDED_GROUP_RECIPIENTS);
}

/* In the object's own name; a conflict above it does not count. */
static gboolean is_conflict(const struct cor_record *ad)
{
    const char *dn = cor_record_text(ad, "distinguishedName");
    const char *mark = dn ? strstr(dn, "\\0ACNF:") : NULL;
    return mark && !memchr(dn, ',', (gsize)(mark - dn));
}

static gboolean lacks_anchor(const struct cor_record *ad)
{
    g_autofree char *anchor = cor_anchor_of(ad);
    return !anchor;
}

static gboolean is_from_cloud_user(const struct cor_record *ad)
{
    return starts(ad, "adminDescription", "User_");
}

static gboolean is_from_cloud_group(const struct cor_record *ad)
{
    return starts(ad, "adminDescription", "Group_");
}

static gboolean lacks_account_control(const struct cor_record *ad)
{
    return !cor_record_get(ad, "userAccountControl");
}

static gboolean is_rich_coexistence(const struct cor_record *ad)
{
    return g_strcmp0(cor_record_text(ad, "sAMAccountName"), "MSOL_AD_Sync_RichCoexistence") == 0;
}

static gboolean is_plain_group(const struct cor_record *ad)
{
    gint64 type = 0;
    cor_record_int(ad, "groupType", &type);
    return ((guint32)type & 0x80000000u) == 0 && !cor_flow_is_mail_enabled(ad);
}

static gboolean is_hidden_contact(const struct cor_record *ad)
{
    const char *name = cor_record_first(ad, "displayName");
    return name && strstr(name, "(MSOL)") &&
           cor_json_bool(cor_record_get(ad, "msExchHideFromAddressLists"));
}

static gboolean lacks_mail(const struct cor_record *ad)
{
    return !cor_flow_is_mail_enabled(ad);
}

static gboolean lacks_certificate(const struct cor_record *ad)
{
    const struct cor_json *value = cor_record_get(ad, "userCertificate");
    return !value || (cor_json_type(value) == COR_JSON_ARRAY && !cor_json_first(value));
}

static const struct {
    const char *entra_type, *why;
    out_func out;
} filters[] = {
    {COR_TYPE_USER, "isCriticalSystemObject is set", is_critical_set},
    {COR_TYPE_USER, "it has no sAMAccountName", lacks_sam},
    {COR_TYPE_USER, "it is the support account", is_support},
    {COR_TYPE_USER, "it is a system mailbox", is_system_mailbox},
    {COR_TYPE_USER, "it is an account of the sync engine", is_sync_account},
    {COR_TYPE_USER, "it is a CAS_ account", is_cas},
    {COR_TYPE_USER, "its Exchange recipient type is excluded", is_excluded_recipient},
    {COR_TYPE_USER, "it is a replication conflict", is_conflict},
    {COR_TYPE_USER, "adminDescription says it comes from the cloud", is_from_cloud_user},
    {COR_TYPE_USER, "it has no userAccountControl", lacks_account_control},
    {COR_TYPE_USER, "it is a linked mailbox, which contributes no anchor", lacks_anchor},
    {COR_TYPE_GROUP, "isCriticalSystemObject is set", is_critical_set},
    {COR_TYPE_GROUP, "it is the coexistence group of sync", is_rich_coexistence},
    {COR_TYPE_GROUP, "its Exchange recipient type is excluded", is_excluded_group_recipient},
    {COR_TYPE_GROUP, "it is a replication conflict", is_conflict},
    {COR_TYPE_GROUP, "adminDescription says it comes from the cloud", is_from_cloud_group},
    {COR_TYPE_GROUP, "it is neither security- nor mail-enabled", is_plain_group},
    {COR_TYPE_CONTACT, "isCriticalSystemObject is set", is_critical_set},
    {COR_TYPE_CONTACT, "it is a hidden contact of sync", is_hidden_contact},
    {COR_TYPE_CONTACT, "it is a CAS_ contact", is_cas},
    {COR_TYPE_CONTACT, "it is a replication conflict", is_conflict},
    {COR_TYPE_CONTACT, "it is not mail-enabled", lacks_mail},
    {COR_TYPE_DEVICE, "it has no userCertificate", lacks_certificate},
};

gboolean cor_flow_in_scope(const struct cor_record *ad, const struct cor_flow_context *context,
                           const char **ret_why)
{
    const char *type = cor_flow_peer_type(COR_AD, ad->type);
    *ret_why = NULL;
    if (!type) {
        *ret_why = "objects of this type are not synchronized";
        return FALSE;
    }
    if (ad->life != COR_LIVE) {
        *ret_why = "it is deleted";
        return FALSE;
    }
    if (context && context->program)
        return cor_flow_program_in_scope(context->program, ad, ret_why);
    for (gsize i = 0; i < G_N_ELEMENTS(filters); i++)
        if (strcmp(filters[i].entra_type, type) == 0 && filters[i].out(ad)) {
            *ret_why = filters[i].why;
            return FALSE;
        }
    return TRUE;
}
