/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The right to see deleted objects.
 *
 * A directory hides what an account may not list; an unreadable container of deleted objects looks
 * like an empty one. So the container itself is asked for first.
 */
#include "ldap/rights.h"

#include "ldap/search.h"

char *ad_deleted_objects_dn(const char *naming_context)
{
    return g_strconcat("CN=Deleted Objects,", naming_context, NULL);
}

static gboolean count_entry(LDAPMessage *entry, void *data, GError **error)
{
    (void)entry, (void)data, (void)error;
    return TRUE;
}

gboolean ad_deleted_objects_readable(struct ad_connection *connection, gboolean *ret_readable,
                                     GError **error)
{
    static const char *const attributes[] = {"objectClass", NULL};
    g_autofree char *base = ad_deleted_objects_dn(connection->root.default_nc);
    const struct ad_search search = {
        .base = base,
        .scope = LDAP_SCOPE_BASE,
        .filter = "(objectClass=*)",
        .attributes = attributes,
        .flags = AD_SEARCH_SHOW_DELETED,
    };
    AD_OUTCOME_AUTO outcome = {0};
    *ret_readable = FALSE;
    if (!ad_has_control(connection, AD_OID_SHOW_DELETED))
        return TRUE;
    if (!ad_search(connection, &search, count_entry, NULL, NULL, &outcome, error))
        return FALSE;
    *ret_readable = outcome.code == LDAP_SUCCESS && outcome.entries == 1;
    return TRUE;
}

char *ad_deleted_objects_remedy(const char *naming_context)
{
    return g_strdup_printf(
        "as domain administrator run: dsacls \"CN=Deleted Objects,%s\" /takeownership, then "
        "dsacls \"CN=Deleted Objects,%s\" /G DOMAIN\\ACCOUNT:LCRP (Samba: "
        "docs/active-directory.md)",
        naming_context, naming_context);
}
