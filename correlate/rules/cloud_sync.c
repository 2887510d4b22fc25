/* SPDX-License-Identifier: Apache-2.0 */
/* The published defaults of Cloud Sync as a rule set. */
#include "correlate/rules/cloud_sync.h"

#define AD    "{cloud-sync-ad}"
#define ENTRA "{cloud-sync-entra}"

struct row {
    const char *target;
    const char *source;     /* attribute, for a direct mapping */
    const char *expression; /* or this */
    const char *constant;   /* or this */
    gboolean once;
};

#define ENABLED                                                                                    \
    "IIF(IsPresent([userAccountControl]), IIF(BitAnd([userAccountControl], 2)=\"0\",\"True\","     \
    "\"False\"), Not([accountDisabled]))"

static const struct row user_rows[] = {
    {"accountEnabled", NULL, ENABLED, NULL, FALSE},
    {"commonName", "cn", NULL, NULL, FALSE},
    {"countryCode", "countryCode", NULL, NULL, FALSE},
    {"displayName", "displayName", NULL, NULL, FALSE},
    {"givenName", NULL, "Trim([givenName])", NULL, FALSE},
    {"proxyAddresses", "proxyAddresses", NULL, NULL, FALSE},
    {"sourceAnchorBinary", "objectGUID", NULL, NULL, FALSE},
    {"userPrincipalName", "userPrincipalName", NULL, NULL, FALSE},
};
static const struct row device_rows[] = {
    {"accountEnabled", NULL, ENABLED, NULL, FALSE},
    {"deviceId", "objectGUID", NULL, NULL, FALSE},
    {"deviceTrustType", NULL, NULL, "ServerAd", FALSE},
    {"displayName", NULL, "Coalesce([displayName], [dNSHostName])", NULL, FALSE},
    {"onPremiseSecurityIdentifier", "objectSid", NULL, NULL, FALSE},
    {"registeredOwnerReference", "mS-DS-CreatorSID", NULL, NULL, TRUE},
    {"sourceAnchor", "objectGUID", NULL, NULL, FALSE},
    {"userCertificate", "userCertificate", NULL, NULL, FALSE},
};
static const struct {
    const char *id, *name, *source_type, *target_type;
    const struct row *rows;
    gsize count;
} kinds[] = {
    {"{cloud-sync-1}", "Cloud Sync - user", "user", "user", user_rows, G_N_ELEMENTS(user_rows)},
    {"{cloud-sync-2}", "Cloud Sync - inetOrgPerson", "inetOrgPerson", "user", user_rows,
     G_N_ELEMENTS(user_rows)},
    {"{cloud-sync-3}", "Cloud Sync - device", "computer", "device", device_rows,
     G_N_ELEMENTS(device_rows)},
};

static void add_row(struct cor_rule *rule, const struct row *row)
{
    struct cor_rule_mapping *mapping = cor_rule_mapping_new(row->target);
    if (row->source)
        g_ptr_array_add(mapping->sources, g_strdup(row->source));
    mapping->expression = g_strdup(row->expression);
    mapping->constant = g_strdup(row->constant);
    mapping->execute_once = row->once;
    g_ptr_array_add(rule->mappings, mapping);
}

static struct cor_rule *make_rule(gsize kind)
{
    struct cor_rule *rule = cor_rule_new();
    rule->id = g_strdup(kinds[kind].id);
    rule->name = g_strdup(kinds[kind].name);
    rule->description = g_strdup(COR_CLOUD_SYNC_DOUBT);
    rule->direction = COR_RULE_OUTBOUND;
    rule->connector = g_strdup(ENTRA);
    rule->source_type = g_strdup(kinds[kind].source_type);
    rule->target_type = g_strdup(kinds[kind].target_type);
    rule->link = COR_RULE_PROVISION;
    rule->precedence = (gint64)kind;
    GPtrArray *scope = cor_rule_add_scope_group(rule);
    cor_rule_scope_group_add(scope, "isCriticalSystemObject", COR_RULE_NOT_EQUAL, "True");
    cor_rule_scope_group_add(scope, "mailNickname", COR_RULE_NOT_STARTS_WITH, "CAS_");
    cor_rule_scope_group_add(scope, "dn", COR_RULE_NOT_CONTAINS, "\\0ACNF");
    for (gsize i = 0; i < kinds[kind].count; i++)
        add_row(rule, &kinds[kind].rows[i]);
    return rule;
}

struct cor_rule_set *cor_cloud_sync_defaults(void)
{
    struct cor_rule_set *set = cor_rule_set_new(COR_RULES_CLOUD_SYNC);
    struct cor_connector *entra = cor_connector_new(ENTRA, "Microsoft Entra ID");
    entra->cloud = TRUE;
    g_hash_table_insert(entra->syntaxes, g_strdup("accountEnabled"), g_strdup("boolean"));
    g_ptr_array_add(set->connectors, cor_connector_new(AD, "Active Directory"));
    g_ptr_array_add(set->connectors, entra);
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        g_ptr_array_add(set->rules, make_rule(i));
    cor_rule_set_sort(set);
    return set;
}
